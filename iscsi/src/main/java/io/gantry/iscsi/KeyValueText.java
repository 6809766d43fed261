package io.gantry.iscsi;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Text of Login and Text PDUs: {@code key=value}, each ended by a zero byte (RFC 7143 6.1). Reading
 * it has one of two results.
 */
public sealed interface KeyValueText {

  /** Most pairs in one negotiation step. Initiators in use send about 20. */
  int PAIRS_MAX = 64;

  /** Longest key, in bytes (RFC 7143 6.1). */
  int KEY_LENGTH_MAX = 63;

  /** Longest value, in bytes: what a CHAP challenge of 1024 bytes needs, and more. */
  int VALUE_LENGTH_MAX = 4096;

  /** Well-formed text, in the order of the wire. */
  record Pairs(SequencedMap<String, String> values) implements KeyValueText {}

  /** Anything else, and for people what is wrong with it. */
  record Malformed(String problem) implements KeyValueText {}

  /** One pair of a text in which a key may come several times. */
  record Pair(String key, String value) {}

  /** Reads text in which every key comes once, as in a negotiation. */
  static KeyValueText parse(byte[] text) {
    List<Pair> pairs = new ArrayList<>();
    String problem = split(text, PAIRS_MAX, pairs);
    if (problem != null) {
      return new Malformed(problem);
    }
    SequencedMap<String, String> values = new LinkedHashMap<>();
    for (Pair pair : pairs) {
      if (values.put(pair.key, pair.value) != null) {
        return new Malformed("the key " + pair.key + " comes twice");
      }
    }
    return new Pairs(values);
  }

  /**
   * Splits text at its zero bytes.
   *
   * @param pairs where the pairs go
   * @return what is wrong with the text, or null
   */
  private static @Nullable String split(byte[] text, int pairsMax, List<Pair> pairs) {
    int start = 0;
    for (int at = 0; at < text.length; at++) {
      if (text[at] != 0) {
        continue;
      }
      if (at > start) { // several zero bytes in a row: padding that was counted in
        if (pairs.size() == pairsMax) {
          return "more than " + pairsMax + " keys";
        }
        int equals = start;
        while (equals < at && text[equals] != '=') {
          equals++;
        }
        if (equals == at || equals == start || equals - start > KEY_LENGTH_MAX) {
          return "no key of 1 to " + KEY_LENGTH_MAX + " bytes before an equals sign";
        }
        if (at - equals - 1 > VALUE_LENGTH_MAX) {
          return "a value of more than " + VALUE_LENGTH_MAX + " bytes";
        }
        try {
          pairs.add(
              new Pair(utf8(text, start, equals - start), utf8(text, equals + 1, at - equals - 1)));
        } catch (CharacterCodingException e) {
          return "text that is not UTF-8";
        }
      }
      start = at + 1;
    }
    return start == text.length ? null : "text that does not end with a zero byte";
  }

  private static String utf8(byte[] text, int offset, int length) throws CharacterCodingException {
    return StandardCharsets.UTF_8
        .newDecoder()
        .decode(ByteBuffer.wrap(text, offset, length))
        .toString();
  }

  /**
   * Reads text in which keys repeat: the answer to SendTargets.
   *
   * @throws IllegalArgumentException if the text is malformed
   */
  static List<Pair> parseList(byte[] text) {
    List<Pair> pairs = new ArrayList<>();
    String problem = split(text, Integer.MAX_VALUE, pairs);
    if (problem != null) {
      throw new IllegalArgumentException(problem);
    }
    return pairs;
  }

  /** Text of these pairs; the caller owns the buffer. */
  static ByteBuf encode(Map<String, String> values) {
    return TextPieces.of(values).next(Integer.MAX_VALUE);
  }

  /** Text of these pairs, in order; the caller owns the buffer. */
  static ByteBuf encode(List<Pair> pairs) {
    return TextPieces.of(pairs).next(Integer.MAX_VALUE);
  }
}
