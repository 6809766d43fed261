package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes checkpoints: one at a time, on a thread of its own, while the pool goes on.
 *
 * <p>A checkpoint begins in a commit ({@link #begin}), so that it holds exactly what the journal
 * says up to that commit's last frame. When its pages and its catalog are on the medium, the root
 * record is replaced, and then the journal before it and the slots of the checkpoint before it are
 * given up.
 */
final class Checkpoints implements AutoCloseable {
  /** Pages whose images are made under one hold of the lock. */
  private static final int PAGES_STEP = 16;

  /** Tokens that are saved under one hold of the lock. */
  private static final int TOKENS_STEP = 256;

  /** Results that are saved under one hold of the lock. */
  private static final int RESULTS_STEP = 256;

  private static final long RETRY_MILLIS = 100;

  private final Metadata metadata;
  private final Medium medium;
  private final TimedWait timedWait;
  private PoolRoot root;
  private long lastMillis;

  // How many there were since the pool was opened, and how long they took. Guarded by lock.
  private long written;
  private long tookMillis;
  private long lastTookMillis;

  /** Slots of the last checkpoint's catalog. */
  private List<Integer> catalogSlots = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private List<CompletableFuture<@Nullable Void>> wanted = new ArrayList<>();

  /** Who waits for the checkpoint under way. */
  private List<CompletableFuture<@Nullable Void>> waiters = new ArrayList<>();

  private @Nullable Checkpoint ready;
  private boolean underWay;
  private boolean waitsForRoom;
  private boolean closing;

  /** Guarded by the metadata lock. */
  private @Nullable Checkpoint saving;

  private final Thread thread;

  Checkpoints(
      Metadata metadata, PoolRoot root, ThreadFactory threads, TimedWait timedWait, String name) {
    this.metadata = metadata;
    this.timedWait = timedWait;
    this.medium = metadata.medium;
    this.root = root;
    this.thread = threads.newThread(this::run);
    thread.setName("gantry-checkpoint-" + name);
  }

  void start() {
    thread.start();
  }

  /** One checkpoint. */
  static final class Checkpoint {
    private final Pages.Writing pages;
    private final RecordOutput catalog = new RecordOutput();

    /** Serials of the tokens that are still to be saved. Guarded by the metadata lock. */
    private long nextToken;

    private long tokensEnd;

    /** Serials of the results that are still to be saved. */
    private long nextResult;

    private long resultsEnd;
    private long journalPosition;
    private long journalFrame;
    private final long begunMillis;

    /** Pages written. */
    private long images;

    private Checkpoint(Pages.Writing pages, long begunMillis) {
      this.pages = pages;
      this.begunMillis = begunMillis;
    }
  }

  /** Whether a checkpoint should begin: somebody asks for one, or the journal has grown enough. */
  boolean isDue(long journalEnd, long interval) {
    lock.lock();
    try {
      long grown = journalEnd - root.checkpoint().journalPosition();
      return !underWay && !closing && (!wanted.isEmpty() || grown >= interval);
    } finally {
      lock.unlock();
    }
  }

  /** Begins a checkpoint of what there is at this instant. Called under the metadata lock. */
  Checkpoint begin() {
    lock.lock();
    try {
      underWay = true;
      Checkpoint checkpoint = new Checkpoint(metadata.space.pages.begin(), metadata.steadyMillis());
      waiters = wanted;
      wanted = new ArrayList<>();
      checkpoint.tokensEnd = metadata.catalog().save(checkpoint.catalog);
      checkpoint.resultsEnd = metadata.results.nextSerial();
      saving = checkpoint;
      return checkpoint;
    } finally {
      lock.unlock();
    }
  }

  /** To be called before a token is dropped. Called under the metadata lock. */
  void dropping(Token token) {
    Checkpoint now = saving;
    if (now != null && token.serial >= now.nextToken && token.serial < now.tokensEnd) {
      metadata.catalog().tokens().save(token, now.catalog);
    }
  }

  /** Everything up to the instant of its beginning is in the journal before this position. */
  void write(Checkpoint checkpoint, long journalPosition, long journalFrame) {
    lock.lock();
    try {
      checkpoint.journalPosition = journalPosition;
      checkpoint.journalFrame = journalFrame;
      ready = checkpoint;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Completes when a checkpoint is on the medium that began after the call. */
  CompletableFuture<@Nullable Void> request() {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    lock.lock();
    try {
      if (closing) {
        done.completeExceptionally(new IOException("the pool is closed"));
      } else {
        wanted.add(done);
      }
    } finally {
      lock.unlock();
    }
    return done;
  }

  /**
   * Waits while the journal is too long and a checkpoint is about to shorten it.
   *
   * @param most bytes that the journal may have
   */
  void awaitShorterThan(long journalEnd, long most) throws IOException {
    lock.lock();
    try {
      while (ready != null
          && !closing
          && !waitsForRoom
          && journalEnd - root.checkpoint().journalPosition() > most) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (true) {
      Checkpoint next;
      lock.lock();
      try {
        while (ready == null && !closing) {
          changed.awaitUninterruptibly();
        }
        if (closing) {
          return;
        }
        next = ready;
      } finally {
        lock.unlock();
      }
      if (next != null && !run(next)) {
        return;
      }
    }
  }

  private boolean run(Checkpoint checkpoint) {
    CheckpointEvent event = new CheckpointEvent();
    event.number = checkpoint.pages.number;
    event.begin();
    try {
      write(checkpoint);
      event.completed = true;
      return true;
    } catch (IOException | RuntimeException | Error e) {
      if (!isClosing()) {
        metadata.fail(
            e instanceof IOException io ? io : new IOException("checkpoint failed: " + e, e));
      }
      return false;
    } finally {
      event.pages = checkpoint.images;
      event.commit();
    }
  }

  private boolean isClosing() {
    lock.lock();
    try {
      return closing;
    } finally {
      lock.unlock();
    }
  }

  private void write(Checkpoint checkpoint) throws IOException {
    while (true) {
      List<ByteBuffer> images = metadata.locked(() -> checkpoint.pages.take(PAGES_STEP));
      if (images.isEmpty()) {
        break;
      }
      checkpoint.images += images.size();
      writeSlots(images);
    }
    List<Integer> slots = writeCatalog(checkpoint);
    Medium.await(medium.sync(Medium.Area.PAGES));
    PoolRoot next =
        root.with(
            new PoolRoot.Checkpoint(
                checkpoint.pages.number,
                slots.getFirst(),
                metadata.locked(metadata.space.pages::slots),
                checkpoint.journalPosition,
                checkpoint.journalFrame));
    withRoom(() -> medium.writeRoot(next.encode()));
    metadata.locked(() -> {
      metadata.space.pages.end(checkpoint.pages);
      catalogSlots.forEach(metadata.space.pages::vacate);
      return null;
    });
    catalogSlots = slots;
    withRoom(() -> medium.trimJournal(checkpoint.journalPosition));
    List<CompletableFuture<@Nullable Void>> done;
    lock.lock();
    try {
      root = next;
      lastMillis = metadata.nowMillis();
      lastTookMillis = metadata.steadyMillis() - checkpoint.begunMillis;
      tookMillis += lastTookMillis;
      written++;
      ready = null;
      underWay = false;
      done = waiters;
      waiters = new ArrayList<>();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    done.forEach(waiter -> waiter.complete(null));
  }

  /** Writes images, those together whose slots follow one another. */
  private void writeSlots(List<ByteBuffer> images) throws IOException {
    if (isClosing()) {
      throw new IOException("the checkpoint is given up"); // the medium may be another's by now
    }
    for (int i = 0; i < images.size(); ) {
      long slot = PageImage.slot(images.get(i));
      int count = 1;
      while (i + count < images.size() && PageImage.slot(images.get(i + count)) == slot + count) {
        count++;
      }
      ByteBuffer run = ByteBuffer.allocate(count * PageImage.BYTES);
      images.subList(i, i + count).forEach(run::put);
      withRoom(() ->
          Medium.await(
              medium.write(Medium.Area.PAGES, slot * PageImage.BYTES, run.duplicate().flip())));
      i += count;
    }
  }

  private List<Integer> writeCatalog(Checkpoint checkpoint) throws IOException {
    for (boolean more = true; more; ) {
      more =
          metadata.locked(() -> {
            checkpoint.nextToken =
                metadata
                    .catalog()
                    .tokens()
                    .save(
                        checkpoint.nextToken,
                        checkpoint.tokensEnd,
                        TOKENS_STEP,
                        checkpoint.catalog);
            if (checkpoint.nextToken == checkpoint.tokensEnd) {
              saving = null;
            }
            return saving != null;
          });
    }
    while (checkpoint.nextResult < checkpoint.resultsEnd) {
      checkpoint.nextResult =
          metadata.locked(() ->
              metadata.results.save(
                  checkpoint.nextResult, checkpoint.resultsEnd, RESULTS_STEP, checkpoint.catalog));
    }
    ByteBuffer content = checkpoint.catalog.content();
    int blocks = Math.max(1, Math.ceilDiv(content.remaining(), PageImage.CATALOG_BYTES));
    List<Integer> slots = new ArrayList<>();
    metadata.locked(() -> {
      for (int i = 0; i < blocks; i++) {
        slots.add(metadata.space.pages.takeSlot());
      }
      return null;
    });
    List<ByteBuffer> images = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      int length = Math.min(content.remaining(), PageImage.CATALOG_BYTES);
      ByteBuffer image = ByteBuffer.allocate(PageImage.BYTES);
      PageImage.encodeCatalog(
          content.slice(content.position(), length),
          root.poolId(),
          slots.get(i),
          checkpoint.pages.number,
          i + 1 < blocks ? slots.get(i + 1) : -1,
          image);
      content.position(content.position() + length);
      images.add(image.flip());
      if (images.size() == PAGES_STEP || i + 1 == blocks) {
        writeSlots(images);
        images.clear();
      }
    }
    return slots;
  }

  private interface Action {
    void run() throws IOException;
  }

  /** Does something again and again while the medium is full: the checkpoint may wait. */
  private void withRoom(Action action) throws IOException {
    while (true) {
      try {
        action.run();
        return;
      } catch (NoSpaceException e) {
        awaitRoom(e);
      }
    }
  }

  private void awaitRoom(NoSpaceException full) throws IOException {
    lock.lock();
    try {
      waitsForRoom = true;
      changed.signalAll();
      if (!closing) {
        timedWait.await(changed, RETRY_MILLIS);
      }
      if (closing) {
        throw full;
      }
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    } finally {
      waitsForRoom = false;
      lock.unlock();
    }
  }

  /** The number of the last checkpoint, and when it was written since the pool was opened, or 0. */
  long[] last() {
    lock.lock();
    try {
      return new long[] {root.checkpoint().number(), lastMillis};
    } finally {
      lock.unlock();
    }
  }

  /** How many were written since the pool was opened, how long all took, and the last one, ms. */
  long[] done() {
    lock.lock();
    try {
      return new long[] {written, tookMillis, lastTookMillis};
    } finally {
      lock.unlock();
    }
  }

  /** Slots of the catalog that the pool was opened with. */
  void restored(List<Integer> slots) {
    catalogSlots = slots;
  }

  /** No checkpoint will follow. */
  void stop(IOException cause) {
    List<CompletableFuture<@Nullable Void>> all;
    lock.lock();
    try {
      closing = true;
      all = wanted;
      all.addAll(waiters);
      wanted = new ArrayList<>();
      waiters = new ArrayList<>();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    all.forEach(waiter -> waiter.completeExceptionally(cause));
  }

  /** Ends the thread; a checkpoint under way is given up, which loses nothing. */
  @Override
  public void close() {
    stop(new IOException("the pool is closed"));
    Threads.awaitEnd(thread);
  }
}
