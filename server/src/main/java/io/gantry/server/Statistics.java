package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.PoolActivity;
import io.gantry.store.PoolStatistics;
import io.gantry.store.Token;
import io.gantry.store.Volume;
import io.gantry.target.CopyCounts;
import io.gantry.target.CopyStatistics;
import io.gantry.target.CopyStatus;
import io.gantry.target.IoKind;
import io.gantry.target.IoStatistics;
import io.gantry.target.IoTally;
import io.gantry.target.IscsiTarget;
import io.gantry.target.Latencies;
import io.gantry.target.PoolTarget;
import io.gantry.target.PortalStatistics;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Takes together what pool, target and portals count, for whoever wants to see it. */
final class Statistics {
  private static final String WRITE_USING_TOKEN = "WRITE_USING_TOKEN";

  private final Pool pool;
  private final PoolTarget target;
  private final IscsiTarget portals;
  private final Instant started = Instant.now();
  private final long startedNanos = System.nanoTime();
  private final IoHistory history =
      new IoHistory(started.toString(), IoHistory.VOLUMES_MAX, startedNanos);

  Statistics(Pool pool, PoolTarget target, IscsiTarget portals) {
    this.pool = pool;
    this.target = target;
    this.portals = portals;
  }

  void bind(RestApi api) {
    api.bind(Endpoint.STATISTICS, _ -> view());
    api.bind(Endpoint.HISTORY, this::history);
  }

  /** Called once a second: what is counted until now becomes history. */
  void sample() {
    IoStatistics io = target.ioStatistics();
    history.sample(io, System.currentTimeMillis(), System.nanoTime());
  }

  private HistoryView history(RestRequest request) {
    int minutes = (int) request.number("minutes");
    int lun = (int) request.number("lun");
    long after = request.number("after");
    if (lun < 0) {
      return history.ofAll(minutes, after);
    }
    if (pool.volume(lun).isEmpty()) {
      throw Refusal.notFound("there is no volume with LUN %d".formatted(lun));
    }
    return history.ofVolume(lun, minutes, after);
  }

  private StatisticsView view() throws IOException {
    IoStatistics io = target.ioStatistics();
    PoolStatistics space = pool.statistics();
    PortalStatistics portal = portals.statistics();
    List<StatisticsView.VolumeIo> volumes = new ArrayList<>();
    for (Volume volume : pool.volumes()) {
      IoTally tally = io.volumes().get(volume.id());
      if (tally != null) { // or it has come to be there a moment ago
        volumes.add(new StatisticsView.VolumeIo(volume.name(), volume.lun(), view(tally)));
      }
    }
    return new StatisticsView(
        Instant.now().toString(),
        started.toString(),
        (System.nanoTime() - startedNanos) / 1000,
        Arrays.stream(Latencies.boundsNanos()).map(nanos -> nanos / 1000).toArray(),
        view(io.total()),
        volumes,
        io.initiators().entrySet().stream()
            .map(each -> new StatisticsView.InitiatorIo(each.getKey(), view(each.getValue())))
            .toList(),
        new StatisticsView.Space(
            space.capacityBytes(),
            space.usedBytes(),
            space.sharedBytes(),
            space.pinnedBytes(),
            space.freeBytes(),
            space.journalBytes()),
        tokens(space.tokens()),
        copies(),
        new StatisticsView.Portal(
            portal.connections(),
            portal.sessions(),
            portal.logins(),
            portal.refused().values().stream().mapToLong(Long::longValue).sum()),
        space.warnings());
  }

  private static StatisticsView.Io view(IoTally tally) {
    return new StatisticsView.Io(
        view(tally, IoKind.READ),
        view(tally, IoKind.WRITE),
        view(tally, IoKind.FLUSH),
        view(tally, IoKind.UNMAP),
        view(tally, IoKind.OTHER));
  }

  private static StatisticsView.Kind view(IoTally tally, IoKind kind) {
    long[] latencies = tally.latencies(kind);
    return new StatisticsView.Kind(
        Arrays.stream(latencies).sum(),
        tally.errors(kind),
        tally.bytes(kind),
        tally.nanos(kind) / 1000,
        latencies);
  }

  private StatisticsView.Tokens tokens(long live) {
    PoolActivity activity = pool.activity();
    Map<String, Long> ended = new TreeMap<>();
    for (Token.End end : Token.End.values()) {
      ended.put(end.name().toLowerCase(Locale.ROOT), activity.tokensEnded().getOrDefault(end, 0L));
    }
    return new StatisticsView.Tokens(
        live, activity.tokensCreated(), redeemed(target.copyCounts()), ended);
  }

  /** Copies from tokens that did something. */
  static long redeemed(CopyCounts counts) {
    CopyCounts.OfCommand copies = counts.commands().get(WRITE_USING_TOKEN);
    return copies == null
        ? 0
        : copies.ended().getOrDefault(CopyStatus.State.COMPLETED, 0L)
            + copies.ended().getOrDefault(CopyStatus.State.PARTIAL, 0L);
  }

  private StatisticsView.Copies copies() {
    CopyStatistics copies = target.copyStatistics();
    return new StatisticsView.Copies(
        copies.running(),
        copies.copies(),
        copies.failed(),
        copies.aborted(),
        copies.sharedBytes(),
        copies.copiedBytes(),
        copies.zeroedBytes());
  }
}
