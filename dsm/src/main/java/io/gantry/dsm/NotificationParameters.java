package io.gantry.dsm;

import io.gantry.scsi.Layout;

/**
 * The parameter block of a notification: {@code DEVICE_DSM_NOTIFICATION_PARAMETERS} (winioctl.h).
 * Only its layout: a disk makes nothing of it.
 */
final class NotificationParameters {
  /** Its size with one file type. */
  static final Layout LAYOUT =
      Layout.littleEndian("DEVICE_DSM_NOTIFICATION_PARAMETERS", "winioctl.h", 28, 4);

  static {
    LAYOUT.uint(0, 4, "Size", "bytes", "of this structure");
    LAYOUT.uint(4, 4, "Flags", "", "1: begins, 2: ends to use the ranges");
    LAYOUT.uint(8, 4, "NumFileTypeIDs", "", "that follow");
    LAYOUT.bytes(12, 16, "FileTypeID", "GUID; repeats");
  }

  private NotificationParameters() {}
}
