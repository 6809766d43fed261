package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.PersistentReserveOutList;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.NoSpaceException;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The reservations of one logical unit, persistent ones and those of RESERVE and RELEASE, and which
 * commands they keep out. Safe for use by several threads.
 */
final class Reservations {
  /*
   * A command asks whether it may run by reading one volatile field, which names an object that
   * does not change. Changes are made one at a time, under this object's lock, and are in the
   * pool's journal, if they are to survive a loss of power, before anybody sees them; what waits
   * for them to be durable is the answer.
   *
   * PREEMPT AND ABORT waits until the victims' commands have ended, and the copies that they began in
   * the background. Two of them, each among the
   * commands that the other waits for, would wait for ever: so while one waits, another is BUSY.
   */
  static final String ATTRIBUTE = "scsi.reservations";

  private static final ScsiResponse CONFLICT =
      new ScsiResponse(ScsiStatus.RESERVATION_CONFLICT, null, 0);
  private static final ScsiResponse BUSY = new ScsiResponse(ScsiStatus.BUSY, null, 0);

  /**
   * Both kinds of reservations.
   *
   * @param reserver who holds the logical unit by RESERVE, or null
   */
  private record State(ReservationState persistent, @Nullable Nexus reserver) {
    boolean isOpen() {
      return reserver == null && persistent.reservation() == null;
    }
  }

  private final Pool pool;
  private final Volume volume;
  private final Function<String, Collection<UnitNexus>> nexuses;
  private final Function<Set<String>, CompletableFuture<Void>> stopCopies;

  private volatile State state;
  private volatile boolean open;
  private boolean aborting;

  /**
   * The reservations of a volume, as they survived.
   *
   * @param nexuses finds those of an initiator port that use the logical unit now
   * @param stopCopies ends the copies in the background that some initiator ports began
   */
  Reservations(
      Pool pool,
      Volume volume,
      Function<String, Collection<UnitNexus>> nexuses,
      Function<Set<String>, CompletableFuture<Void>> stopCopies) {
    this.pool = pool;
    this.volume = volume;
    this.nexuses = nexuses;
    this.stopCopies = stopCopies;
    ReservationState survived = ReservationState.decode(pool.attribute(volume, ATTRIBUTE));
    this.state = new State(survived, null);
    this.open = state.isOpen();
  }

  /** Whether any command of anybody may run. */
  boolean isOpen() {
    return open;
  }

  /** Whether a command may run. */
  boolean allow(Nexus nexus, Cdb cdb) {
    return open || allow(state, nexus, cdb);
  }

  private static boolean allow(State now, Nexus nexus, Cdb cdb) {
    if (now.reserver == null) {
      return now.persistent.allows(nexus.initiatorPort(), cdb.access());
    }
    // SPC-2 5.5.1
    return switch (cdb) {
      case Cdb.Inquiry _, Cdb.RequestSense _, Cdb.ReportLuns _, PrimaryCdb.Release _ -> true;
      case PrimaryCdb.PersistentReserveIn _, PrimaryCdb.PersistentReserveOut _ -> false;
      default -> now.reserver.equals(nexus);
    };
  }

  /** The answer to a command that may not run. */
  static ScsiResponse conflict() {
    return CONFLICT;
  }

  private void become(State next) {
    state = next;
    open = next.isOpen();
  }

  /** RESERVE(6) and (10). */
  synchronized ScsiResponse reserve(Nexus nexus) {
    State now = state;
    if (!now.persistent.registrations().isEmpty()
        || (now.reserver != null && !now.reserver.equals(nexus))) {
      return CONFLICT;
    }
    become(new State(now.persistent, nexus));
    return ScsiResponse.good(0);
  }

  /** RELEASE(6) and (10): of a logical unit that others reserved, it does nothing. */
  synchronized ScsiResponse release(Nexus nexus) {
    if (!state.persistent.registrations().isEmpty()) {
      return CONFLICT;
    }
    ended(nexus);
    return ScsiResponse.good(0);
  }

  /** The nexus is lost: a RESERVE goes with it. */
  synchronized void ended(Nexus nexus) {
    if (nexus.equals(state.reserver)) {
      become(new State(state.persistent, null));
    }
  }

  /** The logical unit is reset: a RESERVE goes with that, a persistent reservation stays. */
  synchronized void reset() {
    become(new State(state.persistent, null));
  }

  /** PERSISTENT RESERVE IN. */
  ScsiResponse report(PrimaryCdb.PersistentReserveIn c, ScsiRequest request) {
    return CommandData.answer(request, c.allocation(), state.persistent.report(c.command()));
  }

  /**
   * PERSISTENT RESERVE OUT.
   *
   * @throws IOException if the pool has stopped
   */
  CompletableFuture<ScsiResponse> change(
      UnitNexus nexus, PrimaryCdb.PersistentReserveOut c, ScsiRequest request) throws IOException {
    return switch (PersistentReserveOutList.decode(
        c.command(),
        CommandData.parameterList(request, c.parameterListLength()),
        c.parameterListLength())) {
      case Decoded.Invalid<PersistentReserveOutList>(Sense sense) ->
          CompletableFuture.completedFuture(ScsiResponse.check(sense));
      case Decoded.Valid<PersistentReserveOutList>(PersistentReserveOutList list) ->
          change(nexus.nexus().initiatorPort(), c, list);
    };
  }

  private CompletableFuture<ScsiResponse> change(
      String port, PrimaryCdb.PersistentReserveOut c, PersistentReserveOutList list)
      throws IOException {
    ScsiResponse good = ScsiResponse.good(c.parameterListLength());
    boolean durably;
    Set<String> victims;
    synchronized (this) {
      State now = state;
      if (now.reserver != null) {
        return CompletableFuture.completedFuture(CONFLICT);
      }
      switch (now.persistent.apply(port, c, list)) {
        case ReservationState.Refused(ScsiResponse response) -> {
          return CompletableFuture.completedFuture(response);
        }
        case ReservationState.Changed change -> {
          if (aborting && !change.aborted().isEmpty()) {
            return CompletableFuture.completedFuture(BUSY);
          }
          try {
            durably = keep(now.persistent, change.state());
          } catch (NoSpaceException e) {
            return CompletableFuture.completedFuture(
                ScsiResponse.check(Sense.INSUFFICIENT_REGISTRATION_RESOURCES));
          }
          become(new State(change.state(), null));
          change
              .attentions()
              .forEach((who, what) -> nexuses.apply(who).forEach(told -> told.raise(what)));
          victims = change.aborted();
          aborting |= !victims.isEmpty();
        }
      }
    }
    CompletableFuture<ScsiResponse> done =
        durably
            ? pool.flushAsync()
                .handle(
                    (_, failure) -> failure == null ? good : ScsiResponse.check(Sense.WRITE_ERROR))
            : CompletableFuture.completedFuture(good);
    return victims.isEmpty() ? done : abort(victims).thenCombine(done, (_, response) -> response);
  }

  /** Puts into the journal what is to survive. Returns whether to wait for it. */
  private boolean keep(ReservationState before, ReservationState after) throws IOException {
    byte[] was = before.encode();
    byte[] now = after.encode();
    if (!Arrays.equals(was, now)) {
      pool.setAttribute(volume, ATTRIBUTE, now);
    }
    // What it was may be on its way to the medium still.
    return was.length > 0 || now.length > 0;
  }

  private CompletableFuture<Void> abort(Set<String> victims) {
    CompletableFuture<?>[] ends =
        victims.stream()
            .flatMap(who -> nexuses.apply(who).stream())
            .map(victim -> victim.tasks().abort(volume.lun(), true))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(ends)
        .thenCompose(_ -> stopCopies.apply(victims))
        .whenComplete((_, _) -> {
          synchronized (this) {
            aborting = false;
          }
        });
  }
}
