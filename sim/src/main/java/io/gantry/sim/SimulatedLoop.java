package io.gantry.sim;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Netty's event loop as a thread of a simulation: one task at a time, in order, with the simulated
 * clock; between two of them others may go on. It runs as long as the simulation does.
 */
final class SimulatedLoop extends AbstractScheduledEventExecutor implements EventLoop {
  private static final long MICRO = 1000;

  private final Scheduler scheduler;
  private final Thread thread;
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final Ticker ticker;
  private Runnable alarm = () -> {};

  SimulatedLoop(Scheduler scheduler) {
    this.scheduler = scheduler;
    this.ticker =
        new Ticker() {
          @Override
          public long initialNanoTime() {
            return 0;
          }

          @Override
          public long nanoTime() {
            return scheduler.micros() * MICRO;
          }

          @Override
          public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("event loops do not sleep");
          }
        };
    this.thread = scheduler.threads().newThread(this::run);
    thread.start();
  }

  private void run() {
    for (; ; ) {
      Runnable due;
      while ((due = pollScheduledTask()) != null) {
        tasks.add(due);
      }
      Runnable next = tasks.poll();
      if (next == null) {
        await();
      } else {
        try {
          next.run();
        } catch (RuntimeException | Error e) {
          scheduler.fail(e);
        }
        scheduler.pause();
      }
    }
  }

  /** Waits for the next task, or for a time to come. */
  private void await() {
    alarm.run();
    long delayNanos = nextScheduledTaskNano();
    alarm =
        delayNanos < 0
            ? () -> {}
            : scheduler.after(Math.ceilDiv(delayNanos, MICRO), () -> LockSupport.unpark(thread));
    LockSupport.park(this);
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    LockSupport.unpark(thread);
  }

  @Override
  public boolean inEventLoop(Thread other) {
    return other.equals(thread);
  }

  @Override
  public Ticker ticker() {
    return ticker;
  }

  @Override
  public ChannelFuture register(Channel channel) {
    return register(new DefaultChannelPromise(channel, this));
  }

  @Override
  public ChannelFuture register(ChannelPromise promise) {
    promise.channel().unsafe().register(this, promise);
    return promise;
  }

  @Deprecated
  @Override
  public ChannelFuture register(Channel channel, ChannelPromise promise) {
    channel.unsafe().register(this, promise);
    return promise;
  }

  @Override
  public @Nullable EventLoopGroup parent() {
    return null;
  }

  @Override
  public EventLoop next() {
    return this;
  }

  // It never ends.

  @Override
  public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Deprecated
  @Override
  public void shutdown() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<?> terminationFuture() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isShuttingDown() {
    return false;
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }
}
