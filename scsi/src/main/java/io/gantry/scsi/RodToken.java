package io.gantry.scsi;

import java.nio.ByteBuffer;

/**
 * The generic ROD token, 512 bytes (SPC-4 5.17.6): a header that every token has, a body that says
 * who made it and how much it stands for, and an extension that nobody can guess.
 *
 * <pre>
 *   0        8                                96       128                 256              512
 *   | header | id | creator LU | byte count   | medium | target descriptor | extended data  |
 * </pre>
 *
 * @param type ROD type, one of the constants here
 * @param identifier COPY MANAGER ROD TOKEN IDENTIFIER: never two at once from one copy manager
 * @param creatorNaa 16-byte NAA designator of the logical unit that made the token
 * @param bytesRepresented length of the token's data
 * @param blockLengthBytes logical block length of the creator
 * @param targetName iSCSI name of the target device, at most 116 bytes
 * @param extension EXTENDED ROD TOKEN DATA, 256 bytes: the proof that the token is genuine
 */
public record RodToken(
    int type,
    long identifier,
    byte[] creatorNaa,
    long bytesRepresented,
    int blockLengthBytes,
    String targetName,
    byte[] extension) {

  /** Bytes of every token. */
  public static final int LENGTH = 512;

  /** Bytes of a ROD management token: what says who made it and how much it stands for. */
  public static final int MANAGEMENT_LENGTH = 96;

  /** Bytes of a token that {@link #extension} has to vouch for. */
  public static final int SIGNED_LENGTH = 256;

  public static final int TYPE_ACCESS_UPON_REFERENCE = 0x0001_0000;
  public static final int TYPE_POINT_IN_TIME = 0x0080_0000;
  public static final int TYPE_POINT_IN_TIME_CHANGE_VULNERABLE = 0x0080_0001;
  public static final int TYPE_POINT_IN_TIME_PERSISTENT = 0x0080_0002;
  public static final int TYPE_POINT_IN_TIME_ANY = 0x0080_FFFF;
  public static final int TYPE_ZERO = 0xFFFF_0001;

  public static final Layout LAYOUT = Layout.bigEndian("ROD token", "SPC-4 5.17.6.4", LENGTH);
  private static final Layout.Field ROD_TYPE = LAYOUT.uint(0, 4, "ROD TYPE", "", "");
  private static final Layout.Field ROD_TOKEN_LENGTH =
      LAYOUT.uint(6, 2, "ROD TOKEN LENGTH", "bytes", "bytes after this field: 504");
  private static final Layout.Field IDENTIFIER =
      LAYOUT.uint(8, 8, "COPY MANAGER ROD TOKEN IDENTIFIER", "", "");
  private static final Layout.Field CREATOR =
      LAYOUT.bytes(16, 32, "CREATOR LOGICAL UNIT DESCRIPTOR", "identification CSCD descriptor");
  private static final Layout.Field BYTES_HIGH =
      LAYOUT.uint(48, 8, "NUMBER OF BYTES REPRESENTED (high)", "bytes", "");
  private static final Layout.Field BYTES_LOW =
      LAYOUT.uint(56, 8, "NUMBER OF BYTES REPRESENTED (low)", "bytes", "");
  private static final Layout.Field BLOCK_LENGTH =
      LAYOUT.uint(96, 4, "LOGICAL BLOCK LENGTH IN BYTES", "bytes", "");
  private static final Layout.Field PROVISIONING =
      LAYOUT.bits(102, 7, 6, "LBPME, LBPRZ", "both 1: thin, unmapped blocks read as zeros");
  private static final Layout.Field TARGET =
      LAYOUT.bytes(128, 128, "TARGET DEVICE DESCRIPTOR", "SCSI name string designator");
  private static final Layout.Field EXTENSION =
      LAYOUT.bytes(256, 256, "EXTENDED ROD TOKEN DATA", "unguessable");

  private static final int CSCD_IDENTIFICATION = 0xE4;
  private static final int TOKEN_ID_LENGTH = LENGTH - 8;

  /** The bytes. */
  public byte[] encode() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    ROD_TYPE.set(b, 0, Integer.toUnsignedLong(type));
    ROD_TOKEN_LENGTH.set(b, 0, TOKEN_ID_LENGTH);
    IDENTIFIER.set(b, 0, identifier);
    byte[] creator = new byte[32];
    creator[0] = (byte) CSCD_IDENTIFICATION;
    creator[4] = 1; // code set: binary
    creator[5] = 3; // association: logical unit; designator type: NAA
    creator[7] = (byte) creatorNaa.length;
    System.arraycopy(creatorNaa, 0, creator, 8, creatorNaa.length);
    CREATOR.setBytes(b, 0, creator);
    BYTES_HIGH.set(b, 0, 0);
    BYTES_LOW.set(b, 0, bytesRepresented);
    BLOCK_LENGTH.set(b, 0, blockLengthBytes);
    PROVISIONING.set(b, 0, 3);
    TARGET.setBytes(b, 0, DeviceIdentification.targetDeviceDesignator(targetName));
    EXTENSION.setBytes(b, 0, extension);
    return b.array();
  }

  /** ROD TYPE of a token's bytes. */
  public static int type(byte[] token) {
    return ROD_TYPE.getInt(ByteBuffer.wrap(token), 0);
  }

  /** Whether ROD TOKEN LENGTH is the only value it may have. */
  public static boolean hasValidLength(byte[] token) {
    return ROD_TOKEN_LENGTH.getInt(ByteBuffer.wrap(token), 0) == TOKEN_ID_LENGTH;
  }

  /** COPY MANAGER ROD TOKEN IDENTIFIER of a token's bytes. */
  public static long identifier(byte[] token) {
    return IDENTIFIER.get(ByteBuffer.wrap(token), 0);
  }

  /** TARGET DEVICE DESCRIPTOR of a token's bytes. */
  public static byte[] targetDescriptor(byte[] token) {
    return TARGET.getBytes(ByteBuffer.wrap(token), 0);
  }

  /** CREATOR LOGICAL UNIT DESCRIPTOR of a token's bytes. */
  public static byte[] creatorDescriptor(byte[] token) {
    return CREATOR.getBytes(ByteBuffer.wrap(token), 0);
  }

  /** NUMBER OF BYTES REPRESENTED of a token's bytes (its low 64 bits). */
  public static long bytesRepresented(byte[] token) {
    return BYTES_LOW.get(ByteBuffer.wrap(token), 0);
  }

  /** The block device zero ROD token (SBC-4): reads as zeros, without end. */
  public static byte[] zero() {
    ByteBuffer b = ByteBuffer.allocate(LENGTH);
    ROD_TYPE.set(b, 0, Integer.toUnsignedLong(TYPE_ZERO));
    ROD_TOKEN_LENGTH.set(b, 0, TOKEN_ID_LENGTH);
    return b.array();
  }
}
