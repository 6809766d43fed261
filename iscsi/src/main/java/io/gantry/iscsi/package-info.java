/**
 * iSCSI vocabulary for both ends of the wire: PDUs, framing, login negotiation, session parameters.
 * Bytes in, bytes out.
 */
@NullMarked
package io.gantry.iscsi;

import org.jspecify.annotations.NullMarked;
