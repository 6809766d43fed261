package io.gantry.iscsi;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * A name and the secret that goes with it, for CHAP (RFC 7143 12.1.3). The secret comes out only as
 * answers to challenges: nothing here prints it.
 */
public final class ChapCredentials {

  /** Fewer bytes are fewer than 96 bits, and an eavesdropper may find them by trying. */
  public static final int SECRET_LENGTH_MIN = 12;

  public static final int SECRET_LENGTH_MAX = 255;

  /** Longest name, in bytes. */
  public static final int NAME_LENGTH_MAX = 255;

  private final String name;
  private final byte[] secret;

  /**
   * Credentials with a secret that is the text's UTF-8.
   *
   * @throws IllegalArgumentException if the name cannot be sent in a login, or if the secret is
   *     empty or longer than {@value #SECRET_LENGTH_MAX} bytes; the message does not tell it
   */
  public ChapCredentials(String name, String secret) {
    int nameLength = name.getBytes(StandardCharsets.UTF_8).length;
    if (nameLength == 0 || nameLength > NAME_LENGTH_MAX || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "a CHAP name has 1 to %d bytes, and none of them is zero".formatted(NAME_LENGTH_MAX));
    }
    this.name = name;
    this.secret = secret.getBytes(StandardCharsets.UTF_8);
    if (this.secret.length == 0 || this.secret.length > SECRET_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "the CHAP secret of '%s' has %d bytes; it can have 1 to %d"
              .formatted(name, this.secret.length, SECRET_LENGTH_MAX));
    }
  }

  public String name() {
    return name;
  }

  /** Whether the secret has the 96 bits without which CHAP is no protection. */
  public boolean isStrong() {
    return secret.length >= SECRET_LENGTH_MIN;
  }

  /** Whether both have one secret, found in constant time. */
  public boolean hasSecretOf(ChapCredentials other) {
    return MessageDigest.isEqual(secret, other.secret);
  }

  byte[] answer(Chap.Challenge challenge) {
    return challenge.response(secret);
  }

  /** Whether an answer shows knowledge of the secret, found in constant time. */
  boolean proves(Chap.Challenge challenge, byte[] answer) {
    return MessageDigest.isEqual(answer(challenge), answer);
  }

  @Override
  public String toString() {
    return "CHAP name '" + name + "'";
  }
}
