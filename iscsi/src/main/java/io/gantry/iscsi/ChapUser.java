package io.gantry.iscsi;

import org.jspecify.annotations.Nullable;

/**
 * What an initiator and a target prove themselves to each other with.
 *
 * @param initiator what the initiator proves itself with
 * @param target what the target then proves itself with (mutual CHAP), or null if it does not
 */
public record ChapUser(ChapCredentials initiator, @Nullable ChapCredentials target) {

  /**
   * Puts both together.
   *
   * @throws IllegalArgumentException if both have the same secret: then whoever is asked could have
   *     the other one answer (RFC 7143 12.1.3)
   */
  public ChapUser {
    if (target != null && target.hasSecretOf(initiator)) {
      throw new IllegalArgumentException(
          "'%s' and '%s' have the same CHAP secret; each direction needs one of its own"
              .formatted(initiator.name(), target.name()));
    }
  }
}
