/**
 * Windows data-set management: the structures, actions and status codes of {@code
 * IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES}, and the disk class that turns them into SCSI commands.
 *
 * <p>A {@link io.gantry.dsm.StorageDevice} takes the control code's bytes, and has a method for
 * each action that is worth one. It is a {@link io.gantry.dsm.Disk}, which is attached to anything
 * that carries SCSI commands, or a {@link io.gantry.dsm.WindowsDevice}, which is a disk of the
 * Windows that this runs on. Copying a range by token, wherever its ends are:
 *
 * {@snippet :
 * static long copy(StorageDevice source, StorageDevice target, long length) throws IOException {
 *   long copied = 0;
 *   while (copied < length) {
 *     DataSetRange range = new DataSetRange(copied, length - copied);
 *     OffloadReadResult read = source.offloadRead(range);
 *     OffloadToken token = read.tokenOrThrow();
 *     DataSetRange there = new DataSetRange(copied, read.lengthProtected());
 *     OffloadWriteResult write = target.offloadWrite(token, 0, there);
 *     if (write.lengthCopied() == 0) {
 *       throw new IOException("nothing more is copied: " + write.status().describe());
 *     }
 *     copied += write.lengthCopied(); // less than asked, now and then: go on from there
 *   }
 *   return copied;
 * }
 * }
 *
 * <p>{@link io.gantry.dsm.Structures} has the layouts of all structures as tables; {@link
 * io.gantry.dsm.BufferReader} and {@link io.gantry.dsm.BufferWriter} turn buffers into text and
 * back.
 */
@NullMarked
package io.gantry.dsm;

import org.jspecify.annotations.NullMarked;
