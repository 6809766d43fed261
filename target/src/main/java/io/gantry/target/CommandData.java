package io.gantry.target;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.nio.ByteBuffer;

/** Moving short answers and parameter lists between a request's buffers and byte arrays. */
final class CommandData {
  private CommandData() {}

  /**
   * Answers with data, cut to the allocation length and then to the request's room.
   *
   * @param allocation ALLOCATION LENGTH of the CDB, unsigned
   */
  static ScsiResponse answer(ScsiRequest request, int allocation, byte[] data) {
    int length = (int) Math.min(data.length, Integer.toUnsignedLong(allocation));
    ByteBuffer room = request.dataIn();
    if (room != null) {
      room.put(room.position(), data, 0, Math.min(length, room.remaining()));
    }
    return ScsiResponse.good(length);
  }

  /** The parameter list that came with a request: as long as the CDB says, or as was sent. */
  static ByteBuffer parameterList(ScsiRequest request, int parameterListLength) {
    ByteBuffer sent = request.dataOut();
    if (sent == null) {
      return ByteBuffer.allocate(0);
    }
    long length = Math.min(sent.remaining(), Integer.toUnsignedLong(parameterListLength));
    return sent.slice(sent.position(), (int) length);
  }
}
