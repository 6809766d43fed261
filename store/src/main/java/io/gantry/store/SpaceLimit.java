package io.gantry.store;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A limit of space.
 *
 * @param bytes so many bytes, if {@code percent} is 0
 * @param percent so much of what the medium can hold, 1 to 100; or 0
 */
public record SpaceLimit(long bytes, int percent) {
  /** No limit. */
  public static final SpaceLimit NONE = new SpaceLimit(Long.MAX_VALUE, 0);

  private static final String UNITS = "KMGTP";
  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})([KMGTP%]?)");

  public SpaceLimit {
    if (bytes < 0 || percent < 0 || percent > 100) {
      throw new IllegalArgumentException("bad limit: %d bytes, %d %%".formatted(bytes, percent));
    }
  }

  /** So much of what the medium can hold, 1 to 100. */
  public static SpaceLimit ofPercent(int percent) {
    return new SpaceLimit(0, percent);
  }

  /** So many bytes. */
  public static SpaceLimit ofBytes(long bytes) {
    return new SpaceLimit(bytes, 0);
  }

  /**
   * Reads a limit: {@code 80%}, {@code 500G} (powers of 1024), {@code none}.
   *
   * @throws IllegalArgumentException if it is none; says what one looks like
   */
  public static SpaceLimit parse(String text) {
    if (text.equals("none")) {
      return NONE;
    }
    Matcher matcher = FORM.matcher(text.toUpperCase(Locale.ROOT));
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      String unit = matcher.group(2);
      if (unit.equals("%") && number >= 1 && number <= 100) {
        return ofPercent((int) number);
      }
      int shift = unit.isEmpty() ? 0 : 10 * (1 + UNITS.indexOf(unit));
      if (!unit.equals("%") && number <= Long.MAX_VALUE >> shift) {
        return ofBytes(number << shift);
      }
    }
    throw new IllegalArgumentException(
        "'%s' is no limit of space: write 80%%, 500G or none".formatted(text));
  }

  /** The limit of a pool whose medium can hold so many bytes. */
  long bytes(long capacityBytes) {
    return percent == 0 ? bytes : (long) (capacityBytes / 100.0 * percent);
  }

  @Override
  public String toString() {
    return percent > 0 ? percent + "%" : bytes == Long.MAX_VALUE ? "none" : bytes + " bytes";
  }
}
