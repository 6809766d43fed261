package io.gantry.store.bench;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** Other programs. */
final class Command {
  private Command() {}

  /** Runs a program, which must succeed; what it printed. */
  static String run(String... command) throws IOException {
    return run(null, command);
  }

  static String run(Path input, String... command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    if (input != null) {
      builder.redirectInput(input.toFile());
    }
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(Arrays.toString(command) + " failed: " + output);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return output;
  }

  /** Runs fio with terse output; the operations a second it reports, reads and writes together. */
  static double fio(String... options) throws IOException {
    String[] command =
        Stream.concat(
                Stream.of(
                    "fio",
                    "--name=job",
                    "--minimal",
                    "--group_reporting",
                    "--thread",
                    "--ioengine=psync",
                    "--invalidate=0",
                    "--scramble_buffers=0",
                    "--gtod_reduce=1"),
                Arrays.stream(options))
            .toArray(String[]::new);
    String[] fields = run(command).strip().split(";", -1);
    // Version 3 of the format: 41 fields for reads from the 6th, then as many for writes; the
    // third of each is operations a second.
    return Double.parseDouble(fields[7]) + Double.parseDouble(fields[48]);
  }

  /**
   * Lets fio write to a file that exists at these offsets in this order.
   *
   * @param writesPerSync how many writes go before each fdatasync
   */
  static double fioWrites(
      Path file, long[] offsets, int length, int writesPerSync, String... options)
      throws IOException {
    Path list = Files.createTempFile("offsets", ".log");
    try (BufferedWriter writer = Files.newBufferedWriter(list)) {
      writer.write("fio version 2 iolog\n%1$s add\n%1$s open\n".formatted(file));
      for (int i = 0; i < offsets.length; i++) {
        writer.write("%s write %d %d\n".formatted(file, offsets[i], length));
        if ((i + 1) % writesPerSync == 0) {
          writer.write("%s datasync 0 0\n".formatted(file));
        }
      }
      writer.write("%s close\n".formatted(file));
    }
    try {
      return fio(
          Stream.concat(
                  Stream.of("--read_iolog=" + list, "--replay_no_stall=1", "--bs=" + length),
                  Arrays.stream(options))
              .toArray(String[]::new));
    } finally {
      Files.delete(list);
    }
  }

  /** Extents of a file, as the file system counts them. */
  static long extents(Path file) throws IOException {
    String output = run("filefrag", file.toString()).strip();
    return Long.parseLong(output.replaceFirst(".*: (\\d+) extents? found$", "$1"));
  }
}
