package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Power loss under a real file system. The pool lies on an ext4 file system on a loop device whose
 * backing file lies on XFS. At a random moment the server is stopped in its tracks, and the backing
 * file is cloned, which XFS does in one step: the clone has what the file system had sent to its
 * disk, and not what was only in the page cache. Then everything goes on from the clone.
 */
@NullUnmarked
@Timeout(1800)
class PowerLossIT extends CrashRun {
  private static final int ROUNDS = Integer.getInteger("powerloss.rounds", 8);

  @TempDir Path directory;

  private Path disk;
  private Path mount;
  private int cuts;

  @BeforeEach
  void mountAll() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root may mount");
    for (String tool : List.of("mkfs.xfs", "mkfs.ext4", "losetup", "mount")) {
      assumeTrue(isThere(tool), tool + " is not there");
    }
    Path outer = directory.resolve("outer.img");
    Path outerMount = Files.createDirectory(directory.resolve("outer"));
    mount = Files.createDirectory(directory.resolve("mount"));
    run("truncate", "-s", "2G", outer.toString());
    run("mkfs.xfs", "-q", "-m", "reflink=1", outer.toString());
    assumeTrue(tryRun("mount", "-o", "loop", outer.toString(), outerMount.toString()), "no loops");
    disk = outerMount.resolve("disk0.img");
    run("truncate", "-s", "512M", disk.toString());
    run("mkfs.ext4", "-q", disk.toString());
    run("mount", "-o", "loop", disk.toString(), mount.toString());
  }

  @AfterEach
  void unmountAll() throws Exception {
    for (String name : List.of("mount", "outer")) {
      Path place = directory.resolve(name);
      if (Files.isDirectory(place) && tryRun("mountpoint", "-q", place.toString())) {
        unmount(place);
      }
    }
  }

  /**
   * A loop device lets its file go a moment after it was unmounted, which keeps the outer one busy.
   */
  private static void unmount(Path place) throws Exception {
    for (int attempt = 0; attempt < 300; attempt++) {
      if (tryRun("umount", place.toString())) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    run("umount", "--lazy", place.toString()); // in use by somebody else's mount namespace
  }

  @Override
  void crash(ServerProcess server) throws Exception {
    server.freeze();
    Path next = disk.resolveSibling("disk%d.img".formatted(++cuts));
    run("cp", "--reflink=always", disk.toString(), next.toString());
    server.kill();
    unmount(mount);
    Files.delete(disk);
    disk = next;
    run("mount", "-o", "loop", disk.toString(), mount.toString());
  }

  @Test
  void whatWasFlushedIsThereAndNothingElseShows() throws Exception {
    run(mount.resolve("data"), ROUNDS, 200);
    assertThat(cuts).isEqualTo(ROUNDS);
  }

  private static boolean isThere(String tool) throws Exception {
    return tryRun("sh", "-c", "command -v " + tool);
  }

  private static boolean tryRun(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor() == 0;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(String.join(" ", command)).isTrue();
    assertThat(process.exitValue()).as("%s: %s", String.join(" ", command), output).isZero();
  }
}
