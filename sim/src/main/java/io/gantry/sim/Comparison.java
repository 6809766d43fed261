package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;
import static io.gantry.sim.PoolModel.MOST_BLOCKS;

import io.gantry.sim.History.Operation;
import io.gantry.sim.History.Seen;
import io.gantry.sim.PoolModel.SnapshotModel;
import io.gantry.sim.PoolModel.TokenModel;
import io.gantry.sim.PoolModel.VolumeModel;
import io.gantry.store.Extent;
import io.gantry.store.Pool;
import io.gantry.store.Snapshot;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Compares what a pool holds with what it may hold. Whatever it may not is an AssertionError. */
final class Comparison {
  /** Of a token of very many extents so many are looked at. */
  private static final int MOST_EXTENTS = 12;

  private final PoolModel model;
  private final long flushed;
  private boolean crashed;

  Comparison(PoolModel model) {
    this.model = model;
    this.flushed = model.flushed();
  }

  /** All of a pool that nobody uses at the moment. */
  void all(Pool pool, long nowMillis) throws IOException {
    Map<VolumeModel, Volume> volumes = volumes(pool);
    Map<Long, TokenModel> tokens = tokens(pool, nowMillis);
    Map<SnapshotModel, Snapshot> snapshots = snapshots(pool, volumes);
    for (Map.Entry<VolumeModel, Volume> entry : volumes.entrySet()) {
      contents(entry.getKey(), entry.getValue());
    }
    snapshotContents(pool, snapshots);
    tokenContents(pool, tokens);
  }

  /**
   * All of a pool that was opened after a crash; from then on the model holds what was found.
   *
   * @param safe whether no power loss can take back what is found; after the mere death of a
   *     process it can, as long as nobody has synced what that process wrote
   * @param openedMillis the clock before it was opened
   */
  void recovered(Pool pool, boolean safe, long openedMillis, long nowMillis) throws IOException {
    crashed = true;
    Map<VolumeModel, Volume> volumes = volumes(pool);
    Map<Long, TokenModel> tokens = tokens(pool, nowMillis);
    Map<SnapshotModel, Snapshot> snapshots = snapshots(pool, volumes);
    Operation recovery = model.begin();
    if (safe) {
      model.succeededDurably(recovery);
    } else {
      model.succeeded(recovery);
    }
    for (Map.Entry<VolumeModel, Volume> entry : volumes.entrySet()) {
      collapse(entry.getKey(), entry.getValue(), safe, recovery);
    }
    model.volumes.removeIf(volume -> !volumes.containsKey(volume));
    snapshotContents(pool, snapshots);
    model.snapshots.removeIf(snapshot -> !snapshots.containsKey(snapshot));
    model.snapshots.forEach(snapshot -> snapshot.exists.becomes(true, recovery));
    model.tokens.clear();
    model.unnumbered.clear();
    model.tokens.putAll(tokens);
    tokens
        .values()
        .forEach(token -> {
          token.lives.becomes(true, recovery);
          token.restarted(openedMillis, nowMillis);
        });
    tokenContents(pool, tokens);
  }

  private <T> List<Seen<T>> seen(History<T> history) {
    return crashed ? history.afterCrash(flushed) : history.between(model.now(), model.now());
  }

  private <T> boolean could(History<T> history, T value) {
    return seen(history).stream().anyMatch(seen -> seen.value().equals(value));
  }

  private <T> void require(History<T> history, T value, String what) {
    if (!could(history, value)) {
      throw new AssertionError("%s is %s, not one of %s".formatted(what, value, seen(history)));
    }
  }

  // Volumes

  private Map<VolumeModel, Volume> volumes(Pool pool) {
    Map<VolumeModel, Volume> found = new LinkedHashMap<>();
    for (Volume volume : pool.volumes()) {
      VolumeModel match = null;
      for (VolumeModel candidate : model.volumes) {
        if (could(candidate.exists, true) && could(candidate.name, volume.name())) {
          match = candidate;
        }
      }
      if (match == null || found.containsKey(match)) {
        throw new AssertionError("there should be no volume " + volume.name());
      }
      found.put(match, volume);
    }
    for (VolumeModel volume : model.volumes) {
      if (!found.containsKey(volume) && !could(volume.exists, false)) {
        throw new AssertionError("volume %s is gone".formatted(seen(volume.name)));
      }
    }
    return found;
  }

  private int size(Volume volume) {
    return (int) ((volume.sizeBytes() - model.base()) / BLOCK);
  }

  private long[] contents(VolumeModel expected, Volume volume) throws IOException {
    require(expected.size, size(volume), "size of " + volume.name());
    require(expected.readOnly, volume.readOnly(), "protection of " + volume.name());
    requireEmpty(volume, 0, model.base());
    requireEmpty(volume, model.base() + (long) MOST_BLOCKS * BLOCK, volume.sizeBytes());
    long[] stamps = read(volume, 0, Math.min(size(volume), MOST_BLOCKS));
    blocks(expected, volume.name(), 0, stamps, crashed ? flushed : model.now());
    return stamps;
  }

  private static void requireEmpty(Volume volume, long from, long to) throws IOException {
    // The last block of the model may share its chunk with what is behind it.
    long begin = (from + Simulation.CHUNK - 1) / Simulation.CHUNK * Simulation.CHUNK;
    if (begin < to) {
      Volume.Allocation run = volume.allocation(begin, to);
      if (run.mapped() || run.end() < to) {
        throw new AssertionError("%s has data at %d to %d".formatted(volume.name(), begin, to));
      }
    }
  }

  private long[] read(Volume volume, int block, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count * BLOCK);
    volume.read(model.base() + (long) block * BLOCK, bytes);
    return Stamps.decode(bytes);
  }

  /** Some blocks of a volume were read at some time since an instant. */
  void blocks(VolumeModel expected, int first, long[] stamps, long from) {
    blocks(expected, "volume " + seen(expected.name), first, stamps, from);
  }

  /** Some blocks were read by an operation that has ended; later ones must find the same. */
  void blocks(VolumeModel expected, int first, long[] stamps, Operation reading) {
    blocks(expected, first, stamps, reading.begin);
    for (int i = 0; i < stamps.length; i++) {
      History<Contents> history = expected.blocks.get(first + i);
      List<Seen<Contents>> seen = history.between(reading.begin, model.now());
      long stamp = stamps[i];
      if (seen.size() > 1) {
        // Not the candidate that has the stamp: another may have it, too, and be the one.
        history.seen(stamp == 0 ? Contents.ZERO : new Contents(stamp), reading);
      }
    }
  }

  private void blocks(VolumeModel expected, String what, int first, long[] stamps, long from) {
    for (int i = 0; i < stamps.length; i++) {
      History<Contents> history = expected.blocks.get(first + i);
      List<Seen<Contents>> seen =
          crashed ? history.afterCrash(from) : history.between(from, model.now());
      Contents contents = Contents.anyOf(seen);
      contents.require(what, first + i, stamps[i]);
      contents.is(stamps[i]);
    }
  }

  private void collapse(VolumeModel expected, Volume volume, boolean safe, Operation recovery)
      throws IOException {
    long[] stamps = contents(expected, volume);
    for (int i = 0; i < MOST_BLOCKS; i++) {
      long stamp = i < stamps.length ? stamps[i] : 0;
      Contents found = stamp == 0 ? Contents.ZERO : new Contents(stamp);
      if (safe) {
        expected.blocks.get(i).becomes(found, recovery);
      } else {
        expected.blocks.get(i).add(found, recovery);
      }
    }
    expected.exists.becomes(true, recovery);
    expected.name.becomes(volume.name(), recovery);
    expected.size.becomes(size(volume), recovery);
    expected.readOnly.becomes(volume.readOnly(), recovery);
    model.ready(expected);
  }

  // Snapshots

  private Map<SnapshotModel, Snapshot> snapshots(Pool pool, Map<VolumeModel, Volume> volumes) {
    Map<SnapshotModel, Snapshot> found = new LinkedHashMap<>();
    volumes.forEach((volume, live) -> {
      for (Snapshot snapshot : pool.snapshots(live)) {
        SnapshotModel match = null;
        for (SnapshotModel candidate : model.snapshots) {
          if (candidate.name.equals(snapshot.name()) && candidate.volume.equals(volume)) {
            match = candidate;
          }
        }
        if (match == null || !could(match.exists, true)) {
          throw new AssertionError("there should be no snapshot " + snapshot.name());
        }
        found.put(match, snapshot);
      }
    });
    for (SnapshotModel snapshot : model.snapshots) {
      if (!found.containsKey(snapshot) && !could(snapshot.exists, false)) {
        throw new AssertionError("snapshot %s is gone".formatted(snapshot.name));
      }
    }
    return found;
  }

  private void snapshotContents(Pool pool, Map<SnapshotModel, Snapshot> snapshots)
      throws IOException {
    for (Map.Entry<SnapshotModel, Snapshot> entry : snapshots.entrySet()) {
      Snapshot snapshot = entry.getValue();
      Volume clone = pool.cloneSnapshot(snapshot, "check");
      int size = size(clone);
      if (!entry.getKey().sizes().contains(size)) {
        throw new AssertionError("size of snapshot %s is %d".formatted(snapshot.name(), size));
      }
      String what = "snapshot " + snapshot.name();
      image(entry.getKey().image()).read(what, 0, read(clone, 0, Math.min(size, MOST_BLOCKS)));
      pool.deleteVolume(clone);
    }
  }

  private static Image image(@Nullable Image image) {
    if (image == null) {
      throw new AssertionError("what is still being made is there already");
    }
    return image;
  }

  // Tokens

  private Map<Long, TokenModel> tokens(Pool pool, long nowMillis) {
    Map<Long, TokenModel> found = new LinkedHashMap<>();
    if (model.isWithoutTokens()) {
      return found;
    }
    for (Token token : pool.tokens()) {
      TokenModel known = model.tokens.get(token.number());
      if (known == null && crashed) {
        known = unnumbered(token);
      }
      if (known == null || !could(known.lives, true)) {
        throw new AssertionError("there should be no token %x".formatted(token.number()));
      }
      found.put(token.number(), known);
    }
    for (Iterator<Map.Entry<Long, TokenModel>> i = model.tokens.entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<Long, TokenModel> entry = i.next();
      if (!found.containsKey(entry.getKey())
          && !could(entry.getValue().lives, false)
          && !entry.getValue().mayBeOver(nowMillis)
          && !wasRevoked(pool, entry.getKey())) {
        throw new AssertionError("token %x is gone".formatted(entry.getKey()));
      }
    }
    return found;
  }

  /** A token that was being made when the pool was cut off. */
  private @Nullable TokenModel unnumbered(Token token) {
    for (TokenModel candidate : model.unnumbered) {
      if (candidate.extents.equals(token.extents())) {
        model.unnumbered.remove(candidate);
        return candidate;
      }
    }
    return null;
  }

  /** Whether the pool took a token back, as it may when it needs space. */
  private static boolean wasRevoked(Pool pool, long number) {
    return pool.ended(number).equals(Optional.of(Token.End.REVOKED));
  }

  /** A token was not there at some time since an instant. */
  void tokenGone(Pool pool, long number, TokenModel token, long from, long nowMillis) {
    boolean ended = token.lives.could(false, from, model.now());
    if (!ended && !token.mayBeOver(nowMillis) && !wasRevoked(pool, number)) {
      throw new AssertionError("token %x is gone".formatted(number));
    }
    if (!ended) {
      Operation expiry = model.begin();
      token.lives.add(false, expiry);
      model.succeeded(expiry);
    }
  }

  private void tokenContents(Pool pool, Map<Long, TokenModel> tokens) throws IOException {
    if (tokens.isEmpty()) {
      return;
    }
    long size = model.base() + (long) MOST_BLOCKS * BLOCK;
    Volume copy = pool.createVolume("check", size, BLOCK);
    for (Map.Entry<Long, TokenModel> entry : tokens.entrySet()) {
      tokenContents(pool, entry.getKey(), entry.getValue(), copy);
    }
    pool.deleteVolume(copy);
  }

  private void tokenContents(Pool pool, long number, TokenModel expected, Volume copy)
      throws IOException {
    long before = 0;
    List<Extent> extents = new ArrayList<>(expected.extents);
    for (int i = 0; i < extents.size(); i++) {
      Extent extent = extents.get(i);
      long from = Math.max(extent.offset(), model.base());
      long to = Math.min(extent.end(), model.base() + (long) MOST_BLOCKS * BLOCK);
      if (from < to && (i < MOST_EXTENTS || i + 1 == extents.size())) {
        Token token = pool.token(number).orElse(null);
        if (token == null) {
          return; // its time was over meanwhile
        }
        long copied =
            pool.copy(token, before + from - extent.offset(), copy, from, to - from).totalBytes();
        if (copied == to - from) {
          int block = (int) ((from - model.base()) / BLOCK);
          String what = "token %x".formatted(number);
          image(expected.image()).read(what, block, read(copy, block, (int) ((to - from) / BLOCK)));
        }
        copy.zero(from, to - from);
      }
      before += extent.length();
    }
  }
}
