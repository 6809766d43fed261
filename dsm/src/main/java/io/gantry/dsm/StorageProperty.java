package io.gantry.dsm;

import java.util.Optional;

/**
 * Properties that {@code IOCTL_STORAGE_QUERY_PROPERTY} is asked for, Windows' {@code
 * STORAGE_PROPERTY_ID} (winioctl.h), as far as a disk answers them.
 */
public enum StorageProperty {
  DEVICE(0, "StorageDeviceProperty"),
  ACCESS_ALIGNMENT(6, "StorageAccessAlignmentProperty"),
  SEEK_PENALTY(7, "StorageDeviceSeekPenaltyProperty"),
  TRIM(8, "StorageDeviceTrimProperty"),
  LB_PROVISIONING(11, "StorageDeviceLBProvisioningProperty"),
  COPY_OFFLOAD(13, "StorageDeviceCopyOffloadProperty");

  private final int id;
  private final String windowsName;

  StorageProperty(int id, String windowsName) {
    this.id = id;
    this.windowsName = windowsName;
  }

  /** The value of {@code STORAGE_PROPERTY_QUERY.PropertyId}. */
  public int id() {
    return id;
  }

  /** Its name in Windows. */
  public String windowsName() {
    return windowsName;
  }

  /** The property with this value. */
  public static Optional<StorageProperty> of(int id) {
    for (StorageProperty property : values()) {
      if (property.id == id) {
        return Optional.of(property);
      }
    }
    return Optional.empty();
  }
}
