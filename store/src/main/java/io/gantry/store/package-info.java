/**
 * The pool: volumes as trees of shared, counted pages, tokens as frozen trees, a journal, on a
 * medium of files.
 *
 * <p>Locks, in the order in which they are taken: a volume's freeze lock, then the pool's metadata
 * lock. I/O on the medium is never done under the metadata lock.
 */
@NullMarked
package io.gantry.store;

import org.jspecify.annotations.NullMarked;
