package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A pool on a small file system of its own; skipped where this process may not mount one. */
@NullUnmarked
@Timeout(120)
class FullFileSystemTest {
  private static final int CHUNK = 64 << 10;

  @TempDir Path directory;

  private boolean mounted;
  private Pool pool;

  private static boolean succeeds(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    boolean root = "root".equals(System.getProperty("user.name"));
    assumeThat(root && Files.isExecutable(Path.of("/bin/mount"))).isTrue();
    mounted = succeeds("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", directory.toString());
    assumeThat(mounted).isTrue();
    pool = Pool.create(FileMedium.create(directory.resolve("pool")), CHUNK, PoolOptions.defaults());
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    try {
      if (pool != null) {
        pool.close();
      }
    } finally {
      if (mounted) {
        assertThat(succeeds("umount", directory.toString())).isTrue();
      }
    }
  }

  private static ByteBuffer filled(int value) {
    byte[] bytes = new byte[1 << 20];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  /** Writes MiB after MiB until there is no space; how many were written. */
  private int fill(Volume volume) throws IOException {
    for (int i = 0; ; i++) {
      try {
        volume.write((long) i << 20, filled(i));
      } catch (NoSpaceException e) {
        return i;
      }
    }
  }

  @Test
  void nothingIsLostAndDeletingMakesRoom() throws IOException {
    Volume kept = pool.createVolume("kept", 8 << 20, 512);
    for (int i = 0; i < 8; i++) {
      kept.write((long) i << 20, filled(100 + i));
    }
    for (int round = 0; round < 5; round++) {
      Volume volume = pool.createVolume("v" + round, 1L << 30, 512);
      int written = fill(volume);
      assertThat(written).isGreaterThan(30);
      pool.flush();
      assertThatThrownBy(() -> volume.write(900L << 20, filled(0)))
          .isInstanceOf(NoSpaceException.class);
      ByteBuffer read = ByteBuffer.allocate(1 << 20);
      volume.read((long) (written - 1) << 20, read);
      assertThat(read.get(12345)).isEqualTo((byte) (written - 1));
      pool.deleteVolume(volume);
      pool.metadata.reclaim();
    }
    pool.close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    pool.verifyReferences();
    for (int i = 0; i < 8; i++) {
      ByteBuffer read = ByteBuffer.allocate(1 << 20);
      pool.volume("kept").orElseThrow().read((long) i << 20, read);
      assertThat(read.flip()).isEqualTo(filled(100 + i));
    }
  }

  /** Copies need no chunks, but the journal and the page tables grow with them. */
  @Test
  void copiesEndBeforeTheReserveDoesAndDeletionsGetThrough() throws IOException {
    Volume volume = pool.createVolume("v", 1L << 40, 512);
    fill(volume);
    Token token =
        pool.freeze(volume, List.of(new Extent(0, 1 << 20)), 1_000_000_000L).orElseThrow();
    for (int i = 1; i < 300_000; i++) {
      pool.copy(token, 0, volume, (long) (i % 1_000_000) << 20, 1 << 20);
      if (i % 1000 == 0) {
        try {
          pool.flush();
        } catch (NoSpaceException e) {
          break;
        }
      }
      if (directory.toFile().getUsableSpace() < 9 << 20) {
        break;
      }
    }
    assertThat(directory.toFile().getUsableSpace()).isGreaterThan(2 << 20);
    pool.deleteVolume(volume);
    pool.end(token, Token.End.DELETED);
    pool.metadata.reclaim();
    pool.checkpoint();
    Volume after = pool.createVolume("after", 1L << 30, 512);
    assertThat(fill(after)).isGreaterThan(10);
    pool.flush();
    pool.verifyReferences();
  }

  @Test
  void anEntirelyFullFileSystemStopsNothingForGood() throws IOException {
    Volume volume = pool.createVolume("v", 1L << 30, 512);
    volume.write(0, filled(7));
    pool.flush();
    Path other = directory.resolve("other");
    try (var channel =
        java.nio.channels.FileChannel.open(
            other,
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.WRITE)) {
      assertThatThrownBy(
              () -> {
                while (true) {
                  channel.write(ByteBuffer.allocate(4096));
                }
              })
          .isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> volume.write(5 << 20, filled(1))).isInstanceOf(NoSpaceException.class);
    assertThatThrownBy(() -> pool.renameVolume(volume, "w")).isInstanceOf(NoSpaceException.class);
    Files.delete(other);
    pool.flush();
    volume.write(5 << 20, filled(1));
    pool.checkpoint();
    pool.flush();
    pool.verifyReferences();
  }
}
