package io.gantry.copy;

import io.gantry.copy.CopyResult.Fallback;
import io.gantry.copy.OffloadMethod.Obstacle;
import io.gantry.copy.OffloadMethod.Outcome;
import io.gantry.copy.RangeSet.Range;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One copy while it runs.
 *
 * <p>Workers take pieces from the front of what is left. A piece goes by the first method that
 * works; where that stops, the rest of the piece goes by the next one, and the next piece begins
 * with the first again, unless that has no hope any more. Bytes that are done count as such when
 * all their piece is done or the copy ends; they count as durable when the destination was flushed
 * after that. Only durable ones are noted for a later run.
 *
 * <p>Holes are looked for only where bytes would go by EXTENDED COPY or through here. A token
 * stands for holes too, and the storage knows its own best; besides, a hole that was asked for
 * before or after the token was made may belong to another instant.
 */
final class CopyRun {
  /** What one worker reads and writes before it looks for another piece. */
  private static final long MOVE_BYTES = 4L << 20;

  private static final long HOLE_BYTES = 1L << 30;

  /** Zeros are looked for in units of this. */
  private static final int ZERO_BYTES = 64 << 10;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(ZERO_BYTES).asReadOnlyBuffer();

  private final CopyEnd source;
  private final CopyEnd destination;
  private final Span span;
  private final CopyRequest request;
  private final CopyProgress progress;
  private final LongSupplier nanoClock;
  private final StopSignal stop;
  private final @Nullable ResumeFile resumeFile;

  private final List<Attempt> attempts = new ArrayList<>();
  private final RateLimit rate;
  private final Map<Means, Long> bytes = new EnumMap<>(Means.class);
  private final Map<Failure, Left> fallbacks = new LinkedHashMap<>();
  private final Deque<Range> left = new ArrayDeque<>();
  private final boolean goesBack;
  private final long resumedBytes;
  private final int blockBytes;

  // Replaced only while nobody copies.
  private volatile HoleMap holesAhead;
  private volatile RangeSet done;
  private volatile long repeatedBytes;

  private final ReentrantLock checkpoint = new ReentrantLock();
  private volatile long checkpointNanos;
  private volatile List<Range> durable;

  /** What to copy, checked; in bytes. */
  record Span(long sourceOffset, long destinationOffset, long length) {}

  private record Failure(CopyMethod method, String reason) {}

  private record Left(long offset, long bytes) {}

  /** A method, and how it went so far. */
  private final class Attempt {
    final OffloadMethod method;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile @Nullable String hopeless;

    Attempt(OffloadMethod method) {
      this.method = method;
    }

    boolean hasHope() {
      return hopeless == null;
    }

    /** Copies something of a piece; 0 if this method leaves the rest of it to the next. */
    long copy(long at, long end) throws IOException {
      String reason = hopeless;
      if (reason == null) {
        long portion = rate.portion(end - at, blockBytes);
        Outcome outcome = method.copy(span.sourceOffset + at, span.destinationOffset + at, portion);
        if (outcome.bytes() > 0) {
          failures.set(0);
          count(method.means(), outcome.bytes());
          return outcome.bytes();
        }
        Obstacle obstacle =
            outcome
                .obstacle()
                .orElseGet(() -> new Obstacle("nothing was copied, without a reason", false));
        reason = obstacle.reason();
        // All pieces in flight may have met the same trouble; if their successors do, it stays.
        if (obstacle.isForGood() || failures.incrementAndGet() > 2 * request.inFlight()) {
          hopeless = reason;
        }
      }
      leave(new Failure(method.method(), reason), at, end - at);
      return 0;
    }
  }

  /**
   * @param resumed what an earlier run has done
   * @param resumeFile null if there will be no later run
   */
  CopyRun(
      CopyEnd source,
      CopyEnd destination,
      Span span,
      CopyRequest request,
      CopyProgress progress,
      LongSupplier nanoClock,
      StopSignal stop,
      List<Range> resumed,
      @Nullable ResumeFile resumeFile) {
    this.source = source;
    this.destination = destination;
    this.span = span;
    this.request = request;
    this.progress = progress;
    this.nanoClock = nanoClock;
    this.stop = stop;
    this.resumeFile = resumeFile;
    this.rate = new RateLimit(request.bytesPerSecond(), nanoClock);
    this.blockBytes = Math.max(source.blockBytes(), destination.blockBytes());
    this.holesAhead = new HoleMap(source, blockBytes);
    this.done = RangeSet.of(resumed);
    this.durable = done.ranges();
    this.resumedBytes = done.bytes();
    this.checkpointNanos = nanoClock.getAsLong();
    this.goesBack = destination instanceof DiskEnd disk && disk.canReconnect();
    left.addAll(done.gaps(span.length));
    addMethods();
  }

  /**
   * A logical unit was lost and is there again: all that is not known to be on stable storage is to
   * be copied once more. Nobody may be copying.
   */
  synchronized void goBack() {
    long before = done.bytes();
    RangeSet kept = RangeSet.of(durable);
    repeatedBytes += before - kept.bytes();
    done = kept;
    holesAhead = new HoleMap(source, blockBytes);
    left.clear();
    left.addAll(kept.gaps(span.length));
  }

  private void addMethods() {
    CopyMethod wanted = request.method();
    if (wanted == CopyMethod.RW) {
      return;
    }
    if (source instanceof DiskEnd from && destination instanceof DiskEnd to) {
      if (wanted != CopyMethod.XCOPY) {
        attempts.add(
            new Attempt(new TokenCopy(from, to, this::firstLeft, span.sourceOffset + span.length)));
      }
      if (wanted != CopyMethod.ODX) {
        attempts.add(new Attempt(new ExtendedCopy(from, to)));
      }
      return;
    }
    String file = (source instanceof FileEnd ? source : destination).name();
    leave(
        new Failure(wanted, file + " is a file, and only logical units copy by themselves"),
        0,
        span.length - resumedBytes);
  }

  /** Where in the source the first byte is that is not copied yet. */
  private long firstLeft() {
    return span.sourceOffset + done.firstGap();
  }

  /** Copies what is left. */
  void copy() throws IOException {
    progress.started(span.length, done.bytes());
    Workers.run(
        request.inFlight(),
        () -> {
          Mover mover = new Mover();
          return () -> copyNext(mover);
        });
  }

  private boolean copyNext(Mover mover) throws IOException {
    stop.check();
    Range piece = take();
    if (piece == null) {
      return false;
    }
    long at = piece.start();
    try {
      int first = 0;
      while (at < piece.end()) {
        stop.check();
        long skipped = 0;
        long copied = 0;
        while (skipped + copied == 0 && first < attempts.size()) {
          Attempt attempt = attempts.get(first);
          boolean skipsHoles = attempt.hasHope() && attempt.method.means() != Means.TOKEN;
          skipped = skipsHoles ? mover.skipHole(at, piece.end()) : 0;
          copied = skipped > 0 ? 0 : attempt.copy(at, piece.end());
          first += skipped + copied == 0 ? 1 : 0;
        }
        if (skipped + copied == 0) {
          requireAllowed(at);
          skipped = mover.skipHole(at, piece.end());
          copied = skipped > 0 ? 0 : mover.move(at, piece.end());
        }
        at += skipped + copied;
        rate.await(copied, stop); // afterwards: what was refused costs nothing
      }
    } finally {
      done.add(piece.start(), at);
    }
    checkpointWhenDue();
    return true;
  }

  private synchronized @Nullable Range take() throws IOException {
    Range front = left.pollFirst();
    if (front == null) {
      return null;
    }
    long length = Math.min(front.length(), pieceBytes(front));
    if (length < front.length()) {
      left.addFirst(new Range(front.start() + length, front.end()));
    }
    return new Range(front.start(), front.start() + length);
  }

  private long pieceBytes(Range range) throws IOException {
    long most = MOVE_BYTES;
    for (Attempt attempt : attempts) {
      if (attempt.hasHope()) {
        most = attempt.method.pieceBytes();
        if (attempt.method.means() == Means.TOKEN) {
          return rate.portion(most, blockBytes);
        }
        break;
      }
    }
    Allocation next = holesAhead.at(span.sourceOffset + range.start(), range.length());
    return Math.min(
        next.lengthBytes(), next.isHole() ? HOLE_BYTES : rate.portion(most, blockBytes));
  }

  private void count(Means means, long copied) {
    synchronized (this) {
      bytes.merge(means, copied, Long::sum);
    }
    progress.copied(means, copied);
  }

  private synchronized void leave(Failure failure, long at, long length) {
    fallbacks.merge(
        failure,
        new Left(at, length),
        (old, more) -> new Left(Math.min(old.offset, more.offset), old.bytes + more.bytes));
  }

  /** Reads and writes; a worker's own. */
  private final class Mover {
    private final HoleMap holes = new HoleMap(source, blockBytes);
    private @Nullable ByteBuffer buffer;

    /** If the piece goes on with a hole, makes it one of the destination, too; its length. */
    long skipHole(long at, long end) throws IOException {
      Allocation next = holes.at(span.sourceOffset + at, end - at);
      if (!next.isHole()) {
        return 0;
      }
      if (!destination.isBlank()) {
        destination.zero(span.destinationOffset + at, next.lengthBytes());
      }
      count(Means.ZEROED, next.lengthBytes());
      return next.lengthBytes();
    }

    /** Moves some bytes of a piece that does not go on with a hole. */
    long move(long at, long end) throws IOException {
      long data = holes.at(span.sourceOffset + at, end - at).lengthBytes();
      int most = transferBytes(source, destination);
      long length = rate.portion(Math.min(data, most), blockBytes);
      if (buffer == null) {
        buffer = ByteBuffer.allocateDirect(most);
      }
      buffer.clear().limit((int) length);
      source.read(span.sourceOffset + at, buffer);
      if (destination.isBlank() || destination.unmaps()) {
        writeRuns(span.destinationOffset + at, buffer);
      } else {
        destination.write(span.destinationOffset + at, buffer);
      }
      count(Means.MOVED, length);
      return length;
    }

    /** Writes what is not zeros, and makes holes of the rest. */
    private void writeRuns(long offset, ByteBuffer data) throws IOException {
      int bytesInAll = data.limit();
      int start = 0;
      boolean zeros = false;
      for (int at = 0; at < bytesInAll; at += ZERO_BYTES) {
        int unit = Math.min(ZERO_BYTES, bytesInAll - at);
        boolean isZero = data.slice(at, unit).mismatch(ZEROS.slice(0, unit)) < 0;
        if (isZero != zeros) {
          writeRun(offset, data, start, at, zeros);
          start = at;
          zeros = isZero;
        }
      }
      writeRun(offset, data, start, bytesInAll, zeros);
    }

    private void writeRun(long offset, ByteBuffer data, int start, int end, boolean zeros)
        throws IOException {
      if (end == start || (zeros && destination.isBlank())) {
        return;
      }
      if (zeros) {
        destination.zero(offset + start, end - start);
      } else {
        destination.write(offset + start, data.slice(start, end - start));
      }
    }
  }

  /** Nothing goes through here if the storage was to do it. */
  private synchronized void requireAllowed(long at) throws CopyException {
    if (request.method() == CopyMethod.ODX || request.method() == CopyMethod.XCOPY) {
      String reason =
          fallbacks.keySet().stream().map(Failure::reason).findFirst().orElse("no method is left");
      throw new CopyException(
          "%s, at byte %,d of the copy (--method auto reads and writes the rest)"
              .formatted(reason, at));
    }
  }

  /** Bytes of a transfer: what both ends move in one go, in whole blocks of both. */
  static int transferBytes(CopyEnd source, CopyEnd destination) {
    int blockBytes = Math.max(source.blockBytes(), destination.blockBytes());
    int most = Math.min(source.transferBytes(), destination.transferBytes());
    return Math.max(blockBytes, most / blockBytes * blockBytes);
  }

  private void checkpointWhenDue() throws IOException {
    boolean isWanted = resumeFile != null || goesBack;
    long period = request.flushPeriod().toNanos();
    if (!isWanted || nanoClock.getAsLong() - checkpointNanos < period) {
      return;
    }
    if (checkpoint.tryLock()) {
      try {
        makeDurable();
      } finally {
        checkpoint.unlock();
      }
    }
  }

  /** Flushes the destination, and notes what that made durable. */
  void settle() throws IOException {
    checkpoint.lock();
    try {
      makeDurable();
    } finally {
      checkpoint.unlock();
    }
  }

  private void makeDurable() throws IOException {
    List<Range> ranges = done.ranges();
    destination.flush();
    if (resumeFile != null) {
      resumeFile.write(ranges);
    }
    durable = ranges;
    checkpointNanos = nanoClock.getAsLong();
  }

  /** How much is durable, and how much of that is at the start without a gap. */
  Copier.Standing standing() {
    List<Range> ranges = durable;
    long bytesInAll = ranges.stream().mapToLong(Range::length).sum();
    boolean starts = !ranges.isEmpty() && ranges.getFirst().start() == 0;
    return new Copier.Standing(
        span.length, done.bytes(), bytesInAll, starts ? ranges.getFirst().end() : 0);
  }

  synchronized long bytes(Means means) {
    return bytes.getOrDefault(means, 0L);
  }

  long repeatedBytes() {
    return repeatedBytes;
  }

  long resumedBytes() {
    return resumedBytes;
  }

  int tokens() {
    for (Attempt attempt : attempts) {
      if (attempt.method instanceof TokenCopy copy) {
        return copy.tokensMade();
      }
    }
    return 0;
  }

  synchronized List<Fallback> fallbacks() {
    List<Fallback> all = new ArrayList<>();
    fallbacks.forEach((failure, where) ->
        all.add(new Fallback(failure.method, failure.reason, where.offset, where.bytes)));
    return all;
  }
}
