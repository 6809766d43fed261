package io.gantry.target;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Who does how much on which volume: gives each path its counters, and adds them up for whoever
 * asks. Safe for use by several threads.
 */
final class IoAccounts {
  /** Of the volumes that nobody used, of which there may be thousands. */
  private static final IoTally NOTHING = new IoTally();

  private final int initiatorsMax;

  // Guarded by this.

  /** In the order in which they came. */
  private final Map<String, Account> accounts = new LinkedHashMap<>();

  /** What paths did that are gone: on each volume, and in all. */
  private final Map<Integer, IoTally> closed = new HashMap<>();

  private final IoTally closedTotal = new IoTally();

  IoAccounts(int initiatorsMax) {
    this.initiatorsMax = initiatorsMax;
  }

  /** One initiator, or all those for whom there is no place. */
  private static final class Account {
    final Set<PathIo> open = new HashSet<>();
    final IoTally closed = new IoTally();
  }

  /** The counters of one path. */
  final class PathIo implements AutoCloseable {
    private final Account account;
    private final Map<Integer, IoCounters> byVolume = new ConcurrentHashMap<>();

    private PathIo(Account account) {
      this.account = account;
    }

    /** Those of the path's commands to a volume. */
    IoCounters of(int volume) {
      IoCounters counters = byVolume.get(volume);
      return counters == null ? byVolume.computeIfAbsent(volume, _ -> new IoCounters()) : counters;
    }

    /** Numbers of the volumes that it has counters for. */
    Set<Integer> volumes() {
      return byVolume.keySet();
    }

    /** No command of the path is under way, and none will come. */
    @Override
    public void close() {
      synchronized (IoAccounts.this) {
        if (account.open.remove(this)) {
          byVolume.forEach((volume, counters) -> {
            closed.computeIfAbsent(volume, _ -> new IoTally()).add(counters);
            close(counters);
          });
        }
      }
    }

    /** A command that is on its way to a volume that was just deleted may not be counted. */
    private void forget(int volume) {
      IoCounters counters = byVolume.remove(volume);
      if (counters != null) {
        close(counters);
      }
    }

    private void close(IoCounters counters) {
      closedTotal.add(counters);
      account.closed.add(counters);
    }
  }

  /** A path of an initiator begins. */
  synchronized PathIo open(String initiator) {
    Account account = accounts.get(initiator);
    if (account == null) {
      boolean room = accounts.size() < initiatorsMax || forgetOne();
      account =
          accounts.computeIfAbsent(room ? initiator : IoStatistics.OTHERS, _ -> new Account());
    }
    PathIo path = new PathIo(account);
    account.open.add(path);
    return path;
  }

  /** Makes room by forgetting who is not there; whether there is somebody. */
  private boolean forgetOne() {
    for (Iterator<Account> each = accounts.values().iterator(); each.hasNext(); ) {
      if (each.next().open.isEmpty()) {
        each.remove();
        return true;
      }
    }
    return false;
  }

  /**
   * Adds up.
   *
   * @param existing numbers of the volumes that there are; others are forgotten
   */
  synchronized IoStatistics statistics(Supplier<Set<Integer>> existing) {
    List<PathIo> paths = accounts.values().stream().flatMap(each -> each.open.stream()).toList();
    List<Set<Integer>> used = paths.stream().map(path -> Set.copyOf(path.volumes())).toList();
    Set<Integer> volumes = existing.get(); // last: or one that is new would look as if it were gone
    closed.keySet().retainAll(volumes);
    for (int i = 0; i < paths.size(); i++) {
      used.get(i).stream()
          .filter(volume -> !volumes.contains(volume))
          .forEach(paths.get(i)::forget);
    }
    IoTally total = new IoTally();
    total.add(closedTotal);
    SortedMap<Integer, IoTally> byVolume = new TreeMap<>();
    volumes.forEach(volume -> {
      IoTally before = closed.get(volume);
      IoTally tally = NOTHING;
      if (before != null) {
        tally = new IoTally();
        tally.add(before);
      }
      byVolume.put(volume, tally);
    });
    SortedMap<String, IoTally> byInitiator = new TreeMap<>();
    accounts.forEach((name, account) -> {
      IoTally tally = new IoTally();
      tally.add(account.closed);
      for (PathIo path : account.open) {
        path.byVolume.forEach((volume, counters) -> {
          tally.add(counters);
          total.add(counters);
          IoTally ofVolume = byVolume.get(volume);
          if (ofVolume == NOTHING) {
            ofVolume = new IoTally();
            byVolume.put(volume, ofVolume);
          }
          if (ofVolume != null) {
            ofVolume.add(counters);
          }
        });
      }
      byInitiator.put(name, tally);
    });
    return new IoStatistics(total, byVolume, byInitiator);
  }
}
