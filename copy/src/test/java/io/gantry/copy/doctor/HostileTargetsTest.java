package io.gantry.copy.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.copy.Clock;
import io.gantry.copy.doctor.Bench.Scratch;
import io.gantry.copy.doctor.Bench.Surroundings;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets that answer anything at all, never, or late: an examination goes on or ends in order. */
@NullUnmarked
class HostileTargetsTest {
  private static final Optional<Scratch> NONE = Optional.empty();

  private record Scripted(Function<ScsiRequest, ScsiResponse> script) implements ScsiDevice {
    @Override
    public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
      try {
        return CompletableFuture.completedFuture(script.apply(request));
      } catch (Gone e) {
        return CompletableFuture.failedFuture(new IOException(e.getMessage()));
      }
    }

    @Override
    public void close() {}
  }

  private static final class Gone extends RuntimeException {
    private static final long serialVersionUID = 1;

    Gone(String message) {
      super(message);
    }
  }

  private static Examination examine(
      Function<ScsiRequest, ScsiResponse> script, Optional<Scratch> scratch, Clock clock)
      throws IOException {
    Surroundings surroundings =
        new Surroundings(() -> new Scripted(script), () -> new Scripted(script), () -> {});
    try (Bench bench = Bench.open(new Scripted(script), surroundings, scratch, clock)) {
      Examination examination = Examination.run(Rules.all(), bench, finding -> {});
      assertThat(examination.findings()).hasSameSizeAs(Rules.all());
      return examination;
    }
  }

  private static boolean isCapacity(ScsiRequest request) {
    return (request.cdb()[0] & 0xff) == 0x9E;
  }

  /** 2,048 blocks of 512 bytes; everything else is GOOD, with nothing in it. */
  private static ScsiResponse nothing(ScsiRequest request) {
    if (isCapacity(request)) {
      request.dataIn().putLong(0, 2047).putInt(8, 512);
    }
    return ScsiResponse.good(isCapacity(request) ? 32 : request.expectedLength());
  }

  /** Data of any length, too short and longer than there is room for, of any bytes. */
  private static ScsiResponse anything(ScsiRequest request, SplittableRandom random) {
    if (isCapacity(request)) {
      return nothing(request);
    }
    ByteBuffer data = request.dataIn();
    if (data != null) {
      byte[] bytes = new byte[data.remaining()];
      random.nextBytes(bytes);
      if (random.nextBoolean()) {
        Arrays.fill(bytes, (byte) random.nextInt());
      }
      if (bytes.length > 3 && random.nextInt(3) > 0) { // believable up to the first length
        bytes[1] = (byte) (request.cdb()[2] & 0xff);
        bytes[2] = 0;
      }
      data.put(0, bytes);
    }
    return switch (random.nextInt(4)) {
      case 0 ->
          ScsiResponse.check(
              Sense.of(random.nextInt(16), random.nextInt(256), random.nextInt(256))
                  .withInformation(random.nextLong())
                  .at(random.nextInt(65_536)));
      case 1 -> new ScsiResponse(ScsiStatus.RESERVATION_CONFLICT, null, 0);
      default ->
          ScsiResponse.good(
              random.nextBoolean() ? request.expectedLength() : random.nextLong(1 << 20) - 1000);
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anyBytesAreSurvived(boolean writes) throws IOException {
    Optional<Scratch> scratch = writes ? Optional.of(new Scratch(0, 1 << 20)) : NONE;
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Examination examination =
          examine(request -> anything(request, random), scratch, new TestClock(() -> {}));
      assertThat(examination.isOffloading()).as("seed %d", seed).isFalse();
    }
  }

  @Test
  void emptyAnswersAreSurvived() throws IOException {
    Examination examination = examine(HostileTargetsTest::nothing, NONE, new TestClock(() -> {}));
    assertThat(examination.isOffloading()).isFalse();
    assertThat(examination.conclusion()).startsWith("Windows will not offload copies");
  }

  @Test
  void aDiskMayGoAfterAnyCommand() throws IOException {
    for (int last = 1; ; last++) {
      int[] left = {last};
      Examination examination =
          examine(
              request -> {
                if (left[0]-- == 0) {
                  throw new Gone("no answer within 60 s");
                }
                return nothing(request);
              },
              NONE,
              new TestClock(() -> {}));
      if (examination.lost().isEmpty()) {
        assertThat(last).isGreaterThan(20);
        return;
      }
      assertThat(examination.isPassed() || examination.isOffloading()).isFalse();
      assertThat(examination.conclusion())
          .isEqualTo(
              "The disk was lost in the middle (no answer within 60 s): look into that first.");
    }
  }

  @Test
  void aDiskThatIsAlwaysBusyIsAskedForSomeSecondsOnly() {
    assertThatThrownBy(() ->
            examine(
                request -> new ScsiResponse(ScsiStatus.BUSY, null, 0),
                NONE,
                new TestClock(() -> {})))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it does not tell its capacity");
  }

  /** By a clock that goes on by three seconds at each look, a command takes three; or five. */
  @Test
  void whatTakesLongerThanFourSecondsIsSeen() throws IOException {
    assertThat(verdict("P2", 3)).isEqualTo(Verdict.Kind.MET);
    assertThat(verdict("P2", 5)).isEqualTo(Verdict.Kind.NOT_MET);
    assertThat(verdict("W1", 3)).isEqualTo(Verdict.Kind.MET);
    assertThat(verdict("W1", 5)).isEqualTo(Verdict.Kind.NOT_MET);
  }

  private static Verdict.Kind verdict(String id, int seconds) throws IOException {
    long[] now = {0};
    Examination examination =
        examine(
            HostileTargetsTest::willing,
            Optional.of(new Scratch(0, 1 << 20)),
            new Clock() {
              @Override
              public long nanos() {
                return now[0] += TimeUnit.SECONDS.toNanos(seconds);
              }

              @Override
              public void sleep(Duration time) {
                now[0] += time.toNanos();
              }
            });
    return examination.findings().stream()
        .filter(finding -> finding.rule().id().equals(id))
        .findFirst()
        .orElseThrow()
        .verdict()
        .kind();
  }

  /** Makes a token of anything, and says that it was copied. */
  private static ScsiResponse willing(ScsiRequest request) {
    byte[] cdb = request.cdb();
    if (cdb[0] == 0x12 && cdb[2] == (byte) 0x8F) {
      request.dataIn().put(1, (byte) 0x8F).putShort(2, (short) 36).putInt(4, 0x20);
    }
    if (cdb[0] == (byte) 0x84 && cdb[1] == 7 && request.expectedLength() > 550) {
      request.dataIn().put(5, (byte) 1).put(15, (byte) 0xF1).putLong(16, 8).putInt(32, 514);
    }
    return nothing(request);
  }
}
