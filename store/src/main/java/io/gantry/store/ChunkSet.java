package io.gantry.store;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A set of chunk numbers: one bit for each, in segments that know how many they hold. */
final class ChunkSet {
  /*
   * Not a java.util.BitSet: when that loses its highest number it looks for the next one below, word
   * by word. A pool that grows adds its highest chunk to an empty set and takes it out again, each
   * time, so at a TiB every new chunk cost a walk over two megabytes.
   */
  private static final int SEGMENT_BITS = 16;
  private static final int SEGMENT = 1 << SEGMENT_BITS;

  private final List<@Nullable Segment> segments = new ArrayList<>();
  private long size;

  private static final class Segment {
    final long[] words = new long[SEGMENT / Long.SIZE];
    int size;

    boolean contains(int bit) {
      return (words[bit / Long.SIZE] & 1L << bit) != 0;
    }

    void flip(int bit) {
      words[bit / Long.SIZE] ^= 1L << bit;
    }

    /** The first bit from one on that is set, or is not; {@link #SEGMENT} if there is none. */
    int next(int from, boolean set) {
      for (int word = from / Long.SIZE; word < words.length; word++) {
        long wanted = set ? words[word] : ~words[word];
        wanted &= word == from / Long.SIZE ? -1L << from : -1L;
        if (wanted != 0) {
          return word * Long.SIZE + Long.numberOfTrailingZeros(wanted);
        }
      }
      return SEGMENT;
    }
  }

  /** How many there are. */
  long size() {
    return size;
  }

  boolean contains(long chunk) {
    Segment segment = segment(chunk);
    return segment != null && segment.contains(bit(chunk));
  }

  void add(long chunk) {
    Segment segment = segmentToChange(chunk);
    if (!segment.contains(bit(chunk))) {
      segment.flip(bit(chunk));
      segment.size++;
      size++;
    }
  }

  void remove(long chunk) {
    Segment segment = segment(chunk);
    if (segment != null && segment.contains(bit(chunk))) {
      segment.flip(bit(chunk));
      segment.size--;
      size--;
    }
  }

  /** The smallest one that is not below a number, or -1. */
  long next(long from) {
    if (size == 0) {
      return -1;
    }
    for (long at = from; index(at) < segments.size(); at = (at / SEGMENT + 1) * SEGMENT) {
      Segment segment = segment(at);
      if (segment != null && segment.size > 0) {
        int bit = segment.next(bit(at), true);
        if (bit < SEGMENT) {
          return at / SEGMENT * SEGMENT + bit;
        }
      }
    }
    return -1;
  }

  /** The smallest number not below a number that is not in the set. */
  long nextAbsent(long from) {
    long at = from;
    while (true) {
      Segment segment = segment(at);
      int bit = segment == null ? bit(at) : segment.next(bit(at), false);
      if (bit < SEGMENT) {
        return at / SEGMENT * SEGMENT + bit;
      }
      at = (at / SEGMENT + 1) * SEGMENT;
    }
  }

  void clear() {
    segments.clear();
    size = 0;
  }

  private static int index(long chunk) {
    return (int) (chunk >>> SEGMENT_BITS);
  }

  private static int bit(long chunk) {
    return (int) (chunk & (SEGMENT - 1));
  }

  private @Nullable Segment segment(long chunk) {
    return index(chunk) < segments.size() ? segments.get(index(chunk)) : null;
  }

  private Segment segmentToChange(long chunk) {
    while (index(chunk) >= segments.size()) {
      segments.add(null);
    }
    Segment segment = segments.get(index(chunk));
    if (segment == null) {
      segment = new Segment();
      segments.set(index(chunk), segment);
    }
    return segment;
  }
}
