package io.gantry.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bytes in the forms that people have them in: as they are; as pairs of hexadecimal digits; as
 * WinDbg's commands db, dd and dq (and their relatives dyb, dc and dp) show memory.
 *
 * <p>A dump's lines begin with an address and two blanks; dd and dq show little-endian numbers of 4
 * and 8 bytes. Addresses must follow one another, so that a line that is missing is found. Lines
 * with a prompt in them are passed over.
 */
final class DumpInput {
  private static final Pattern DUMP_LINE = Pattern.compile("([0-9a-fA-F`]{4,17})  (\\S.*)");

  private static final Pattern BYTES =
      Pattern.compile("((?:[0-9a-fA-F?]{2}[ -])*[0-9a-fA-F?]{2})(?:  .*)?");
  private static final Pattern WORDS =
      Pattern.compile("((?:[0-9a-fA-F?]{8} )*[0-9a-fA-F?]{8})(?:  .*)?");
  private static final Pattern LONG_WORDS =
      Pattern.compile("((?:[0-9a-fA-F?]{8}`[0-9a-fA-F?]{8} )*[0-9a-fA-F?]{8}`[0-9a-fA-F?]{8})");

  private static final Pattern PROMPT = Pattern.compile("(\\d+: ?)?(kd|lkd|\\d+:\\d+)>.*");

  private DumpInput() {}

  /**
   * Reads input in any form: what has bytes that no text has is taken as it is.
   *
   * @param name where it is from, for messages
   * @throws Failure if it looks like text but is neither digits nor a dump; the message has the
   *     line
   */
  static byte[] parse(String name, byte[] input) throws Failure {
    if (input.length == 0 || !isText(input)) {
      return input;
    }
    List<String> lines = new String(input, StandardCharsets.US_ASCII).lines().toList();
    boolean isDump =
        lines.stream().map(String::strip).anyMatch(line -> DUMP_LINE.matcher(line).matches());
    return isDump ? dump(name, lines) : digits(name, lines);
  }

  private static boolean isText(byte[] input) {
    for (byte b : input) {
      boolean isBlank = b == '\n' || b == '\r' || b == '\t';
      if ((b < ' ' && !isBlank) || b == 0x7F) {
        return false;
      }
    }
    return true;
  }

  private static byte[] digits(String name, List<String> lines) throws Failure {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceAll("[\\s,]|0[xX]", "");
      for (int at = 0; at < line.length(); at++) {
        if (!HexFormat.isHexDigit(line.charAt(at))) {
          throw failure(
              name,
              i,
              "'%s' is no hexadecimal digit, nor is the line one of a dump"
                  .formatted(line.charAt(at)));
        }
      }
      digits.append(line);
    }
    if (digits.length() % 2 != 0) {
      throw new Failure(
          "%s: has %d hexadecimal digits, and two make a byte".formatted(name, digits.length()));
    }
    return HexFormat.of().parseHex(digits);
  }

  private static byte[] dump(String name, List<String> lines) throws Failure {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long start = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || PROMPT.matcher(line).matches()) {
        continue;
      }
      Matcher dump = DUMP_LINE.matcher(line);
      if (!dump.matches()) {
        throw failure(name, i, "is no line of a dump: address, two blanks, memory");
      }
      long address = address(name, i, dump.group(1));
      if (bytes.size() == 0) {
        start = address;
      } else if (address != start + bytes.size()) {
        throw failure(
            name,
            i,
            "is at %s, where 0x%x would follow: is a line missing?"
                .formatted(dump.group(1), start + bytes.size()));
      }
      bytes.writeBytes(memory(name, i, dump.group(2)));
    }
    return bytes.toByteArray();
  }

  private static long address(String name, int line, String text) throws Failure {
    String digits = text.replace("`", "");
    if (digits.isEmpty() || digits.length() > 16) {
      throw failure(name, line, "'%s' is no address".formatted(text));
    }
    return Long.parseUnsignedLong(digits, 16);
  }

  private static byte[] memory(String name, int line, String text) throws Failure {
    for (Pattern pattern : List.of(LONG_WORDS, WORDS, BYTES)) {
      Matcher matcher = pattern.matcher(text);
      if (matcher.matches()) {
        String memory = matcher.group(1);
        if (memory.contains("?")) {
          throw failure(name, line, "has memory that the debugger could not read (??)");
        }
        return pattern == BYTES
            ? HexFormat.of().parseHex(memory.replaceAll("[ -]", ""))
            : littleEndian(memory.replace("`", ""));
      }
    }
    throw failure(name, line, "shows memory in a form that is not db's, dd's or dq's");
  }

  private static byte[] littleEndian(String words) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String word : words.split(" ", -1)) {
      byte[] big = HexFormat.of().parseHex(word);
      for (int i = big.length - 1; i >= 0; i--) {
        bytes.write(big[i]);
      }
    }
    return bytes.toByteArray();
  }

  private static Failure failure(String name, int line, String message) {
    return new Failure("%s: line %d: %s".formatted(name, line + 1, message));
  }
}
