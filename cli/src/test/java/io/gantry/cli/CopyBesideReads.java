package io.gantry.cli;

import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.WriteUsingTokenList;
import io.gantry.server.CopySettings;
import io.gantry.server.Daemon;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;

/**
 * Measures how long reads of 4 KiB take, one at a time, while copies beside them move bytes: source
 * and destination lie differently in their chunks. Run by {@code
 * docs/benchmarks/copy-beside-reads}.
 *
 * <p>Arguments: an empty directory, seconds for each row, rounds. Prints a Markdown table; of each
 * row, the median round by its 99th percentile.
 */
@NullUnmarked
final class CopyBesideReads {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);
  private static final int BLOCK = 512;
  private static final long VOLUME_BLOCKS = 512L << 20 >> 9; // 512 MiB
  private static final long COPY_BLOCKS = 64L << 20 >> 9;
  private static final int COPIERS = 4;

  private CopyBesideReads() {}

  private enum Row {
    ALONE("no copy beside it", 0, false),
    GOVERNED("4 initiators copy, 256 MiB/s, 2 at a time", COPIERS, false),
    UNGOVERNED("4 initiators copy, as fast as they can", COPIERS, true);

    final String text;
    final int copiers;
    final boolean free;

    Row(String text, int copiers, boolean free) {
      this.text = text;
      this.copiers = copiers;
      this.free = free;
    }
  }

  private record Round(long reads, long p50, long p99, long p999, long copiedBytesPerSecond) {}

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    int seconds = Integer.parseInt(args[1]);
    int rounds = Integer.parseInt(args[2]);
    Map<Row, List<Round>> all = new java.util.EnumMap<>(Row.class);
    for (int round = 0; round <= rounds; round++) { // the first is for the compiler
      for (Row row : Row.values()) {
        Round done = run(directory.resolve("data-" + row.free), row, round == 0 ? 3 : seconds);
        System.err.printf("round %d, %s: %s%n", round, row, done);
        if (round > 0) {
          all.computeIfAbsent(row, _ -> new ArrayList<>()).add(done);
        }
      }
    }
    System.out.println(
        "| reads of 4 KiB, one at a time | a second | 50 % | 99 % | 99.9 % | copied |");
    System.out.println("| --- | --- | --- | --- | --- | --- |");
    all.forEach((row, done) -> {
      done.sort((a, b) -> Long.compare(a.p99, b.p99));
      Round median = done.get(done.size() / 2);
      System.out.printf(
          "| %s | %,d | %.0f us | %.0f us | %.0f us | %,d MiB/s |%n",
          row.text,
          median.reads,
          median.p50 / 1e3,
          median.p99 / 1e3,
          median.p999 / 1e3,
          median.copiedBytesPerSecond >> 20);
    });
  }

  private static Round run(Path data, Row row, int seconds) throws Exception {
    CopySettings usual = CopySettings.DEFAULTS;
    CopySettings copies =
        row.free
            ? new CopySettings(
                usual.options().withPace(Duration.ofSeconds(2), Long.MAX_VALUE, 1000), Map.of())
            : usual;
    DaemonSettings settings = DaemonSettings.of(data, ANY, ANY).withCopies(copies);
    try (Daemon daemon = Daemon.start(settings);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      prepare(daemon);
      AtomicBoolean stop = new AtomicBoolean();
      AtomicLong copied = new AtomicLong();
      List<Future<?>> copiers = new ArrayList<>();
      for (int i = 0; i < row.copiers; i++) {
        int number = i;
        copiers.add(threads.submit(() -> copy(daemon, number, stop, copied)));
      }
      long[] nanos = read(daemon, seconds);
      stop.set(true);
      for (Future<?> copier : copiers) {
        copier.get();
      }
      Arrays.sort(nanos);
      return new Round(
          nanos.length / seconds,
          nanos[nanos.length / 2],
          nanos[(int) (nanos.length * 0.99)],
          nanos[(int) (nanos.length * 0.999)],
          copied.get() / seconds);
    }
  }

  private static void prepare(Daemon daemon) throws IOException {
    if (!daemon.pool().volumes().isEmpty()) {
      return;
    }
    byte[] bytes = new byte[1 << 20];
    for (int i = 0; i < 1 + 2 * COPIERS; i++) {
      var volume = daemon.pool().createVolume("v" + i, VOLUME_BLOCKS * BLOCK, BLOCK);
      for (long at = 0; i <= COPIERS && at < volume.sizeBytes(); at += bytes.length) {
        new Random(at + i).nextBytes(bytes);
        volume.write(at, ByteBuffer.wrap(bytes));
      }
    }
    daemon.pool().flush();
  }

  /** Reads at random from volume 0; how long each took. */
  private static long[] read(Daemon daemon, int seconds) throws IOException {
    Random random = new Random(7);
    long[] nanos = new long[1 << 22];
    int count = 0;
    try (ScsiDevice unit = Devices.open(IscsiUrl.parse(daemon.url(0)))) {
      ByteBuffer room = ByteBuffer.allocateDirect(4096);
      unit.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
      while (System.nanoTime() < end && count < nanos.length) {
        long lba = random.nextLong(VOLUME_BLOCKS / 8) * 8;
        long begin = System.nanoTime();
        good(unit.execute(ScsiRequest.in(Cdb.Transfer.read(lba, 8), room)));
        nanos[count++] = System.nanoTime() - begin;
      }
    }
    return Arrays.copyOf(nanos, count);
  }

  /** Copies from one volume to another, shifted by a block, over and over. */
  private static Void copy(Daemon daemon, int number, AtomicBoolean stop, AtomicLong copied)
      throws IOException {
    try (ScsiDevice source = Devices.open(IscsiUrl.parse(daemon.url(1 + number)));
        ScsiDevice destination = Devices.open(IscsiUrl.parse(daemon.url(1 + COPIERS + number)))) {
      source.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      destination.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
      ByteBuffer populate =
          new PopulateTokenList(
                  false, 0, OptionalInt.empty(), List.of(new BlockRange(0, COPY_BLOCKS)))
              .encode();
      good(out(source, Command.POPULATE_TOKEN, populate));
      ByteBuffer room = ByteBuffer.allocate(1024);
      good(source.execute(ScsiRequest.in(new Cdb.ReceiveRodTokenInformation(1, 1024), room)));
      byte[] token = RodTokenInformation.decode(room).token();
      Callable<Boolean> more = () -> !stop.get();
      try {
        while (more.call()) {
          long done = 0;
          while (done < COPY_BLOCKS && more.call()) {
            ByteBuffer list =
                new WriteUsingTokenList(
                        false,
                        false,
                        done,
                        token,
                        List.of(new BlockRange(1 + done, COPY_BLOCKS - done)))
                    .encode();
            ScsiResponse response = out(destination, Command.WRITE_USING_TOKEN, list);
            long blocks =
                response.isGood()
                    ? COPY_BLOCKS - done
                    : response.sense().information().orElseThrow();
            done += blocks;
            copied.addAndGet(blocks * BLOCK);
          }
        }
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
    return null;
  }

  private static ScsiResponse out(ScsiDevice unit, Command command, ByteBuffer list)
      throws IOException {
    return unit.execute(
        ScsiRequest.out(new Cdb.TokenOperation(command, 1, list.remaining()), list));
  }

  private static void good(ScsiResponse response) {
    if (!response.isGood()) {
      throw new IllegalStateException(response.describe());
    }
  }
}
