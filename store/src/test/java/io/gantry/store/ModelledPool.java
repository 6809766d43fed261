package io.gantry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.NullUnmarked;

/**
 * A pool beside a plain model of it. Every block written carries a stamp of its own, eight bytes
 * over and over. The model knows for each block what it may read as now (more than one value only
 * after a write that failed half-way) and what it may read as after a crash: what it held at the
 * last flush, or anything written since.
 */
@NullUnmarked
final class ModelledPool {
  static final int BLOCK = 512;

  private Pool pool;
  private final Map<String, VolumeModel> volumes = new TreeMap<>();
  private final Map<Long, TokenModel> tokens = new LinkedHashMap<>(); // numbers are random
  private long lastStamp;
  private int created;

  /** What a block may hold. */
  private static final class Values {
    private long[] values;

    Values(long... values) {
      this.values = values;
    }

    boolean has(long value) {
      for (long v : values) {
        if (v == value) {
          return true;
        }
      }
      return false;
    }

    Values with(Values more) {
      Values sum = new Values(values);
      for (long v : more.values) {
        if (!sum.has(v)) {
          sum.values = java.util.Arrays.copyOf(sum.values, sum.values.length + 1);
          sum.values[sum.values.length - 1] = v;
        }
      }
      return sum;
    }

    @Override
    public String toString() {
      return java.util.Arrays.toString(values);
    }
  }

  private static final Values ZERO = new Values(0);

  private static final class VolumeModel {
    final Values[] now;
    final Values[] afterCrash;

    /** False while a crash may take it back. */
    boolean sure;

    /** It is gone, but a crash may bring it back. */
    boolean deleted;

    VolumeModel(int blocks) {
      now = new Values[blocks];
      afterCrash = new Values[blocks];
      java.util.Arrays.fill(now, ZERO);
      java.util.Arrays.fill(afterCrash, ZERO);
    }

    void becomes(int block, Values values) {
      now[block] = values;
      afterCrash[block] = afterCrash[block].with(values);
    }

    void mayBecome(int block, Values values) {
      becomes(block, now[block].with(values));
    }
  }

  private static final class TokenModel {
    final Values[] content;
    boolean durable;
    boolean ended;

    TokenModel(Values[] content) {
      this.content = content;
    }
  }

  ModelledPool(Pool pool) {
    this.pool = pool;
  }

  Pool pool() {
    return pool;
  }

  List<String> volumeNames() {
    return volumes.keySet().stream().filter(name -> !volumes.get(name).deleted).toList();
  }

  List<Long> liveTokens() {
    return tokens.keySet().stream().filter(number -> !tokens.get(number).ended).toList();
  }

  int blocks(String volume) {
    return volumes.get(volume).now.length;
  }

  int blocks(long token) {
    return tokens.get(token).content.length;
  }

  private Volume volume(String name) {
    return pool.volume(name).orElseThrow();
  }

  String create(int blocks) throws IOException {
    String name = "v" + created++;
    VolumeModel model = new VolumeModel(blocks);
    volumes.put(name, model);
    try {
      pool.createVolume(name, (long) blocks * BLOCK, BLOCK);
      flushed();
    } finally {
      model.deleted = pool.volume(name).isEmpty();
    }
    return name;
  }

  void delete(String name) throws IOException {
    VolumeModel model = volumes.get(name);
    try {
      pool.deleteVolume(volume(name));
      model.deleted = true;
      flushed();
    } finally {
      model.deleted = pool.volume(name).isEmpty();
      model.sure &= !model.deleted;
    }
  }

  void write(String name, int block, int count) throws IOException {
    VolumeModel model = volumes.get(name);
    ByteBuffer bytes = ByteBuffer.allocate(count * BLOCK);
    Values[] stamps = new Values[count];
    for (int i = 0; i < count; i++) {
      long stamp = ++lastStamp;
      stamps[i] = new Values(stamp);
      for (int j = 0; j < BLOCK; j += 8) {
        bytes.putLong(stamp);
      }
    }
    change(
        model,
        block,
        stamps,
        () -> {
          volume(name).write((long) block * BLOCK, bytes.flip());
          return count;
        });
  }

  void zero(String name, int block, int count) throws IOException {
    Values[] zeros = new Values[count];
    java.util.Arrays.fill(zeros, ZERO);
    change(
        volumes.get(name),
        block,
        zeros,
        () -> {
          volume(name).zero((long) block * BLOCK, (long) count * BLOCK);
          return count;
        });
  }

  /** Returns how many blocks were copied. */
  int copy(long token, int from, String name, int block, int count) throws IOException {
    Values[] content = java.util.Arrays.copyOfRange(tokens.get(token).content, from, from + count);
    return change(
        volumes.get(name),
        block,
        content,
        () -> {
          Token live = pool.token(token).orElseThrow();
          long offset = (long) from * BLOCK;
          long target = (long) block * BLOCK;
          CopyResult result = pool.copy(live, offset, volume(name), target, (long) count * BLOCK);
          assertThat(result.totalBytes() % BLOCK).isZero();
          return (int) (result.totalBytes() / BLOCK);
        });
  }

  /** Returns how many blocks were copied. */
  int copy(String source, int from, String name, int block, int count) throws IOException {
    Values[] content = java.util.Arrays.copyOfRange(volumes.get(source).now, from, from + count);
    return change(
        volumes.get(name),
        block,
        content,
        () -> {
          long offset = (long) from * BLOCK;
          long target = (long) block * BLOCK;
          long length = (long) count * BLOCK;
          CopyResult result =
              pool.copy(volume(source), offset, volume(name), target, length, CopyPace.NONE);
          assertThat(result.totalBytes() % BLOCK).isZero();
          return (int) (result.totalBytes() / BLOCK);
        });
  }

  private interface Change {
    int run() throws IOException;
  }

  private static int change(VolumeModel model, int block, Values[] values, Change change)
      throws IOException {
    int done = 0;
    try {
      done = change.run();
      return done;
    } finally {
      for (int i = 0; i < values.length; i++) {
        if (i < done) {
          model.becomes(block + i, values[i]);
        } else {
          model.mayBecome(block + i, values[i]);
        }
      }
    }
  }

  long freeze(String name, List<Extent> extents) throws IOException {
    List<Values> content = new ArrayList<>();
    for (Extent extent : extents) {
      for (long at = extent.offset(); at < extent.end(); at += BLOCK) {
        content.add(volumes.get(name).now[(int) (at / BLOCK)]);
      }
    }
    long number = pool.freeze(volume(name), extents, 1_000_000).orElseThrow().number();
    tokens.put(number, new TokenModel(content.toArray(new Values[0])));
    return number;
  }

  void end(long token) {
    tokens.get(token).ended = true;
    pool.end(pool.token(token).orElseThrow(), Token.End.DELETED);
  }

  /** Flushes, and waits until what was given up is free, so that histories repeat themselves. */
  void flush() throws IOException {
    pool.metadata.reclaim();
    flushed();
  }

  private void flushed() {
    volumes.values().removeIf(volume -> volume.deleted);
    volumes.values().forEach(volume -> volume.sure = true);
    volumes.values().forEach(v -> System.arraycopy(v.now, 0, v.afterCrash, 0, v.now.length));
    tokens.values().removeIf(token -> token.ended);
    tokens.values().forEach(token -> token.durable = true);
  }

  /** Does something at random. */
  void step(Random random, int maximumBlocks) throws IOException {
    if (volumeNames().isEmpty() || (volumes.size() < 3 && random.nextInt(20) == 0)) {
      create(1 + random.nextInt(maximumBlocks));
      return;
    }
    String name = pick(volumeNames(), random);
    int blocks = blocks(name);
    int block = random.nextInt(blocks);
    int count =
        1 + random.nextInt(random.nextBoolean() ? Math.min(blocks - block, 40) : blocks - block);
    if (random.nextInt(12) == 0) {
      pool.checkpoint();
      return;
    }
    switch (random.nextInt(14)) {
      case 0, 1, 2, 3 -> write(name, block, count);
      case 12, 13 -> {
        String source = pick(volumeNames(), random);
        // Often congruent, and often within one volume.
        int from = random.nextBoolean() ? block % blocks(source) : random.nextInt(blocks(source));
        copy(source, from, name, block, Math.min(count, blocks(source) - from));
      }
      case 4 -> zero(name, block, count);
      case 5, 6 -> {
        List<Extent> extents = new ArrayList<>();
        extents.add(new Extent((long) block * BLOCK, (long) count * BLOCK));
        if (random.nextBoolean()) {
          extents.add(new Extent(0, BLOCK * (1L + random.nextInt(blocks))));
        }
        freeze(name, extents);
      }
      case 7, 8, 9 -> {
        if (!liveTokens().isEmpty()) {
          long token = pick(liveTokens(), random);
          // Often congruent: a token of a whole volume starts at the same place in its chunk.
          int from = random.nextBoolean() ? block % blocks(token) : random.nextInt(blocks(token));
          copy(token, from, name, block, Math.min(count, blocks(token) - from));
        }
      }
      case 10 -> {
        if (!liveTokens().isEmpty()) {
          end(pick(liveTokens(), random));
        }
      }
      default -> {
        if (random.nextInt(15) == 0) {
          delete(name);
        } else {
          flush();
        }
      }
    }
  }

  private static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }

  /** Every byte of the pool as it runs. */
  void verify() throws IOException {
    assertThat(pool.volumes()).extracting(Volume::name).containsExactlyElementsOf(volumeNames());
    for (Volume volume : pool.volumes()) {
      check(volume.name(), read(volume), volumes.get(volume.name()).now);
    }
    assertThat(pool.tokens())
        .extracting(Token::number)
        .containsExactlyInAnyOrderElementsOf(liveTokens());
    for (Token token : pool.tokens()) {
      check("token " + token.number(), read(pool, token), tokens.get(token.number()).content);
    }
  }

  /** Goes on with a pool that was opened after a crash; first everything in it must be right. */
  void recovered(Pool reopened) throws IOException {
    pool = reopened;
    reopened.verifyReferences();
    for (Iterator<Map.Entry<String, VolumeModel>> i = volumes.entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<String, VolumeModel> entry = i.next();
      VolumeModel model = entry.getValue();
      if (reopened.volume(entry.getKey()).isEmpty()) {
        assertThat(model.sure).as("%s is gone", entry.getKey()).isFalse();
        i.remove();
        continue;
      }
      long[] found = read(volume(entry.getKey()));
      check(entry.getKey(), found, model.afterCrash);
      for (int block = 0; block < found.length; block++) {
        model.now[block] = new Values(found[block]);
        model.afterCrash[block] = model.now[block];
      }
      model.sure = true;
      model.deleted = false;
    }
    for (Token token : reopened.tokens()) {
      TokenModel model = tokens.get(token.number());
      assertThat(model).as("token %d", token.number()).isNotNull();
      check("token " + token.number(), read(reopened, token), model.content);
      model.ended = false;
    }
    Map<Long, TokenModel> known = new LinkedHashMap<>();
    tokens.forEach((number, model) -> {
      if (reopened.token(number).isPresent()) {
        known.put(number, model);
        model.durable = true;
      } else {
        assertThat(model.durable && !model.ended).as("token %d is gone", number).isFalse();
      }
    });
    tokens.clear();
    tokens.putAll(known);
    verify();
  }

  private static void check(String what, long[] found, Values[] allowed) {
    assertThat(found).hasSameSizeAs(allowed);
    for (int block = 0; block < found.length; block++) {
      if (!allowed[block].has(found[block])) {
        fail("%s: block %d holds %d, not %s", what, block, found[block], allowed[block]);
      }
    }
  }

  private static long[] read(Volume volume) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) volume.sizeBytes());
    volume.read(0, bytes);
    return stamps(bytes.flip());
  }

  private static long[] read(Pool pool, Token token) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) token.lengthBytes());
    int at = 0;
    for (Extent extent : token.extents()) {
      ByteBuffer part = bytes.slice(at, (int) extent.length());
      pool.reader.read(token.table, extent.offset(), part, () -> true);
      at += (int) extent.length();
    }
    return stamps(bytes);
  }

  /** The stamps of blocks; a block of which only a part carries its stamp reads as -1. */
  static long[] stamps(ByteBuffer bytes) {
    long[] stamps = new long[bytes.capacity() / BLOCK];
    for (int block = 0; block < stamps.length; block++) {
      stamps[block] = bytes.getLong(block * BLOCK);
      for (int at = 8; at < BLOCK; at += 8) {
        if (bytes.getLong(block * BLOCK + at) != stamps[block]) {
          stamps[block] = -1;
          break;
        }
      }
    }
    return stamps;
  }
}
