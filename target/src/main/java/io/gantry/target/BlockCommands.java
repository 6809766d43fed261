package io.gantry.target;

import static io.gantry.target.UnitBlocks.done;
import static io.gantry.target.UnitBlocks.refuseDataOut;
import static io.gantry.target.UnitBlocks.refused;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockCdb.ByteCheck;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The commands that read, write and compare blocks (SBC-3 5).
 *
 * <p>READ and WRITE go straight to the volume. COMPARE AND WRITE, ORWRITE and WRITE ATOMIC are
 * atomic because the volume's own operations are: among all initiators, against copies, and over a
 * power failure.
 */
final class BlockCommands {
  /** Longest COMPARE AND WRITE: what its CDB can say. */
  static final int COMPARE_AND_WRITE_BLOCKS = 255;

  /** Longest WRITE ATOMIC; no other write goes on while it is written. */
  static final int ATOMIC_BYTES = 1 << 20;

  /** Bytes that are compared or changed in one go. */
  private static final int PIECE = 1 << 20;

  /** Most that a PRE-FETCH reads. */
  private static final long PREFETCH_BYTES = 16 << 20;

  private final Volume volume;
  private final UnitBlocks blocks;
  private final int maximumTransferBytes;

  BlockCommands(Volume volume, UnitBlocks blocks, int maximumTransferBytes) {
    this.volume = volume;
    this.blocks = blocks;
    this.maximumTransferBytes = maximumTransferBytes;
  }

  private @Nullable Sense refuse(Command command, long lba, long count) {
    if (count > maximumTransferBytes / blocks.bytes()) {
      return Sense.INVALID_FIELD_IN_CDB.at(
          switch (command.cdbLength()) {
            case 6 -> 4;
            case 10 -> 7;
            case 12 -> 6;
            default -> 10;
          });
    }
    return blocks.refuse(lba, count);
  }

  CompletableFuture<ScsiResponse> read(Cdb.Transfer c, ScsiRequest request) throws IOException {
    Sense refusal = refuse(c.command(), c.lba(), c.blocks());
    if (refusal != null) {
      return refused(refusal);
    }
    long length = c.blocks() * blocks.bytes();
    if (request.dataIn() != null) {
      ByteBuffer target = request.dataIn().slice();
      target.limit((int) Math.min(target.remaining(), length));
      volume.read(blocks.position(c.lba()), target);
    }
    // FUA on a read: what is returned is on stable storage by then (SBC-3 5.11).
    return blocks.good(length, c.forceUnitAccess());
  }

  CompletableFuture<ScsiResponse> write(Cdb.Transfer c, ScsiRequest request) throws IOException {
    Sense refusal = refuseWrite(c.command(), c.lba(), c.blocks(), request);
    if (refusal != null) {
      return refused(refusal);
    }
    writeBlocks(c.lba(), c.blocks(), request);
    return blocks.good(c.blocks() * blocks.bytes(), c.forceUnitAccess());
  }

  private @Nullable Sense refuseWrite(Command command, long lba, long count, ScsiRequest request) {
    // A write that comes as a read has no data: it must not look as if it had been done.
    return request.dataIn() == null
        ? refuse(command, lba, count)
        : Sense.INVALID_FIELD_IN_INFORMATION_UNIT;
  }

  private void writeBlocks(long lba, long count, ScsiRequest request) throws IOException {
    if (request.dataOut() != null) {
      // An initiator that sends less than the CDB says gets the whole blocks of it written.
      ByteBuffer source = request.dataOut().slice();
      int available = (int) Math.min(source.remaining(), count * blocks.bytes());
      source.limit(available / blocks.bytes() * blocks.bytes());
      volume.write(blocks.position(lba), source);
    }
  }

  CompletableFuture<ScsiResponse> synchronizeCache(Cdb.SynchronizeCache c) {
    Sense refusal = blocks.refuse(c.lba(), c.blocks());
    if (refusal != null) {
      return refused(refusal);
    }
    CompletableFuture<ScsiResponse> flushed = blocks.flushed(ScsiResponse.good(0));
    return c.immediate() ? done(ScsiResponse.good(0)) : flushed;
  }

  CompletableFuture<ScsiResponse> preFetch(BlockCdb.PreFetch c) throws IOException {
    Sense refusal = blocks.refuse(c.lba(), c.blocks());
    if (refusal != null) {
      return refused(refusal);
    }
    long count = c.blocks() == 0 ? blocks.count() - c.lba() : c.blocks();
    long length = count * blocks.bytes();
    if (c.immediate() || length > PREFETCH_BYTES) {
      return done(ScsiResponse.good(0)); // which says that not all of it is in the cache
    }
    readAll(c.lba(), length);
    return done(new ScsiResponse(ScsiStatus.CONDITION_MET, null, 0));
  }

  CompletableFuture<ScsiResponse> verify(BlockCdb.Verify c, ScsiRequest request)
      throws IOException {
    if (c.check() == ByteCheck.RESERVED) {
      return refused(Sense.INVALID_FIELD_IN_CDB.at(1));
    }
    Sense refusal = refuse(c.command(), c.lba(), c.blocks());
    if (refusal != null) {
      return refused(refusal);
    }
    long length = c.blocks() * blocks.bytes();
    if (c.check() == ByteCheck.READABLE) {
      readAll(c.lba(), length);
      return done(ScsiResponse.good(0));
    }
    long wanted = c.check() == ByteCheck.EACH_BLOCK ? length : Math.min(length, blocks.bytes());
    ByteBuffer data = request.dataOut();
    if (request.dataIn() != null || (data == null ? 0 : data.remaining()) < wanted) {
      return refused(Sense.INVALID_FIELD_IN_INFORMATION_UNIT);
    }
    long difference =
        data == null ? -1 : mismatch(c.lba(), length, data.slice(data.position(), (int) wanted));
    return done(difference < 0 ? ScsiResponse.good(wanted) : miscompare(difference, wanted));
  }

  private static ScsiResponse miscompare(long offset, long transferLength) {
    return new ScsiResponse(
        ScsiStatus.CHECK_CONDITION, Sense.MISCOMPARE.withInformation(offset), transferLength);
  }

  CompletableFuture<ScsiResponse> writeAndVerify(BlockCdb.WriteAndVerify c, ScsiRequest request)
      throws IOException {
    if (c.check() == ByteCheck.RESERVED || c.check() == ByteCheck.ONE_BLOCK) {
      return refused(Sense.INVALID_FIELD_IN_CDB.at(1));
    }
    Sense refusal = refuseWrite(c.command(), c.lba(), c.blocks(), request);
    if (refusal != null) {
      return refused(refusal);
    }
    writeBlocks(c.lba(), c.blocks(), request);
    long length = c.blocks() * blocks.bytes();
    ByteBuffer data = request.dataOut();
    if (c.check() == ByteCheck.READABLE || data == null) {
      readAll(c.lba(), length);
    } else {
      int written = (int) Math.min(length, data.remaining()) / blocks.bytes() * blocks.bytes();
      long difference = mismatch(c.lba(), written, data.slice(data.position(), written));
      if (difference >= 0) {
        return done(miscompare(difference, length));
      }
    }
    return blocks.flushed(ScsiResponse.good(length));
  }

  /** Reads blocks to see that it can be done. Where nothing is mapped there is nothing to read. */
  private void readAll(long lba, long length) throws IOException {
    long at = blocks.position(lba);
    long end = at + length;
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, PIECE));
    while (at < end) {
      Volume.Allocation run = volume.allocation(at, end);
      while (run.mapped() && at < run.end()) {
        buffer.clear().limit((int) Math.min(PIECE, run.end() - at));
        volume.read(at, buffer);
        at += buffer.limit();
      }
      at = run.end();
    }
  }

  /** The first byte in which blocks differ from data, repeated if they are shorter; or -1. */
  private long mismatch(long lba, long length, ByteBuffer data) throws IOException {
    long from = blocks.position(lba);
    // A piece must not cross the end of data that are repeated.
    int piece = data.remaining() < length ? data.remaining() : PIECE;
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, piece));
    for (long at = 0; at < length; at += buffer.limit()) {
      buffer.clear().limit((int) Math.min(piece, length - at));
      volume.read(from + at, buffer);
      int within = (int) (at % data.remaining());
      int difference = buffer.flip().mismatch(data.slice(within, buffer.limit()));
      if (difference >= 0) {
        return at + difference;
      }
    }
    return -1;
  }

  CompletableFuture<ScsiResponse> compareAndWrite(BlockCdb.CompareAndWrite c, ScsiRequest request)
      throws IOException {
    int length = c.blocks() * blocks.bytes();
    Sense refusal = blocks.refuse(c.lba(), c.blocks());
    if (refusal == null && refuseDataOut(request, 2L * length) != null) {
      // What libiscsi's suite expects, which asks for 256 blocks in the one byte that there is.
      refusal = Sense.INVALID_FIELD_IN_CDB.at(13);
    }
    if (refusal != null) {
      return refused(refusal);
    }
    ByteBuffer data = request.dataOut();
    if (data == null) {
      return done(ScsiResponse.good(0));
    }
    ByteBuffer expected = data.slice(data.position(), length);
    ByteBuffer wanted = data.slice(data.position() + length, length);
    int[] difference = {-1};
    volume.update(
        blocks.position(c.lba()),
        length,
        old -> {
          difference[0] = old.mismatch(expected);
          return difference[0] < 0 ? wanted : null;
        });
    return difference[0] < 0
        ? blocks.good(2L * length, c.forceUnitAccess())
        : done(miscompare(difference[0], 2L * length));
  }

  /** Each piece is atomic; which is all that is promised of a block and another. */
  CompletableFuture<ScsiResponse> orWrite(BlockCdb.OrWrite c, ScsiRequest request)
      throws IOException {
    long length = c.blocks() * blocks.bytes();
    Sense refusal = refuse(c.command(), c.lba(), c.blocks());
    if (refusal == null) {
      refusal = refuseDataOut(request, length);
    }
    if (refusal != null) {
      return refused(refusal);
    }
    ByteBuffer data = request.dataOut();
    for (int at = 0; data != null && at < length; at += PIECE) {
      ByteBuffer part = data.slice(data.position() + at, (int) Math.min(PIECE, length - at));
      volume.update(
          blocks.position(c.lba()) + at,
          part.remaining(),
          old -> {
            ByteBuffer sum = ByteBuffer.allocate(old.remaining());
            for (int i = 0; i < sum.capacity(); i++) {
              sum.put(i, (byte) (old.get(i) | part.get(i)));
            }
            return sum;
          });
    }
    return blocks.good(length, c.forceUnitAccess());
  }

  CompletableFuture<ScsiResponse> writeAtomic(BlockCdb.WriteAtomic c, ScsiRequest request)
      throws IOException {
    long length = (long) c.blocks() * blocks.bytes();
    Sense refusal = blocks.refuse(c.lba(), c.blocks());
    if (refusal == null && length > ATOMIC_BYTES) {
      refusal = Sense.INVALID_FIELD_IN_CDB.at(12);
    }
    if (refusal == null) {
      refusal = refuseDataOut(request, length);
    }
    if (refusal != null) {
      return refused(refusal);
    }
    ByteBuffer data = request.dataOut();
    if (data != null) {
      volume.writeAtomic(blocks.position(c.lba()), data.slice());
    }
    return blocks.good(length, c.forceUnitAccess());
  }
}
