package io.gantry.server;

import java.util.Locale;

/**
 * What can happen. Each type has a name for programs, and whether it belongs to the audit trail:
 * what somebody did or was refused.
 */
enum EventType {
  VOLUME_CREATED(true, "a volume was made; `name`, `sizeBytes`, of a clone `from`"),
  VOLUME_CHANGED(true, "a volume got another size or name, or became read-only or writable"),
  VOLUME_DELETED(true, "a volume was deleted"),
  SNAPSHOT_CREATED(true, "a snapshot was made; `volume`, `name`"),
  SNAPSHOT_DELETED(true, "a snapshot was deleted"),
  SNAPSHOT_RESTORED(true, "a volume was rolled back to a snapshot"),
  TOKEN_CREATED(true, "an initiator had copy offload tokens made; `source`, `count`, `bytes`"),
  TOKEN_REVOKED(true, "a copy offload token was revoked by somebody, or by the pool for space"),
  TOKEN_EXPIRED(false, "nobody used copy offload tokens in time; `count`"),
  COPY_STARTED(false, "a copy goes on for longer than a moment; `id`, `source`, `destination`"),
  COPY_PROGRESS(false, "how far such a copy is; `doneBytes` of `wantedBytes`"),
  COPY_ENDED(
      true,
      "copies ended; `count` alike within a second, `state`, `sharedBytes`, `copiedBytes`,"
          + " `zeroedBytes`, and why bytes had to be moved if they had: `notOffloaded`"),
  COPY_CANCELLED(true, "somebody stopped a copy; `id`"),
  SESSION_LOGGED_IN(true, "an initiator logged in; `initiator`, `user`, `portal`"),
  SESSION_LOGGED_OUT(true, "its session ended; bytes that it read and wrote"),
  SESSION_REFUSED(true, "an initiator was not let in"),
  SESSION_DROPPED(true, "somebody ended a session"),
  ACCESS_RELOADED(true, "users and rules of initiators were read again"),
  CONFIG_RELOADED(true, "the configuration was read again, by somebody or a signal"),
  FAULTS_CHANGED(true, "something goes wrong with copies on purpose, or does no more"),
  SCRUB_STARTED(true, "a scrub began"),
  SCRUB_PROGRESS(false, "how far it is; `readBytes` of `usedBytes`"),
  SCRUB_FINDING(false, "it found something wrong"),
  SCRUB_ENDED(true, "it ended; `state`"),
  CHECKPOINT(false, "the pool has written a checkpoint; `number`"),
  WARNING(false, "something about the pool that an administrator should look at"),
  WARNING_OVER(false, "it is over"),
  API_LOGIN(true, "a browser logged in"),
  API_LOGOUT(true, "it logged out"),
  API_REFUSED(true, "somebody had no valid token, or too low a role for what he asked"),
  API_TOKEN_CREATED(true, "a token of the REST interface was made; `name`, `role`"),
  API_TOKEN_REVOKED(true, "one was revoked; `name`"),
  DAEMON_STARTED(true, "the daemon began to serve; `version`"),
  DAEMON_STOPPING(true, "the daemon is about to end"),
  EVENTS_MISSING(false, "to one reader: events before the next one are no longer remembered");

  private final boolean audited;
  private final String meaning;

  EventType(boolean audited, String meaning) {
    this.audited = audited;
    this.meaning = meaning;
  }

  /** Whether it is part of the audit trail. */
  boolean audited() {
    return audited;
  }

  /** For the documentation. */
  String meaning() {
    return meaning;
  }

  /** As programs see it: {@code volume.created}. */
  String text() {
    String name = name().toLowerCase(Locale.ROOT);
    int area = name.startsWith("api_token") ? "api_token".length() : name.indexOf('_');
    return area < 0
        ? name
        : name.substring(0, area).replace('_', '-')
            + '.'
            + name.substring(area + 1).replace('_', '-');
  }
}
