package io.gantry.copy.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.copy.doctor.Bench.Scratch;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Targets that break one rule each, and whether it is found. */
@NullUnmarked
class BrokenTargetsTest {
  private static final long MIB = 1 << 20;

  @TempDir private Path directory;
  private Pool pool;
  private PoolTarget target;
  private Volume volume;

  /** What becomes of a request. */
  private interface Fault {
    ScsiResponse carryOut(ScsiRequest request, ScsiDevice behind) throws IOException;
  }

  private record Faulty(ScsiDevice behind, Fault fault) implements ScsiDevice {
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

  @BeforeEach
  void makeVolume() throws IOException {
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            Pool.DEFAULT_CHUNK,
            PoolOptions.defaults());
    target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test");
    volume = pool.createVolume("volume", 64 * MIB, 512);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private ScsiDevice device(int port) {
    return target.open("iqn.2026-11.io.gantry:test,i,0x%012x".formatted(port), volume.lun());
  }

  private Examination examine(Fault fault, Optional<Scratch> scratch, String... ids)
      throws IOException {
    List<String> wanted = Arrays.asList(ids);
    List<Rule> rules =
        Rules.all().stream().filter(rule -> ids.length == 0 || wanted.contains(rule.id())).toList();
    assertThat(rules).hasSizeGreaterThanOrEqualTo(ids.length);
    try (Bench bench =
        Bench.open(
            new Faulty(device(1), fault),
            () -> new Faulty(device(2), fault),
            scratch,
            System::nanoTime)) {
      return Examination.run(rules, bench, finding -> {});
    }
  }

  /** Rules are broken by the fault, and are kept without it. */
  private void assertBreaks(Fault fault, String... ids) throws IOException {
    Optional<Scratch> scratch = Optional.of(new Scratch(MIB, MIB));
    assertThat(broken(examine((request, behind) -> behind.execute(request), scratch, ids)))
        .isEmpty();
    assertThat(broken(examine(fault, scratch, ids))).containsExactly(ids);
  }

  private static List<String> broken(Examination examination) {
    List<String> broken = new ArrayList<>();
    for (Examination.Finding finding : examination.findings()) {
      assertThat(finding.verdict().kind())
          .as("%s: %s", finding.rule().id(), finding.verdict().found())
          .isIn(Verdict.Kind.MET, Verdict.Kind.NOT_MET);
      if (finding.verdict().kind() == Verdict.Kind.NOT_MET) {
        broken.add(finding.rule().id());
      }
    }
    return broken;
  }

  private static boolean isPage(ScsiRequest request, int code) {
    byte[] cdb = request.cdb();
    return cdb[0] == 0x12 && (cdb[1] & 1) != 0 && (cdb[2] & 0xff) == code;
  }

  private static boolean is(ScsiRequest request, int opcode, int action) {
    return (request.cdb()[0] & 0xff) == opcode && (request.cdb()[1] & 0x1f) == action;
  }

  /** Changes what a command returns. */
  private interface Change {
    void apply(ByteBuffer data);
  }

  private static Fault onPage(int code, Change change) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      if (isPage(request, code)) {
        change.apply(request.dataIn());
      }
      return response;
    };
  }

  private static Fault onReport(Change change) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      if (is(request, 0x84, 0x07) && response.isGood()) {
        change.apply(request.dataIn());
      }
      return response;
    };
  }

  @Test
  void whatIsSaidWrongAtDiscovery() throws IOException {
    assertBreaks(onPage(0x00, data -> data.put(5, (byte) 0xFF)), "D2");
    assertBreaks(onPage(0x8F, data -> data.putShort(4, (short) 1)), "D4");
    assertBreaks(onPage(0x8F, data -> data.putInt(4 + 16, 1)), "D5");
    assertBreaks(onPage(0x8F, data -> data.putLong(4 + 20, 2048)), "D6");
    assertBreaks(onPage(0x8F, data -> data.putShort(4 + 10, (short) 1)), "D8");
  }

  private static Fault onAnswer(int opcode, int action, Change change) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      if (is(request, opcode, action) && request.dataIn() != null) {
        change.apply(request.dataIn());
      }
      return response;
    };
  }

  /** Refuses what is not refused, or for another reason than it is. */
  private static Fault refuse(int opcode, int action, Sense sense) {
    return (request, behind) -> {
      ScsiResponse response = behind.execute(request);
      return is(request, opcode, action) ? ScsiResponse.check(sense) : response;
    };
  }

  @Test
  void whatElseIsSaidWrongAtDiscovery() throws IOException {
    assertBreaks(onAnswer(0x12, 0, data -> data.put(0, (byte) 0x7F)), "D1");
    assertBreaks(onPage(0x00, BrokenTargetsTest::hideTokens), "D3");
    assertBreaks(onPage(0x8F, data -> data.putLong(4 + 28, -1)), "D7");
    assertBreaks(onPage(0xB0, data -> data.put(1, (byte) 0)), "D9");
    assertBreaks(onAnswer(0x12, 0, data -> data.put(5, (byte) 0)), "D10");
    assertBreaks(onPage(0x8F, data -> data.putShort(6, (short) 0x1E)), "D4", "D11");
    assertBreaks(onPage(0x8F, data -> data.put(45, (byte) 0x82)), "D12");
    assertBreaks(onPage(0x8F, BrokenTargetsTest::promiseNoPointInTime), "D13");
    assertBreaks(onPage(0x8F, BrokenTargetsTest::takeNoZeroToken), "D14");
    assertBreaks(onAnswer(0xA3, 0x0C, data -> data.put(1, (byte) 1)), "D16", "D17", "D18");
    assertBreaks(onPage(0x83, data -> data.putShort(2, (short) 0)), "D19");
    assertBreaks(onAnswer(0x9E, 0x10, data -> data.put(14, (byte) 0x80)), "D20");
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

  private static void takeNoZeroToken(ByteBuffer page) {
    replaceAll(page, 0xFFFF_0001, 0xFFFF_0002);
  }

  private static void replaceAll(ByteBuffer page, int number, int other) {
    for (int at = 0; at + 4 <= page.limit(); at += 4) {
      if (page.getInt(at) == number) {
        page.putInt(at, other);
      }
    }
  }

  @Test
  void tokensThatCannotBeMadeAsTheyShould() throws IOException {
    Sense invalid = Sense.INVALID_FIELD_IN_PARAMETER_LIST;
    assertBreaks(refuse(0x83, 0x10, invalid.at(2)), "P1", "P3", "P4", "P9", "P10", "P18");
    assertBreaks(refuse(0x83, 0x10, invalid.at(2)), "P21", "P22", "P23");
    assertBreaks(onReport(data -> data.putLong(16, 1)), "P5", "P13", "P14", "P19");
    assertBreaks(
        (request, behind) ->
            is(request, 0x83, 0x10)
                    && request.dataOut() != null
                    && request.dataOut().getInt(8) != 0
                    && (request.dataOut().get(2) & 2) == 0
                ? ScsiResponse.check(Sense.INVALID_FIELD_IN_PARAMETER_LIST)
                : behind.execute(request),
        "P18");
  }

  @Test
  void tokensThatAreNotWhatTheyShouldBe() throws IOException {
    assertBreaks(onReport(data -> data.put(4, (byte) 0x11)), "R7");
    assertBreaks(onReport(data -> data.putShort(38 + 6, (short) 0x01F0)), "R15");
    assertBreaks(
        onReport(data -> {
          for (int at = 38 + 96; at < Math.min(data.limit(), 38 + 512); at++) {
            data.put(at, (byte) 0x11);
          }
        }),
        "R16");
    byte[] content = new byte[4096];
    Arrays.fill(content, (byte) 7);
    volume.write(MIB, ByteBuffer.wrap(content));
    assertBreaks(onReport(data -> data.putInt(38, 0xFFFF_0001)), "R19");
    assertBreaks(
        (request, behind) ->
            is(request, 0x84, 0x07) && request.dataIn() == null
                ? ScsiResponse.good(0)
                : behind.execute(request),
        "R18");
    assertBreaks(
        (request, behind) -> {
          ScsiResponse response = behind.execute(request);
          return is(request, 0x84, 0x07) && !response.isGood() ? ScsiResponse.good(0) : response;
        },
        "R11",
        "R12",
        "R18");
  }

  @Test
  void copiesThatAreCutAndToldAsSomethingElse() throws IOException {
    assertBreaks(
        onReport(data -> {
          if ((data.get(4) & 0x1f) == 0x11) {
            data.put(5, (byte) 4);
          }
        }),
        "W27");
    assertBreaks(
        (request, behind) -> {
          ScsiResponse response = behind.execute(request);
          return is(request, 0x83, 0x11) && !response.isGood()
              ? ScsiResponse.check(Sense.UNRECOVERED_READ_ERROR)
              : response;
        },
        "W25",
        "W26",
        "W12",
        "W13",
        "W14",
        "W18",
        "W19",
        "W21",
        "W23",
        "W29");
  }

  /** Ranges of a command in the order of their blocks, not in that of the list. */
  @Test
  void rangesThatAreSorted() throws IOException {
    assertBreaks(
        (request, behind) -> {
          if (is(request, 0x83, 0x11) && request.expectedLength() > 536) {
            ByteBuffer list = request.dataOut();
            List<byte[]> ranges = new ArrayList<>();
            for (int at = 536; at + 16 <= list.limit(); at += 16) {
              byte[] range = new byte[16];
              list.get(at, range);
              ranges.add(range);
            }
            ranges.sort(Arrays::compareUnsigned);
            for (int i = 0; i < ranges.size(); i++) {
              list.put(536 + 16 * i, ranges.get(i));
            }
          }
          if (is(request, 0x83, 0x10) && request.expectedLength() > 32) {
            ByteBuffer list = request.dataOut();
            byte[] last = new byte[16];
            list.get(list.limit() - 16, last);
            byte[] first = new byte[16];
            list.get(16, first);
            list.put(16, last);
            list.put(list.limit() - 16, first);
          }
          return behind.execute(request);
        },
        "W6",
        "W28");
  }

  @Test
  void aTokenThatIsLostWithItsFirstUse() throws IOException {
    List<ByteBuffer> used = new ArrayList<>();
    assertBreaks(
        (request, behind) -> {
          if (is(request, 0x83, 0x11)) {
            byte[] token = new byte[512];
            request.dataOut().get(16, token);
            if (used.contains(ByteBuffer.wrap(token))) {
              return ScsiResponse.check(Sense.TOKEN_UNKNOWN);
            }
            used.add(ByteBuffer.wrap(token));
          }
          return behind.execute(request);
        },
        "W8");
  }

  @Test
  void reservationsThatDoNotCount() throws IOException {
    assertBreaks(
        (request, behind) ->
            (request.cdb()[0] & 0xff) == 0x5F
                ? ScsiResponse.good(request.expectedLength())
                : behind.execute(request),
        "T9",
        "T11");
  }

  @Test
  void whatIsReportedWrong() throws IOException {
    assertBreaks(onReport(data -> data.put(5, (byte) 0x04)), "R1");
    assertBreaks(onReport(data -> data.put(15, (byte) 0x00)), "R2");
    assertBreaks(onReport(data -> data.putLong(16, 9)), "R3");
    assertBreaks(onReport(data -> data.putInt(32, 512)), "R4");
    assertBreaks(onReport(data -> data.putShort(24, (short) 1)), "R5");
    assertBreaks(onReport(data -> data.putInt(0, 1)), "R6");
    assertBreaks(onReport(data -> data.putInt(8, 0)), "R8");
  }

  @Test
  void aResultThatIsForgottenWhenItWasRead() throws IOException {
    List<Integer> read = new ArrayList<>();
    assertBreaks(
        (request, behind) -> {
          int list = ByteBuffer.wrap(request.cdb()).getInt(2);
          if (is(request, 0x84, 0x07) && read.contains(list)) {
            return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB);
          }
          ScsiResponse response = behind.execute(request);
          if (is(request, 0x84, 0x07) && response.isGood()) {
            read.add(list);
          }
          return response;
        },
        "R9",
        "R10");
  }

  @Test
  void errorsThatAreTakenForSuccess() throws IOException {
    Fault alwaysGood =
        (request, behind) -> {
          ScsiResponse response = behind.execute(request);
          return is(request, 0x83, 0x10) || is(request, 0x83, 0x11)
              ? ScsiResponse.good(response.transferLength())
              : response;
        };
    assertBreaks(
        alwaysGood, "P3", "P4", "P8", "P10", "P11", "P12", "P17", "W9", "W11", "W13", "W17", "W20");
  }

  @Test
  void aCopyThatDoesNothing() throws IOException {
    assertBreaks(
        (request, behind) ->
            is(request, 0x83, 0x11)
                ? ScsiResponse.good(request.expectedLength())
                : behind.execute(request),
        "W2",
        "W5",
        "W6",
        "W7",
        "W8",
        "W15");
  }

  /** As CTL does it: a token names blocks, and their content is looked up when it is used. */
  @Test
  void aTokenThatIsNoPointInTime() throws IOException {
    Map<Integer, byte[]> lists = new HashMap<>();
    Map<String, byte[]> made = new HashMap<>();
    Fault byReference =
        (request, behind) -> {
          if (is(request, 0x83, 0x10)) {
            byte[] list = new byte[request.dataOut().remaining()];
            request.dataOut().duplicate().get(list);
            lists.put(ByteBuffer.wrap(request.cdb()).getInt(6), list);
          }
          if (is(request, 0x83, 0x11)) {
            byte[] token = new byte[512];
            request.dataOut().get(16, token);
            byte[] list = made.get(Arrays.toString(token));
            if (list != null) {
              request.dataOut().put(16, freshToken(behind, list));
            }
          }
          ScsiResponse response = behind.execute(request);
          if (is(request, 0x84, 0x07) && response.isGood()) {
            byte[] token = new byte[512];
            request.dataIn().get(38, token);
            made.put(Arrays.toString(token), lists.get(ByteBuffer.wrap(request.cdb()).getInt(2)));
          }
          return response;
        };
    assertBreaks(byReference, "W4");
    Examination examination =
        examine(byReference, Optional.of(new Scratch(MIB, MIB)), "D1", "W4", "D2");
    assertThat(examination.conclusion())
        .startsWith("Do not let Windows offload copies on this disk, they can hold wrong data: ");
  }

  private static byte[] freshToken(ScsiDevice behind, byte[] list) throws IOException {
    byte[] populate = Bytes.populateToken(0x7777, list.length);
    assertThat(behind.execute(new ScsiRequest(populate, ByteBuffer.wrap(list), null)).isGood())
        .isTrue();
    ByteBuffer report = ByteBuffer.allocate(1024);
    behind.execute(new ScsiRequest(Bytes.receiveRodTokenInformation(0x7777, 1024), null, report));
    byte[] token = new byte[512];
    report.get(38, token);
    return token;
  }

  @Test
  void aDiskWithoutTokensIsToldFromABrokenOne() throws IOException {
    Examination examination =
        examine(
            (request, behind) ->
                isPage(request, 0x8F)
                        || (request.cdb()[0] & 0xff) == 0x83
                        || (request.cdb()[0] & 0xff) == 0x84
                    ? ScsiResponse.check(Sense.INVALID_OPERATION_CODE)
                    : behind.execute(request),
            Optional.of(new Scratch(MIB, MIB)));
    assertThat(
            examination.findings().stream()
                .filter(finding -> finding.verdict().kind() == Verdict.Kind.NOT_MET)
                .map(finding -> finding.rule().id()))
        .containsExactly("D4", "P1");
    assertThat(examination.isOffloading()).isFalse();
    assertThat(examination.conclusion())
        .startsWith("Windows will not offload copies on this disk, it will read and write them: ")
        .endsWith(" (D4).");
  }

  @Test
  void withoutAScratchRangeNothingIsWritten() throws IOException {
    Examination examination =
        examine(
            (request, behind) -> {
              int opcode = request.cdb()[0] & 0xff;
              boolean writes =
                  opcode == 0x8A || opcode == 0x5F || (opcode == 0x83 && request.cdb()[1] != 0x10);
              assertThat(writes && request.expectedLength() > 0).isFalse();
              return behind.execute(request);
            },
            Optional.empty());
    assertThat(examination.isPassed()).isTrue();
    assertThat(examination.count(Verdict.Kind.NOT_CHECKED)).isGreaterThan(20);
    assertThat(examination.conclusion()).contains("name a range that may be overwritten");
  }

  @Test
  void aDiskThatGoesInTheMiddleEndsIt() throws IOException {
    int[] commands = {0};
    Examination examination =
        examine(
            (request, behind) -> {
              if (++commands[0] > 20) {
                throw new IOException("connection lost");
              }
              return behind.execute(request);
            },
            Optional.of(new Scratch(MIB, MIB)));
    assertThat(examination.isPassed()).isFalse();
    assertThat(examination.conclusion())
        .isEqualTo("The disk was lost in the middle (connection lost): look into that first.");
    assertThat(examination.findings()).hasSize(Rules.all().size());
  }

  @Test
  void aScratchRangeThatCannotBe() {
    Fault none = (request, behind) -> behind.execute(request);
    assertThatThrownBy(() -> examine(none, Optional.of(new Scratch(0, 4096))))
        .hasMessageContaining("must begin and end with blocks of 512 bytes, and have 131,072");
    assertThatThrownBy(() -> examine(none, Optional.of(new Scratch(63 * MIB, 2 * MIB))))
        .hasMessageContaining("ends behind the last of 67,108,864 bytes");
  }
}
