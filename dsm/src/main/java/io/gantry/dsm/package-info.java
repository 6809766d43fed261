/**
 * Windows data-set management: the structures, actions and status codes of {@code
 * IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES}, and the disk class that turns them into SCSI commands.
 */
@NullMarked
package io.gantry.dsm;

import org.jspecify.annotations.NullMarked;
