package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.PoolLimits;
import io.gantry.store.PoolStatistics;
import io.gantry.store.Volume;
import java.io.IOException;
import java.time.Instant;

/** What the REST interface tells of the pool as a whole, and its scrub. */
final class PoolApi {
  private final Pool pool;
  private final CopyApi copies;
  private final ScrubJob scrub;
  private final HostPort portal;
  private final String targetName;

  PoolApi(Pool pool, CopyApi copies, ScrubJob scrub, HostPort portal, String targetName) {
    this.pool = pool;
    this.copies = copies;
    this.scrub = scrub;
    this.portal = portal;
    this.targetName = targetName;
  }

  void bind(RestApi api) {
    api.bind(Endpoint.POOL, _ -> view());
    api.bind(Endpoint.SCRUB, _ -> scrub.view());
    api.bind(Endpoint.START_SCRUB, this::startScrub);
    api.bind(Endpoint.STOP_SCRUB, _ -> stopScrub());
  }

  private PoolView view() throws IOException {
    PoolStatistics statistics = pool.statistics();
    PoolLimits limits = statistics.limits();
    return new PoolView(
        statistics.chunkBytes(),
        statistics.capacityBytes(),
        statistics.usedBytes(),
        statistics.sharedBytes(),
        statistics.pinnedBytes(),
        statistics.freeBytes(),
        statistics.volumes(),
        statistics.tokens(),
        limits.tokens(),
        limits.tokensOfOwner(),
        limits.pinned().toString(),
        limits.pinnedOfOwner().toString(),
        limits.low().toString(),
        limits.used().toString(),
        statistics.journalBytes(),
        statistics.checkpoint(),
        statistics.checkpointMillis() == 0
            ? null
            : Instant.ofEpochMilli(statistics.checkpointMillis()).toString(),
        statistics.warnings(),
        pool.volumes().stream().filter(copies::hasFaults).map(Volume::name).toList(),
        targetName,
        portal.toString());
  }

  private ScrubView startScrub(RestRequest request) {
    if (!scrub.start(request.number("bytesPerSecond"))) {
      throw Refusal.conflict("a scrub is running already; stop it first");
    }
    request.tell(EventType.SCRUB_STARTED, "a scrub has begun");
    return scrub.view();
  }

  private ScrubView stopScrub() {
    scrub.stop();
    return scrub.view();
  }
}
