package io.gantry.junit;

import io.gantry.scsi.Command;
import java.util.EnumMap;
import java.util.Map;

/**
 * The SCSI commands that a target got, good or bad.
 *
 * @param commands how often each came; those that never came are not there
 * @param unknown commands that the target does not know, or that were malformed
 * @param bytesRead bytes of blocks that READ commands returned
 * @param bytesWritten bytes of blocks that WRITE commands brought
 */
public record CommandStatistics(
    Map<Command, Long> commands, long unknown, long bytesRead, long bytesWritten) {

  public CommandStatistics {
    commands = Map.copyOf(commands);
  }

  /** How often a command came. */
  public long count(Command command) {
    return commands.getOrDefault(command, 0L);
  }

  /** Tokens that were asked for: POPULATE TOKEN. */
  public long offloadReads() {
    return count(Command.POPULATE_TOKEN);
  }

  /** Tokens that were redeemed, or were to be: WRITE USING TOKEN. */
  public long offloadWrites() {
    return count(Command.WRITE_USING_TOKEN);
  }

  /** What came since an earlier look. */
  public CommandStatistics since(CommandStatistics earlier) {
    Map<Command, Long> difference = new EnumMap<>(Command.class);
    commands.forEach((command, times) -> {
      long more = times - earlier.count(command);
      if (more != 0) {
        difference.put(command, more);
      }
    });
    return new CommandStatistics(
        difference,
        unknown - earlier.unknown,
        bytesRead - earlier.bytesRead,
        bytesWritten - earlier.bytesWritten);
  }
}
