package io.gantry.store.bench;

import io.gantry.store.FileMedium;
import io.gantry.store.ForwardingMedium;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A pool's directory that throws away what is written to chunks, so that a volume of terabytes can
 * be mapped without them. Everything else is kept and synced as ever.
 */
final class MetadataOnlyMedium extends ForwardingMedium {
  /** Whether chunks are kept from now on. */
  volatile boolean keepsChunks;

  private MetadataOnlyMedium(FileMedium files) {
    super(files);
  }

  static MetadataOnlyMedium create(Path directory) throws IOException {
    return new MetadataOnlyMedium(FileMedium.create(directory));
  }

  @Override
  public CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source) {
    if (area == Area.CHUNKS && !keepsChunks) {
      source.position(source.limit());
      return CompletableFuture.completedFuture(null);
    }
    return super.write(area, position, source);
  }

  @Override
  public long freeBytes() {
    return 1L << 50;
  }
}
