package io.gantry.server;

import java.util.List;

/**
 * Whether the daemon is up.
 *
 * @param status {@code up} or {@code down}
 * @param down the parts that are down: {@code pool} (nothing can become durable), {@code portal}
 *     (no iSCSI portal listens), {@code stopping}
 */
public record HealthView(String status, List<String> down) {
  public HealthView {
    down = List.copyOf(down);
  }
}
