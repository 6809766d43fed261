package io.gantry.iscsi;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of CHAP (RFC 1994 4.1, RFC 7143 12.1.3): a response is the digest of identifier,
 * secret and challenge, and binary items are text in login keys.
 */
final class Chap {

  /** Longest challenge or response, in bytes (RFC 7143 12.1.3). */
  static final int BINARY_LENGTH_MAX = 1024;

  /** Bytes of the challenges that this side makes; nobody sees one twice. */
  static final int CHALLENGE_LENGTH = 32;

  private static final int IDENTIFIER_MAX = 255;

  private Chap() {}

  /** A digest, as CHAP_A numbers it. */
  enum Algorithm {
    MD5(5, "MD5"),
    SHA_1(6, "SHA-1"),
    SHA_256(7, "SHA-256"),
    SHA3_256(8, "SHA3-256");

    private final int number;
    private final String digest;

    Algorithm(int number, String digest) {
      this.number = number;
      this.digest = digest;
    }

    int number() {
      return number;
    }

    MessageDigest newDigest() {
      try {
        return MessageDigest.getInstance(digest);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("this Java has no " + digest, e);
      }
    }

    /** The first of a CHAP_A list that is one of these, or null. */
    static @Nullable Algorithm choose(String list) {
      for (String item : list.split(",", -1)) {
        int number = Key.number(item);
        for (Algorithm algorithm : values()) {
          if (algorithm.number == number) {
            return algorithm;
          }
        }
      }
      return null;
    }
  }

  /** What one side asks the other: CHAP_A, CHAP_I and CHAP_C. */
  record Challenge(Algorithm algorithm, int identifier, byte[] value) {

    /** The right answer to it. */
    byte[] response(byte[] secret) {
      MessageDigest digest = algorithm.newDigest();
      digest.update((byte) identifier);
      digest.update(secret);
      return digest.digest(value);
    }

    /** Whether the other has these bytes too, whatever else it says. */
    boolean hasValueOf(Challenge other) {
      return Arrays.equals(value, other.value);
    }
  }

  /** A challenge as the keys say it, or null if they do not. */
  static @Nullable Challenge challenge(
      Algorithm algorithm, @Nullable String identifier, @Nullable String value) {
    int number = identifier == null ? -1 : Key.number(identifier);
    byte[] bytes = value == null ? null : decode(value);
    return number < 0 || number > IDENTIFIER_MAX || bytes == null
        ? null
        : new Challenge(algorithm, number, bytes);
  }

  /**
   * Reads a binary item: 0x and hexadecimal digits, or 0b and base64 (RFC 7143 6.1).
   *
   * @return 1 to {@value #BINARY_LENGTH_MAX} bytes, or null if it is anything else
   */
  static byte @Nullable [] decode(String value) {
    byte[] bytes;
    try {
      if (value.startsWith("0x") || value.startsWith("0X")) {
        bytes = HexFormat.of().parseHex(value, 2, value.length());
      } else if (value.startsWith("0b") || value.startsWith("0B")) {
        bytes = Base64.getDecoder().decode(value.substring(2));
      } else {
        return null;
      }
    } catch (IllegalArgumentException e) {
      return null;
    }
    return bytes.length == 0 || bytes.length > BINARY_LENGTH_MAX ? null : bytes;
  }

  /** Writes a binary item, in hexadecimal: there are initiators that read nothing else. */
  static String encode(byte[] bytes) {
    return "0x" + HexFormat.of().formatHex(bytes);
  }
}
