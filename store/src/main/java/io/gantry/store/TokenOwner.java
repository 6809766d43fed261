package io.gantry.store;

/**
 * Who has tokens.
 *
 * @param name as in {@link Token.Terms#owner}; empty for nobody in particular
 * @param tokens live tokens
 * @param pinnedBytes what only these tokens have; what those of several owners have counts for one
 *     of them. Measured in the background, so some seconds old
 */
public record TokenOwner(String name, int tokens, long pinnedBytes) {}
