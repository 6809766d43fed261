package io.gantry.dsm;

import java.util.Map;
import java.util.Optional;

/**
 * What Windows makes of an NTSTATUS before a program sees it (winerror.h): DeviceIoControl answers
 * with these. Several statuses may become one error; here each stands for the one that data-set
 * management uses.
 */
final class WindowsError {
  /** ERROR_MORE_DATA: the output buffer holds what there was room for. */
  static final int MORE_DATA = 234;

  private static final Map<Integer, NtStatus> STATUSES =
      Map.ofEntries(
          Map.entry(1, NtStatus.INVALID_DEVICE_REQUEST), // ERROR_INVALID_FUNCTION
          Map.entry(5, NtStatus.ACCESS_DENIED),
          Map.entry(19, NtStatus.MEDIA_WRITE_PROTECTED), // ERROR_WRITE_PROTECT
          Map.entry(21, NtStatus.DEVICE_NOT_READY), // ERROR_NOT_READY
          Map.entry(23, NtStatus.DEVICE_DATA_ERROR), // ERROR_CRC
          Map.entry(27, NtStatus.NONEXISTENT_SECTOR), // ERROR_SECTOR_NOT_FOUND
          Map.entry(31, NtStatus.UNSUCCESSFUL), // ERROR_GEN_FAILURE
          Map.entry(33, NtStatus.FILE_LOCK_CONFLICT), // ERROR_LOCK_VIOLATION
          Map.entry(38, NtStatus.END_OF_FILE), // ERROR_HANDLE_EOF
          Map.entry(50, NtStatus.NOT_SUPPORTED),
          Map.entry(87, NtStatus.INVALID_PARAMETER),
          Map.entry(121, NtStatus.IO_TIMEOUT), // ERROR_SEM_TIMEOUT
          Map.entry(122, NtStatus.BUFFER_TOO_SMALL), // ERROR_INSUFFICIENT_BUFFER
          Map.entry(170, NtStatus.DEVICE_BUSY), // ERROR_BUSY
          Map.entry(MORE_DATA, NtStatus.BUFFER_OVERFLOW),
          Map.entry(314, NtStatus.DISK_RESOURCES_EXHAUSTED),
          Map.entry(315, NtStatus.INVALID_TOKEN),
          Map.entry(316, NtStatus.DEVICE_FEATURE_NOT_SUPPORTED),
          Map.entry(321, NtStatus.DEVICE_UNREACHABLE),
          Map.entry(322, NtStatus.DEVICE_INSUFFICIENT_RESOURCES), // ERROR_DEVICE_NO_RESOURCES
          Map.entry(326, NtStatus.TRIM_READ_ZERO_NOT_SUPPORTED), // ERROR_FILE_LEVEL_TRIM_...
          Map.entry(327, NtStatus.INVALID_OFFSET_ALIGNMENT), // ERROR_OFFSET_ALIGNMENT_VIOLATION
          Map.entry(328, NtStatus.INVALID_FIELD_IN_PARAMETER_LIST),
          Map.entry(329, NtStatus.OPERATION_IN_PROGRESS),
          Map.entry(330, NtStatus.INVALID_INITIATOR_TARGET_PATH), // ERROR_BAD_DEVICE_PATH
          Map.entry(331, NtStatus.TOO_MANY_SEGMENT_DESCRIPTORS), // ERROR_TOO_MANY_DESCRIPTORS
          Map.entry(483, NtStatus.DEVICE_HARDWARE_ERROR),
          Map.entry(1117, NtStatus.IO_DEVICE_ERROR), // ERROR_IO_DEVICE
          Map.entry(1237, NtStatus.RETRY),
          Map.entry(1450, NtStatus.INSUFFICIENT_RESOURCES), // ERROR_NO_SYSTEM_RESOURCES
          Map.entry(4440, NtStatus.OFFLOAD_READ_FLT_NOT_SUPPORTED),
          Map.entry(4441, NtStatus.OFFLOAD_WRITE_FLT_NOT_SUPPORTED),
          Map.entry(4442, NtStatus.OFFLOAD_READ_FILE_NOT_SUPPORTED),
          Map.entry(4443, NtStatus.OFFLOAD_WRITE_FILE_NOT_SUPPORTED));

  private WindowsError() {}

  /** The status that an error stands for. */
  static Optional<NtStatus> status(int error) {
    return Optional.ofNullable(STATUSES.get(error));
  }
}
