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

  /** Bytes of Data-Out so far. They go in order, each once. */
  int sent;

  /** When the command was queued, and then when it went out, by the clock of the event loop. */
  long sinceNanos;

  PendingCommand(ScsiRequest request) {
    this.request = request;
    this.expectedLength = request.expectedLength();
  }
}
