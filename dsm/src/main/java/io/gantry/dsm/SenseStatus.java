package io.gantry.dsm;

import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.util.List;

/**
 * What the end of a command means as NTSTATUS: classpnp's ClassInterpretSenseInfo as a table. Some
 * rows are only for the token commands: POPULATE TOKEN, WRITE USING TOKEN and RECEIVE ROD TOKEN
 * INFORMATION.
 *
 * <p>Windows waits before it sends again what may succeed later (a device becoming ready); here
 * {@code retry} marks only what is worth sending again at once.
 *
 * @param status the status
 * @param retry whether the same command may succeed if it is sent again
 */
record SenseStatus(NtStatus status, boolean retry) {

  /** Matches any additional sense code or qualifier. */
  static final int ANY = -1;

  /**
   * A row of the table.
   *
   * @param key sense key
   * @param asc additional sense code or {@link #ANY}
   * @param ascq its qualifier or {@link #ANY}
   * @param tokenCommands whether the row is only for token commands
   * @param meaning what the row says
   */
  record Row(int key, int asc, int ascq, boolean tokenCommands, SenseStatus meaning) {
    private static Row of(int key, int asc, int ascq, NtStatus status) {
      return new Row(key, asc, ascq, false, new SenseStatus(status, false));
    }

    private static Row token(int key, int asc, int ascq, NtStatus status) {
      return new Row(key, asc, ascq, true, new SenseStatus(status, false));
    }

    private static Row retry(int key, int asc, int ascq, NtStatus status) {
      return new Row(key, asc, ascq, false, new SenseStatus(status, true));
    }

    boolean matches(Sense sense, boolean tokenCommand) {
      return (tokenCommand || !tokenCommands)
          && key == sense.key()
          && (asc == ANY || asc == sense.asc())
          && (ascq == ANY || ascq == sense.ascq());
    }
  }

  /** The table. The first row that matches counts, so that a key's default is its last row. */
  static final List<Row> ROWS =
      List.of(
          Row.of(0x1, ANY, ANY, NtStatus.SUCCESS),
          Row.of(0x2, 0x04, 0x14, NtStatus.RETRY), // space allocation in progress
          Row.of(0x2, ANY, ANY, NtStatus.DEVICE_NOT_READY),
          Row.of(0x3, ANY, ANY, NtStatus.DEVICE_DATA_ERROR),
          Row.of(0x4, 0x3E, 0x02, NtStatus.IO_OPERATION_TIMEOUT), // logical unit timed out
          Row.of(0x4, 0x4B, 0x06, NtStatus.IO_OPERATION_TIMEOUT), // initiator response timed out
          Row.of(0x4, ANY, ANY, NtStatus.DEVICE_HARDWARE_ERROR),
          Row.token(0x5, 0x00, 0x16, NtStatus.OPERATION_IN_PROGRESS),
          Row.of(0x5, 0x08, 0x04, NtStatus.DEVICE_UNREACHABLE),
          Row.token(0x5, 0x0D, 0x04, NtStatus.DATA_OVERRUN),
          Row.of(0x5, 0x1A, ANY, NtStatus.DATA_OVERRUN),
          Row.of(0x5, 0x21, ANY, NtStatus.NONEXISTENT_SECTOR),
          Row.of(0x5, 0x23, ANY, NtStatus.INVALID_TOKEN),
          Row.token(0x5, 0x24, ANY, NtStatus.INVALID_INITIATOR_TARGET_PATH),
          Row.of(0x5, 0x25, ANY, NtStatus.NO_SUCH_DEVICE),
          Row.of(0x5, 0x26, 0x04, NtStatus.INVALID_OFFSET_ALIGNMENT),
          Row.of(0x5, 0x26, 0x08, NtStatus.TOO_MANY_SEGMENT_DESCRIPTORS),
          Row.token(0x5, 0x26, ANY, NtStatus.INVALID_FIELD_IN_PARAMETER_LIST),
          Row.of(0x5, ANY, ANY, NtStatus.INVALID_DEVICE_REQUEST),
          Row.retry(0x6, ANY, ANY, NtStatus.IO_DEVICE_ERROR),
          Row.of(0x7, 0x27, 0x07, NtStatus.DISK_RESOURCES_EXHAUSTED),
          Row.of(0x7, ANY, ANY, NtStatus.MEDIA_WRITE_PROTECTED),
          // The target did part of the copy; INFORMATION or a report tells how much.
          Row.of(0xA, 0x0D, 0x04, NtStatus.SUCCESS),
          Row.token(0xB, 0x0D, 0x04, NtStatus.SUCCESS),
          Row.token(0xB, 0x55, 0x03, NtStatus.INSUFFICIENT_RESOURCES),
          Row.retry(0xB, ANY, ANY, NtStatus.IO_DEVICE_ERROR));

  private static final SenseStatus OTHER = new SenseStatus(NtStatus.IO_DEVICE_ERROR, false);

  /** The meaning of sense data of a token command. */
  static SenseStatus ofToken(Sense sense) {
    return of(sense, true);
  }

  /** The meaning of a token command's end. */
  static SenseStatus ofToken(ScsiResponse response) {
    return of(response, true);
  }

  /** The meaning of any other command's end. */
  static SenseStatus of(ScsiResponse response) {
    return of(response, false);
  }

  private static SenseStatus of(Sense sense, boolean tokenCommand) {
    for (Row row : ROWS) {
      if (row.matches(sense, tokenCommand)) {
        return row.meaning;
      }
    }
    return OTHER;
  }

  private static SenseStatus of(ScsiResponse response, boolean tokenCommand) {
    if (response.sense() != null) {
      return of(response.sense(), tokenCommand);
    }
    ScsiStatus status = response.status();
    return switch (status) {
      case GOOD, CONDITION_MET -> new SenseStatus(NtStatus.SUCCESS, false);
      case RESERVATION_CONFLICT, ACA_ACTIVE -> new SenseStatus(NtStatus.DEVICE_BUSY, false);
      case BUSY, TASK_SET_FULL -> new SenseStatus(NtStatus.DEVICE_BUSY, true);
      case TASK_ABORTED -> new SenseStatus(NtStatus.IO_DEVICE_ERROR, true);
      case CHECK_CONDITION -> OTHER;
    };
  }
}
