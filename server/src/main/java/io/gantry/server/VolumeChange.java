package io.gantry.server;

import org.jspecify.annotations.Nullable;

/**
 * Asks for changes of a volume. What is null stays as it is.
 *
 * @param name another name
 * @param sizeBytes another size, a multiple of the block size
 * @param force cut data off if the new size is smaller
 * @param readOnly whether writes are refused
 */
public record VolumeChange(
    @Nullable String name,
    @Nullable Long sizeBytes,
    @Nullable Boolean force,
    @Nullable Boolean readOnly) {}
