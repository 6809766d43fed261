package io.gantry.sim;

import io.gantry.sim.Faults.Fate;
import io.gantry.sim.Faults.Operation;
import io.gantry.store.Medium;
import io.gantry.store.NoSpaceException;
import io.gantry.store.OwnershipLostException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One possession of a {@link SimulatedDisk}. Operations take simulated time and end in any order;
 * the bytes of a write are taken when it ends, those of a read partly when it begins and partly
 * when it ends.
 */
public final class SimulatedMedium implements Medium {
  private static final int FLIP_BYTES = 4096;

  private final SimulatedDisk disk;
  private final long term;
  private final CompletableFuture<OwnershipLostException> lost = new CompletableFuture<>();
  private @Nullable String dead;
  private boolean replaced;
  private boolean closed;

  SimulatedMedium(SimulatedDisk disk, long term) {
    this.disk = disk;
    this.term = term;
  }

  void die(String why) {
    dead = why;
  }

  /** Somebody else has taken possession; this owner hears of it after a while. */
  void replaced() {
    replaced = true;
    disk.scheduler.after(delayMicros(), () -> lost.complete(loss()));
  }

  private OwnershipLostException loss() {
    return new OwnershipLostException("another owner has taken the medium in memory");
  }

  private void requireAlive() throws IOException {
    if (replaced) {
      OwnershipLostException loss = loss();
      lost.complete(loss);
      throw loss;
    }
    if (dead != null) {
      throw new IOException(dead);
    }
    if (closed) {
      throw new IOException("the medium is closed");
    }
  }

  /** Mostly short, sometimes longer than a commit's period. */
  private long delayMicros() {
    return switch (disk.random.nextInt(32)) {
      case 0 -> 3_000_000;
      case 1, 2, 3 -> disk.random.nextInt(100_000);
      default -> disk.random.nextInt(200);
    };
  }

  /** What an operation does at its end, when the power was still on. */
  private interface End {
    void run(Fate fate) throws IOException;
  }

  /** Begins an operation that ends some time later. */
  private CompletableFuture<@Nullable Void> begin(
      Operation operation, @Nullable Area area, Supplier<End> begin) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    try {
      requireAlive();
      Fate fate = disk.begin(operation, area);
      End end = begin.get();
      if (fate == Fate.POWER_LOSS) {
        disk.losePower();
      }
      disk.scheduler.after(
          delayMicros(),
          () -> {
            try {
              requireAlive();
              end.run(fate);
              require(fate, operation);
              done.complete(null);
            } catch (IOException e) {
              done.completeExceptionally(e);
            }
          });
    } catch (IOException e) {
      done.completeExceptionally(e);
    }
    return done;
  }

  /** Does an operation, which takes some time. */
  private void perform(Operation operation, Runnable begin, End end) throws IOException {
    Medium.await(
        begin(
            operation,
            null,
            () -> {
              begin.run();
              return end;
            }));
  }

  private static void require(Fate fate, Operation operation) throws IOException {
    if (fate == Fate.ERROR) {
      throw new IOException("injected: " + operation);
    }
    if (fate == Fate.FULL) {
      throw new NoSpaceException("injected: " + operation);
    }
  }

  private static boolean succeeds(Fate fate) {
    return fate != Fate.ERROR && fate != Fate.FULL;
  }

  @Override
  public String location() {
    return "memory";
  }

  @Override
  public long term() {
    return term;
  }

  @Override
  public CompletableFuture<OwnershipLostException> lost() {
    return lost;
  }

  // Areas

  @Override
  public CompletableFuture<@Nullable Void> read(Area area, long position, ByteBuffer target) {
    int at = Math.toIntExact(position);
    return begin(
        Operation.READ,
        area,
        () -> {
          ByteBuffer early = ByteBuffer.allocate(target.remaining());
          disk.area(area).read(at, early);
          return fate -> {
            if (succeeds(fate)) {
              int from = target.position();
              disk.area(area).read(at, target);
              mix(early, target, from);
              flip(fate, target, from, early.capacity());
            }
          };
        });
  }

  /** Now and then the bytes are in a cache. */
  @Override
  public boolean readNow(Area area, long position, ByteBuffer target) {
    if (dead != null || replaced || closed || disk.random.nextBoolean()) {
      return false;
    }
    disk.area(area).read(Math.toIntExact(position), target);
    return true;
  }

  /** Some sectors were read when the operation began. */
  private void mix(ByteBuffer early, ByteBuffer target, int from) {
    for (int at = 0; at < early.capacity(); at += SimulatedArea.SECTOR) {
      if (disk.random.nextInt(4) == 0) {
        int length = Math.min(SimulatedArea.SECTOR, early.capacity() - at);
        target.put(from + at, early, at, length);
      }
    }
  }

  /** Flips a bit in each piece of so many bytes. */
  private void flip(Fate fate, ByteBuffer bytes, int from, int length) {
    if (fate == Fate.FLIPPED) {
      for (int piece = 0; piece < length; piece += FLIP_BYTES) {
        int at = from + piece + disk.random.nextInt(Math.min(FLIP_BYTES, length - piece));
        bytes.put(at, (byte) (bytes.get(at) ^ 1 << disk.random.nextInt(8)));
      }
    }
  }

  @Override
  public CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source) {
    int at = Math.toIntExact(position);
    return begin(
        Operation.WRITE,
        area,
        () -> {
          int length = source.remaining();
          Object write = disk.area(area).begin(at, source.duplicate());
          return fate -> {
            if (!succeeds(fate)) {
              disk.area(area).fail(write, disk.random);
            } else if (fate == Fate.LOST) {
              disk.area(area).forget(write);
            } else if (disk.freeBytes() < disk.area(area).growth(write)) {
              disk.area(area).fail(write, disk.random);
              throw new NoSpaceException("the medium in memory is full");
            } else {
              disk.area(area).complete(write);
              if (area == Area.CHUNKS) {
                disk.fillHoles(at, length);
              }
            }
            source.position(source.limit());
          };
        });
  }

  /** Now and then the bytes go into a cache at once. */
  @Override
  public boolean writeNow(Area area, long position, ByteBuffer source) {
    if (dead != null || replaced || closed || disk.random.nextInt(3) == 0) {
      return false;
    }
    int at = Math.toIntExact(position);
    Object write = disk.area(area).begin(at, source.duplicate());
    if (disk.freeBytes() < disk.area(area).growth(write)) {
      disk.area(area).forget(write);
      return false;
    }
    disk.area(area).complete(write);
    disk.fillHoles(at, source.remaining());
    source.position(source.limit());
    return true;
  }

  @Override
  public CompletableFuture<@Nullable Void> sync(Area area) {
    return begin(
        Operation.SYNC,
        area,
        () -> {
          List<Object> writes = disk.area(area).completed();
          return fate -> {
            if (succeeds(fate)) {
              disk.area(area).synced(writes);
            } else {
              disk.area(area).syncFailed(writes, disk.random);
            }
          };
        });
  }

  @Override
  public long length(Area area) {
    return disk.area(area).length();
  }

  @Override
  public long discardGranularityBytes() {
    return 1;
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    try {
      requireAlive();
    } catch (IOException e) {
      return false;
    }
    Fate fate = disk.begin(Operation.DISCARD, Area.CHUNKS);
    if (fate == Fate.POWER_LOSS) {
      disk.losePower();
    }
    if (fate != Fate.DONE) {
      return false;
    }
    disk.makeHoles(Math.toIntExact(position), Math.toIntExact(lengthBytes));
    return true;
  }

  // Root

  @Override
  public byte[] readRoot() throws IOException {
    List<byte[]> read = new ArrayList<>();
    perform(
        Operation.READ_ROOT,
        () -> {},
        fate -> {
          byte[] root = disk.root().clone();
          flip(fate, ByteBuffer.wrap(root), 0, root.length);
          read.add(root);
        });
    return read.getFirst();
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    perform(
        Operation.WRITE_ROOT,
        () -> disk.beginRoot(root.clone()),
        fate -> disk.endRoot(succeeds(fate) || (fate == Fate.ERROR && disk.random.nextBoolean())));
  }

  // Journal

  @Override
  public long journalStart() {
    return disk.journalStart();
  }

  @Override
  public long journalEnd() {
    return disk.journalEnd();
  }

  @Override
  public void readJournal(long position, ByteBuffer target) throws IOException {
    perform(
        Operation.READ_JOURNAL,
        () -> {},
        fate -> {
          if (succeeds(fate)) {
            byte[] bytes = disk.readJournal(position, target.remaining());
            flip(fate, ByteBuffer.wrap(bytes), 0, bytes.length);
            target.put(bytes);
          }
        });
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    perform(
        Operation.APPEND,
        () -> disk.beginAppend(bytes),
        fate -> {
          if (succeeds(fate)) {
            disk.endAppend(bytes);
          } else if (fate == Fate.ERROR) {
            disk.appendTorn(bytes);
          } else {
            disk.cancelAppend();
          }
        });
  }

  @Override
  public void truncateJournal(long end) throws IOException {
    perform(
        Operation.TRUNCATE,
        () -> {},
        fate -> {
          if (succeeds(fate)) {
            disk.truncateJournal(end);
          }
        });
  }

  @Override
  public void trimJournal(long start) throws IOException {
    perform(
        Operation.TRIM,
        () -> {},
        fate -> {
          if (succeeds(fate)) {
            disk.trimJournal(start);
          }
        });
  }

  @Override
  public long freeBytes() {
    return disk.freeBytes();
  }

  @Override
  public void close() {
    closed = true;
    disk.closed(this);
  }
}
