package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of a pool against a plain model: each volume an array of bytes, each token a
 * copy. Now and then the files are copied as they stand, which is what kill -9 leaves behind, and
 * the copy must open as a state between the last flush and the present.
 */
@NullUnmarked
@Timeout(120)
class PoolModelTest {
  private static final int CHUNK = 16 << 10;
  private static final int BLOCK = 512;
  private static final int MAX_BLOCKS = 40 * CHUNK / BLOCK;

  @TempDir Path directory;

  /** What a volume held. */
  private final Map<String, byte[]> volumes = new HashMap<>();

  private final Map<Long, byte[]> tokens = new HashMap<>();

  /** What a snapshot holds, by {@code volume@snapshot}. */
  private final Map<String, byte[]> snapshots = new HashMap<>();

  private int created;

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, 40);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void historiesAgreeWithTheModel(long seed) throws IOException {
    Random random = new Random(seed);
    Path place = directory.resolve("pool");
    Pool pool = Pool.create(FileMedium.create(place), CHUNK, PoolOptions.defaults());
    for (int step = 0; step < 300; step++) {
      step(pool, random);
      if (random.nextInt(60) == 0) {
        pool.checkpoint();
      }
      if (random.nextInt(40) == 0) {
        assertThat(pool.scrub(0, (_, _) -> true).findings()).isEmpty();
      }
      if (random.nextInt(60) == 0) {
        pool.close();
        pool = Pool.open(FileMedium.open(place), PoolOptions.defaults());
        compare(pool);
      }
      if (random.nextInt(60) == 0) {
        pool.flush();
        Path copy = directory.resolve("crash" + step);
        copyFiles(place, copy);
        try (Pool crashed = Pool.open(FileMedium.open(copy), PoolOptions.defaults())) {
          compare(crashed);
          crashed.verifyReferences();
        }
      }
    }
    compare(pool);
    pool.flush();
    pool.flush(); // the second one lets the releases of the first take effect before it returns
    for (Token token : pool.tokens()) {
      pool.end(token, Token.End.REVOKED);
    }
    for (Erasure erasure : pool.erasures()) {
      assertThat(erasure.run(0, _ -> true)).isTrue();
    }
    for (Volume volume : pool.volumes()) {
      for (Snapshot snapshot : pool.snapshots(volume)) {
        pool.deleteSnapshot(snapshot);
      }
      pool.deleteVolume(volume);
    }
    pool.close();
    try (Pool empty = Pool.open(FileMedium.open(place), PoolOptions.defaults())) {
      empty.verifyReferences();
      assertThat(empty.statistics().usedChunks()).isZero();
    }
  }

  private void step(Pool pool, Random random) throws IOException {
    if (volumes.isEmpty() || (volumes.size() < 4 && random.nextInt(20) == 0)) {
      String name = "v" + created++;
      int blocks = 1 + random.nextInt(MAX_BLOCKS);
      pool.createVolume(name, (long) blocks * BLOCK, BLOCK);
      volumes.put(name, new byte[blocks * BLOCK]);
      return;
    }
    String name = pick(volumes.keySet().stream().sorted().toList(), random);
    Volume volume = pool.volume(name).orElseThrow();
    byte[] model = volumes.get(name);
    int offset = random.nextInt(model.length / BLOCK) * BLOCK;
    int length = length(model.length - offset, random);
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3 -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        volume.write(offset, ByteBuffer.wrap(bytes));
        System.arraycopy(bytes, 0, model, offset, length);
      }
      case 4 -> {
        volume.zero(offset, length);
        Arrays.fill(model, offset, offset + length, (byte) 0);
      }
      case 5, 6 -> {
        List<Extent> extents = extents(model.length, random);
        Token token = pool.freeze(volume, extents, 1_000_000).orElseThrow();
        byte[] bytes = new byte[(int) token.lengthBytes()];
        int at = 0;
        for (Extent e : extents) {
          System.arraycopy(model, (int) e.offset(), bytes, at, (int) e.length());
          at += (int) e.length();
        }
        tokens.put(token.number(), bytes);
      }
      case 7, 8, 9 -> {
        if (!tokens.isEmpty()) {
          long number = pick(tokens.keySet().stream().sorted().toList(), random);
          byte[] bytes = tokens.get(number);
          int from = random.nextInt(bytes.length / BLOCK) * BLOCK;
          int count = Math.min(length, bytes.length - from);
          if (random.nextInt(3) == 0 && offset % CHUNK != from % CHUNK) {
            from = Math.min(from / CHUNK * CHUNK + offset % CHUNK, bytes.length - count);
          }
          CopyResult result =
              pool.copy(pool.token(number).orElseThrow(), from, volume, offset, count);
          assertThat(result.totalBytes()).isEqualTo(count);
          System.arraycopy(bytes, from, model, offset, count);
        }
      }
      case 10 -> {
        if (!tokens.isEmpty() && random.nextInt(3) == 0) {
          long number = pick(tokens.keySet().stream().sorted().toList(), random);
          pool.end(pool.token(number).orElseThrow(), Token.End.DELETED);
          tokens.remove(number);
        }
      }
      case 12 -> {
        String snapshot = "s" + created++;
        pool.createSnapshot(volume, snapshot);
        snapshots.put(name + "@" + snapshot, model.clone());
      }
      case 13 -> useSnapshot(pool, volume, random);
      case 14 -> resize(pool, volume, random);
      case 15 -> administer(pool, volume, random);
      case 16 -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        volume.writeAtomic(offset, ByteBuffer.wrap(bytes));
        System.arraycopy(bytes, 0, model, offset, length);
      }
      case 17 -> {
        byte[] block = new byte[BLOCK];
        random.nextBytes(block);
        volume.fill(offset, length, ByteBuffer.wrap(block));
        for (int at = offset; at < offset + length; at += BLOCK) {
          System.arraycopy(block, 0, model, at, BLOCK);
        }
      }
      case 18 -> erase(pool, volume, random);
      case 19 -> {
        String other = pick(volumes.keySet().stream().sorted().toList(), random);
        byte[] bytes = volumes.get(other);
        int from = random.nextInt(bytes.length / BLOCK) * BLOCK;
        int count = Math.min(length, bytes.length - from);
        if (random.nextInt(3) == 0) {
          from = Math.min(from / CHUNK * CHUNK + offset % CHUNK, bytes.length - count);
        }
        CopyResult result =
            pool.copy(pool.volume(other).orElseThrow(), from, volume, offset, count, CopyPace.NONE);
        assertThat(result.totalBytes()).isEqualTo(count);
        System.arraycopy(bytes, from, model, offset, count); // as if through another array
      }
      case 11 -> {
        if (random.nextInt(10) == 0) {
          for (Snapshot snapshot : pool.snapshots(volume)) {
            pool.deleteSnapshot(snapshot);
            snapshots.remove(name + "@" + snapshot.name());
          }
          pool.deleteVolume(volume);
          volumes.remove(name);
        } else {
          ByteBuffer read = ByteBuffer.allocate(length);
          volume.read(offset, read);
          assertThat(read.array()).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
        }
      }
      default -> throw new AssertionError();
    }
  }

  private void erase(Pool pool, Volume volume, Random random) throws IOException {
    for (Erasure erasure : pool.erasures()) {
      assertThat(erasure.run(0, _ -> true)).isTrue();
    }
    byte[] model = volumes.get(volume.name());
    byte value = (byte) random.nextInt(2);
    byte[] block = new byte[BLOCK];
    Arrays.fill(block, value);
    Arrays.fill(model, value);
    pool.erase(volume, new Erasure.Plan(1, false, block));
  }

  private void useSnapshot(Pool pool, Volume volume, Random random) throws IOException {
    List<Snapshot> own = pool.snapshots(volume);
    if (own.isEmpty()) {
      return;
    }
    Snapshot snapshot = pick(own, random);
    String key = volume.name() + "@" + snapshot.name();
    switch (random.nextInt(3)) {
      case 0 -> {
        pool.deleteSnapshot(snapshot);
        snapshots.remove(key);
      }
      case 1 -> {
        pool.rollBack(volume, snapshot);
        volumes.put(volume.name(), snapshots.get(key).clone());
      }
      default -> {
        if (volumes.size() < 6) {
          String name = "v" + created++;
          pool.cloneSnapshot(snapshot, name);
          volumes.put(name, snapshots.get(key).clone());
        }
      }
    }
  }

  private void resize(Pool pool, Volume volume, Random random) throws IOException {
    byte[] model = volumes.get(volume.name());
    int size = BLOCK * (1 + random.nextInt(2 * MAX_BLOCKS));
    try {
      pool.resizeVolume(volume, size, random.nextBoolean());
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("has data behind");
      return; // that there was data is what the comparison of all bytes shows in the other case
    }
    volumes.put(volume.name(), Arrays.copyOf(model, size));
  }

  private void administer(Pool pool, Volume volume, Random random) throws IOException {
    String name = volume.name();
    if (random.nextBoolean() && volumes.size() < 6) {
      String copy = "v" + created++;
      pool.cloneVolume(volume, copy);
      volumes.put(copy, volumes.get(name).clone());
    } else if (pool.snapshots(volume).isEmpty()) {
      String other = "v" + created++;
      pool.renameVolume(volume, other);
      volumes.put(other, volumes.remove(name));
    } else {
      pool.protectVolume(volume, true);
      assertThatThrownBy(() -> volume.write(0, ByteBuffer.allocate(BLOCK)))
          .isInstanceOf(ReadOnlyVolumeException.class);
      pool.protectVolume(volume, false);
    }
  }

  private static int length(int limit, Random random) {
    int blocks = limit / BLOCK;
    return BLOCK * (1 + random.nextInt(random.nextBoolean() ? Math.min(blocks, 40) : blocks));
  }

  private static List<Extent> extents(int size, Random random) {
    List<Extent> extents = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      int offset = random.nextInt(size / BLOCK) * BLOCK;
      extents.add(new Extent(offset, length(size - offset, random)));
    }
    return extents;
  }

  private static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }

  private void compare(Pool pool) throws IOException {
    assertThat(pool.volumes())
        .extracting(Volume::name)
        .containsExactlyInAnyOrderElementsOf(volumes.keySet());
    for (Volume volume : pool.volumes()) {
      byte[] model = volumes.get(volume.name());
      ByteBuffer read = ByteBuffer.allocate(model.length);
      volume.read(0, read);
      assertThat(Arrays.mismatch(read.array(), model)).as(volume.name()).isEqualTo(-1);
    }
    assertThat(pool.tokens())
        .extracting(Token::number)
        .containsExactlyInAnyOrderElementsOf(tokens.keySet());
    int found = 0;
    for (Volume volume : pool.volumes()) {
      for (Snapshot snapshot : pool.snapshots(volume)) {
        byte[] model = snapshots.get(volume.name() + "@" + snapshot.name());
        ByteBuffer read = ByteBuffer.allocate((int) snapshot.sizeBytes());
        pool.reader.read(snapshot.table, 0, read, () -> true);
        assertThat(Arrays.mismatch(read.array(), model)).as(snapshot.name()).isEqualTo(-1);
        found++;
      }
    }
    assertThat(found).isEqualTo(snapshots.size());
    for (Token token : pool.tokens()) {
      byte[] model = tokens.get(token.number());
      int size = (model.length + BLOCK - 1) / BLOCK * BLOCK;
      Volume scratch = pool.createVolume("scratch", size, BLOCK);
      pool.copy(token, 0, scratch, 0, model.length);
      ByteBuffer read = ByteBuffer.allocate(model.length);
      scratch.read(0, read);
      assertThat(Arrays.mismatch(read.array(), model)).as("token %x", token.number()).isEqualTo(-1);
      pool.deleteVolume(scratch);
    }
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
