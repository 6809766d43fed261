package io.gantry.target;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.WriteUsingTokenList;
import io.gantry.store.CopyPace;
import io.gantry.store.CopyResult;
import io.gantry.store.Extent;
import io.gantry.store.NoSpaceException;
import io.gantry.store.Pool;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One WRITE USING TOKEN that has passed all checks: the copying itself (SBC-4 5.x). */
final class TokenWrite {
  private final Pool pool;
  private final @Nullable Token token;
  private final WriteUsingTokenList list;
  private final Volume volume;
  private final long most;

  /** Whether the token has no more, or everything was written. */
  private boolean exhausted;

  /**
   * Writes from a token.
   *
   * @param token null for zeros
   * @param mostBlocks where to end, whatever there is
   */
  TokenWrite(
      Pool pool, @Nullable Token token, WriteUsingTokenList list, Volume volume, long mostBlocks) {
    this.pool = pool;
    this.token = token;
    this.list = list;
    this.volume = volume;
    this.most =
        mostBlocks > Long.MAX_VALUE / volume.blockBytes()
            ? Long.MAX_VALUE
            : mostBlocks * volume.blockBytes();
  }

  /** Whether nothing more could come of the token for this command. */
  boolean isExhausted() {
    return exhausted;
  }

  /**
   * Copies what the token has, as far as it may.
   *
   * @return whole blocks done, counted from the first one without a gap
   * @throws IOException if nothing could be done, or the pool failed
   */
  long run(CopyPace pace) throws IOException {
    int blockBytes = volume.blockBytes();
    long position = token == null ? 0 : list.offsetBlocks() * blockBytes;
    long end = token == null ? Long.MAX_VALUE : token.lengthBytes();
    long done = 0;
    for (BlockRange range : list.ranges()) {
      long wanted = Math.min(range.blocks() * blockBytes, most - done);
      long available = Math.clamp(end - position, 0, wanted);
      long start = range.lba() * blockBytes;
      long copied;
      try {
        copied = copy(position, start, available, pace);
      } catch (NoSpaceException e) {
        if (done < blockBytes) {
          throw e;
        }
        return done / blockBytes;
      }
      done += copied;
      if (copied < available) {
        return done / blockBytes;
      }
      position += copied;
      long ragged = available % blockBytes;
      if (ragged > 0) {
        // The token ends within a block of the destination: zeros complete it (SBC-4).
        volume.zero(start + available, blockBytes - ragged);
        done += blockBytes - ragged;
      }
      exhausted = available < wanted;
      if (exhausted || wanted < range.blocks() * blockBytes) {
        return done / blockBytes;
      }
    }
    exhausted = true;
    return done / blockBytes;
  }

  private long copy(long position, long start, long length, CopyPace pace) throws IOException {
    if (token == null) {
      if (!pace.mayGoOn()) {
        return 0;
      }
      volume.zero(start, length);
      pace.did(new CopyResult(0, 0, length));
      return length;
    }
    return token.terms().kind() == Token.Kind.REFERENCE
        ? copyCurrent(token, position, start, length, pace)
        : pool.copy(token, position, volume, start, length, pace).totalBytes();
  }

  /** Copies what the token's extents hold now; nothing if the token is no more. */
  private long copyCurrent(Token named, long position, long start, long length, CopyPace pace)
      throws IOException {
    try (Pool.TokenUse use = pool.use(named).orElse(null)) {
      return use == null ? 0 : copyExtents(named, position, start, length, pace);
    }
  }

  private long copyExtents(Token named, long position, long start, long length, CopyPace pace)
      throws IOException {
    Volume source = pool.volume(named.volumeId()).orElse(null);
    long done = 0;
    long at = 0; // of the extent in the ROD
    for (Extent extent : named.extents()) {
      long from = Math.max(position, at);
      long to = Math.min(position + length, at + extent.length());
      if (from < to && source != null) {
        long copied =
            pool.copy(
                    source,
                    extent.offset() + from - at,
                    volume,
                    start + from - position,
                    to - from,
                    pace)
                .totalBytes();
        done += copied;
        if (copied < to - from) {
          return done;
        }
      }
      at += extent.length();
    }
    return done;
  }
}
