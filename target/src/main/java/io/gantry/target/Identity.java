package io.gantry.target;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the initiator's end of a path.
 *
 * @param initiatorName its iSCSI name, in lower case; anybody can claim one
 * @param user the name under which it authenticated, or null if it did not
 * @param address where it comes from, or null if it is in this process
 */
public record Identity(
    String initiatorName, @Nullable String user, @Nullable InetAddress address) {}
