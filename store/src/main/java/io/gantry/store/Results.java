package io.gantry.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Small results of commands, kept for whoever asks for them later, also after a restart. What they
 * say is the caller's business, and so is who their owner is and what number he gave the command.
 *
 * <p>A result is found exactly as it was kept, or not at all. It goes
 *
 * <ul>
 *   <li>when it is dropped, or its number is used again;
 *   <li>{@value #LIFE_MINUTES} minutes after it was kept;
 *   <li>when {@value #MOST_OF_OWNER} newer ones of its owner have come, or {@value #MOST} newer
 *       ones in all, or newer ones of {@value #MOST_MIB} MiB;
 *   <li>with a crash that comes before the next commit.
 * </ul>
 *
 * <p>Keeping a result does not wait for the medium. The journal has it behind the changes that it
 * tells of, so no crash leaves a result without them.
 */
public final class Results {
  /*
   * Using a number again
   * --------------------
   * After a crash an old result must not stand for a newer command whose own result was lost. So
   * before a command uses a number again, the loss of its earlier result is made durable; which is
   * waited for. Who uses a number twice will do so again (a tool that knows one number only), so
   * from then on the results of that number are kept in memory alone, and nobody waits any more.
   */
  private static final int MOST = 1 << 16;
  private static final int MOST_OF_OWNER = 1024;
  private static final int MOST_MIB = 32;
  private static final int LIFE_MINUTES = 60;
  private static final long LIFE_MILLIS = LIFE_MINUTES * 60_000L;

  /** Longest result and owner, bytes and characters. */
  private static final int MOST_LENGTH = 4096;

  private final Metadata metadata;

  // Guarded by the metadata lock.

  /** By owner and number; those of an owner in the order of their age. */
  private final Map<String, LinkedHashMap<Long, Kept>> byOwner = new HashMap<>();

  private final TreeMap<Long, Kept> byAge = new TreeMap<>();
  private long bytes;
  private long nextSerial;

  /** Drops whose records may not be durable yet, oldest first, and the numbers of the records. */
  private final LinkedHashMap<Name, Long> undurableDrops = new LinkedHashMap<>();

  private record Name(String owner, long number) {}

  /**
   * A result.
   *
   * @param result null for a number of which nothing is kept now but that was used before
   * @param durable whether the journal knows it
   */
  private record Kept(
      long serial, Name name, long keptMillis, byte @Nullable [] result, boolean durable) {
    int length() {
      return name.owner.length() + (result == null ? 0 : result.length);
    }
  }

  Results(Metadata metadata) {
    this.metadata = metadata;
  }

  /**
   * Keeps a result, in place of an earlier one of that name.
   *
   * @param owner at most {@value #MOST_LENGTH} characters
   * @param result at most {@value #MOST_LENGTH} bytes; belongs to the pool from now on
   */
  public void keep(String owner, long number, byte[] result) {
    if (owner.length() > MOST_LENGTH || result.length > MOST_LENGTH) {
      throw new IllegalArgumentException(
          "a result of %d bytes of an owner of %d characters: %d at most"
              .formatted(result.length, owner.length(), MOST_LENGTH));
    }
    metadata.locked(() -> {
      Name name = new Name(owner, number);
      Kept earlier = get(name);
      boolean durable = (earlier == null || earlier.durable) && metadata.isWritable();
      long now = metadata.nowMillis();
      if (durable) {
        metadata.change(new JournalRecord.ResultKept(owner, number, now, result));
      } else {
        drop(earlier);
        put(name, now, result, false);
      }
      evict();
      return null;
    });
  }

  /** The result of that name, if there is one; a copy. */
  public Optional<byte[]> find(String owner, long number) {
    return metadata.locked(() -> {
      Kept kept = get(new Name(owner, number));
      return kept == null || kept.result == null || isOver(kept)
          ? Optional.empty()
          : Optional.of(kept.result.clone());
    });
  }

  /** Lets go of a result; if there is none, does nothing. */
  public void drop(String owner, long number) {
    metadata.locked(() -> {
      drop(get(new Name(owner, number)));
      return null;
    });
  }

  /**
   * To be called when a number is used again, before the command does anything: the earlier result
   * is gone then for good. Waits for a commit if there is one that a crash could bring back.
   *
   * @throws IOException if the commit fails
   */
  public void reuse(String owner, long number) throws IOException {
    Name name = new Name(owner, number);
    boolean wait =
        metadata.locked(() -> {
          Kept earlier = get(name);
          if (earlier != null && earlier.durable) {
            drop(earlier);
          } else if (earlier != null) {
            remove(earlier);
          }
          forgetDurableDrops();
          boolean dropped = undurableDrops.containsKey(name);
          if (earlier != null || dropped) {
            put(name, metadata.nowMillis(), null, false);
            evict();
          }
          return dropped;
        });
    if (wait) {
      metadata.flush();
    }
  }

  private @Nullable Kept get(Name name) {
    Map<Long, Kept> own = byOwner.get(name.owner);
    return own == null ? null : own.get(name.number);
  }

  private boolean isOver(Kept kept) {
    return metadata.nowMillis() - kept.keptMillis > LIFE_MILLIS;
  }

  private void put(Name name, long keptMillis, byte @Nullable [] result, boolean durable) {
    Kept kept = new Kept(nextSerial++, name, keptMillis, result, durable);
    byAge.put(kept.serial, kept);
    byOwner.computeIfAbsent(name.owner, _ -> new LinkedHashMap<>()).put(name.number, kept);
    bytes += kept.length();
  }

  private void remove(Kept kept) {
    byAge.remove(kept.serial);
    bytes -= kept.length();
    Map<Long, Kept> own = byOwner.get(kept.name.owner);
    if (own != null) {
      own.remove(kept.name.number);
      if (own.isEmpty()) {
        byOwner.remove(kept.name.owner);
      }
    }
  }

  /** Lets go of the oldest until there are no more than there may be. */
  private void evict() {
    Kept newest = byAge.lastEntry().getValue();
    Map<Long, Kept> own = byOwner.getOrDefault(newest.name.owner, new LinkedHashMap<>());
    if (own.size() > MOST_OF_OWNER) {
      drop(own.values().iterator().next());
    }
    while (byAge.size() > MOST
        || bytes > (long) MOST_MIB << 20
        || isOver(byAge.firstEntry().getValue())) {
      drop(byAge.firstEntry().getValue());
    }
  }

  private void drop(@Nullable Kept kept) {
    if (kept != null && kept.durable) {
      metadata.change(new JournalRecord.ResultDropped(kept.name.owner, kept.name.number));
      forgetDurableDrops();
      undurableDrops.remove(kept.name);
      undurableDrops.put(kept.name, metadata.changes());
    } else if (kept != null) {
      remove(kept);
    }
  }

  private void forgetDurableDrops() {
    Deque<Name> durable = new ArrayDeque<>();
    for (Map.Entry<Name, Long> drop : undurableDrops.entrySet()) {
      if (drop.getValue() > metadata.durableChanges()) {
        break;
      }
      durable.add(drop.getKey());
    }
    durable.forEach(undurableDrops::remove);
  }

  /** A record takes effect. */
  void apply(JournalRecord.ResultKept r) {
    Name name = new Name(r.owner(), r.number());
    Kept earlier = get(name);
    if (earlier != null) {
      remove(earlier);
    }
    put(name, r.keptMillis(), r.result(), true);
  }

  /** A record takes effect. What it drops may have gone from a checkpoint before. */
  void apply(JournalRecord.ResultDropped r) {
    Kept kept = get(new Name(r.owner(), r.number()));
    if (kept != null) {
      remove(kept);
    }
  }

  // Checkpoints

  /** The serial of the next result. */
  long nextSerial() {
    return nextSerial;
  }

  /**
   * Saves some results, by age. One that goes meanwhile is left out: its record comes later.
   *
   * @param from serial of the first
   * @param to serial behind the last
   * @param most how many at most
   * @return the serial to go on from, or {@code to} if there are no more
   */
  long save(long from, long to, int most, RecordOutput out) {
    int count = 0;
    for (Kept kept : byAge.subMap(from, to).values()) {
      if (count++ == most) {
        return kept.serial;
      }
      if (kept.durable && kept.result != null) {
        new CheckpointRecord.ResultState(
                kept.name.owner, kept.name.number, kept.keptMillis, kept.result)
            .encode(out);
      }
    }
    return to;
  }

  /** Puts back what a checkpoint has. */
  void restore(CheckpointRecord.ResultState r) {
    put(new Name(r.owner(), r.number()), r.keptMillis(), r.result(), true);
  }
}
