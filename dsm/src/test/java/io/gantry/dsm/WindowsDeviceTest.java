package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * DeviceIoControl by the foreign function interface, on a library that stands in for kernel32.dll:
 * src/test/c/kernel32.c. Without a C compiler only what other systems say is tested.
 */
@NullUnmarked
class WindowsDeviceTest {
  private static final String PATH = "\\\\.\\PhysicalDrive7";
  private static final int MANAGE = 0x002D9404;

  @TempDir private static Path directory;
  private static Kernel32 kernel;

  @BeforeAll
  @SuppressWarnings("restricted")
  static void compile() throws Exception {
    if (!isOnPath("gcc") || isWindows()) {
      return;
    }
    Path library = directory.resolve("kernel32.so");
    Process process =
        new ProcessBuilder(
                "gcc",
                "-shared",
                "-fPIC",
                "-Wall",
                "-Werror",
                "-o",
                library.toString(),
                "src/test/c/kernel32.c")
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
    kernel = new Kernel32(SymbolLookup.libraryLookup(library, Arena.global()), "errno");
  }

  private static boolean isOnPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static boolean isWindows() {
    return System.getProperty("os.name").startsWith("Windows");
  }

  private static WindowsDevice open(String path) throws IOException {
    assumeTrue(kernel != null, "no C compiler is installed");
    return WindowsDevice.open(kernel, path);
  }

  /** A request that the library answers with an error, so many bytes, and these. */
  private static byte[] request(int error, int returned, byte[] output) {
    return ByteBuffer.allocate(8 + output.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(error)
        .putInt(returned)
        .put(output)
        .array();
  }

  @Test
  void elsewhereItSaysWhatIsMissing() {
    assumeFalse(isWindows());
    assertThatThrownBy(() -> WindowsDevice.open(PATH))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("kernel32.dll")
        .hasMessageContaining("this is " + System.getProperty("os.name"))
        .hasMessageContaining("Disk.attach");
  }

  @Test
  void aRequestGoesThereAndItsOutputComesBack() throws IOException {
    byte[] output = Golden.bytes("output_read");
    try (WindowsDevice device = open(PATH)) {
      IoctlResult result = device.control(MANAGE, request(0, 536, output), 536);
      assertThat(result.status()).isEqualTo(NtStatus.SUCCESS);
      assertThat(result.output()).isEqualTo(output);
      assertThat(device.control(MANAGE, request(0, 0, output), 536).output()).isEmpty();
      assertThat(device.control(MANAGE, request(0, 7, output), 0).output()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, C0000010", "5, C0000022", "27, C0000015", "50, C00000BB", "87, C000000D",
    "122, C0000023", "315, C0000465", "316, C0000463", "331, C0000473", "1117, C0000185",
  })
  void errorsAreStatuses(int error, String status) throws IOException {
    try (WindowsDevice device = open(PATH)) {
      IoctlResult result = device.control(MANAGE, request(error, 8, new byte[8]), 8);
      assertThat(result.status().value()).isEqualTo(Integer.parseUnsignedInt(status, 16));
      assertThat(result.output()).isEmpty();
    }
  }

  @Test
  void aWarningHasOutput() throws IOException {
    byte[] all = Golden.bytes("output_read");
    try (WindowsDevice device = open(PATH)) {
      IoctlResult result = device.control(MANAGE, request(234, 536, all), 100);
      assertThat(result.status()).isEqualTo(NtStatus.BUFFER_OVERFLOW);
      assertThat(result.output()).isEqualTo(Arrays.copyOf(all, 100));
    }
  }

  @Test
  void whatIsNoStatusIsAnException() throws IOException {
    assertThatThrownBy(() -> open("\\\\.\\PhysicalDrive8"))
        .isInstanceOf(IOException.class)
        .hasMessage("\\\\.\\PhysicalDrive8: CreateFileW failed with Windows error 2");
    WindowsDevice device = open(PATH);
    assertThatThrownBy(() -> device.control(0x2D1400, new byte[8], 8))
        .hasMessage(PATH + ": DeviceIoControl failed with Windows error 6");
    device.close();
    device.close();
    assertThatThrownBy(() -> device.control(MANAGE, new byte[8], 8))
        .hasMessage(PATH + ": is closed");
  }

  /** The functions as winbase.h declares them for 64-bit Windows: HANDLE is a pointer. */
  @Test
  void theDescriptorsAreTheHeaders() {
    assertThat(Kernel32.CREATE_FILE.toString()).isEqualTo("(a8i4i4a8i4i4a8)a8");
    assertThat(Kernel32.DEVICE_IO_CONTROL.toString()).isEqualTo("(a8i4a8i4a8i4a8a8)i4");
    assertThat(Kernel32.CLOSE_HANDLE.toString()).isEqualTo("(a8)i4");
    assertThat(ValueLayout.ADDRESS.byteSize()).isEqualTo(8);
  }
}
