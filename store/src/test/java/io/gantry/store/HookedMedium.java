package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.NullUnmarked;

/** A medium that calls somebody before each operation, who may wait or throw. */
@NullUnmarked
final class HookedMedium implements Medium {
  enum Operation {
    READ,
    WRITE,
    SYNC,
    APPEND
  }

  interface Hook {
    void before(Operation operation) throws IOException;
  }

  private final Medium medium;
  volatile Hook hook = _ -> {};

  HookedMedium(Medium medium) {
    this.medium = medium;
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
    hook.before(Operation.READ);
    medium.readChunks(position, target);
  }

  @Override
  public void writeChunks(long position, ByteBuffer source) throws IOException {
    hook.before(Operation.WRITE);
    medium.writeChunks(position, source);
  }

  @Override
  public void syncChunks() throws IOException {
    hook.before(Operation.SYNC);
    medium.syncChunks();
  }

  @Override
  public long discardGranularityBytes() {
    return medium.discardGranularityBytes();
  }

  @Override
  public boolean discardChunks(long position, long lengthBytes) {
    return medium.discardChunks(position, lengthBytes);
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
    hook.before(Operation.APPEND);
    medium.appendJournal(source);
  }

  @Override
  public void truncateJournal(long length) throws IOException {
    medium.truncateJournal(length);
  }

  @Override
  public long freeBytes() throws IOException {
    return medium.freeBytes();
  }

  @Override
  public void close() throws IOException {
    medium.close();
  }
}
