package io.gantry.store;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * What Linux can do with a file and Java has no call for: taking room and giving it back with
 * fallocate(2), and reading only what is in memory with preadv2(2). Where it cannot be done
 * (another system, a file system that does not know it) the answer is false and nothing has
 * happened.
 *
 * <p>Safe for use by several threads.
 */
final class NativeFile implements AutoCloseable {
  private static final int O_RDWR_CLOEXEC = 0x80002;
  private static final int KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2;
  private static final int RWF_NOWAIT = 8;
  private static final int CLOSED = -1;

  private static final @Nullable Functions FUNCTIONS = Functions.find();

  /** A struct iovec: where the bytes go, and how many. */
  private static final ThreadLocal<MemorySegment> VECTOR =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(JAVA_LONG, 2));

  /** Held shared by calls: a descriptor that was closed may be that of another file. */
  private final StampedLock closing = new StampedLock();

  private int descriptor;

  /** The functions of the C library, 64-bit Linux; a pointer to a vector is passed as a number. */
  private record Functions(
      MethodHandle open, MethodHandle close, MethodHandle fallocate, MethodHandle preadv2) {

    static @Nullable Functions find() {
      boolean linux = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux");
      if (!linux || ADDRESS.byteSize() != Long.BYTES) {
        return null;
      }
      try {
        return new Functions(
            function(
                "open",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                Linker.Option.firstVariadicArg(2)),
            function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT)),
            function(
                "fallocate",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG)),
            function(
                "preadv2",
                FunctionDescriptor.of(
                    JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT)));
      } catch (NoSuchElementException e) {
        return null;
      }
    }

    @SuppressWarnings("restricted") // calling C is what this class is for
    private static MethodHandle function(
        String name, FunctionDescriptor type, Linker.Option... options) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type, options);
    }
  }

  private NativeFile(int descriptor) {
    this.descriptor = descriptor;
  }

  /** For a file that exists. */
  static NativeFile open(Path file) {
    if (FUNCTIONS == null) {
      return new NativeFile(CLOSED);
    }
    try (Arena arena = Arena.ofConfined()) {
      return new NativeFile(
          (int) FUNCTIONS.open.invokeExact(arena.allocateFrom(file.toString()), O_RDWR_CLOEXEC));
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
    long stamp = closing.readLock();
    try {
      if (FUNCTIONS == null || descriptor < 0) {
        return false;
      }
      int result = (int) FUNCTIONS.fallocate.invokeExact(descriptor, mode, position, lengthBytes);
      return result == 0;
    } catch (Throwable e) {
      throw broken(e);
    } finally {
      closing.unlockRead(stamp);
    }
  }

  /**
   * Fills a direct buffer from its position to its limit, if all of it is in memory. Compiled, it
   * allocates nothing.
   *
   * @return whether it was; if not, the buffer's position is as before, its content undefined
   */
  boolean readCached(long position, ByteBuffer target) {
    if (FUNCTIONS == null || !target.isDirect()) {
      return false;
    }
    long stamp = closing.tryReadLock();
    if (stamp == 0) {
      return false;
    }
    try {
      if (descriptor < 0) {
        return false;
      }
      MemorySegment vector = VECTOR.get();
      vector.set(JAVA_LONG, 0, MemorySegment.ofBuffer(target).address());
      vector.set(JAVA_LONG, Long.BYTES, target.remaining());
      long count =
          (long)
              FUNCTIONS.preadv2.invokeExact(descriptor, vector.address(), 1, position, RWF_NOWAIT);
      if (count != target.remaining()) {
        return false;
      }
      target.position(target.limit());
      return true;
    } catch (Throwable e) {
      throw broken(e);
    } finally {
      closing.unlockRead(stamp);
    }
  }

  @Override
  public void close() {
    long stamp = closing.writeLock();
    try {
      if (FUNCTIONS != null && descriptor >= 0) {
        int _ = (int) FUNCTIONS.close.invokeExact(descriptor);
        descriptor = CLOSED;
      }
    } catch (Throwable e) {
      throw broken(e);
    } finally {
      closing.unlockWrite(stamp);
    }
  }

  private static IllegalStateException broken(Throwable e) {
    return new IllegalStateException("a call of the C library failed", e);
  }
}
