package io.gantry.target;

import io.gantry.scsi.Command;
import io.gantry.scsi.PersistentReserveOutList;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ReservationType;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.scsi.TransportId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who has registered with a logical unit, and who has reserved it (SPC-4 5.12). Does not change:
 * each PERSISTENT RESERVE OUT makes another one, or is refused.
 *
 * <p>There is one target port, so an I_T nexus is named by its initiator port alone.
 *
 * @param generation PRGENERATION
 * @param registrations by initiator port, oldest first
 * @param reservation what is reserved, or null
 * @param persistent APTPL: registrations and reservation are to survive a loss of power
 */
record ReservationState(
    int generation,
    Map<String, Registration> registrations,
    @Nullable Reservation reservation,
    boolean persistent) {

  /** Relative target port identifier of the one target port. */
  static final int TARGET_PORT = 1;

  /** Most registrations: all of them, with the longest names, fit one attribute of a volume. */
  static final int MOST_REGISTRATIONS = 200;

  /** Nobody has registered. */
  static final ReservationState EMPTY = new ReservationState(0, Map.of(), null, false);

  private static final byte FORMAT = 1;

  /**
   * A registration.
   *
   * @param key its reservation key
   * @param allTargetPorts whether it was made through all target ports
   */
  record Registration(long key, boolean allTargetPorts) {}

  /**
   * A reservation of the whole logical unit.
   *
   * @param holder the initiator port that holds it; null if all registrants do
   */
  record Reservation(ReservationType type, @Nullable String holder) {}

  ReservationState {
    registrations = Collections.unmodifiableMap(new LinkedHashMap<>(registrations));
  }

  /** What comes of a PERSISTENT RESERVE OUT. */
  sealed interface Outcome {}

  /** Nothing but this answer. */
  record Refused(ScsiResponse response) implements Outcome {}

  /**
   * Another state.
   *
   * @param attentions who is to be told what
   * @param aborted whose commands are to be ended
   */
  record Changed(ReservationState state, Map<String, Sense> attentions, Set<String> aborted)
      implements Outcome {}

  private static final Refused CONFLICT =
      new Refused(new ScsiResponse(ScsiStatus.RESERVATION_CONFLICT, null, 0));

  private static Refused refused(Sense sense) {
    return new Refused(ScsiResponse.check(sense));
  }

  boolean isRegistered(String port) {
    return registrations.containsKey(port);
  }

  boolean isHolder(String port) {
    return reservation != null
        && (reservation.holder == null ? isRegistered(port) : reservation.holder.equals(port));
  }

  /** Whether the reservation lets a command of a nexus through (SPC-4 table 51, 52). */
  boolean allows(String port, Command.Access access) {
    if (reservation == null || isHolder(port)) {
      return true;
    }
    ReservationType type = reservation.type;
    boolean asHolder = type.isOfRegistrants() && isRegistered(port);
    return switch (access) {
      case ALWAYS, RESERVATION -> true;
      case READ -> asHolder || !type.isExclusiveAccess();
      case WRITE -> asHolder;
    };
  }

  /** What comes of a PERSISTENT RESERVE OUT of a nexus. */
  Outcome apply(String port, PrimaryCdb.PersistentReserveOut cdb, PersistentReserveOutList list) {
    Command command = cdb.command();
    if (command == Command.PR_REGISTER || command == Command.PR_REGISTER_AND_IGNORE) {
      return register(port, command == Command.PR_REGISTER_AND_IGNORE, list);
    }
    Registration own = registrations.get(port);
    if (own == null || own.key != list.key()) {
      return CONFLICT;
    }
    return switch (command) {
      case PR_RESERVE -> reserve(port, cdb);
      case PR_RELEASE -> release(port, cdb);
      case PR_CLEAR ->
          changed(
              new ReservationState(generation + 1, Map.of(), null, persistent),
              all(others(port, registrations.keySet()), Sense.RESERVATIONS_PREEMPTED));
      case PR_PREEMPT -> preempt(port, cdb, list.actionKey(), false);
      case PR_PREEMPT_AND_ABORT -> preempt(port, cdb, list.actionKey(), true);
      case PR_REGISTER_AND_MOVE -> move(port, list);
      default -> throw new IllegalArgumentException(command + " makes no reservation");
    };
  }

  // SPC-4 5.12.7
  private Outcome register(String port, boolean ignoreKey, PersistentReserveOutList list) {
    Registration own = registrations.get(port);
    if (!ignoreKey && list.key() != (own == null ? 0 : own.key)) {
      return CONFLICT;
    }
    if (own != null && list.specifiesPorts()) {
      return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(20));
    }
    Map<String, Registration> next = new LinkedHashMap<>(registrations);
    if (list.actionKey() == 0) {
      if (own == null) {
        return changed(with(registrations, reservation, persistent, 1), Map.of());
      }
      next.remove(port);
      return unregistered(port, next, list.persistThroughPowerLoss());
    }
    Registration made = new Registration(list.actionKey(), list.allTargetPorts());
    next.put(port, made);
    for (TransportId other : list.ports()) {
      next.putIfAbsent(other.initiatorPort(), made);
    }
    if (next.size() > MOST_REGISTRATIONS) {
      return refused(Sense.INSUFFICIENT_REGISTRATION_RESOURCES);
    }
    return changed(with(next, reservation, list.persistThroughPowerLoss(), 1), Map.of());
  }

  // SPC-4 5.12.11.3: what is left of a reservation when a nexus takes its registration back.
  private Outcome unregistered(String port, Map<String, Registration> left, boolean persistsNow) {
    Reservation before = reservation;
    if (before == null) {
      return changed(with(left, null, persistsNow, 1), Map.of());
    }
    boolean ends = before.holder == null ? left.isEmpty() : before.holder.equals(port);
    boolean told = ends && before.type.isOfRegistrants();
    return changed(
        with(left, ends ? null : before, persistsNow, 1),
        told ? all(left.keySet(), Sense.RESERVATIONS_RELEASED) : Map.of());
  }

  // SPC-4 5.12.9
  private Outcome reserve(String port, PrimaryCdb.PersistentReserveOut cdb) {
    Optional<ReservationType> type = ReservationType.of(cdb.type());
    if (cdb.scope() != 0 || type.isEmpty()) {
      return refused(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    if (reservation == null) {
      return changed(with(registrations, held(type.get(), port), persistent, 0), Map.of());
    }
    return isHolder(port) && reservation.type == type.get() ? changed(this, Map.of()) : CONFLICT;
  }

  // SPC-4 5.12.11.2
  private Outcome release(String port, PrimaryCdb.PersistentReserveOut cdb) {
    Reservation before = reservation;
    if (before == null || !isHolder(port)) {
      return changed(this, Map.of());
    }
    if (cdb.scope() != 0 || cdb.type() != before.type.code()) {
      return refused(Sense.INVALID_RELEASE_OF_PERSISTENT_RESERVATION);
    }
    return changed(
        with(registrations, null, persistent, 0),
        before.type.isOfRegistrants()
            ? all(others(port, registrations.keySet()), Sense.RESERVATIONS_RELEASED)
            : Map.of());
  }

  // SPC-4 5.12.11.4, 5.12.11.5
  private Outcome preempt(
      String port, PrimaryCdb.PersistentReserveOut cdb, long victimKey, boolean abort) {
    Reservation before = reservation;
    boolean allHold = before != null && before.holder == null;
    if (victimKey == 0 && !allHold) {
      return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(8));
    }
    if (victimKey != 0 && registrations.values().stream().noneMatch(r -> r.key == victimKey)) {
      return CONFLICT;
    }
    boolean takesReservation =
        before != null && (allHold ? victimKey == 0 : keyOf(before.holder) == victimKey);
    Set<String> victims = new LinkedHashSet<>();
    Predicate<String> isVictim =
        victimKey == 0
            ? other -> !other.equals(port)
            : other -> keyOf(other) == victimKey && !(takesReservation && other.equals(port));
    registrations.keySet().stream().filter(isVictim).forEach(victims::add);
    Map<String, Registration> left = new LinkedHashMap<>(registrations);
    left.keySet().removeAll(victims);
    Reservation after = before;
    if (takesReservation) {
      Optional<ReservationType> type = ReservationType.of(cdb.type());
      if (cdb.scope() != 0 || type.isEmpty()) {
        return refused(Sense.INVALID_FIELD_IN_CDB.at(2));
      }
      after = held(type.get(), port);
    } else if (allHold && left.isEmpty()) {
      after = null;
    }
    victims.remove(port);
    Map<String, Sense> attentions = new LinkedHashMap<>();
    attentions.putAll(all(victims, Sense.REGISTRATIONS_PREEMPTED));
    if (takesReservation && before != null && after != null && before.type != after.type) {
      attentions.putAll(all(others(port, left.keySet()), Sense.RESERVATIONS_RELEASED));
    }
    return new Changed(with(left, after, persistent, 1), attentions, abort ? victims : Set.of());
  }

  // SPC-4 5.12.8
  private Outcome move(String port, PersistentReserveOutList list) {
    Reservation before = reservation;
    if (before == null || before.holder == null || !before.holder.equals(port)) {
      return CONFLICT;
    }
    String to = list.ports().getFirst().initiatorPort();
    if (list.actionKey() == 0) {
      return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(8));
    }
    if (list.relativePort() != TARGET_PORT) {
      return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(18));
    }
    if (to.equals(port)) {
      return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(24));
    }
    Map<String, Registration> next = new LinkedHashMap<>(registrations);
    next.put(to, new Registration(list.actionKey(), false));
    if (list.unregister()) {
      next.remove(port);
    }
    if (next.size() > MOST_REGISTRATIONS) {
      return refused(Sense.INSUFFICIENT_REGISTRATION_RESOURCES);
    }
    Reservation moved = new Reservation(before.type, to);
    return changed(with(next, moved, list.persistThroughPowerLoss(), 1), Map.of());
  }

  private long keyOf(@Nullable String port) {
    Registration registration = port == null ? null : registrations.get(port);
    return registration == null ? 0 : registration.key;
  }

  private static Reservation held(ReservationType type, String port) {
    return new Reservation(type, type.isAllRegistrants() ? null : port);
  }

  private ReservationState with(
      Map<String, Registration> others,
      @Nullable Reservation reserved,
      boolean persistsNow,
      int increment) {
    return new ReservationState(generation + increment, others, reserved, persistsNow);
  }

  private static Changed changed(ReservationState state, Map<String, Sense> attentions) {
    return new Changed(state, attentions, Set.of());
  }

  private static List<String> others(String port, Collection<String> ports) {
    return ports.stream().filter(other -> !other.equals(port)).toList();
  }

  private static Map<String, Sense> all(Collection<String> ports, Sense attention) {
    Map<String, Sense> attentions = new LinkedHashMap<>();
    ports.forEach(port -> attentions.put(port, attention));
    return attentions;
  }

  // PERSISTENT RESERVE IN: SPC-4 6.15

  /** Parameter data of a PERSISTENT RESERVE IN. */
  byte[] report(Command command) {
    return switch (command) {
      case PR_READ_KEYS -> {
        ByteBuffer b = ByteBuffer.allocate(8 + 8 * registrations.size());
        b.putInt(generation).putInt(8 * registrations.size());
        registrations.values().forEach(registration -> b.putLong(registration.key));
        yield b.array();
      }
      case PR_READ_RESERVATION -> {
        ByteBuffer b = ByteBuffer.allocate(reservation == null ? 8 : 24).putInt(generation);
        if (reservation != null) {
          b.putInt(16).putLong(keyOf(reservation.holder));
          b.put(21, (byte) reservation.type.code());
        }
        yield b.array();
      }
      case PR_REPORT_CAPABILITIES -> {
        // SIP_C, ATP_C, PTPL_C; TMV, PTPL_A; all six types.
        int activated = 0x80 | (persistent ? 1 : 0);
        yield new byte[] {0, 8, 0x0D, (byte) activated, (byte) 0xEA, 0x01, 0, 0};
      }
      case PR_READ_FULL_STATUS -> fullStatus();
      default -> throw new IllegalArgumentException(command + " reports no reservation");
    };
  }

  private byte[] fullStatus() {
    List<byte[]> descriptors = new ArrayList<>();
    registrations.forEach((port, registration) -> {
      byte[] id = new TransportId(port).encode();
      ByteBuffer b = ByteBuffer.allocate(24 + id.length).putLong(registration.key);
      boolean holds = isHolder(port);
      b.put(12, (byte) ((registration.allTargetPorts ? 2 : 0) | (holds ? 1 : 0)));
      if (holds && reservation != null) {
        b.put(13, (byte) reservation.type.code());
      }
      b.putShort(18, (short) TARGET_PORT).putInt(20, id.length).position(24).put(id);
      descriptors.add(b.array());
    });
    int length = descriptors.stream().mapToInt(descriptor -> descriptor.length).sum();
    ByteBuffer b = ByteBuffer.allocate(8 + length).putInt(generation).putInt(length);
    descriptors.forEach(b::put);
    return b.array();
  }

  // What survives a loss of power

  /**
   * What a volume's attribute keeps of the state; nothing if nothing is to survive. {@code
   * PRGENERATION} begins anew at each start (SPC-4 6.15.2).
   */
  byte[] encode() {
    if (!persistent || registrations.isEmpty()) {
      return new byte[0];
    }
    List<String> ports = List.copyOf(registrations.keySet());
    int names = ports.stream().mapToInt(port -> port.getBytes(StandardCharsets.UTF_8).length).sum();
    ByteBuffer b = ByteBuffer.allocate(4 + 11 * ports.size() + names);
    b.put(FORMAT).put((byte) (reservation == null ? 0 : reservation.type.code()));
    String holder = reservation == null ? null : reservation.holder;
    b.putShort((short) (holder == null ? -1 : ports.indexOf(holder)));
    registrations.forEach((port, registration) -> {
      byte[] name = port.getBytes(StandardCharsets.UTF_8);
      b.putLong(registration.key).put((byte) (registration.allTargetPorts ? 1 : 0));
      b.putShort((short) name.length).put(name);
    });
    return b.array();
  }

  /**
   * Reads back what {@link #encode} made.
   *
   * @throws IllegalArgumentException if it did not make this
   */
  static ReservationState decode(byte[] bytes) {
    if (bytes.length == 0) {
      return EMPTY;
    }
    ByteBuffer b = ByteBuffer.wrap(bytes);
    try {
      if (b.get() != FORMAT) {
        throw new IllegalArgumentException("reservations of an unknown format " + bytes[0]);
      }
      Optional<ReservationType> type = ReservationType.of(b.get());
      int holder = b.getShort();
      Map<String, Registration> registrations = new LinkedHashMap<>();
      while (b.hasRemaining()) {
        long key = b.getLong();
        boolean allTargetPorts = b.get() != 0;
        byte[] name = new byte[b.getShort() & 0xffff];
        b.get(name);
        registrations.put(
            new String(name, StandardCharsets.UTF_8), new Registration(key, allTargetPorts));
      }
      List<String> ports = List.copyOf(registrations.keySet());
      Reservation reservation =
          type.map(t -> new Reservation(t, holder < 0 ? null : ports.get(holder))).orElse(null);
      return new ReservationState(0, registrations, reservation, true);
    } catch (java.nio.BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("reservations that end too early", e);
    }
  }
}
