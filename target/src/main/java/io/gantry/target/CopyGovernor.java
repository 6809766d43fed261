package io.gantry.target;

import io.gantry.store.CopyPace;
import io.gantry.store.CopyResult;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps copies that move bytes from being in the way of others: all of them together go at a
 * limited rate, and only some at a time. Ends those that their command waits for when their time is
 * over, and any that somebody stops. Copies that share pages come by here only to hear whether they
 * are to end: for what lies differently in its pages millions of entries may have to be written.
 *
 * <p>A copy in the foreground does at least one piece, however late it is its turn: one that has
 * done nothing would be an error to its initiator, which one that has done a little is not.
 */
final class CopyGovernor {
  /** How long a copy waits before it looks whether it was stopped meanwhile. */
  private static final long LONGEST_WAIT_NANOS = 50_000_000;

  private final Ticker ticker;
  private volatile long budgetNanos;
  private volatile long bytesPerSecond;

  /** Fair: each copy does one piece, and then it is the next one's turn. */
  private final Turns moving;

  private int depth; // guarded by this

  /** When all is paid for that was moved so far. Guarded by this. */
  private long nextNanos = Long.MIN_VALUE;

  CopyGovernor(CopyOptions options) {
    this.ticker = options.ticker();
    this.budgetNanos = options.budget().toNanos();
    this.bytesPerSecond = options.bytesPerSecond();
    this.moving = new Turns(options.depth());
    this.depth = options.depth();
  }

  /** Whose number can become less while some are taken. */
  private static final class Turns extends Semaphore {
    private static final long serialVersionUID = 1;

    Turns(int number) {
      super(number, true);
    }

    void fewer(int number) {
      reducePermits(number);
    }
  }

  /** Goes by another budget, rate and depth from now on; copies that move a piece finish it. */
  synchronized void change(CopyOptions options) {
    budgetNanos = options.budget().toNanos();
    bytesPerSecond = options.bytesPerSecond();
    if (options.depth() < depth) {
      moving.fewer(depth - options.depth());
    } else {
      moving.release(options.depth() - depth);
    }
    depth = options.depth();
  }

  /**
   * The company of one operation, for all the copies that it consists of, one after the other. To
   * be closed behind the last.
   *
   * @param mayGoOn whether its initiator still may do this
   */
  Pace pace(CopyOperation operation, BooleanSupplier mayGoOn) {
    return new Pace(operation, mayGoOn);
  }

  /** As {@link CopyPace}. For one thread. */
  final class Pace implements CopyPace, AutoCloseable {
    private final CopyOperation operation;
    private final BooleanSupplier mayGoOn;
    private boolean holding;

    /** Something was done, or is about to be. */
    private boolean begun;

    private boolean movedUnalike;
    private boolean movedAlike;
    private boolean late;

    Pace(CopyOperation operation, BooleanSupplier mayGoOn) {
      this.operation = operation;
      this.mayGoOn = mayGoOn;
    }

    /** Why it had to move bytes; null if it had not. */
    @Nullable MoveReason moveReason() {
      return movedUnalike ? MoveReason.MISALIGNED : movedAlike ? MoveReason.PARTIAL_CHUNKS : null;
    }

    /** Whether the copy was ended because its time was over. */
    boolean isLate() {
      return late;
    }

    private boolean isOver(long atNanos) {
      return begun
          && !operation.isBackground()
          && operation.tookNanos() + (atNanos - ticker.nanos()) >= budgetNanos;
    }

    private boolean isLateAt(long atNanos) {
      boolean over = isOver(atNanos);
      if (over && !late) {
        operation.late();
      }
      late = over;
      return over;
    }

    @Override
    public boolean mayGoOn() {
      if (operation.isStopped()) {
        return false;
      }
      if (!mayGoOn.getAsBoolean()) {
        operation.stop("the initiator may not do this any more");
        return false;
      }
      return !isLateAt(ticker.nanos());
    }

    @Override
    public boolean mayMove(long bytes, boolean alike) {
      if (!mayGoOn()) {
        return false;
      }
      long asked = ticker.nanos();
      long due;
      synchronized (CopyGovernor.this) {
        due = Math.max(nextNanos, ticker.nanos());
        if (isLateAt(due)) {
          return false;
        }
        nextNanos = due + (long) (bytes * 1e9 / bytesPerSecond);
      }
      try {
        for (long rest = due - ticker.nanos(); rest > 0; rest = due - ticker.nanos()) {
          ticker.await(Duration.ofNanos(Math.min(rest, LONGEST_WAIT_NANOS)));
          if (operation.isStopped()) {
            return false;
          }
        }
        moving.acquire();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        operation.stop("the target was interrupted");
        return false;
      }
      operation.waited(ticker.nanos() - asked);
      holding = true;
      if (!mayGoOn()) { // any more: it may have waited long for its turn
        close();
        return false;
      }
      begun = true;
      movedAlike |= alike;
      movedUnalike |= !alike;
      return true;
    }

    @Override
    public void did(CopyResult part) {
      operation.did(part);
      begun |= part.totalBytes() > 0;
      close();
    }

    /** Lets the next one move. */
    @Override
    public void close() {
      if (holding) {
        holding = false;
        moving.release();
      }
    }
  }
}
