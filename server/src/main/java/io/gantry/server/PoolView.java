package io.gantry.server;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pool as the REST interface shows it. Shared and pinned bytes are measured in the background,
 * and so some seconds old.
 *
 * @param chunkBytes bytes of a chunk, the unit of sharing
 * @param capacityBytes bytes that it can hold in all
 * @param usedBytes bytes in chunks that hold something
 * @param sharedBytes of those, what volumes and snapshots have more than once
 * @param pinnedBytes of those, what only tokens have
 * @param freeBytes bytes that can still be written
 * @param volumes number of volumes
 * @param tokens number of live tokens
 * @param maximumTokens most live tokens
 * @param maximumTokensOfInitiator most live tokens of one initiator
 * @param pinnedLimit most that only tokens may have: {@code 50%}, {@code 1000 bytes}, {@code none}
 * @param pinnedLimitOfInitiator most that only the tokens of one initiator may have
 * @param lowLimit used space from which on there is a warning
 * @param usedLimit most that may be used
 * @param journalBytes length of the journal
 * @param checkpoint number of the last checkpoint
 * @param checkpointed when it was written, ISO 8601; null if the daemon has not written one yet
 * @param warnings what is wrong now, a sentence each
 * @param faults names of the volumes whose copies go wrong on purpose
 * @param target the iSCSI name of the target
 * @param portal where initiators connect to
 */
public record PoolView(
    int chunkBytes,
    long capacityBytes,
    long usedBytes,
    long sharedBytes,
    long pinnedBytes,
    long freeBytes,
    int volumes,
    int tokens,
    int maximumTokens,
    int maximumTokensOfInitiator,
    String pinnedLimit,
    String pinnedLimitOfInitiator,
    String lowLimit,
    String usedLimit,
    long journalBytes,
    long checkpoint,
    @Nullable String checkpointed,
    List<String> warnings,
    List<String> faults,
    String target,
    String portal) {}
