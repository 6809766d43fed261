package io.gantry.initiator;

import io.gantry.iscsi.ChapCredentials;
import io.gantry.iscsi.ChapUser;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a session's CHAP credentials come from: its URL, or environment variables with the names
 * that libiscsi gave them. Unlike a URL, an environment is not shown to everybody on the machine.
 */
public final class ChapEnvironment {
  static final String USER = "LIBISCSI_CHAP_USERNAME";
  static final String SECRET = "LIBISCSI_CHAP_PASSWORD";
  static final String TARGET_USER = "LIBISCSI_CHAP_TARGET_USERNAME";
  static final String TARGET_SECRET = "LIBISCSI_CHAP_TARGET_PASSWORD";

  private ChapEnvironment() {}

  /**
   * The credentials for a URL; what it does not say, the environment may.
   *
   * @return null if neither speaks of any
   * @throws IOException if something is missing or cannot be; the message tells no secret
   */
  public static @Nullable ChapUser user(IscsiUrl url, Map<String, String> environment)
      throws IOException {
    String name = url.user() != null ? url.user() : environment.get(USER);
    String secret = url.password() != null ? url.password() : environment.get(SECRET);
    String targetName = environment.get(TARGET_USER);
    String targetSecret = environment.get(TARGET_SECRET);
    if ((targetName == null) != (targetSecret == null)) {
      throw new IOException(
          "%s is set and %s is not: mutual CHAP needs both"
              .formatted(
                  targetName == null ? TARGET_SECRET : TARGET_USER,
                  targetName == null ? TARGET_USER : TARGET_SECRET));
    }
    if (name == null) {
      if (targetName != null) {
        throw new IOException(
            "mutual CHAP (%s) needs a user of this side too: write iscsi://user%%password@... or set %s"
                .formatted(TARGET_USER, USER));
      }
      return null;
    }
    if (secret == null) {
      throw new IOException(
          "%s: user '%s' has no password: write iscsi://user%%password@... or set %s"
              .formatted(url, name, SECRET));
    }
    try {
      return new ChapUser(
          new ChapCredentials(name, secret),
          targetName == null || targetSecret == null
              ? null
              : new ChapCredentials(targetName, targetSecret));
    } catch (IllegalArgumentException e) {
      throw new IOException(url + ": " + e.getMessage(), e);
    }
  }
}
