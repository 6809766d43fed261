package io.gantry.server;

import java.util.List;
import java.util.Map;

/**
 * What the daemon has done since it was started, and how it stands: for whoever polls, once a
 * second or less often. Numbers of operations, bytes and time only grow, so two of these tell
 * rates: the difference of a number by that of {@link #uptimeMicros}. What becomes smaller belongs
 * to a daemon that was started anew ({@link #started} differs), or to an initiator that was
 * forgotten meanwhile.
 *
 * @param time when this was so, ISO 8601, by the machine's clock
 * @param started when the daemon was started, ISO 8601
 * @param uptimeMicros how long it runs, us, by a clock that nobody sets
 * @param latencyBoundsMicros upper bounds of the {@link Kind#latencies}, inclusive, us; the last
 *     bucket has none, so there is one bucket more. They never change
 * @param total all volumes, those included that are gone
 * @param volumes each volume, by LUN
 * @param initiators each initiator, by name: at most 64, those that are gone make room for others;
 *     {@code other} stands for those for whom there is none
 * @param space of the pool
 * @param tokens of the pool
 * @param copies of the target
 * @param portal connections and logins
 * @param warnings what is wrong now, a sentence each
 */
public record StatisticsView(
    String time,
    String started,
    long uptimeMicros,
    long[] latencyBoundsMicros,
    Io total,
    List<VolumeIo> volumes,
    List<InitiatorIo> initiators,
    Space space,
    Tokens tokens,
    Copies copies,
    Portal portal,
    List<String> warnings) {

  public StatisticsView {
    volumes = List.copyOf(volumes);
    initiators = List.copyOf(initiators);
    warnings = List.copyOf(warnings);
  }

  /**
   * What commands did.
   *
   * @param read READ
   * @param write WRITE, and writes with conditions
   * @param flush SYNCHRONIZE CACHE
   * @param unmap UNMAP and WRITE SAME that unmaps
   * @param other all others, copy commands included
   */
  public record Io(Kind read, Kind write, Kind flush, Kind unmap, Kind other) {}

  /**
   * Commands of one kind.
   *
   * @param operations how many were answered
   * @param errors of those, the ones that failed; unit attentions and miscompares are no failures
   * @param bytes bytes of blocks that were read, written or unmapped
   * @param micros how long they took, us in all: from when a command and its data were there until
   *     its answer was made
   * @param latencies how many took how long, in each bucket alone; their sum is {@code operations}
   */
  public record Kind(long operations, long errors, long bytes, long micros, long[] latencies) {}

  /**
   * One volume.
   *
   * @param name its name now
   * @param lun its LUN, which it never changes
   */
  public record VolumeIo(String name, int lun, Io io) {}

  /** One initiator, by its iSCSI name. */
  public record InitiatorIo(String name, Io io) {}

  /**
   * Space of the pool, bytes. {@code sharedBytes} and {@code pinnedBytes} are some seconds old.
   *
   * @param capacityBytes what it can hold in all
   * @param usedBytes what it holds
   * @param sharedBytes of that, what volumes and snapshots have more than once
   * @param pinnedBytes of that, what only tokens have
   * @param freeBytes what the medium can still take
   * @param journalBytes length of the journal
   */
  public record Space(
      long capacityBytes,
      long usedBytes,
      long sharedBytes,
      long pinnedBytes,
      long freeBytes,
      long journalBytes) {}

  /**
   * Tokens.
   *
   * @param live how many there are
   * @param created how many were made
   * @param redeemed commands that copied from one
   * @param ended how many are no more, by how they ended: {@code expired}, {@code deleted}, {@code
   *     revoked}, {@code cancelled}
   */
  public record Tokens(long live, long created, long redeemed, Map<String, Long> ended) {}

  /**
   * Copies. Bytes count when their copy has ended.
   *
   * @param running copy operations that run
   * @param completed those that did all or a part of what was asked for, without POPULATE TOKEN
   * @param failed those that were refused or failed
   * @param aborted those that somebody stopped
   * @param sharedBytes bytes that became shared
   * @param copiedBytes bytes that had to be read and written
   * @param zeroedBytes bytes that were or became holes
   */
  public record Copies(
      long running,
      long completed,
      long failed,
      long aborted,
      long sharedBytes,
      long copiedBytes,
      long zeroedBytes) {}

  /**
   * Connections.
   *
   * @param connections open connections, those included that have not logged in
   * @param sessions open sessions, those for discovery only not included
   * @param logins logins that made a session
   * @param refusedLogins logins that made none
   */
  public record Portal(int connections, int sessions, long logins, long refusedLogins) {}
}
