/** The host side of the wire: iSCSI sessions as {@link io.gantry.scsi.ScsiDevice}s. */
@NullMarked
package io.gantry.initiator;

import org.jspecify.annotations.NullMarked;
