package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.BrokenTargets.is;
import static io.gantry.copy.doctor.BrokenTargets.isPage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.copy.doctor.Bench.Scratch;
import io.gantry.copy.doctor.Bench.Surroundings;
import io.gantry.copy.doctor.BrokenTargets.Fault;
import io.gantry.copy.doctor.BrokenTargets.Faulty;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.AccessPolicy;
import io.gantry.target.CopyOptions;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Targets that break one rule each, and whether it is found. */
@NullUnmarked
class BrokenTargetsTest {
  private static final long MIB = 1 << 20;

  /** More than one token can stand for, so that each limit can be exceeded; it is thin. */
  private static final long SIZE = 65L << 30;

  /** Half of it takes the target's copies, which go a MiB at a time, four turns. */
  private static final Optional<Scratch> SCRATCH = Optional.of(new Scratch(MIB, 8 * MIB));

  @TempDir private Path directory;
  private final TestClock clock = new TestClock(this::awaitCopies);
  private Pool pool;
  private PoolTarget target;
  private Volume volume;
  private Pool otherPool;
  private PoolTarget otherTarget;

  @BeforeEach
  void makeVolumes() throws IOException {
    PoolOptions options = PoolOptions.defaults().withClock(clock);
    pool = Pool.create(FileMedium.create(directory.resolve("pool")), Pool.DEFAULT_CHUNK, options);
    volume = pool.createVolume("volume", SIZE, 512);
    byte[] content = new byte[4096];
    Arrays.fill(content, (byte) 7);
    volume.write(MIB, ByteBuffer.wrap(content));
    otherPool =
        Pool.create(FileMedium.create(directory.resolve("other")), Pool.DEFAULT_CHUNK, options);
    otherPool.createVolume("volume", MIB, 512);
    target = serve(pool, "test");
    otherTarget = serve(otherPool, "other");
  }

  /** What has to be moved goes at a MiB a second. */
  private PoolTarget serve(Pool served, String name) {
    CopyOptions copies =
        CopyOptions.defaults().withTicker(clock).withPace(Duration.ofSeconds(2), 1 << 20, 2);
    return new PoolTarget(served, "iqn.2026-11.io.gantry:" + name, AccessPolicy.DEFAULT, copies);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
    otherTarget.close();
    otherPool.close();
  }

  private void awaitCopies() {
    while (target.copyStatistics().running() > 0) {
      Thread.onSpinWait();
    }
  }

  private void restart() throws IOException {
    target.close();
    pool.close();
    pool =
        Pool.open(
            FileMedium.open(directory.resolve("pool")), PoolOptions.defaults().withClock(clock));
    target = serve(pool, "test");
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
    // A long copy stands still until the examination has nothing to ask any more.
    Fault holding =
        (request, behind) -> {
          if (is(request, 0x83, 0x11)
              && request.expectedLength() >= 536 + 16
              && request.dataOut().getInt(536 + 8) > MIB / 512) {
            clock.hold();
          }
          return fault.carryOut(request, behind);
        };
    Surroundings surroundings =
        new Surroundings(
            () -> new Faulty(device(2), holding),
            () -> otherTarget.open("iqn.2026-11.io.gantry:test,i,0x000000000003", lunOfOther()),
            this::restart);
    try (Bench bench = Bench.open(new Faulty(device(1), holding), surroundings, scratch, clock)) {
      return Examination.run(rules, bench, finding -> {});
    }
  }

  private int lunOfOther() {
    return otherPool.volume("volume").orElseThrow().lun();
  }

  private static Stream<String> ids() {
    return Rules.all().stream().map(Rule::id);
  }

  private Fault fault(String id) {
    return switch (id) {
      case "P2", "W1" -> BrokenTargets.slow(clock);
      default -> BrokenTargets.FAULTS.get(id).get();
    };
  }

  /** A rule is broken by its fault, and kept without it: not passed over either way. */
  @ParameterizedTest
  @MethodSource("ids")
  void everyRuleCanBeBroken(String id) throws IOException {
    assertThat(verdict(id, BrokenTargets.NONE)).isEqualTo(Verdict.Kind.MET);
    assertThat(verdict(id, fault(id))).isEqualTo(Verdict.Kind.NOT_MET);
  }

  private Verdict.Kind verdict(String id, Fault fault) throws IOException {
    Examination examination = examine(fault, SCRATCH, id);
    Examination.Finding finding = examination.findings().getFirst();
    assertThat(examination.lost()).isEmpty();
    return finding.verdict().kind();
  }

  @Test
  void everyFaultIsForARule() {
    assertThat(ids()).containsAll(BrokenTargets.FAULTS.keySet());
  }

  @Test
  void wrongDataAreWhatIsSaidAtTheEnd() throws IOException {
    Examination examination = examine(BrokenTargets.copiesByReference(), SCRATCH, "D1", "W4", "D2");
    assertThat(examination.conclusion())
        .startsWith("Do not let Windows offload copies on this disk, they can hold wrong data: ");
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
            SCRATCH);
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
            SCRATCH);
    assertThat(examination.isPassed()).isFalse();
    assertThat(examination.conclusion())
        .isEqualTo("The disk was lost in the middle (connection lost): look into that first.");
    assertThat(examination.findings()).hasSize(Rules.all().size());
  }

  @Test
  void aScratchRangeThatCannotBe() {
    assertThatThrownBy(() -> examine(BrokenTargets.NONE, Optional.of(new Scratch(0, 4096))))
        .hasMessageContaining("must begin and end with blocks of 512 bytes, and have 131,072");
    assertThatThrownBy(
            () -> examine(BrokenTargets.NONE, Optional.of(new Scratch(SIZE - MIB, 2 * MIB))))
        .hasMessageContaining("ends behind the last of 69,793,218,560 bytes");
  }
}
