package io.gantry.store;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Takes room for ranges of a file from the file system, and gives it back, with fallocate(2), which
 * Java has no call for. Where that cannot be done (another system, a file system that does not know
 * it) it does nothing.
 *
 * <p>For one thread at a time.
 */
final class FileAllocation implements AutoCloseable {
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2;
  private static final int CLOSED = -1;

  private static final @Nullable Functions FUNCTIONS = Functions.find();

  private int descriptor;

  /** The functions of the C library, 64-bit Linux. */
  private record Functions(MethodHandle open, MethodHandle close, MethodHandle fallocate) {

    @SuppressWarnings("restricted") // calling C is what this class is for
    static @Nullable Functions find() {
      boolean linux = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux");
      if (!linux || ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
        return null;
      }
      Linker linker = Linker.nativeLinker();
      SymbolLookup library = linker.defaultLookup();
      var open = library.find("open");
      var close = library.find("close");
      var fallocate = library.find("fallocate");
      if (open.isEmpty() || close.isEmpty() || fallocate.isEmpty()) {
        return null;
      }
      return new Functions(
          linker.downcallHandle(
              open.get(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
              Linker.Option.firstVariadicArg(2)),
          linker.downcallHandle(
              close.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)),
          linker.downcallHandle(
              fallocate.get(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG)));
    }
  }

  private FileAllocation(int descriptor) {
    this.descriptor = descriptor;
  }

  /** For a file that exists. */
  static FileAllocation open(Path file) {
    if (FUNCTIONS == null) {
      return new FileAllocation(CLOSED);
    }
    try (Arena arena = Arena.ofConfined()) {
      return new FileAllocation(
          (int)
              FUNCTIONS.open.invokeExact(arena.allocateFrom(file.toString()), O_RDWR | O_CLOEXEC));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /** Makes a hole; whether there is one now. */
  boolean punch(long position, long lengthBytes) {
    return allocate(KEEP_SIZE_AND_PUNCH_HOLE, position, lengthBytes);
  }

  /** Takes room for a range, and makes the file as long; whether it has it now. */
  boolean reserve(long position, long lengthBytes) {
    return allocate(0, position, lengthBytes);
  }

  private boolean allocate(int mode, long position, long lengthBytes) {
    if (FUNCTIONS == null || descriptor < 0) {
      return false;
    }
    try {
      int result = (int) FUNCTIONS.fallocate.invokeExact(descriptor, mode, position, lengthBytes);
      return result == 0;
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  @Override
  public void close() {
    if (FUNCTIONS != null && descriptor >= 0) {
      try {
        int _ = (int) FUNCTIONS.close.invokeExact(descriptor);
      } catch (Throwable e) {
        throw broken(e);
      }
      descriptor = CLOSED;
    }
  }

  private static IllegalStateException broken(Throwable e) {
    return new IllegalStateException("a call of the C library failed", e);
  }
}
