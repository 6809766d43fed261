package io.gantry.copy;

import io.gantry.scsi.CopyOperatingParameters;
import io.gantry.scsi.CopySegment;
import io.gantry.scsi.CscdDescriptor;
import io.gantry.scsi.ExtendedCopyList;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Copies by EXTENDED COPY(LID1), block to block, as ESXi and sg_xcopy do it: the command goes to
 * the destination and names the source by its designator.
 *
 * <p>A command that fails counts for nothing, whatever it did: the same bytes are then written once
 * more some other way.
 */
final class ExtendedCopy implements OffloadMethod {
  /** Targets move these bytes, and a command should not take long. */
  private static final long PIECE_BYTES = 16L << 20;

  private static final int LIST_IDENTIFIERS = 255;
  private static final Sense LIST_IDENTIFIER_IN_USE = Sense.OPERATION_IN_PROGRESS;

  private final DiskEnd source;
  private final DiskEnd destination;
  private final AtomicInteger nextIdentifier = new AtomicInteger();
  private @Nullable Plan plan;
  private volatile boolean accepted;

  /**
   * What the destination said of itself.
   *
   * @param obstacle why nothing can be copied; null if it can
   * @param slots places for commands in flight
   */
  private record Plan(@Nullable String obstacle, int segmentBlocks, int segments, Semaphore slots) {
    static Plan impossible(String obstacle) {
      return new Plan(obstacle, 0, 0, new Semaphore(0));
    }
  }

  ExtendedCopy(DiskEnd source, DiskEnd destination) {
    this.source = source;
    this.destination = destination;
  }

  @Override
  public CopyMethod method() {
    return CopyMethod.XCOPY;
  }

  @Override
  public Means means() {
    return Means.EXTENDED_COPY;
  }

  @Override
  public long pieceBytes() {
    return PIECE_BYTES;
  }

  @Override
  public Outcome copy(long sourceOffset, long destinationOffset, long length) throws IOException {
    Plan made = plan();
    if (made.obstacle != null) {
      return Outcome.hopeless(made.obstacle);
    }
    int blockBytes = destination.blockBytes();
    List<CopySegment> segments = new ArrayList<>();
    long blocks = Math.min(length, PIECE_BYTES) / blockBytes;
    long done = 0;
    while (done < blocks && segments.size() < made.segments) {
      int some = (int) Math.min(made.segmentBlocks, blocks - done);
      segments.add(
          new CopySegment.Blocks(
              0,
              1,
              false,
              false,
              some,
              sourceOffset / blockBytes + done,
              destinationOffset / blockBytes + done));
      done += some;
    }
    made.slots.acquireUninterruptibly();
    try {
      return send(segments, done * blockBytes, destinationOffset);
    } finally {
      made.slots.release();
    }
  }

  private Outcome send(List<CopySegment> segments, long bytes, long destinationOffset)
      throws IOException {
    ScsiResponse response;
    int attempts = 0;
    do {
      int identifier = 1 + Math.floorMod(nextIdentifier.getAndIncrement(), LIST_IDENTIFIERS);
      response =
          destination.extendedCopy(
              ExtendedCopyList.between(
                      identifier,
                      source.descriptor().orElseThrow(),
                      destination.descriptor().orElseThrow(),
                      segments)
                  .encode(),
              destinationOffset);
      attempts++;
    } while (attempts < LIST_IDENTIFIERS && isListIdentifierInUse(response));
    if (response.isGood()) {
      accepted = true;
      return Outcome.done(bytes);
    }
    return refusal(response);
  }

  private static boolean isListIdentifierInUse(ScsiResponse response) {
    return response.sense() != null && response.sense().is(LIST_IDENTIFIER_IN_USE);
  }

  private Outcome refusal(ScsiResponse response) {
    Sense sense = response.sense();
    String what =
        sense == null
            ? response.status().toString()
            : Sense.of(sense.key(), sense.asc(), sense.ascq()).toString();
    String reason = "%s refuses EXTENDED COPY (%s)".formatted(destination.name(), what);
    boolean isForGood =
        sense != null
            && !accepted
            && (sense.key() == Sense.ILLEGAL_REQUEST_KEY || isUnreachable(sense));
    return isForGood ? Outcome.hopeless(reason) : Outcome.stuck(0, reason);
  }

  /** The copy manager does not know the source, or does not get at it. */
  private static boolean isUnreachable(Sense sense) {
    return sense.key() == Sense.COPY_ABORTED_KEY
        && ((sense.asc() == 0x08 && sense.ascq() == 0x04)
            || (sense.asc() == 0x0D && (sense.ascq() == 0x02 || sense.ascq() == 0x03)));
  }

  private synchronized Plan plan() throws IOException {
    Plan made = plan;
    if (made == null) {
      made = ask();
      plan = made;
    }
    return made;
  }

  private Plan ask() throws IOException {
    if (source.blockBytes() != destination.blockBytes()) {
      return Plan.impossible(
          "%s has blocks of %,d bytes and %s of %,d"
              .formatted(
                  source.name(),
                  source.blockBytes(),
                  destination.name(),
                  destination.blockBytes()));
    }
    Optional<CopyOperatingParameters> answer = destination.copyOperatingParameters();
    if (answer.isEmpty()) {
      return Plan.impossible(destination.name() + " offers no EXTENDED COPY");
    }
    CopyOperatingParameters offered = answer.get();
    if (!offered.supports(CopySegment.Blocks.TYPE) || !offered.supports(CscdDescriptor.TYPE)) {
      return Plan.impossible(
          destination.name() + " does not copy from blocks to blocks by EXTENDED COPY");
    }
    for (DiskEnd end : List.of(source, destination)) {
      // Else another disk of the array could have the same one, and be copied instead.
      if (!end.hasWorldwideName()) {
        return Plan.impossible(
            end.name() + " has no worldwide name by which EXTENDED COPY could call it");
      }
    }
    long segmentBlocks = CopySegment.Blocks.MAX_BLOCKS;
    if (offered.maximumSegmentBytes() > 0) {
      segmentBlocks =
          Math.min(segmentBlocks, offered.maximumSegmentBytes() / destination.blockBytes());
    }
    long listBytes = offered.maximumListBytes() - 2L * CscdDescriptor.LENGTH;
    int descriptorBytes = new CopySegment.Blocks(0, 1, false, false, 0, 0, 0).length();
    long segments = Math.min(offered.maximumSegments(), listBytes / descriptorBytes);
    if (segmentBlocks < 1 || segments < 1 || offered.maximumCscds() < 2) {
      return Plan.impossible(
          destination.name() + " leaves no room for a copy in EXTENDED COPY's parameters");
    }
    int slots = offered.maximumConcurrentCopies();
    return new Plan(
        null,
        (int) segmentBlocks,
        (int) segments,
        new Semaphore(slots == 0 ? LIST_IDENTIFIERS : slots));
  }
}
