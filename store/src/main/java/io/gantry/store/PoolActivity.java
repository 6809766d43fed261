package io.gantry.store;

import java.util.Map;

/**
 * What a pool has done since it was opened. Numbers that only grow.
 *
 * @param tokensCreated tokens made for whoever asked; what copies make for themselves is not
 *     counted
 * @param tokensEnded tokens that are no more, by how they ended
 * @param commits times that changes were made durable
 * @param commitMillis how long that took in all
 * @param checkpoints checkpoints written
 * @param checkpointMillis how long that took in all
 * @param lastCheckpointMillis how long the last one took, 0 if there was none
 */
public record PoolActivity(
    long tokensCreated,
    Map<Token.End, Long> tokensEnded,
    long commits,
    long commitMillis,
    long checkpoints,
    long checkpointMillis,
    long lastCheckpointMillis) {}
