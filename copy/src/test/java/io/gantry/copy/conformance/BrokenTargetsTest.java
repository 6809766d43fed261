package io.gantry.copy.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.copy.conformance.Bench.Scratch;
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
    assertThat(examination.conclusion())
        .isEqualTo(
            "Windows does not offload copies on this disk, it reads and writes them: Windows reads"
                + " the first descriptor only, and that must be this one.");
  }

  @Test
  void withoutAScratchRangeNothingIsWritten() throws IOException {
    Examination examination =
        examine(
            (request, behind) -> {
              int opcode = request.cdb()[0] & 0xff;
              boolean writes =
                  opcode == 0x8A || opcode == 0x5F || (opcode == 0x83 && request.cdb()[1] == 0x11);
              assertThat(writes && request.expectedLength() > 0).isFalse();
              return behind.execute(request);
            },
            Optional.empty());
    assertThat(examination.count(Verdict.Kind.NOT_TESTED)).isGreaterThan(20);
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
