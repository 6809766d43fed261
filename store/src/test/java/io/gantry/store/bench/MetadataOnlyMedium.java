package io.gantry.store.bench;

import io.gantry.store.FileMedium;
import io.gantry.store.Medium;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A pool's directory that throws away what is written to chunks, so that a volume of terabytes can
 * be mapped without them. Everything else is kept and synced as ever.
 */
final class MetadataOnlyMedium implements Medium {
  private final FileMedium files;

  private MetadataOnlyMedium(FileMedium files) {
    this.files = files;
  }

  static Medium create(Path directory) throws IOException {
    return new MetadataOnlyMedium(FileMedium.create(directory));
  }

  @Override
  public void writeChunks(long position, ByteBuffer source) {
    source.position(source.limit());
  }

  @Override
  public void readChunks(long position, ByteBuffer target) {
    target.position(target.limit());
  }

  @Override
  public long freeBytes() {
    return 1L << 50;
  }

  @Override
  public String location() {
    return files.location();
  }

  @Override
  public byte[] readRoot() throws IOException {
    return files.readRoot();
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    files.writeRoot(root);
  }

  @Override
  public void syncChunks() throws IOException {
    files.syncChunks();
  }

  @Override
  public long discardGranularityBytes() {
    return files.discardGranularityBytes();
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    return files.discardChunks(position, lengthBytes);
  }

  @Override
  public long chunksLength() throws IOException {
    return files.chunksLength();
  }

  @Override
  public long journalLength() throws IOException {
    return files.journalLength();
  }

  @Override
  public void readJournal(long position, ByteBuffer target) throws IOException {
    files.readJournal(position, target);
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    files.appendJournal(source);
  }

  @Override
  public void truncateJournal(long length) throws IOException {
    files.truncateJournal(length);
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
