package io.gantry.initiator;

import java.util.List;

/**
 * A target that a portal told of.
 *
 * @param name iSCSI name
 * @param addresses {@code host:port,portal-group}, as the portal wrote them
 */
public record DiscoveredTarget(String name, List<String> addresses) {}
