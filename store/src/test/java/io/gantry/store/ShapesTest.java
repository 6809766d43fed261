package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Volumes of a pebibyte, and every way a range can lie in its chunks. */
@NullUnmarked
@Timeout(60)
class ShapesTest {
  private static final int CHUNK = 16 << 10;
  private static final long TIB = 1L << 40;
  private static final long PIB = 1L << 50;

  private final SimulatedMedium medium = new SimulatedMedium();
  private Pool pool;

  @BeforeEach
  void open() throws IOException {
    pool = Pool.create(medium, CHUNK, PoolOptions.defaults());
  }

  @AfterEach
  void close() throws IOException {
    pool.verifyReferences();
    pool.close();
    Pool reopened = Pool.open(medium, PoolOptions.defaults());
    reopened.verifyReferences();
    reopened.close();
  }

  private static void write(Volume volume, long offset, String text) throws IOException {
    byte[] bytes = Arrays.copyOf(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII), 512);
    volume.write(offset, ByteBuffer.wrap(bytes));
  }

  private static String read(Volume volume, long offset) throws IOException {
    byte[] bytes = new byte[512];
    volume.read(offset, ByteBuffer.wrap(bytes));
    return new String(bytes, java.nio.charset.StandardCharsets.US_ASCII).replace("\0", "");
  }

  private int pages() {
    Set<Page> pages = Collections.newSetFromMap(new IdentityHashMap<>());
    pool.volumes().forEach(volume -> collect(volume.table.root(), pages));
    pool.tokens().forEach(token -> collect(token.table.root(), pages));
    return pages.size();
  }

  private static void collect(Page page, Set<Page> pages) {
    if (page != null && pages.add(page) && page.level > 0) {
      for (int slot = 0; slot < Page.ENTRIES; slot++) {
        collect(page.child(slot), pages);
      }
    }
  }

  @Test
  void aPebibyteIsWrittenSparsely() throws IOException {
    Volume volume = pool.createVolume("big", PIB, 4096);
    write(volume, PIB - 512, "the end");
    write(volume, 0, "the beginning");
    write(volume, PIB / 2 - 512, "the middle");
    assertThat(read(volume, PIB - 512)).isEqualTo("the end");
    assertThat(read(volume, 0)).isEqualTo("the beginning");
    assertThat(read(volume, PIB / 2 - 512)).isEqualTo("the middle");
    assertThat(read(volume, PIB / 2)).isEmpty();
    assertThat(volume.usage().mappedBytes()).isEqualTo(3 * CHUNK);
    assertThat(volume.allocation(CHUNK, PIB).end()).isEqualTo(PIB / 2 - CHUNK);
    assertThat(pages()).isLessThan(20);
    volume.zero(0, PIB);
    assertThat(volume.usage().mappedBytes()).isZero();
    assertThatThrownBy(() -> pool.createVolume("bigger", PIB + 4096, 4096))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void eightTebibytesAreSharedByTheirPages() throws IOException {
    Volume source = pool.createVolume("source", 16 * TIB, 512);
    Volume target = pool.createVolume("target", PIB, 512);
    for (int i = 0; i < 64; i++) {
      write(source, 8 * TIB * i / 64 + 512L * i, "block " + i);
    }
    final int before = pages();
    Token token = pool.freeze(source, List.of(new Extent(0, 8 * TIB)), 1000).orElseThrow();
    assertThat(pages()).isLessThanOrEqualTo(before + 4);
    long unit = CHUNK * 512L * 512 * 512; // as far apart as the largest pages
    CopyResult result = pool.copy(token, 0, target, 16 * unit, 8 * TIB);
    assertThat(result).isEqualTo(new CopyResult(8 * TIB, 0, 0));
    assertThat(pages()).isLessThanOrEqualTo(before + 12);
    write(source, 0, "changed");
    for (int i = 0; i < 64; i++) {
      assertThat(read(target, 16 * unit + 8 * TIB * i / 64 + 512L * i)).isEqualTo("block " + i);
    }
    // Congruent in leaf pages only: those are shared, not their parents.
    pool.copy(token, 0, target, 8 * TIB + CHUNK * 512L, 8 * TIB);
    assertThat(read(target, 8 * TIB + CHUNK * 512L + 8 * TIB * 63 / 64 + 512 * 63))
        .isEqualTo("block 63");
    pool.end(token, Token.End.DELETED);
    pool.deleteVolume(target);
    assertThat(read(source, 0)).isEqualTo("changed");
  }

  @Test
  void aShareMisalignedByOneChunkMovesNoBytes() throws IOException {
    Volume source = pool.createVolume("source", 4L << 30, 512);
    Volume target = pool.createVolume("target", 4L << 30, 512);
    for (int i = 0; i < 600; i++) {
      write(source, (long) i * CHUNK, "chunk " + i);
    }
    Token token = pool.freeze(source, List.of(new Extent(0, 2L << 30)), 1000).orElseThrow();
    CopyResult result = pool.copy(token, 0, target, CHUNK, 2L << 30);
    assertThat(result).isEqualTo(new CopyResult(2L << 30, 0, 0));
    assertThat(read(target, 0)).isEmpty();
    for (int i = 0; i < 600; i++) {
      assertThat(read(target, (i + 1L) * CHUNK)).isEqualTo("chunk " + i);
    }
    assertThat(pool.statistics().usedChunks()).isEqualTo(600);
  }

  @Test
  void holesStayHolesAtAnyAlignment() throws IOException {
    Volume source = pool.createVolume("source", 16 * TIB, 512);
    Volume target = pool.createVolume("target", 16 * TIB, 512);
    write(source, TIB, "here");
    long journal = medium.journalEnd();
    Token token = pool.freeze(source, List.of(new Extent(0, 8 * TIB)), 1000).orElseThrow();
    CopyResult result = pool.copy(token, 0, target, 512, 8 * TIB);
    assertThat(result).isEqualTo(new CopyResult(0, CHUNK, 8 * TIB - CHUNK));
    assertThat(read(target, TIB + 512)).isEqualTo("here");
    assertThat(target.usage().mappedBytes()).isEqualTo(2 * CHUNK);
    pool.flush();
    assertThat(medium.journalEnd() - journal).isLessThan(16 << 10);
  }

  @Test
  void runsOfMappedChunksAreCountedByPages() throws IOException {
    Volume volume = pool.createVolume("v", 1 << 30, 512);
    byte[] bytes = new byte[1100 * CHUNK];
    volume.write(3 * CHUNK, ByteBuffer.wrap(bytes));
    long end = 1103L * CHUNK;
    assertThat(volume.allocation(3 * CHUNK, 1 << 30)).isEqualTo(new Volume.Allocation(true, end));
    assertThat(volume.allocation(end - 1, 1 << 30)).isEqualTo(new Volume.Allocation(true, end));
    assertThat(volume.allocation(4 * CHUNK, 600 * CHUNK).end()).isEqualTo(600 * CHUNK);
    assertThat(volume.allocation(end, 1 << 30)).isEqualTo(new Volume.Allocation(false, 1 << 30));
    assertThat(volume.allocation(0, 1 << 30)).isEqualTo(new Volume.Allocation(false, 3 * CHUNK));
  }

  static Stream<Arguments> alignments() {
    int[] offsets = {0, 512, CHUNK - 512};
    int[] lengths = {512, CHUNK - 512, CHUNK, CHUNK + 512, 2 * CHUNK, 3 * CHUNK - 1024, 3 * CHUNK};
    List<Arguments> all = new ArrayList<>();
    for (int from : offsets) {
      for (int to : offsets) {
        for (int length : lengths) {
          all.add(Arguments.of(from, to, length));
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0} to {1}, {2} bytes")
  @MethodSource("alignments")
  void partsOfChunksAreCopiedZeroedAndOverwritten(int from, int to, int length) throws IOException {
    int size = 5 * CHUNK - 1536; // no multiple of a chunk
    Random random = new Random(from * 31L + to * 7L + length);
    Volume source = pool.createVolume("source", size, 512);
    Volume target = pool.createVolume("target", size, 512);
    byte[] sourceBytes = new byte[size];
    byte[] expected = new byte[size];
    random.nextBytes(sourceBytes);
    random.nextBytes(expected);
    source.write(0, ByteBuffer.wrap(sourceBytes));
    target.write(0, ByteBuffer.wrap(expected));
    Token token = pool.freeze(source, List.of(new Extent(from, length)), 1000).orElseThrow();
    source.write(from, ByteBuffer.wrap(new byte[length]));
    CopyResult result = pool.copy(token, 0, target, to, length);
    System.arraycopy(sourceBytes, from, expected, to, length);
    assertThat(result.totalBytes()).isEqualTo(length);
    int whole = Math.max(0, (to + length) / CHUNK - (to + CHUNK - 1) / CHUNK) * CHUNK;
    assertThat(result.sharedBytes()).isEqualTo(from == to ? whole : 0);
    assertThat(all(target)).isEqualTo(expected);

    target.write(from, ByteBuffer.wrap(new byte[length])); // over shared chunks
    Arrays.fill(expected, from, from + length, (byte) 0);
    assertThat(all(target)).isEqualTo(expected);
    target.zero(to, length);
    Arrays.fill(expected, to, to + length, (byte) 0);
    assertThat(all(target)).isEqualTo(expected);
    target.zero(size - length, length); // up to the end, within a chunk
    Arrays.fill(expected, size - length, size, (byte) 0);
    assertThat(all(target)).isEqualTo(expected);
    target.zero(0, size);
    assertThat(target.usage().mappedBytes()).isZero();
  }

  private static byte[] all(Volume volume) throws IOException {
    byte[] bytes = new byte[(int) volume.sizeBytes()];
    volume.read(0, ByteBuffer.wrap(bytes));
    return bytes;
  }

  @Test
  void aVolumeTellsWhatItHasAloneAndWhatItShares() throws IOException {
    Volume volume = pool.createVolume("map", 2000L * CHUNK - 512, 512);
    volume.write(3 * CHUNK + 512, ByteBuffer.allocate(CHUNK));
    volume.write(1000L * CHUNK, ByteBuffer.allocate(30 * CHUNK));
    pool.freeze(volume, List.of(new Extent(1010L * CHUNK, 5 * CHUNK)), 1_000_000);
    assertThat(volume.ranges(0, 100))
        .containsExactly(
            range(0, 3, VolumeRange.State.HOLE),
            range(3, 5, VolumeRange.State.OWN),
            range(5, 1000, VolumeRange.State.HOLE),
            range(1000, 1010, VolumeRange.State.OWN),
            range(1010, 1015, VolumeRange.State.SHARED),
            range(1015, 1030, VolumeRange.State.OWN),
            new VolumeRange(1030L * CHUNK, 970L * CHUNK - 512, VolumeRange.State.HOLE));
    assertThat(volume.ranges(4 * CHUNK + 100, 2))
        .containsExactly(
            new VolumeRange(4 * CHUNK + 100, CHUNK - 100, VolumeRange.State.OWN),
            range(5, 1000, VolumeRange.State.HOLE));
    assertThat(volume.ranges(volume.sizeBytes(), 2)).isEmpty();
  }

  private static VolumeRange range(long first, long end, VolumeRange.State state) {
    return new VolumeRange(first * CHUNK, (end - first) * CHUNK, state);
  }
}
