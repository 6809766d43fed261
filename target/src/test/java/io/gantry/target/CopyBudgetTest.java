package io.gantry.target;

import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The longest copy that a command can ask for, 64 GiB, where source and destination lie alike in
 * their chunks, and so no byte moves, but not in their pages: a million entries are written.
 */
@NullUnmarked
@Timeout(60)
class CopyBudgetTest {
  private static final int CHUNK = 64 << 10;
  private static final long LENGTH = 64L << 30;
  private static final long BLOCKS = LENGTH / 512;
  private static final int CHUNK_BLOCKS = CHUNK / 512;

  /** What is shared between two looks at the clock. */
  private static final long STEP_BLOCKS = (4L << 30) / 512;

  @TempDir private Path directory;
  private Pool pool;
  private PoolTarget target;
  private Initiator source;
  private Initiator destination;
  private byte[] pattern;
  private final SteppingTicker ticker = new SteppingTicker();

  /** Each look at it takes so long. */
  private static final class SteppingTicker implements Ticker {
    private long nanos;
    private long stepNanos;

    @Override
    public synchronized long nanos() {
      return nanos += stepNanos;
    }

    @Override
    public void await(Duration time) {
      throw new AssertionError("nothing has to be moved, so nothing has to wait");
    }
  }

  @BeforeEach
  void open() throws IOException {
    pool = Pool.create(FileMedium.create(directory.resolve("pool")), CHUNK, PoolOptions.defaults());
    Volume from = pool.createVolume("source", LENGTH, 512);
    pool.createVolume("destination", LENGTH + CHUNK, 512);
    CopyOptions options =
        CopyOptions.defaults().withTicker(ticker).withPace(Duration.ofSeconds(2), 1 << 20, 2);
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test", AccessPolicy.DEFAULT, options);
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
    pattern = new byte[512];
    Arrays.fill(pattern, (byte) 7);
    from.fill(0, LENGTH, ByteBuffer.wrap(pattern));
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private static BlockRange destinationFrom(long done) {
    return new BlockRange(CHUNK_BLOCKS + done, BLOCKS - done);
  }

  private void requireCopied(long blocks) throws IOException {
    assertThat(destination.read(CHUNK_BLOCKS - 1, 1, 512)).containsOnly(0);
    assertThat(destination.read(CHUNK_BLOCKS, 1, 512)).isEqualTo(pattern);
    assertThat(destination.read(CHUNK_BLOCKS + blocks - 1, 1, 512)).isEqualTo(pattern);
    if (blocks < BLOCKS) {
      assertThat(destination.read(CHUNK_BLOCKS + blocks, 1, 512)).containsOnly(0);
    }
  }

  @Test
  void withinItsBudgetItIsDoneAtOnce() throws IOException {
    byte[] token = source.token(new BlockRange(0, BLOCKS));
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, destinationFrom(0)))))
        .isEqualTo("GOOD");
    requireCopied(BLOCKS);
    assertThat(target.copyStatistics().sharedBytes()).isEqualTo(LENGTH);
    assertThat(target.copyStatistics().copiedBytes()).isZero();
  }

  /** Each look at the clock takes a fifth of the budget. */
  @Test
  void itStopsWhenItsBudgetIsOverAndGoesOnWithTheNextCommand() throws IOException {
    byte[] token = source.token(new BlockRange(0, BLOCKS));
    ticker.stepNanos = Duration.ofMillis(400).toNanos();
    long done = 0;
    int commands = 0;
    ScsiResponse response;
    do {
      commands++;
      response = destination.writeUsing(commands, writeList(token, done, destinationFrom(done)));
      if (!response.isGood()) {
        assertThat(sense(response)).isEqualTo("0A/0D04");
        long copied = response.sense().information().orElseThrow();
        assertThat(copied).isPositive().isLessThan(BLOCKS - done);
        assertThat(copied % STEP_BLOCKS).isZero();
        byte[] result =
            destination.ask("84 07 %08X 00000000 00000226 00 00".formatted(commands), 550);
        assertThat(result[5]).as("status").isEqualTo((byte) 3);
        assertThat(ByteBuffer.wrap(result).getLong(16)).isEqualTo(copied);
        done += copied;
        requireCopied(done);
      }
    } while (!response.isGood());
    assertThat(commands).isBetween(3, 16);
    requireCopied(BLOCKS);
  }
}
