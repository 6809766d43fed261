package io.gantry.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it: {@code 4096}, {@code 512M}, {@code 10G}; powers of 1024.
 *
 * @param bytes not negative
 */
record Size(long bytes) {
  private static final String UNITS = "KMGTPE";
  private static final Pattern FORM = Pattern.compile("([0-9]+)([KMGTPE]?)(?:I?B)?");

  /**
   * Reads a size.
   *
   * @throws IllegalArgumentException if it is none; says what one looks like
   */
  static Size parse(String text) {
    Matcher matcher = FORM.matcher(text.toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw notASize(text);
    }
    int power = matcher.group(2).isEmpty() ? 0 : 1 + UNITS.indexOf(matcher.group(2));
    try {
      return new Size(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power)));
    } catch (ArithmeticException | NumberFormatException e) {
      throw notASize(text);
    }
  }

  private static IllegalArgumentException notASize(String text) {
    return new IllegalArgumentException(
        "'%s' is no size: write bytes or a number with K, M, G, T or P, as in 4096, 512M, 10G"
            .formatted(text));
  }

  /** With three digits: {@code 4.00 GiB}, {@code 135 MiB}, {@code 512 B}. */
  static String human(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    double value = (double) bytes / (1L << (10 * power));
    String form = value < 9.995 ? "%.2f %ciB" : value < 99.95 ? "%.1f %ciB" : "%.0f %ciB";
    return form.formatted(value, UNITS.charAt(power - 1));
  }

  @Override
  public String toString() {
    return human(bytes);
  }

  /** For picocli. */
  static final class Converter implements ITypeConverter<Size> {
    @Override
    public Size convert(String value) {
      try {
        return parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
