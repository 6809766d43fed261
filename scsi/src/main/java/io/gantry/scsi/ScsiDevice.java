package io.gantry.scsi;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A logical unit that somebody can send commands to: over an iSCSI session, or in the same JVM.
 *
 * <p>Safe for use by several threads. Commands that are outstanding together may be carried out in
 * any order.
 */
public interface ScsiDevice extends AutoCloseable {

  /**
   * Starts a command.
   *
   * @return completes with the device's answer, good or bad; completes exceptionally, with an
   *     {@link IOException}, only if the device could not be reached or did not answer
   */
  CompletableFuture<ScsiResponse> submit(ScsiRequest request);

  /**
   * Carries out a command and waits for its end.
   *
   * @throws IOException if the device could not be reached or did not answer
   */
  default ScsiResponse execute(ScsiRequest request) throws IOException {
    try {
      return submit(request).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a SCSI command", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new IOException(cause.getMessage(), cause);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Gives the path up; outstanding commands complete exceptionally. */
  @Override
  void close() throws IOException;
}
