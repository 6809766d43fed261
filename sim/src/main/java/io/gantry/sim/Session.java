package io.gantry.sim;

import io.gantry.sim.PoolModel.TokenModel;
import io.gantry.store.Pool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** From the opening of a pool until it is closed, crashes, or is taken away. */
final class Session {
  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final PoolModel model;
  private final Pool pool;
  private final List<Thread> clients = new ArrayList<>();
  private boolean stopping;
  private boolean over;
  private boolean mayBeFull;
  private boolean mayFail;
  private final boolean lazy;

  Session(Scheduler scheduler, RandomGenerator random, PoolModel model, Pool pool) {
    this.scheduler = scheduler;
    this.random = random;
    this.model = model;
    this.pool = pool;
    this.lazy = random.nextInt(3) == 0;
  }

  boolean isLazy() {
    return lazy;
  }

  Pool pool() {
    return pool;
  }

  PoolModel model() {
    return model;
  }

  RandomGenerator random() {
    return random;
  }

  long millis() {
    return scheduler.millis();
  }

  void sleep(long micros) {
    scheduler.sleep(micros);
  }

  /** Operations may fail for want of room. */
  void expectFull() {
    mayBeFull = true;
  }

  boolean mayBeFull() {
    return mayBeFull;
  }

  /** Operations may fail because something was done to the medium. */
  void expectFailures() {
    mayFail = true;
  }

  boolean mayFail() {
    return mayFail;
  }

  /** The pool was cut off: what is under way may have come to something or not. */
  void cutOff() {
    over = true;
  }

  boolean isOver() {
    return over;
  }

  /** Whether the pool does nothing more after this. */
  boolean hasStopped(IOException e) {
    return String.valueOf(e.getMessage()).startsWith("the pool has stopped");
  }

  void remember(long number, TokenModel token) {
    model.tokens.put(number, token);
  }

  TokenModel token(long number) {
    TokenModel token = model.tokens.get(number);
    if (token == null) {
      throw new IllegalStateException("unknown token " + number);
    }
    return token;
  }

  /** Sets clients to work. */
  void start(int count, int mostSteps) {
    for (int i = 0; i < count; i++) {
      Thread client = scheduler.threads().newThread(() -> repeat(mostSteps, Client::step));
      clients.add(client);
      client.start();
    }
  }

  /** Sets somebody to work who does nothing but scrub. */
  void startScrubber(int mostSteps) {
    Thread scrubber = scheduler.threads().newThread(() -> repeat(mostSteps, Client::scrub));
    clients.add(scrubber);
    scrubber.start();
  }

  private interface Step {
    void take(Client client) throws Client.CutOff;
  }

  private void repeat(int mostSteps, Step step) {
    Client client = new Client(this);
    try {
      for (int i = 0; i < mostSteps && !stopping && !over; i++) {
        step.take(client);
      }
    } catch (Client.CutOff e) {
      // Expected: the session tells why.
    }
  }

  /** Lets the clients finish what they do. */
  void stop() {
    stopping = true;
  }

  /** Waits until no client works any more. */
  void join() {
    for (Thread client : clients) {
      try {
        client.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
