package io.gantry.target;

import io.gantry.scsi.Command;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.Sense;
import io.gantry.store.CopyResult;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One third-party copy command, from when it was accepted to its end: what whoever carries it out
 * notes, and what others may know of it or ask of it. Safe for use by several threads.
 *
 * <p>{@link CopyOperations#begin} makes one. Whoever carries it out calls {@link #end} exactly
 * once, after the result, if there is to be one, can be found.
 */
final class CopyOperation {

  /**
   * What names an operation to its initiator: a list identifier is good on one I_T nexus and one
   * logical unit (SPC-4 5.17.4).
   */
  record Name(Nexus nexus, int volume, int listIdentifier) {
    /** The owner of its result among {@link io.gantry.store.Results}. */
    String owner() {
      return nexus.initiatorPort() + ' ' + nexus.targetPort();
    }

    /** What names its result among those of the owner. */
    long number() {
      return (long) volume << 32 | Integer.toUnsignedLong(listIdentifier);
    }
  }

  private final CopyOperations operations;
  private final long id;
  private final Nexus nexus;
  private final int volume;
  private final OptionalInt listIdentifier;
  private final Command command;
  private final long startedMillis;
  private final long startedNanos;
  private final CompletableFuture<CopyStatus> ended = new CompletableFuture<>();

  private volatile @Nullable ScsiRequest request;
  private volatile @Nullable String stopped;
  private volatile int segment;

  // Guarded by this.
  private String source = "";
  private String destination;
  private long wantedBytes;
  private boolean background;
  private CopyResult done = CopyResult.NONE;
  private String notOffloaded = "";
  private @Nullable MoveReason moveReason;
  private @Nullable Sense sense;

  CopyOperation(
      CopyOperations operations,
      long id,
      Nexus nexus,
      int volume,
      OptionalInt listIdentifier,
      Command command,
      String destination,
      long startedMillis,
      long startedNanos) {
    this.operations = operations;
    this.id = id;
    this.nexus = nexus;
    this.volume = volume;
    this.listIdentifier = listIdentifier;
    this.command = command;
    this.destination = destination;
    this.startedMillis = startedMillis;
    this.startedNanos = startedNanos;
  }

  long id() {
    return id;
  }

  Nexus nexus() {
    return nexus;
  }

  /** The logical unit that got the command. */
  int volume() {
    return volume;
  }

  Command command() {
    return command;
  }

  /** Service action of its command. */
  int action() {
    return command.serviceAction().orElseThrow();
  }

  /** Its name; null if the initiator gave it none. */
  @Nullable Name name() {
    return listIdentifier.isEmpty() ? null : new Name(nexus, volume, listIdentifier.getAsInt());
  }

  // For whoever carries it out.

  /** The command's request, so that the operation ends when the command is aborted. */
  void request(ScsiRequest request) {
    this.request = request;
  }

  /** What is copied from and to where, for people, and how much of it. */
  synchronized void plan(String from, String to, long bytes) {
    source = from;
    destination = to;
    wantedBytes = bytes;
  }

  /** The command was answered; the operation goes on without it (IMMED=1). */
  synchronized void toBackground() {
    background = true;
    request = null;
  }

  /** It has begun so many of the segment descriptors of an EXTENDED COPY. */
  void inSegment(int number) {
    segment = number;
  }

  /** A part was done. */
  synchronized void did(CopyResult part) {
    done = done.plus(part);
  }

  /** Why bytes had to be moved, or will have to be; the first reason counts. */
  synchronized void notOffloaded(MoveReason reason, int chunkBytes) {
    if (moveReason == null) {
      moveReason = reason;
      notOffloaded = reason.describe(chunkBytes);
    }
  }

  /** Why bytes had to be moved; null if none had to be. */
  synchronized @Nullable MoveReason moveReason() {
    return moveReason;
  }

  /** The initiator is told this of its end. */
  synchronized void ends(@Nullable Sense told) {
    sense = told;
  }

  /** What the initiator was told of its end, if that was sense data. */
  synchronized @Nullable Sense sense() {
    return sense;
  }

  /** It ends since its time is over. */
  void late() {
    operations.late();
  }

  /** It has waited for its turn to move bytes. */
  void waited(long nanos) {
    operations.waited(nanos);
  }

  /** Whether it is to end as soon as it can, where it is. */
  boolean isStopped() {
    return stopped != null;
  }

  /** Why it is to end, for people; null if it is not. */
  @Nullable String whyStopped() {
    return stopped;
  }

  /**
   * It is over.
   *
   * @param outcome what the initiator was told, or could have been
   */
  void end(CopyStatus.State state, String outcome) {
    CopyStatus last = status(state, outcome);
    operations.ended(this, last);
    ended.complete(last);
  }

  // For others.

  /** Asks it to end where it is; the first reason counts. It has ended when {@link #ended} says. */
  synchronized void stop(String reason) {
    if (stopped == null) {
      stopped = reason;
    }
  }

  /** Completes when it has ended. */
  CompletableFuture<CopyStatus> ended() {
    return ended;
  }

  /** Whether it carries out that very request. */
  @SuppressWarnings("ReferenceEquality")
  boolean carriesOut(ScsiRequest other) {
    return request == other;
  }

  /** Whether its command was answered already. */
  synchronized boolean isBackground() {
    return background;
  }

  /** What it has done so far. */
  synchronized CopyResult done() {
    return done;
  }

  /** Bytes that it is to copy. */
  synchronized long wantedBytes() {
    return wantedBytes;
  }

  /**
   * When it is worth asking again: as long as the rest will take if it goes on like that, from 10
   * ms to a minute; FFFFFFFFh as long as nobody can tell.
   */
  long restMillis() {
    long did = done().totalBytes();
    if (did == 0) {
      return RodTokenInformation.NO_RECOMMENDATION;
    }
    double rest = (double) tookNanos() * (wantedBytes() - did) / did / 1e6;
    return (long) Math.clamp(rest, 10.0, 60_000.0);
  }

  /**
   * What RECEIVE ROD TOKEN INFORMATION tells while it goes on.
   *
   * @param blockBytes of the logical unit that got the command
   */
  byte[] progress(int blockBytes) {
    long bytes = done().totalBytes();
    RodTokenInformation information =
        new RodTokenInformation(
            action(),
            isBackground()
                ? RodTokenInformation.STATUS_IN_PROGRESS_IN_BACKGROUND
                : RodTokenInformation.STATUS_IN_PROGRESS,
            0,
            bytes,
            segment,
            null,
            null);
    return information.isExtendedCopy()
        ? information.encode(restMillis())
        : information.withTransferCount(bytes / blockBytes).encode(restMillis());
  }

  /** How long it has taken. */
  long tookNanos() {
    return Math.max(0, operations.nanos() - startedNanos);
  }

  /** How it stands. */
  CopyStatus status() {
    return status(CopyStatus.State.RUNNING, "");
  }

  private synchronized CopyStatus status(CopyStatus.State state, String outcome) {
    return new CopyStatus(
        id,
        nexus.initiatorName(),
        command.name(),
        listIdentifier.isEmpty() ? null : Integer.toUnsignedLong(listIdentifier.getAsInt()),
        background,
        source,
        destination,
        state,
        wantedBytes,
        done.sharedBytes(),
        done.copiedBytes(),
        done.zeroedBytes(),
        startedMillis,
        tookNanos(),
        notOffloaded,
        outcome);
  }
}
