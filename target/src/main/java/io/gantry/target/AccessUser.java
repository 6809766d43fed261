package io.gantry.target;

import io.gantry.iscsi.ChapCredentials;
import io.gantry.iscsi.ChapUser;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who can authenticate by CHAP. Its text shows no secret.
 *
 * @param credentials names and secrets of both directions
 */
public record AccessUser(ChapUser credentials) {

  /**
   * A user.
   *
   * @param name what the initiator calls itself
   * @param secret of the initiator
   * @param targetName what the target calls itself when the initiator wants a proof; null for none
   * @param targetSecret of the target, or null as well
   * @throws IllegalArgumentException if a name or a secret cannot be; the message tells no secret
   */
  public static AccessUser of(
      String name, String secret, @Nullable String targetName, @Nullable String targetSecret) {
    if ((targetName == null) != (targetSecret == null)) {
      throw new IllegalArgumentException("mutual CHAP needs a target's name and a target's secret");
    }
    return new AccessUser(
        new ChapUser(
            strong(name, secret),
            targetName == null || targetSecret == null ? null : strong(targetName, targetSecret)));
  }

  private static ChapCredentials strong(String name, String secret) {
    ChapCredentials credentials = new ChapCredentials(name, secret);
    if (!credentials.isStrong()) { // RFC 7143 12.1.3
      throw new IllegalArgumentException(
          "the secret of '%s' has fewer than %d bytes and can be found by trying; take a longer one"
              .formatted(name, ChapCredentials.SECRET_LENGTH_MIN));
    }
    return credentials;
  }

  /** What the initiator calls itself. */
  public String name() {
    return credentials.initiator().name();
  }
}
