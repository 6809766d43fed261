package io.gantry.iscsi;

import org.jspecify.annotations.Nullable;

/**
 * Bytes that are no PDU a receiver can take.
 *
 * @param header the 48 bytes of the basic header, as a Reject carries them
 * @param reason for a Reject; null if it is not certain enough what was sent to answer it
 * @param problem what was found and what was expected, for people
 * @param fatal whether the stream can no longer be followed; the decoder ignores all that comes
 *     after, and the connection has to be closed
 */
public record BadPdu(byte[] header, @Nullable RejectReason reason, String problem, boolean fatal)
    implements Inbound {}
