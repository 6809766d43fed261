/**
 * The pool: volumes as trees of shared, counted pages, tokens as frozen trees, a journal, on a
 * medium of files.
 */
@NullMarked
package io.gantry.store;

import org.jspecify.annotations.NullMarked;
