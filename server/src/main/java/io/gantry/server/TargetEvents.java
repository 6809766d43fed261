package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.PoolEvent;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import io.gantry.target.CopyStatus;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import io.gantry.target.Portals;
import io.gantry.target.SessionListener;
import io.gantry.target.SessionStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes events of what initiators do and what happens to the pool.
 *
 * <p>A host copies a large file by thousands of commands. So copies and tokens that end within a
 * second and are alike (the same initiator, command, ends, outcome and reason) are one event with
 * their sum, and only copies that go on for longer are told to have started, and how far they are:
 * each second at first, then ever more rarely, or a few long copies would push all else out of what
 * the daemon remembers.
 */
final class TargetEvents implements SessionListener, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TargetEvents.class.getName());
  private static final long PERIOD_MILLIS = 1000;

  /** Kinds of copies that are kept apart within a second; all others together are one. */
  private static final int MAXIMUM_KINDS = 64;

  /** Copies whose progress is told. */
  private static final int MAXIMUM_FOLLOWED = 64;

  /** What copies have in common that are told as one. */
  private record Kind(
      String initiator,
      String command,
      String source,
      String destination,
      CopyStatus.State state,
      String notOffloaded,
      String outcome) {
    private static final Kind OTHERS = new Kind("", "", "", "", CopyStatus.State.COMPLETED, "", "");

    static Kind of(CopyStatus copy) {
      return new Kind(
          copy.initiator(),
          copy.command(),
          copy.source(),
          copy.destination(),
          copy.state(),
          copy.notOffloaded(),
          copy.outcome());
    }
  }

  /** What copies of a kind did together. */
  private static final class Sum {
    private long count;
    private long wantedBytes;
    private long sharedBytes;
    private long copiedBytes;
    private long zeroedBytes;
    private long tookNanos;

    private void add(CopyStatus copy) {
      count++;
      wantedBytes += copy.wantedBytes();
      sharedBytes += copy.sharedBytes();
      copiedBytes += copy.copiedBytes();
      zeroedBytes += copy.zeroedBytes();
      tookNanos += copy.tookNanos();
    }
  }

  private final EventLog events;
  private volatile Runnable alsoNowAndThen = () -> {};
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("gantry-events").daemon().factory());

  private final Map<Kind, Sum> ended = new LinkedHashMap<>(); // guarded by itself

  // The clock's thread's own.
  private Map<Long, Pace> followed = new HashMap<>();
  private long checkpoint = -1;
  private long expired;

  private volatile @Nullable Watched watched;

  /** When to tell again how far a copy is: after a tenth of the time that it has taken. */
  static final class Pace {
    private int looks;
    private int next;

    /** Called each time that the copy is looked at. */
    boolean isDue() {
      if (looks++ < next) {
        return false;
      }
      next = looks + looks / 10;
      return true;
    }
  }

  /** What is looked at now and then. */
  private record Watched(Pool pool, PoolTarget target, IscsiTarget portal) {}

  /** Begins; what happens to the pool is told from here on. */
  TargetEvents(EventLog events) {
    this.events = events;
  }

  /** What else is to be done each second. */
  void alsoNowAndThen(Runnable work) {
    alsoNowAndThen = work;
  }

  /** What initiators do is told from here on. */
  void watch(Pool pool, PoolTarget target, IscsiTarget portal) {
    watched = new Watched(pool, target, portal);
    target.listen(this::copyEnded);
    portal.listen(this);
    var _ =
        clock.scheduleAtFixedRate(this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public void loggedIn(SessionStatus session) {
    if (!session.discovery()) {
      events.add(
          EventType.SESSION_LOGGED_IN,
          actor(session),
          "%s logged in".formatted(session.identity().initiatorName()),
          "initiator",
          session.identity().initiatorName(),
          "user",
          session.identity().user(),
          "portal",
          HostPort.of(session.portal()).toString(),
          "session",
          session.id());
    }
  }

  @Override
  public void loggedOut(SessionStatus session) {
    if (!session.discovery()) {
      events.add(
          EventType.SESSION_LOGGED_OUT,
          actor(session),
          "the session of %s has ended".formatted(session.identity().initiatorName()),
          "initiator",
          session.identity().initiatorName(),
          "user",
          session.identity().user(),
          "session",
          session.id(),
          "commands",
          session.traffic().commands(),
          "readBytes",
          session.traffic().dataInBytes(),
          "writtenBytes",
          session.traffic().dataOutBytes());
    }
  }

  @Override
  public void refused(InetAddress address, String problem) {
    events.add(EventType.SESSION_REFUSED, new EventLog.Actor(null, Portals.host(address)), problem);
  }

  private static EventLog.Actor actor(SessionStatus session) {
    InetAddress address = session.identity().address();
    return new EventLog.Actor(
        session.identity().initiatorName(), address == null ? null : Portals.host(address));
  }

  /** Something about the pool; called by a thread of the pool. */
  void happened(PoolEvent event) {
    switch (event) {
      case PoolEvent.TokenRevoked revoked ->
          events.add(
              EventType.TOKEN_REVOKED,
              EventLog.Actor.NOBODY,
              event.message(),
              "id",
              "%016x".formatted(revoked.token()),
              "volume",
              volume(revoked.volume()),
              "pinnedBytes",
              revoked.pinnedBytes(),
              "reason",
              revoked.reason().name().toLowerCase(Locale.ROOT));
      case PoolEvent.SpaceLow _, PoolEvent.Full _, PoolEvent.OwnershipLost _, PoolEvent.Stopped _ ->
          events.add(EventType.WARNING, EventLog.Actor.NOBODY, event.message());
      case PoolEvent.SpaceNoLongerLow _, PoolEvent.NoLongerFull _ ->
          events.add(EventType.WARNING_OVER, EventLog.Actor.NOBODY, event.message());
    }
  }

  private @Nullable String volume(int id) {
    Watched now = watched;
    return now == null ? null : now.pool.volume(id).map(Volume::name).orElse(null);
  }

  /** Called by the thread that carried the copy out. */
  private void copyEnded(CopyStatus copy) {
    Kind kind = Kind.of(copy);
    synchronized (ended) {
      Kind counted = ended.containsKey(kind) || ended.size() < MAXIMUM_KINDS ? kind : Kind.OTHERS;
      ended.computeIfAbsent(counted, _ -> new Sum()).add(copy);
    }
  }

  private void look() {
    try {
      Watched now = watched;
      if (now != null) {
        tellCopies(now);
        tellCheckpoint(now.pool);
        tellExpired(now.pool);
      }
      alsoNowAndThen.run();
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "events are missing", e); // and goes on
    }
  }

  private void tellCopies(Watched now) {
    Map<String, String> addresses = addresses(now);
    Map<Long, Pace> running = new HashMap<>();
    for (CopyStatus copy : now.target.copies()) {
      if (copy.state() == CopyStatus.State.RUNNING && running.size() < MAXIMUM_FOLLOWED) {
        Pace known = followed.get(copy.id());
        Pace pace = known == null ? new Pace() : known;
        running.put(copy.id(), pace);
        if (pace.isDue()) {
          tellRunning(copy, known != null, addresses);
        }
      }
    }
    followed = running;
    tellEndedCopies(addresses);
  }

  private void tellEndedCopies(Map<String, String> addresses) {
    Map<Kind, Sum> some;
    synchronized (ended) {
      some = new LinkedHashMap<>(ended);
      ended.clear();
    }
    some.forEach((kind, sum) ->
        tellEnded(kind, sum, new EventLog.Actor(kind.initiator, addresses.get(kind.initiator))));
  }

  private static Map<String, String> addresses(Watched now) {
    Map<String, String> addresses = new HashMap<>();
    for (SessionStatus session : now.portal.sessions()) {
      EventLog.Actor actor = actor(session);
      if (actor.name() != null && actor.address() != null) {
        addresses.put(actor.name(), actor.address());
      }
    }
    return addresses;
  }

  private void tellRunning(CopyStatus copy, boolean known, Map<String, String> addresses) {
    long done = copy.sharedBytes() + copy.copiedBytes() + copy.zeroedBytes();
    events.add(
        known ? EventType.COPY_PROGRESS : EventType.COPY_STARTED,
        new EventLog.Actor(copy.initiator(), addresses.get(copy.initiator())),
        known
            ? "copy %d: %,d of %,d bytes".formatted(copy.id(), done, copy.wantedBytes())
            : "copy %d from %s to %s goes on"
                .formatted(copy.id(), copy.source(), copy.destination()),
        "id",
        copy.id(),
        "command",
        copy.command(),
        "source",
        copy.source(),
        "destination",
        copy.destination(),
        "wantedBytes",
        copy.wantedBytes(),
        "doneBytes",
        done,
        "notOffloaded",
        orNull(copy.notOffloaded()));
  }

  private void tellEnded(Kind kind, Sum sum, EventLog.Actor actor) {
    boolean made =
        kind.command.equals("POPULATE_TOKEN") && kind.state == CopyStatus.State.COMPLETED;
    if (made) {
      events.add(
          EventType.TOKEN_CREATED,
          actor,
          "%s had %,d tokens made of %s".formatted(kind.initiator, sum.count, kind.source),
          "source",
          kind.source,
          "count",
          sum.count,
          "bytes",
          sum.wantedBytes);
      return;
    }
    events.add(
        EventType.COPY_ENDED,
        actor,
        message(kind, sum),
        "command",
        orNull(kind.command),
        "source",
        orNull(kind.source),
        "destination",
        orNull(kind.destination),
        "state",
        kind.equals(Kind.OTHERS) ? "various" : kind.state.name().toLowerCase(Locale.ROOT),
        "count",
        sum.count,
        "wantedBytes",
        sum.wantedBytes,
        "sharedBytes",
        sum.sharedBytes,
        "copiedBytes",
        sum.copiedBytes,
        "zeroedBytes",
        sum.zeroedBytes,
        "tookMillis",
        sum.tookNanos / 1_000_000,
        "notOffloaded",
        orNull(kind.notOffloaded),
        "outcome",
        orNull(kind.outcome));
  }

  private static String message(Kind kind, Sum sum) {
    if (kind.equals(Kind.OTHERS)) {
      return "%,d more copies ended".formatted(sum.count);
    }
    return "%s from %s to %s %s: %,d bytes shared, %,d moved, %,d zeroed%s%s"
        .formatted(
            sum.count == 1 ? "copy" : "%,d copies".formatted(sum.count),
            kind.source,
            kind.destination,
            kind.state.name().toLowerCase(Locale.ROOT),
            sum.sharedBytes,
            sum.copiedBytes,
            sum.zeroedBytes,
            kind.notOffloaded.isEmpty() ? "" : "; not offloaded: " + kind.notOffloaded,
            kind.outcome.isEmpty() ? "" : "; " + kind.outcome);
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private void tellCheckpoint(Pool pool) throws IOException {
    long newest = pool.statistics().checkpoint();
    if (checkpoint >= 0 && newest != checkpoint) {
      events.add(
          EventType.CHECKPOINT,
          EventLog.Actor.NOBODY,
          "checkpoint %d is written".formatted(newest),
          "number",
          newest);
    }
    checkpoint = newest;
  }

  private void tellExpired(Pool pool) throws IOException {
    long inAll = pool.activity().tokensEnded().getOrDefault(Token.End.EXPIRED, 0L);
    if (inAll > expired) {
      events.add(
          EventType.TOKEN_EXPIRED,
          EventLog.Actor.NOBODY,
          "%,d tokens were not used in time".formatted(inAll - expired),
          "count",
          inAll - expired);
    }
    expired = inAll;
  }

  /** Looks at nothing any more, before what it looks at goes. */
  void stopLooking() {
    clock.shutdown();
    try {
      if (!clock.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.log(System.Logger.Level.WARNING, "the last events are missing");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells what is still to be told. */
  @Override
  public void close() {
    clock.shutdown();
    tellEndedCopies(Map.of());
  }
}
