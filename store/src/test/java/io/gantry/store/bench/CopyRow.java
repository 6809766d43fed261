package io.gantry.store.bench;

import io.gantry.store.CopyResult;
import io.gantry.store.Extent;
import io.gantry.store.Pool;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A copy of what was written in random order, until it is durable, beside reflinks and cp. */
final class CopyRow implements PoolBenchmark.Row {
  private static final long SEED = 1;

  /** Size of the file for cp, and of its copy. */
  private static final long CP_BYTES = Settings.GIB;

  @Override
  public void run(Settings settings) throws Exception {
    long size = settings.gib() * Settings.GIB;
    Path onXfs = settings.xfs().resolve("source");
    Path onBtrfs = settings.btrfs().resolve("source");
    int[] order = Contents.shuffled((int) (size / Contents.UNIT), SEED);
    writeFile(onXfs, order);
    writeFile(onBtrfs, order);
    Path forCp = settings.xfs().resolve("cp-source");
    writeFile(forCp, Contents.shuffled((int) (CP_BYTES / Contents.UNIT), SEED));
    String xfsName = "XFS: reflink, fsync; file of %,d extents".formatted(Command.extents(onXfs));
    String btrfsName =
        "Btrfs: reflink, fsync; file of %,d extents".formatted(Command.extents(onBtrfs));
    long scale = size / CP_BYTES;
    Measure measure =
        new Measure(
            "copy of %d GiB written in random 64 KiB order".formatted(settings.gib()),
            Measure.Unit.SECONDS);
    try (Pool pool = settings.newPool()) {
      Volume source = pool.createVolume("source", size, 4096);
      for (int unit : order) {
        source.write((long) unit * Contents.UNIT, Contents.fill(BUFFER, unit));
      }
      pool.flush();
      for (int round = 0; round < settings.rounds(); round++) {
        boolean last = round == settings.rounds() - 1;
        measure.add("Gantry: freeze, copy, flush", byToken(pool, source, last));
        measure.add(xfsName, reflink(onXfs));
        measure.add(btrfsName, reflink(onBtrfs));
        measure.add("XFS: cp, fsync; 1 GiB, times " + scale, plainCopy(forCp) * scale);
      }
    }
    measure.print(System.out);
  }

  private static final ByteBuffer BUFFER = Contents.buffer();

  /** Direct, or the file system would collect the writes and put them in order. */
  private static void writeFile(Path file, int[] order) throws IOException {
    long size = (long) order.length * Contents.UNIT;
    Command.run("truncate", "-s", String.valueOf(size), file.toString());
    long[] offsets = Arrays.stream(order).mapToLong(unit -> (long) unit * Contents.UNIT).toArray();
    Command.fioWrites(file, offsets, Contents.UNIT, order.length, "--direct=1", "--fallocate=none");
  }

  private static double byToken(Pool pool, Volume source, boolean verify) throws IOException {
    long size = source.sizeBytes();
    long used = pool.statistics().usedChunks();
    Volume target = pool.createVolume("target", size, source.blockBytes());
    long start = System.nanoTime();
    Token token = pool.freeze(source, List.of(new Extent(0, size)), 60_000).orElseThrow();
    CopyResult done = pool.copy(token, 0, target, 0, size);
    pool.flush();
    double seconds = (System.nanoTime() - start) / 1e9;
    require(done.equals(new CopyResult(size, 0, 0)), "the copy moved bytes: " + done);
    require(pool.statistics().usedChunks() == used, "the copy took chunks");
    if (verify) {
      verify(target);
    }
    pool.end(token, Token.End.DELETED);
    pool.deleteVolume(target);
    pool.flush();
    return seconds;
  }

  private static void verify(Volume target) throws IOException {
    ByteBuffer found = Contents.buffer();
    for (long unit = 0; unit < target.sizeBytes() / Contents.UNIT; unit++) {
      target.read(unit * Contents.UNIT, found.clear());
      require(found.flip().equals(Contents.fill(BUFFER, unit)), "the copy differs at unit " + unit);
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }

  private static double reflink(Path source) throws IOException {
    Path target = source.resolveSibling("target");
    double seconds = Reflink.copy(source, target);
    Files.delete(target);
    Command.run("sync", "-f", source.toString());
    return seconds;
  }

  private static double plainCopy(Path source) throws IOException {
    Path target = source.resolveSibling("cp-target");
    long start = System.nanoTime();
    Command.run("cp", "--reflink=never", source.toString(), target.toString());
    Command.run("sync", target.toString());
    double seconds = (System.nanoTime() - start) / 1e9;
    Files.delete(target);
    Command.run("sync", "-f", source.toString());
    return seconds;
  }
}
