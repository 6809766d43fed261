package io.gantry.junit;

import io.gantry.store.ForwardingMedium;
import io.gantry.store.Medium;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A medium whose owner can die, as a process does that is killed: from then on nothing that the
 * owner tries reaches the medium, and what it has written until then stays.
 *
 * <p>Only for media whose operations have ended when they return, as those of files have.
 */
final class MortalMedium extends ForwardingMedium {
  /** Held shared by each operation that changes the medium, and alone by death. */
  private final ReadWriteLock life = new ReentrantReadWriteLock();

  private boolean dead;

  MortalMedium(Medium medium) {
    super(medium);
  }

  /** Ends the owner's life; returns when nothing of it can reach the medium any more. */
  void die() {
    life.writeLock().lock();
    try {
      dead = true;
    } finally {
      life.writeLock().unlock();
    }
  }

  private interface Change {
    void make() throws IOException;
  }

  private void alive(Change change) throws IOException {
    life.readLock().lock();
    try {
      if (dead) {
        throw new IOException(location() + ": the target was killed by the test");
      }
      change.make();
    } finally {
      life.readLock().unlock();
    }
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    alive(() -> super.writeRoot(root));
  }

  @Override
  public CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source) {
    try {
      alive(() -> Medium.await(super.write(area, position, source)));
      return CompletableFuture.completedFuture(null);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CompletableFuture<@Nullable Void> sync(Area area) {
    try {
      alive(() -> Medium.await(super.sync(area)));
      return CompletableFuture.completedFuture(null);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    boolean[] discarded = {false};
    try {
      alive(() -> discarded[0] = super.discardChunks(position, lengthBytes));
    } catch (IOException e) {
      return false; // the room stays taken
    }
    return discarded[0];
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    alive(() -> super.appendJournal(source));
  }

  @Override
  public void truncateJournal(long end) throws IOException {
    alive(() -> super.truncateJournal(end));
  }

  @Override
  public void trimJournal(long start) throws IOException {
    alive(() -> super.trimJournal(start));
  }
}
