package io.gantry.junit;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * What makes {@link GantryTarget} work: targets are kept in the stores of JUnit's contexts, which
 * close them when the context ends.
 */
final class GantryExtension
    implements ParameterResolver, BeforeAllCallback, TestInstancePostProcessor {
  private static final Namespace TARGETS = Namespace.create(GantryExtension.class);

  /** Key of the target that parameters without an annotation of their own get. */
  private record OfTheClass(GantryTarget wanted) {
    @Override
    public String toString() {
      return "the class";
    }
  }

  /** A target, as long as a context. */
  private record Held(TestTarget target, GantryTarget wanted, ExtensionContext context)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      boolean keep =
          switch (wanted.keepData()) {
            case NEVER -> false;
            case ON_FAILURE -> context.getExecutionException().isPresent();
            case ALWAYS -> true;
          };
      if (keep) {
        target.closeAndKeep();
      } else {
        target.close();
      }
    }
  }

  /** So that constructor parameters and instance fields live as long as their test. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(
      ExtensionContext rootContext) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Parameter declared = parameter.getParameter();
    if (declared.getType() == TestTarget.class) {
      return wanted(parameter, context).isPresent();
    }
    if (parameter.isAnnotated(GantryTarget.class)) {
      throw new ParameterResolutionException(
          "@GantryTarget on %s: only a TestTarget can be one".formatted(declared));
    }
    return false;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    GantryTarget wanted = wanted(parameter, context).orElseThrow();
    Object key =
        parameter.isAnnotated(GantryTarget.class)
            ? parameter.getParameter()
            : new OfTheClass(wanted);
    return target(context, key, wanted);
  }

  private static Optional<GantryTarget> wanted(
      ParameterContext parameter, ExtensionContext context) {
    return parameter.findAnnotation(GantryTarget.class).or(() -> ofClass(context.getTestClass()));
  }

  private static Optional<GantryTarget> ofClass(Optional<Class<?>> testClass) {
    return testClass.flatMap(type ->
        AnnotationSupport.findAnnotation(type, GantryTarget.class)
            .or(() -> ofClass(Optional.ofNullable(type.getEnclosingClass()))));
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IllegalAccessException {
    inject(context.getRequiredTestClass(), null, context, GantryExtension::isStatic);
  }

  @Override
  public void postProcessTestInstance(Object instance, ExtensionContext context)
      throws IllegalAccessException {
    inject(instance.getClass(), instance, context, field -> !isStatic(field));
  }

  private static boolean isStatic(Field field) {
    return Modifier.isStatic(field.getModifiers());
  }

  private static void inject(
      Class<?> type, @Nullable Object instance, ExtensionContext context, Predicate<Field> which)
      throws IllegalAccessException {
    for (Field field :
        ReflectionSupport.findFields(
            type,
            which.and(each -> each.isAnnotationPresent(GantryTarget.class)),
            HierarchyTraversalMode.TOP_DOWN)) {
      if (field.getType() != TestTarget.class || Modifier.isFinal(field.getModifiers())) {
        throw new ExtensionConfigurationException(
            "@GantryTarget on %s: only a TestTarget that is not final can be one".formatted(field));
      }
      field.setAccessible(true);
      field.set(instance, target(context, field, field.getAnnotation(GantryTarget.class)));
    }
  }

  private static TestTarget target(ExtensionContext context, Object key, GantryTarget wanted) {
    return context
        .getStore(TARGETS)
        .computeIfAbsent(key, _ -> hold(context, key, wanted), Held.class)
        .target();
  }

  private static Held hold(ExtensionContext context, Object key, GantryTarget wanted) {
    try {
      return new Held(TestTarget.start(TargetOptions.of(wanted)), wanted, context);
    } catch (IOException | IllegalArgumentException | ArithmeticException e) {
      throw new ExtensionConfigurationException(
          "@GantryTarget for %s: %s".formatted(key, e.getMessage()), e);
    }
  }
}
