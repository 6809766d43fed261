package io.gantry.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/**
 * Secrets that nobody has to remember, and what is kept of them.
 *
 * <p>A secret is 256 random bits, so its SHA-256 is all that is to be kept: who has the digest
 * cannot find the secret by trying, however fast he tries, and a salt or a slow hash (bcrypt,
 * Argon2), which passwords of people need, would only make each request slow. Secrets are compared
 * by looking up their digests: how long that takes tells something of a digest that the asker
 * cannot choose.
 */
final class Secret {
  private static final int BYTES = 32;

  /** Lets people and programs that look for leaked secrets see what it is. */
  private static final String PREFIX = "gantry_";

  private Secret() {}

  /** 256 random bits, in a form that fits headers, cookies and files. */
  static String make(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** What is kept: 64 hexadecimal digits. */
  static String digest(String secret) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
