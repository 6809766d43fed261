package io.gantry.copy.doctor;

import static java.util.Map.entry;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.NullUnmarked;

/** For each rule, something wrong on the way to a right target that breaks it. */
@NullUnmarked
final class BrokenTargets {
  private BrokenTargets() {}

  /** What becomes of a request. */
  interface Fault {
    ScsiResponse carryOut(ScsiRequest request, ScsiDevice behind) throws IOException;
  }

  static final Fault NONE = (request, behind) -> behind.execute(request);

  /** A device with a fault on the way to it. */
  record Faulty(ScsiDevice behind, Fault fault) implements ScsiDevice {
    @Override
    public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
      try {
        return CompletableFuture.completedFuture(fault.carryOut(request, behind));
      } catch (IOException e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    @Override
    public void close() throws IOException {
      behind.close();
    }
  }

  /** Changes what a command returns. */
  interface Change {
    void apply(ByteBuffer data);
  }

  static boolean is(ScsiRequest request, int opcode) {
    return (request.cdb()[0] & 0xff) == opcode;
  }

  static boolean is(ScsiRequest request, int opcode, int action) {
    return is(request, opcode) && (request.cdb()[1] & 0x1f) == action;
  }

  static boolean isPage(ScsiRequest request, int code) {
    return is(request, 0x12) && (request.cdb()[1] & 1) != 0 && (request.cdb()[2] & 0xff) == code;
  }

  static Fault onPage(int code, Change change) {
    return changing(request -> isPage(request, code), change);
  }

  static Fault onAnswer(int opcode, int action, Change change) {
    return changing(request -> is(request, opcode, action), change);
  }

  /** Changes what RECEIVE ROD TOKEN INFORMATION returns. */
  static Fault onReport(Change change) {
    return onAnswer(0x84, 0x07, change);
  }

  /** The same for results of WRITE USING TOKEN only. */
  private static Fault onReportOfCopy(Change change) {
    return onReport(data -> {
      if ((data.get(4) & 0x1f) == 0x11) {
        change.apply(data);
      }
    });
  }

  private static Fault changing(Predicate<ScsiRequest> which, Change change) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      if (which.test(request) && response.isGood() && request.dataIn() != null) {
        change.apply(request.dataIn());
      }
      return response;
    };
  }

  /** Carries a command out, and answers that it did not. */
  static Fault refuses(int opcode, int action, Sense sense) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      return is(request, opcode, action) ? ScsiResponse.check(sense) : response;
    };
  }

  /** Refuses a command for a reason of its own wherever it is refused. */
  static Fault refusesOtherwise(int opcode, int action, Sense sense) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      return is(request, opcode, action) && !response.isGood()
          ? ScsiResponse.check(sense)
          : response;
    };
  }

  /** Carries a command out if it can, and says in any case that it did. */
  static Fault alwaysGood(int opcode, int action) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      return is(request, opcode, action) ? ScsiResponse.good(response.transferLength()) : response;
    };
  }

  /** Says that it has carried a command out, and did nothing. */
  static Fault doesNothing(int opcode, int action) {
    return (request, behind) ->
        is(request, opcode, action)
            ? ScsiResponse.good(request.expectedLength())
            : behind.execute(request);
  }

  private static final Sense INVALID = Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(2);
  private static final Fault TOKENS_ALWAYS_GOOD = alwaysGood(0x83, 0x10);
  private static final Fault COPIES_ALWAYS_GOOD = alwaysGood(0x83, 0x11);
  private static final Fault TOKENS_REFUSED = refuses(0x83, 0x10, INVALID);
  private static final Fault COPIES_REFUSED = refuses(0x83, 0x11, INVALID);
  private static final Fault COPIES_DO_NOTHING = doesNothing(0x83, 0x11);
  private static final Fault OTHER_REASON =
      refusesOtherwise(0x83, 0x11, Sense.INVALID_FIELD_IN_CDB);
  private static final Fault EXTENDED_ALWAYS_GOOD = alwaysGood(0x83, 0x00);

  /** By rule. Each examination needs a fault of its own, for some remember what has been. */
  static final Map<String, Supplier<Fault>> FAULTS = faults();

  private static Map<String, Supplier<Fault>> faults() {
    Map<String, Supplier<Fault>> all = new TreeMap<>();
    all.putAll(discovery());
    all.putAll(populating());
    all.putAll(reporting());
    all.putAll(writing());
    all.putAll(living());
    all.putAll(extendedCopy());
    return all;
  }

  private static Supplier<Fault> same(Fault fault) {
    return () -> fault;
  }

  private static Map<String, Supplier<Fault>> discovery() {
    Fault unknown = onAnswer(0xA3, 0x0C, data -> data.put(1, (byte) 1));
    return Map.ofEntries(
        entry("D1", same(onAnswer(0x12, 0, data -> data.put(0, (byte) 0x7F)))),
        entry("D2", same(onPage(0x00, data -> data.put(5, (byte) 0xFF)))),
        entry("D3", same(onPage(0x00, BrokenTargets::hideTokens))),
        entry("D4", same(onPage(0x8F, data -> data.putShort(4, (short) 1)))),
        entry("D5", same(onPage(0x8F, data -> data.putInt(4 + 16, 1)))),
        entry("D6", same(onPage(0x8F, data -> data.putLong(4 + 20, 2048)))),
        entry("D7", same(onPage(0x8F, data -> data.putLong(4 + 28, -1)))),
        entry("D8", same(onPage(0x8F, data -> data.putShort(4 + 10, (short) 1)))),
        entry("D9", same(onPage(0xB0, data -> data.put(1, (byte) 0)))),
        entry("D10", same(onAnswer(0x12, 0, data -> data.put(5, (byte) 0)))),
        entry("D11", same(onPage(0x8F, data -> data.putShort(6, (short) 0x1E)))),
        entry("D12", same(onPage(0x8F, data -> data.put(45, (byte) 0x82)))),
        entry("D13", same(onPage(0x8F, BrokenTargets::promiseNoPointInTime))),
        entry("D14", same(onPage(0x8F, data -> replaceAll(data, 0xFFFF_0001, 0xFFFF_0002)))),
        entry("D15", same(onPage(0x8F, data -> replaceAll(data, 0x8001_0020, 0x8002_0020)))),
        entry("D16", same(unknown)),
        entry("D17", same(unknown)),
        entry("D18", same(unknown)),
        entry("D19", same(onPage(0x83, data -> data.putShort(2, (short) 0)))),
        entry("D20", same(onAnswer(0x9E, 0x10, data -> data.put(14, (byte) 0x80)))));
  }

  private static void hideTokens(ByteBuffer pages) {
    for (int at = 4; at < pages.limit(); at++) {
      if (pages.get(at) == (byte) 0x8F) {
        pages.put(at, (byte) 0x8E);
      }
    }
  }

  private static void promiseNoPointInTime(ByteBuffer page) {
    for (int type = 0x0080_0000; type <= 0x0080_0003; type++) {
      replaceAll(page, type, 0x0001_0000);
    }
    replaceAll(page, 0x0080_FFFF, 0x0001_0000);
  }

  private static void replaceAll(ByteBuffer page, int number, int other) {
    for (int at = 0; at + 4 <= page.limit(); at += 4) {
      if (page.getInt(at) == number) {
        page.putInt(at, other);
      }
    }
  }

  private static Map<String, Supplier<Fault>> populating() {
    Supplier<Fault> good = same(TOKENS_ALWAYS_GOOD);
    Supplier<Fault> refused = same(TOKENS_REFUSED);
    Supplier<Fault> miscounted = same(onReport(data -> data.putLong(16, 1)));
    return Map.ofEntries(
        entry("P1", refused),
        entry("P3", good),
        entry("P4", good),
        entry("P5", miscounted),
        entry("P6", good),
        entry("P7", good),
        entry("P8", good),
        entry("P9", refused),
        entry("P10", good),
        entry("P11", good),
        entry("P12", good),
        entry("P13", miscounted),
        entry("P14", miscounted),
        entry("P15", same(onReport(data -> data.putInt(38, 0x0080_0001)))),
        entry("P16", same(onReport(data -> data.putInt(38, 0x0001_0000)))),
        entry("P17", good),
        entry("P18", same(BrokenTargets::looksAtTheTypeWithoutRtv)),
        entry("P19", miscounted),
        entry("P20", same(alwaysGood(0x83, 0x1F))),
        entry("P21", refused),
        entry("P22", refused),
        entry("P23", refused));
  }

  private static ScsiResponse looksAtTheTypeWithoutRtv(ScsiRequest request, ScsiDevice behind)
      throws IOException {
    ByteBuffer list = request.dataOut();
    boolean wrong =
        is(request, 0x83, 0x10) && list != null && list.getInt(8) != 0 && (list.get(2) & 2) == 0;
    return wrong ? ScsiResponse.check(INVALID) : behind.execute(request);
  }

  private static Map<String, Supplier<Fault>> reporting() {
    return Map.ofEntries(
        entry("R1", same(onReport(data -> data.put(5, (byte) 0x04)))),
        entry("R2", same(onReport(data -> data.put(15, (byte) 0x00)))),
        entry("R3", same(onReport(data -> data.putLong(16, 9)))),
        entry("R4", same(onReport(data -> data.putInt(32, 512)))),
        entry("R5", same(onReport(data -> data.putShort(24, (short) 1)))),
        entry("R6", same(onReport(data -> data.putInt(0, 1)))),
        entry("R7", same(onReport(data -> data.put(4, (byte) 0x11)))),
        entry("R8", same(onReport(data -> data.putInt(8, 0)))),
        entry("R9", BrokenTargets::forgetsWhatWasRead),
        entry("R10", BrokenTargets::forgetsWhatWasRead),
        entry("R11", same(alwaysGood(0x84, 0x07))),
        entry("R12", same(alwaysGood(0x84, 0x07))),
        entry("R13", same(onReport(data -> data.putLong(16, 16)))),
        entry("R14", same(onAnswer(0x84, 0x05, data -> data.putLong(16, 1)))),
        entry("R15", same(onReport(data -> data.putShort(38 + 6, (short) 0x01F0)))),
        entry(
            "R16",
            same(
                onReport(data -> {
                  for (int at = 38 + 96; at < Math.min(data.limit(), 38 + 512); at++) {
                    data.put(at, (byte) 0x11);
                  }
                }))),
        entry("R17", same(onAnswer(0x84, 0x08, BrokenTargets::listOtherTokens))),
        entry("R18", same(doesNothing(0x84, 0x07))),
        entry("R19", same(onReport(data -> data.putInt(38, 0xFFFF_0001)))));
  }

  private static void listOtherTokens(ByteBuffer list) {
    for (int at = 8; at + 96 <= list.limit(); at += 96) {
      list.putLong(at + 8, 0);
    }
  }

  private static Fault forgetsWhatWasRead() {
    List<Integer> read = new ArrayList<>();
    return (request, behind) -> {
      int list = ByteBuffer.wrap(request.cdb()).getInt(2);
      if (is(request, 0x84, 0x07) && read.contains(list)) {
        return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB);
      }
      ScsiResponse response = behind.execute(request);
      if (is(request, 0x84, 0x07) && response.isGood()) {
        read.add(list);
      }
      return response;
    };
  }

  private static Map<String, Supplier<Fault>> writing() {
    Supplier<Fault> good = same(COPIES_ALWAYS_GOOD);
    Supplier<Fault> nothing = same(COPIES_DO_NOTHING);
    Supplier<Fault> otherwise = same(OTHER_REASON);
    Supplier<Fault> refused = same(COPIES_REFUSED);
    return Map.ofEntries(
        entry("W1", refused),
        entry("W2", nothing),
        entry("W3", same(BrokenTargets::writesTheBlockBefore)),
        entry("W4", BrokenTargets::copiesByReference),
        entry("W5", same(BrokenTargets::copiesFromTheStart)),
        entry("W6", same(BrokenTargets::sortsRanges)),
        entry("W7", nothing),
        entry("W8", BrokenTargets::takesATokenOnce),
        entry("W9", good),
        entry("W25", otherwise),
        entry("W10", same(onReportOfCopy(data -> data.put(5, (byte) 4)))),
        entry("W11", good),
        entry("W26", otherwise),
        entry("W12", otherwise),
        entry("W13", otherwise),
        entry("W14", otherwise),
        entry("W15", nothing),
        entry("W16", nothing),
        entry("W17", good),
        entry("W18", otherwise),
        entry("W19", otherwise),
        entry("W20", good),
        entry("W21", otherwise),
        entry("W22", refused),
        entry("W23", otherwise),
        entry("W24", BrokenTargets::takesTokensOnOnePath),
        entry("W27", same(onReportOfCopy(data -> data.put(5, (byte) 4)))),
        entry("W28", same(BrokenTargets::sortsRanges)),
        entry("W29", refused),
        entry("W30", refused),
        entry("W31", good),
        entry("W32", good));
  }

  private static ScsiResponse writesTheBlockBefore(ScsiRequest request, ScsiDevice behind)
      throws IOException {
    if (is(request, 0x83, 0x11)) {
      long lba = request.dataOut().getLong(536) - 1;
      byte[] write = Bytes.of("8a 00", Bytes.u64(lba), Bytes.u32(1), "0000");
      behind.execute(new ScsiRequest(write, ByteBuffer.allocate(512), null));
    }
    return behind.execute(request);
  }

  private static ScsiResponse copiesFromTheStart(ScsiRequest request, ScsiDevice behind)
      throws IOException {
    if (is(request, 0x83, 0x11)) {
      request.dataOut().putLong(8, 0);
    }
    return behind.execute(request);
  }

  /** As CTL does it: a token names blocks, and their content is looked up when it is used. */
  static Fault copiesByReference() {
    Map<Integer, byte[]> lists = new HashMap<>();
    Map<ByteBuffer, byte[]> made = new HashMap<>();
    return (request, behind) -> {
      if (is(request, 0x83, 0x10)) {
        byte[] list = new byte[request.dataOut().remaining()];
        request.dataOut().duplicate().get(list);
        lists.put(ByteBuffer.wrap(request.cdb()).getInt(6), list);
      }
      if (is(request, 0x83, 0x11)) {
        byte[] list = made.get(token(request));
        if (list != null) {
          request.dataOut().put(16, freshToken(behind, list));
        }
      }
      ScsiResponse response = behind.execute(request);
      if (is(request, 0x84, 0x07) && response.isGood()) {
        byte[] token = new byte[512];
        request.dataIn().get(38, token);
        made.put(ByteBuffer.wrap(token), lists.get(ByteBuffer.wrap(request.cdb()).getInt(2)));
      }
      return response;
    };
  }

  /** The token of a WRITE USING TOKEN. */
  private static ByteBuffer token(ScsiRequest request) {
    byte[] token = new byte[512];
    request.dataOut().get(16, token);
    return ByteBuffer.wrap(token);
  }

  private static byte[] freshToken(ScsiDevice behind, byte[] list) throws IOException {
    byte[] populate = Bytes.populateToken(0x7777, list.length);
    behind.execute(new ScsiRequest(populate, ByteBuffer.wrap(list), null));
    ByteBuffer report = ByteBuffer.allocate(1024);
    behind.execute(new ScsiRequest(Bytes.receiveRodTokenInformation(0x7777, 1024), null, report));
    byte[] token = new byte[512];
    report.get(38, token);
    return token;
  }

  /** Ranges of a command in the order of their blocks, not in that of the list. */
  private static ScsiResponse sortsRanges(ScsiRequest request, ScsiDevice behind)
      throws IOException {
    int start = is(request, 0x83, 0x11) ? 536 : is(request, 0x83, 0x10) ? 16 : 0;
    if (start > 0) {
      ByteBuffer list = request.dataOut();
      List<byte[]> ranges = new ArrayList<>();
      for (int at = start; at + 16 <= list.limit(); at += 16) {
        byte[] range = new byte[16];
        list.get(at, range);
        ranges.add(range);
      }
      ranges.sort(Arrays::compareUnsigned);
      for (int i = 0; i < ranges.size(); i++) {
        list.put(start + 16 * i, ranges.get(i));
      }
    }
    return behind.execute(request);
  }

  private static Fault takesATokenOnce() {
    List<ByteBuffer> used = new ArrayList<>();
    return (request, behind) -> {
      if (is(request, 0x83, 0x11)) {
        ByteBuffer token = token(request);
        if (used.contains(token)) {
          return ScsiResponse.check(Sense.TOKEN_EXPIRED);
        }
        used.add(token);
      }
      return behind.execute(request);
    };
  }

  @SuppressWarnings("ReferenceEquality")
  private static Fault takesTokensOnOnePath() {
    ScsiDevice[] first = new ScsiDevice[1];
    return (request, behind) -> {
      first[0] = first[0] == null ? behind : first[0];
      return is(request, 0x83, 0x11) && behind != first[0]
          ? ScsiResponse.check(Sense.TOKEN_UNKNOWN)
          : behind.execute(request);
    };
  }

  private static Map<String, Supplier<Fault>> living() {
    Fault noReservations = doesNothing(0x5F, 0x01); // RESERVE
    return Map.ofEntries(
        entry("T1", same(BrokenTargets::deletesNoToken)),
        entry("T2", same(COPIES_ALWAYS_GOOD)),
        entry("T3", BrokenTargets::takesATokenOnce),
        entry("T4", same(COPIES_ALWAYS_GOOD)),
        entry("T5", BrokenTargets::copiesByReference),
        entry("T6", same(COPIES_DO_NOTHING)),
        entry("T7", same(onReport(data -> data.put(5, (byte) 0x12)))),
        entry("T8", same(alwaysGood(0x83, 0x1C))),
        entry("T9", same(noReservations)),
        entry("T10", BrokenTargets::letsNobodyRead),
        entry("T11", same(noReservations)),
        entry("T12", same(alwaysGood(0x83, 0x1C))),
        entry("T13", same(COPIES_DO_NOTHING)),
        entry("T14", same(TOKENS_ALWAYS_GOOD)),
        entry("T15", same(onReportOfCopy(data -> data.put(5, (byte) 0x11)))),
        entry("T16", same(doesNothing(0x83, 0x1C))),
        entry("T17", same(OTHER_REASON)));
  }

  private static ScsiResponse deletesNoToken(ScsiRequest request, ScsiDevice behind)
      throws IOException {
    if (is(request, 0x83, 0x11)) {
      request.dataOut().put(2, (byte) (request.dataOut().get(2) & ~2));
    }
    return behind.execute(request);
  }

  /** A reservation is in the way of POPULATE TOKEN, whatever its type. */
  private static Fault letsNobodyRead() {
    boolean[] reserved = {false};
    return (request, behind) -> {
      reserved[0] |= is(request, 0x5F, 0x01);
      return reserved[0] && is(request, 0x83, 0x10)
          ? new ScsiResponse(ScsiStatus.RESERVATION_CONFLICT, null, 0)
          : behind.execute(request);
    };
  }

  private static Map<String, Supplier<Fault>> extendedCopy() {
    Map<String, Supplier<Fault>> all = new HashMap<>();
    for (int i = 5; i <= 16; i++) {
      all.put("X" + i, same(EXTENDED_ALWAYS_GOOD));
    }
    all.put("X1", same(onAnswer(0x84, 0x03, data -> data.putInt(0, 1))));
    all.put("X2", same(doesNothing(0x83, 0x00)));
    all.put("X3", same(doesNothing(0x83, 0x00)));
    all.put("X4", same(refuses(0x83, 0x00, INVALID)));
    all.put("X17", same(refuses(0x84, 0x00, Sense.INVALID_FIELD_IN_CDB)));
    all.put("X18", same(refuses(0x83, 0x01, Sense.UNREACHABLE_COPY_TARGET)));
    all.put("X19", same(alwaysGood(0x83, 0x01)));
    all.put("X20", same(EXTENDED_ALWAYS_GOOD));
    all.put("X21", same(onAnswer(0x84, 0x04, data -> data.put(56, (byte) 0))));
    all.put("X22", same(onAnswer(0x84, 0x04, data -> data.putInt(0, 76))));
    all.put("X23", same(doesNothing(0x83, 0x00)));
    return all;
  }

  /**
   * Takes five seconds for each token, and for each copy.
   *
   * @param clock of the examination
   */
  static Fault slow(TestClock clock) {
    return (request, behind) -> {
      if (is(request, 0x83)) {
        clock.advance(Duration.ofSeconds(5));
      }
      return behind.execute(request);
    };
  }
}
