/**
 * SCSI vocabulary for both ends of the wire: the command table, CDBs, sense data, VPD and mode
 * pages, ROD tokens and copy parameter lists. Bytes in, values out; no I/O, no threads.
 */
@NullMarked
package io.gantry.scsi;

import org.jspecify.annotations.NullMarked;
