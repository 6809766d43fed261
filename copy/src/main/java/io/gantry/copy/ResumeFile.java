package io.gantry.copy;

import io.gantry.copy.RangeSet.Range;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/**
 * What a copy has done so far, in a file that is replaced as a whole. Lines of text:
 *
 * <pre>
 * gantry copy 1
 * source IDENTITY
 * destination IDENTITY
 * source-offset BYTES
 * destination-offset BYTES
 * length BYTES
 * done START-END START-END ...      bytes of the copy, on stable storage
 * crc32c HEX                        of all lines before
 * </pre>
 *
 * <p>Everything but the last two lines must be as it was when the copy goes on.
 */
final class ResumeFile {
  private static final String MAGIC = "gantry copy 1";

  /** Nothing that was written here is nearly as long. */
  private static final int MAXIMUM_BYTES = 64 << 20;

  private static final String DONE = "done";
  private static final String CRC = "crc32c ";

  private final Path file;
  private final List<String> heading;

  /**
   * @param heading what the copy is, a line for each property
   */
  private ResumeFile(Path file, List<String> heading) {
    this.file = file;
    this.heading = heading;
  }

  static ResumeFile of(
      Path file, String source, String destination, long from, long to, long lengthBytes) {
    return new ResumeFile(
        file,
        List.of(
            MAGIC,
            "source " + oneLine(source),
            "destination " + oneLine(destination),
            "source-offset " + from,
            "destination-offset " + to,
            "length " + lengthBytes));
  }

  /** Paths may contain line feeds. */
  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /**
   * What an earlier run has done; nothing if there was none.
   *
   * @throws CopyException if the file is of another copy, or is damaged
   */
  List<Range> read() throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    byte[] bytes = new byte[0];
    if (Files.isRegularFile(file)) {
      try (InputStream in = Files.newInputStream(file)) {
        bytes = in.readNBytes(MAXIMUM_BYTES + 1);
      }
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    int crcAt = text.lastIndexOf(CRC);
    String lines = crcAt < 0 ? text : text.substring(0, crcAt);
    if (!text.startsWith(MAGIC + "\n") || bytes.length > MAXIMUM_BYTES) {
      throw new CopyException(file + ": is no file that a copy can go on from; name another one");
    }
    if (crcAt < 0 || !text.substring(crcAt).equals(crcLine(lines))) {
      throw damaged();
    }
    List<String> found = lines.lines().toList();
    if (found.size() != heading.size() + 1) {
      throw damaged();
    }
    for (int i = 0; i < heading.size(); i++) {
      if (!found.get(i).equals(heading.get(i))) {
        throw new CopyException(
            "%s: is of another copy, or one end has changed: it says '%s', now it is '%s'; delete it to start from the beginning"
                .formatted(file, found.get(i), heading.get(i)));
      }
    }
    return ranges(found.getLast());
  }

  private List<Range> ranges(String line) throws CopyException {
    List<Range> ranges = new ArrayList<>();
    List<String> words = Arrays.asList(line.split(" ", -1));
    for (String word : words.subList(1, words.size())) {
      int dash = word.indexOf('-');
      try {
        ranges.add(
            new Range(
                Long.parseLong(word.substring(0, Math.max(0, dash))),
                Long.parseLong(word.substring(dash + 1))));
      } catch (NumberFormatException e) {
        throw damaged();
      }
    }
    return ranges;
  }

  private CopyException damaged() {
    return new CopyException(file + ": is damaged; delete it to start from the beginning");
  }

  /** Replaces the file; when this returns it is on stable storage. */
  void write(List<Range> done) throws IOException {
    String ranges =
        done.stream()
            .map(range -> " " + range.start() + "-" + range.end())
            .collect(Collectors.joining());
    String lines = String.join("\n", heading) + "\n" + DONE + ranges + "\n";
    ByteBuffer bytes = ByteBuffer.wrap((lines + crcLine(lines)).getBytes(StandardCharsets.UTF_8));
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory();
  }

  /** The copy is complete. */
  void delete() throws IOException {
    Files.deleteIfExists(file);
  }

  private void syncDirectory() throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static String crcLine(String lines) {
    CRC32C crc = new CRC32C();
    crc.update(lines.getBytes(StandardCharsets.UTF_8));
    return CRC + "%08x\n".formatted(crc.getValue());
  }
}
