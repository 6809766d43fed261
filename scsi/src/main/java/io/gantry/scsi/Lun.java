package io.gantry.scsi;

/**
 * A logical unit number, 0 to 16383, and its eight bytes on the wire (SAM-5 4.7): peripheral device
 * addressing up to 255, flat space addressing above. Either form is understood for any number.
 *
 * @param number the number
 */
public record Lun(int number) {
  private static final int MAXIMUM = 0x3FFF;

  public Lun {
    if (number < 0 || number > MAXIMUM) {
      throw new IllegalArgumentException("LUN %d is not in 0..%d".formatted(number, MAXIMUM));
    }
  }

  /** The eight bytes as one big-endian number. */
  public long encode() {
    return (number < 256 ? number : 0x4000L | number) << 48;
  }

  /**
   * Reads the eight bytes.
   *
   * @return the number, or -1 if the address is of a kind that no logical unit here has
   */
  public static int decode(long wire) {
    int first = (int) (wire >>> 48);
    boolean singleLevel = (wire & 0xffff_ffff_ffffL) == 0;
    return switch (first >> 14) {
      case 0 -> singleLevel && first >> 8 == 0 ? first : -1;
      case 1 -> singleLevel ? first & MAXIMUM : -1;
      default -> -1;
    };
  }
}
