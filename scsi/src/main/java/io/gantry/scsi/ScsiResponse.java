package io.gantry.scsi;

import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param status SCSI status
 * @param sense present when the status is CHECK CONDITION; and when it is GOOD only if the command
 *     asked for it (EXTENDED COPY's G_SENSE)
 * @param transferLength bytes that the command itself had to move; more than the request's buffer
 *     means that the rest was cut off (residual overflow), less that some of it was not used
 * @param descriptorSense whether the sense data go in descriptor format, whatever they hold
 */
public record ScsiResponse(
    ScsiStatus status, @Nullable Sense sense, long transferLength, boolean descriptorSense) {
  public ScsiResponse {
    boolean fits =
        sense == null
            ? status != ScsiStatus.CHECK_CONDITION
            : status == ScsiStatus.CHECK_CONDITION || status == ScsiStatus.GOOD;
    if (!fits) {
      throw new IllegalArgumentException("sense data go with CHECK CONDITION, not " + status);
    }
  }

  /** One whose sense data go in fixed format, if they fit it. */
  public ScsiResponse(ScsiStatus status, @Nullable Sense sense, long transferLength) {
    this(status, sense, transferLength, false);
  }

  /** The same with sense data, if there are any, in descriptor format. */
  public ScsiResponse withDescriptorSense() {
    return sense == null ? this : new ScsiResponse(status, sense, transferLength, true);
  }

  /** The bytes of the sense data, in the format that they go in; none without sense data. */
  public byte[] encodeSense() {
    if (sense == null) {
      return new byte[0];
    }
    return descriptorSense ? sense.encodeDescriptor() : sense.encode();
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
