package io.gantry.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.store.Medium;
import io.gantry.store.Medium.Area;
import io.gantry.store.OwnershipLostException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@link Medium} promises; every kind of medium passes it. */
@Timeout(60)
abstract class MediumContract {
  private static final int BLOCK = 4096;
  private static final int MIB = 1 << 20;

  /** Takes possession of the one medium that there is in a test; the first time it is empty. */
  abstract Medium open() throws IOException;

  /** Takes possession of it although it has an owner, who is thought to be dead. */
  abstract Medium takeOver() throws IOException;

  private static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static void write(Medium medium, Area area, long position, byte[] bytes)
      throws IOException {
    ByteBuffer source = ByteBuffer.wrap(bytes);
    Medium.await(medium.write(area, position, source));
    assertThat(source.hasRemaining()).isFalse();
  }

  private static byte[] read(Medium medium, Area area, long position, int length)
      throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    Medium.await(medium.read(area, position, target));
    assertThat(target.hasRemaining()).isFalse();
    return target.array();
  }

  private static byte[] journal(Medium medium, long position, int length) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(length);
    medium.readJournal(position, target);
    return target.array();
  }

  @Test
  void whatWasWrittenIsReadAndTheRestIsZeros() throws IOException {
    try (Medium medium = open()) {
      for (Area area : Area.values()) {
        assertThat(medium.length(area)).isZero();
        assertThat(read(medium, area, 12345, 100)).containsOnly(0);
        byte[] bytes = random(1, 10_001);
        write(medium, area, 777, bytes); // at no boundary of anything
        assertThat(medium.length(area)).isEqualTo(777 + bytes.length);
        byte[] expected = new byte[20_000];
        System.arraycopy(bytes, 0, expected, 777, bytes.length);
        assertThat(read(medium, area, 0, expected.length)).isEqualTo(expected);
        write(medium, area, 1000, new byte[] {1});
        expected[1000] = 1;
        assertThat(read(medium, area, 3, 15_000))
            .isEqualTo(Arrays.copyOfRange(expected, 3, 15_003));
        Medium.await(medium.sync(area));
      }
    }
  }

  @Test
  void areasAndJournalDoNotTouchEachOther() throws IOException {
    try (Medium medium = open()) {
      byte[] chunks = random(1, 3 * BLOCK);
      byte[] pages = random(2, 2 * BLOCK);
      byte[] frame = random(3, BLOCK);
      write(medium, Area.CHUNKS, 0, chunks);
      write(medium, Area.PAGES, 0, pages);
      medium.appendJournal(ByteBuffer.wrap(frame));
      assertThat(read(medium, Area.CHUNKS, 0, chunks.length)).isEqualTo(chunks);
      assertThat(read(medium, Area.PAGES, 0, pages.length)).isEqualTo(pages);
      assertThat(read(medium, Area.PAGES, pages.length, BLOCK)).containsOnly(0);
      assertThat(journal(medium, 0, BLOCK)).isEqualTo(frame);
    }
  }

  @Test
  void aBufferIsUsedFromItsPositionToItsLimit() throws IOException {
    try (Medium medium = open()) {
      ByteBuffer source = ByteBuffer.allocateDirect(100).put(random(4, 100)).position(20).limit(50);
      Medium.await(medium.write(Area.CHUNKS, 5, source));
      assertThat(source.position()).isEqualTo(50);
      ByteBuffer target = ByteBuffer.allocate(40).position(5).limit(35);
      Medium.await(medium.read(Area.CHUNKS, 5, target));
      assertThat(target.position()).isEqualTo(35);
      assertThat(Arrays.copyOfRange(target.array(), 5, 35))
          .isEqualTo(Arrays.copyOfRange(random(4, 100), 20, 50));
      assertThat(medium.length(Area.CHUNKS)).isEqualTo(35);
    }
  }

  @Test
  void manyOperationsAreInFlightAtOnce() throws IOException {
    try (Medium medium = open()) {
      int count = 64;
      List<CompletableFuture<@Nullable Void>> writes = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ByteBuffer source = ByteBuffer.wrap(random(i, BLOCK));
        writes.add(medium.write(Area.CHUNKS, (long) i * BLOCK, source));
      }
      for (CompletableFuture<@Nullable Void> write : writes) {
        Medium.await(write);
      }
      List<ByteBuffer> targets = new ArrayList<>();
      List<CompletableFuture<@Nullable Void>> reads = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        targets.add(ByteBuffer.allocate(BLOCK));
        reads.add(medium.read(Area.CHUNKS, (long) i * BLOCK, targets.getLast()));
      }
      for (int i = 0; i < count; i++) {
        Medium.await(reads.get(i));
        assertThat(targets.get(i).array()).isEqualTo(random(i, BLOCK));
      }
    }
  }

  @Test
  void theJournalIsOneHoweverItIsKept() throws IOException {
    byte[] all = random(5, 40 * MIB); // of several files, if it is kept in files
    try (Medium medium = open()) {
      medium.writeRoot(new byte[] {1});
      assertThat(medium.journalStart()).isZero();
      assertThat(medium.journalEnd()).isZero();
      for (int at = 0; at < all.length; at += MIB) {
        medium.appendJournal(ByteBuffer.wrap(all, at, MIB));
      }
      assertThat(medium.journalEnd()).isEqualTo(all.length);
      for (int at : new int[] {0, 16 * MIB - 7, 31 * MIB, all.length - 5 * MIB}) {
        assertThat(journal(medium, at, 5 * MIB))
            .isEqualTo(Arrays.copyOfRange(all, at, at + 5 * MIB));
      }
      medium.truncateJournal(35L * MIB + BLOCK);
      assertThat(medium.journalEnd()).isEqualTo(35L * MIB + BLOCK);
      medium.trimJournal(20L * MIB);
      assertThat(medium.journalStart()).isBetween(0L, 20L * MIB);
    }
    try (Medium medium = open()) {
      assertThat(medium.journalStart()).isBetween(0L, 20L * MIB);
      assertThat(medium.journalEnd()).isEqualTo(35L * MIB + BLOCK);
      medium.truncateJournal(25L * MIB); // into an earlier file
      medium.appendJournal(ByteBuffer.wrap(all, 0, BLOCK));
      assertThat(medium.journalEnd()).isEqualTo(25L * MIB + BLOCK);
      assertThat(journal(medium, 25L * MIB, BLOCK)).isEqualTo(Arrays.copyOf(all, BLOCK));
      assertThat(journal(medium, 25L * MIB - 10, 10))
          .isEqualTo(Arrays.copyOfRange(all, 25 * MIB - 10, 25 * MIB));
    }
  }

  @Test
  void theRootIsReplacedAndAllIsThereAgain() throws IOException {
    byte[] bytes = random(6, BLOCK);
    long term;
    try (Medium medium = open()) {
      term = medium.term();
      medium.writeRoot(random(7, 128));
      medium.writeRoot(random(8, 96));
      assertThat(medium.readRoot()).isEqualTo(random(8, 96));
      write(medium, Area.CHUNKS, BLOCK, bytes);
      Medium.await(medium.sync(Area.CHUNKS));
    }
    try (Medium medium = open()) {
      assertThat(medium.term()).isGreaterThan(term);
      assertThat(medium.readRoot()).isEqualTo(random(8, 96));
      assertThat(read(medium, Area.CHUNKS, BLOCK, BLOCK)).isEqualTo(bytes);
    }
  }

  @Test
  void roomIsGivenBackAndNeighboursStay() throws IOException {
    try (Medium medium = open()) {
      byte[] bytes = random(9, 4 * MIB);
      write(medium, Area.CHUNKS, 0, bytes);
      boolean _ = medium.discardChunks(MIB, 2L * MIB);
      assertThat(read(medium, Area.CHUNKS, 0, MIB)).isEqualTo(Arrays.copyOf(bytes, MIB));
      assertThat(read(medium, Area.CHUNKS, 3L * MIB, MIB))
          .isEqualTo(Arrays.copyOfRange(bytes, 3 * MIB, 4 * MIB));
      write(medium, Area.CHUNKS, MIB, bytes);
      assertThat(read(medium, Area.CHUNKS, MIB, bytes.length)).isEqualTo(bytes);
    }
  }

  @Test
  void thereIsOneOwner() throws IOException {
    try (Medium medium = open()) {
      medium.writeRoot(new byte[] {1});
      assertThatThrownBy(this::open).isInstanceOf(IOException.class);
    }
    open().close();
  }

  @Test
  void whoWasReplacedChangesNothingAnyMore() throws IOException {
    try (Medium old = open()) {
      old.writeRoot(new byte[] {1});
      old.appendJournal(ByteBuffer.wrap(random(10, BLOCK)));
      try (Medium next = takeOver()) {
        assertThatThrownBy(() -> old.appendJournal(ByteBuffer.allocate(BLOCK)))
            .isInstanceOf(OwnershipLostException.class);
        assertThatThrownBy(() -> old.writeRoot(new byte[] {2}))
            .isInstanceOf(OwnershipLostException.class);
        assertThatThrownBy(() -> old.truncateJournal(0)).isInstanceOf(OwnershipLostException.class);
        assertThatThrownBy(() -> old.trimJournal(BLOCK)).isInstanceOf(OwnershipLostException.class);
        assertThat(old.lost()).isCompleted();
        assertThat(next.lost()).isNotDone();
        assertThat(next.readRoot()).containsExactly(1);
        assertThat(journal(next, 0, BLOCK)).isEqualTo(random(10, BLOCK));
        next.appendJournal(ByteBuffer.allocate(BLOCK));
        assertThat(next.journalEnd()).isEqualTo(2 * BLOCK);
      }
    }
  }
}
