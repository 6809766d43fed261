package io.gantry.sim;

import io.gantry.store.Pool;
import io.gantry.target.AccessPolicy;
import io.gantry.target.CopyOptions;
import io.gantry.target.IscsiOptions;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import io.gantry.target.Ticker;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** The target of a simulation: the real one, on simulated threads and connections. */
final class WiredTarget {
  static final String NAME = "iqn.2026-11.io.gantry:simulated";

  private static final int MOST_WORKERS = 6;

  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final UnpooledByteBufAllocator allocator;
  private final PoolTarget device;
  private final IscsiTarget target;
  private final List<SimulatedLoop> loops = new ArrayList<>();
  private final boolean scarce;

  WiredTarget(PoolLife life, Pool pool) {
    this.scheduler = life.scheduler;
    this.random = life.random;
    this.allocator = new UnpooledByteBufAllocator(false);
    long bytesPerSecond = CopyOptions.defaults().bytesPerSecond();
    this.device = device(life, pool, AccessPolicy.DEFAULT, bytesPerSecond);
    this.scarce = random.nextInt(3) == 0;
    IscsiTarget.Limits standard = IscsiTarget.Limits.STANDARD;
    IscsiTarget.Limits limits =
        new IscsiTarget.Limits(
            standard.connectionsMax(),
            standard.loginTimeoutMillis(),
            standard.idleMillis(),
            standard.dataOutMillis(),
            1 << (scarce ? random.nextInt(12, 18) : 24),
            1 << (scarce ? random.nextInt(12, 18) : 24));
    this.target =
        IscsiTarget.unbound(
            device, new IscsiOptions(AccessPolicy.DEFAULT, null, random, scheduler), limits);
    for (int i = random.nextInt(2); i >= 0; i--) {
      loops.add(new SimulatedLoop(scheduler));
    }
  }

  /**
   * A target device on threads of a simulation.
   *
   * @param bytesPerSecond how fast copies move bytes
   */
  static PoolTarget device(PoolLife life, Pool pool, AccessPolicy access, long bytesPerSecond) {
    CopyOptions usual = CopyOptions.defaults();
    CopyOptions options =
        new CopyOptions(
            usual.redeemers(),
            usual.budget(),
            bytesPerSecond,
            usual.depth(),
            ticker(life.scheduler),
            life.scheduler.threads());
    int workers = 1 + life.random.nextInt(MOST_WORKERS);
    return new PoolTarget(pool, NAME, access, options, workers, life.scheduler.threads());
  }

  private static Ticker ticker(Scheduler scheduler) {
    return new Ticker() {
      @Override
      public long nanos() {
        return scheduler.micros() * 1000;
      }

      @Override
      public void await(Duration time) {
        scheduler.sleep(Math.ceilDiv(time.toNanos(), 1000));
      }
    };
  }

  /** Whether there are so few buffers that the target may refuse data for want of them. */
  boolean isScarce() {
    return scarce;
  }

  /** A connection from an initiator; its own end has no handlers and no loop yet. */
  SimulatedWire connect(int host) {
    SimulatedWire wire = new SimulatedWire(scheduler, random, host, allocator);
    wire.target()
        .pipeline()
        .addLast(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                target.accept(channel);
              }
            });
    var _ = loops.get(random.nextInt(loops.size())).register(wire.target());
    return wire;
  }

  /** Whether it has sessions. */
  boolean isBusy() {
    return !target.sessions().isEmpty();
  }

  /** Ends it, when it has no sessions any more. */
  void close() {
    target.close();
    device.close();
  }

  /** Bytes of buffers that nobody has given back. */
  long bufferBytes() {
    return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
  }
}
