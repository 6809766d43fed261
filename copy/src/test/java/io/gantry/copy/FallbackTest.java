package io.gantry.copy;

import static io.gantry.copy.Disks.MIB;
import static io.gantry.copy.Disks.asksForPage;
import static io.gantry.copy.Disks.is;
import static io.gantry.copy.Disks.isExtendedCopy;
import static io.gantry.copy.Disks.noise;
import static io.gantry.copy.Disks.read;
import static io.gantry.copy.Disks.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a copy does when storage does not do all that it was asked for. */
@NullUnmarked
class FallbackTest {
  private static final int SIZE = 320 * MIB; // five pieces
  private static final int UNIT = MIB;
  private static final ScsiResponse NONE = ScsiResponse.check(Sense.INVALID_OPERATION_CODE);

  @TempDir private Path directory;
  private Disks disks;
  private Disks.Array array;
  private Volume from;
  private Volume to;

  @BeforeEach
  void makeVolumes() throws IOException {
    disks = new Disks(directory);
    array = disks.array("pool");
    from = array.volume("from", SIZE);
    to = array.volume("to", SIZE);
    for (long at = 0; at < SIZE; at += 8 * UNIT) {
      write(from, at, noise(UNIT, at));
    }
    write(to, 3 * UNIT, noise(UNIT, -1));
  }

  @AfterEach
  void close() throws Exception {
    disks.close();
  }

  private CopyResult copy(CopyMethod method, Function<ScsiRequest, @Nullable ScsiResponse> answers)
      throws IOException {
    CopyRequest request = new CopyRequest(0, OptionalLong.empty(), 0, method, true);
    CopyResult result =
        new Copier(
                array.end(from),
                array.end(to, each -> isExtendedCopy(each) ? NONE : answers.apply(each)),
                CopyProgress.NONE,
                System::nanoTime)
            .run(request);
    assertThat(result.bytes()).isEqualTo(SIZE);
    return result;
  }

  private static boolean isRedeemedAt(ScsiRequest request, long lba) {
    return is(request, Command.WRITE_USING_TOKEN) && request.dataOut().getLong(536) == lba;
  }

  @Test
  void onePieceThatDoesNotGoByTokenGoesAnotherWayAndTheOthersDo() throws IOException {
    long lba = 128L * MIB / 512;

    CopyResult result =
        copy(
            CopyMethod.AUTO,
            request ->
                isRedeemedAt(request, lba) || is(request, Command.RECEIVE_ROD_TOKEN_INFORMATION)
                    ? ScsiResponse.check(Sense.of(0xB, 0x55, 0x03)) // insufficient resources
                    : null);

    assertThat(result.bytesByToken()).isEqualTo(SIZE - 64L * MIB);
    assertThat(result.bytesMoved() + result.bytesZeroed()).isEqualTo(64L * MIB);
    assertThat(result.bytesMoved()).isEqualTo(8L * UNIT);
    assertThat(result.fallbacks().getFirst())
        .isEqualTo(
            new CopyResult.Fallback(
                CopyMethod.ODX,
                "to refuses the token (STATUS_INSUFFICIENT_RESOURCES)",
                128L * MIB,
                64L * MIB));
    assertThat(result.tokens()).isOne();
    assertThat(read(to)).isEqualTo(read(from));
  }

  @Test
  void aShortCopyGoesOnWhereItEnded() throws IOException {
    AtomicInteger redeemed = new AtomicInteger();
    try (ScsiDevice behind = array.device(to)) {
      CopyResult result =
          copy(
              CopyMethod.ODX,
              request ->
                  is(request, Command.WRITE_USING_TOKEN) && redeemed.incrementAndGet() % 2 == 1
                      ? cutShort(behind, request)
                      : null);

      assertThat(result.bytesByToken()).isEqualTo(SIZE);
      assertThat(redeemed.get()).isGreaterThan(5);
    }
    assertThat(read(to)).isEqualTo(read(from));
  }

  /** Writes the first half, and says so as SBC-4 wants it. */
  private static ScsiResponse cutShort(ScsiDevice behind, ScsiRequest request) {
    ByteBuffer list = request.dataOut().duplicate();
    ByteBuffer shorter = ByteBuffer.allocate(list.remaining()).put(list).flip();
    int blocks = Math.max(1, shorter.getInt(544) / 2);
    shorter.putInt(544, blocks);
    try {
      ScsiResponse response;
      do {
        response = behind.execute(new ScsiRequest(request.cdb(), shorter, null));
      } while (response.sense() != null && response.sense().key() == Sense.UNIT_ATTENTION_KEY);
      assertThat(response.isGood()).as(response.describe()).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ScsiResponse.check(Sense.COPY_UNDERRUN.withInformation(blocks));
  }

  @Test
  void whoeverAsksFirstTheTokenIsForAllThatIsLeft() throws IOException {
    TokenCopy copy = new TokenCopy(array.end(from), array.end(to), () -> 0, SIZE);
    long piece = copy.pieceBytes();

    assertThat(copy.copy(piece, piece, piece).bytes()).isEqualTo(piece);
    assertThat(copy.copy(0, 0, piece).bytes()).isEqualTo(piece);

    assertThat(copy.tokensMade()).isOne();
    assertThat(read(to, 0, (int) piece * 2)).isEqualTo(read(from, 0, (int) piece * 2));
  }

  @Test
  void aTokenForLessThanItWasAskedForServesThePieceThatNeedsIt() throws IOException {
    DiskEnd shortTokens =
        array.end(
            from,
            request -> {
              if (is(request, Command.POPULATE_TOKEN)) {
                request.dataOut().putInt(24, Math.min(request.dataOut().getInt(24), MIB / 512));
              }
              return null;
            });
    TokenCopy copy = new TokenCopy(shortTokens, array.end(to), () -> 0, SIZE);

    assertThat(copy.copy(64L * MIB, 64L * MIB, 64L * MIB).bytes()).isEqualTo(MIB);

    assertThat(copy.tokensMade()).isEqualTo(2);
    assertThat(read(to, 64 * MIB, MIB)).isEqualTo(read(from, 64 * MIB, MIB));
  }

  @Test
  void aTokenThatExpiresIsReplaced() throws IOException {
    AtomicInteger redeemed = new AtomicInteger();

    CopyResult result =
        copy(
            CopyMethod.ODX,
            request ->
                is(request, Command.WRITE_USING_TOKEN) && redeemed.incrementAndGet() == 3
                    ? ScsiResponse.check(Sense.TOKEN_EXPIRED)
                    : null);

    assertThat(result.bytesByToken()).isEqualTo(SIZE);
    assertThat(result.tokens()).isEqualTo(2);
  }

  @Test
  void whatNeverWorksIsNotTriedForEveryPiece() throws IOException {
    AtomicInteger redeemed = new AtomicInteger();
    AtomicInteger populated = new AtomicInteger();

    CopyResult result =
        copy(
            CopyMethod.AUTO,
            request -> {
              if (is(request, Command.POPULATE_TOKEN)) {
                populated.incrementAndGet();
              }
              if (!is(request, Command.WRITE_USING_TOKEN)) {
                return null;
              }
              redeemed.incrementAndGet();
              return ScsiResponse.check(Sense.TOKEN_UNKNOWN);
            });

    assertThat(result.bytesByToken()).isZero();
    assertThat(redeemed.get()).isLessThanOrEqualTo(CopyRequest.DEFAULT_IN_FLIGHT);
    assertThat(result.fallbacks().getFirst().bytes()).isEqualTo(SIZE);
    assertThat(result.bytesZeroed()).isEqualTo(SIZE / 8 * 7);
  }

  @Test
  void aMethodThatFailsAgainAndAgainIsGivenUp() throws IOException {
    AtomicInteger redeemed = new AtomicInteger();
    array.pool().resizeVolume(from, 4L << 30, false);
    array.pool().resizeVolume(to, 4L << 30, false);

    CopyResult result =
        new Copier(
                array.end(from),
                array.end(
                    to,
                    request -> {
                      if (isExtendedCopy(request)) {
                        return NONE;
                      }
                      if (is(request, Command.WRITE_USING_TOKEN)) {
                        redeemed.incrementAndGet();
                      } else if (!is(request, Command.RECEIVE_ROD_TOKEN_INFORMATION)) {
                        return null;
                      }
                      return ScsiResponse.check(Sense.INTERNAL_TARGET_FAILURE);
                    }),
                CopyProgress.NONE,
                System::nanoTime)
            .run(CopyRequest.everything(CopyMethod.AUTO).limited(1, 0));

    assertThat(redeemed).hasValue(3);
    assertThat(result.fallbacks().getFirst())
        .isEqualTo(
            new CopyResult.Fallback(
                CopyMethod.ODX,
                "to refuses the token (STATUS_DEVICE_HARDWARE_ERROR)",
                0,
                4L << 30));
    assertThat(result.bytesMoved()).isEqualTo(SIZE / 8);
  }

  @Test
  void aTargetThatClaimsMoreThanItWasAskedForIsNotBelieved() throws IOException {
    CopyResult result =
        copy(
            CopyMethod.AUTO,
            request ->
                is(request, Command.WRITE_USING_TOKEN)
                    ? ScsiResponse.check(Sense.COPY_UNDERRUN.withInformation(1L << 40))
                    : null);

    assertThat(result.bytesByToken()).isZero();
    assertThat(read(to)).isEqualTo(read(from));
  }

  @Test
  void unitAttentionsAndBusyTargetsDelayACopyAndNoMore() throws IOException {
    AtomicInteger commands = new AtomicInteger();

    CopyResult result =
        copy(
            CopyMethod.RW,
            request ->
                switch (is(request, Command.WRITE_16) ? commands.incrementAndGet() : 0) {
                  case 2 -> ScsiResponse.check(Sense.CAPACITY_DATA_CHANGED);
                  case 4 -> ScsiResponse.check(Sense.POWER_ON_OR_RESET);
                  case 6 -> new ScsiResponse(ScsiStatus.TASK_SET_FULL, null, 0);
                  case 8 -> new ScsiResponse(ScsiStatus.TASK_ABORTED, null, 0);
                  default -> null;
                });

    assertThat(result.bytesMoved()).isEqualTo(SIZE / 8);
    assertThat(commands.get()).isGreaterThan(8);
  }

  @Test
  void aMessageSaysWhatToDo() {
    assertThatThrownBy(() -> copyWith(new ScsiResponse(ScsiStatus.RESERVATION_CONFLICT, null, 0)))
        .hasMessageContaining("to: writing at")
        .hasMessageContaining("RESERVATION_CONFLICT: another host has reserved it");
    assertThatThrownBy(() -> copyWith(ScsiResponse.check(Sense.WRITE_PROTECTED)))
        .hasMessageContaining("write protected: it is write protected");
    assertThatThrownBy(() -> copyWith(ScsiResponse.check(Sense.LBA_OUT_OF_RANGE)))
        .hasMessageContaining("it has become smaller");
    assertThatThrownBy(() -> copyWith(ScsiResponse.check(Sense.SPACE_ALLOCATION_FAILED)))
        .hasMessageContaining("the pool that it is in is full");
  }

  private void copyWith(ScsiResponse toEveryWrite) throws IOException {
    copy(CopyMethod.RW, request -> is(request, Command.WRITE_16) ? toEveryWrite : null);
  }

  @Test
  void aWriteProtectedDestinationIsFoundBeforeAnythingIsRead() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    DiskEnd source =
        array.end(
            from,
            request -> {
              if (is(request, Command.READ_16)) {
                reads.incrementAndGet();
              }
              return null;
            });
    array.pool().protectVolume(to, true);

    assertThatThrownBy(() ->
            new Copier(source, array.end(to), CopyProgress.NONE, System::nanoTime)
                .run(CopyRequest.everything(CopyMethod.AUTO)))
        .hasMessage("to: is write protected; nothing can be copied to it");
    assertThat(reads).hasValue(0);
  }

  @Test
  void extendedCopyIsTriedBeforeReadingAndTheReasonIsTold() throws IOException {
    CopyResult result =
        copy(
            CopyMethod.AUTO,
            request ->
                asksForPage(request, 0x8F)
                    ? ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB)
                    : request.cdb()[0] == (byte) 0x84
                        ? ScsiResponse.check(Sense.INVALID_OPERATION_CODE)
                        : null);

    assertThat(result.fallbacks())
        .extracting(CopyResult.Fallback::method)
        .containsExactly(CopyMethod.ODX, CopyMethod.XCOPY);
    assertThat(result.fallbacks().getLast().reason()).isEqualTo("to offers no EXTENDED COPY");
  }
}
