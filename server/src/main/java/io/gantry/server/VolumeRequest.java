package io.gantry.server;

/**
 * Asks for a new volume.
 *
 * @param name unique in the pool: letters, digits, dots, dashes, underscores
 * @param sizeBytes a multiple of the block size
 * @param blockBytes 512 or 4096; 0 for the usual, {@value #USUAL_BLOCK_BYTES}
 */
public record VolumeRequest(String name, long sizeBytes, int blockBytes) {
  public static final int USUAL_BLOCK_BYTES = 512;
}
