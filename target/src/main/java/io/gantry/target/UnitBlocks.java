package io.gantry.target;

import io.gantry.scsi.Capacity;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.NoSpaceException;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The blocks of a logical unit: which there are, and when they are on stable storage. */
final class UnitBlocks {
  private static final System.Logger LOG = System.getLogger(UnitBlocks.class.getName());

  private final Pool pool;
  private final Volume volume;
  private final int bytes;

  UnitBlocks(Pool pool, Volume volume) {
    this.pool = pool;
    this.volume = volume;
    this.bytes = volume.blockBytes();
  }

  /** Bytes of a block. */
  int bytes() {
    return bytes;
  }

  /** How many there are now. */
  long count() {
    return volume.sizeBytes() / bytes;
  }

  /** The byte of the volume at which a block begins. */
  long position(long lba) {
    return lba * bytes;
  }

  /** What READ CAPACITY returns. */
  Capacity capacity() {
    int exponent = Integer.numberOfTrailingZeros(PhysicalBlocks.of(pool, volume) / bytes);
    return new Capacity(count(), bytes, exponent, true, true);
  }

  /** Why there is no such range, or null. An empty one may begin at the end. */
  @Nullable Sense refuse(long lba, long blocks) {
    long count = count();
    boolean inside =
        Long.compareUnsigned(lba, count) <= 0 && Long.compareUnsigned(blocks, count - lba) <= 0;
    return inside ? null : Sense.LBA_OUT_OF_RANGE;
  }

  /** Why a request cannot bring so many bytes to the device, no less and no more; or null. */
  static @Nullable Sense refuseDataOut(ScsiRequest request, long length) {
    return request.dataIn() == null && request.expectedLength() == length
        ? null
        : Sense.INVALID_FIELD_IN_INFORMATION_UNIT;
  }

  static CompletableFuture<ScsiResponse> done(ScsiResponse response) {
    return CompletableFuture.completedFuture(response);
  }

  static CompletableFuture<ScsiResponse> refused(Sense sense) {
    return done(ScsiResponse.check(sense));
  }

  /** A response, when all that was done before is on stable storage. */
  CompletableFuture<ScsiResponse> flushed(ScsiResponse good) {
    return pool.flushAsync()
        .handle((_, failure) -> {
          if (failure == null) {
            return good;
          }
          LOG.log(System.Logger.Level.ERROR, "flush of " + volume.name() + " failed", failure);
          return ScsiResponse.check(
              failure instanceof NoSpaceException
                  ? Sense.SPACE_ALLOCATION_FAILED
                  : Sense.WRITE_ERROR);
        });
  }

  /** A response, at once or on stable storage. */
  CompletableFuture<ScsiResponse> good(long transferLength, boolean forceUnitAccess) {
    ScsiResponse good = ScsiResponse.good(transferLength);
    return forceUnitAccess ? flushed(good) : done(good);
  }
}
