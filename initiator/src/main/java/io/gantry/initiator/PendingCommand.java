package io.gantry.initiator;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.util.concurrent.CompletableFuture;

/** A command that has no answer yet. Belongs to the event loop once it is queued. */
final class PendingCommand {
  final ScsiRequest request;
  final CompletableFuture<ScsiResponse> future = new CompletableFuture<>();
  final int expectedLength;

  /** Bytes of Data-In so far. They come in order. */
  int received;

  /** When the command went out, by the clock of the event loop. */
  long sentNanos;

  PendingCommand(ScsiRequest request) {
    this.request = request;
    this.expectedLength = request.expectedLength();
  }
}
