package io.gantry.target;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.SanitizeOverwriteList;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Erasure;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sanitizes volumes (SBC-3 4.11): each on a thread of its own, which no initiator can stop. What a
 * restart has interrupted goes on when the target is there again.
 */
final class Sanitizer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Sanitizer.class.getName());

  /** How fast a volume is overwritten at most, so that the I/O of the others goes on. */
  private static final long BYTES_PER_SECOND = 256 << 20;

  private static final int WHOLE = 0x10000; // of a progress indication

  /** A sanitize that goes on, or has failed. */
  private static final class Operation {
    final boolean unrestrictedExit;
    final @Nullable ScsiRequest request;
    final CompletableFuture<ScsiResponse> end = new CompletableFuture<>();
    volatile int progress;
    volatile boolean failed;

    Operation(boolean unrestrictedExit, @Nullable ScsiRequest request) {
      this.unrestrictedExit = unrestrictedExit;
      this.request = request;
    }
  }

  private final Pool pool;
  private final ThreadFactory factory;
  private final Map<Integer, Operation> operations = new ConcurrentHashMap<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private volatile boolean closing;

  Sanitizer(Pool pool, ThreadFactory factory) {
    this.pool = pool;
    this.factory = factory;
    for (Erasure erasure : pool.erasures()) {
      Operation operation = new Operation(true, null);
      operations.put(erasure.volumeId(), operation);
      start(erasure, operation);
    }
  }

  /** Whether there may be a volume on which commands are refused. */
  boolean isIdle() {
    return operations.isEmpty();
  }

  /** What the sanitizing of a volume says of it, or null if there is nothing to say. */
  @Nullable Sense state(Volume volume) {
    Operation operation = operations.get(volume.id());
    if (operation == null) {
      return null;
    }
    return operation.failed
        ? Sense.SANITIZE_FAILED
        : Sense.SANITIZE_IN_PROGRESS.withProgress(operation.progress);
  }

  /** Why a command cannot be carried out now, or null (SBC-3 4.11.2, 4.11.5). */
  @Nullable Sense refuse(Volume volume, Cdb cdb) {
    if (operations.isEmpty()) {
      return null;
    }
    Command command = cdb.command();
    boolean concerned =
        command.needs() != Command.Needs.NOTHING || command.access() == Command.Access.WRITE;
    Sense state = concerned ? state(volume) : null;
    boolean goesOn = cdb instanceof BlockCdb.Sanitize && Sense.SANITIZE_FAILED.equals(state);
    return goesOn ? null : state;
  }

  /**
   * SANITIZE.
   *
   * @param writesEnd waits until no write to the volume that was begun before is under way
   */
  CompletableFuture<ScsiResponse> execute(
      Volume volume, BlockCdb.Sanitize c, ScsiRequest request, Runnable writesEnd) {
    Erasure.Plan plan;
    switch (c.command()) {
      case SANITIZE_OVERWRITE -> {
        ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
        switch (SanitizeOverwriteList.decode(list, c.parameterListLength(), volume.blockBytes())) {
          case Decoded.Invalid<SanitizeOverwriteList>(Sense sense) -> {
            return UnitBlocks.refused(sense);
          }
          case Decoded.Valid<SanitizeOverwriteList>(SanitizeOverwriteList valid) ->
              plan = new Erasure.Plan(valid.passes(), valid.invert(), valid.block());
        }
      }
      case SANITIZE_BLOCK_ERASE -> plan = Erasure.Plan.zeros(volume.blockBytes());
      default -> {
        return UnitBlocks.done(exitFailureMode(volume));
      }
    }
    Operation operation = new Operation(c.unrestrictedExit(), request);
    Operation before = operations.putIfAbsent(volume.id(), operation);
    if (before != null && !(before.failed && operations.replace(volume.id(), before, operation))) {
      return UnitBlocks.refused(Sense.SANITIZE_IN_PROGRESS);
    }
    writesEnd.run();
    try {
      start(erasure(volume, plan), operation);
    } catch (IOException e) {
      operations.remove(volume.id());
      return UnitBlocks.refused(LogicalUnit.sense(c, volume, e));
    }
    ScsiResponse accepted = ScsiResponse.good(c.parameterListLength());
    return c.immediate()
        ? UnitBlocks.done(accepted)
        : operation.end.thenApply(ended -> ended.isGood() ? accepted : ended);
  }

  /** A new erasure, or the one that has failed and is tried again. */
  private Erasure erasure(Volume volume, Erasure.Plan plan) throws IOException {
    for (Erasure erasure : pool.erasures()) {
      if (erasure.volumeId() == volume.id()) {
        return erasure;
      }
    }
    return pool.erase(volume, plan);
  }

  private ScsiResponse exitFailureMode(Volume volume) {
    Operation operation = operations.get(volume.id());
    if (operation != null && operation.failed) {
      if (!operation.unrestrictedExit) {
        return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(1));
      }
      operations.remove(volume.id(), operation);
    }
    return ScsiResponse.good(0);
  }

  /** Nobody waits for the answer to a request any more; if it began a sanitize, that goes on. */
  @SuppressWarnings("ReferenceEquality") // that very request
  void abandon(ScsiRequest request) {
    for (Operation operation : operations.values()) {
      if (operation.request == request) {
        operation.end.complete(ScsiResponse.good(0));
      }
    }
  }

  private void start(Erasure erasure, Operation operation) {
    Thread thread = factory.newThread(() -> run(erasure, operation));
    thread.setName("gantry-sanitize-" + erasure.volumeId());
    threads.add(thread);
    thread.start();
  }

  private void run(Erasure erasure, Operation operation) {
    ScsiResponse answer = ScsiResponse.check(Sense.SANITIZE_FAILED);
    try {
      boolean done =
          erasure.run(
              BYTES_PER_SECOND,
              part -> {
                operation.progress = (int) Math.min(WHOLE - 1, (long) (part * WHOLE));
                return !closing;
              });
      if (done) {
        operations.remove(erasure.volumeId(), operation);
        answer = ScsiResponse.good(0);
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "sanitizing volume %d failed; it is tried again at the next start or SANITIZE"
              .formatted(erasure.volumeId()),
          e);
      operation.failed = true;
    } finally {
      threads.remove(Thread.currentThread());
      operation.end.complete(answer);
    }
  }

  /** Stops; what was begun goes on when the pool is served again. */
  @Override
  public void close() {
    closing = true;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
