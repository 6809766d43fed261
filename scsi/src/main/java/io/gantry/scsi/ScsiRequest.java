package io.gantry.scsi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One command for a {@link ScsiDevice}.
 *
 * <p>Both buffers stay the caller's: the device uses them from position to limit until the response
 * is there, and leaves the positions alone. At most one of them is given.
 *
 * @param cdb the command descriptor block, 6 to 16 bytes
 * @param dataOut what the command sends, or null
 * @param dataIn room for what the command returns, or null
 */
public record ScsiRequest(byte[] cdb, @Nullable ByteBuffer dataOut, @Nullable ByteBuffer dataIn) {

  /** A command without data. */
  public static ScsiRequest of(Cdb cdb) {
    return new ScsiRequest(cdb.encode(), null, null);
  }

  /** A command that sends data. */
  public static ScsiRequest out(Cdb cdb, ByteBuffer dataOut) {
    return new ScsiRequest(cdb.encode(), dataOut, null);
  }

  /** A command that returns data. */
  public static ScsiRequest in(Cdb cdb, ByteBuffer dataIn) {
    return new ScsiRequest(cdb.encode(), null, dataIn);
  }

  /** Bytes that the caller offers to send or receive: iSCSI's expected data transfer length. */
  public int expectedLength() {
    return dataOut != null ? dataOut.remaining() : dataIn != null ? dataIn.remaining() : 0;
  }
}
