package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A medium that hands everything on to another, for those that change one thing about it. */
public abstract class ForwardingMedium implements Medium {
  private final Medium medium;

  protected ForwardingMedium(Medium medium) {
    this.medium = medium;
  }

  @Override
  public String location() {
    return medium.location();
  }

  @Override
  public long term() {
    return medium.term();
  }

  @Override
  public CompletableFuture<OwnershipLostException> lost() {
    return medium.lost();
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
  public CompletableFuture<@Nullable Void> read(Area area, long position, ByteBuffer target) {
    return medium.read(area, position, target);
  }

  @Override
  public CompletableFuture<@Nullable Void> write(Area area, long position, ByteBuffer source) {
    return medium.write(area, position, source);
  }

  @Override
  public CompletableFuture<@Nullable Void> sync(Area area) {
    return medium.sync(area);
  }

  @Override
  public long length(Area area) throws IOException {
    return medium.length(area);
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
  public long journalStart() throws IOException {
    return medium.journalStart();
  }

  @Override
  public long journalEnd() throws IOException {
    return medium.journalEnd();
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
  public void truncateJournal(long end) throws IOException {
    medium.truncateJournal(end);
  }

  @Override
  public void trimJournal(long start) throws IOException {
    medium.trimJournal(start);
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
