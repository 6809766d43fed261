package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import java.util.zip.CRC32C;

/**
 * The CRC32C of a header or of a data segment (RFC 7143 13.1). On the wire its least significant
 * byte comes first, unlike every other number of iSCSI. For one thread.
 */
final class Digest {
  /** Bytes of a digest. */
  static final int LENGTH = 4;

  private final CRC32C crc = new CRC32C();

  /** Begins anew. */
  void reset() {
    crc.reset();
  }

  void update(byte[] bytes) {
    crc.update(bytes, 0, bytes.length);
  }

  /** Counts bytes of a buffer in, from an index; the buffer's indices stay. */
  void update(ByteBuf bytes, int index, int length) {
    if (bytes.nioBufferCount() == 1) {
      crc.update(bytes.nioBuffer(index, length));
    } else {
      for (var part : bytes.nioBuffers(index, length)) {
        crc.update(part);
      }
    }
  }

  /** Counts bytes of zero in: padding. */
  void pad(int count) {
    for (int i = 0; i < count; i++) {
      crc.update(0);
    }
  }

  /** The digest as the wire has it, read as a big-endian number. */
  int value() {
    return Integer.reverseBytes((int) crc.getValue());
  }
}
