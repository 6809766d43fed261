package io.gantry.target;

import static io.gantry.target.Initiator.populateList;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tokens against arrays of bytes: up to 256 ranges in any order on either side, any offset, blocks
 * of either size, sources that are their own destination, sources that change meanwhile.
 */
@NullUnmarked
@Timeout(120)
class TokenModelTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final int BYTES = 4 << 20;
  private static final int[] BLOCK = {512, 4096, 512};

  @TempDir Path directory;
  private final byte[][] model = new byte[BLOCK.length][BYTES];
  private final Initiator[] units = new Initiator[BLOCK.length];
  private Pool pool;
  private PoolTarget target;

  @BeforeEach
  void open() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    CopyOptions options = CopyOptions.defaults().withTicker(new TestTicker());
    target = new PoolTarget(pool, NAME, AccessPolicy.DEFAULT, options);
    for (int i = 0; i < BLOCK.length; i++) {
      pool.createVolume("v" + i, BYTES, BLOCK[i]);
    }
    for (int i = 0; i < BLOCK.length; i++) {
      units[i] = new Initiator(target, "host", i);
      new Random(i).nextBytes(model[i]);
      Arrays.fill(model[i], BYTES / 2, BYTES / 2 + 300_000, (byte) 0);
      units[i].write(0, model[i], BLOCK[i]);
      pool.volume(i).orElseThrow().zero(BYTES / 2, 300_000);
    }
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  /** Ranges that do not overlap, in any order; some are empty. */
  private static BlockRange[] ranges(Random random, int blockBytes) {
    int blocks = BYTES / blockBytes;
    int count = 1 + (random.nextBoolean() ? random.nextInt(4) : random.nextInt(256));
    List<BlockRange> ranges = new ArrayList<>();
    int longest = Math.max(1, blocks / count);
    for (int i = 0, at = 0; i < count && at < blocks; i++) {
      int gap = random.nextInt(longest);
      int length = Math.min(random.nextInt(longest), blocks - at - gap);
      if (length >= 0) {
        ranges.add(new BlockRange(at + gap, length));
        at += gap + length;
      }
    }
    if (BlockRange.totalBlocks(ranges) == 0) {
      ranges.add(new BlockRange(blocks - 1, 1));
    }
    Collections.shuffle(ranges, random);
    return ranges.toArray(BlockRange[]::new);
  }

  private static byte[] rod(byte[] volume, BlockRange[] ranges, int blockBytes) {
    int total = (int) BlockRange.totalBlocks(List.of(ranges)) * blockBytes;
    ByteBuffer rod = ByteBuffer.allocate(total);
    for (BlockRange range : ranges) {
      rod.put(volume, (int) range.lba() * blockBytes, (int) range.blocks() * blockBytes);
    }
    return rod.array();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void likeBytes(long seed) throws IOException {
    Random random = new Random(seed);
    for (int step = 0; step < 25; step++) {
      int from = random.nextInt(BLOCK.length);
      int to = random.nextInt(BLOCK.length);
      BlockRange[] source = ranges(random, BLOCK[from]);
      byte[] token = units[from].token(source);
      byte[] rod = rod(model[from], source, BLOCK[from]);
      int changed = random.nextInt(BYTES / 4096 - 8);
      byte[] noise = new byte[8 * 4096];
      random.nextBytes(noise);
      units[from].write(changed * 4096L / BLOCK[from], noise, BLOCK[from]);
      System.arraycopy(noise, 0, model[from], changed * 4096, noise.length);
      for (int use = 0; use < 2; use++) {
        BlockRange[] destination = ranges(random, BLOCK[to]);
        long offset = random.nextInt(Math.ceilDiv(rod.length, BLOCK[to]));
        ScsiResponse response = units[to].writeUsing(1, writeList(token, offset, destination));
        long wanted = BlockRange.totalBlocks(List.of(destination));
        long there = Math.ceilDiv(rod.length - (int) offset * BLOCK[to], BLOCK[to]);
        String step1 = "seed %d, step %d, use %d".formatted(seed, step, use);
        if (wanted <= there) {
          assertThat(sense(response)).as(step1).isEqualTo("GOOD");
        } else {
          assertThat(sense(response)).as(step1).isEqualTo("0A/0D04");
          assertThat(response.sense().information()).as(step1).hasValue(there);
        }
        apply(rod, (int) offset, destination, model[to], BLOCK[to]);
        assertThat(units[to].read(0, BYTES / BLOCK[to], BLOCK[to])).as(step1).isEqualTo(model[to]);
      }
    }
  }

  private static void apply(
      byte[] rod, int offset, BlockRange[] ranges, byte[] volume, int blockBytes) {
    int at = offset * blockBytes;
    for (BlockRange range : ranges) {
      for (int i = 0; i < range.blocks() && at < rod.length; i++, at += blockBytes) {
        byte[] block = Arrays.copyOfRange(rod, at, at + blockBytes); // zeros behind the end
        System.arraycopy(block, 0, volume, (int) (range.lba() + i) * blockBytes, blockBytes);
      }
    }
  }

  @Test
  void oneTokenIsRedeemedBySeveralAtOnce() throws Exception {
    byte[] token = units[0].token(new BlockRange(0, BYTES / 512));
    byte[] content = model[0].clone();
    for (int i = 0; i < 4; i++) {
      pool.createVolume("copy" + i, BYTES + 4096, 512);
    }
    units[0].send("00 00 00 00 00 00"); // takes the attention that there are more volumes
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<byte[]>> copies = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int number = i;
        copies.add(() -> {
          Initiator unit = new Initiator(target, "host " + number, 3 + number);
          BlockRange range = new BlockRange(number % 2, BYTES / 512); // shared, and moved
          for (int round = 0; round < 10; round++) {
            assertThat(sense(unit.writeUsing(1, writeList(token, 0, range)))).isEqualTo("GOOD");
          }
          return unit.read(number % 2, BYTES / 512, 512);
        });
      }
      for (int i = 0; i < 20; i++) {
        units[0].write(0, new byte[1 << 20], 512);
        pool.flush();
      }
      for (Future<byte[]> copy : threads.invokeAll(copies)) {
        assertThat(copy.get()).isEqualTo(content);
      }
    }
    assertThat(sense(units[0].populate(1, populateList(new BlockRange(0, 1))))).isEqualTo("GOOD");
  }
}
