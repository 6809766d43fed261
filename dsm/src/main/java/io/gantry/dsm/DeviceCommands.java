package io.gantry.dsm;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Function;
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
  record Received(ScsiResponse response, ByteBuffer data) {

    /** The data, nothing unless the command ended well. */
    byte[] bytes() {
      byte[] bytes = new byte[response.isGood() ? data.remaining() : 0];
      data.get(0, bytes);
      return bytes;
    }
  }

  /** INQUIRY: the standard data, or nothing if the device has none to give. */
  byte[] inquiry() throws IOException {
    return receive(
            new Cdb.Inquiry(false, 0, STANDARD_INQUIRY_ALLOCATION), STANDARD_INQUIRY_ALLOCATION)
        .bytes();
  }

  /** INQUIRY: a page of vital product data, or nothing if the device does not have it. */
  byte[] page(int code) throws IOException {
    return receivePage(code).bytes();
  }

  /** INQUIRY: a page of vital product data, or why there is none. */
  Received receivePage(int code) throws IOException {
    return receive(new Cdb.Inquiry(true, code, PAGE_ALLOCATION), PAGE_ALLOCATION);
  }

  /** A command that returns data, sent again after what passes by itself. */
  Received receive(Cdb cdb, int allocation) throws IOException {
    return receive(cdb, allocation, START_RETRIES, SenseStatus::of);
  }

  /** A command without data, or whose data are verified where they are. */
  ScsiResponse execute(Cdb cdb) throws IOException {
    return execute(ScsiRequest.of(cdb), START_RETRIES, SenseStatus::of);
  }

  /** A command that sends data. */
  ScsiResponse send(Cdb cdb, ByteBuffer data) throws IOException {
    return execute(ScsiRequest.out(cdb, data), START_RETRIES, SenseStatus::of);
  }

  /** POPULATE TOKEN or WRITE USING TOKEN, and its parameter list. */
  ScsiResponse operate(Command command, int listIdentifier, ByteBuffer list, int retries)
      throws IOException {
    Cdb cdb = new Cdb.TokenOperation(command, listIdentifier, list.remaining());
    return execute(ScsiRequest.out(cdb, list), retries, SenseStatus::ofToken);
  }

  /** RECEIVE ROD TOKEN INFORMATION. */
  Received report(int listIdentifier, int allocation, int retries) throws IOException {
    return receive(
        new Cdb.ReceiveRodTokenInformation(listIdentifier, allocation),
        allocation,
        retries,
        SenseStatus::ofToken);
  }

  private Received receive(
      Cdb cdb, int allocation, int retries, Function<ScsiResponse, SenseStatus> meaning)
      throws IOException {
    ByteBuffer data = ByteBuffer.allocate(allocation);
    ScsiResponse response = execute(ScsiRequest.in(cdb, data), retries, meaning);
    int length = Math.clamp(response.transferLength(), 0, allocation);
    return new Received(response, data.slice(0, length));
  }

  private ScsiResponse execute(
      ScsiRequest request, int retries, Function<ScsiResponse, SenseStatus> meaning)
      throws IOException {
    ScsiResponse response = device.execute(request);
    for (int i = 0; i < retries && meaning.apply(response).retry(); i++) {
      response = device.execute(request);
    }
    return response;
  }
}
