package io.gantry.server;

/**
 * A token as the REST interface shows it. Its bytes, which are a secret, are not shown.
 *
 * @param id its number, 16 hexadecimal digits
 * @param volume name of the volume that it was made of, or empty if that is gone
 * @param lengthBytes bytes of its data
 * @param mappedBytes what it maps of the pool, shared or not
 * @param uniqueBytes what nothing else maps: the token pins this
 * @param inactivityTimeoutSeconds how long it may lie unused
 */
public record TokenView(
    String id,
    String volume,
    long lengthBytes,
    long mappedBytes,
    long uniqueBytes,
    long inactivityTimeoutSeconds) {}
