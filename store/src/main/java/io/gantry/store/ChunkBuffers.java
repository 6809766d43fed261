package io.gantry.store;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Buffers of one chunk, to be used again: direct ones, since files copy heap buffers once more and
 * a new one of either kind is filled with zeros first.
 */
final class ChunkBuffers {
  /** Most that are kept for the next ones to ask. */
  private static final int KEPT = 64;

  private final int chunkBytes;
  private final ArrayBlockingQueue<ByteBuffer> kept = new ArrayBlockingQueue<>(KEPT);

  ChunkBuffers(int chunkBytes) {
    this.chunkBytes = chunkBytes;
  }

  /** A buffer from 0 to its capacity, a chunk; what it holds is anything. */
  ByteBuffer take() {
    ByteBuffer buffer = kept.poll();
    return buffer == null ? ByteBuffer.allocateDirect(chunkBytes) : buffer.clear();
  }

  /** Gives a buffer back that nobody uses any more. */
  void giveBack(ByteBuffer buffer) {
    var _ = kept.offer(buffer);
  }
}
