/**
 * What copy offload demands of a logical unit, rule by rule: those that Windows minds, for people
 * who ask why it does not offload, and all of them, for people who build storage.
 *
 * <p>Commands and parameter lists are put together here byte by byte from the standards' tables,
 * and answers are taken apart the same way. Nothing of it comes from the codecs that Gantry's own
 * target and client share, for a mistake in those would agree with itself.
 */
@NullMarked
package io.gantry.copy.doctor;

import org.jspecify.annotations.NullMarked;
