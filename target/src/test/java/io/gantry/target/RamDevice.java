package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.Lun;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;

/**
 * A target whose LUN 0 is a disk in memory. A nexus that is new to it gets a unit attention first.
 * Answers come from {@code executor}; while {@link #hold} is in force they do not come at all.
 */
final class RamDevice implements TargetDevice {
  static final String NAME = "iqn.2026-11.io.gantry.test:ram";
  static final int BLOCK = 512;
  static final int TRANSFER_MAX = 4 * 1024 * 1024;

  private final byte[] content;
  private final Executor executor;
  private final Set<Nexus> greeted = ConcurrentHashMap.newKeySet();
  private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
  private final Set<PathTasks> paths = ConcurrentHashMap.newKeySet();
  final List<Nexus> lost = new CopyOnWriteArrayList<>();
  final List<ScsiRequest> requests = new CopyOnWriteArrayList<>();
  final List<ScsiRequest> abandoned = new CopyOnWriteArrayList<>();
  volatile boolean hold;

  RamDevice(int blocks, Executor executor) {
    this.content = new byte[blocks * BLOCK];
    this.executor = executor;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int maximumTransferBytes() {
    return TRANSFER_MAX;
  }

  @Override
  public TargetPath connect(Nexus nexus, Identity identity, PathTasks tasks) {
    paths.add(tasks);
    return new TargetPath() {
      @Override
      public CompletableFuture<ScsiResponse> submit(long lun, ScsiRequest request) {
        return RamDevice.this.submit(nexus, lun, request);
      }

      @Override
      public void abandon(ScsiRequest request) {
        abandoned.add(request);
      }

      @Override
      public boolean hasUnit(long lun) {
        return Lun.decode(lun) == 0;
      }

      @Override
      public CompletableFuture<Void> clearTaskSet(long lun) {
        return abortAll();
      }

      @Override
      public CompletableFuture<Void> resetUnit(long lun) {
        return abortAll().thenRun(greeted::clear);
      }

      private CompletableFuture<Void> abortAll() {
        return CompletableFuture.allOf(
            paths.stream()
                .map(path -> path.abort(0, !path.equals(tasks)))
                .toArray(CompletableFuture<?>[]::new));
      }

      @Override
      public boolean hasAttention(long lun) {
        return !greeted.contains(nexus);
      }

      @Override
      public CompletableFuture<Void> resetNexus() {
        return tasks.abort(PathTasks.ALL_UNITS, false).thenAccept(_ -> greeted.remove(nexus));
      }

      @Override
      public CompletableFuture<Void> resetTarget() {
        return resetUnit(0);
      }

      @Override
      public void close() {
        paths.remove(tasks);
        greeted.remove(nexus);
        lost.add(nexus);
      }
    };
  }

  private CompletableFuture<ScsiResponse> submit(Nexus nexus, long lun, ScsiRequest request) {
    requests.add(request);
    CompletableFuture<ScsiResponse> answer = new CompletableFuture<>();
    Runnable work = () -> answer.complete(execute(nexus, lun, request));
    synchronized (held) {
      if (hold) {
        held.add(work);
        return answer;
      }
    }
    executor.execute(work);
    return answer;
  }

  int heldCount() {
    return held.size();
  }

  /** Carries out the oldest that was held back. */
  void releaseOne() {
    held.remove().run();
  }

  /** Waits until so many are held back. */
  void awaitHeld(int count) {
    while (held.size() != count) {
      Thread.onSpinWait();
    }
  }

  /** Carries out what was held back. */
  void release() {
    synchronized (held) {
      hold = false;
    }
    for (Runnable work; (work = held.poll()) != null; ) {
      work.run();
    }
  }

  private ScsiResponse execute(Nexus nexus, long lun, ScsiRequest request) {
    if (!(Cdb.decode(request.cdb()) instanceof Decoded.Valid<Cdb>(Cdb cdb))) {
      return ScsiResponse.check(Sense.INVALID_OPERATION_CODE);
    }
    boolean present = Lun.decode(lun) == 0;
    boolean always = cdb instanceof Cdb.Inquiry || cdb instanceof Cdb.ReportLuns;
    if (!present && !always) {
      return ScsiResponse.check(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    }
    if (!always && greeted.add(nexus)) {
      return ScsiResponse.check(Sense.POWER_ON_OR_RESET);
    }
    return switch (cdb) {
      case Cdb.TestUnitReady _, Cdb.SynchronizeCache _ -> ScsiResponse.good(0);
      case Cdb.Inquiry inquiry when !inquiry.vitalProductData() -> {
        ByteBuffer data = ByteBuffer.allocate(36);
        data.put(0, (byte) (present ? 0 : 0x7F)).put(2, (byte) 6).put(3, (byte) 2);
        data.put(4, (byte) 31).put(7, (byte) 2);
        data.put(8, "GANTRY  RAM DISK        0   ".getBytes(StandardCharsets.US_ASCII));
        yield give(request, data, inquiry.allocation());
      }
      case Cdb.ReportLuns luns ->
          give(request, ByteBuffer.allocate(16).putInt(0, 8), luns.allocation());
      case Cdb.ReadCapacity10 _ ->
          give(
              request,
              ByteBuffer.allocate(8).putInt(0, content.length / BLOCK - 1).putInt(4, BLOCK),
              8);
      case Cdb.ReadCapacity16 capacity ->
          give(
              request,
              ByteBuffer.allocate(32).putLong(0, content.length / BLOCK - 1).putInt(8, BLOCK),
              capacity.allocation());
      case Cdb.Transfer transfer -> transfer(request, transfer);
      default -> ScsiResponse.check(Sense.INVALID_OPERATION_CODE);
    };
  }

  private static ScsiResponse give(ScsiRequest request, ByteBuffer data, int allocation) {
    int length = Math.min(data.capacity(), allocation);
    ByteBuffer room = request.dataIn();
    if (room != null) {
      int fits = Math.min(length, room.remaining());
      room.put(room.position(), data, 0, fits);
    }
    return ScsiResponse.good(length);
  }

  private ScsiResponse transfer(ScsiRequest request, Cdb.Transfer transfer) {
    long length = transfer.blocks() * BLOCK;
    if (length > TRANSFER_MAX) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB);
    }
    if (transfer.lba() * BLOCK + length > content.length) {
      return ScsiResponse.check(Sense.LBA_OUT_OF_RANGE);
    }
    int offset = (int) transfer.lba() * BLOCK;
    ByteBuffer in = request.dataIn();
    ByteBuffer out = request.dataOut();
    synchronized (content) {
      if (in != null && !transfer.isWrite()) {
        in.put(in.position(), content, offset, (int) Math.min(length, in.remaining()));
      } else if (out != null && transfer.isWrite()) {
        out.get(out.position(), content, offset, (int) Math.min(length, out.remaining()));
      }
    }
    return ScsiResponse.good(length);
  }
}
