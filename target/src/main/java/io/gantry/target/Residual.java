package io.gantry.target;

/**
 * How far what a command had to move differs from what the initiator expected (RFC 7143 11.4.5).
 *
 * @param overflow the command had {@code bytes} more
 * @param underflow the command used {@code bytes} less
 */
record Residual(boolean overflow, boolean underflow, long bytes) {

  static Residual of(long expected, long needed) {
    return new Residual(needed > expected, needed < expected, Math.abs(needed - expected));
  }
}
