/** Deterministic simulation and model checking: one seed, one run. Nobody imports it. */
@NullMarked
package io.gantry.sim;

import org.jspecify.annotations.NullMarked;
