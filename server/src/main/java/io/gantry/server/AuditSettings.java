package io.gantry.server;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the audit trail is, and how long it may grow.
 *
 * @param file null for {@code audit.log} in the data directory
 * @param maximumBytes after which another file begins
 * @param kept how many old ones are kept
 */
public record AuditSettings(@Nullable Path file, long maximumBytes, int kept) {

  /** In the data directory, 16 MiB, and four old ones. */
  public static final AuditSettings DEFAULTS = new AuditSettings(null, 16 << 20, 4);

  public AuditSettings {
    if (maximumBytes < 4096 || kept < 0 || kept > 1000) {
      throw new IllegalArgumentException(
          "an audit trail of %d bytes with %d old ones; at least 4096 bytes, and 0 to 1000"
              .formatted(maximumBytes, kept));
    }
  }

  /**
   * The table {@code [audit]} of a configuration file.
   *
   * @param file as {@link AuditSettings#file}; counts from the configuration file
   * @param maximumBytes as {@link AuditSettings#maximumBytes}
   * @param kept as {@link AuditSettings#kept}
   */
  record Audit(
      @Key(
              meaning = "the audit trail; if not there, `audit.log` in the data directory",
              form = "path",
              example = "\"/var/log/gantry/audit.log\"")
          @Nullable Path file,
      @Key(
              meaning = "how long it grows before another file begins",
              form = "bytes",
              initial = "16777216",
              example = "104857600")
          @Nullable Long maximumBytes,
      @Key(
              meaning = "how many old ones are kept",
              form = "0 to 1000",
              initial = "4",
              example = "30")
          @Nullable Integer kept) {

    AuditSettings settings(Configuration.Origin origin) {
      return new AuditSettings(
          origin.resolve(file),
          DaemonSettings.first(maximumBytes, DEFAULTS.maximumBytes),
          DaemonSettings.first(kept, DEFAULTS.kept));
    }
  }
}
