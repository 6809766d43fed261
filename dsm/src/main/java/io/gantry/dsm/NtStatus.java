package io.gantry.dsm;

import java.util.Optional;

/**
 * The NTSTATUS values that data-set management and the offload controls answer with (ntstatus.h).
 */
public enum NtStatus {
  SUCCESS(0x0000_0000),
  PENDING(0x0000_0103),
  BUFFER_OVERFLOW(0x8000_0005),
  DEVICE_BUSY(0x8000_0011),
  UNSUCCESSFUL(0xC000_0001),
  INVALID_PARAMETER(0xC000_000D),
  NO_SUCH_DEVICE(0xC000_000E),
  INVALID_DEVICE_REQUEST(0xC000_0010),
  END_OF_FILE(0xC000_0011),
  NONEXISTENT_SECTOR(0xC000_0015),
  ACCESS_DENIED(0xC000_0022),
  BUFFER_TOO_SMALL(0xC000_0023),
  DATA_OVERRUN(0xC000_003C),
  DATA_ERROR(0xC000_003E),
  FILE_LOCK_CONFLICT(0xC000_0054),
  INSUFFICIENT_RESOURCES(0xC000_009A),
  DEVICE_DATA_ERROR(0xC000_009C),
  MEDIA_WRITE_PROTECTED(0xC000_00A2),
  DEVICE_NOT_READY(0xC000_00A3),
  IO_TIMEOUT(0xC000_00B5),
  NOT_SUPPORTED(0xC000_00BB),
  FILE_DELETED(0xC000_0123),
  FILE_CLOSED(0xC000_0128),
  INVALID_LEVEL(0xC000_0148),
  IO_DEVICE_ERROR(0xC000_0185),
  RETRY(0xC000_022D),
  BEYOND_VDL(0xC000_0432),
  DISK_RESOURCES_EXHAUSTED(0xC000_0461),
  DEVICE_FEATURE_NOT_SUPPORTED(0xC000_0463),
  DEVICE_UNREACHABLE(0xC000_0464),
  INVALID_TOKEN(0xC000_0465),
  DEVICE_INSUFFICIENT_RESOURCES(0xC000_0468),
  TRIM_READ_ZERO_NOT_SUPPORTED(0xC000_0472),
  TOO_MANY_SEGMENT_DESCRIPTORS(0xC000_0473),
  INVALID_OFFSET_ALIGNMENT(0xC000_0474),
  INVALID_FIELD_IN_PARAMETER_LIST(0xC000_0475),
  OPERATION_IN_PROGRESS(0xC000_0476),
  INVALID_INITIATOR_TARGET_PATH(0xC000_0477),
  IO_OPERATION_TIMEOUT(0xC000_047D),
  DEVICE_HARDWARE_ERROR(0xC000_0483),
  OFFLOAD_READ_FLT_NOT_SUPPORTED(0xC000_A2A1),
  OFFLOAD_WRITE_FLT_NOT_SUPPORTED(0xC000_A2A2),
  OFFLOAD_READ_FILE_NOT_SUPPORTED(0xC000_A2A3),
  OFFLOAD_WRITE_FILE_NOT_SUPPORTED(0xC000_A2A4);

  private final int value;

  NtStatus(int value) {
    this.value = value;
  }

  /** The 32-bit code. */
  public int value() {
    return value;
  }

  /** NT_SUCCESS: severity success or informational. */
  public boolean isSuccess() {
    return value >= 0;
  }

  /** The status with this code. */
  public static Optional<NtStatus> of(int value) {
    for (NtStatus status : values()) {
      if (status.value == value) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }

  /** Its name in Windows: {@code STATUS_INVALID_TOKEN}. */
  public String windowsName() {
    return "STATUS_" + name();
  }

  /** For people: {@code STATUS_INVALID_TOKEN 0xC0000465}. */
  public String describe() {
    return "%s 0x%08X".formatted(windowsName(), value);
  }
}
