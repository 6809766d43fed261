package io.gantry.dsm;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.IntSupplier;

/**
 * The commands that a disk sends, each repeated as often as Windows repeats it.
 *
 * @param device where they go
 * @param listIdentifiers gives each token operation its list identifier
 */
record DeviceCommands(ScsiDevice device, IntSupplier listIdentifiers) {

  /** Bytes that Windows asks for of every VPD page. */
  private static final int PAGE_ALLOCATION = 255;

  private static final int STANDARD_INQUIRY_ALLOCATION = 36;

  /** A new device may have several unit attentions to report before it gets to work. */
  private static final int START_RETRIES = 4;

  /**
   * What a command returned.
   *
   * @param response how it ended
   * @param data the bytes that arrived
   */
  record Received(ScsiResponse response, ByteBuffer data) {}

  /** INQUIRY: the standard data, or nothing if the device has none to give. */
  byte[] inquiry() throws IOException {
    return bytes(
        receive(
            new Cdb.Inquiry(false, 0, STANDARD_INQUIRY_ALLOCATION),
            STANDARD_INQUIRY_ALLOCATION,
            START_RETRIES));
  }

  /** INQUIRY: a page of vital product data, or nothing if the device does not have it. */
  byte[] page(int code) throws IOException {
    return bytes(
        receive(new Cdb.Inquiry(true, code, PAGE_ALLOCATION), PAGE_ALLOCATION, START_RETRIES));
  }

  /** A command that returns data while the disk is attached. */
  Received start(Cdb cdb, int allocation) throws IOException {
    return receive(cdb, allocation, START_RETRIES);
  }

  /** POPULATE TOKEN or WRITE USING TOKEN, and its parameter list. */
  ScsiResponse operate(Command command, int listIdentifier, ByteBuffer list, int retries)
      throws IOException {
    Cdb cdb = new Cdb.TokenOperation(command, listIdentifier, list.remaining());
    return execute(ScsiRequest.out(cdb, list), retries);
  }

  /** RECEIVE ROD TOKEN INFORMATION. */
  Received report(int listIdentifier, int allocation, int retries) throws IOException {
    return receive(
        new Cdb.ReceiveRodTokenInformation(listIdentifier, allocation), allocation, retries);
  }

  private Received receive(Cdb cdb, int allocation, int retries) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(allocation);
    ScsiResponse response = execute(ScsiRequest.in(cdb, data), retries);
    int length = Math.clamp(response.transferLength(), 0, allocation);
    return new Received(response, data.slice(0, length));
  }

  private ScsiResponse execute(ScsiRequest request, int retries) throws IOException {
    ScsiResponse response = device.execute(request);
    for (int i = 0; i < retries && SenseStatus.of(response).retry(); i++) {
      response = device.execute(request);
    }
    return response;
  }

  private static byte[] bytes(Received received) {
    byte[] bytes = new byte[received.response.isGood() ? received.data.remaining() : 0];
    received.data.get(0, bytes);
    return bytes;
  }
}
