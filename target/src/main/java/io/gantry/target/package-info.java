/** The storage side of the wire: logical units, the copy manager, iSCSI portals. */
@NullMarked
package io.gantry.target;

import org.jspecify.annotations.NullMarked;
