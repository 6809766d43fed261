package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * Asks for a writable copy of a volume that shares everything with it.
 *
 * @param name of the new volume
 * @param snapshot which snapshot of the volume to copy; null for the volume as it is now
 */
public record CloneRequest(String name, @Nullable String snapshot) {}
