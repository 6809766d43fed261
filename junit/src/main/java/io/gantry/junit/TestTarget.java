package io.gantry.junit;

import io.gantry.dsm.Disk;
import io.gantry.dsm.StorageDevice;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.ScsiDevice;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.CopyFaults;
import io.gantry.target.CopyStatistics;
import io.gantry.target.IscsiOptions;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A target in this process, for a test: a pool in a temporary directory, volumes, and an iSCSI
 * portal on the loopback interface that any initiator on this machine can use.
 *
 * <p>Safe for use by several threads, but one thread at a time may end its run or begin a new one.
 * What was got from {@link #pool}, {@link #volumes}, {@link #device}, {@link #connect} and {@link
 * #disk} belongs to a run: after {@link #restart} it has to be got anew.
 */
public final class TestTarget implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TestTarget.class.getName());
  private static final String NAME = "iqn.2026-11.io.gantry:test";

  private final TargetOptions options;
  private final Path directory;
  private final CommandCounters counters = new CommandCounters();
  private final Map<Integer, CopyFaults> faults = new HashMap<>();

  /** What the test opened; closed before the target. */
  private final Deque<ScsiDevice> opened = new ArrayDeque<>();

  /** Where the portal is, from the first run on. */
  private InetSocketAddress portal = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private @Nullable Run run;
  private long devices;

  /** From a start to an end. */
  private record Run(MortalMedium medium, Pool pool, PoolTarget target, IscsiTarget iscsi) {}

  private TestTarget(TargetOptions options, Path directory) {
    this.options = options;
    this.directory = directory;
  }

  /**
   * Starts a target with a fresh pool.
   *
   * @throws IllegalArgumentException if the options ask for what cannot be
   */
  public static TestTarget start(TargetOptions options) throws IOException {
    TestTarget target = new TestTarget(options, Files.createTempDirectory("gantry-test-"));
    try {
      MortalMedium medium = new MortalMedium(FileMedium.create(target.data()));
      target.serve(medium, Pool.create(medium, options.chunkBytes(), PoolOptions.defaults()));
      for (int i = 0; i < options.volumes(); i++) {
        Volume volume =
            target.pool().createVolume("volume" + i, options.sizeBytes(), options.blockBytes());
        target.faults(volume.lun(), options.faults());
      }
      return target;
    } catch (IOException | RuntimeException e) {
      try (target) {
        throw e;
      }
    }
  }

  private void serve(MortalMedium medium, Pool pool) throws IOException {
    PoolTarget target = new PoolTarget(pool, NAME, options.policy());
    try {
      IscsiOptions gate =
          new IscsiOptions(options.policy(), null, new SecureRandom(), InstantSource.system());
      IscsiTarget iscsi = IscsiTarget.start(counters.counting(target), List.of(portal), gate);
      portal = iscsi.address();
      run = new Run(medium, pool, target, iscsi);
    } catch (IOException | RuntimeException e) {
      target.close();
      pool.close();
      throw e;
    }
    for (Volume volume : pool.volumes()) {
      target.setFaults(volume, faults.getOrDefault(volume.lun(), CopyFaults.NONE));
    }
  }

  private synchronized Run run() {
    if (run == null) {
      throw new IllegalStateException("the target does not run; restart() starts it again");
    }
    return run;
  }

  /** URL of LUN 0, as libiscsi, QEMU and {@code gantry} write it; with the user and secret. */
  public String url() {
    return url(0);
  }

  /** URL of a LUN; the same in all runs. */
  public String url(int lun) {
    TargetOptions.Login login = options.login();
    String user = login == null ? "" : "%s%%%s@".formatted(login.user(), login.secret());
    return "iscsi://%s%s:%d/%s/%d"
        .formatted(user, portal.getAddress().getHostAddress(), portal.getPort(), NAME, lun);
  }

  /** Where the portal listens; the same in all runs. */
  public InetSocketAddress portal() {
    return portal;
  }

  /** Name of the target. */
  public String name() {
    return NAME;
  }

  /** The pool, with all that an administrator can do. */
  public Pool pool() {
    return run().pool;
  }

  /** Its volumes, in order of their LUNs. */
  public List<Volume> volumes() {
    return run().pool.volumes().stream().sorted(Comparator.comparingInt(Volume::lun)).toList();
  }

  /** The volume of a LUN. */
  public Volume volume(int lun) {
    return run()
        .pool
        .volume(lun)
        .orElseThrow(() -> new IllegalArgumentException("there is no LUN " + lun));
  }

  /**
   * A logical unit without a wire: commands are carried out in the calling thread. Rules of access
   * do not count.
   */
  public synchronized ScsiDevice device(int lun) {
    ScsiDevice unit =
        counters.counting(
            run()
                .target
                .open("iqn.2026-11.io.gantry:in-process,i,0x%012x".formatted(++devices), lun));
    opened.push(unit);
    return unit;
  }

  /**
   * An iSCSI session with a logical unit.
   *
   * @throws IOException if it is refused
   */
  public synchronized IscsiSession connect(int lun) throws IOException {
    run();
    IscsiSession session = IscsiSession.open(IscsiUrl.parse(url(lun)));
    opened.push(session);
    return session;
  }

  /** A logical unit as Windows would see it, over an iSCSI session of its own. */
  public StorageDevice disk(int lun) throws IOException {
    return Disk.attach(connect(lun));
  }

  /** What goes wrong with copies of a LUN from now on, in later runs, too. */
  public synchronized void faults(int lun, CopyFaults wanted) {
    run().target.setFaults(volume(lun), wanted);
    faults.put(lun, wanted);
  }

  /** What goes wrong with copies of a LUN now. */
  public CopyFaults faults(int lun) {
    return run().target.faults(volume(lun));
  }

  /** The commands of all initiators, and of {@link #device}, in all runs. */
  public CommandStatistics commands() {
    return counters.sum();
  }

  /** What the copies of this run did. */
  public CopyStatistics copies() {
    return run().target.copyStatistics();
  }

  /** Where the pool is. */
  public Path data() {
    return directory.resolve("data");
  }

  /** Whether it serves. */
  public synchronized boolean isRunning() {
    return run != null;
  }

  /**
   * Ends the run as {@code kill -9} ends a process: sessions break off, and of what was written
   * there is what had been given to the operating system, and what was flushed. Nothing happens if
   * it does not run.
   */
  public synchronized void crash() {
    Run dying = run;
    if (dying == null) {
      return;
    }
    run = null;
    dying.iscsi.sessions().forEach(session -> dying.iscsi.drop(session.id()));
    dying.medium.die();
    dying.iscsi.close();
    dying.target.close();
    try {
      dying.pool.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a killed target leaves its pool", e); // as it should be
    }
    opened.clear(); // their sessions are gone
  }

  /** Ends the run cleanly. Nothing happens if it does not run. */
  public synchronized void stop() throws IOException {
    Run ending = run;
    if (ending == null) {
      return;
    }
    run = null;
    IOException failure = new IOException("the target did not stop cleanly");
    while (!opened.isEmpty()) {
      attempt(opened.pop()::close, failure);
    }
    attempt(ending.iscsi::close, failure);
    attempt(ending.target::close, failure);
    attempt(ending.pool::close, failure);
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }

  private interface Closing {
    void close() throws IOException;
  }

  private static void attempt(Closing closing, IOException failure) {
    try {
      closing.close();
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Ends the run cleanly, if it runs, and begins a new one with the same pool and portal. */
  public synchronized void restart() throws IOException {
    stop();
    MortalMedium medium = new MortalMedium(FileMedium.open(data()));
    serve(medium, Pool.open(medium, PoolOptions.defaults()));
  }

  /** Ends the run cleanly, and deletes the pool. */
  @Override
  public void close() throws IOException {
    try {
      stop();
    } finally {
      delete(directory);
    }
  }

  /** Ends the run cleanly; the pool stays in {@link #data}. */
  void closeAndKeep() throws IOException {
    stop();
    LOG.log(System.Logger.Level.INFO, "the test''s pool stays in {0}", data());
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return; // it was closed before
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
