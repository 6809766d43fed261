package io.gantry.dsm;

import static io.gantry.dsm.TestData.populate;
import static io.gantry.dsm.TestData.populateList;
import static io.gantry.dsm.TestData.populated;
import static io.gantry.dsm.TestData.report;
import static io.gantry.dsm.TestData.write;
import static io.gantry.dsm.TestData.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in the package's documentation, compiled and run. */
class PackageExampleTest {
  private static final Path DOCUMENTATION =
      Path.of("src/main/java/io/gantry/dsm/package-info.java");

  @Test
  void theExampleCopies(@TempDir Path directory) throws Exception {
    Path source = directory.resolve("Example.java");
    Files.writeString(
        source,
        "import io.gantry.dsm.*; import java.io.IOException; public class Example { public "
            + example()
            + "}");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    int failed =
        compiler.run(
            null,
            null,
            null,
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            directory.toString(),
            source.toString());
    assertThat(failed).isZero();

    TestDisk disk = TestDisk.unlimited();
    disk.device
        .expect(populate(TestDisk.FIRST, 32), populateList(0, 0, 16), Answer.good())
        .expect(report(TestDisk.FIRST, 805), Answer.good(populated(3, 12)))
        .expect(
            write(TestDisk.FIRST + 1, 552),
            writeList(0, TestData.token(), 0, 12),
            Answer.check(TestData.sense(0xA, 0x0D, 4, 8)))
        .expect(write(TestDisk.FIRST + 2, 552), writeList(8, TestData.token(), 8, 4), Answer.good())
        .expect(populate(TestDisk.FIRST + 3, 32), populateList(0, 12, 4), Answer.good())
        .expect(report(TestDisk.FIRST + 3, 805), Answer.good(populated(1, 4)))
        .expect(
            write(TestDisk.FIRST + 4, 552), writeList(0, TestData.token(), 12, 4), Answer.good());
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {directory.toUri().toURL()}, PackageExampleTest.class.getClassLoader())) {
      Method copy =
          loader
              .loadClass("Example")
              .getMethod("copy", StorageDevice.class, StorageDevice.class, long.class);
      assertThat(copy.invoke(null, disk.disk, disk.disk, 16 * 512L)).isEqualTo(16 * 512L);
    }
    disk.device.assertDone();
  }

  private static String example() throws Exception {
    String text = Files.readString(DOCUMENTATION);
    int start = text.indexOf("{@snippet :") + "{@snippet :".length();
    int end = text.indexOf("\n * }\n *\n", start);
    return text.substring(start, end)
        .lines()
        .map(line -> line.replaceFirst("^ \\* ?", ""))
        .collect(Collectors.joining("\n"));
  }
}
