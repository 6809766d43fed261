package io.gantry.store;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads of a file that only take what the operating system has in memory, with preadv2(2), which
 * Java has no call for. Where that cannot be done (another system, a file system that does not know
 * it) nothing is ever found in memory.
 *
 * <p>Safe for use by several threads; reading allocates nothing.
 */
final class PageCache implements AutoCloseable {
  private static final int O_RDONLY_CLOEXEC = 0x80000;
  private static final int RWF_NOWAIT = 8;
  private static final int CLOSED = -1;

  private static final @Nullable Functions FUNCTIONS = Functions.find();

  /** A struct iovec: where the bytes go, and how many. */
  private static final ThreadLocal<MemorySegment> VECTOR =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(ValueLayout.JAVA_LONG, 2));

  /** Held shared by reads: a descriptor that was closed may be that of another file. */
  private final StampedLock closing = new StampedLock();

  private int descriptor;

  /** The functions of the C library, 64-bit Linux. Pointers are passed as numbers. */
  private record Functions(MethodHandle open, MethodHandle close, MethodHandle preadv2) {

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
      var preadv2 = library.find("preadv2");
      if (open.isEmpty() || close.isEmpty() || preadv2.isEmpty()) {
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
              preadv2.get(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT)));
    }
  }

  private PageCache(int descriptor) {
    this.descriptor = descriptor;
  }

  /** For a file that exists. */
  static PageCache open(Path file) {
    if (FUNCTIONS == null) {
      return new PageCache(CLOSED);
    }
    try (Arena arena = Arena.ofConfined()) {
      return new PageCache(
          (int) FUNCTIONS.open.invokeExact(arena.allocateFrom(file.toString()), O_RDONLY_CLOEXEC));
    } catch (Throwable e) {
      throw broken(e);
    }
  }

  /**
   * Fills a direct buffer from its position to its limit, if all of it is in memory.
   *
   * @return whether it was; if not, the buffer's position is as before, its content undefined
   */
  boolean read(long position, ByteBuffer target) {
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
      vector.set(ValueLayout.JAVA_LONG, 0, MemorySegment.ofBuffer(target).address());
      vector.set(ValueLayout.JAVA_LONG, Long.BYTES, target.remaining());
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
