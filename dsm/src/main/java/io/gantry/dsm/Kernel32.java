package io.gantry.dsm;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/**
 * The three functions of Windows' kernel32.dll that a device is controlled with, by the JDK's
 * foreign function interface.
 */
final class Kernel32 {
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final ValueLayout.OfInt DWORD = ValueLayout.JAVA_INT;

  /** INVALID_HANDLE_VALUE. */
  private static final long INVALID_HANDLE = -1;

  private static final int GENERIC_READ_WRITE = 0xC000_0000;
  private static final int SHARE_READ_WRITE = 3;
  private static final int OPEN_EXISTING = 3;

  static final FunctionDescriptor CREATE_FILE =
      FunctionDescriptor.of(POINTER, POINTER, DWORD, DWORD, POINTER, DWORD, DWORD, POINTER);
  static final FunctionDescriptor DEVICE_IO_CONTROL =
      FunctionDescriptor.of(
          DWORD, POINTER, DWORD, POINTER, DWORD, POINTER, DWORD, POINTER, POINTER);
  static final FunctionDescriptor CLOSE_HANDLE = FunctionDescriptor.of(DWORD, POINTER);

  private final MemoryLayout stateLayout = Linker.Option.captureStateLayout();
  private final VarHandle error;
  private final MethodHandle createFile;
  private final MethodHandle deviceIoControl;
  private final MethodHandle closeHandle;

  /**
   * How a call went.
   *
   * @param error 0, or what GetLastError would say
   * @param value a handle, or the number of bytes in the output buffer
   */
  record Result(int error, long value) {}

  /**
   * Binds the functions.
   *
   * @param errorState what a failing call leaves its error in: GetLastError on Windows
   */
  @SuppressWarnings("restricted")
  Kernel32(SymbolLookup library, String errorState) {
    Linker linker = Linker.nativeLinker();
    Linker.Option capture = Linker.Option.captureCallState(errorState);
    error = stateLayout.varHandle(MemoryLayout.PathElement.groupElement(errorState));
    createFile = linker.downcallHandle(find(library, "CreateFileW"), CREATE_FILE, capture);
    deviceIoControl =
        linker.downcallHandle(find(library, "DeviceIoControl"), DEVICE_IO_CONTROL, capture);
    closeHandle = linker.downcallHandle(find(library, "CloseHandle"), CLOSE_HANDLE, capture);
  }

  private static MemorySegment find(SymbolLookup library, String function) {
    return library
        .find(function)
        .orElseThrow(
            () -> new UnsupportedOperationException("kernel32.dll has no function " + function));
  }

  /**
   * The functions of this machine's Windows.
   *
   * @throws UnsupportedOperationException on any other system
   */
  @SuppressWarnings("restricted")
  static Kernel32 load(String operatingSystem) {
    if (!operatingSystem.startsWith("Windows")) {
      throw new UnsupportedOperationException(
          "Windows' DeviceIoControl is in kernel32.dll, and this is %s: attach to the disk itself"
                  .formatted(operatingSystem)
              + " with Disk.attach, over an iSCSI session");
    }
    return new Kernel32(SymbolLookup.libraryLookup("kernel32", Arena.global()), "GetLastError");
  }

  /** Opens a device for reading and writing, which the control codes demand. */
  Result open(String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(stateLayout);
      MemorySegment name = arena.allocateFrom(path, StandardCharsets.UTF_16LE);
      MemorySegment handle =
          (MemorySegment)
              createFile.invokeExact(
                  state,
                  name,
                  GENERIC_READ_WRITE,
                  SHARE_READ_WRITE,
                  MemorySegment.NULL,
                  OPEN_EXISTING,
                  0,
                  MemorySegment.NULL);
      return handle.address() == INVALID_HANDLE
          ? new Result(errorOf(state), 0)
          : new Result(0, handle.address());
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Sends a request and waits for its end.
   *
   * @param output filled from its start; also if the error says that it was too short for all
   */
  Result control(long handle, int code, byte[] input, byte[] output) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(stateLayout);
      MemorySegment in = arena.allocate(Math.max(1, input.length), Long.BYTES);
      MemorySegment out = arena.allocate(Math.max(1, output.length), Long.BYTES);
      MemorySegment returned = arena.allocate(DWORD);
      MemorySegment.copy(input, 0, in, ValueLayout.JAVA_BYTE, 0, input.length);
      int done =
          (int)
              deviceIoControl.invokeExact(
                  state,
                  MemorySegment.ofAddress(handle),
                  code,
                  in,
                  input.length,
                  out,
                  output.length,
                  returned,
                  MemorySegment.NULL);
      int failure = done != 0 ? 0 : errorOf(state);
      int length = Math.clamp(returned.get(DWORD, 0), 0, output.length);
      MemorySegment.copy(out, ValueLayout.JAVA_BYTE, 0, output, 0, length);
      return new Result(failure, length);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /** Closes a handle. */
  Result close(long handle) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(stateLayout);
      int done = (int) closeHandle.invokeExact(state, MemorySegment.ofAddress(handle));
      return new Result(done != 0 ? 0 : errorOf(state), 0);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private int errorOf(MemorySegment state) {
    return (int) error.get(state, 0L);
  }

  /** Method handles declare any exception; foreign functions throw none. */
  private static IllegalStateException impossible(Throwable e) {
    if (e instanceof Error fatal) {
      throw fatal;
    }
    return new IllegalStateException("a foreign function call failed", e);
  }
}
