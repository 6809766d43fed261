package io.gantry.dsm;

import java.io.IOException;
import java.util.Arrays;

/**
 * A disk or volume of the Windows that this runs on: requests go to DeviceIoControl and down
 * Windows' own stack. On other systems {@link #open} says what is missing.
 *
 * <p>Windows tells programs less than drivers: errors instead of statuses (see {@link
 * WindowsError}), and no output buffer with an error. Its class driver may refuse offloads of
 * programs altogether (ACCESS_DENIED); volumes must be locked or not mounted for requests that
 * change them.
 *
 * <p>Safe for use by several threads; Windows lets one request after the other through the handle.
 */
public final class WindowsDevice implements StorageDevice, AutoCloseable {
  private final Kernel32 kernel;
  private final String path;
  private final long handle;
  private boolean closed;

  private WindowsDevice(Kernel32 kernel, String path, long handle) {
    this.kernel = kernel;
    this.path = path;
    this.handle = handle;
  }

  /**
   * Opens a device, which takes an administrator.
   *
   * @param path such as {@code \\.\PhysicalDrive1} or {@code \\.\E:}
   * @throws IOException if Windows does not open it
   * @throws UnsupportedOperationException if this is not Windows
   */
  public static WindowsDevice open(String path) throws IOException {
    return open(Kernel32.load(System.getProperty("os.name")), path);
  }

  static WindowsDevice open(Kernel32 kernel, String path) throws IOException {
    Kernel32.Result opened = kernel.open(path);
    if (opened.error() != 0) {
      throw failed(path, "CreateFileW", opened.error());
    }
    return new WindowsDevice(kernel, path, opened.value());
  }

  @Override
  public synchronized IoctlResult control(int controlCode, byte[] input, int outputCapacity)
      throws IOException {
    if (closed) {
      throw new IOException(path + ": is closed");
    }
    byte[] output = new byte[outputCapacity];
    Kernel32.Result result = kernel.control(handle, controlCode, input, output);
    if (result.error() == 0 || result.error() == WindowsError.MORE_DATA) {
      NtStatus status = result.error() == 0 ? NtStatus.SUCCESS : NtStatus.BUFFER_OVERFLOW;
      return new IoctlResult(status, Arrays.copyOf(output, (int) result.value()));
    }
    NtStatus status =
        WindowsError.status(result.error())
            .orElseThrow(() -> failed(path, "DeviceIoControl", result.error()));
    return IoctlResult.of(status);
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    Kernel32.Result result = kernel.close(handle);
    if (result.error() != 0) {
      throw failed(path, "CloseHandle", result.error());
    }
  }

  private static IOException failed(String path, String function, int error) {
    return new IOException(
        "%s: %s failed with Windows error %d%s"
            .formatted(
                path,
                function,
                error,
                WindowsError.status(error)
                    .map(status -> " (%s)".formatted(status.windowsName()))
                    .orElse("")));
  }
}
