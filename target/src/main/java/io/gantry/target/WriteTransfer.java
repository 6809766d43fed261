package io.gantry.target;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.SessionParameters;
import io.gantry.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The data of one write on their way in: immediate data, the unsolicited burst, and answers to
 * R2Ts, which have to come in order and without gaps (RFC 7143 4.2.5, 11.7).
 *
 * <p>Data that come before the command's buffer is assigned wait in a small buffer of their own,
 * never more than FirstBurstLength, for which all connections have one budget. A transfer that went
 * wrong, or that found this budget used up, throws the rest of the running sequence away and has a
 * {@link #failure}.
 */
final class WriteTransfer {
  private static final Sense UNEXPECTED_UNSOLICITED_DATA =
      Sense.of(Sense.ABORTED_COMMAND_KEY, 0x0C, 0x0C);

  /** SYSTEM RESOURCE FAILURE, of a kind that initiators try again. */
  private static final Sense NO_ROOM = Sense.of(Sense.ABORTED_COMMAND_KEY, 0x55, 0x00);

  private final SessionParameters parameters;
  private final ByteBufAllocator allocator;
  private final BufferBudget earlyBudget;
  private final int length;

  private @Nullable ByteBuf early;
  private @Nullable ByteBuf buffer;
  private @Nullable Sense failure;
  private long received;

  /** Whether Data-Out of the running sequence are still to come. */
  private boolean open;

  /** How often it was looked at since the last Data-Out of the running sequence. */
  private int looks;

  private int transferTag = Pdu.NO_TAG;
  private long sequenceEnd;
  private int dataSn;
  private int r2tSn;

  /**
   * Starts with the command PDU and takes its immediate data, of which it takes no ownership.
   *
   * @param length bytes to gather: at most the expected length
   * @param buffer as for {@link #assign}, or null if there is none yet
   * @param earlyBudget for data that come before there is one
   */
  WriteTransfer(
      ScsiCommand command,
      int length,
      @Nullable ByteBuf buffer,
      SessionParameters parameters,
      ByteBufAllocator allocator,
      BufferBudget earlyBudget) {
    this.parameters = parameters;
    this.allocator = allocator;
    this.earlyBudget = earlyBudget;
    this.length = length;
    this.buffer = buffer;
    int immediate = command.data().readableBytes();
    sequenceEnd = Math.min(parameters.firstBurstMax(), command.expectedLength());
    open = !command.last();
    if ((immediate > 0 && !parameters.immediateData()) || (open && parameters.initialR2T())) {
      failure = UNEXPECTED_UNSOLICITED_DATA;
    } else if (immediate > sequenceEnd) {
      failure = Sense.WRITE_DATA_SHORT;
    } else {
      store(command.data());
    }
  }

  /** Gives the buffer in which all data shall be; it stays the caller's. */
  void assign(ByteBuf assigned) {
    buffer = assigned;
    if (early != null) {
      assigned.writeBytes(early, early.readerIndex(), early.readableBytes());
    }
    releaseEarly();
  }

  private void releaseEarly() {
    if (early != null) {
      earlyBudget.give(early.readableBytes());
      early.release();
      early = null;
    }
  }

  /**
   * Takes a Data-Out, of whose data it takes no ownership.
   *
   * @return false if nobody waits for it: it is of a sequence that is over, or of none
   */
  boolean accept(DataOut pdu) {
    if (!open || pdu.transferTag() != transferTag) {
      return false;
    }
    open = !pdu.last();
    looks = 0;
    if (failure != null) {
      return true;
    }
    boolean inOrder = pdu.dataSn() == dataSn++ && pdu.bufferOffset() == received;
    boolean fits = received + pdu.data().readableBytes() <= sequenceEnd;
    if (!inOrder || !fits) {
      failure = Sense.WRITE_DATA_SHORT;
      return true;
    }
    store(pdu.data());
    if (pdu.last() && transferTag != Pdu.NO_TAG && received < sequenceEnd) {
      failure = Sense.WRITE_DATA_SHORT; // F before the R2T's length
    }
    return true;
  }

  private void store(ByteBuf data) {
    // What the command may not move, because it is longer than the device takes, is dropped.
    int kept = (int) Math.min(data.readableBytes(), Math.max(0, length - received));
    received += data.readableBytes();
    ByteBuf destination = buffer;
    if (destination == null && kept > 0) {
      if (!earlyBudget.tryTake(kept)) {
        failure = NO_ROOM;
        return;
      }
      if (early == null) {
        early = allocator.buffer(kept, length);
      }
      destination = early;
    }
    if (destination != null) {
      destination.writeBytes(data, data.readerIndex(), kept);
    }
  }

  /** Whether Data-Out of the running sequence are still to come. */
  boolean isOpen() {
    return open;
  }

  /** Whether no Data-Out of the running sequence came since this was asked so often before. */
  boolean isOverdue(int looksMax) {
    return open && ++looks > looksMax;
  }

  /** Why the data cannot be used, or null. */
  @Nullable Sense failure() {
    return failure;
  }

  /** Whether all data are there. */
  boolean isComplete() {
    return received >= length;
  }

  /** R2Ts that went out. */
  int requests() {
    return r2tSn;
  }

  /** The part that the next R2T asks for. */
  record Solicitation(int r2tSn, long offset, long length) {}

  /** Opens the next sequence, which answers an R2T with this tag. */
  Solicitation solicit(int tag) {
    transferTag = tag;
    open = true;
    looks = 0;
    dataSn = 0;
    sequenceEnd = Math.min(received + parameters.burstMax(), length);
    return new Solicitation(r2tSn++, received, sequenceEnd - received);
  }

  /** Frees what the transfer holds. */
  void discard() {
    open = false;
    releaseEarly();
  }
}
