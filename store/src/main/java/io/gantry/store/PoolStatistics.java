package io.gantry.store;

/**
 * How a pool stands.
 *
 * @param chunkBytes bytes of a chunk
 * @param usedChunks chunks that something refers to, or did until the last commit
 * @param volumes number of volumes
 * @param tokens number of live tokens
 * @param journalBytes length of the journal
 * @param freeBytes bytes that the medium can still take
 */
public record PoolStatistics(
    int chunkBytes, long usedChunks, int volumes, int tokens, long journalBytes, long freeBytes) {

  /** Bytes in used chunks. */
  public long usedBytes() {
    return usedChunks * chunkBytes;
  }
}
