import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.Disk;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Copies all of a logical unit to another as Windows' copy engines do: in pieces, some in flight at
 * once, each by an offload read and as many offload writes as it takes, down from the control code.
 *
 * <p>usage: WindowsCopy SOURCE-URL TARGET-URL PIECE-MIB IN-FLIGHT; prints one JSON object. See
 * windows-copy.
 */
public final class WindowsCopy {
  private static final long MIB = 1 << 20;

  private WindowsCopy() {}

  /** Counts what goes over the wire. */
  private record Counted(ScsiDevice device, AtomicLong commands, AtomicLong blockBytes)
      implements ScsiDevice {
    @Override
    public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
      commands.incrementAndGet();
      int opcode = request.cdb()[0] & 0xff;
      boolean isTransfer = opcode == 0x88 || opcode == 0x8A || opcode == 0x28 || opcode == 0x2A;
      blockBytes.addAndGet(isTransfer ? request.expectedLength() : 0);
      return device.submit(request);
    }

    @Override
    public void close() throws IOException {
      device.close();
    }
  }

  public static void main(String[] arguments) throws Exception {
    long piece = Long.parseLong(arguments[2]) * MIB;
    int inFlight = Integer.parseInt(arguments[3]);
    AtomicLong commands = new AtomicLong();
    AtomicLong blockBytes = new AtomicLong();
    AtomicLong slowest = new AtomicLong();
    try (ScsiDevice from =
            new Counted(IscsiSession.open(IscsiUrl.parse(arguments[0])), commands, blockBytes);
        ScsiDevice to =
            new Counted(IscsiSession.open(IscsiUrl.parse(arguments[1])), commands, blockBytes)) {
      Disk source = Disk.attach(from);
      Disk target = Disk.attach(to);
      long size = source.capacity().sizeBytes();
      AtomicLong next = new AtomicLong();
      long start = System.nanoTime();
      try (ExecutorService workers = Executors.newFixedThreadPool(inFlight)) {
        Future<?>[] running = new Future<?>[inFlight];
        for (int i = 0; i < inFlight; i++) {
          running[i] =
              workers.submit(() -> {
                for (long at = next.getAndAdd(piece); at < size; at = next.getAndAdd(piece)) {
                  copy(source, target, at, Math.min(piece, size - at), slowest);
                }
                return null;
              });
        }
        for (Future<?> worker : running) {
          worker.get();
        }
      }
      ScsiResponse flushed = to.execute(ScsiRequest.of(Cdb.SynchronizeCache.all()));
      if (!flushed.isGood()) {
        throw new IOException("flush: " + flushed.describe());
      }
      System.out.printf(
          "{\"duration\": %.3f, \"bytes\": %d, \"commands\": %d, \"blockBytes\": %d,"
              + " \"slowestRequestMs\": %.1f}%n",
          (System.nanoTime() - start) / 1e9,
          size,
          commands.get(),
          blockBytes.get(),
          slowest.get() / 1e6);
    }
  }

  private static void copy(Disk source, Disk target, long at, long length, AtomicLong slowest)
      throws IOException {
    long done = 0;
    while (done < length) {
      long start = System.nanoTime();
      OffloadReadResult read = source.offloadRead(new DataSetRange(at + done, length - done));
      long made = System.nanoTime();
      DataSetRange range = new DataSetRange(at + done, read.lengthProtected());
      OffloadWriteResult write = target.offloadWrite(read.tokenOrThrow(), 0, range);
      long written = System.nanoTime();
      slowest.accumulateAndGet(Math.max(made - start, written - made), Math::max);
      if (write.lengthCopied() == 0) {
        throw new IOException("at %d: %s".formatted(at + done, write.status().describe()));
      }
      done += write.lengthCopied();
    }
  }
}
