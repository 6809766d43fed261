package io.gantry.copy;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/** A device that counts what goes to it and comes from it, also when another takes its place. */
final class MeteredDevice implements ScsiDevice {
  private volatile ScsiDevice device;
  private final LongAdder commands = new LongAdder();
  private final LongAdder blockBytes = new LongAdder();
  private final LongAdder parameterBytes = new LongAdder();

  MeteredDevice(ScsiDevice device) {
    this.device = device;
  }

  /** Sends further commands to another device, and closes the one before. */
  void replace(ScsiDevice other) throws IOException {
    ScsiDevice before = device;
    device = other;
    before.close();
  }

  Traffic traffic() {
    return new Traffic(commands.sum(), blockBytes.sum(), parameterBytes.sum());
  }

  @Override
  public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
    commands.increment();
    LongAdder bytes = movesBlocks(request) ? blockBytes : parameterBytes;
    int expected = request.expectedLength();
    return device
        .submit(request)
        .thenApply(response -> {
          bytes.add(Math.min(expected, response.transferLength()));
          return response;
        });
  }

  private static boolean movesBlocks(ScsiRequest request) {
    return Cdb.decode(request.cdb()) instanceof Decoded.Valid<Cdb>(Cdb.Transfer _);
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
