package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.Snapshot;
import io.gantry.store.Usage;
import io.gantry.store.UsageMeter;
import io.gantry.store.Volume;
import io.gantry.target.PhysicalBlocks;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the REST interface tells of volumes and snapshots, and what it does to them.
 *
 * <p>Changes exclude each other: what is looked for by name stays what it is until it is changed.
 */
final class VolumeApi {
  private static final Set<Integer> BLOCK_BYTES = Set.of(512, 4096);

  /** Measuring all volumes is repeated at once if it takes less than this... */
  private static final long CHEAP_NANOS = 20_000_000;

  /** ... and else after so many times as long. */
  private static final long REST = 9;

  /** The pool's own limit. */
  private static final long MAXIMUM_SIZE_BYTES = 1L << 50;

  private final Pool pool;
  private final CopyApi copies;
  private final HostPort portal;
  private final String targetName;
  private final Object sharing = new Object();

  private final Object measuring = new Object();
  private Map<Integer, Usage> measured = Map.of(); // guarded by measuring
  private long measuredUntil; // guarded by measuring

  VolumeApi(Pool pool, CopyApi copies, HostPort portal, String targetName) {
    this.pool = pool;
    this.copies = copies;
    this.portal = portal;
    this.targetName = targetName;
  }

  void bind(RestApi api) {
    api.bind(Endpoint.VOLUMES, _ -> list());
    api.bind(Endpoint.CREATE_VOLUME, this::create);
    api.bind(Endpoint.VOLUME, request -> view(named(request)));
    api.bind(Endpoint.CHANGE_VOLUME, this::change);
    api.bind(Endpoint.DELETE_VOLUME, this::delete);
    api.bind(Endpoint.MAP, this::map);
    api.bind(Endpoint.SHARING, this::sharing);
    api.bind(Endpoint.CLONE_VOLUME, this::cloneVolume);
    api.bind(Endpoint.FAULTS, request -> copies.faults(named(request)));
    api.bind(Endpoint.SET_FAULTS, this::setFaults);
    api.bind(Endpoint.CLEAR_FAULTS, this::clearFaults);
    api.bind(Endpoint.SNAPSHOTS, this::snapshots);
    api.bind(Endpoint.CREATE_SNAPSHOT, this::createSnapshot);
    api.bind(Endpoint.DELETE_SNAPSHOT, this::deleteSnapshot);
    api.bind(Endpoint.ROLL_BACK, this::rollBack);
  }

  private Volume named(RestRequest request) {
    String name = request.parameter("name");
    return pool.volume(name)
        .orElseThrow(() ->
            Refusal.notFound(
                "there is no volume '%s'; 'gantry volume list' shows those there are"
                    .formatted(name)));
  }

  /** All volumes; what they take may be as old as ten times the time that it took to measure. */
  private List<VolumeView> list() {
    List<Volume> volumes = pool.volumes();
    Map<Integer, Usage> known = usages(volumes);
    return volumes.stream()
        .map(volume -> {
          Usage usage = known.get(volume.id());
          return view(volume, usage == null ? volume.usage() : usage);
        })
        .toList();
  }

  /** Several who poll do not cost more than one. */
  private Map<Integer, Usage> usages(List<Volume> volumes) {
    synchronized (measuring) {
      long began = System.nanoTime();
      if (measured.isEmpty() || began - measuredUntil >= 0) {
        UsageMeter meter = pool.meter();
        measured = volumes.stream().collect(Collectors.toMap(Volume::id, meter::of));
        long took = System.nanoTime() - began;
        measuredUntil = System.nanoTime() + (took < CHEAP_NANOS ? 0 : REST * took);
      }
      return measured;
    }
  }

  private VolumeView view(Volume volume) {
    return view(volume, volume.usage());
  }

  private VolumeView view(Volume volume, Usage usage) {
    return new VolumeView(
        volume.name(),
        volume.lun(),
        volume.sizeBytes(),
        volume.blockBytes(),
        PhysicalBlocks.of(pool, volume),
        usage.mappedBytes(),
        usage.uniqueBytes(),
        pool.snapshots(volume).size(),
        volume.readOnly(),
        String.valueOf(copies.faults(volume).description()),
        "iscsi://%s/%s/%d".formatted(portal, targetName, volume.lun()));
  }

  private List<RangeView> map(RestRequest request) throws IOException {
    Volume volume = named(request);
    long from = request.number("from");
    Refusal.require(
        from <= volume.sizeBytes(),
        "from is %d: the volume ends at %d".formatted(from, volume.sizeBytes()));
    return volume.ranges(from, (int) request.number("limit")).stream()
        .map(range ->
            new RangeView(
                range.offset(), range.length(), range.state().name().toLowerCase(Locale.ROOT)))
        .toList();
  }

  private SharingView sharing(RestRequest request) {
    Volume volume = named(request);
    int cells = (int) request.number("cells");
    synchronized (sharing) { // one at a time: each may take as long as it may
      return SharingView.of(volume.sharing(cells));
    }
  }

  private synchronized VolumeView create(RestRequest request) throws IOException {
    VolumeRequest wanted = request.body(VolumeRequest.class);
    int blockBytes =
        wanted.blockBytes() == 0 ? VolumeRequest.USUAL_BLOCK_BYTES : wanted.blockBytes();
    requireName(wanted.name());
    Refusal.require(
        BLOCK_BYTES.contains(blockBytes),
        "%d is no block size: 512 or 4096 bytes".formatted(blockBytes));
    Refusal.require(
        wanted.sizeBytes() > 0
            && wanted.sizeBytes() <= MAXIMUM_SIZE_BYTES
            && wanted.sizeBytes() % blockBytes == 0,
        "%,d bytes is no size for a volume: a multiple of its block size, %d, and not more than 1 PiB"
            .formatted(wanted.sizeBytes(), blockBytes));
    int physical = wanted.physicalBlockBytes();
    Refusal.require(
        physical == 0
            || (Integer.bitCount(physical) == 1 && physical >= blockBytes && physical <= 64 << 10),
        "%d is no size for physical blocks: a power of two from %d to 65536"
            .formatted(physical, blockBytes));
    if (pool.volume(wanted.name()).isPresent()) {
      throw Refusal.conflict(
          "there is a volume '%s' already; choose another name".formatted(wanted.name()));
    }
    Volume volume = pool.createVolume(wanted.name(), wanted.sizeBytes(), blockBytes);
    if (physical != 0) {
      PhysicalBlocks.set(pool, volume, physical);
      pool.flush();
    }
    request.tell(
        EventType.VOLUME_CREATED,
        "volume %s, %,d bytes".formatted(volume.name(), volume.sizeBytes()),
        "name",
        volume.name(),
        "sizeBytes",
        volume.sizeBytes(),
        "lun",
        volume.lun());
    return view(volume);
  }

  private synchronized @Nullable Object delete(RestRequest request) throws IOException {
    Volume volume = named(request);
    pool.deleteVolume(volume);
    request.tell(
        EventType.VOLUME_DELETED,
        "volume %s, %,d bytes".formatted(volume.name(), volume.sizeBytes()),
        "name",
        volume.name(),
        "sizeBytes",
        volume.sizeBytes());
    return null;
  }

  private synchronized VolumeView change(RestRequest request) throws IOException {
    Volume volume = named(request);
    String before = volume.name();
    VolumeChange change = request.body(VolumeChange.class);
    if (change.sizeBytes() != null) {
      pool.resizeVolume(volume, change.sizeBytes(), Boolean.TRUE.equals(change.force()));
    }
    if (change.readOnly() != null) {
      pool.protectVolume(volume, change.readOnly());
    }
    if (change.name() != null) {
      requireName(change.name());
      pool.renameVolume(volume, change.name());
    }
    request.tell(
        EventType.VOLUME_CHANGED,
        "volume %s is %s, %,d bytes, %s"
            .formatted(
                before,
                volume.name(),
                volume.sizeBytes(),
                volume.readOnly() ? "read-only" : "writable"),
        "name",
        volume.name(),
        "before",
        before,
        "sizeBytes",
        volume.sizeBytes(),
        "readOnly",
        volume.readOnly());
    return view(volume);
  }

  private synchronized VolumeView cloneVolume(RestRequest request) throws IOException {
    Volume source = named(request);
    CloneRequest wanted = request.body(CloneRequest.class);
    requireName(wanted.name());
    Volume made =
        wanted.snapshot() == null
            ? pool.cloneVolume(source, wanted.name())
            : pool.cloneSnapshot(snapshot(source, wanted.snapshot()), wanted.name());
    PhysicalBlocks.set(pool, made, PhysicalBlocks.of(pool, source));
    pool.flush();
    request.tell(
        EventType.VOLUME_CREATED,
        "volume %s, a clone of %s%s"
            .formatted(
                made.name(),
                source.name(),
                wanted.snapshot() == null ? "" : " at snapshot " + wanted.snapshot()),
        "name",
        made.name(),
        "sizeBytes",
        made.sizeBytes(),
        "lun",
        made.lun(),
        "from",
        source.name(),
        "snapshot",
        wanted.snapshot());
    return view(made);
  }

  private static void requireName(@Nullable String name) {
    Refusal.require(
        name != null && VolumeRequest.isName(name),
        "'%s' is no name: 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
            .formatted(name));
  }

  private FaultView setFaults(RestRequest request) {
    Volume volume = named(request);
    copies.setFaults(volume, request.body(FaultView.class).faults());
    FaultView now = copies.faults(volume);
    request.tell(
        EventType.FAULTS_CHANGED,
        "faults on purpose of volume %s: %s".formatted(volume.name(), now.description()),
        "volume",
        volume.name());
    return now;
  }

  private @Nullable Object clearFaults(RestRequest request) {
    Volume volume = named(request);
    copies.clearFaults(volume);
    request.tell(
        EventType.FAULTS_CHANGED,
        "faults on purpose of volume %s are off".formatted(volume.name()),
        "volume",
        volume.name());
    return null;
  }

  private List<SnapshotView> snapshots(RestRequest request) {
    Volume volume = named(request);
    UsageMeter meter = pool.meter();
    return pool.snapshots(volume).stream()
        .map(snapshot -> view(volume, snapshot, meter.of(snapshot)))
        .toList();
  }

  private static SnapshotView view(Volume volume, Snapshot snapshot, Usage usage) {
    return new SnapshotView(
        volume.name(),
        snapshot.name(),
        snapshot.created().toString(),
        snapshot.sizeBytes(),
        usage.mappedBytes(),
        usage.uniqueBytes());
  }

  private Snapshot snapshot(Volume volume, String name) {
    return pool.snapshot(volume, name)
        .orElseThrow(() ->
            Refusal.notFound(
                "volume '%s' has no snapshot '%s'; 'gantry snapshot list' shows those there are"
                    .formatted(volume.name(), name)));
  }

  private Snapshot namedSnapshot(RestRequest request) {
    return snapshot(named(request), request.parameter("snapshot"));
  }

  private synchronized SnapshotView createSnapshot(RestRequest request) throws IOException {
    Volume volume = named(request);
    SnapshotRequest wanted = request.body(SnapshotRequest.class);
    requireName(wanted.name());
    Snapshot made = pool.createSnapshot(volume, wanted.name());
    tell(request, EventType.SNAPSHOT_CREATED, volume, made.name());
    return view(volume, made, pool.usage(made));
  }

  private synchronized @Nullable Object deleteSnapshot(RestRequest request) throws IOException {
    Volume volume = named(request);
    Snapshot snapshot = namedSnapshot(request);
    pool.deleteSnapshot(snapshot);
    tell(request, EventType.SNAPSHOT_DELETED, volume, snapshot.name());
    return null;
  }

  private static void tell(RestRequest request, EventType type, Volume volume, String snapshot) {
    request.tell(
        type,
        "snapshot %s of volume %s".formatted(snapshot, volume.name()),
        "volume",
        volume.name(),
        "name",
        snapshot);
  }

  private synchronized VolumeView rollBack(RestRequest request) throws IOException {
    Volume volume = named(request);
    Snapshot snapshot = namedSnapshot(request);
    pool.rollBack(volume, snapshot);
    tell(request, EventType.SNAPSHOT_RESTORED, volume, snapshot.name());
    return view(volume);
  }
}
