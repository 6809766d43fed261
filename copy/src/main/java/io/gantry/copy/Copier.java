package io.gantry.copy;

import io.gantry.copy.CopyProgress.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Copies bytes from one end to another.
 *
 * <p>Sizes, offsets and alignment are checked before anything is moved. By token if both ends are
 * logical units that offer it; what cannot be offloaded is read and written, {@value #DEPTH} pieces
 * at a time, from the point that the offload reached. At the end the destination is flushed, so a
 * copy that was reported done survives a power loss.
 */
public final class Copier {
  private static final int DEPTH = 8;

  /** Zeros are looked for in units of this. */
  private static final int ZERO_BYTES = 64 << 10;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(ZERO_BYTES).asReadOnlyBuffer();

  private final CopyEnd source;
  private final CopyEnd destination;
  private final CopyProgress progress;
  private final LongSupplier nanoClock;

  /** What to copy, checked. */
  private record Span(long sourceOffset, long destinationOffset, long length) {
    Span from(long done) {
      return new Span(sourceOffset + done, destinationOffset + done, length - done);
    }
  }

  /**
   * @param nanoClock monotonic, for {@link CopyResult#duration}
   */
  public Copier(
      CopyEnd source, CopyEnd destination, CopyProgress progress, LongSupplier nanoClock) {
    this.source = source;
    this.destination = destination;
    this.progress = progress;
    this.nanoClock = nanoClock;
  }

  /**
   * Copies. The ends stay open.
   *
   * @throws CopyException if the copy cannot be done, or was not done to its end; says how far
   */
  public CopyResult run(CopyRequest request) throws IOException {
    Span span = check(request);
    long startNanos = nanoClock.getAsLong();
    Traffic before = source.traffic().plus(destination.traffic());
    OffloadCopy.Outcome offloaded = offload(request.method(), span);
    if (request.method() == CopyMethod.ODX && offloaded.obstacle().isPresent()) {
      throw new CopyException(
          "%s; %,d of %,d bytes were copied (--method auto reads and writes the rest)"
              .formatted(offloaded.obstacle().get(), offloaded.bytes(), span.length));
    }
    Span rest = span.from(offloaded.bytes());
    readAndWrite(rest, span.length);
    if (source instanceof FileEnd file && !isOnePlace()) {
      file.requireUnchanged();
    }
    destination.flush();
    long endNanos = nanoClock.getAsLong();
    CopyResult result =
        new CopyResult(
            offloaded.bytes(),
            rest.length,
            source.traffic().plus(destination.traffic()).minus(before),
            Duration.ofNanos(endNanos - startNanos),
            offloaded.obstacle());
    if (request.verify()) {
      compare(span);
    }
    destination.commit();
    return result;
  }

  /**
   * Reads both ends and compares them, as {@link CopyRequest#verify} does after a copy.
   *
   * @throws CopyException if they differ; says where
   */
  public void verify(CopyRequest request) throws IOException {
    compare(check(request));
  }

  /** Everything that can be known to go wrong before anything is moved. */
  private Span check(CopyRequest request) throws IOException {
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
    requireAligned(source, "offset", span.sourceOffset, source.blockBytes());
    requireAligned(destination, "offset", span.destinationOffset, destination.blockBytes());
    requireAligned(
        blockBytes == source.blockBytes() ? source : destination, "length", length, blockBytes);
    if (isOnePlace() && Math.abs(span.sourceOffset - span.destinationOffset) < length) {
      throw new CopyException(
          source.name() + ": source and destination overlap; copy to another place first");
    }
    if (span.destinationOffset > Long.MAX_VALUE - length) {
      throw new CopyException(destination.name() + ": nothing is as long as the copy would end");
    }
    destination.reserve(span.destinationOffset + length);
    return span;
  }

  private boolean isOnePlace() throws IOException {
    if (source instanceof FileEnd from && destination instanceof FileEnd to) {
      return from.isSameFile(to);
    }
    return source.name().equals(destination.name());
  }

  private static void requireAligned(CopyEnd end, String what, long bytes, int blockBytes)
      throws CopyException {
    if (bytes % blockBytes != 0) {
      throw new CopyException(
          "%s: the %s %,d is not a multiple of its block size, %,d"
              .formatted(end.name(), what, bytes, blockBytes));
    }
  }

  private OffloadCopy.Outcome offload(CopyMethod method, Span span) throws IOException {
    if (method == CopyMethod.RW) {
      return new OffloadCopy.Outcome(0, Optional.of("reading and writing was asked for"));
    }
    if (source instanceof DiskEnd from && destination instanceof DiskEnd to) {
      return new OffloadCopy(from, to, bytes -> progress.advanced(Step.COPY, bytes, span.length))
          .run(span.sourceOffset, span.destinationOffset, span.length);
    }
    String file = (source instanceof FileEnd ? source : destination).name();
    return new OffloadCopy.Outcome(
        0, Optional.of(file + " is a file, and only logical units copy by token"));
  }

  private void readAndWrite(Span span, long totalBytes) throws IOException {
    int pieceBytes = pieceBytes();
    Pieces.forEach(
        span.length,
        pieceBytes,
        DEPTH,
        () -> {
          ByteBuffer buffer = ByteBuffer.allocateDirect(pieceBytes);
          return (offset, bytes) -> {
            buffer.clear().limit(bytes);
            source.read(span.sourceOffset + offset, buffer);
            if (destination.isBlank()) {
              writeAllButZeros(span.destinationOffset + offset, buffer);
            } else {
              destination.write(span.destinationOffset + offset, buffer);
            }
            progress.advanced(Step.COPY, bytes, totalBytes);
          };
        });
  }

  /** Writes the runs of a buffer between the zeros. */
  private void writeAllButZeros(long offset, ByteBuffer buffer) throws IOException {
    int bytes = buffer.limit();
    int start = 0;
    for (int at = 0; at < bytes; at += ZERO_BYTES) {
      int unit = Math.min(ZERO_BYTES, bytes - at);
      if (buffer.slice(at, unit).mismatch(ZEROS.slice(0, unit)) < 0) {
        writeRun(offset, buffer, start, at);
        start = at + unit;
      }
    }
    writeRun(offset, buffer, start, bytes);
  }

  private void writeRun(long offset, ByteBuffer buffer, int start, int end) throws IOException {
    if (end > start) {
      destination.write(offset + start, buffer.slice(start, end - start));
    }
  }

  /** Reads both ends and finds the first piece that differs. */
  private void compare(Span span) throws IOException {
    int pieceBytes = pieceBytes();
    Pieces.forEach(
        span.length,
        pieceBytes,
        DEPTH,
        () -> {
          ByteBuffer expected = ByteBuffer.allocateDirect(pieceBytes);
          ByteBuffer actual = ByteBuffer.allocateDirect(pieceBytes);
          return (offset, bytes) -> {
            source.read(span.sourceOffset + offset, expected.clear().limit(bytes));
            destination.read(span.destinationOffset + offset, actual.clear().limit(bytes));
            int difference = expected.mismatch(actual);
            if (difference >= 0) {
              throw new CopyException(
                  "%s: byte %,d is not that of %s at %,d: the source changed during the copy, or the copy is wrong"
                      .formatted(
                          destination.name(),
                          span.destinationOffset + offset + difference,
                          source.name(),
                          span.sourceOffset + offset + difference));
            }
            progress.advanced(Step.VERIFY, bytes, span.length);
          };
        });
  }

  /** Bytes of a piece: what both ends move in one go, in whole blocks of both. */
  private int pieceBytes() {
    int blockBytes = Math.max(source.blockBytes(), destination.blockBytes());
    int most = Math.min(source.transferBytes(), destination.transferBytes());
    return Math.max(blockBytes, most / blockBytes * blockBytes);
  }
}
