package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;

/**
 * The input of {@code IOCTL_STORAGE_QUERY_PROPERTY}: {@code STORAGE_PROPERTY_QUERY} (winioctl.h).
 *
 * @param propertyId which property: value of a {@link StorageProperty}
 * @param queryType {@link #STANDARD} or {@link #EXISTS}
 */
record PropertyQuery(int propertyId, int queryType) {
  static final int STANDARD = 0;
  static final int EXISTS = 1;

  static final Layout LAYOUT = Layout.littleEndian("STORAGE_PROPERTY_QUERY", "winioctl.h", 12, 4);
  private static final Layout.Field PROPERTY_ID =
      LAYOUT.uint(0, 4, "PropertyId", "", "13: StorageDeviceCopyOffloadProperty...");
  private static final Layout.Field QUERY_TYPE =
      LAYOUT.uint(4, 4, "QueryType", "", "0: the property itself, 1: whether it exists");

  static {
    LAYOUT.bytes(8, 1, "AdditionalParameters", "");
  }

  /** Bytes without AdditionalParameters, which no property here has. */
  static final int MINIMUM_LENGTH = 8;

  /** The bytes of a query for a property. */
  static byte[] encode(StorageProperty property) {
    ByteBuffer buffer = ByteBuffer.allocate(LAYOUT.sizeBytes());
    PROPERTY_ID.set(buffer, 0, property.id());
    QUERY_TYPE.set(buffer, 0, STANDARD);
    return buffer.array();
  }

  static PropertyQuery decode(ByteBuffer buffer) {
    return new PropertyQuery(PROPERTY_ID.getInt(buffer, 0), QUERY_TYPE.getInt(buffer, 0));
  }
}
