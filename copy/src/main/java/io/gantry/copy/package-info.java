/**
 * The copy engine: moves bytes between logical units and files, by token where the storage can and
 * by reading and writing where it cannot, and says which it did and why.
 */
@NullMarked
package io.gantry.copy;

import org.jspecify.annotations.NullMarked;
