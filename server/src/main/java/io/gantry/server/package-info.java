/** The daemon: puts a pool, its iSCSI portal and its REST interface together. */
@NullMarked
package io.gantry.server;

import org.jspecify.annotations.NullMarked;
