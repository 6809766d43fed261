package io.gantry.iscsi;

/** What a {@link PduDecoder} hands up: a PDU, or the news that the peer sent something else. */
public sealed interface Inbound permits Pdu, BadPdu {}
