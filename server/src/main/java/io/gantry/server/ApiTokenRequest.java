package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * Asks for a token of the REST interface.
 *
 * @param name unique, and a {@linkplain VolumeRequest#isName name}
 * @param role {@code viewer}, {@code operator} or {@code admin}
 * @param expires when it ends, ISO 8601 in UTC; null for never
 */
public record ApiTokenRequest(
    @Nullable String name, @Nullable String role, @Nullable String expires) {}
