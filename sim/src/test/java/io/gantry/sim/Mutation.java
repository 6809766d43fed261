package io.gantry.sim;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One rule of the pool or the target, broken: a class of it with one method changed, which only a
 * class loader of its own ever sees.
 *
 * @param rule what is broken, in words
 * @param type simple name of the class, with its outer classes; one that is not of the pool with
 *     its package, as in {@code target.TaskSet}
 * @param method its name; with a $ behind it, of the method whose lambdas are changed instead
 * @param change what is done to its code
 */
record Mutation(String rule, String type, String method, Supplier<CodeTransform> change) {
  private static final String OURS = "io.gantry.";
  private static final String STORE = OURS + "store.";
  private static final String LAMBDAS = "$";

  @Override
  public String toString() {
    return rule;
  }

  // Changes

  private interface Replacement {
    /** Whether the element was replaced. */
    boolean replace(CodeBuilder code, CodeElement element);
  }

  private static Supplier<CodeTransform> replacing(Replacement replacement) {
    return () ->
        (code, element) -> {
          if (!replacement.replace(code, element)) {
            code.with(element);
          }
        };
  }

  /** A call is not made; what it would have returned is put on the stack instead. */
  static Supplier<CodeTransform> instead(String called, Consumer<CodeBuilder> result) {
    return replacing((code, element) -> {
      if (!(element instanceof InvokeInstruction call) || !call.name().equalsString(called)) {
        return false;
      }
      for (ClassDesc parameter : call.typeSymbol().parameterList().reversed()) {
        if (TypeKind.from(parameter).slotSize() == 2) {
          code.pop2();
        } else {
          code.pop();
        }
      }
      if (call.opcode() != Opcode.INVOKESTATIC) {
        code.pop();
      }
      result.accept(code);
      return true;
    });
  }

  /** A call that returns nothing is not made. */
  static Supplier<CodeTransform> without(String called) {
    return instead(called, _ -> {});
  }

  /** Reading or writing a field is something else. */
  static Supplier<CodeTransform> field(Opcode opcode, String name, Consumer<CodeBuilder> other) {
    return replacing((code, element) -> {
      boolean found =
          element instanceof FieldInstruction field
              && field.opcode() == opcode
              && field.name().equalsString(name);
      if (found) {
        other.accept(code);
      }
      return found;
    });
  }

  /** The method begins with something else, and may end there. */
  static Supplier<CodeTransform> first(Consumer<CodeBuilder> before) {
    return () ->
        new CodeTransform() {
          @Override
          public void atStart(CodeBuilder code) {
            before.accept(code);
          }

          @Override
          public void accept(CodeBuilder code, CodeElement element) {
            code.with(element);
          }
        };
  }

  /** The method ends with something more. */
  static Supplier<CodeTransform> last(Consumer<CodeBuilder> after) {
    return replacing((code, element) -> {
      if (element instanceof ReturnInstruction) {
        after.accept(code);
      }
      return false;
    });
  }

  /** The one change, and then the other. */
  static Supplier<CodeTransform> both(Supplier<CodeTransform> one, Supplier<CodeTransform> other) {
    return () -> one.get().andThen(other.get());
  }

  static ClassDesc store(String type) {
    return ClassDesc.of(STORE + type);
  }

  // Loading

  /** A loader of all our classes that sees the rule broken. */
  ClassLoader loader() {
    return new ClassLoader(Mutation.class.getClassLoader()) {
      @Override
      protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
          return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
          Class<?> loaded = findLoadedClass(name);
          if (loaded == null) {
            byte[] bytes = bytes(name);
            loaded = defineClass(name, bytes, 0, bytes.length);
          }
          return loaded;
        }
      }
    };
  }

  private byte[] bytes(String name) throws ClassNotFoundException {
    String file = name.replace('.', '/') + ".class";
    try (InputStream in = Mutation.class.getClassLoader().getResourceAsStream(file)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      return name.equals((type.indexOf('.') < 0 ? STORE : OURS) + type) ? mutated(bytes) : bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] mutated(byte[] bytes) {
    ClassFile format = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG);
    ClassModel model = format.parse(bytes);
    byte[] plain = format.transformClass(model, ClassTransform.ACCEPT_ALL);
    byte[] result =
        format.transformClass(
            model, ClassTransform.transformingMethodBodies(this::isMeant, change.get()));
    if (Arrays.equals(plain, result)) {
      throw new IllegalStateException(
          "there is nothing to change in %s.%s".formatted(type, method));
    }
    return result;
  }

  private boolean isMeant(MethodModel found) {
    String name = found.methodName().stringValue();
    return method.endsWith(LAMBDAS)
        ? name.startsWith("lambda$" + method.substring(0, method.length() - 1) + "$")
        : name.equals(method);
  }
}
