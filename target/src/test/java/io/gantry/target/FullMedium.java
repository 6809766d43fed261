package io.gantry.target;

import io.gantry.store.ForwardingMedium;
import io.gantry.store.Medium;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;

/** A medium on a small file system, of which a pool keeps 16 MiB for itself. */
@NullUnmarked
final class FullMedium extends ForwardingMedium {
  private final long capacity;
  private long highest;

  FullMedium(Medium medium, long chunkCapacity) {
    super(medium);
    this.capacity = (16 << 20) + chunkCapacity;
  }

  @Override
  public synchronized CompletableFuture<Void> write(Area area, long position, ByteBuffer source) {
    if (area == Area.CHUNKS) {
      highest = Math.max(highest, position + source.remaining());
    }
    return super.write(area, position, source);
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    return false;
  }

  @Override
  public synchronized long freeBytes() {
    return capacity - highest;
  }
}
