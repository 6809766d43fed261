package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Puts together text that goes over several PDUs (the C bit, RFC 7143 6.2), up to a limit. */
public final class TextAssembly {
  private final int lengthMax;
  private byte[] text = new byte[0];

  /** Empty; takes so many bytes. */
  public TextAssembly(int lengthMax) {
    this.lengthMax = lengthMax;
  }

  /**
   * Appends a data segment, of which it takes no ownership.
   *
   * @return false if the text is now too long; nothing was appended then
   */
  public boolean append(ByteBuf data) {
    int length = data.readableBytes();
    if (length > lengthMax - text.length) {
      return false;
    }
    int end = text.length;
    text = Arrays.copyOf(text, end + length);
    data.getBytes(data.readerIndex(), text, end, length);
    return true;
  }

  /** The text so far; starts a new one. */
  public byte[] take() {
    byte[] complete = text;
    text = new byte[0];
    return complete;
  }
}
