package io.gantry.cli;

import io.gantry.copy.CopyException;
import io.gantry.copy.Means;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Images that are not raw, by way of {@code qemu-img}, which has to be installed. */
final class QemuImage {
  private static final String PROGRAM = "qemu-img";
  private static final Pattern PERCENT = Pattern.compile("\\((\\d+\\.\\d+)/100%\\)");
  private static final int MAXIMUM_OUTPUT = 1 << 20;

  /** What qemu-img reports percents of. */
  private static final double WHOLE = 100;

  private final Path file;
  private final ImageFormat format;
  private final long virtualBytes;
  private final long actualBytes;

  private QemuImage(Path file, ImageFormat format, long virtualBytes, long actualBytes) {
    this.file = file;
    this.format = format;
    this.virtualBytes = virtualBytes;
    this.actualBytes = actualBytes;
  }

  /**
   * Looks at an image.
   *
   * @throws Failure if qemu-img is not there, cannot read it, or it needs other files: an image
   *     that somebody else made could name any file of this machine as its base
   */
  static QemuImage open(Path file, ImageFormat format, Interrupts interrupts) throws IOException {
    String text =
        run(
            interrupts,
            null,
            0,
            "info",
            "--output=json",
            "-f",
            format.qemuName(),
            file.toAbsolutePath().toString());
    JsonNode info;
    try {
      info = new JsonMapper().readTree(text);
    } catch (JacksonException e) {
      throw new Failure("%s: qemu-img says nothing of it that could be read".formatted(file), e);
    }
    JsonNode specific = info.path("format-specific").path("data");
    if (info.has("backing-filename") || specific.has("data-file")) {
      throw new Failure(
          "%s: needs another file, %s; make it whole first: qemu-img convert -O %s %s NEW"
              .formatted(
                  file,
                  info.path("backing-filename").asString(specific.path("data-file").asString("")),
                  format.qemuName(),
                  file));
    }
    return new QemuImage(
        file, format, info.path("virtual-size").asLong(), info.path("actual-size").asLong());
  }

  /** Bytes of the disk. */
  long virtualBytes() {
    return virtualBytes;
  }

  /** Bytes that a sparse file of the content takes, more or less. */
  long actualBytes() {
    return actualBytes;
  }

  /** Makes a raw, sparse file of it. */
  void toRaw(Path raw, ProgressLine progress, Interrupts interrupts) throws IOException {
    convert(file, format, raw, ImageFormat.RAW, virtualBytes, progress, interrupts);
  }

  /** Makes an image of a raw file. */
  static void ofRaw(
      Path raw, Path image, ImageFormat format, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    convert(raw, ImageFormat.RAW, image, format, Files.size(raw), progress, interrupts);
  }

  private static void convert(
      Path from,
      ImageFormat fromFormat,
      Path to,
      ImageFormat toFormat,
      long sizeBytes,
      ProgressLine progress,
      Interrupts interrupts)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("convert", "-p", "-f", fromFormat.qemuName()));
    arguments.addAll(List.of("-O", toFormat.qemuName()));
    arguments.addAll(toFormat.creationOptions());
    arguments.addAll(List.of(from.toAbsolutePath().toString(), to.toAbsolutePath().toString()));
    progress.started(sizeBytes, 0);
    run(interrupts, progress, sizeBytes, arguments.toArray(String[]::new));
  }

  /** Runs qemu-img to its end; what it printed. */
  private static String run(
      Interrupts interrupts, @Nullable ProgressLine progress, long sizeBytes, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    command.addAll(List.of(arguments));
    Path errors = Files.createTempFile("gantry-qemu-img-", ".err");
    try {
      Process process = start(command, errors);
      interrupts.onSignal(process::destroy);
      process.getOutputStream().close();
      String output = read(process.getInputStream(), progress, sizeBytes);
      int exitCode = awaitExit(process);
      if (interrupts.happened() || exitCode == Interrupts.EXIT_CODE) {
        // Ctrl-C is for both processes, and this one may hear of it later.
        throw new CopyException("interrupted");
      }
      if (exitCode != 0) {
        throw new Failure(
            Files.readString(errors)
                .strip()
                .lines()
                .findFirst()
                .orElse("qemu-img ended with exit code %d and no reason".formatted(exitCode)));
      }
      return output;
    } finally {
      Files.deleteIfExists(errors);
    }
  }

  private static Process start(List<String> command, Path errors) throws Failure {
    try {
      return new ProcessBuilder(command).redirectError(errors.toFile()).start();
    } catch (IOException e) {
      throw new Failure(
          "images other than raw ones need qemu-img, which cannot be run here; install it (Debian:"
              + " apt-get install qemu-utils), or bring a raw image",
          e);
    }
  }

  private static String read(InputStream in, @Nullable ProgressLine progress, long sizeBytes)
      throws IOException {
    StringBuilder output = new StringBuilder();
    byte[] buffer = new byte[4096];
    long told = 0;
    for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
      String text = new String(buffer, 0, length, StandardCharsets.UTF_8);
      if (progress == null) {
        if (output.length() + length > MAXIMUM_OUTPUT) {
          throw new Failure("qemu-img says too much of the image");
        }
        output.append(text);
        continue;
      }
      Matcher percent = PERCENT.matcher(text); // one that is cut in two is followed by another
      while (percent.find()) {
        long done = (long) (Double.parseDouble(percent.group(1)) / WHOLE * sizeBytes);
        progress.copied(Means.MOVED, Math.max(0, done - told));
        told = Math.max(told, done);
      }
    }
    return output.toString();
  }

  private static int awaitExit(Process process) throws IOException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while qemu-img ran", e);
    }
  }
}
