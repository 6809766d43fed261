package io.gantry.target;

import java.util.SortedMap;

/**
 * How a target's portals stand, and what they did since they were opened.
 *
 * @param connections open connections, those that have not logged in included
 * @param sessions open sessions on which commands may come
 * @param discoverySessions open sessions that may only ask for targets
 * @param bufferBytes bytes that commands and their data occupy
 * @param directBytes memory outside of the heap that the network has, with what it keeps for later
 * @param logins logins that made a session
 * @param refused logins that made none, by why: a name of {@link io.gantry.iscsi.LoginStatus} in
 *     lower case, or {@code no_place} (too many connections), {@code no_login} (something else was
 *     sent), {@code no_login_in_time}. All reasons are there. Redirections are no refusals
 * @param functions task management functions that were carried out or refused, by their name
 */
public record PortalStatistics(
    int connections,
    int sessions,
    int discoverySessions,
    long bufferBytes,
    long directBytes,
    long logins,
    SortedMap<String, Long> refused,
    SortedMap<String, Long> functions) {}
