/** The copy engine: offload if the storage can, read and write if it cannot, and say which. */
@NullMarked
package io.gantry.copy;

import org.jspecify.annotations.NullMarked;
