package io.gantry.server;

import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the daemon tells of itself.
 *
 * @param openOnLoopback whether {@code /metrics} needs no token of whoever connects from this
 *     machine
 * @param slowIo commands that take longer are told to the flight recorder
 */
public record MonitoringSettings(boolean openOnLoopback, Duration slowIo) {
  private static final long LONGEST_MILLIS = 3_600_000;

  /** Metrics need a token; slow is more than 100 ms. */
  public static final MonitoringSettings DEFAULTS = new MonitoringSettings(false, PoolTarget.SLOW);

  /**
   * The table {@code [monitoring]} of a configuration file; null where it says nothing.
   *
   * @param openOnLoopback as {@link MonitoringSettings#openOnLoopback}
   * @param slowIoMillis as {@link MonitoringSettings#slowIo}
   */
  record Monitoring(
      @Key(
              meaning = "whether `/metrics` needs no token of whoever connects from this machine",
              form = "`true` or `false`",
              initial = "false",
              example = "true")
          @Nullable Boolean openOnLoopback,
      @Key(
              meaning = "commands that take longer are told to the flight recorder",
              form = "ms, 1 to 3600000",
              initial = "100",
              example = "250")
          @Nullable Long slowIoMillis) {}

  /**
   * What a configuration file says.
   *
   * @throws IOException if something in it cannot be; the message names it
   */
  static MonitoringSettings of(Configuration.Origin origin, @Nullable Monitoring table)
      throws IOException {
    if (table == null) {
      return DEFAULTS;
    }
    Long millis = table.slowIoMillis;
    if (millis != null && (millis < 1 || millis > LONGEST_MILLIS)) {
      throw origin.refuse(
          "monitoring.slowIoMillis",
          "slowIoMillis is %d; it can be 1 to %d".formatted(millis, LONGEST_MILLIS));
    }
    return new MonitoringSettings(
        Boolean.TRUE.equals(table.openOnLoopback),
        millis == null ? DEFAULTS.slowIo : Duration.ofMillis(millis));
  }
}
