package io.gantry.target;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The copy operations of a target: all that run, and the last {@value #HISTORY} that have ended.
 * Safe for use by several threads.
 */
final class CopyOperations {
  /** Ended operations that are remembered, for people; initiators ask for their results. */
  static final int HISTORY = 256;

  /** There are not so many codes for copies that failed. */
  private static final int REFUSALS_MAX = 64;

  private final LongSupplier nowMillis;
  private final LongSupplier nanos;
  private final AtomicLong nextId = new AtomicLong(1);
  private final Map<Long, CopyOperation> running = new ConcurrentHashMap<>();
  private final Map<CopyOperation.Name, CopyOperation> named = new ConcurrentHashMap<>();

  private volatile Consumer<CopyStatus> listener = _ -> {};

  // Guarded by this.
  private final Deque<CopyStatus> history = new ArrayDeque<>();
  private final Map<CopyStatus.State, Long> counts = new EnumMap<>(CopyStatus.State.class);
  private final Map<String, CopyCounts.OfCommand> commands = new TreeMap<>();
  private final Map<MoveReason, Long> moved = new EnumMap<>(MoveReason.class);
  private final Map<String, Long> refused = new TreeMap<>();
  private long late;
  private long waitedNanos;
  private long tokens;
  private long copies;
  private long sharedBytes;
  private long copiedBytes;
  private long zeroedBytes;

  /**
   * None yet.
   *
   * @param nowMillis the time of day, ms since 1970
   * @param nanos time to measure by
   */
  CopyOperations(LongSupplier nowMillis, LongSupplier nanos) {
    this.nowMillis = nowMillis;
    this.nanos = nanos;
  }

  long nanos() {
    return nanos.getAsLong();
  }

  /**
   * An operation begins.
   *
   * @param volume whose logical unit got the command
   * @param listIdentifier what the initiator calls it, if it gave it a name
   * @return null if an operation of that name runs: 05h/00h/16h
   */
  @Nullable CopyOperation begin(
      Nexus nexus, Volume volume, OptionalInt listIdentifier, Command command) {
    CopyOperation operation =
        new CopyOperation(
            this,
            nextId.getAndIncrement(),
            nexus,
            volume.id(),
            listIdentifier,
            command,
            volume.name(),
            nowMillis.getAsLong(),
            nanos());
    CopyOperation.Name name = operation.name();
    if (name != null && named.putIfAbsent(name, operation) != null) {
      return null;
    }
    running.put(operation.id(), operation);
    return operation;
  }

  /** Tells somebody, and nobody else, of operations that end from now on. */
  void listen(Consumer<CopyStatus> newListener) {
    listener = newListener;
  }

  /** Called by the operation itself. */
  void ended(CopyOperation operation, CopyStatus last) {
    synchronized (this) {
      history.addFirst(last);
      if (history.size() > HISTORY) {
        history.removeLast();
      }
      counts.merge(last.state(), 1L, Long::sum);
      count(operation, last);
      boolean did =
          last.state() == CopyStatus.State.COMPLETED || last.state() == CopyStatus.State.PARTIAL;
      if (did && operation.command() == Command.POPULATE_TOKEN) {
        tokens++;
      } else if (did) {
        copies++;
      }
      sharedBytes += last.sharedBytes();
      copiedBytes += last.copiedBytes();
      zeroedBytes += last.zeroedBytes();
    }
    CopyEvent.of(last);
    running.remove(operation.id());
    CopyOperation.Name name = operation.name();
    if (name != null) {
      named.remove(name, operation);
    }
    listener.accept(last);
  }

  private void count(CopyOperation operation, CopyStatus last) {
    CopyCounts.OfCommand before =
        commands.getOrDefault(last.command(), new CopyCounts.OfCommand(Map.of(), 0));
    Map<CopyStatus.State, Long> ended = new EnumMap<>(CopyStatus.State.class);
    ended.putAll(before.ended());
    ended.merge(last.state(), 1L, Long::sum);
    commands.put(
        last.command(), new CopyCounts.OfCommand(ended, before.nanos() + last.tookNanos()));
    MoveReason reason = operation.moveReason();
    if (reason != null) {
      moved.merge(reason, 1L, Long::sum);
    }
    Sense sense = operation.sense();
    if (sense != null && last.state() == CopyStatus.State.FAILED) {
      String code = "%x/%02x/%02x".formatted(sense.key(), sense.asc(), sense.ascq());
      if (refused.containsKey(code) || refused.size() < REFUSALS_MAX) {
        refused.merge(code, 1L, Long::sum);
      }
    }
  }

  /** One was ended since its time was over. */
  synchronized void late() {
    late++;
  }

  /** One has waited for its turn to move bytes. */
  synchronized void waited(long nanos) {
    waitedNanos += nanos;
  }

  /** What they came to. */
  synchronized CopyCounts counts() {
    return new CopyCounts(
        new TreeMap<>(commands), new TreeMap<>(moved), new TreeMap<>(refused), late, waitedNanos);
  }

  /** The operation of a name that runs now. */
  @Nullable CopyOperation running(CopyOperation.Name name) {
    return named.get(name);
  }

  /** How many run now. */
  int count() {
    return running.size();
  }

  /** How all stand that run, and how those ended that are remembered; newest first. */
  List<CopyStatus> list() {
    List<CopyStatus> all =
        new ArrayList<>(running.values().stream().map(CopyOperation::status).toList());
    synchronized (this) {
      List<Long> seen = all.stream().map(CopyStatus::id).toList();
      history.stream().filter(ended -> !seen.contains(ended.id())).forEach(all::add);
    }
    all.sort((a, b) -> Long.compare(b.id(), a.id()));
    return all;
  }

  /** Asks an operation to end; whether it runs. */
  boolean stop(long id, String reason) {
    CopyOperation operation = running.get(id);
    if (operation != null) {
      operation.stop(reason);
    }
    return operation != null;
  }

  /** Nobody waits for the answer to a request any more: what it began in the foreground ends. */
  void abandon(ScsiRequest request) {
    running.values().stream()
        .filter(operation -> operation.carriesOut(request))
        .forEach(operation -> operation.stop("the command was aborted"));
  }

  /** Asks some operations to end; completes when they have. */
  CompletableFuture<Void> stop(Predicate<CopyOperation> which, String reason) {
    List<CopyOperation> stopped = running.values().stream().filter(which).toList();
    stopped.forEach(operation -> operation.stop(reason));
    return CompletableFuture.allOf(
        stopped.stream().map(CopyOperation::ended).toArray(CompletableFuture<?>[]::new));
  }

  /** What all of them did. */
  synchronized CopyStatistics statistics() {
    return new CopyStatistics(
        running.size(),
        tokens,
        copies,
        counts.getOrDefault(CopyStatus.State.PARTIAL, 0L),
        counts.getOrDefault(CopyStatus.State.FAILED, 0L),
        counts.getOrDefault(CopyStatus.State.ABORTED, 0L),
        sharedBytes,
        copiedBytes,
        zeroedBytes);
  }
}
