package io.gantry.scsi;

import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param status SCSI status
 * @param sense present exactly when the status is CHECK CONDITION
 * @param transferLength bytes that the command itself had to move; more than the request's buffer
 *     means that the rest was cut off (residual overflow), less that some of it was not used
 */
public record ScsiResponse(ScsiStatus status, @Nullable Sense sense, long transferLength) {
  public ScsiResponse {
    if ((status == ScsiStatus.CHECK_CONDITION) != (sense != null)) {
      throw new IllegalArgumentException("sense data go with CHECK CONDITION, not " + status);
    }
  }

  /** GOOD, with so many bytes moved. */
  public static ScsiResponse good(long transferLength) {
    return new ScsiResponse(ScsiStatus.GOOD, null, transferLength);
  }

  /** CHECK CONDITION before any data moved. */
  public static ScsiResponse check(Sense sense) {
    return new ScsiResponse(ScsiStatus.CHECK_CONDITION, sense, 0);
  }

  /** Whether the status is GOOD. */
  public boolean isGood() {
    return status == ScsiStatus.GOOD;
  }

  /** For people: the status, or the sense data of a CHECK CONDITION. */
  public String describe() {
    return sense == null ? status.toString() : "CHECK CONDITION " + sense;
  }
}
