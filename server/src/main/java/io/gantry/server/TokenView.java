package io.gantry.server;

/**
 * A token as the REST interface shows it. Its bytes, which are a secret, are not shown.
 *
 * @param id its number, 16 hexadecimal digits
 * @param serial its place in the order of the list, which begins anew when the daemon does
 * @param volume name of the volume that it was made of, or empty if that is gone
 * @param created when it was made, ISO 8601
 * @param lengthBytes bytes of its data
 * @param mappedBytes what it maps of the pool, shared or not
 * @param uniqueBytes what nothing else maps: ending the token alone frees this
 * @param inactivityTimeoutSeconds how long it may lie unused
 * @param lifetimeSeconds how long it may live in all; 0 for no limit
 * @param expiresInSeconds when it ends if nobody uses it
 * @param persistent whether it is among the last to be revoked when the pool needs room
 * @param kind what it stands for: {@code point_in_time}, {@code change_vulnerable}, {@code
 *     reference}
 * @param owner who had it made: an iSCSI name, and the user if it had authenticated; or empty
 */
public record TokenView(
    String id,
    long serial,
    String volume,
    String created,
    long lengthBytes,
    long mappedBytes,
    long uniqueBytes,
    long inactivityTimeoutSeconds,
    long lifetimeSeconds,
    long expiresInSeconds,
    boolean persistent,
    String kind,
    String owner) {}
