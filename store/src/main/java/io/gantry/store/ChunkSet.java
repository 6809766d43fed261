package io.gantry.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A set of chunk numbers: a bit set whose numbers do not end at 2^31. */
final class ChunkSet {
  private static final int SEGMENT_BITS = 24;
  private static final long SEGMENT = 1L << SEGMENT_BITS;

  private final List<@Nullable BitSet> segments = new ArrayList<>();
  private long size;

  /** How many there are. */
  long size() {
    return size;
  }

  boolean contains(long chunk) {
    BitSet segment = segment(chunk);
    return segment != null && segment.get(bit(chunk));
  }

  void add(long chunk) {
    BitSet segment = segmentToChange(chunk);
    if (!segment.get(bit(chunk))) {
      segment.set(bit(chunk));
      size++;
    }
  }

  void remove(long chunk) {
    BitSet segment = segment(chunk);
    if (segment != null && segment.get(bit(chunk))) {
      segment.clear(bit(chunk));
      size--;
    }
  }

  /** The smallest one that is not below a number, or -1. */
  long next(long from) {
    for (long at = from; index(at) < segments.size(); at = (at / SEGMENT + 1) * SEGMENT) {
      BitSet segment = segment(at);
      int bit = segment == null ? -1 : segment.nextSetBit(bit(at));
      if (bit >= 0) {
        return at / SEGMENT * SEGMENT + bit;
      }
    }
    return -1;
  }

  /** The smallest number not below a number that is not in the set. */
  long nextAbsent(long from) {
    long at = from;
    while (true) {
      BitSet segment = segment(at);
      int bit = segment == null ? bit(at) : segment.nextClearBit(bit(at));
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

  private @Nullable BitSet segment(long chunk) {
    return index(chunk) < segments.size() ? segments.get(index(chunk)) : null;
  }

  private BitSet segmentToChange(long chunk) {
    while (index(chunk) >= segments.size()) {
      segments.add(null);
    }
    BitSet segment = segments.get(index(chunk));
    if (segment == null) {
      segment = new BitSet();
      segments.set(index(chunk), segment);
    }
    return segment;
  }
}
