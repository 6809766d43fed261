package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Text that goes out over several PDUs (the C bit, RFC 7143 6.2), the counterpart of {@link
 * TextAssembly}.
 */
public final class TextPieces {
  private static final TextPieces NOTHING = new TextPieces(new byte[0]);

  private final byte[] text;
  private int sent;

  private TextPieces(byte[] text) {
    this.text = text;
  }

  /** Of no text. */
  public static TextPieces nothing() {
    return NOTHING;
  }

  /** Of these pairs, in order. */
  public static TextPieces of(List<KeyValueText.Pair> pairs) {
    StringBuilder text = new StringBuilder();
    for (KeyValueText.Pair pair : pairs) {
      text.append(pair.key()).append('=').append(pair.value()).append('\0');
    }
    return new TextPieces(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Of these pairs. */
  public static TextPieces of(Map<String, String> values) {
    return of(
        values.entrySet().stream()
            .map(e -> new KeyValueText.Pair(e.getKey(), e.getValue()))
            .toList());
  }

  /** Whether there are bytes that {@link #next} has not given. */
  public boolean hasMore() {
    return sent < text.length;
  }

  /** The next bytes, which are the caller's; at most so many, none if there are no more. */
  public ByteBuf next(int lengthMax) {
    if (!hasMore()) {
      return Pdu.NO_DATA;
    }
    int length = Math.min(lengthMax, text.length - sent);
    ByteBuf piece = Unpooled.wrappedBuffer(text, sent, length);
    sent += length;
    return piece;
  }
}
