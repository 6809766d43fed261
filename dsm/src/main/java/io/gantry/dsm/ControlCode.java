package io.gantry.dsm;

import java.util.Optional;

/**
 * Device control codes around data-set management, put together as {@code CTL_CODE} does it: device
 * type, required access, function and buffer method (winioctl.h, ntifs.h).
 */
public enum ControlCode {
  IOCTL_STORAGE_QUERY_PROPERTY(0x2D, 0x500, 0),
  IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES(0x2D, 0x501, 2),
  FSCTL_FILE_LEVEL_TRIM(0x09, 130, 2),
  FSCTL_OFFLOAD_READ(0x09, 153, 1),
  FSCTL_OFFLOAD_WRITE(0x09, 154, 2);

  private final int value;

  // All of them are METHOD_BUFFERED: one buffer in the kernel holds the input and then the output.
  ControlCode(int device, int function, int access) {
    this.value = device << 16 | access << 14 | function << 2;
  }

  /** The code as a caller passes it to DeviceIoControl. */
  public int value() {
    return value;
  }

  /** The control code with this value, if it is one of those listed here. */
  public static Optional<ControlCode> of(int value) {
    for (ControlCode code : values()) {
      if (code.value == value) {
        return Optional.of(code);
      }
    }
    return Optional.empty();
  }
}
