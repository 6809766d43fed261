package io.gantry.iscsi;

/**
 * Arithmetic of CmdSN, StatSN, DataSN and R2TSN: 32 bits that wrap around (RFC 1982). A number is
 * before another if it is fewer than 2^31 steps behind.
 */
public final class SerialNumber {
  private SerialNumber() {}

  /** Whether {@code a} comes before {@code b}. */
  public static boolean isBefore(int a, int b) {
    return a - b < 0;
  }

  /** Steps from {@code from} to {@code to}; negative if {@code to} comes before. */
  public static int distance(int from, int to) {
    return to - from;
  }
}
