package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.Lun;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A target device whose logical units are the volumes of a pool: volume n is LUN n.
 *
 * <p>The pool stays its owner's; close the target device first.
 */
public final class PoolTarget implements TargetDevice, AutoCloseable {
  private static final int MAXIMUM_TRANSFER = 16 << 20;
  private static final int MAXIMUM_NAME = 116;

  /** Operation code of the commands that copy. */
  private static final byte COPY = (byte) Command.POPULATE_TOKEN.opcode();

  private static final long CLOSE_TIMEOUT_SECONDS = 30;

  /** Commands that take longer are slow, unless somebody says otherwise. */
  public static final Duration SLOW = Duration.ofMillis(100);

  private final Pool pool;
  private final String name;
  private final CopyOperations copies;
  private final FaultSwitches faults = new FaultSwitches();
  private final CopyManager copyManager;
  private final Sanitizer sanitizer;
  private final Map<Integer, LogicalUnit> units = new ConcurrentHashMap<>();
  private final IoAccounts accounts = new IoAccounts(IoStatistics.INITIATORS);
  private final Ticker ticker;

  /** In the order in which they were opened. */
  private final List<Path> paths = new CopyOnWriteArrayList<>();

  private final ExecutorService workers;
  private volatile int lookedAt;
  private volatile long slowNanos = SLOW.toNanos();
  private volatile AccessPolicy access;

  /** Threads of copy commands, which may take long: workers are for those that do not. */
  private final ExecutorService copiers;

  /** As below, with all volumes for everybody on this machine. */
  public PoolTarget(Pool pool, String name) {
    this(pool, name, AccessPolicy.DEFAULT);
  }

  /**
   * A target device for a pool.
   *
   * @param name its iSCSI name
   * @param access who may do what with which volume
   * @throws IllegalArgumentException if the name has more than {@value #MAXIMUM_NAME} bytes, and so
   *     does not fit a ROD token
   */
  public PoolTarget(Pool pool, String name, AccessPolicy access) {
    this(pool, name, access, CopyOptions.defaults());
  }

  /** As above, with other options for copies. */
  public PoolTarget(Pool pool, String name, AccessPolicy access, CopyOptions options) {
    this(
        pool,
        name,
        access,
        options,
        4 * Runtime.getRuntime().availableProcessors(), // keep a disk busy while some wait for it
        Thread.ofPlatform().name("gantry-worker-", 0).daemon(true).factory());
  }

  /**
   * As above, with threads of the caller's.
   *
   * @param workerThreads how many of them commands may have
   * @param threads makes those, and one for each sanitize
   */
  public PoolTarget(
      Pool pool,
      String name,
      AccessPolicy access,
      CopyOptions options,
      int workerThreads,
      ThreadFactory threads) {
    if (name.getBytes(StandardCharsets.UTF_8).length > MAXIMUM_NAME) {
      throw new IllegalArgumentException(
          "target name '%s' has more than %d bytes".formatted(name, MAXIMUM_NAME));
    }
    this.pool = pool;
    this.name = name;
    this.access = access;
    this.ticker = options.ticker();
    this.copies = new CopyOperations(pool::nowMillis, ticker::nanos);
    RodTokens tokens = new RodTokens(pool, name);
    this.copyManager = new CopyManager(pool, tokens, copies, options, faults);
    this.copiers = Executors.newThreadPerTaskExecutor(options.threads());
    this.lookedAt = pool.inventory();
    this.sanitizer = new Sanitizer(pool, threads);
    this.workers = Executors.newFixedThreadPool(workerThreads, threads);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int maximumTransferBytes() {
    return MAXIMUM_TRANSFER;
  }

  /** What commands did to the volumes since this target was made. */
  public IoStatistics ioStatistics() {
    return accounts.statistics(
        () -> pool.volumes().stream().map(Volume::id).collect(Collectors.toUnmodifiableSet()));
  }

  /**
   * Commands that take longer than this are told to the flight recorder, as {@code gantry.SlowIo}.
   */
  public void slowAfter(Duration time) {
    slowNanos = time.toNanos();
  }

  /** What the copies of this target did. */
  public CopyStatistics copyStatistics() {
    return copies.statistics();
  }

  /** What they came to, command by command. */
  public CopyCounts copyCounts() {
    return copies.counts();
  }

  /**
   * Copies by other redeemers and another pace from now on; clock and threads stay what they are.
   */
  public void options(CopyOptions options) {
    copyManager.change(options);
  }

  /** Tells somebody, and nobody else, of copy operations that end from now on. */
  public void listen(Consumer<CopyStatus> listener) {
    copies.listen(listener);
  }

  /** The copy operations that run, and the last ones that have ended; newest first. */
  public List<CopyStatus> copies() {
    return copies.list();
  }

  /**
   * Stops a copy operation at a block; its initiator is told how much was done.
   *
   * @param id as {@link CopyStatus#id}
   * @return whether it ran
   */
  public boolean cancelCopy(long id) {
    return copies.stop(id, "cancelled by an administrator");
  }

  /** What goes wrong with the copies of a volume on purpose. */
  public CopyFaults faults(Volume volume) {
    return faults.of(volume);
  }

  /** Makes copies of a volume go wrong on purpose, or no longer with {@link CopyFaults#NONE}. */
  public void setFaults(Volume volume, CopyFaults wanted) {
    faults.set(volume, wanted);
  }

  @Override
  public TargetPath connect(Nexus nexus, Identity identity, PathTasks tasks) {
    String initiator =
        identity.user() == null
            ? identity.initiatorName()
            : identity.initiatorName() + " user " + identity.user();
    Path path = new Path(nexus, initiator, tasks, identity, rules(access, identity));
    paths.add(path);
    AccessPolicy now = access;
    path.rules(rules(now, identity)); // it may have changed before the path was one of all
    return path;
  }

  private static Function<String, Access> rules(AccessPolicy policy, @Nullable Identity identity) {
    return identity == null
        ? _ -> Access.READ_WRITE // within this process
        : volume -> policy.access(identity, volume);
  }

  /**
   * Judges all commands that begin from now on by another policy. Initiators for which volumes come
   * or go are told so.
   */
  public void access(AccessPolicy policy) {
    access = policy;
    paths.forEach(path -> path.rules(rules(policy, path.identity)));
  }

  /** A path to a logical unit within this process; commands run in the caller's thread. */
  public ScsiDevice open(String initiatorPort, int lun) {
    Nexus nexus = new Nexus(initiatorPort, name);
    Path path = new Path(nexus, nexus.initiatorName(), PathTasks.NONE, null, rules(access, null));
    paths.add(path);
    return new ScsiDevice() {
      @Override
      public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
        return path.execute(lun, request, ticker.nanos());
      }

      @Override
      public void close() {
        path.close();
      }
    };
  }

  /** An I_T nexus, and what the logical units that it has used keep for it. */
  private final class Path implements TargetPath, CopyReach {
    private final Nexus nexus;
    private final String initiator;
    private final PathTasks tasks;
    private final @Nullable Identity identity;
    private final Map<LogicalUnit, UnitNexus> used = new ConcurrentHashMap<>();
    private final IoAccounts.PathIo io;

    /** Which list of logical units the initiator knows, or is told that it does not. */
    private volatile int inventory = pool.inventory();

    private volatile Set<Integer> visible;

    /** What the initiator may do with the volume of a name. */
    private volatile Function<String, Access> access;

    private volatile boolean closed;

    /** The unit that was used last, so that nobody has to look it up each time. */
    private @Nullable LastUsed lastUsed;

    private record LastUsed(long lun, LogicalUnit unit, UnitNexus state, IoCounters io) {}

    /** For an initiator, or for somebody within this process, who is nobody. */
    Path(
        Nexus nexus,
        String initiator,
        PathTasks tasks,
        @Nullable Identity identity,
        Function<String, Access> access) {
      this.nexus = nexus;
      this.initiator = initiator;
      this.tasks = tasks;
      this.identity = identity;
      this.access = access;
      this.io = accounts.open(nexus.initiatorName());
      this.visible = visible();
    }

    /** A logical unit's view of this nexus; null if the unit is not there for its initiator. */
    private @Nullable UnitNexus state(@Nullable LogicalUnit unit) {
      if (unit == null) {
        return null;
      }
      UnitNexus state = used.get(unit);
      if (state == null) {
        state = used.computeIfAbsent(unit, u -> u.attach(nexus, tasks, this));
      }
      look();
      return state.access(unit.volume().name(), access) == Access.NONE ? null : state;
    }

    void rules(Function<String, Access> rules) {
      access = rules;
      compareInventory();
    }

    private void look() {
      if (inventory != pool.inventory()) {
        compareInventory();
      }
    }

    /** The volumes may have changed that are there for the initiator. */
    private synchronized void compareInventory() {
      int count = pool.inventory();
      Set<Integer> now = visible();
      if (!now.equals(visible)) {
        visible = now;
        used.values().forEach(each -> each.raise(Sense.REPORTED_LUNS_DATA_CHANGED));
        int unit = now.stream().min(Comparator.naturalOrder()).orElse(0);
        tasks.report(unit, Sense.REPORTED_LUNS_DATA_CHANGED);
      }
      inventory = count; // last: whoever finds it the same must find the unit attention, too
    }

    /** The initiator is about to get the list of its logical units. */
    private synchronized void inventoryTold() {
      inventory = pool.inventory();
      visible = visible();
      used.values().forEach(unit -> unit.withdraw(Sense.REPORTED_LUNS_DATA_CHANGED));
    }

    private Set<Integer> visible() {
      return pool.volumes().stream()
          .filter(this::isVisible)
          .map(Volume::id)
          .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public CompletableFuture<ScsiResponse> submit(long lun, ScsiRequest request) {
      long begun = ticker.nanos();
      return CompletableFuture.completedFuture(request)
          .thenComposeAsync(
              accepted -> execute(Lun.decode(lun), accepted, begun),
              isCopy(request) ? copiers : workers);
    }

    private static boolean isCopy(ScsiRequest request) {
      return request.cdb().length > 0 && request.cdb()[0] == COPY;
    }

    @Override
    public long dataOutBytes(long lun, byte[] cdb) {
      LogicalUnit unit =
          units.get(Lun.decode(lun)); // one that nobody has used yet is not looked up
      return switch (Cdb.decode(cdb)) {
        case Decoded.Invalid<Cdb> _ -> 0;
        case Decoded.Valid<Cdb>(Cdb c) ->
            unit == null ? Long.MAX_VALUE : c.dataOutBytes(unit.volume().blockBytes());
      };
    }

    @Override
    public boolean readNow(long lun, long lba, int blocks, ByteBuffer target) {
      LastUsed used = usedNow(lun);
      int length = target.remaining();
      long begun = ticker.nanos();
      if (used == null || !used.unit.readNow(used.state, lba, blocks, target)) {
        return false;
      }
      long took = ticker.nanos() - begun;
      used.io.record(IoKind.READ, length, took);
      if (took > slowNanos) {
        slow(used.unit.volume(), "READ", lba, length, took, null);
      }
      return true;
    }

    @Override
    public @Nullable ScsiResponse writeNow(long lun, long lba, int blocks, ByteBuffer source) {
      LastUsed used = usedNow(lun);
      int length = source.remaining();
      long begun = ticker.nanos();
      ScsiResponse response =
          used == null ? null : used.unit.writeNow(used.state, lba, blocks, source);
      if (used != null && response != null) {
        long took = ticker.nanos() - begun;
        used.io.record(IoKind.WRITE, response.isGood() ? length : 0, took, response);
        if (took > slowNanos) {
          slow(used.unit.volume(), "WRITE", lba, length, took, response);
        }
      }
      return response;
    }

    /** The logical unit, unless something stands against using it at once. */
    private @Nullable LastUsed usedNow(long lun) {
      LastUsed last = lastUsed;
      if (inventory != pool.inventory()) {
        return null; // there may be a unit attention to raise
      }
      if (last == null || last.lun != lun || !last.unit.isAttached(last.state)) {
        LogicalUnit unit = unit(Lun.decode(lun));
        UnitNexus state = state(unit);
        if (unit == null || state == null) {
          return null;
        }
        last = new LastUsed(lun, unit, state, io.of(unit.volume().id()));
        lastUsed = last;
      }
      return last.state.access(last.unit.volume().name(), access) == Access.NONE ? null : last;
    }

    /**
     * Carries a command out.
     *
     * @param begun when the target got it, by the ticker
     */
    private CompletableFuture<ScsiResponse> execute(int lun, ScsiRequest request, long begun) {
      return switch (Cdb.decode(request.cdb())) {
        case Decoded.Invalid<Cdb>(Sense sense) ->
            CompletableFuture.completedFuture(refusal(lun, sense));
        case Decoded.Valid<Cdb>(Cdb.ReportLuns c) -> {
          inventoryTold();
          yield CompletableFuture.completedFuture(reportLuns(c, request, this::isVisible));
        }
        case Decoded.Valid<Cdb>(Cdb c) -> {
          LogicalUnit unit = unit(lun);
          UnitNexus state = state(unit);
          yield unit == null || state == null
              ? CompletableFuture.completedFuture(withoutUnit(c, request))
              : counted(unit, c, request, begun, unit.execute(state, c, request));
        }
      };
    }

    private CompletableFuture<ScsiResponse> counted(
        LogicalUnit unit,
        Cdb cdb,
        ScsiRequest request,
        long begun,
        CompletableFuture<ScsiResponse> answer) {
      Volume volume = unit.volume();
      IoCounters counters = io.of(volume.id());
      return answer.whenComplete((response, problem) -> {
        long bytes =
            problem == null ? IoKind.bytes(cdb, request, response, volume.blockBytes()) : 0;
        long took = ticker.nanos() - begun;
        counters.record(IoKind.of(cdb), bytes, took, response);
        if (took > slowNanos) {
          long lba = cdb instanceof Cdb.Transfer transfer ? transfer.lba() : -1;
          slow(volume, cdb.command().name(), lba, bytes, took, response);
        }
      });
    }

    private void slow(
        Volume volume,
        String command,
        long lba,
        long bytes,
        long took,
        @Nullable ScsiResponse response) {
      SlowIoEvent event = new SlowIoEvent();
      if (event.shouldCommit()) {
        event.volume = volume.name();
        event.initiator = nexus.initiatorName();
        event.command = command;
        event.lba = lba;
        event.bytes = bytes;
        event.took = took;
        event.answer = response == null ? "GOOD" : response.describe();
        event.commit();
      }
    }

    private ScsiResponse refusal(int lun, Sense sense) {
      LogicalUnit unit = unit(lun);
      return state(unit) == null || unit == null ? ScsiResponse.check(sense) : unit.refuse(sense);
    }

    @Override
    public void abandon(ScsiRequest request) {
      sanitizer.abandon(request);
      copies.abandon(request);
      faults.abandon(request);
    }

    @Override
    public boolean hasUnit(long lun) {
      return state(unit(Lun.decode(lun))) != null;
    }

    @Override
    public String initiator() {
      return initiator;
    }

    @Override
    public boolean hasPortal(InetSocketAddress portal) {
      return tasks.portals().contains(portal);
    }

    @Override
    public CopyReach.@Nullable Place find(int volume) {
      if (closed) { // a copy goes on that it began, and nobody tells it of other rules any more
        access = PoolTarget.rules(PoolTarget.this.access, identity);
      }
      LogicalUnit unit = unit(volume);
      UnitNexus state = state(unit);
      return unit == null || state == null ? null : new Place(unit, state);
    }

    @Override
    public Reached reach(int volume, boolean write) {
      Place place = find(volume);
      return place == null ? new Reached.Absent() : place.reach(write);
    }

    private boolean isVisible(Volume volume) {
      return access.apply(volume.name()) != Access.NONE;
    }

    @Override
    public CompletableFuture<Void> clearTaskSet(long lun) {
      return abortAll(Lun.decode(lun)); // others hear of it by TASK ABORTED (TAS=1)
    }

    @Override
    public CompletableFuture<Void> resetUnit(long lun) {
      int number = Lun.decode(lun);
      return abortForReset(number)
          .thenRun(() -> {
            LogicalUnit unit = unit(number);
            if (unit != null) {
              unit.reset();
            }
          });
    }

    @Override
    public boolean hasAttention(long lun) {
      LogicalUnit unit = unit(Lun.decode(lun));
      UnitNexus state = unit == null ? null : used.get(unit);
      return state == null || state.hasAttention();
    }

    @Override
    public CompletableFuture<Void> resetNexus() {
      return tasks
          .abort(PathTasks.ALL_UNITS, false)
          .thenAccept(_ ->
              used.replaceAll((unit, state) -> {
                unit.detach(state);
                UnitNexus anew = unit.attach(nexus, tasks, this);
                anew.reset(Sense.NEXUS_LOSS);
                return anew;
              }));
    }

    @Override
    public CompletableFuture<Void> resetTarget() {
      // Not only the units that somebody has used: commands may be on their way to the others.
      CompletableFuture<?>[] ends =
          pool.volumes().stream()
              .filter(this::isVisible)
              .map(volume -> resetUnit(new Lun(volume.lun()).encode()))
              .toArray(CompletableFuture<?>[]::new);
      return CompletableFuture.allOf(ends);
    }

    /** Ends all copies that a reset ends, too: those that no command waits for any more. */
    private CompletableFuture<Void> abortForReset(int unit) {
      // A command that has not begun its copy when the reset comes may do so until it has ended.
      return CompletableFuture.allOf(abortAll(unit), stopCopies(unit))
          .thenCompose(_ -> stopCopies(unit));
    }

    private CompletableFuture<Void> stopCopies(int unit) {
      return copies.stop(copy -> copy.volume() == unit, "the logical unit was reset");
    }

    private CompletableFuture<Void> abortAll(int unit) {
      return CompletableFuture.allOf(
          paths.stream()
              .map(path -> path.tasks.abort(unit, path != this))
              .toArray(CompletableFuture<?>[]::new));
    }

    @Override
    public void close() {
      closed = true;
      paths.remove(this);
      used.forEach(LogicalUnit::detach);
      io.close();
    }
  }

  @Override
  public void look() {
    int now = pool.inventory();
    if (lookedAt != now) {
      lookedAt = now;
      workers.execute(() -> paths.forEach(Path::look));
    }
  }

  private @Nullable LogicalUnit unit(int lun) {
    Volume volume = lun < 0 ? null : pool.volume(lun).orElse(null);
    if (volume == null) {
      units.remove(lun);
      return null;
    }
    return units.computeIfAbsent(lun, _ -> unit(volume));
  }

  private LogicalUnit unit(Volume volume) {
    int blockBytes = volume.blockBytes();
    VitalProductData pages =
        new VitalProductData(
            name,
            VitalProductData.naa(pool.id(), volume.id()),
            ProvisioningCommands.limits(blockBytes, pool.chunkBytes(), MAXIMUM_TRANSFER),
            CopyManager.limits(blockBytes),
            blockBytes,
            pool.chunkBytes());
    return new LogicalUnit(pool, volume, pages, copyManager, sanitizer, MAXIMUM_TRANSFER);
  }

  // SPC-4 5.x, SAM-5 4.7.4: what answers where there is no logical unit.
  private static ScsiResponse withoutUnit(Cdb cdb, ScsiRequest request) {
    return switch (cdb) {
      case Cdb.Inquiry c when !c.vitalProductData() && c.page() == 0 ->
          CommandData.answer(request, c.allocation(), VitalProductData.absent());
      case Cdb.RequestSense c ->
          CommandData.answer(
              request,
              c.allocation(),
              c.descriptor()
                  ? Sense.LOGICAL_UNIT_NOT_SUPPORTED.encodeDescriptor()
                  : Sense.LOGICAL_UNIT_NOT_SUPPORTED.encode());
      default -> ScsiResponse.check(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    };
  }

  private ScsiResponse reportLuns(
      Cdb.ReportLuns c, ScsiRequest request, Predicate<Volume> visible) {
    boolean none;
    switch (c.selectReport()) {
      case 0x00, 0x02, 0x11 -> none = false; // logical units, well-known ones, administrative ones
      case 0x01, 0x10, 0x12 -> none = true; // those that are none of the first kind
      default -> {
        return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
      }
    }
    if (Integer.compareUnsigned(c.allocation(), 16) < 0) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(6));
    }
    List<Volume> volumes = none ? List.of() : pool.volumes().stream().filter(visible).toList();
    ByteBuffer data = ByteBuffer.allocate(8 + 8 * volumes.size());
    data.putInt(8 * volumes.size()).putInt(0);
    volumes.forEach(volume -> data.putLong(new Lun(volume.lun()).encode()));
    return CommandData.answer(request, c.allocation(), data.array());
  }

  /**
   * Stops the workers, and waits a while for the commands that they have: the pool may be closed
   * then. Commands submitted later fail.
   */
  @Override
  public void close() {
    workers.shutdown();
    copiers.shutdown();
    copyManager.stopAll();
    sanitizer.close();
    try {
      boolean ended =
          workers.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
              && copiers.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      copyManager.stopAll(); // what commands began in the background meanwhile
      if (!ended) {
        System.getLogger(PoolTarget.class.getName())
            .log(System.Logger.Level.WARNING, "commands did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
