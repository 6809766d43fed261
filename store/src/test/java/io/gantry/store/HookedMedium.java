package io.gantry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;

/** A medium that calls somebody before each operation, who may wait or throw. */
@NullUnmarked
final class HookedMedium extends ForwardingMedium {
  enum Operation {
    READ,
    WRITE,
    SYNC,
    APPEND,
    PAGES,
    ROOT,
    TRIM
  }

  interface Hook {
    void before(Operation operation) throws IOException;
  }

  volatile Hook hook = _ -> {};

  HookedMedium(Medium medium) {
    super(medium);
  }

  private interface Start {
    CompletableFuture<Void> run();
  }

  private CompletableFuture<Void> hooked(Area area, Operation operation, Start start) {
    try {
      boolean write = operation == Operation.WRITE;
      hook.before(write && area == Area.PAGES ? Operation.PAGES : operation);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    return start.run();
  }

  @Override
  public void writeRoot(byte[] root) throws IOException {
    hook.before(Operation.ROOT);
    super.writeRoot(root);
  }

  @Override
  public CompletableFuture<Void> read(Area area, long position, ByteBuffer target) {
    return hooked(area, Operation.READ, () -> super.read(area, position, target));
  }

  @Override
  public CompletableFuture<Void> write(Area area, long position, ByteBuffer source) {
    return hooked(area, Operation.WRITE, () -> super.write(area, position, source));
  }

  @Override
  public CompletableFuture<Void> sync(Area area) {
    return hooked(area, Operation.SYNC, () -> super.sync(area));
  }

  @Override
  public void appendJournal(ByteBuffer source) throws IOException {
    hook.before(Operation.APPEND);
    super.appendJournal(source);
  }

  @Override
  public void trimJournal(long start) throws IOException {
    hook.before(Operation.TRIM);
    super.trimJournal(start);
  }
}
