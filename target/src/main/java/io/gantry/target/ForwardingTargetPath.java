package io.gantry.target;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A path that passes everything on to another; who watches what passes overrides some of it. */
public abstract class ForwardingTargetPath implements TargetPath {
  private final TargetPath path;

  protected ForwardingTargetPath(TargetPath path) {
    this.path = path;
  }

  @Override
  public CompletableFuture<ScsiResponse> submit(long lun, ScsiRequest request) {
    return path.submit(lun, request);
  }

  @Override
  public long dataOutBytes(long lun, byte[] cdb) {
    return path.dataOutBytes(lun, cdb);
  }

  @Override
  public boolean readNow(long lun, long lba, int blocks, ByteBuffer target) {
    return path.readNow(lun, lba, blocks, target);
  }

  @Override
  public @Nullable ScsiResponse writeNow(long lun, long lba, int blocks, ByteBuffer source) {
    return path.writeNow(lun, lba, blocks, source);
  }

  @Override
  public void abandon(ScsiRequest request) {
    path.abandon(request);
  }

  @Override
  public boolean hasUnit(long lun) {
    return path.hasUnit(lun);
  }

  @Override
  public CompletableFuture<Void> clearTaskSet(long lun) {
    return path.clearTaskSet(lun);
  }

  @Override
  public CompletableFuture<Void> resetUnit(long lun) {
    return path.resetUnit(lun);
  }

  @Override
  public boolean hasAttention(long lun) {
    return path.hasAttention(lun);
  }

  @Override
  public CompletableFuture<Void> resetNexus() {
    return path.resetNexus();
  }

  @Override
  public CompletableFuture<Void> resetTarget() {
    return path.resetTarget();
  }

  @Override
  public void close() {
    path.close();
  }
}
