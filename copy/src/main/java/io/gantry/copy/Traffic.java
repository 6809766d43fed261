package io.gantry.copy;

/**
 * What commands moved between here and a logical unit.
 *
 * @param commands SCSI commands
 * @param blockBytes contents of blocks, by READ and WRITE
 * @param parameterBytes everything else: identification, tokens, lists of ranges
 */
public record Traffic(long commands, long blockBytes, long parameterBytes) {
  /** Nothing. */
  public static final Traffic NONE = new Traffic(0, 0, 0);

  /** Both together. */
  public Traffic plus(Traffic other) {
    return new Traffic(
        commands + other.commands,
        blockBytes + other.blockBytes,
        parameterBytes + other.parameterBytes);
  }

  /** What came since. */
  public Traffic minus(Traffic earlier) {
    return new Traffic(
        commands - earlier.commands,
        blockBytes - earlier.blockBytes,
        parameterBytes - earlier.parameterBytes);
  }
}
