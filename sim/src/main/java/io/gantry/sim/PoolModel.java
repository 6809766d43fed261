package io.gantry.sim;

import io.gantry.sim.History.Operation;
import io.gantry.sim.History.Seen;
import io.gantry.store.Extent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a pool may hold, by what its clients did to it and when.
 *
 * <p>Every block that is written carries a stamp of its own; so of each block read it can be said
 * where it comes from. Only {@link #MOST_BLOCKS} blocks of each volume are ever written, from
 * {@link #base} on: what is before them and behind them makes page tables higher and must stay
 * empty. The model has a clock of its own, which ticks with every beginning and end of an
 * operation.
 */
final class PoolModel {
  static final int BLOCK = 512;
  static final int MOST_BLOCKS = 350;

  final List<VolumeModel> volumes = new ArrayList<>();
  final List<SnapshotModel> snapshots = new ArrayList<>();
  final Map<Long, TokenModel> tokens = new LinkedHashMap<>();

  /** Tokens that are being made, whose numbers are not known yet. */
  final List<TokenModel> unnumbered = new ArrayList<>();

  /** What is to be done when an operation ends, or was cut off: what it copied is known then. */
  private final Map<Operation, Runnable> unfinished = new LinkedHashMap<>();

  private final long base;
  private long now;

  /** When the last operation began that made everything before it durable. */
  private long flushed;

  private boolean withoutTokens;
  private long lastStamp;
  private int lastName;

  /**
   * Makes the model of an empty pool.
   *
   * @param base offset of the first block that is ever written, bytes
   */
  PoolModel(long base) {
    this.base = base;
  }

  /** A volume. Its size is in blocks from {@link #base} on. */
  static final class VolumeModel {
    final History<Boolean> exists;
    final History<String> name;
    final History<Integer> size;
    final History<Boolean> readOnly;
    final List<History<Contents>> blocks = new ArrayList<>(MOST_BLOCKS);
    private boolean ready;

    VolumeModel(String name, Operation creation) {
      this.exists = new History<>(false, ALWAYS);
      this.exists.add(true, creation);
      this.name = new History<>(name, creation);
      this.size = new History<>();
      this.readOnly = new History<>(false, creation);
      for (int i = 0; i < MOST_BLOCKS; i++) {
        blocks.add(new History<>(Contents.ZERO, ALWAYS));
      }
    }

    /** What the blocks may hold that were frozen at one instant between two. */
    Image freeze(long from, long to) {
      return new Image(blocks.stream().map(b -> b.between(from, to)).toList(), from, to);
    }
  }

  /** A snapshot. */
  static final class SnapshotModel {
    final VolumeModel volume;
    final String name;
    final History<Boolean> exists;
    private @Nullable Image image;
    private List<Integer> sizes = List.of();

    SnapshotModel(VolumeModel volume, String name, Operation creation) {
      this.volume = volume;
      this.name = name;
      this.exists = new History<>(false, ALWAYS);
      this.exists.add(true, creation);
    }

    /** What it holds; null while it is being made. */
    @Nullable Image image() {
      return image;
    }

    /** The sizes that it may have. */
    List<Integer> sizes() {
      return sizes;
    }

    void freeze(Operation creation, long now) {
      image = volume.freeze(creation.begin, now);
      sizes = volume.size.between(creation.begin, now).stream().map(Seen::value).toList();
    }
  }

  /** A token. */
  static final class TokenModel {
    final VolumeModel volume;
    final List<Extent> extents;
    final long timeoutMillis;
    final History<Boolean> lives;
    private @Nullable Image image;
    private int copies;
    private boolean ending;

    /** The pool's clock when it was used last, as far as that is known. */
    private long usedFromMillis;

    private long usedToMillis;

    TokenModel(
        VolumeModel volume,
        List<Extent> extents,
        long timeoutMillis,
        Operation creation,
        long nowMillis) {
      this.volume = volume;
      this.extents = extents;
      this.timeoutMillis = timeoutMillis;
      this.lives = new History<>(false, ALWAYS);
      this.lives.add(true, creation);
      used(nowMillis, nowMillis);
    }

    /** What the blocks held of the volume that it was made of; null while it is being made. */
    @Nullable Image image() {
      return image;
    }

    void setImage(Image to) {
      image = to;
    }

    private void used(long fromMillis, long toMillis) {
      usedFromMillis = fromMillis;
      usedToMillis = toMillis;
    }

    /** No copy runs any more, and the restart counts as a use. */
    void restarted(long fromMillis, long toMillis) {
      copies = 0;
      ending = false;
      used(fromMillis, toMillis);
    }

    /** Somebody ends it: nobody finds it any more, but copies that run go on. */
    void end(Operation operation) {
      ending = true;
      lives.add(false, operation);
    }

    boolean isCopied() {
      return copies > 0;
    }

    /** Whether it was ended while it was copied, and the last copy is over now. */
    boolean isEnding() {
      return ending && copies == 0;
    }

    void beginCopy() {
      copies++;
    }

    /**
     * A copy has ended.
     *
     * @param fromMillis when it was used for sure, or 0 if it may not have been
     */
    void endCopy(long fromMillis, long toMillis) {
      copies--;
      usedFromMillis = Math.max(usedFromMillis, fromMillis);
      usedToMillis = Math.max(usedToMillis, toMillis);
    }

    boolean mayBeOver(long nowMillis) {
      return nowMillis - usedFromMillis > timeoutMillis;
    }

    boolean mustBeOver(long nowMillis) {
      return copies == 0 && nowMillis - usedToMillis > timeoutMillis;
    }
  }

  /** What was so before anything happened. */
  static final Operation ALWAYS = always();

  private static Operation always() {
    Operation operation = new Operation(0);
    operation.succeeded(0);
    return operation;
  }

  long base() {
    return base;
  }

  /** Somebody else keeps track of the tokens. */
  void leaveTokens() {
    withoutTokens = true;
  }

  boolean isWithoutTokens() {
    return withoutTokens;
  }

  long now() {
    return now;
  }

  long flushed() {
    return flushed;
  }

  Operation begin() {
    return new Operation(++now);
  }

  /** Begins an operation of which it is known only at its end what it has copied. */
  Operation begin(Consumer<Operation> atEnd) {
    Operation operation = begin();
    unfinished.put(operation, () -> atEnd.accept(operation));
    return operation;
  }

  private void finish(Operation operation) {
    Runnable atEnd = unfinished.remove(operation);
    if (atEnd != null) {
      atEnd.run();
    }
  }

  void succeeded(Operation operation) {
    operation.succeeded(++now);
    finish(operation);
  }

  /** The operation has succeeded, and everything that had before it began is durable, too. */
  void succeededDurably(Operation operation) {
    operation.succeededDurably(++now);
    flushed = Math.max(flushed, operation.begin);
    finish(operation);
  }

  /** The operation has succeeded, and is durable itself; what was before it need not be. */
  void succeededItselfDurably(Operation operation) {
    operation.succeededDurably(++now);
    finish(operation);
  }

  void failed(Operation operation) {
    operation.failed(++now);
    finish(operation);
  }

  /** No operation will end any more. */
  void cutOff() {
    now++;
    List.copyOf(unfinished.keySet()).forEach(this::finish);
  }

  long newStamp() {
    return ++lastStamp;
  }

  String newName(String prefix) {
    return prefix + lastName++;
  }

  /** A new volume, which others may use when its making has ended. */
  VolumeModel addVolume(String name, Operation creation) {
    VolumeModel volume = new VolumeModel(name, creation);
    volumes.add(volume);
    return volume;
  }

  void ready(VolumeModel volume) {
    volume.ready = true;
  }

  /** Volumes that may exist now, and whose making has ended. */
  List<VolumeModel> existing() {
    return volumes.stream()
        .filter(volume -> volume.ready && volume.exists.could(true, now, now))
        .toList();
  }

  /** Snapshots that may exist now, and whose making has ended. */
  List<SnapshotModel> existingSnapshots() {
    return snapshots.stream()
        .filter(snapshot -> snapshot.image != null && snapshot.exists.could(true, now, now))
        .toList();
  }

  /** Tokens that may live now. */
  List<Long> living() {
    return tokens.entrySet().stream()
        .filter(entry -> entry.getValue().lives.could(true, now, now))
        .map(Map.Entry::getKey)
        .toList();
  }
}
