package io.gantry.copy;

import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.NtStatus;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadToken;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.scsi.RodTokenLimits;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Copies by token.
 *
 * <p>An offload read answers with a token for as much of the rest of the source as the source
 * allows, usually all of it: so the copy is of one instant. Offload writes redeem it piece by
 * piece, several at a time, each naming where in the token it goes on. Only what an offload write
 * says it copied counts. A token that was good and is not any more has expired: then another one is
 * asked for, and the rest is of a later instant.
 */
final class TokenCopy implements OffloadMethod {
  /**
   * A token that is not used for so long may go. It is used at once; what it pins is not free as
   * long as it lives.
   */
  private static final int TOKEN_IDLE_SECONDS = 60;

  /** Four of these in flight, as Windows does it. */
  private static final long PIECE_BYTES = 64L << 20;

  /** Tokens that are kept; a source whose tokens stand for little makes one for every piece. */
  private static final int TOKENS_MAX = 64;

  private static final Set<NtStatus> FOR_GOOD =
      Set.of(
          NtStatus.DEVICE_FEATURE_NOT_SUPPORTED,
          NtStatus.INVALID_DEVICE_REQUEST,
          NtStatus.NOT_SUPPORTED);

  private final DiskEnd source;
  private final DiskEnd destination;
  private final LongSupplier firstLeft;
  private final long endBytes;
  private final Deque<Held> tokens = new ArrayDeque<>();
  private int tokensMade;
  private volatile boolean accepted;

  /** A token for the bytes of the source from start to end. */
  private record Held(OffloadToken token, long start, long end) {
    boolean covers(long offset) {
      return start <= offset && offset < end;
    }
  }

  /** The status of an offload read that made no token, or the token. */
  private record Made(NtStatus status, @Nullable Held token) {}

  /**
   * @param firstLeft where in the source the first byte is that is not copied yet
   * @param endBytes where in the source the copy ends
   */
  TokenCopy(DiskEnd source, DiskEnd destination, LongSupplier firstLeft, long endBytes) {
    this.source = source;
    this.destination = destination;
    this.firstLeft = firstLeft;
    this.endBytes = endBytes;
  }

  @Override
  public CopyMethod method() {
    return CopyMethod.ODX;
  }

  @Override
  public Means means() {
    return Means.TOKEN;
  }

  @Override
  public long pieceBytes() {
    return PIECE_BYTES;
  }

  /** How many tokens there were. */
  synchronized int tokensMade() {
    return tokensMade;
  }

  @Override
  public Outcome copy(long sourceOffset, long destinationOffset, long length) throws IOException {
    for (DiskEnd end : List.of(source, destination)) {
      if (end.disk().copyOffloadLimits().isEmpty()) {
        return Outcome.hopeless(
            end.name() + " offers no offload (no token limits in VPD page 8Fh)");
      }
    }
    Outcome outcome = redeem(sourceOffset, destinationOffset, length);
    // Another worker may have got a new token meanwhile, or it is this one that asks for it.
    return outcome.equals(expired()) ? redeem(sourceOffset, destinationOffset, length) : outcome;
  }

  /** One offload write. A token that the destination does not take is not used again. */
  private Outcome redeem(long sourceOffset, long destinationOffset, long length)
      throws IOException {
    Made made = tokenFor(sourceOffset);
    Held held = made.token;
    if (held == null) {
      String reason = "%s makes no token (%s)".formatted(source.name(), made.status.windowsName());
      return FOR_GOOD.contains(made.status) ? Outcome.hopeless(reason) : Outcome.stuck(0, reason);
    }
    long available = Math.min(length, held.end - sourceOffset);
    OffloadWriteResult write = offloadWrite(held, sourceOffset, destinationOffset, available);
    if (write.isTokenInvalid() || write.status() == NtStatus.INVALID_TOKEN) {
      drop(held);
    }
    // A target that claims more than it was asked for is not believed.
    long copied =
        write.status().isSuccess() && write.lengthCopied() <= available ? write.lengthCopied() : 0;
    if (copied > 0) {
      accepted = true;
      return Outcome.done(copied);
    }
    return refusal(write.status());
  }

  private Outcome refusal(NtStatus status) {
    if (status == NtStatus.INVALID_TOKEN) {
      return accepted
          ? expired()
          : Outcome.hopeless(
              "%s does not accept the token of %s (%s): they are different targets"
                  .formatted(destination.name(), source.name(), status.windowsName()));
    }
    String reason = "%s refuses the token (%s)".formatted(destination.name(), status.windowsName());
    return FOR_GOOD.contains(status) ? Outcome.hopeless(reason) : Outcome.stuck(0, reason);
  }

  private Outcome expired() {
    return Outcome.stuck(
        0,
        "%s does not accept the token any more (%s)"
            .formatted(destination.name(), NtStatus.INVALID_TOKEN.windowsName()));
  }

  /** A token for the source from here on: one that is there, or a new one. */
  private synchronized Made tokenFor(long offset) throws IOException {
    Held there = held(offset);
    if (there != null) {
      return new Made(NtStatus.SUCCESS, there);
    }
    // Whoever asks first need not be the one with the first piece; the token is to serve them all.
    Made made = make(Math.min(firstLeft.getAsLong(), offset));
    return made.token == null || made.token.covers(offset) ? made : make(offset);
  }

  private @Nullable Held held(long offset) {
    for (Held held : tokens) {
      if (held.covers(offset)) {
        return held;
      }
    }
    return null;
  }

  private Made make(long offset) throws IOException {
    OffloadReadResult read = offloadRead(offset);
    OffloadToken token = read.token();
    if (!read.status().isSuccess() || token == null || read.lengthProtected() <= 0) {
      return new Made(read.status(), null);
    }
    tokensMade++;
    Held held = new Held(token, offset, offset + read.lengthProtected());
    tokens.addFirst(held);
    if (tokens.size() > TOKENS_MAX) {
      tokens.removeLast();
    }
    return new Made(NtStatus.SUCCESS, held);
  }

  private synchronized void drop(Held held) {
    tokens.remove(held);
  }

  private OffloadReadResult offloadRead(long offset) throws IOException {
    long most =
        source.disk().copyOffloadLimits().map(RodTokenLimits::maximumInactivitySeconds).orElse(0L);
    int seconds = most == 0 ? TOKEN_IDLE_SECONDS : (int) Math.min(TOKEN_IDLE_SECONDS, most);
    try {
      return source
          .disk()
          .offloadRead(List.of(new DataSetRange(offset, endBytes - offset)), seconds);
    } catch (IOException e) {
      throw new LostException(source, "offload read at %,d".formatted(offset), e);
    }
  }

  private OffloadWriteResult offloadWrite(
      Held held, long sourceOffset, long destinationOffset, long length) throws IOException {
    try {
      return destination
          .disk()
          .offloadWrite(
              held.token,
              sourceOffset - held.start,
              List.of(new DataSetRange(destinationOffset, length)));
    } catch (IOException e) {
      throw new LostException(destination, "offload write at %,d".formatted(destinationOffset), e);
    }
  }
}
