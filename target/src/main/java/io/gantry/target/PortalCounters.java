package io.gantry.target;

import io.gantry.iscsi.LoginStatus;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Counts logins and task management functions. Safe for use by several threads. */
final class PortalCounters {
  static final String NO_PLACE = "no_place";
  static final String NO_LOGIN = "no_login";
  static final String NO_LOGIN_IN_TIME = "no_login_in_time";

  /** By function code (RFC 7143 11.5.1); 0 is none, and stands for those that are not defined. */
  private static final List<String> FUNCTIONS =
      List.of(
          "other",
          "abort_task",
          "abort_task_set",
          "clear_aca",
          "clear_task_set",
          "logical_unit_reset",
          "target_warm_reset",
          "target_cold_reset",
          "task_reassign",
          "query_task",
          "query_task_set",
          "i_t_nexus_reset",
          "query_asynchronous_event");

  private final LongAdder logins = new LongAdder();
  private final Map<String, LongAdder> refused =
      Stream.concat(
              Arrays.stream(LoginStatus.values())
                  .filter(status -> status != LoginStatus.SUCCESS)
                  .filter(status -> !LoginStatus.isRedirection(status.code()))
                  .map(PortalCounters::label),
              Stream.of(NO_PLACE, NO_LOGIN, NO_LOGIN_IN_TIME))
          .collect(Collectors.toMap(Function.identity(), _ -> new LongAdder()));
  private final List<LongAdder> functions = FUNCTIONS.stream().map(_ -> new LongAdder()).toList();

  private static String label(LoginStatus status) {
    return status.name().toLowerCase(Locale.ROOT);
  }

  /** The reason that a login status is. */
  static String label(int status) {
    return label(LoginStatus.of(status));
  }

  void loggedIn() {
    logins.increment();
  }

  /** A login was refused for one of the reasons that there are. */
  void refused(String reason) {
    LongAdder counter = refused.get(reason);
    if (counter != null) {
      counter.increment();
    }
  }

  void managed(int function) {
    functions.get(function > 0 && function < FUNCTIONS.size() ? function : 0).increment();
  }

  PortalStatistics statistics(
      int connections, int sessions, int discoverySessions, long bufferBytes) {
    SortedMap<String, Long> managed = new TreeMap<>();
    for (int i = 0; i < FUNCTIONS.size(); i++) {
      managed.put(FUNCTIONS.get(i), functions.get(i).sum());
    }
    SortedMap<String, Long> reasons = new TreeMap<>();
    refused.forEach((reason, count) -> reasons.put(reason, count.sum()));
    return new PortalStatistics(
        connections,
        sessions,
        discoverySessions,
        bufferBytes,
        PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory(),
        logins.sum(),
        Collections.unmodifiableSortedMap(reasons),
        Collections.unmodifiableSortedMap(managed));
  }
}
