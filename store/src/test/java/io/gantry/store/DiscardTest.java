package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Room of what is deleted goes back to the file system, and comes again when it is needed. */
class DiscardTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  private long allocatedBytes() throws IOException, InterruptedException {
    Process stat =
        new ProcessBuilder("stat", "-c", "%b", directory.resolve("chunks").toString()).start();
    String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(stat.waitFor()).isZero();
    return Long.parseLong(blocks.strip()) * 512;
  }

  @Test
  void aDeletedVolumeGivesItsRoomBack() throws Exception {
    try (Pool pool =
        Pool.create(FileMedium.create(directory), Pool.DEFAULT_CHUNK, PoolOptions.defaults())) {
      assumeTrue(
          pool.metadata.medium.discardChunks(0, MIB), "this file system makes no holes in files");
      byte[] bytes = new byte[8 * MIB];
      new Random(1).nextBytes(bytes);
      Volume stays = pool.createVolume("stays", 8 * MIB, 512);
      Volume goes = pool.createVolume("goes", 8 * MIB, 512);
      stays.write(0, ByteBuffer.wrap(bytes));
      goes.write(0, ByteBuffer.wrap(bytes));
      pool.flush();
      assertThat(allocatedBytes()).isGreaterThanOrEqualTo(16 * MIB);

      pool.deleteVolume(goes);
      pool.metadata.reclaim();
      assertThat(allocatedBytes()).isBetween(8L * MIB, 9L * MIB);

      Volume again = pool.createVolume("again", 8 * MIB, 512);
      again.write(0, ByteBuffer.wrap(bytes));
      pool.flush();
      assertThat(pool.metadata.medium.length(Medium.Area.CHUNKS))
          .as("old places are used")
          .isEqualTo(16 * MIB);
      for (Volume volume : new Volume[] {stays, again}) {
        ByteBuffer read = ByteBuffer.allocate(bytes.length);
        volume.read(0, read);
        assertThat(read.array()).isEqualTo(bytes);
      }
      pool.verifyReferences();
    }
  }

  @Test
  void chunksBecomeFreeWithAndWithoutTheirRoom() throws IOException {
    try (FileMedium medium = FileMedium.create(directory)) {
      Space space = new Space(medium, Pool.DEFAULT_CHUNK, new Pages(new UUID(0, 0)));
      for (int i = 0; i < 10; i++) {
        assertThat(space.allocate()).isEqualTo(i);
        space.written(i);
      }
      for (long chunk : new long[] {1, 2, 3, 6, 8, 9}) {
        space.giveBack(chunk);
      }
      assertThat(space.takeFreed(2))
          .containsExactly(new Space.Run(1, 3), new Space.Run(8, 2)); // 6 is alone
      assertThat(space.allocate()).as("neither named nor free").isEqualTo(6);
      space.discarded(new Space.Run(1, 3), true);
      space.discarded(new Space.Run(8, 2), false);
      assertThat(space.allocate()).as("with room first").isEqualTo(8);
      assertThat(space.allocate()).isEqualTo(9);
      assertThat(space.allocate()).isEqualTo(1);
      assertThat(space.takeFreed(1)).isEmpty();
    }
  }
}
