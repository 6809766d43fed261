package io.gantry.store;

import java.util.List;

/**
 * How a pool stands.
 *
 * @param chunkBytes bytes of a chunk
 * @param usedChunks chunks that something refers to, or did until the last commit
 * @param sharedChunks of those that volumes and snapshots name, the ones that are named more than
 *     once; measured in the background, so some seconds old
 * @param pinnedChunks chunks that only tokens name; measured likewise
 * @param volumes number of volumes
 * @param tokens number of live tokens
 * @param capacityBytes bytes that chunks can have in all, the used ones included
 * @param freeBytes bytes that the medium can still take
 * @param journalBytes length of the journal
 * @param checkpoint number of the last checkpoint, 0 if there was none
 * @param checkpointMillis when it was written, ms since 1970; 0 if before the pool was opened
 * @param limits what the pool may use
 * @param warnings what is wrong now, a sentence each
 */
public record PoolStatistics(
    int chunkBytes,
    long usedChunks,
    long sharedChunks,
    long pinnedChunks,
    int volumes,
    int tokens,
    long capacityBytes,
    long freeBytes,
    long journalBytes,
    long checkpoint,
    long checkpointMillis,
    PoolLimits limits,
    List<String> warnings) {

  public PoolStatistics {
    warnings = List.copyOf(warnings);
  }

  /** Bytes in used chunks. */
  public long usedBytes() {
    return usedChunks * chunkBytes;
  }

  /** Bytes in chunks that volumes and snapshots name more than once. */
  public long sharedBytes() {
    return sharedChunks * chunkBytes;
  }

  /** Bytes in chunks that only tokens name. */
  public long pinnedBytes() {
    return pinnedChunks * chunkBytes;
  }
}
