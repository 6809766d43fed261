package io.gantry.store.bench;

import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * How long opening a pool takes in a new process after 10 GiB of random writes, when it was closed
 * and when its process was killed.
 */
final class RestartRow implements PoolBenchmark.Row {
  private static final long SIZE = 10 * Settings.GIB;
  private static final long BYTES = 10 * Settings.GIB;
  private static final int WRITES_PER_SYNC = 1024;
  private static final long SEED = 6;

  @Override
  public void run(Settings settings) throws Exception {
    for (int length : new int[] {4096, Contents.UNIT}) {
      Path directory = settings.xfs().resolve("pool" + length);
      child(true, "write", directory.toString(), String.valueOf(length));
      String title =
          "opening a pool after %d GiB of random %d KiB writes"
              .formatted(BYTES / Settings.GIB, length >> 10);
      Measure measure = new Measure(title, Measure.Unit.SECONDS);
      for (int round = 0; round < settings.rounds(); round++) {
        String killed = child(true, "open", directory.toString());
        measure.add("Gantry: after kill -9", Double.parseDouble(killed));
      }
      child(false, "open", directory.toString());
      for (int round = 0; round < settings.rounds(); round++) {
        String closed = child(false, "open", directory.toString());
        measure.add("Gantry: after a clean close", Double.parseDouble(closed));
      }
      measure.print(System.out);
    }
  }

  /** Runs {@link #main} in another process; the line it prints when it is done. */
  private static String child(boolean kill, String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder();
    builder.command().add(ProcessHandle.current().info().command().orElseThrow());
    builder.command().add("--enable-native-access=ALL-UNNAMED");
    builder.command().add("-cp");
    builder.command().add(System.getProperty("java.class.path"));
    builder.command().add(RestartRow.class.getName());
    builder.command().addAll(java.util.List.of(arguments));
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      String line = output.readLine();
      if (kill) {
        process.destroyForcibly();
      } else {
        process.getOutputStream().close();
      }
      process.waitFor();
      if (line == null) {
        throw new IOException("the other process failed");
      }
      return line;
    }
  }

  /** The other process: does as it is told, says so, and closes the pool when its input ends. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    long start = System.nanoTime();
    try (Pool pool =
        arguments[0].equals("write")
            ? Pool.create(FileMedium.create(directory), Pool.DEFAULT_CHUNK, PoolOptions.defaults())
            : Pool.open(FileMedium.open(directory), PoolOptions.defaults())) {
      double seconds = (System.nanoTime() - start) / 1e9;
      if (arguments[0].equals("write")) {
        write(pool, Integer.parseInt(arguments[2]));
      }
      System.out.println(seconds);
      int _ = System.in.read();
    }
  }

  private static void write(Pool pool, int length) throws IOException {
    Volume volume = pool.createVolume("source", SIZE, 4096);
    SplittableRandom random = new SplittableRandom(SEED);
    ByteBuffer buffer = Contents.fill(Contents.buffer(), SEED).slice(0, length);
    for (long i = 1; i <= BYTES / length; i++) {
      volume.write(random.nextLong(SIZE / length) * length, buffer.clear());
      if (i % WRITES_PER_SYNC == 0) {
        pool.flush();
      }
    }
    pool.flush();
  }
}
