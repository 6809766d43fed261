/**
 * A running iSCSI target for a test: {@link io.gantry.junit.GantryTarget} for JUnit, {@link
 * io.gantry.junit.TestTarget} for anything else.
 */
@NullMarked
package io.gantry.junit;

import org.jspecify.annotations.NullMarked;
