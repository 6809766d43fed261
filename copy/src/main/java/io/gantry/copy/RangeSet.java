package io.gantry.copy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Bytes of a copy, as disjoint ranges that do not touch. Safe for use by several threads. */
final class RangeSet {
  private final TreeMap<Long, Long> ends = new TreeMap<>();

  /**
   * A run of bytes of a copy, counted from its start.
   *
   * @param end the first byte behind it
   */
  record Range(long start, long end) {
    long length() {
      return end - start;
    }
  }

  static RangeSet of(List<Range> ranges) {
    RangeSet set = new RangeSet();
    ranges.forEach(range -> set.add(range.start, range.end));
    return set;
  }

  synchronized void add(long start, long end) {
    if (start >= end) {
      return;
    }
    long first = start;
    long last = end;
    Map.Entry<Long, Long> before = ends.floorEntry(start);
    if (before != null && before.getValue() >= start) {
      first = before.getKey();
      last = Math.max(last, before.getValue());
    }
    Map.Entry<Long, Long> next;
    while ((next = ends.ceilingEntry(first)) != null && next.getKey() <= last) {
      last = Math.max(last, next.getValue());
      ends.remove(next.getKey());
    }
    ends.put(first, last);
  }

  synchronized List<Range> ranges() {
    List<Range> ranges = new ArrayList<>(ends.size());
    ends.forEach((start, end) -> ranges.add(new Range(start, end)));
    return ranges;
  }

  /** What of {@code [0, length)} is not in the set. */
  synchronized List<Range> gaps(long length) {
    List<Range> gaps = new ArrayList<>();
    long at = 0;
    for (Map.Entry<Long, Long> each : ends.entrySet()) {
      if (each.getKey() > at) {
        gaps.add(new Range(at, each.getKey()));
      }
      at = each.getValue();
    }
    if (at < length) {
      gaps.add(new Range(at, length));
    }
    return gaps;
  }

  /** The first byte that is not in the set. */
  synchronized long firstGap() {
    Map.Entry<Long, Long> first = ends.firstEntry();
    return first == null || first.getKey() > 0 ? 0 : first.getValue();
  }

  synchronized long bytes() {
    return ends.entrySet().stream().mapToLong(each -> each.getValue() - each.getKey()).sum();
  }
}
