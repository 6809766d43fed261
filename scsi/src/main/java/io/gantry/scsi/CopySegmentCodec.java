package io.gantry.scsi;

import java.nio.ByteBuffer;

/** The bytes of {@link CopySegment}s, as tables. */
final class CopySegmentCodec {
  /** What all descriptors begin with. */
  static final Layout HEADER = Layout.bigEndian("segment descriptor header", "SPC-4 6.4.6.1", 8);

  private static final Layout.Field DESCRIPTOR_TYPE =
      HEADER.uint(0, 1, "DESCRIPTOR TYPE CODE", "", "");
  private static final Layout.Field DC =
      HEADER.bits(1, 1, 1, "DC", "the count is of destination blocks");
  private static final Layout.Field CAT =
      HEADER.bits(1, 0, 0, "CAT", "keep a part of a block for the next segment");
  private static final Layout.Field DESCRIPTOR_LENGTH =
      HEADER.uint(2, 2, "DESCRIPTOR LENGTH", "bytes", "bytes after this field");
  private static final Layout.Field SOURCE = HEADER.uint(4, 2, "SOURCE CSCD DESCRIPTOR ID", "", "");
  private static final Layout.Field DESTINATION =
      HEADER.uint(6, 2, "DESTINATION CSCD DESCRIPTOR ID", "", "");

  static final Layout BLOCKS =
      Layout.bigEndian("block device to block device segment descriptor", "SPC-4 6.4.6.4", 28);
  private static final Layout.Field BLOCKS_COUNT =
      BLOCKS.uint(10, 2, "BLOCK DEVICE NUMBER OF BLOCKS", "blocks", "of the source unless DC");
  private static final Layout.Field BLOCKS_SOURCE =
      BLOCKS.uint(12, 8, "SOURCE BLOCK DEVICE LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field BLOCKS_DESTINATION =
      BLOCKS.uint(20, 8, "DESTINATION BLOCK DEVICE LOGICAL BLOCK ADDRESS", "", "");

  static final Layout BYTES =
      Layout.bigEndian(
          "block device with offset to block device with offset segment descriptor",
          "SPC-4 6.4.6.12",
          32);
  private static final Layout.Field BYTES_COUNT = BYTES.uint(8, 4, "NUMBER OF BYTES", "bytes", "");
  private static final Layout.Field BYTES_SOURCE =
      BYTES.uint(12, 8, "SOURCE BLOCK DEVICE LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field BYTES_DESTINATION =
      BYTES.uint(20, 8, "DESTINATION BLOCK DEVICE LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field BYTES_SOURCE_OFFSET =
      BYTES.uint(28, 2, "SOURCE BLOCK DEVICE BYTE OFFSET", "bytes", "");
  private static final Layout.Field BYTES_DESTINATION_OFFSET =
      BYTES.uint(30, 2, "DESTINATION BLOCK DEVICE BYTE OFFSET", "bytes", "");

  static final Layout IMAGE =
      Layout.bigEndian("block device image copy segment descriptor", "SPC-4 6.4.6.19", 32);
  private static final Layout.Field IMAGE_SOURCE =
      IMAGE.uint(8, 8, "STARTING SOURCE LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field IMAGE_DESTINATION =
      IMAGE.uint(16, 8, "STARTING DESTINATION LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field IMAGE_COUNT =
      IMAGE.uint(24, 8, "NUMBER OF LOGICAL BLOCKS", "blocks", "0: up to the end");

  static final Layout VERIFY =
      Layout.bigEndian("verify CSCD segment descriptor", "SPC-4 6.4.6.9", 12);
  private static final Layout.Field TUR =
      VERIFY.bits(8, 0, 0, "TUR", "see whether it is ready, too");

  static final Layout REGISTER_KEY =
      Layout.bigEndian(
          "register persistent reservation key segment descriptor", "SPC-4 6.4.6.17", 28);
  private static final Layout.Field KEY = REGISTER_KEY.uint(8, 8, "RESERVATION KEY", "", "");
  private static final Layout.Field ACTION_KEY =
      REGISTER_KEY.uint(16, 8, "SERVICE ACTION RESERVATION KEY", "", "");

  private CopySegmentCodec() {}

  /** Writes the descriptor at a place of a parameter list. */
  static void encode(CopySegment segment, ByteBuffer b, int at) {
    DESCRIPTOR_TYPE.set(b, at, segment.type());
    DESCRIPTOR_LENGTH.set(b, at, segment.length() - 4);
    switch (segment) {
      case CopySegment.Blocks s -> {
        ids(b, at, s.source(), s.destination());
        DC.set(b, at, s.countsDestination());
        CAT.set(b, at, s.concatenate());
        BLOCKS_COUNT.set(b, at, s.blocks());
        BLOCKS_SOURCE.set(b, at, s.sourceLba());
        BLOCKS_DESTINATION.set(b, at, s.destinationLba());
      }
      case CopySegment.Bytes s -> {
        ids(b, at, s.source(), s.destination());
        CAT.set(b, at, s.concatenate());
        BYTES_COUNT.set(b, at, s.bytes());
        BYTES_SOURCE.set(b, at, s.sourceLba());
        BYTES_DESTINATION.set(b, at, s.destinationLba());
        BYTES_SOURCE_OFFSET.set(b, at, s.sourceOffset());
        BYTES_DESTINATION_OFFSET.set(b, at, s.destinationOffset());
      }
      case CopySegment.Image s -> {
        ids(b, at, s.source(), s.destination());
        IMAGE_SOURCE.set(b, at, s.sourceLba());
        IMAGE_DESTINATION.set(b, at, s.destinationLba());
        IMAGE_COUNT.set(b, at, s.blocks());
      }
      case CopySegment.Verify s -> {
        ids(b, at, s.cscd(), 0);
        TUR.set(b, at, s.testUnitReady());
      }
      case CopySegment.RegisterKey s -> {
        ids(b, at, 0, s.destination());
        KEY.set(b, at, s.key());
        ACTION_KEY.set(b, at, s.actionKey());
      }
    }
  }

  private static void ids(ByteBuffer b, int at, int source, int destination) {
    SOURCE.set(b, at, source);
    DESTINATION.set(b, at, destination);
  }

  /**
   * Reads the descriptor at a place of a parameter list.
   *
   * @param end where the segment descriptors end
   */
  static Decoded<CopySegment> decode(ByteBuffer b, int at, int end) {
    int type = DESCRIPTOR_TYPE.getInt(b, at);
    Layout layout =
        switch (type) {
          case CopySegment.Blocks.TYPE -> BLOCKS;
          case CopySegment.Bytes.TYPE -> BYTES;
          case CopySegment.Image.TYPE -> IMAGE;
          case CopySegment.Verify.TYPE -> VERIFY;
          case CopySegment.RegisterKey.TYPE -> REGISTER_KEY;
          default -> null;
        };
    if (layout == null) {
      return new Decoded.Invalid<>(Sense.UNSUPPORTED_SEGMENT_DESCRIPTOR_TYPE.at(at));
    }
    if (end - at < layout.sizeBytes()) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    if (DESCRIPTOR_LENGTH.getInt(b, at) != layout.sizeBytes() - 4) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at + 2));
    }
    int source = SOURCE.getInt(b, at);
    int destination = DESTINATION.getInt(b, at);
    return new Decoded.Valid<>(
        switch (type) {
          case CopySegment.Blocks.TYPE ->
              new CopySegment.Blocks(
                  source,
                  destination,
                  DC.isSet(b, at),
                  CAT.isSet(b, at),
                  BLOCKS_COUNT.getInt(b, at),
                  BLOCKS_SOURCE.get(b, at),
                  BLOCKS_DESTINATION.get(b, at));
          case CopySegment.Bytes.TYPE ->
              new CopySegment.Bytes(
                  source,
                  destination,
                  CAT.isSet(b, at),
                  BYTES_COUNT.get(b, at),
                  BYTES_SOURCE.get(b, at),
                  BYTES_DESTINATION.get(b, at),
                  BYTES_SOURCE_OFFSET.getInt(b, at),
                  BYTES_DESTINATION_OFFSET.getInt(b, at));
          case CopySegment.Image.TYPE ->
              new CopySegment.Image(
                  source,
                  destination,
                  IMAGE_SOURCE.get(b, at),
                  IMAGE_DESTINATION.get(b, at),
                  IMAGE_COUNT.get(b, at));
          case CopySegment.Verify.TYPE -> new CopySegment.Verify(source, TUR.isSet(b, at));
          default ->
              new CopySegment.RegisterKey(destination, KEY.get(b, at), ACTION_KEY.get(b, at));
        });
  }
}
