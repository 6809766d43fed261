package io.gantry.store.bench;

import io.gantry.store.Pool;
import io.gantry.store.Snapshot;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.StringJoiner;

/**
 * The first writes after a snapshot, each to another 64 KiB, in random order, beside the same
 * writes to a file on XFS after it was reflinked and to a qcow2 overlay (clusters of 64 KiB) of a
 * file on XFS. All go through the page cache and sync after every so many writes and at the end.
 *
 * <p>The file on XFS is written by fio from a list of the same offsets; the overlay by qemu-io, the
 * block layer of QEMU with neither a network nor a guest in between, whose start is measured by
 * itself and subtracted.
 */
final class CopyOnWriteRow implements PoolBenchmark.Row {
  private static final long SIZE = 2 * Settings.GIB;
  private static final int WRITES = 8192;
  private static final int WRITES_PER_SYNC = 1024;

  @Override
  public void run(Settings settings) throws Exception {
    Path file = settings.xfs().resolve("plain");
    Path base = settings.xfs().resolve("base");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = Contents.buffer();
      for (long unit = 0; unit < SIZE / Contents.UNIT; unit++) {
        channel.write(Contents.fill(buffer, unit), unit * Contents.UNIT);
      }
      channel.force(true);
    }
    Files.copy(file, base, StandardCopyOption.REPLACE_EXISTING);
    Command.run("sync", "-f", base.toString());
    try (Pool pool = settings.newPool()) {
      Volume volume = InPlaceRow.written(pool, "source", SIZE);
      Measure small = new Measure("first 4 KiB writes after a snapshot", Measure.Unit.PER_SECOND);
      Measure whole = new Measure("first 64 KiB writes after a snapshot", Measure.Unit.PER_SECOND);
      gantry(pool, volume, offsets(4096, 0), 4096); // compiles
      for (int round = 0; round < settings.rounds(); round++) {
        for (int length : new int[] {4096, Contents.UNIT}) {
          Measure measure = length == 4096 ? small : whole;
          long[] offsets = offsets(length, round);
          measure.add("Gantry", gantry(pool, volume, offsets, length));
          measure.add("XFS after reflink, fio", xfs(file, offsets, length));
          measure.add("qcow2 overlay, qemu-io", qcow2(base, offsets, length));
        }
      }
      small.print(System.out);
      whole.print(System.out);
    }
  }

  /** Each in another unit; the small ones anywhere within theirs. */
  private static long[] offsets(int length, int round) {
    SplittableRandom random = new SplittableRandom(round);
    int[] units = Contents.shuffled((int) (SIZE / Contents.UNIT), round);
    long[] offsets = new long[WRITES];
    for (int i = 0; i < WRITES; i++) {
      long within = random.nextInt(Contents.UNIT / length) * (long) length;
      offsets[i] = (long) units[i] * Contents.UNIT + within;
    }
    return offsets;
  }

  private static double gantry(Pool pool, Volume volume, long[] offsets, int length)
      throws IOException {
    Snapshot snapshot = pool.createSnapshot(volume, "before");
    ByteBuffer buffer = Contents.fill(Contents.buffer(), offsets[0]).slice(0, length);
    long start = System.nanoTime();
    for (int i = 0; i < offsets.length; i++) {
      volume.write(offsets[i], buffer.clear());
      if ((i + 1) % WRITES_PER_SYNC == 0) {
        pool.flush();
      }
    }
    double rate = offsets.length / ((System.nanoTime() - start) / 1e9);
    pool.deleteSnapshot(snapshot);
    pool.flush();
    pool.flush(); // has let go of what the snapshot held
    return rate;
  }

  private static double xfs(Path file, long[] offsets, int length) throws IOException {
    Path snapshot = file.resolveSibling("snapshot");
    Reflink.copy(file, snapshot);
    double rate = Command.fioWrites(file, offsets, length, WRITES_PER_SYNC);
    Files.delete(snapshot);
    Command.run("sync", "-f", file.toString());
    return rate;
  }

  private static double qcow2(Path base, long[] offsets, int length) throws IOException {
    Path overlay = base.resolveSibling("overlay");
    Path nothing = Files.createTempFile("commands", ".txt");
    Path commands = Files.createTempFile("commands", ".txt");
    Files.writeString(nothing, "quit\n");
    StringJoiner lines = new StringJoiner("\n", "", "\nquit\n");
    for (int i = 0; i < offsets.length; i++) {
      lines.add("write -q %d %d".formatted(offsets[i], length));
      if ((i + 1) % WRITES_PER_SYNC == 0) {
        lines.add("flush");
      }
    }
    Files.writeString(commands, lines.toString());
    Command.run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        base.toString(),
        "-F",
        "raw",
        overlay.toString());
    double start = qemuIo(overlay, nothing);
    double seconds = qemuIo(overlay, commands) - start;
    Files.delete(overlay);
    Files.delete(nothing);
    Files.delete(commands);
    Command.run("sync", "-f", base.toString());
    return offsets.length / seconds;
  }

  private static double qemuIo(Path overlay, Path commands) throws IOException {
    long start = System.nanoTime();
    Command.run(commands, "qemu-io", "-f", "qcow2", "-t", "writeback", overlay.toString());
    return (System.nanoTime() - start) / 1e9;
  }
}
