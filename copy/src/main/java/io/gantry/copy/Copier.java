package io.gantry.copy;

import io.gantry.copy.CopyRun.Span;
import io.gantry.copy.RangeSet.Range;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Copies bytes from one end to another.
 *
 * <p>Sizes, offsets and alignment are checked before anything is moved. By token if both ends are
 * logical units that offer it; what cannot be offloaded is read and written, from the point that
 * the offload reached. At the end the destination is flushed, so a copy that was reported done
 * survives a power loss. For one copy.
 */
public final class Copier {
  private final CopyEnd source;
  private final CopyEnd destination;
  private final CopyProgress progress;
  private final Clock clock;
  private final StopSignal stop = new StopSignal();
  private volatile @Nullable CopyRun run;
  private volatile @Nullable Reconnection reconnection;
  private long startNanos;
  private Traffic before = Traffic.NONE;

  /**
   * How far a copy is, in bytes.
   *
   * @param total what is to be copied
   * @param done what is copied, by this run or an earlier one
   * @param durable what of that is known to be on stable storage
   * @param durableFromStart what of that is at the start, without a gap
   */
  public record Standing(long total, long done, long durable, long durableFromStart) {}

  /**
   * @param clock for {@link CopyResult#duration}, limits, and waiting for what was lost
   */
  public Copier(CopyEnd source, CopyEnd destination, CopyProgress progress, Clock clock) {
    this.source = source;
    this.destination = destination;
    this.progress = progress;
    this.clock = clock;
  }

  /** Ends the copy early, from another thread: {@link #run} fails after the commands in flight. */
  public void stop() {
    stop.stop();
  }

  /**
   * Copies. The ends stay open. Whatever happens, what was copied until then is flushed and noted
   * for a later run, if the destination can still be reached.
   *
   * @throws CopyStoppedException if it was stopped
   * @throws CopyException if the copy cannot be done, or was not done to its end
   */
  public CopyResult run(CopyRequest request) throws IOException {
    Span span = check(request);
    startNanos = clock.nanos();
    before = source.traffic().plus(destination.traffic());
    destination.requireWritable();
    ResumeFile resumeFile = resumeFile(request, span);
    List<Range> done = resumeFile == null ? List.of() : resumeFile.read();
    destination.reserve(span.destinationOffset() + span.length()); // it is no other copy's
    if (resumeFile != null && done.isEmpty()) {
      resumeFile.write(done); // now, if it cannot be written
    }
    CopyRun copy =
        new CopyRun(
            source, destination, span, request, progress, clock::nanos, stop, done, resumeFile);
    run = copy;
    Reconnection lost = new Reconnection(source, destination, request.patience(), clock, stop);
    reconnection = lost;
    copy(copy, lost);
    CopyResult result = soFar();
    if (request.verify()) {
      result = result.with(compare(span, request, lost));
    }
    destination.commit();
    if (resumeFile != null) {
      resumeFile.delete();
    }
    return result;
  }

  /** Copies until all is on stable storage, also when a logical unit was away meanwhile. */
  private void copy(CopyRun copy, Reconnection lost) throws IOException {
    while (true) {
      try {
        try {
          copy.copy();
          if (source instanceof FileEnd file && !isOnePlace()) {
            file.requireUnchanged();
          }
        } catch (IOException e) {
          settleAfter(e, copy);
          throw e;
        }
        copy.settle();
        return;
      } catch (LostException e) {
        lost.await(e);
        copy.goBack();
      }
    }
  }

  /** Compares, from the beginning if a logical unit was away meanwhile. */
  private CopyResult.Comparison compare(Span span, CopyRequest request, Reconnection lost)
      throws IOException {
    while (true) {
      try {
        return comparison(span).run(request.inFlight());
      } catch (LostException e) {
        lost.await(e);
      }
    }
  }

  private static void settleAfter(IOException failure, CopyRun copy) {
    try {
      copy.settle();
    } catch (IOException e) {
      failure.addSuppressed(e); // what is durable is what was so before
    }
  }

  private @Nullable ResumeFile resumeFile(CopyRequest request, Span span) throws IOException {
    CopyRequest.Resume resume = request.resume().orElse(null);
    return resume == null
        ? null
        : ResumeFile.of(
            resume.file(),
            source.identity(),
            destination.identity(),
            span.sourceOffset(),
            span.destinationOffset(),
            span.length());
  }

  /** How far the copy is; empty before it has begun. */
  public Optional<Standing> standing() {
    CopyRun copy = run;
    return copy == null ? Optional.empty() : Optional.of(copy.standing());
  }

  /**
   * What was done until now. After a failure, too.
   *
   * @throws IllegalStateException before the copy has begun
   */
  public CopyResult soFar() {
    CopyRun copy = run;
    if (copy == null) {
      throw new IllegalStateException("the copy has not begun");
    }
    Reconnection lost = reconnection;
    return new CopyResult(
        copy.bytes(Means.TOKEN),
        copy.bytes(Means.EXTENDED_COPY),
        copy.bytes(Means.MOVED),
        copy.bytes(Means.ZEROED),
        copy.resumedBytes(),
        copy.repeatedBytes(),
        lost == null ? 0 : lost.losses(),
        copy.tokens(),
        source.traffic().plus(destination.traffic()).minus(before),
        Duration.ofNanos(clock.nanos() - startNanos),
        copy.fallbacks(),
        Optional.empty());
  }

  /**
   * Reads both ends and compares them, as {@link CopyRequest#verify} does after a copy.
   *
   * @throws CopyException if they differ; says where
   */
  public CopyResult.Comparison verify(CopyRequest request) throws IOException {
    Span span = check(request);
    destination.reserve(span.destinationOffset() + span.length());
    return comparison(span).run(request.inFlight());
  }

  private EndComparison comparison(Span span) {
    return new EndComparison(source, destination, span, progress, stop);
  }

  /** Everything that can be known to go wrong before anything is moved. */
  private Span check(CopyRequest request) throws IOException {
    requireMethod(request.method());
    long available = source.sizeBytes() - request.sourceOffset();
    if (available < 0) {
      throw new CopyException(
          "%s: holds %,d bytes; there is no byte %,d to start from"
              .formatted(source.name(), source.sizeBytes(), request.sourceOffset()));
    }
    if (available < request.length().orElse(0)) {
      throw new CopyException(
          "%s: holds %,d bytes; %,d from byte %,d on are not there to be copied"
              .formatted(
                  source.name(),
                  source.sizeBytes(),
                  request.length().orElse(0),
                  request.sourceOffset()));
    }
    int blockBytes = Math.max(source.blockBytes(), destination.blockBytes());
    long length = request.length().orElse(available);
    if (length == available && source instanceof FileEnd) {
      length = Math.ceilDiv(length, blockBytes) * blockBytes; // its last block ends in zeros
    }
    Span span = new Span(request.sourceOffset(), request.destinationOffset(), length);
    requireAligned(source, "offset", span.sourceOffset(), source.blockBytes());
    requireAligned(destination, "offset", span.destinationOffset(), destination.blockBytes());
    requireAligned(
        blockBytes == source.blockBytes() ? source : destination, "length", length, blockBytes);
    if (isOnePlace() && Math.abs(span.sourceOffset() - span.destinationOffset()) < length) {
      throw new CopyException(
          source.name() + ": source and destination overlap; copy to another place first");
    }
    if (span.destinationOffset() > Long.MAX_VALUE - length) {
      throw new CopyException(destination.name() + ": nothing is as long as the copy would end");
    }
    return span;
  }

  /** That storage which is to copy by itself can. */
  private void requireMethod(CopyMethod method) throws CopyException {
    boolean offloads = method == CopyMethod.ODX || method == CopyMethod.XCOPY;
    for (CopyEnd end : List.of(source, destination)) {
      if (offloads && !(end instanceof DiskEnd)) {
        throw new CopyException(
            end.name()
                + ": is a file, and only logical units copy by themselves; --method auto reads and"
                + " writes it");
      }
    }
  }

  private boolean isOnePlace() throws IOException {
    if (source instanceof FileEnd from && destination instanceof FileEnd to) {
      return from.isSameFile(to);
    }
    return source instanceof DiskEnd from
        && destination instanceof DiskEnd to
        && from.isSameUnit(to);
  }

  private static void requireAligned(CopyEnd end, String what, long bytes, int blockBytes)
      throws CopyException {
    if (bytes % blockBytes != 0) {
      throw new CopyException(
          "%s: the %s %,d is not a multiple of its block size, %,d"
              .formatted(end.name(), what, bytes, blockBytes));
    }
  }
}
