package io.gantry.copy;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds the holes of a file with lseek(2) and makes some with fallocate(2), which Java has no calls
 * for. Where that cannot be done (another system, a file system that does not know it) a file has
 * no holes and gets none. Safe for use by several threads.
 */
final class SparseFile implements AutoCloseable {
  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int ENXIO = 6;
  private static final int KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2;
  private static final int CLOSED = -1;

  private static final @Nullable Functions FUNCTIONS = Functions.find();

  private final boolean isWritable;
  private int descriptor;

  /** The functions of the C library, 64-bit Linux. */
  private record Functions(
      MethodHandle open,
      MethodHandle close,
      MethodHandle lseek,
      MethodHandle fallocate,
      StructLayout state,
      VarHandle errno) {

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
      var lseek = library.find("lseek");
      var fallocate = library.find("fallocate");
      if (open.isEmpty() || close.isEmpty() || lseek.isEmpty() || fallocate.isEmpty()) {
        return null;
      }
      StructLayout state = Linker.Option.captureStateLayout();
      return new Functions(
          linker.downcallHandle(
              open.get(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
              Linker.Option.firstVariadicArg(2)),
          linker.downcallHandle(
              close.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)),
          linker.downcallHandle(
              lseek.get(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT),
              Linker.Option.captureCallState("errno")),
          linker.downcallHandle(
              fallocate.get(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG)),
          state,
          state.varHandle(PathElement.groupElement("errno")));
    }
  }

  /**
   * Where a search ended.
   *
   * @param offset -1 if nothing was found
   * @param isNothingThere whether there is none up to the end of the file
   */
  private record Found(long offset, boolean isNothingThere) {}

  private SparseFile(int descriptor, boolean isWritable) {
    this.descriptor = descriptor;
    this.isWritable = isWritable;
  }

  /** For a file that exists. */
  static SparseFile open(Path file, boolean isWritable) {
    if (FUNCTIONS == null) {
      return new SparseFile(CLOSED, isWritable);
    }
    int mode = (isWritable ? O_RDWR : O_RDONLY) | O_CLOEXEC;
    try (Arena arena = Arena.ofConfined()) {
      return new SparseFile(
          (int) FUNCTIONS.open.invokeExact(arena.allocateFrom(file.toString()), mode), isWritable);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /** Whether it was opened to be written. */
  boolean isWritable() {
    return isWritable;
  }

  /**
   * Whether there is a hole, and how far.
   *
   * @param offset before the end of the file
   * @param lengthBytes up to the end of the file at most
   */
  synchronized Allocation allocation(long offset, long lengthBytes) {
    Found data = seek(offset, SEEK_DATA);
    if (data.isNothingThere) {
      return new Allocation(lengthBytes, true);
    }
    if (data.offset > offset) {
      return new Allocation(Math.min(lengthBytes, data.offset - offset), true);
    }
    Found hole = seek(offset, SEEK_HOLE);
    return Allocation.data(
        hole.offset > offset ? Math.min(lengthBytes, hole.offset - offset) : lengthBytes);
  }

  private Found seek(long offset, int whence) {
    if (FUNCTIONS == null || descriptor < 0) {
      return new Found(-1, false);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(FUNCTIONS.state);
      long found = (long) FUNCTIONS.lseek.invokeExact(state, descriptor, offset, whence);
      boolean none = found < 0 && (int) FUNCTIONS.errno.get(state, 0L) == ENXIO;
      return new Found(found, none);
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /** Makes a hole; whether the range reads as zeros now. */
  synchronized boolean punch(long offset, long lengthBytes) {
    if (FUNCTIONS == null || descriptor < 0) {
      return false;
    }
    try {
      int mode = KEEP_SIZE_AND_PUNCH_HOLE;
      int result = (int) FUNCTIONS.fallocate.invokeExact(descriptor, mode, offset, lengthBytes);
      return result == 0;
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  @Override
  public synchronized void close() {
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
