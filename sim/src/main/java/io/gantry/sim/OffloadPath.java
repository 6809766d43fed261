package io.gantry.sim;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.target.Access;
import io.gantry.target.TargetPath;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one initiator: whether each is let in or refused as reservations, access and a
 * SANITIZE demand.
 */
final class OffloadPath {
  private static final int MOST_ATTENTIONS = 20;
  private static final int MOST_WAITS = 100_000;
  private static final long WAIT_MICROS = 500;

  /** The target is gone, under this client's feet. */
  static final class CutOff extends Exception {
    private static final long serialVersionUID = 1;
  }

  private final OffloadSimulation life;
  private final PoolModel model;
  private final String name;

  /** What the initiator may do with all volumes. */
  private final History<Access> rights;

  private @Nullable TargetPath path;

  /** One that is not connected yet. */
  OffloadPath(OffloadSimulation life, String name, Access access) {
    this.life = life;
    this.model = life.model();
    this.name = name;
    this.rights = new History<>(access, PoolModel.ALWAYS);
  }

  String name() {
    return name;
  }

  History<Access> rights() {
    return rights;
  }

  /** It goes on with a new target. */
  void reconnect(TargetPath to) {
    path = to;
  }

  AssertionError wrong(String what, Object... about) {
    return new AssertionError("%s %s: %s".formatted(name, what, List.of(about)));
  }

  void require(boolean condition, String what, Object... about) {
    if (!condition) {
      throw wrong(what, about);
    }
  }

  private void requireThere() throws CutOff {
    if (life.isOver()) {
      throw new CutOff();
    }
  }

  static boolean is(ScsiResponse response, Sense what) {
    Sense sense = response.sense();
    return sense != null && sense.is(what);
  }

  static boolean isConflict(ScsiResponse response) {
    return response.status() == ScsiStatus.RESERVATION_CONFLICT;
  }

  /** Whether a command was not let in: then nothing has happened. */
  static boolean isRefused(ScsiResponse response) {
    return isConflict(response)
        || is(response, Sense.LOGICAL_UNIT_NOT_SUPPORTED)
        || is(response, Sense.WRITE_PROTECTED);
  }

  /** Sends a command, again after unit attentions and for as long as a SANITIZE is under way. */
  ScsiResponse send(WireUnit unit, Cdb cdb, byte @Nullable [] out, @Nullable ByteBuffer in)
      throws CutOff {
    int attentions = 0;
    int waits = 0;
    while (attentions < MOST_ATTENTIONS && waits < MOST_WAITS) {
      long from = model.now();
      ScsiResponse response = sendOnce(unit, cdb, out, in);
      Sense sense = response.sense();
      if (sense != null && sense.key() == Sense.UNIT_ATTENTION_KEY) {
        attentions++;
      } else if (is(response, Sense.SANITIZE_IN_PROGRESS)) {
        require(life.state(unit).maySanitize(), "is told of a SANITIZE that is not", cdb);
        waits++;
        life.scheduler().sleep(WAIT_MICROS);
      } else {
        requireAdmission(unit, cdb, response, from);
        if (!isRefused(response) && changesBlocks(cdb)) {
          life.state(unit).notSanitizing(from);
        }
        return response;
      }
    }
    throw wrong("waits without end", cdb);
  }

  private ScsiResponse sendOnce(
      WireUnit unit, Cdb cdb, byte @Nullable [] out, @Nullable ByteBuffer in) throws CutOff {
    TargetPath now = path;
    if (now == null) {
      throw new IllegalStateException(name + " is not connected");
    }
    ByteBuffer data = out == null ? null : ByteBuffer.wrap(out);
    ScsiResponse response;
    try {
      response = now.submit(unit.address(), new ScsiRequest(cdb.encode(), data, in)).get();
    } catch (ExecutionException | InterruptedException e) {
      requireThere();
      throw new IllegalStateException(e);
    }
    requireThere();
    return response;
  }

  private static boolean isOf(Cdb cdb, Command command) {
    return cdb.command() == command;
  }

  private static boolean changesBlocks(Cdb cdb) {
    return isOf(cdb, Command.WRITE_16)
        || isOf(cdb, Command.UNMAP)
        || isOf(cdb, Command.WRITE_USING_TOKEN);
  }

  /** A refusal needs its reason, and a reason makes a refusal. */
  private void requireAdmission(WireUnit unit, Cdb cdb, ScsiResponse response, long from) {
    long to = model.now();
    List<Access> access = rights.between(from, to).stream().map(History.Seen::value).toList();
    boolean changes = changesBlocks(cdb) || isOf(cdb, Command.SANITIZE_BLOCK_ERASE);
    boolean fits;
    if (is(response, Sense.LOGICAL_UNIT_NOT_SUPPORTED)) {
      fits = access.contains(Access.NONE);
    } else if (is(response, Sense.WRITE_PROTECTED)) {
      fits = changes && access.contains(Access.READ_ONLY);
    } else if (isConflict(response)) {
      fits = access.stream().anyMatch(each -> each != Access.NONE);
    } else {
      fits = access.stream().anyMatch(each -> permits(each, changes));
    }
    require(fits, "was treated otherwise than its access says", cdb, response, access);
    if (is(response, Sense.LOGICAL_UNIT_NOT_SUPPORTED)
        || cdb instanceof PrimaryCdb
        || cdb instanceof Cdb.Inquiry
        || cdb instanceof Cdb.ReceiveRodTokenInformation
        || cdb instanceof Cdb.CopyOperationAbort
        || cdb instanceof Cdb.SynchronizeCache) {
      return;
    }
    boolean writes = !isOf(cdb, Command.POPULATE_TOKEN) && !isOf(cdb, Command.READ_16);
    List<Boolean> conflicts =
        life.state(unit).holder.between(from, to).stream()
            .map(seen -> seen.value().conflicts(name, writes))
            .toList();
    require(
        conflicts.contains(isConflict(response)),
        "was treated otherwise than its reservations say",
        cdb,
        response,
        life.state(unit).holder.between(from, to));
  }

  private static boolean permits(Access access, boolean changes) {
    return access == Access.READ_WRITE || (access == Access.READ_ONLY && !changes);
  }

  /** Whether it could read or write there at some time since an instant. */
  boolean mightDo(WireUnit unit, boolean writes, long from) {
    long to = model.now();
    return rights.between(from, to).stream().anyMatch(seen -> permits(seen.value(), writes))
        && life.state(unit).holder.between(from, to).stream()
            .anyMatch(seen -> !seen.value().conflicts(name, writes));
  }

  /** Whether it could not at some time since an operation began. */
  boolean mightNotDo(WireUnit unit, boolean writes, History.Operation since) {
    long to = model.now();
    return life.state(unit).mayHaveSanitized(since)
        || rights.between(since.begin, to).stream().anyMatch(seen -> !permits(seen.value(), writes))
        || life.state(unit).holder.between(since.begin, to).stream()
            .anyMatch(seen -> seen.value().conflicts(name, writes));
  }

  /** Whether its access may have been taken away altogether since an operation began. */
  boolean mightNotSee(History.Operation since) {
    return rights.could(Access.NONE, since.begin, model.now());
  }
}
