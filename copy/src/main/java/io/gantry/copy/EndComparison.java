package io.gantry.copy;

import io.gantry.copy.CopyRun.Span;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads both ends of a copy and compares them. What both call a hole is not read: it reads as zeros
 * at both.
 */
final class EndComparison {
  private final CopyEnd source;
  private final CopyEnd destination;
  private final Span span;
  private final CopyProgress progress;
  private final StopSignal stop;
  private final int transferBytes;
  private final HoleMap sourceHoles;
  private final HoleMap destinationHoles;
  private final LongAdder bytesRead = new LongAdder();
  private long next;
  private long bytesOfHoles;

  private record Piece(long offset, int length) {}

  EndComparison(
      CopyEnd source, CopyEnd destination, Span span, CopyProgress progress, StopSignal stop) {
    this.source = source;
    this.destination = destination;
    this.span = span;
    this.progress = progress;
    this.stop = stop;
    this.transferBytes = CopyRun.transferBytes(source, destination);
    int blockBytes = Math.max(source.blockBytes(), destination.blockBytes());
    this.sourceHoles = new HoleMap(source, blockBytes);
    this.destinationHoles = new HoleMap(destination, blockBytes);
  }

  /**
   * Compares.
   *
   * @throws CopyException if a byte differs; says which
   */
  CopyResult.Comparison run(int inFlight) throws IOException {
    Workers.run(
        inFlight,
        () -> {
          ByteBuffer expected = ByteBuffer.allocateDirect(transferBytes);
          ByteBuffer actual = ByteBuffer.allocateDirect(transferBytes);
          return () -> compareNext(expected, actual);
        });
    return new CopyResult.Comparison(bytesRead.sum(), bytesOfHoles);
  }

  private boolean compareNext(ByteBuffer expected, ByteBuffer actual) throws IOException {
    stop.check();
    Piece piece = take();
    if (piece.length == 0) {
      return false;
    }
    source.read(span.sourceOffset() + piece.offset, expected.clear().limit(piece.length));
    destination.read(span.destinationOffset() + piece.offset, actual.clear().limit(piece.length));
    int difference = expected.mismatch(actual);
    if (difference >= 0) {
      throw new CopyException(
          "%s: byte %,d is not that of %s at %,d: the source changed during the copy, or the copy is wrong"
              .formatted(
                  destination.name(),
                  span.destinationOffset() + piece.offset + difference,
                  source.name(),
                  span.sourceOffset() + piece.offset + difference));
    }
    bytesRead.add(piece.length);
    progress.compared(piece.length, span.length());
    return true;
  }

  /** The next bytes that have to be read; of length 0 at the end. */
  private synchronized Piece take() throws IOException {
    long left;
    while ((left = span.length() - next) > 0) {
      Allocation from = sourceHoles.at(span.sourceOffset() + next, left);
      long holes = from.isHole() ? commonHole(from.lengthBytes()) : 0;
      if (holes == 0) {
        break;
      }
      next += holes;
      bytesOfHoles += holes;
      progress.compared(holes, span.length());
    }
    Piece piece = new Piece(next, (int) Math.min(transferBytes, left));
    next += piece.length;
    return piece;
  }

  private long commonHole(long lengthBytes) throws IOException {
    Allocation to = destinationHoles.at(span.destinationOffset() + next, lengthBytes);
    return to.isHole() ? to.lengthBytes() : 0;
  }
}
