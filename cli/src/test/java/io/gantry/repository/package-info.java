/** Tests of the repository itself: layering, formatting, tidiness. */
@NullMarked
package io.gantry.repository;

import org.jspecify.annotations.NullMarked;
