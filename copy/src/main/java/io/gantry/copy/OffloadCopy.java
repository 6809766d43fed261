package io.gantry.copy;

import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.NtStatus;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.OffloadWriteResult;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Copies a range by token, as far as the storage goes along.
 *
 * <p>An offload read answers with a token for as much of the range as the source allows; offload
 * writes then redeem it piece by piece, each naming where in the token it goes on, for as much as
 * the destination does in one go. Both credit what they did, and only that counts. Where nothing
 * more is done the copy ends, and the caller goes on from there by other means.
 */
final class OffloadCopy {
  /**
   * A token that is not used for so long may go. It is used at once; what it pins is not free as
   * long as it lives.
   */
  private static final int TOKEN_IDLE_SECONDS = 60;

  private final DiskEnd source;
  private final DiskEnd destination;
  private final LongConsumer progress;

  /**
   * How far it went.
   *
   * @param bytes copied, from the start of the range
   * @param obstacle why not all of it; empty if it was all
   */
  record Outcome(long bytes, Optional<String> obstacle) {}

  OffloadCopy(DiskEnd source, DiskEnd destination, LongConsumer progress) {
    this.source = source;
    this.destination = destination;
    this.progress = progress;
  }

  Outcome run(long sourceOffset, long destinationOffset, long length) throws IOException {
    for (DiskEnd end : List.of(source, destination)) {
      if (end.disk().copyOffloadLimits().isEmpty()) {
        return new Outcome(
            0, Optional.of(end.name() + " offers no offload (no token limits in VPD page 8Fh)"));
      }
    }
    long done = 0;
    while (done < length) {
      OffloadReadResult read = offloadRead(sourceOffset + done, length - done);
      OffloadToken token = read.token();
      if (!read.status().isSuccess() || token == null || read.lengthProtected() == 0) {
        return new Outcome(
            done,
            Optional.of(
                "%s makes no token at %,d (%s)"
                    .formatted(source.name(), sourceOffset + done, read.status().windowsName())));
      }
      long available = Math.min(length - done, read.lengthProtected());
      Outcome redeemed = redeem(token, destinationOffset + done, available);
      done += redeemed.bytes;
      // A token that was good for something and then was not has expired: ask for another one.
      if (redeemed.obstacle.isPresent() && redeemed.bytes == 0) {
        return new Outcome(done, redeemed.obstacle);
      }
    }
    return new Outcome(done, Optional.empty());
  }

  private OffloadReadResult offloadRead(long offset, long length) throws IOException {
    try {
      return source
          .disk()
          .offloadRead(List.of(new DataSetRange(offset, length)), TOKEN_IDLE_SECONDS);
    } catch (IOException e) {
      throw lost(source, "offload read at %,d".formatted(offset), e);
    }
  }

  /** Writes what a token holds, until all is written or nothing more goes. */
  private Outcome redeem(OffloadToken token, long offset, long available) throws IOException {
    long done = 0;
    while (done < available) {
      OffloadWriteResult write;
      try {
        DataSetRange range = new DataSetRange(offset + done, available - done);
        write = destination.disk().offloadWrite(token, done, List.of(range));
      } catch (IOException e) {
        throw lost(destination, "offload write at %,d".formatted(offset + done), e);
      }
      long copied = write.status().isSuccess() ? write.lengthCopied() : 0;
      if (copied == 0) {
        return new Outcome(done, Optional.of(describe(write.status(), offset + done)));
      }
      done += copied;
      progress.accept(copied);
    }
    return new Outcome(done, Optional.empty());
  }

  private String describe(NtStatus status, long offset) {
    return status == NtStatus.INVALID_TOKEN
        ? "%s does not accept the token of %s (%s): they are different targets"
            .formatted(destination.name(), source.name(), status.windowsName())
        : "%s refuses the token at %,d (%s)"
            .formatted(destination.name(), offset, status.windowsName());
  }

  private static CopyException lost(DiskEnd end, String doing, IOException e) {
    return new CopyException("%s: %s: %s".formatted(end.name(), doing, e.getMessage()), e);
  }
}
