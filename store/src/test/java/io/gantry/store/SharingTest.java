package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.store.Sharing.Run;
import io.gantry.store.Sharing.Sharer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a volume shares with whom. */
@NullUnmarked
@Timeout(60)
class SharingTest {
  private static final int CHUNK = 16 << 10;
  private static final long MIB = 1 << 20;

  /** What a leaf covers. */
  private static final long LEAF = (long) CHUNK * Page.ENTRIES;

  private static final long MINUTE = 60_000;

  private Pool pool;

  @BeforeEach
  void open() throws IOException {
    pool = Pool.create(new SimulatedMedium(), CHUNK, PoolOptions.defaults());
  }

  @AfterEach
  void close() throws IOException {
    pool.close();
  }

  private static void write(Volume volume, long offset, long chunks) throws IOException {
    volume.write(offset, ByteBuffer.wrap(new byte[(int) chunks * CHUNK]));
  }

  private static long sum(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void aNewVolumeSharesNothing() throws IOException {
    Volume volume = pool.createVolume("v", MIB, 512);
    Sharing nothing = volume.sharing(1000);
    assertThat(nothing.cellBytes()).as("never less than a chunk").isEqualTo(CHUNK);
    assertThat(nothing.ownBytes()).hasSize(64).containsOnly(0L);
    write(volume, 3 * CHUNK, 2);
    Sharing written = volume.sharing(32);
    assertThat(written.cellBytes()).isEqualTo(2 * CHUNK);
    assertThat(written.ownBytes().subList(0, 4))
        .containsExactly(0L, (long) CHUNK, (long) CHUNK, 0L);
    assertThat(written.sharers()).isEmpty();
    assertThat(written.isComplete()).isTrue();
  }

  @Test
  void snapshotsClonesAndTokensAreNamed() throws IOException {
    Volume volume = pool.createVolume("v", 64 * CHUNK, 512);
    write(volume, 0, 64);
    pool.createSnapshot(volume, "s");
    Volume clone = pool.cloneVolume(volume, "c");
    write(volume, 0, 16);
    write(clone, 16 * CHUNK, 16);
    Token token =
        pool.freeze(volume, List.of(new Extent(48 * CHUNK, 16 * CHUNK)), MINUTE).orElseThrow();

    Sharing sharing = volume.sharing(4);
    assertThat(sharing.ownBytes()).containsExactly(16L * CHUNK, 0L, 0L, 0L);
    assertThat(sharing.sharedBytes()).containsExactly(0L, 16L * CHUNK, 16L * CHUNK, 16L * CHUNK);
    assertThat(sharing.sharers())
        .containsExactly(
            new Sharer(Sharing.Kind.SNAPSHOT, "v@s", 48L * CHUNK, List.of(new Run(1, 3))),
            new Sharer(Sharing.Kind.VOLUME, "c", 32L * CHUNK, List.of(new Run(2, 2))),
            new Sharer(
                Sharing.Kind.TOKEN,
                "%016x".formatted(token.number()),
                16L * CHUNK,
                List.of(new Run(3, 1))));
  }

  @Test
  void aCopyToAnotherPlaceIsFound() throws IOException {
    Volume volume = pool.createVolume("v", 64 * CHUNK, 512);
    Volume other = pool.createVolume("o", 64 * CHUNK, 512);
    write(volume, 0, 8);
    pool.copy(volume, 0, volume, 32 * CHUNK, 4 * CHUNK, CopyPace.NONE);
    pool.copy(volume, 4 * CHUNK, other, 0, 2 * CHUNK, CopyPace.NONE);
    assertThat(volume.sharing(64).sharers())
        .containsExactly(
            new Sharer(
                Sharing.Kind.VOLUME, "v", 8L * CHUNK, List.of(new Run(0, 4), new Run(32, 4))),
            new Sharer(Sharing.Kind.VOLUME, "o", 2L * CHUNK, List.of(new Run(4, 2))));
  }

  @Test
  void aLargeVolumeIsLookedAtInSteps() throws IOException {
    int leaves = 300;
    Volume volume = pool.createVolume("v", leaves * LEAF, 512);
    for (int leaf = 0; leaf < leaves; leaf++) {
      write(volume, leaf * LEAF, 1);
    }
    Volume clone = pool.cloneVolume(volume, "c");
    for (int leaf = 0; leaf < leaves; leaf += 2) {
      write(
          clone, leaf * LEAF + CHUNK, 1); // its leaf is no longer the volume's, its first chunk is
    }
    write(clone, 0, 1);
    for (Volume one : List.of(volume, clone)) {
      Sharing sharing = one.sharing(leaves);
      assertThat(sharing.isComplete()).isTrue();
      Volume that = one == volume ? clone : volume;
      assertThat(sharing.sharers())
          .containsExactly(
              new Sharer(
                  Sharing.Kind.VOLUME,
                  that.name(),
                  (leaves - 1L) * CHUNK,
                  List.of(new Run(1, leaves - 1))));
    }
    assertThat(sum(clone.sharing(leaves).ownBytes())).isEqualTo((leaves / 2 + 1L) * CHUNK);
  }

  /** The same, looked up chunk by chunk. */
  private Map<String, Set<Integer>> sharersOf(Volume volume, int cells, long cellChunks) {
    Map<String, PageTable> tables = new TreeMap<>();
    for (Volume one : pool.volumes()) {
      tables.put(one.name(), one.table);
      pool.snapshots(one).forEach(each -> tables.put(one.name() + "@" + each.name(), each.table));
    }
    pool.tokens().forEach(token -> tables.put("%016x".formatted(token.number()), token.table));
    Map<Long, List<Integer>> places = new HashMap<>();
    for (int index = 0; index < cells * cellChunks; index++) {
      if (volume.table.get(index) >= 0) {
        places.computeIfAbsent(volume.table.get(index), _ -> new ArrayList<>()).add(index);
      }
    }
    Map<String, Set<Integer>> sharers = new TreeMap<>();
    tables.forEach((name, table) -> {
      Set<Integer> found = new HashSet<>();
      for (int index = 0; index < cells * cellChunks; index++) {
        List<Integer> at = places.getOrDefault(table.get(index), List.of());
        if (table != volume.table || at.size() > 1) {
          at.forEach(place -> found.add((int) (place / cellChunks)));
        }
      }
      if (!found.isEmpty()) {
        sharers.put(name, found);
      }
    });
    return sharers;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void anyHistory(long seed) throws IOException {
    Random random = new Random(seed);
    int size = 3 * Page.ENTRIES;
    List<Volume> volumes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      volumes.add(pool.createVolume("v" + i, (long) size * CHUNK, 512));
    }
    for (int step = 0; step < 60; step++) {
      Volume volume = volumes.get(random.nextInt(volumes.size()));
      Volume other = volumes.get(random.nextInt(volumes.size()));
      int from = random.nextInt(size);
      int to = random.nextBoolean() ? from % Page.ENTRIES : random.nextInt(size);
      int length = 1 + random.nextInt(size - Math.max(from, to));
      switch (random.nextInt(5)) {
        case 0 -> write(volume, (long) from * CHUNK, Math.min(length, 20));
        case 1, 2 ->
            pool.copy(
                volume,
                (long) from * CHUNK,
                other,
                (long) to * CHUNK,
                (long) length * CHUNK,
                CopyPace.NONE);
        case 3 -> pool.freeze(volume, List.of(extent(from, Math.min(length, size - from))), MINUTE);
        default -> pool.createSnapshot(volume, "s" + step);
      }
    }
    for (Volume volume : volumes) {
      int cells = 96;
      long cellChunks = size / cells;
      Sharing sharing = volume.sharing(cells);
      assertThat(sharing.isComplete()).isTrue();
      Map<String, Set<Integer>> found = new TreeMap<>();
      sharing
          .sharers()
          .forEach(one ->
              found.put(
                  one.name(),
                  new HashSet<>(
                      one.cells().stream()
                          .flatMap(run ->
                              IntStream.range(run.first(), run.first() + run.count()).boxed())
                          .toList())));
      Map<String, Set<Integer>> expected = sharersOf(volume, cells, cellChunks);
      assertThat(found.keySet()).as("seed %d", seed).isEqualTo(expected.keySet());
      if (expected.containsKey(volume.name())) { // what is in several places is found in one
        found.forEach((name, where) -> assertThat(expected.get(name)).containsAll(where));
        assertThat(found.get(volume.name())).isEqualTo(expected.get(volume.name()));
      } else {
        assertThat(found).as("seed %d", seed).isEqualTo(expected);
      }
      long mapped = LongStream.range(0, size).filter(index -> volume.table.get(index) >= 0).count();
      assertThat(sum(sharing.ownBytes()) + sum(sharing.sharedBytes())).isEqualTo(mapped * CHUNK);
      assertThat(sum(sharing.ownBytes())).isEqualTo(volume.usage().uniqueBytes());
    }
  }

  private static Extent extent(int from, int length) {
    return new Extent((long) from * CHUNK, (long) length * CHUNK);
  }

  /** One chunk a million times, here and in the clone: as many looks as there are, not a square. */
  @Test
  void whatWasFilledWithAPatternIsCountedOnce() throws IOException {
    Volume filled = pool.createVolume("filled", 64 * LEAF, 512);
    filled.fill(0, 64 * LEAF, ByteBuffer.allocate(512).put(0, (byte) 1));
    for (int leaf = 0; leaf < 64; leaf++) {
      write(filled, leaf * LEAF, 1); // so that no leaf is another
    }
    Volume clone = pool.cloneVolume(filled, "clone");
    for (int leaf = 0; leaf < 64; leaf++) {
      write(clone, leaf * LEAF + CHUNK, 1);
    }
    Volume untouched = pool.cloneVolume(filled, "untouched");
    pool.createSnapshot(filled, "snapshot");
    Sharing sharing = filled.sharing(64);
    assertThat(sharing.isComplete()).isTrue();
    assertThat(sharing.sharers())
        .extracting(Sharer::name)
        .containsExactlyInAnyOrder("filled", "clone", untouched.name(), "filled@snapshot");
    for (Sharer sharer : sharing.sharers()) {
      long chunks = 64L * (Page.ENTRIES - (sharer.name().equals("filled") ? 1 : 0));
      // The clone still has the chunks that the volume wrote, and the pattern elsewhere.
      assertThat(sharer.bytes()).as(sharer.name()).isEqualTo(chunks * CHUNK);
      assertThat(sharer.cells()).containsExactly(new Run(0, 64));
    }
  }
}
