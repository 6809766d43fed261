package io.gantry.target;

import io.gantry.store.Medium;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.NullUnmarked;

/** A medium on a small file system, of which a pool keeps 16 MiB for itself. */
@NullUnmarked
final class FullMedium implements Medium {
  private final Medium medium;
  private final long capacity;
  private long highest;

  FullMedium(Medium medium, long chunkCapacity) {
    this.medium = medium;
    this.capacity = (16 << 20) + chunkCapacity;
  }

  @Override
  public String location() {
    return medium.location();
  }

  @Override
  public byte[] readRoot() throws IOException {
    return medium.readRoot();
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    medium.writeRoot(root);
  }

  @Override
  public void readChunks(long position, ByteBuffer target) throws IOException {
    medium.readChunks(position, target);
  }

  @Override
  public synchronized void writeChunks(long position, ByteBuffer source) throws IOException {
    highest = Math.max(highest, position + source.remaining());
    medium.writeChunks(position, source);
  }

  @Override
  public void syncChunks() throws IOException {
    medium.syncChunks();
  }

  @Override
  public long discardGranularityBytes() {
    return medium.discardGranularityBytes();
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    return false;
  }

  @Override
  public long chunksLength() throws IOException {
    return medium.chunksLength();
  }

  @Override
  public long journalLength() throws IOException {
    return medium.journalLength();
  }

  @Override
  public void readJournal(long position, ByteBuffer target) throws IOException {
    medium.readJournal(position, target);
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    medium.appendJournal(source);
  }

  @Override
  public void truncateJournal(long length) throws IOException {
    medium.truncateJournal(length);
  }

  @Override
  public synchronized long freeBytes() {
    return capacity - highest;
  }

  @Override
  public void close() throws IOException {
    medium.close();
  }
}
