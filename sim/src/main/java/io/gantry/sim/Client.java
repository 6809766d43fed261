package io.gantry.sim;

import static io.gantry.sim.PoolModel.BLOCK;
import static io.gantry.sim.PoolModel.MOST_BLOCKS;

import io.gantry.sim.History.Operation;
import io.gantry.sim.PoolModel.SnapshotModel;
import io.gantry.sim.PoolModel.TokenModel;
import io.gantry.sim.PoolModel.VolumeModel;
import io.gantry.store.CopyResult;
import io.gantry.store.Extent;
import io.gantry.store.NoSpaceException;
import io.gantry.store.OutOfRangeException;
import io.gantry.store.Pool;
import io.gantry.store.ReadOnlyVolumeException;
import io.gantry.store.Scrub;
import io.gantry.store.Snapshot;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import io.gantry.store.VolumeGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Does what users do to a pool, at random, and tells the model. Several do so at once, to the same
 * volumes, snapshots and tokens.
 */
final class Client {
  /*
   * Each operation is noted in the model before it begins, so that others who look meanwhile know
   * that it may have taken effect, and again when it has ended. When the pool was cut off (a crash,
   * another owner) no end is noted any more: what was under way may have come to something or not.
   */
  private static final int CHUNK_BLOCKS = Simulation.CHUNK / BLOCK;

  /** In a lazy session nobody waits for a commit, so that much is committed at once. */
  private static final int FIRST_DURABLE = 29;

  private static final int MOST_VOLUMES = 5;
  private static final int MOST_SNAPSHOTS = 6;
  private static final int MOST_TOKENS = 12;

  /** A size that fills several pages of the lowest level. */
  private static final int LARGE_BLOCKS = 24 << 11;

  private static final long LONG_MILLIS = 3_600_000;

  private final Session session;
  private final Pool pool;
  private final PoolModel model;
  private final RandomGenerator random;

  Client(Session session) {
    this.session = session;
    this.pool = session.pool();
    this.model = session.model();
    this.random = session.random();
  }

  /** What one operation does to the pool. */
  private interface Call {
    /** Whether all of it was done. */
    boolean run() throws IOException;
  }

  /** The session has ended, under this client's feet. */
  static final class CutOff extends Exception {
    private static final long serialVersionUID = 1;
  }

  private static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(IllegalArgumentException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** One operation. */
  void step() throws CutOff {
    List<VolumeModel> volumes = model.existing();
    if (volumes.isEmpty() || (volumes.size() < MOST_VOLUMES && random.nextInt(25) == 0)) {
      create();
      return;
    }
    VolumeModel volume = pick(volumes);
    switch (random.nextInt(session.isLazy() ? FIRST_DURABLE : 40)) {
      case 0, 1, 2, 3, 4, 5, 6, 7, 8 -> write(volume);
      case 9, 10, 11, 12, 13 -> read(volume);
      case 14, 15 -> zero(volume);
      case 17, 18, 19, 20 -> freeze(volume);
      case 21, 22, 23, 24, 25, 26 -> copy(volume);
      case 27, 28 -> end();
      case 29, 30 -> flush(volume);
      case 31 -> checkpoint(volume);
      case 16, 32, 33 -> scrub();
      case 34 -> session.sleep(random.nextInt(4_000_000));
      case 35 -> snapshot(volume);
      case 36 -> useSnapshot();
      case 37 -> resize(volume);
      case 38 -> cloneVolume(volume);
      default -> administer(volume);
    }
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  // How operations end

  private void requireInSession() throws CutOff {
    if (session.isOver()) {
      throw new CutOff();
    }
  }

  /** Makes a call whose effects are noted; whether it did what it should. */
  private boolean attempt(Operation operation, boolean durable, VolumeModel volume, Call call)
      throws CutOff {
    try {
      boolean done = call.run();
      requireInSession();
      if (!done) {
        model.failed(operation);
      } else if (durable) {
        model.succeededDurably(operation);
      } else {
        model.succeeded(operation);
      }
      return done;
    } catch (IOException e) {
      requireInSession();
      model.failed(operation);
      requireAllowed(e, operation, volume);
      return false;
    }
  }

  private void requireAllowed(IOException e, Operation operation, VolumeModel volume)
      throws CutOff {
    boolean allowed =
        switch (e) {
          case VolumeGoneException _ -> volume.exists.could(false, operation.begin, model.now());
          case ReadOnlyVolumeException _ ->
              volume.readOnly.could(true, operation.begin, model.now());
          case OutOfRangeException _ ->
              volume.size.between(operation.begin, model.now()).stream()
                  .anyMatch(size -> size.value() < LARGE_BLOCKS);
          case NoSpaceException _ -> session.mayBeFull();
          case Refused _ -> true;
          default -> session.mayFail();
        };
    if (!allowed) {
      throw new AssertionError("an operation failed for no reason", e);
    }
    if (session.hasStopped(e)) {
      throw new CutOff();
    }
  }

  private static boolean refusing(Call call) throws IOException {
    try {
      return call.run();
    } catch (IllegalArgumentException e) {
      throw new Refused(e);
    }
  }

  private Optional<Volume> find(VolumeModel volume) {
    for (History.Seen<String> name : volume.name.between(model.now(), model.now())) {
      Optional<Volume> found = pool.volume(name.value());
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  // Reading and writing

  /** Some blocks of a volume. */
  private record Range(int block, int count) {
    long offset(PoolModel model) {
      return model.base() + (long) block * BLOCK;
    }

    long length() {
      return (long) count * BLOCK;
    }
  }

  private int blocks(VolumeModel volume) {
    int size = volume.size.between(model.now(), model.now()).getLast().value();
    return Math.min(size, MOST_BLOCKS);
  }

  /** Short or long, now and then whole chunks. */
  private Range range(int blocks) {
    int block = random.nextInt(blocks);
    int most = blocks - block;
    int count = 1 + random.nextInt(random.nextBoolean() ? Math.min(most, 40) : most);
    if (random.nextInt(3) == 0) {
      block -= block % CHUNK_BLOCKS;
      count = Math.min(Math.ceilDiv(count, CHUNK_BLOCKS) * CHUNK_BLOCKS, blocks - block);
    }
    return new Range(block, count);
  }

  private void write(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty()) {
      return;
    }
    Range range = range(blocks(volume));
    long[] stamps = new long[range.count];
    Operation operation = model.begin();
    for (int i = 0; i < range.count; i++) {
      stamps[i] = model.newStamp();
      volume.blocks.get(range.block + i).add(new Contents(stamps[i]), operation);
    }
    ByteBuffer bytes = Stamps.encode(stamps);
    attempt(
        operation,
        false,
        volume,
        () -> {
          found.get().write(range.offset(model), bytes);
          return true;
        });
    // It is the caller's again, whatever came of the write.
    Stamps.spoil(bytes);
  }

  private void zero(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty()) {
      return;
    }
    Range range = range(blocks(volume));
    Operation operation = model.begin();
    for (int i = 0; i < range.count; i++) {
      volume.blocks.get(range.block + i).add(Contents.ZERO, operation);
    }
    attempt(
        operation,
        false,
        volume,
        () -> {
          found.get().zero(range.offset(model), range.length());
          return true;
        });
  }

  private void read(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty()) {
      return;
    }
    Range range = range(blocks(volume));
    Operation operation = model.begin();
    ByteBuffer bytes = ByteBuffer.allocate((int) range.length());
    boolean read =
        attempt(
            operation,
            false,
            volume,
            () -> {
              found.get().read(range.offset(model), bytes);
              return true;
            });
    if (read) {
      new Comparison(model).blocks(volume, range.block, Stamps.decode(bytes), operation.begin);
    }
  }

  // Tokens

  private void freeze(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty() || model.living().size() >= MOST_TOKENS) {
      return;
    }
    long timeout = random.nextInt(4) == 0 ? 1000L * (1 + random.nextInt(20)) : LONG_MILLIS;
    List<Extent> extents = extents(volume, found.get());
    List<TokenModel> made = new ArrayList<>(1);
    Operation operation =
        model.begin(op -> made.getFirst().setImage(volume.freeze(op.begin, model.now())));
    TokenModel token = new TokenModel(volume, extents, timeout, operation, session.millis());
    made.add(token);
    model.unnumbered.add(token);
    attempt(
        operation,
        false,
        volume,
        () -> {
          Optional<Token> frozen = pool.freeze(found.get(), extents, timeout);
          frozen.ifPresent(t -> session.remember(t.number(), token));
          return frozen.isPresent();
        });
    model.unnumbered.remove(token);
  }

  /** All of a volume, or pieces of it. */
  private List<Extent> extents(VolumeModel volume, Volume found) {
    if (random.nextInt(3) == 0) {
      return List.of(new Extent(0, found.sizeBytes()));
    }
    int blocks = blocks(volume);
    int count = random.nextInt(10) == 0 ? 300 : 1 + random.nextInt(4);
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Range range = range(blocks);
      extents.add(new Extent(range.offset(model), range.length()));
    }
    return extents;
  }

  private void copy(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    List<Long> living = model.living();
    if (found.isEmpty() || living.isEmpty()) {
      return;
    }
    long number = pick(living);
    TokenModel token = session.token(number);
    Optional<Token> live = pool.token(number);
    if (live.isEmpty()) {
      new Comparison(model).tokenGone(pool, number, token, model.now(), session.millis());
      return;
    }
    Piece piece = piece(token, volume, found.get());
    if (piece == null || token.image() == null) {
      return;
    }
    Image image = token.image();
    Operation operation = model.begin();
    for (int i = 0; i < piece.to.count; i++) {
      volume.blocks.get(piece.to.block + i).add(image.block(piece.fromBlock + i), operation);
    }
    copy(live.get(), token, piece, volume, found.get(), operation);
  }

  /**
   * What is copied.
   *
   * @param offset where in the token's data to start
   * @param fromBlock the first block that it held in its volume
   * @param to where it goes, as far as it is blocks of the model
   */
  private record Piece(long offset, long length, int fromBlock, Range to, long targetOffset) {}

  private @Nullable Piece piece(TokenModel token, VolumeModel volume, Volume found) {
    int blocks = blocks(volume);
    int at = random.nextInt(token.extents.size());
    long before = token.extents.subList(0, at).stream().mapToLong(Extent::length).sum();
    Extent extent = token.extents.get(at);
    if (extent.offset() == 0 && extent.length() <= found.sizeBytes() && random.nextInt(3) > 0) {
      // All of it, to the same place: whole pages are shared.
      int count = (int) Math.min(MOST_BLOCKS, (extent.length() - model.base()) / BLOCK);
      return count <= 0 ? null : new Piece(before, extent.length(), 0, new Range(0, count), 0);
    }
    long first = Math.max(extent.offset(), model.base());
    int fromBlock = (int) ((first - model.base()) / BLOCK);
    int most = (int) Math.min(MOST_BLOCKS - fromBlock, (extent.end() - first) / BLOCK);
    if (most <= 0) {
      return null;
    }
    int skip = random.nextInt(most);
    int from = fromBlock + skip;
    int to = random.nextBoolean() ? from % blocks : random.nextInt(blocks);
    if (random.nextInt(3) == 0) {
      // Alike in their chunks, but not at the same place.
      to = Math.min(to / CHUNK_BLOCKS * CHUNK_BLOCKS + from % CHUNK_BLOCKS, blocks - 1);
    }
    int count = 1 + random.nextInt(Math.min(most - skip, blocks - to));
    Range target = new Range(to, count);
    long offset = before + first - extent.offset() + (long) skip * BLOCK;
    return new Piece(offset, target.length(), from, target, target.offset(model));
  }

  private void copy(
      Token live, TokenModel token, Piece piece, VolumeModel volume, Volume found, Operation op)
      throws CutOff {
    long clock = session.millis();
    token.beginCopy();
    boolean[] none = new boolean[1];
    boolean copied =
        attempt(
            op,
            false,
            volume,
            () -> {
              CopyResult result =
                  pool.copy(live, piece.offset, found, piece.targetOffset, piece.length);
              none[0] = result.totalBytes() == 0;
              if (result.totalBytes() != piece.length && !none[0] && !session.mayBeFull()) {
                throw new AssertionError("copied %s of %d".formatted(result, piece.length));
              }
              return result.totalBytes() == piece.length;
            });
    token.endCopy(copied ? clock : 0, session.millis());
    if (token.isEnding()) {
      Operation ended = model.begin();
      token.end(ended);
      model.succeeded(ended);
    }
    if (none[0]) {
      new Comparison(model).tokenGone(pool, live.number(), token, op.begin, session.millis());
    }
  }

  private void end() throws CutOff {
    List<Long> living = model.living();
    if (living.isEmpty()) {
      return;
    }
    long number = pick(living);
    Optional<Token> token = pool.token(number);
    if (token.isEmpty()) {
      new Comparison(model)
          .tokenGone(pool, number, session.token(number), model.now(), session.millis());
      return;
    }
    Operation operation = model.begin();
    session.token(number).end(operation);
    pool.end(token.get(), random.nextBoolean() ? Token.End.DELETED : Token.End.REVOKED);
    requireInSession();
    if (session.token(number).isCopied()) {
      model.failed(operation); // no flush makes it durable before the copies have ended
    } else {
      model.succeeded(operation);
    }
  }

  // Durability

  private void flush(VolumeModel volume) throws CutOff {
    attempt(
        model.begin(),
        true,
        volume,
        () -> {
          pool.flush();
          return true;
        });
  }

  private void checkpoint(VolumeModel volume) throws CutOff {
    attempt(
        model.begin(),
        true,
        volume,
        () -> {
          pool.checkpoint();
          return true;
        });
  }

  /** Nothing is damaged, whatever else is going on. */
  void scrub() throws CutOff {
    List<VolumeModel> volumes = model.existing();
    if (volumes.isEmpty()) {
      session.sleep(1000);
      return;
    }
    VolumeModel volume = volumes.getFirst();
    attempt(
        model.begin(),
        false,
        volume,
        () -> {
          Scrub.Report report = pool.scrub(0, (_, _) -> !session.isOver());
          if (!report.findings().isEmpty() && !session.mayFail() && !session.isOver()) {
            throw new AssertionError("a scrub finds " + report.findings());
          }
          return report.finished();
        });
  }

  // Volumes and snapshots

  private int newSize() {
    return random.nextInt(3) == 0 ? LARGE_BLOCKS : 1 + random.nextInt(MOST_BLOCKS);
  }

  private void create() throws CutOff {
    String name = model.newName("v");
    int size = newSize();
    Operation operation = model.begin();
    VolumeModel volume = model.addVolume(name, operation);
    volume.size.add(size, operation);
    attempt(
        operation,
        true,
        volume,
        () -> {
          pool.createVolume(name, model.base() + (long) size * BLOCK, BLOCK);
          return true;
        });
    model.ready(volume);
  }

  private void cloneVolume(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty() || model.existing().size() >= MOST_VOLUMES) {
      return;
    }
    String name = model.newName("v");
    List<VolumeModel> made = new ArrayList<>(1);
    Operation operation =
        model.begin(op ->
            cloned(
                made.getFirst(),
                volume.freeze(op.begin, model.now()),
                volume.size.between(op.begin, model.now()).stream()
                    .map(History.Seen::value)
                    .toList(),
                op));
    VolumeModel copy = model.addVolume(name, operation);
    made.add(copy);
    attempt(
        operation,
        true,
        volume,
        () -> {
          pool.cloneVolume(found.get(), name);
          return true;
        });
    model.ready(copy);
  }

  private static void cloned(
      VolumeModel copy, Image image, List<Integer> sizes, Operation operation) {
    sizes.forEach(size -> copy.size.add(size, operation));
    for (int i = 0; i < MOST_BLOCKS; i++) {
      copy.blocks.get(i).add(image.block(i), operation);
    }
  }

  private void snapshot(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty() || model.existingSnapshots().size() >= MOST_SNAPSHOTS) {
      return;
    }
    String name = model.newName("s");
    List<SnapshotModel> made = new ArrayList<>(1);
    Operation operation = model.begin(op -> made.getFirst().freeze(op, model.now()));
    SnapshotModel snapshot = new SnapshotModel(volume, name, operation);
    made.add(snapshot);
    model.snapshots.add(snapshot);
    attempt(
        operation,
        true,
        volume,
        () -> {
          pool.createSnapshot(found.get(), name);
          return true;
        });
  }

  private void useSnapshot() throws CutOff {
    List<SnapshotModel> all = model.existingSnapshots();
    if (all.isEmpty()) {
      return;
    }
    SnapshotModel snapshot = pick(all);
    Optional<Volume> volume = find(snapshot.volume);
    Optional<Snapshot> found = volume.flatMap(v -> pool.snapshot(v, snapshot.name));
    Image image = snapshot.image();
    if (found.isEmpty() || volume.isEmpty() || image == null) {
      return;
    }
    switch (random.nextInt(4)) {
      case 0 -> deleteSnapshot(snapshot, found.get());
      case 1, 2 -> rollBack(snapshot, image, volume.get(), found.get());
      default -> {
        if (model.existing().size() < MOST_VOLUMES) {
          cloneSnapshot(snapshot, image, found.get());
        }
      }
    }
  }

  private void deleteSnapshot(SnapshotModel snapshot, Snapshot found) throws CutOff {
    Operation operation = model.begin();
    snapshot.exists.add(false, operation);
    attempt(
        operation,
        true,
        snapshot.volume,
        () ->
            refusing(() -> {
              pool.deleteSnapshot(found);
              return true;
            }));
  }

  private void rollBack(SnapshotModel snapshot, Image image, Volume volume, Snapshot found)
      throws CutOff {
    Operation operation = model.begin();
    snapshot.sizes().forEach(size -> snapshot.volume.size.add(size, operation));
    for (int i = 0; i < MOST_BLOCKS; i++) {
      snapshot.volume.blocks.get(i).add(image.block(i), operation);
    }
    attempt(
        operation,
        true,
        snapshot.volume,
        () ->
            refusing(() -> {
              pool.rollBack(volume, found);
              return true;
            }));
  }

  private void cloneSnapshot(SnapshotModel snapshot, Image image, Snapshot found) throws CutOff {
    String name = model.newName("v");
    Operation operation = model.begin();
    VolumeModel copy = model.addVolume(name, operation);
    cloned(copy, image, snapshot.sizes(), operation);
    attempt(
        operation,
        true,
        snapshot.volume,
        () ->
            refusing(() -> {
              pool.cloneSnapshot(found, name);
              return true;
            }));
    model.ready(copy);
  }

  private void resize(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty()) {
      return;
    }
    int size = newSize();
    Operation operation = model.begin();
    volume.size.add(size, operation);
    for (int i = size; i < MOST_BLOCKS; i++) {
      volume.blocks.get(i).add(Contents.ZERO, operation);
    }
    boolean force = random.nextBoolean();
    attempt(
        operation,
        true,
        volume,
        () ->
            refusing(() -> {
              pool.resizeVolume(found.get(), model.base() + (long) size * BLOCK, force);
              return true;
            }));
  }

  private void administer(VolumeModel volume) throws CutOff {
    Optional<Volume> found = find(volume);
    if (found.isEmpty()) {
      return;
    }
    Operation operation = model.begin();
    switch (random.nextInt(4)) {
      case 0 -> {
        String name = model.newName("v");
        volume.name.add(name, operation);
        attempt(
            operation,
            true,
            volume,
            () -> {
              pool.renameVolume(found.get(), name);
              return true;
            });
      }
      case 1, 2 -> {
        boolean readOnly = !found.get().readOnly() && random.nextInt(3) == 0;
        volume.readOnly.add(readOnly, operation);
        attempt(
            operation,
            true,
            volume,
            () -> {
              pool.protectVolume(found.get(), readOnly);
              return true;
            });
      }
      default -> {
        volume.exists.add(false, operation);
        attempt(
            operation,
            true,
            volume,
            () ->
                refusing(() -> {
                  pool.deleteVolume(found.get()); // refused while it has snapshots
                  return true;
                }));
      }
    }
  }
}
