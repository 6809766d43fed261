package io.gantry.sim;

import io.gantry.scsi.CscdDescriptor;
import io.gantry.sim.History.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the initiators of a simulation know of a logical unit, besides what its blocks hold. */
final class OffloadUnit {
  private static final int CHUNK_BLOCKS = Simulation.CHUNK / PoolModel.BLOCK;
  private static final int MANY = 16;

  /** Who has reserved a logical unit, and whether others may not even read it. */
  record Holder(String name, boolean exclusive) {
    static final Holder NOBODY = new Holder("", false);

    /** Whether another may not do something. */
    boolean conflicts(String other, boolean writes) {
      return !equals(NOBODY) && !name.equals(other) && (writes || exclusive);
    }
  }

  final History<Holder> holder = new History<>(Holder.NOBODY, PoolModel.ALWAYS);

  /** What it calls itself in EXTENDED COPY; null as long as nobody has asked. */
  @Nullable CscdDescriptor descriptor;

  /** By chunk, what may have changed something in it; and what of that was no write. */
  private final Map<Integer, List<Operation>> changes = new HashMap<>();

  private final Map<Integer, List<Operation>> otherChanges = new HashMap<>();

  /** By block, the last write of which it is known that it was. */
  private final Map<Integer, Operation> writes = new HashMap<>();

  private int sanitizesUnderWay;
  private @Nullable Operation lastSanitize;
  private boolean sanitizing;

  // Changes

  /** An operation begins that changes blocks. */
  void changing(int[] blocks, Operation operation, boolean isWrite) {
    for (int block : blocks) {
      note(changes, block, operation);
      if (!isWrite) {
        note(otherChanges, block, operation);
      }
    }
  }

  private static void note(Map<Integer, List<Operation>> byChunk, int block, Operation operation) {
    List<Operation> noted = byChunk.computeIfAbsent(block / CHUNK_BLOCKS, _ -> new ArrayList<>());
    if (noted.contains(operation)) {
      return;
    }
    noted.add(operation);
    if (noted.size() > MANY) {
      long last =
          noted.stream()
              .mapToLong(Operation::end)
              .filter(end -> end < Operation.NEVER)
              .max()
              .orElse(0);
      noted.removeIf(each -> each.wasOver(last)); // the last one tells as much as all
    }
  }

  /** A write was acknowledged. */
  void wrote(int[] blocks, Operation operation) {
    for (int block : blocks) {
      writes.merge(block, operation, (a, b) -> a.begin > b.begin ? a : b);
    }
  }

  /** A crash: writes that were acknowledged may be undone. */
  void crashed() {
    writes.clear();
  }

  /** Whether a chunk of some blocks may have been changed since an operation began. */
  boolean mayHaveChanged(int[] blocks, Operation since) {
    for (int block : blocks) {
      List<Operation> noted = changes.getOrDefault(block / CHUNK_BLOCKS, List.of());
      if (noted.stream().anyMatch(change -> !change.wasOver(since.begin))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether one of some blocks was certainly written after an operation had ended, and nothing can
   * have put its chunk back.
   *
   * @param before an instant at which the write must have been over
   */
  boolean mustHaveChanged(int[] blocks, Operation since, long before) {
    for (int block : blocks) {
      Operation write = writes.get(block);
      if (write != null
          && write.begin > since.end()
          && write.wasOver(before)
          && otherChanges.getOrDefault(block / CHUNK_BLOCKS, List.of()).stream()
              .allMatch(other -> other.wasOver(write.begin))) {
        return true;
      }
    }
    return false;
  }

  // SANITIZE

  /** Somebody sends SANITIZE. */
  void sanitize(Operation operation) {
    sanitizesUnderWay++;
    sanitizing = true;
    lastSanitize = operation;
  }

  /** SANITIZE was answered, or never will be. */
  void sanitizeAnswered() {
    sanitizesUnderWay--;
  }

  /** Whether it may be being sanitized now. */
  boolean maySanitize() {
    return sanitizing;
  }

  /** Whether it may have been since an operation began. */
  boolean mayHaveSanitized(Operation since) {
    return sanitizing || (lastSanitize != null && !lastSanitize.wasOver(since.begin));
  }

  /** A command that began at an instant was carried out. */
  void notSanitizing(long beganAt) {
    if (sanitizesUnderWay == 0 && lastSanitize != null && lastSanitize.wasOver(beganAt)) {
      sanitizing = false;
    }
  }
}
