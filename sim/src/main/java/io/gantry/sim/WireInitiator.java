package io.gantry.sim;

import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One initiator port: it logs in, sends commands, aborts them, loses its connection, and comes back
 * under the same name, perhaps before the target knows that it was gone.
 */
final class WireInitiator {
  private static final int MOST_OUTSTANDING = 12;
  private static final int MOST_PAUSE_MICROS = 600;

  private final WireSimulation life;
  private final RandomGenerator random;
  private final int number;
  private final SimulatedLoop loop;

  /** Sessions that are gone, of whose commands nobody knows whether they go on. */
  private final List<WireSession> limbo = new ArrayList<>();

  private @Nullable WireSession session;
  private @Nullable WireSession connecting;
  private int actions;
  private boolean done = true;
  private int sessions;

  WireInitiator(WireSimulation life, int number) {
    this.life = life;
    this.random = life.random();
    this.number = number;
    this.loop = new SimulatedLoop(life.scheduler());
  }

  String name() {
    return "iqn.2026-11.io.gantry.sim:" + number;
  }

  /** The same for all its sessions, so that each replaces the one before. */
  long isid() {
    return 0x80_0000_0000_00L | number;
  }

  /** Sessions that it had. */
  int sessions() {
    return sessions;
  }

  /** Sets it to work. */
  void start(int howMuch) {
    done = false;
    actions = howMuch;
    loop.execute(this::act);
  }

  /** Whether it has done its work, and everything was answered. */
  boolean isDone() {
    return done;
  }

  private void act() {
    if (life.isOver()) {
      return;
    }
    WireSession current = session;
    if (connecting == null && current == null) {
      connect();
    } else if (current != null && current.isReady()) {
      if (actions > 0) {
        actions -= step(current) ? 1 : 0;
      } else if (connecting == null && current.isIdle() && limbo.isEmpty()) {
        done = true;
        return;
      }
    }
    int pause = random.nextInt(40) == 0 ? 3_000_000 : MOST_PAUSE_MICROS;
    later(random.nextInt(pause), this::act);
  }

  /** Does something later, on the initiator's event loop. */
  void later(int micros, Runnable action) {
    // Not as the timer itself, which would keep what the action throws to itself.
    var _ = loop.schedule(() -> loop.execute(action), micros, TimeUnit.MICROSECONDS);
  }

  private void connect() {
    SimulatedWire wire = life.target().connect(2 + number);
    if (actions > 0 && random.nextInt(4) == 0) {
      wire.cutAfter(random.nextBoolean(), random.nextLong(1L << random.nextInt(9, 21)));
    }
    connecting = new WireSession(this, life, wire.initiator());
    var _ = loop.register(wire.initiator());
  }

  /** Does something; whether there was something to do. */
  private boolean step(WireSession current) {
    int chance = random.nextInt(400);
    if (chance < 350) {
      if (!current.isOpen() || current.outstanding() >= MOST_OUTSTANDING) {
        return false;
      }
      current.send(WireCommand.random(life.model(), random, life.unit()));
    } else if (chance < 380 && !current.mayManage()) {
      return false;
    } else if (chance < 366) {
      current.abortTask();
    } else if (chance < 370) {
      current.abortAll(TaskManagementRequest.ABORT_TASK_SET, life.unit());
    } else if (chance < 374) {
      current.abortAll(TaskManagementRequest.CLEAR_TASK_SET, life.unit());
    } else if (chance < 378) {
      current.abortAll(TaskManagementRequest.LOGICAL_UNIT_RESET, life.unit());
    } else if (chance < 380) {
      current.abortAll(TaskManagementRequest.TARGET_WARM_RESET, life.unit());
    } else if (chance < 386) {
      current.ping();
    } else if (chance < 391) {
      current.logOut();
    } else if (chance < 395) {
      current.close();
    } else if (connecting == null) {
      connect(); // beside the old one, which the new one replaces
    }
    return true;
  }

  /** A session has begun: nothing of those before has an effect any more. */
  void loggedIn(WireSession begun) {
    sessions++;
    WireSession old = session;
    session = begun;
    connecting = null;
    if (old != null) {
      limbo.add(old);
      old.close();
    }
    limbo.forEach(WireSession::endAll);
    limbo.clear();
  }

  /** A connection is gone. */
  void lost(WireSession gone) {
    if (gone.equals(connecting)) {
      connecting = null;
    }
    if (gone.equals(session)) {
      session = null;
      limbo.add(gone);
    }
  }

  /** Leaves: by a logout, or just so. */
  void leave() {
    loop.execute(() -> {
      if (session != null && random.nextBoolean()) {
        session.logOut();
      } else {
        hangUp();
      }
    });
  }

  /** The target is gone, with everything that was under way. */
  void cutOff() {
    done = true;
    loop.execute(() -> {
      hangUp();
      limbo.forEach(WireSession::endAll);
      limbo.clear();
    });
  }

  @Override
  public String toString() {
    return "%s: session %s, connecting %s, limbo %s".formatted(name(), session, connecting, limbo);
  }

  private void hangUp() {
    if (connecting != null) {
      connecting.close();
    }
    if (session != null) {
      session.close();
    }
  }
}
