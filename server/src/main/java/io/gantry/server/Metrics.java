package io.gantry.server;

import com.sun.management.UnixOperatingSystemMXBean;
import io.gantry.store.Pool;
import io.gantry.store.PoolActivity;
import io.gantry.store.PoolStatistics;
import io.gantry.store.Token;
import io.gantry.store.TokenOwner;
import io.gantry.store.Volume;
import io.gantry.target.CopyCounts;
import io.gantry.target.CopyStatistics;
import io.gantry.target.CopyStatus;
import io.gantry.target.IoKind;
import io.gantry.target.IoStatistics;
import io.gantry.target.IoTally;
import io.gantry.target.IscsiTarget;
import io.gantry.target.Latencies;
import io.gantry.target.MoveReason;
import io.gantry.target.PoolTarget;
import io.gantry.target.PortalStatistics;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.util.List;
import java.util.Locale;

/**
 * Makes the samples of a scrape from what pool, target, portals and JVM count anyway; nobody counts
 * for metrics alone but {@link HttpCounters}.
 *
 * <p>How many series there are is bounded by the volumes that there are, {@link
 * IoStatistics#INITIATORS} initiators, {@value #OWNERS} owners of tokens, and tables of the code:
 * some 30 for each volume or initiator and operation that was used.
 */
final class Metrics {
  /** Those who pin most; the others are one. */
  private static final int OWNERS = 64;

  private static final Header CONTENT_TYPE =
      HeaderValues.create(HeaderNames.CONTENT_TYPE, MetricSamples.CONTENT_TYPE);

  private static final double[] BOUNDS = bounds();

  private final Pool pool;
  private final PoolTarget target;
  private final IscsiTarget portals;
  private final HttpCounters http;

  Metrics(Pool pool, PoolTarget target, IscsiTarget portals, HttpCounters http) {
    this.pool = pool;
    this.target = target;
    this.portals = portals;
    this.http = http;
  }

  private static double[] bounds() {
    double[] bounds = new double[Latencies.BUCKETS];
    long[] nanos = Latencies.boundsNanos();
    for (int i = 0; i < nanos.length; i++) {
      bounds[i] = nanos[i] / 1e9;
    }
    bounds[nanos.length] = Double.POSITIVE_INFINITY;
    return bounds;
  }

  void bind(RestApi api) {
    api.bindStream(
        Endpoint.METRICS,
        (_, response) -> {
          byte[] text = scrape().text();
          response.status(Status.OK_200).header(CONTENT_TYPE);
          response.send(text);
        });
  }

  private MetricSamples scrape() throws IOException {
    MetricSamples out = new MetricSamples();
    addIo(out);
    addTokens(out);
    addCopies(out);
    addPool(out);
    addPortals(out);
    http.forEach((key, count) ->
        out.add(Metric.HTTP_REQUESTS, count, key.method(), key.route(), "" + key.status()));
    addMachine(out);
    return out;
  }

  private void addIo(MetricSamples out) {
    IoStatistics io = target.ioStatistics();
    for (Volume volume : pool.volumes()) {
      out.add(Metric.VOLUME_SIZE, volume.sizeBytes(), volume.name());
      IoTally tally = io.volumes().get(volume.id());
      if (tally != null) { // or it has come to be there a moment ago
        addTally(
            out,
            Metric.VOLUME_IO_DURATION,
            Metric.VOLUME_IO_BYTES,
            Metric.VOLUME_IO_ERRORS,
            volume.name(),
            tally);
      }
    }
    io.initiators()
        .forEach((name, tally) ->
            addTally(
                out,
                Metric.INITIATOR_IO_DURATION,
                Metric.INITIATOR_IO_BYTES,
                Metric.INITIATOR_IO_ERRORS,
                name,
                tally));
  }

  private static void addTally(
      MetricSamples out, Metric duration, Metric bytes, Metric errors, String name, IoTally tally) {
    for (IoKind kind : IoKind.values()) {
      if (isShown(tally, kind)) {
        out.addHistogram(
            duration, BOUNDS, tally.latencies(kind), tally.nanos(kind) / 1e9, name, kind.label());
        out.add(bytes, tally.bytes(kind), name, kind.label());
        out.add(errors, tally.errors(kind), name, kind.label());
      }
    }
  }

  private static boolean isShown(IoTally tally, IoKind kind) {
    return kind == IoKind.READ || kind == IoKind.WRITE || tally.operations(kind) > 0;
  }

  private void addTokens(MetricSamples out) {
    PoolActivity activity = pool.activity();
    out.add(Metric.TOKENS_CREATED, activity.tokensCreated());
    out.add(Metric.TOKENS_REDEEMED, Statistics.redeemed(target.copyCounts()));
    for (Token.End end : Token.End.values()) {
      out.add(Metric.TOKENS_ENDED, activity.tokensEnded().getOrDefault(end, 0L), label(end));
    }
    List<TokenOwner> owners = pool.tokenOwners();
    for (TokenOwner owner : owners.subList(0, Math.min(OWNERS, owners.size()))) {
      out.add(Metric.OWNER_TOKENS, owner.tokens(), owner.name());
      out.add(Metric.OWNER_PINNED, owner.pinnedBytes(), owner.name());
    }
    if (owners.size() > OWNERS) {
      List<TokenOwner> others = owners.subList(OWNERS, owners.size());
      out.add(
          Metric.OWNER_TOKENS,
          others.stream().mapToLong(TokenOwner::tokens).sum(),
          IoStatistics.OTHERS);
      out.add(
          Metric.OWNER_PINNED,
          others.stream().mapToLong(TokenOwner::pinnedBytes).sum(),
          IoStatistics.OTHERS);
    }
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private void addCopies(MetricSamples out) {
    CopyStatistics copies = target.copyStatistics();
    CopyCounts counts = target.copyCounts();
    out.add(Metric.COPIES_RUNNING, copies.running());
    counts
        .commands()
        .forEach((command, of) -> {
          String name = command.toLowerCase(Locale.ROOT);
          for (CopyStatus.State state : CopyStatus.State.values()) {
            if (state != CopyStatus.State.RUNNING) {
              out.add(Metric.COPIES, of.ended().getOrDefault(state, 0L), name, label(state));
            }
          }
          out.add(Metric.COPY_DURATION, of.nanos() / 1e9, name);
        });
    out.add(Metric.COPY_BYTES, copies.sharedBytes(), "shared");
    out.add(Metric.COPY_BYTES, copies.copiedBytes(), "copied");
    out.add(Metric.COPY_BYTES, copies.zeroedBytes(), "zeroed");
    for (MoveReason reason : MoveReason.values()) {
      out.add(Metric.COPIES_MOVED, counts.moved().getOrDefault(reason, 0L), reason.label());
    }
    counts.refused().forEach((sense, count) -> out.add(Metric.COPIES_REFUSED, count, sense));
    out.add(Metric.COPIES_LATE, counts.late());
    out.add(Metric.COPY_WAITING, counts.waitedNanos() / 1e9);
  }

  private void addPool(MetricSamples out) throws IOException {
    PoolStatistics statistics = pool.statistics();
    PoolActivity activity = pool.activity();
    out.add(Metric.TOKENS, statistics.tokens());
    out.add(Metric.TOKENS_LIMIT, statistics.limits().tokens());
    out.add(Metric.POOL_CAPACITY, statistics.capacityBytes());
    out.add(Metric.POOL_USED, statistics.usedBytes());
    out.add(Metric.POOL_SHARED, statistics.sharedBytes());
    out.add(Metric.POOL_PINNED, statistics.pinnedBytes());
    out.add(Metric.POOL_FREE, statistics.freeBytes());
    out.add(Metric.POOL_CHUNK, statistics.chunkBytes());
    out.add(Metric.POOL_VOLUMES, statistics.volumes());
    out.add(Metric.POOL_WRITABLE, pool.isWritable() ? 1 : 0);
    out.add(Metric.POOL_WARNINGS, statistics.warnings().size());
    out.add(Metric.JOURNAL, statistics.journalBytes());
    out.add(Metric.COMMITS, activity.commits());
    out.add(Metric.COMMIT_DURATION, activity.commitMillis() / 1e3);
    out.add(Metric.CHECKPOINTS, activity.checkpoints());
    out.add(Metric.CHECKPOINT_DURATION, activity.checkpointMillis() / 1e3);
    out.add(Metric.CHECKPOINT_LAST, activity.lastCheckpointMillis() / 1e3);
    if (statistics.checkpointMillis() != 0) {
      out.add(Metric.CHECKPOINT_TIME, statistics.checkpointMillis() / 1e3);
    }
  }

  private void addPortals(MetricSamples out) {
    PortalStatistics portal = portals.statistics();
    IscsiTarget.Traffic traffic = portals.traffic();
    out.add(Metric.CONNECTIONS, portal.connections());
    out.add(Metric.SESSIONS, portal.sessions(), "normal");
    out.add(Metric.SESSIONS, portal.discoverySessions(), "discovery");
    out.add(Metric.LOGINS, portal.logins());
    portal.refused().forEach((reason, count) -> out.add(Metric.LOGINS_REFUSED, count, reason));
    portal
        .functions()
        .forEach((function, count) -> out.add(Metric.TASK_MANAGEMENT, count, function));
    out.add(Metric.COMMANDS, traffic.commands());
    out.add(Metric.WIRE_BYTES, traffic.dataOutBytes(), "in");
    out.add(Metric.WIRE_BYTES, traffic.dataInBytes(), "out");
    out.add(Metric.BUFFERS, portal.bufferBytes());
    out.add(Metric.NETTY_MEMORY, portal.directBytes());
  }

  private static void addMachine(MetricSamples out) {
    out.add(Metric.UPTIME, ManagementFactory.getRuntimeMXBean().getUptime() / 1e3);
    out.add(Metric.PROCESS_START, ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    addMemory(out, memory.getHeapMemoryUsage(), "heap");
    addMemory(out, memory.getNonHeapMemoryUsage(), "nonheap");
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      out.add(Metric.JVM_BUFFERS, pool.getMemoryUsed(), pool.getName());
    }
    for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
      out.addSummary(
          Metric.JVM_GC,
          Math.max(0, gc.getCollectionCount()),
          Math.max(0, gc.getCollectionTime()) / 1e3,
          gc.getName());
    }
    out.add(Metric.JVM_THREADS, ManagementFactory.getThreadMXBean().getThreadCount());
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      out.add(Metric.PROCESS_CPU, unix.getProcessCpuTime() / 1e9);
      out.add(Metric.PROCESS_FDS, unix.getOpenFileDescriptorCount());
      out.add(Metric.PROCESS_MAX_FDS, unix.getMaxFileDescriptorCount());
    }
  }

  private static void addMemory(MetricSamples out, MemoryUsage usage, String area) {
    out.add(Metric.JVM_MEMORY_USED, usage.getUsed(), area);
    if (usage.getMax() >= 0) {
      out.add(Metric.JVM_MEMORY_MAX, usage.getMax(), area);
    }
  }
}
