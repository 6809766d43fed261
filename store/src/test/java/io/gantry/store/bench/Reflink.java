package io.gantry.store.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** What {@code cp --reflink=always} and fsync do, without the start of a process. */
final class Reflink {
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0x40;
  private static final long FICLONE = 0x4004_9409;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBRARY = LINKER.defaultLookup();

  private static final MethodHandle OPEN =
      function(
          "open",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle IOCTL =
      function(
          "ioctl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle FSYNC = function("fsync", onDescriptor());
  private static final MethodHandle CLOSE = function("close", onDescriptor());

  private Reflink() {}

  private static FunctionDescriptor onDescriptor() {
    return FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
  }

  @SuppressWarnings("restricted") // calling C is what this class is for
  private static MethodHandle function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return LINKER.downcallHandle(LIBRARY.find(name).orElseThrow(), descriptor, options);
  }

  /** Makes a file that shares another's extents, durably; the seconds that took. */
  static double copy(Path from, Path to) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int source = check((int) OPEN.invokeExact(arena.allocateFrom(from.toString()), O_RDWR, 0));
      long start = System.nanoTime();
      int target =
          check((int) OPEN.invokeExact(arena.allocateFrom(to.toString()), O_RDWR | O_CREAT, 0600));
      check((int) IOCTL.invokeExact(target, FICLONE, source));
      check((int) FSYNC.invokeExact(target));
      double seconds = (System.nanoTime() - start) / 1e9;
      check((int) CLOSE.invokeExact(target));
      check((int) CLOSE.invokeExact(source));
      return seconds;
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static int check(int result) throws IOException {
    if (result < 0) {
      throw new IOException("open, ioctl(FICLONE) or fsync failed");
    }
    return result;
  }
}
