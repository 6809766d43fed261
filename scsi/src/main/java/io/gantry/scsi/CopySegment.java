package io.gantry.scsi;

/**
 * A segment descriptor of EXTENDED COPY (SPC-4 6.4.6): one thing to do. Copy sources and
 * destinations are CSCD descriptor IDs, from 0 to FFFFh ({@link ExtendedCopyList#firstCscd}).
 */
public sealed interface CopySegment {
  /** The CSCD descriptor ID of the logical unit that the command was sent to. */
  int THIS_UNIT = 0xFFFF;

  /** DESCRIPTOR TYPE CODE. */
  int type();

  /** Bytes of the descriptor, its header included. */
  int length();

  /**
   * Copy blocks (type 02h).
   *
   * @param countsDestination DC: {@code blocks} counts blocks of the destination, not the source
   * @param concatenate CAT: a part of a block is kept for the next segment
   * @param blocks number of blocks, up to 65,535; 0 copies nothing
   */
  record Blocks(
      int source,
      int destination,
      boolean countsDestination,
      boolean concatenate,
      int blocks,
      long sourceLba,
      long destinationLba)
      implements CopySegment {
    public static final int TYPE = 0x02;
    public static final int MAX_BLOCKS = 0xFFFF;

    @Override
    public int type() {
      return TYPE;
    }

    @Override
    public int length() {
      return CopySegmentCodec.BLOCKS.sizeBytes();
    }
  }

  /**
   * Copy bytes from somewhere in a block to somewhere in another (type 0Ah).
   *
   * @param concatenate CAT: a part of a block is kept for the next segment
   * @param bytes number of bytes, up to 2^32 - 1; 0 copies nothing
   * @param sourceOffset bytes from the beginning of the source's first block, up to 65,535
   * @param destinationOffset the same for the destination
   */
  record Bytes(
      int source,
      int destination,
      boolean concatenate,
      long bytes,
      long sourceLba,
      long destinationLba,
      int sourceOffset,
      int destinationOffset)
      implements CopySegment {
    public static final int TYPE = 0x0A;

    @Override
    public int type() {
      return TYPE;
    }

    @Override
    public int length() {
      return CopySegmentCodec.BYTES.sizeBytes();
    }
  }

  /**
   * Copy blocks between logical units of the same block length, as far as both go (type 16h).
   *
   * @param blocks number of blocks, unsigned; 0 for no limit
   */
  record Image(int source, int destination, long sourceLba, long destinationLba, long blocks)
      implements CopySegment {
    public static final int TYPE = 0x16;

    @Override
    public int type() {
      return TYPE;
    }

    @Override
    public int length() {
      return CopySegmentCodec.IMAGE.sizeBytes();
    }
  }

  /**
   * See whether a logical unit can be reached (type 07h).
   *
   * @param testUnitReady TUR: and whether it is ready
   */
  record Verify(int cscd, boolean testUnitReady) implements CopySegment {
    public static final int TYPE = 0x07;

    @Override
    public int type() {
      return TYPE;
    }

    @Override
    public int length() {
      return CopySegmentCodec.VERIFY.sizeBytes();
    }
  }

  /**
   * Register a reservation key with a logical unit (type 14h).
   *
   * @param key RESERVATION KEY: the one that is registered now, or 0
   * @param actionKey SERVICE ACTION RESERVATION KEY: the one to register, or 0
   */
  record RegisterKey(int destination, long key, long actionKey) implements CopySegment {
    public static final int TYPE = 0x14;

    @Override
    public int type() {
      return TYPE;
    }

    @Override
    public int length() {
      return CopySegmentCodec.REGISTER_KEY.sizeBytes();
    }
  }
}
