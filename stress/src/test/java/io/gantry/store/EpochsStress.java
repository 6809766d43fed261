package io.gantry.store;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * {@link Epochs} as the pool uses it: who finds a chunk named within an epoch may use it until the
 * end of the epoch; who takes the name away waits for earlier epochs before the chunk is free.
 */
public final class EpochsStress {
  private static final int NOT_NAMED = -1;
  private static final int USABLE = 1;
  private static final int FREE = 2;

  private EpochsStress() {}

  /** A chunk, and a place that names it. */
  private static final class Chunk {
    volatile boolean named = true;
    int content = USABLE;

    int read(Epochs epochs) {
      int epoch = epochs.enter();
      try {
        return named ? use() : NOT_NAMED;
      } finally {
        epochs.leave(epoch);
      }
    }

    /** Takes its time: the last that is seen must be what was there at first. */
    private int use() {
      for (int i = 0; i < 30; i++) {
        Thread.onSpinWait();
      }
      return content;
    }

    void free(Epochs epochs) {
      named = false;
      epochs.awaitEarlier();
      content = FREE;
    }
  }

  /** Nobody sees what a chunk becomes after it was free. */
  @JCStressTest
  @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "read before")
  @Outcome(id = "-1", expect = Expect.ACCEPTABLE, desc = "found no name")
  @Outcome(expect = Expect.FORBIDDEN, desc = "read a chunk that is free")
  @State
  public static class OneReader {
    private final Epochs epochs = new Epochs();
    private final Chunk chunk = new Chunk();

    @Actor
    public void read(I_Result result) {
      result.r1 = chunk.read(epochs);
    }

    @Actor
    public void free() {
      chunk.free(epochs);
    }
  }

  /** Two readers, which may count in the same stripe or not; needs three processors. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "1, -1", "-1, 1", "-1, -1"},
      expect = Expect.ACCEPTABLE)
  @Outcome(expect = Expect.FORBIDDEN, desc = "read a chunk that is free")
  @State
  public static class TwoReaders {
    private final Epochs epochs = new Epochs();
    private final Chunk chunk = new Chunk();

    @Actor
    public void read(II_Result result) {
      result.r1 = chunk.read(epochs);
    }

    @Actor
    public void readAsWell(II_Result result) {
      result.r2 = chunk.read(epochs);
    }

    @Actor
    public void free() {
      chunk.free(epochs);
    }
  }

  /**
   * The counters change their roles while a reader is on its way in: it must not be left behind in
   * the one that the second wait does not look at.
   */
  @JCStressTest
  @Outcome(
      id = {"1", "-1"},
      expect = Expect.ACCEPTABLE)
  @Outcome(expect = Expect.FORBIDDEN, desc = "read a chunk that is free")
  @State
  public static class SecondChunk {
    private final Epochs epochs = new Epochs();
    private final Chunk first = new Chunk();
    private final Chunk second = new Chunk();

    @Actor
    public void read(I_Result result) {
      result.r1 = second.read(epochs);
    }

    @Actor
    public void free() {
      first.free(epochs);
      second.free(epochs);
    }
  }

  /** Two that free: each waits for all earlier readers, whoever switched the counters. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "1, -1", "-1, 1", "-1, -1"},
      expect = Expect.ACCEPTABLE)
  @Outcome(expect = Expect.FORBIDDEN, desc = "read a chunk that is free")
  @State
  public static class TwoThatFree {
    private final Epochs epochs = new Epochs();
    private final Chunk first = new Chunk();
    private final Chunk second = new Chunk();

    @Actor
    public void free(II_Result result) {
      result.r1 = second.read(epochs);
      first.free(epochs);
    }

    @Actor
    public void freeAsWell(II_Result result) {
      result.r2 = first.read(epochs);
      second.free(epochs);
    }
  }

  /** What a reader wrote into a chunk of its own is seen by who waited for it. */
  @JCStressTest
  @Outcome(
      id = {"1", "2"},
      expect = Expect.ACCEPTABLE,
      desc = "all of a write, or nothing")
  @Outcome(expect = Expect.FORBIDDEN, desc = "a write that began earlier is not over")
  @State
  public static class Writer {
    private final Epochs epochs = new Epochs();
    private volatile boolean begun;
    private int content = USABLE;

    @Actor
    public void write() {
      int epoch = epochs.enter();
      begun = true;
      content = 0;
      content = 2;
      epochs.leave(epoch);
    }

    @Actor
    public void look(I_Result result) {
      boolean earlier = begun;
      epochs.awaitEarlier();
      result.r1 = earlier ? content : USABLE;
    }
  }
}
