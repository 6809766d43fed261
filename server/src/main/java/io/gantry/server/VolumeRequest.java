package io.gantry.server;

import java.util.regex.Pattern;

/**
 * Asks for a new volume.
 *
 * @param name unique in the pool, and a {@link #isName name}
 * @param sizeBytes a multiple of the block size
 * @param blockBytes 512 or 4096; 0 for the usual, {@value #USUAL_BLOCK_BYTES}
 * @param physicalBlockBytes what initiators align to, from the block size to 65536; 0 for the block
 *     size
 */
public record VolumeRequest(String name, long sizeBytes, int blockBytes, int physicalBlockBytes) {
  public static final int USUAL_BLOCK_BYTES = 512;

  /** Characters of a name. */
  public static final int MAXIMUM_NAME = 64;

  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,%d}".formatted(MAXIMUM_NAME - 1));

  /** Whether a volume may be called so: a letter or digit, then also dots, dashes, underscores. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }
}
