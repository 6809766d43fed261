package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parameter list of PERSISTENT RESERVE OUT (SPC-4 6.16.3, 6.16.4), that of REGISTER AND MOVE
 * included.
 *
 * @param key RESERVATION KEY: that of the nexus itself
 * @param actionKey SERVICE ACTION RESERVATION KEY
 * @param persistThroughPowerLoss APTPL
 * @param allTargetPorts ALL_TG_PT; not in REGISTER AND MOVE
 * @param unregister UNREG; only in REGISTER AND MOVE
 * @param relativePort RELATIVE TARGET PORT IDENTIFIER; only in REGISTER AND MOVE
 * @param ports the initiator ports that SPEC_I_PT or REGISTER AND MOVE names
 * @param specifiesPorts SPEC_I_PT; there may be no ports all the same
 */
public record PersistentReserveOutList(
    long key,
    long actionKey,
    boolean persistThroughPowerLoss,
    boolean allTargetPorts,
    boolean unregister,
    int relativePort,
    boolean specifiesPorts,
    List<TransportId> ports) {
  public static final int LENGTH = 24;

  private static final int SPEC_I_PT = 8;
  private static final int ALL_TG_PT = 4;
  private static final int UNREG = 2;
  private static final int APTPL = 1;
  private static final int MOST_PORTS = 1024;

  public PersistentReserveOutList {
    ports = List.copyOf(ports);
  }

  /**
   * Reads a list.
   *
   * @param command the service action
   * @param list all bytes that the CDB announced, or fewer if fewer came
   * @param announcedLength PARAMETER LIST LENGTH of the CDB
   */
  public static Decoded<PersistentReserveOutList> decode(
      Command command, ByteBuffer list, int announcedLength) {
    if (list.remaining() != announcedLength || announcedLength < LENGTH) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    ByteBuffer b = list.slice();
    if (command == Command.PR_REGISTER_AND_MOVE) {
      return decodeMove(b);
    }
    int flags = b.get(20);
    boolean specifies = (flags & SPEC_I_PT) != 0;
    if (specifies && command != Command.PR_REGISTER) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(20));
    }
    if (!specifies && b.capacity() != LENGTH) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    List<TransportId> ports = new ArrayList<>();
    if (specifies) {
      Optional<Sense> refusal = readPorts(b, ports);
      if (refusal.isPresent()) {
        return new Decoded.Invalid<>(refusal.get());
      }
    }
    return new Decoded.Valid<>(
        new PersistentReserveOutList(
            b.getLong(0),
            b.getLong(8),
            (flags & APTPL) != 0,
            (flags & ALL_TG_PT) != 0,
            false,
            0,
            specifies,
            ports));
  }

  /** Reads the TransportIDs of SPEC_I_PT, which lie behind a length of their own. */
  private static Optional<Sense> readPorts(ByteBuffer b, List<TransportId> ports) {
    if (b.capacity() < LENGTH + 4
        || Integer.toUnsignedLong(b.getInt(LENGTH)) != b.capacity() - LENGTH - 4) {
      return Optional.of(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    b.position(LENGTH + 4);
    while (b.hasRemaining()) {
      int at = b.position();
      Optional<TransportId> port = TransportId.decode(b);
      if (port.isEmpty() || ports.size() == MOST_PORTS) {
        return Optional.of(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at));
      }
      ports.add(port.get());
    }
    return Optional.empty();
  }

  private static Decoded<PersistentReserveOutList> decodeMove(ByteBuffer b) {
    if (Integer.toUnsignedLong(b.getInt(20)) != b.capacity() - LENGTH) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    int flags = b.get(17);
    Optional<TransportId> port = TransportId.decode(b.position(LENGTH));
    if (port.isEmpty() || b.hasRemaining()) {
      return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(LENGTH));
    }
    return new Decoded.Valid<>(
        new PersistentReserveOutList(
            b.getLong(0),
            b.getLong(8),
            (flags & APTPL) != 0,
            false,
            (flags & UNREG) != 0,
            b.getShort(18) & 0xffff,
            true,
            List.of(port.get())));
  }
}
