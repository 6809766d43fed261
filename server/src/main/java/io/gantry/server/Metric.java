package io.gantry.server;

import static io.gantry.server.Metric.Type.COUNTER;
import static io.gantry.server.Metric.Type.GAUGE;
import static io.gantry.server.Metric.Type.HISTOGRAM;
import static io.gantry.server.Metric.Type.SUMMARY;

import java.util.List;

/**
 * The metrics. {@code docs/monitoring.md} and the dashboard name no others, and a scrape holds no
 * others. Names, units and labels never change their meaning: people have alerts on them.
 */
@SuppressWarnings("ImmutableEnumChecker") // List.of is, it only does not say so
enum Metric {
  VOLUME_IO_DURATION(
      HISTOGRAM,
      "gantry_volume_io_duration_seconds",
      "How long commands to a volume took, from when they and their data were there to the answer",
      "volume",
      "operation"),
  VOLUME_IO_BYTES(
      COUNTER,
      "gantry_volume_io_bytes",
      "Bytes of blocks read, written or unmapped on a volume",
      "volume",
      "operation"),
  VOLUME_IO_ERRORS(
      COUNTER,
      "gantry_volume_io_errors",
      "Commands to a volume that failed; unit attentions and miscompares are no failures",
      "volume",
      "operation"),
  VOLUME_SIZE(GAUGE, "gantry_volume_size_bytes", "Size that initiators see", "volume"),

  INITIATOR_IO_DURATION(
      HISTOGRAM,
      "gantry_initiator_io_duration_seconds",
      "How long commands of an initiator took, from when they and their data were there to the"
          + " answer",
      "initiator",
      "operation"),
  INITIATOR_IO_BYTES(
      COUNTER,
      "gantry_initiator_io_bytes",
      "Bytes of blocks that an initiator read, wrote or unmapped",
      "initiator",
      "operation"),
  INITIATOR_IO_ERRORS(
      COUNTER,
      "gantry_initiator_io_errors",
      "Commands of an initiator that failed",
      "initiator",
      "operation"),

  TOKENS(GAUGE, "gantry_tokens", "Live tokens"),
  TOKENS_LIMIT(GAUGE, "gantry_tokens_limit", "Most live tokens that there may be"),
  TOKENS_CREATED(COUNTER, "gantry_tokens_created", "Tokens made"),
  TOKENS_REDEEMED(COUNTER, "gantry_tokens_redeemed", "Commands that copied from a token"),
  TOKENS_ENDED(COUNTER, "gantry_tokens_ended", "Tokens that are no more, by why", "reason"),
  OWNER_TOKENS(GAUGE, "gantry_owner_tokens", "Live tokens of an initiator", "owner"),
  OWNER_PINNED(
      GAUGE,
      "gantry_owner_pinned_bytes",
      "What only the tokens of an initiator have; some seconds old",
      "owner"),

  COPIES_RUNNING(GAUGE, "gantry_copies_running", "Copy commands that are being carried out"),
  COPIES(
      COUNTER,
      "gantry_copies",
      "Copy commands that have ended, by command and how",
      "command",
      "outcome"),
  COPY_DURATION(
      COUNTER, "gantry_copy_duration_seconds", "How long copy commands took in all", "command"),
  COPY_BYTES(
      COUNTER,
      "gantry_copy_bytes",
      "Bytes of copies that have ended: shared, copied (read and written) or zeroed",
      "method"),
  COPIES_MOVED(
      COUNTER,
      "gantry_copies_moved",
      "Copy commands that had to move bytes instead of sharing them, by why",
      "reason"),
  COPIES_REFUSED(
      COUNTER,
      "gantry_copies_refused",
      "Copy commands that failed, by sense key, code and qualifier in hexadecimal",
      "sense"),
  COPIES_LATE(
      COUNTER,
      "gantry_copies_late",
      "Copies that stopped at a block since the time was over that their command may take"),
  COPY_WAITING(
      COUNTER,
      "gantry_copy_waiting_seconds",
      "How long copies waited for their turn to move bytes"),

  POOL_CAPACITY(GAUGE, "gantry_pool_capacity_bytes", "What the pool can hold in all"),
  POOL_USED(GAUGE, "gantry_pool_used_bytes", "What the pool holds"),
  POOL_SHARED(
      GAUGE,
      "gantry_pool_shared_bytes",
      "Of that, what volumes and snapshots have more than once; some seconds old"),
  POOL_PINNED(
      GAUGE, "gantry_pool_pinned_bytes", "Of that, what only tokens have; some seconds old"),
  POOL_FREE(GAUGE, "gantry_pool_free_bytes", "What the medium can still take"),
  POOL_CHUNK(GAUGE, "gantry_pool_chunk_bytes", "The unit of sharing"),
  POOL_VOLUMES(GAUGE, "gantry_pool_volumes", "Volumes"),
  POOL_WRITABLE(
      GAUGE,
      "gantry_pool_writable",
      "1 if changes can become durable, 0 if the medium is full or lost or the pool has stopped"),
  POOL_WARNINGS(GAUGE, "gantry_pool_warnings", "Things that are wrong now, as pool status tells"),
  JOURNAL(GAUGE, "gantry_journal_bytes", "Length of the journal"),
  COMMITS(COUNTER, "gantry_commits", "Times that changes were made durable, for all who waited"),
  COMMIT_DURATION(COUNTER, "gantry_commit_duration_seconds", "How long that took in all"),
  CHECKPOINTS(COUNTER, "gantry_checkpoints", "Checkpoints written"),
  CHECKPOINT_DURATION(
      COUNTER, "gantry_checkpoint_duration_seconds", "How long checkpoints took in all"),
  CHECKPOINT_LAST(
      GAUGE, "gantry_checkpoint_last_duration_seconds", "How long the last checkpoint took"),
  CHECKPOINT_TIME(
      GAUGE,
      "gantry_checkpoint_timestamp_seconds",
      "When the last checkpoint was written, since 1970; only if there was one since the start"),

  CONNECTIONS(GAUGE, "gantry_connections", "iSCSI connections, before their login, too"),
  SESSIONS(GAUGE, "gantry_sessions", "iSCSI sessions: normal or discovery", "type"),
  LOGINS(COUNTER, "gantry_logins", "iSCSI logins that made a session"),
  LOGINS_REFUSED(COUNTER, "gantry_logins_refused", "iSCSI logins that made none, by why", "reason"),
  TASK_MANAGEMENT(
      COUNTER,
      "gantry_task_management_functions",
      "Task management functions of initiators",
      "function"),
  COMMANDS(COUNTER, "gantry_iscsi_commands", "SCSI commands taken, those to no volume, too"),
  WIRE_BYTES(
      COUNTER,
      "gantry_iscsi_data_bytes",
      "Bytes in data segments of SCSI commands, in to or out of the initiators",
      "direction"),
  BUFFERS(GAUGE, "gantry_iscsi_buffer_bytes", "Bytes that commands and their data occupy"),

  HTTP_REQUESTS(
      COUNTER,
      "gantry_http_requests",
      "Requests to the REST interface, by route and status",
      "method",
      "route",
      "status"),
  UPTIME(GAUGE, "gantry_uptime_seconds", "How long the daemon runs"),

  JVM_MEMORY_USED(GAUGE, "jvm_memory_used_bytes", "Memory in use: heap or nonheap", "area"),
  JVM_MEMORY_MAX(GAUGE, "jvm_memory_max_bytes", "Most memory, where there is a limit", "area"),
  JVM_BUFFERS(GAUGE, "jvm_buffer_pool_used_bytes", "Memory in buffers outside of the heap", "pool"),
  NETTY_MEMORY(
      GAUGE, "gantry_netty_direct_bytes", "Memory that the network has outside of the heap"),
  JVM_GC(SUMMARY, "jvm_gc_collection_seconds", "Garbage collections and their time", "gc"),
  JVM_THREADS(GAUGE, "jvm_threads_current", "Platform threads"),
  PROCESS_CPU(COUNTER, "process_cpu_seconds", "Processor time of the process"),
  PROCESS_START(GAUGE, "process_start_time_seconds", "When the process was started, since 1970"),
  PROCESS_FDS(GAUGE, "process_open_fds", "Open file descriptors"),
  PROCESS_MAX_FDS(GAUGE, "process_max_fds", "Most open file descriptors");

  /** What its samples are. */
  enum Type {
    GAUGE,
    /** Its sample ends with {@code _total}. */
    COUNTER,
    /** Its samples end with {@code _count} and {@code _sum}. */
    SUMMARY,
    /** As a summary, and buckets ending with {@code _bucket}. */
    HISTOGRAM
  }

  private final Type type;
  private final String base;
  private final String help;
  private final List<String> labels;

  Metric(Type type, String base, String help, String... labels) {
    this.type = type;
    this.base = base;
    this.help = help;
    this.labels = List.of(labels);
  }

  Type type() {
    return type;
  }

  /** Its name without what its type adds. */
  String base() {
    return base;
  }

  /** Its name in documents: with {@code _total} if it is a counter. */
  String documented() {
    return type == COUNTER ? base + "_total" : base;
  }

  /** Names of its samples, which queries use. */
  List<String> samples() {
    return switch (type) {
      case GAUGE -> List.of(base);
      case COUNTER -> List.of(documented());
      case SUMMARY -> List.of(base + "_count", base + "_sum");
      case HISTOGRAM -> List.of(base + "_bucket", base + "_count", base + "_sum");
    };
  }

  /** What it means; a sentence without its full stop. */
  String help() {
    return help;
  }

  List<String> labels() {
    return labels;
  }
}
