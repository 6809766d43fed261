package io.gantry.target;

import io.gantry.scsi.Decoded;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** The primary commands of one logical unit (SPC-4), but for those that find and read it. */
final class PrimaryCommands {
  private static final int ECHO_BYTES = 4096;

  // WRITE BUFFER and READ BUFFER modes
  private static final int DESCRIPTOR = 0x03;
  private static final int ECHO = 0x0A;
  private static final int ECHO_DESCRIPTOR = 0x0B;

  // Types of identifying information, and their longest.
  private static final int PERIPHERAL = 0;
  private static final int TEXT = 2;
  private static final int TYPES = 0x7F;
  private static final int MOST_PERIPHERAL = 512;
  private static final int MOST_TEXT = 256;

  private static final int PORT_GROUP = VitalProductData.PORT_GROUP;

  private static final int TIMESTAMP_LENGTH = 12;

  /**
   * The device clock (SPC-4 5.2).
   *
   * @param origin TIMESTAMP ORIGIN
   * @param aheadMillis of the pool's clock
   */
  private record Clock(int origin, long aheadMillis) {
    static final int SET_BY_COMMAND = 2;

    /** Set by other means than SET TIMESTAMP. */
    static final Clock OF_THE_POOL = new Clock(3, 0);
  }

  private final Pool pool;
  private final Volume volume;
  private final Reservations reservations;
  private final ModePages modes;
  private final BiConsumer<UnitNexus, Sense> tellOthers;
  private final UnaryOperator<CompletableFuture<ScsiResponse>> whenFlushed;

  private volatile Clock clock = Clock.OF_THE_POOL;

  /**
   * The commands of a volume.
   *
   * @param tellOthers raises a unit attention for all nexuses but one
   * @param whenFlushed gives a good answer when all that was done before is durable
   */
  PrimaryCommands(
      Pool pool,
      Volume volume,
      Reservations reservations,
      ModePages modes,
      BiConsumer<UnitNexus, Sense> tellOthers,
      UnaryOperator<CompletableFuture<ScsiResponse>> whenFlushed) {
    this.pool = pool;
    this.volume = volume;
    this.reservations = reservations;
    this.modes = modes;
    this.tellOthers = tellOthers;
    this.whenFlushed = whenFlushed;
  }

  /** Carries a command out. */
  CompletableFuture<ScsiResponse> execute(UnitNexus nexus, PrimaryCdb cdb, ScsiRequest request)
      throws IOException {
    return switch (cdb) {
      case PrimaryCdb.PersistentReserveOut c -> reservations.change(nexus, c, request);
      case PrimaryCdb.PersistentReserveIn c -> done(reservations.report(c, request));
      case PrimaryCdb.Reserve _ -> done(reservations.reserve(nexus.nexus()));
      case PrimaryCdb.Release _ -> done(reservations.release(nexus.nexus()));
      case PrimaryCdb.ModeSelect c -> modeSelect(nexus, c, request);
      case PrimaryCdb.LogSense c -> done(LogPages.sense(c, request, pool));
      case PrimaryCdb.ReportSupportedOperationCodes c -> done(SupportedCommands.report(c, request));
      case PrimaryCdb.ReportSupportedTaskManagementFunctions c ->
          done(SupportedCommands.report(c, request));
      case PrimaryCdb.ReportTargetPortGroups c -> done(portGroups(c, request));
      case PrimaryCdb.SetTargetPortGroups c -> done(setPortGroups(c, request));
      case PrimaryCdb.ReportTimestamp c -> done(timestamp(c, request));
      case PrimaryCdb.SetTimestamp c -> done(setTimestamp(nexus, c, request));
      case PrimaryCdb.ReportIdentifyingInformation c -> done(identifying(c, request));
      case PrimaryCdb.SetIdentifyingInformation c -> setIdentifying(nexus, c, request);
      case PrimaryCdb.WriteBuffer c -> done(writeBuffer(nexus, c, request));
      case PrimaryCdb.ReadBuffer c -> done(readBuffer(nexus, c, request));
      case PrimaryCdb.SendDiagnostic c -> done(sendDiagnostic(c, request));
      case PrimaryCdb.ReceiveDiagnosticResults c ->
          done(
              c.page() == 0
                  ? CommandData.answer(request, c.allocation(), new byte[] {0, 0, 0, 1, 0})
                  : ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2)));
    };
  }

  private static CompletableFuture<ScsiResponse> done(ScsiResponse response) {
    return CompletableFuture.completedFuture(response);
  }

  private CompletableFuture<ScsiResponse> modeSelect(
      UnitNexus nexus, PrimaryCdb.ModeSelect c, ScsiRequest request) throws IOException {
    boolean hadCache = !modes.writeThrough();
    return switch (modes.select(c, request)) {
      case Decoded.Invalid<Boolean>(Sense sense) -> done(ScsiResponse.check(sense));
      case Decoded.Valid<Boolean>(Boolean changed) -> {
        if (changed) {
          tellOthers.accept(nexus, Sense.MODE_PARAMETERS_CHANGED);
        }
        CompletableFuture<ScsiResponse> good = done(ScsiResponse.good(c.parameterListLength()));
        // What the cache holds is written before there is none (SBC-3 6.4.5).
        boolean waits = c.savePages() || (hadCache && modes.writeThrough());
        yield waits ? whenFlushed.apply(good) : good;
      }
    };
  }

  // SPC-4 6.37: one group of one port, always active/optimized.
  private static ScsiResponse portGroups(PrimaryCdb.ReportTargetPortGroups c, ScsiRequest request) {
    int at = c.extended() ? 8 : 4;
    ByteBuffer b = ByteBuffer.allocate(at + 12).putInt(at + 12 - 4);
    if (c.extended()) {
      b.put(4, (byte) 0x10); // no implicit transition time
    }
    b.put(at, (byte) 0).put(at + 1, (byte) 1); // state and supported states: active/optimized
    b.putShort(at + 2, (short) PORT_GROUP).put(at + 7, (byte) 1);
    b.putShort(at + 10, (short) ReservationState.TARGET_PORT);
    return CommandData.answer(request, c.allocation(), b.array());
  }

  // SPC-4 6.45: the one state there is may be asked for.
  private static ScsiResponse setPortGroups(PrimaryCdb.SetTargetPortGroups c, ScsiRequest request) {
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength()).slice();
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    if (list.remaining() != c.parameterListLength() || list.remaining() % 4 != 0) {
      return ScsiResponse.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    for (int at = 4; at < list.limit(); at += 4) {
      if ((list.get(at) & 0x0F) != 0) {
        return ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at));
      }
      if (list.getShort(at + 2) != PORT_GROUP) {
        return ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at + 2));
      }
    }
    return ScsiResponse.good(list.limit());
  }

  private ScsiResponse timestamp(PrimaryCdb.ReportTimestamp c, ScsiRequest request) {
    Clock now = clock;
    long millis = pool.nowMillis() + now.aheadMillis;
    ByteBuffer b = ByteBuffer.allocate(TIMESTAMP_LENGTH).putShort((short) (TIMESTAMP_LENGTH - 2));
    b.put((byte) now.origin).putShort(4, (short) (millis >> 32)).putInt(6, (int) millis);
    return CommandData.answer(request, c.allocation(), b.array());
  }

  /** What is set holds until the next start: nobody needs it afterwards, and no reset ends it. */
  private ScsiResponse setTimestamp(
      UnitNexus nexus, PrimaryCdb.SetTimestamp c, ScsiRequest request) {
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength()).slice();
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    if (list.remaining() < TIMESTAMP_LENGTH) {
      return ScsiResponse.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    long millis = (list.getShort(4) & 0xffffL) << 32 | (list.getInt(6) & 0xffff_ffffL);
    clock = new Clock(Clock.SET_BY_COMMAND, millis - pool.nowMillis());
    tellOthers.accept(nexus, Sense.TIMESTAMP_CHANGED);
    return ScsiResponse.good(TIMESTAMP_LENGTH);
  }

  // SPC-4 6.32, 6.44

  private static String attribute(int type) {
    return "scsi.identifying-information." + type;
  }

  private ScsiResponse identifying(PrimaryCdb.ReportIdentifyingInformation c, ScsiRequest request) {
    byte[] information;
    if (c.type() == TYPES) {
      ByteBuffer types = ByteBuffer.allocate(8);
      types.put((byte) (PERIPHERAL << 1)).put((byte) 0).putShort((short) MOST_PERIPHERAL);
      types.put((byte) (TEXT << 1)).put((byte) 0).putShort((short) MOST_TEXT);
      information = types.array();
    } else if (c.type() == PERIPHERAL || c.type() == TEXT) {
      information = pool.attribute(volume, attribute(c.type()));
    } else {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(10));
    }
    ByteBuffer b = ByteBuffer.allocate(4 + information.length).putShort((short) 0);
    b.putShort((short) information.length).put(information);
    return CommandData.answer(request, c.allocation(), b.array());
  }

  private CompletableFuture<ScsiResponse> setIdentifying(
      UnitNexus nexus, PrimaryCdb.SetIdentifyingInformation c, ScsiRequest request)
      throws IOException {
    if (c.type() != PERIPHERAL && c.type() != TEXT) {
      return done(ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(10)));
    }
    int most = c.type() == TEXT ? MOST_TEXT : MOST_PERIPHERAL;
    if (Integer.compareUnsigned(c.parameterListLength(), most) > 0) {
      return done(ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(6)));
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
    if (list.remaining() != c.parameterListLength()) {
      return done(ScsiResponse.check(Sense.PARAMETER_LIST_LENGTH_ERROR));
    }
    byte[] information = new byte[list.remaining()];
    list.get(list.position(), information);
    // Text is UTF-8 that ends with a NUL (SPC-4 6.44).
    if (c.type() == TEXT && information.length > 0 && information[information.length - 1] != 0) {
      int last = information.length - 1;
      return done(ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(last)));
    }
    byte[] before = pool.attribute(volume, attribute(c.type()));
    pool.setAttribute(volume, attribute(c.type()), information);
    if (!Arrays.equals(before, information)) {
      tellOthers.accept(nexus, Sense.DEVICE_IDENTIFIER_CHANGED);
    }
    return whenFlushed.apply(done(ScsiResponse.good(information.length)));
  }

  // SPC-4 6.42, 7.2: the one page says which pages there are, and RECEIVE DIAGNOSTIC RESULTS gets
  // it.
  private static ScsiResponse sendDiagnostic(PrimaryCdb.SendDiagnostic c, ScsiRequest request) {
    if (c.parameterListLength() == 0) {
      return ScsiResponse.good(0);
    }
    if (c.selfTest()) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(3));
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength()).slice();
    if (list.remaining() < Integer.BYTES) {
      return ScsiResponse.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    boolean known = list.get(0) == 0;
    return known && list.getShort(2) == 0
        ? ScsiResponse.good(Integer.BYTES)
        : ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(known ? 2 : 0));
  }

  // SPC-4 6.18, 6.49: an echo buffer for each nexus, to test the path.

  private static ScsiResponse writeBuffer(
      UnitNexus nexus, PrimaryCdb.WriteBuffer c, ScsiRequest request) {
    if (c.mode() != ECHO) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(1));
    }
    if (c.offset() != 0) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(3));
    }
    if (c.parameterListLength() > ECHO_BYTES) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(6));
    }
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength());
    byte[] data = new byte[list.remaining()];
    list.get(list.position(), data);
    nexus.echo(data);
    return ScsiResponse.good(data.length);
  }

  private static ScsiResponse readBuffer(
      UnitNexus nexus, PrimaryCdb.ReadBuffer c, ScsiRequest request) {
    return switch (c.mode()) {
      case DESCRIPTOR -> CommandData.answer(request, c.allocation(), new byte[4]);
      case ECHO_DESCRIPTOR ->
          // EBOS: nobody else writes over it.
          CommandData.answer(
              request, c.allocation(), new byte[] {1, 0, (byte) (ECHO_BYTES >> 8), 0});
      case ECHO -> {
        byte[] echo = nexus.echo();
        yield echo == null
            ? ScsiResponse.check(Sense.COMMAND_SEQUENCE_ERROR)
            : CommandData.answer(request, c.allocation(), echo);
      }
      default -> ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(1));
    };
  }
}
