package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One copy from a token to a volume. Shares what lies alike in its chunks, moves the bytes at the
 * ends, or all of them if the two ranges lie differently.
 */
final class TokenCopy {
  private static final int BUFFER = 1 << 20;

  /** Entries shared under one hold of the lock when they are shared one by one. */
  private static final long SHARE_STEP = 1 << 16;

  private final Metadata metadata;
  private final TableReader reader;
  private final Token token;
  private final Volume target;
  private final CopyPace pace;
  private CopyResult done = CopyResult.NONE;

  TokenCopy(Metadata metadata, TableReader reader, Token token, Volume target, CopyPace pace) {
    this.metadata = metadata;
    this.reader = reader;
    this.token = token;
    this.target = target;
    this.pace = pace;
  }

  /** What was done, counted from the start without a gap, also after a failure. */
  CopyResult done() {
    return done;
  }

  private void did(CopyResult part) {
    done = done.plus(part);
    pace.did(part);
  }

  /** Copies, as far as it may; the token must not end before this returns. */
  void run(long offset, long targetOffset, long length) throws IOException {
    long position = 0; // of the extent in the token's data
    for (Extent extent : token.extents()) {
      long from = Math.max(offset, position);
      long to = Math.min(offset + length, position + extent.length());
      if (from < to
          && !copy(extent.offset() + from - position, targetOffset + from - offset, to - from)) {
        return;
      }
      position += extent.length();
    }
  }

  /** Copies what lies together in the source; whether it was done to its end. */
  private boolean copy(long source, long offset, long length) throws IOException {
    int chunkBytes = metadata.chunkBytes();
    long end = offset + length;
    boolean alike = (source - offset) % chunkBytes == 0;
    long firstWhole = (offset + chunkBytes - 1) / chunkBytes * chunkBytes;
    long shareFrom = alike ? Math.min(end, firstWhole) : end;
    long shareTo = Math.max(shareFrom, end / chunkBytes * chunkBytes);
    return move(source, offset, shareFrom - offset, alike)
        && share(
            (shareFrom - offset + source) / chunkBytes,
            shareFrom / chunkBytes,
            (shareTo - shareFrom) / chunkBytes)
        && move(shareTo - offset + source, shareTo, end - shareTo, alike);
  }

  private boolean share(long tokenIndex, long index, long count) throws IOException {
    boolean byPages = (tokenIndex - index) % Page.ENTRIES == 0;
    long step = byPages ? count : SHARE_STEP;
    for (long shared = 0; shared < count; shared += step) {
      long at = shared;
      long n = Math.min(step, count - shared);
      if (!pace.mayGoOn()) {
        return false;
      }
      metadata.lockedIo(() -> {
        metadata.requireRoom();
        target.requireWritable((index + at + n) * metadata.chunkBytes());
        metadata.change(
            new JournalRecord.Shared(token.number(), tokenIndex + at, target.id(), index + at, n));
        return null;
      });
      did(new CopyResult(n * metadata.chunkBytes(), 0, 0));
    }
    return true;
  }

  /** Copies bytes where the token has chunks, and makes holes where it has none. */
  private boolean move(long source, long offset, long length, boolean alike) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, BUFFER));
    long at = 0;
    while (at < length) {
      long from = source + at;
      long near = Math.min(source + length, from + BUFFER);
      Volume.Allocation run = reader.allocation(token.table, from, near);
      if (!run.mapped() && run.end() == near) {
        run = reader.allocation(token.table, from, source + length);
      }
      long count = run.end() - from;
      if (!(run.mapped() ? pace.mayMove(count, alike) : pace.mayGoOn())) {
        return false;
      }
      if (run.mapped()) {
        reader.read(token.table, from, buffer.clear().limit((int) count), () -> true);
        target.write(offset + at, buffer.flip());
        did(new CopyResult(0, count, 0));
      } else {
        target.zero(offset + at, count);
        did(new CopyResult(0, 0, count));
      }
      at += count;
    }
    return true;
  }
}
