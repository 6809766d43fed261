package io.gantry.server;

/**
 * A range of a volume, as the REST interface shows it.
 *
 * @param offset its first byte
 * @param lengthBytes its length
 * @param state {@code hole}, {@code own} or {@code shared}
 */
public record RangeView(long offset, long lengthBytes, String state) {}
