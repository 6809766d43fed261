package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run of blocks with one provisioning status: a descriptor of what GET LBA STATUS returns (SBC-3
 * 5.6.2).
 *
 * @param lba first block
 * @param blocks number of blocks
 * @param status {@link #MAPPED}, {@link #DEALLOCATED}, {@link #ANCHORED}, or a later standard's
 */
public record LbaStatus(long lba, long blocks, int status) {
  public static final int MAPPED = 0;
  public static final int DEALLOCATED = 1;
  public static final int ANCHORED = 2;

  /** Bytes before the first descriptor. */
  public static final int HEADER_LENGTH = 8;

  /** Bytes of a descriptor. */
  public static final int DESCRIPTOR_LENGTH = 16;

  private static final int LENGTH_FIELD = 4;

  public static final Layout LAYOUT =
      Layout.bigEndian("LBA status descriptor", "SBC-3 5.6.2.2", DESCRIPTOR_LENGTH);
  private static final Layout.Field LBA = LAYOUT.uint(0, 8, "LOGICAL BLOCK ADDRESS", "", "");
  private static final Layout.Field BLOCKS =
      LAYOUT.uint(8, 4, "NUMBER OF LOGICAL BLOCKS", "blocks", "");
  private static final Layout.Field STATUS =
      LAYOUT.bits(12, 3, 0, "PROVISIONING STATUS", "0 mapped, 1 deallocated, 2 anchored");

  /**
   * Reads the data that the command returned, as far as they go.
   *
   * @return the descriptors; null if not even the header is there
   */
  public static @Nullable List<LbaStatus> decodeList(ByteBuffer data) {
    ByteBuffer b = data.slice();
    if (b.remaining() < HEADER_LENGTH || Integer.compareUnsigned(b.getInt(0), LENGTH_FIELD) < 0) {
      return null;
    }
    long said = LENGTH_FIELD + Integer.toUnsignedLong(b.getInt(0));
    int end = (int) Math.min(said, b.remaining());
    List<LbaStatus> list = new ArrayList<>();
    for (int at = HEADER_LENGTH; at + DESCRIPTOR_LENGTH <= end; at += DESCRIPTOR_LENGTH) {
      list.add(new LbaStatus(LBA.get(b, at), BLOCKS.get(b, at), STATUS.getInt(b, at)));
    }
    return list;
  }
}
