/**
 * Composition root of the daemon: one pool, its logical units, iSCSI portals and the REST
 * interface.
 */
@NullMarked
package io.gantry.server;

import org.jspecify.annotations.NullMarked;
