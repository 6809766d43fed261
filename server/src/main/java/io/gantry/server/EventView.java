package io.gantry.server;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened, as the REST interface and the audit trail tell it.
 *
 * @param id larger than that of all events before, also those before a restart
 * @param time ISO 8601
 * @param type what it is, as in {@code volume.created}: docs/events.md has all of them
 * @param who the name of the API token, {@code local} for the daemon's own; the iSCSI name of the
 *     initiator; null if nobody did it
 * @param address where he is; null if he is nowhere, or was not there any more to be asked
 * @param message a sentence for people
 * @param details for programs: text, numbers and booleans, by type
 */
public record EventView(
    long id,
    String time,
    String type,
    @Nullable String who,
    @Nullable String address,
    String message,
    Map<String, Object> details) {}
