package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Copies that take their time: in the background, stopped by whomever, kept within a budget and a
 * rate, and made to go wrong on purpose. Source and destination lie differently in their chunks, so
 * every byte has to be moved, a MiB at a time.
 */
@NullUnmarked
@Timeout(60)
class BackgroundCopyTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final int MIB = 2048; // blocks
  private static final int BLOCKS = 9 * MIB;
  private static final BlockRange FROM = new BlockRange(0, 8 * MIB);
  private static final BlockRange TO = new BlockRange(1, 8 * MIB);

  @TempDir Path directory;
  private final TestTicker ticker = new TestTicker();
  private Pool pool;
  private PoolTarget target;
  private Initiator source;
  private Initiator destination;
  private byte[] content;
  private byte[] token;

  @BeforeEach
  void open() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("source", BLOCKS * 512L, 512);
    pool.createVolume("destination", BLOCKS * 512L, 512);
    serve(Duration.ofSeconds(2));
    content = new byte[BLOCKS * 512];
    new Random(1).nextBytes(content);
    source.write(0, content, 512);
    token = source.token(FROM);
  }

  /** A MiB a second. */
  private void serve(Duration budget) throws IOException {
    if (target != null) {
      target.close();
    }
    CopyOptions options = CopyOptions.defaults().withTicker(ticker).withPace(budget, 1 << 20, 2);
    target = new PoolTarget(pool, NAME, AccessPolicy.DEFAULT, options);
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
  }

  private void restart() throws IOException {
    target.close();
    pool.close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    target = null;
    ticker.freeze(false);
    serve(Duration.ofSeconds(2));
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private byte[] content(int lba, int blocks) {
    return Arrays.copyOfRange(content, lba * 512, (lba + blocks) * 512);
  }

  private static byte[] immediate(byte[] list) {
    list[2] |= 1;
    return list;
  }

  private byte[] information(int id) throws IOException {
    return destination.ask("84 07 %08X 00000000 00000226 00 00".formatted(id), 550);
  }

  private static ScsiResponse abort(Initiator unit, int id) throws IOException {
    return unit.send("83 1C %08X 00000000 00000000 00 00".formatted(id));
  }

  /** A copy in the background that has done the first MiB and waits to do the second. */
  private void stuck(int id) throws IOException {
    ticker.freeze(true);
    byte[] list = immediate(writeList(token, 0, TO));
    assertThat(sense(destination.writeUsing(id, list))).isEqualTo("GOOD");
    awaitBlocks(id, MIB);
  }

  private void awaitBlocks(int id, long blocks) throws IOException {
    while (ByteBuffer.wrap(information(id)).getLong(16) < blocks) {
      Thread.onSpinWait();
    }
  }

  private byte[] awaitEnd(int id) throws IOException {
    byte[] data = information(id);
    while (data[5] == 0x12) {
      Thread.onSpinWait();
      data = information(id);
    }
    return data;
  }

  @Test
  void aCopyInTheBackgroundTellsHowFarItIs() throws IOException {
    stuck(9);
    byte[] data = information(9);
    assertThat(data).hasSize(36);
    assertThat(Arrays.copyOf(data, 8)).isEqualTo(hex("00000020 11 12 0001"));
    assertThat(Arrays.copyOfRange(data, 12, 36))
        .isEqualTo(hex("00 00 00 F1 0000000000000800 0000 000000000000 00000000"));
    assertThat(sense(destination.writeUsing(9, writeList(token, 0, TO)))).isEqualTo("05/0016");
    assertThat(sense(source.populate(9, Initiator.populateList(FROM))))
        .as("another logical unit")
        .isEqualTo("GOOD");
    assertThat(
            sense(destination.writeUsing(10, writeList(RodToken.zero(), 0, new BlockRange(0, 1)))))
        .isEqualTo("GOOD");
    CopyStatus status = target.copies().stream().filter(CopyStatus::background).findAny().get();
    assertThat(status.state()).isEqualTo(CopyStatus.State.RUNNING);
    assertThat(status.initiator()).isEqualTo("host");
    assertThat(status.command()).isEqualTo("WRITE_USING_TOKEN");
    assertThat(status.listIdentifier()).isEqualTo(9);
    assertThat(status.source()).isEqualTo("source");
    assertThat(status.destination()).isEqualTo("destination");
    assertThat(status.wantedBytes()).isEqualTo(8 << 20);
    assertThat(status.copiedBytes()).isEqualTo(1 << 20);
    ticker.freeze(false);
    byte[] end = awaitEnd(9);
    assertThat(Arrays.copyOf(end, 24))
        .isEqualTo(hex("00000020 11 01 0001 FFFFFFFE 00 00 00 F1 0000000000004000"));
    assertThat(information(9)).as("again").isEqualTo(end);
    assertThat(destination.read(1, 8 * MIB, 512)).isEqualTo(content(0, 8 * MIB));
    assertThat(target.copies().stream().filter(CopyStatus::background).findAny().get())
        .returns(CopyStatus.State.COMPLETED, CopyStatus::state)
        .returns(8L << 20, CopyStatus::copiedBytes)
        .returns(
            "source and destination lie differently in chunks of 16,384 bytes",
            CopyStatus::notOffloaded);
  }

  @Test
  void whatIsWrongIsToldAtOnceAndLeavesNoOperation() throws IOException {
    byte[] list = immediate(writeList(token, 0, new BlockRange(BLOCKS, 1)));
    assertThat(sense(destination.writeUsing(9, list))).isEqualTo("05/2100");
    assertThat(sense(destination.send("84 07 00000009 00000000 00000226 00 00")))
        .isEqualTo("05/2400");
  }

  @Test
  void aTokenAskedForInTheBackgroundIsThereAtOnce() throws IOException {
    byte[] list = immediate(Initiator.populateList(FROM));
    assertThat(sense(source.populate(9, list))).isEqualTo("GOOD");
    byte[] data = source.ask("84 07 00000009 00000000 00000226 00 00", 550);
    assertThat(data[5]).isEqualTo((byte) 1);
    byte[] made = Arrays.copyOfRange(data, 38, 550);
    assertThat(sense(destination.writeUsing(1, writeList(made, 0, new BlockRange(0, 9)))))
        .isEqualTo("GOOD");
  }

  // Who stops it.

  private void terminated(byte[] data, long blocks) {
    assertThat(Arrays.copyOf(data, 24))
        .isEqualTo(hex("00000020 11 60 0001 FFFFFFFE 40 00 00 F1 %016X".formatted(blocks)));
  }

  @Test
  void copyOperationAbort() throws IOException {
    assertThat(sense(abort(destination, 9))).as("never used").isEqualTo("05/2400");
    stuck(9);
    assertThat(sense(abort(source, 9))).as("on another logical unit").isEqualTo("05/2400");
    assertThat(sense(abort(new Initiator(target, "other", 1), 9)))
        .as("of another initiator")
        .isEqualTo("05/2400");
    assertThat(sense(abort(destination, 9))).isEqualTo("GOOD");
    terminated(information(9), MIB);
    terminated(information(9), MIB); // it discards nothing
    assertThat(sense(abort(destination, 9))).as("finished").isEqualTo("05/2400");
    assertThat(destination.read(1, MIB, 512)).isEqualTo(content(0, MIB));
    assertThat(target.copies().getFirst().state()).isEqualTo(CopyStatus.State.ABORTED);
    assertThat(target.copyStatistics().aborted()).isEqualTo(1);
  }

  @Test
  void aCopyThatItsCommandWaitsForIsStoppedToo() throws Exception {
    Identity host = new Identity("iqn.2026-11.test:host", null, null);
    try (Initiator waiting = new Initiator(target, host, 1)) {
      ticker.freeze(true);
      byte[] list = writeList(token, 0, TO);
      Cdb write = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 9, list.length);
      CompletableFuture<ScsiResponse> answer =
          waiting.begin(ScsiRequest.out(write, ByteBuffer.wrap(list)));
      while (target.copies().getFirst().copiedBytes() < 1 << 20) {
        Thread.onSpinWait();
      }
      byte[] running = waiting.ask("84 07 00000009 00000000 00000226 00 00", 550);
      assertThat(running[5]).as("in progress in the foreground").isEqualTo((byte) 0x11);
      assertThat(answer).isNotDone();
      assertThat(sense(abort(waiting, 9))).isEqualTo("GOOD");
      assertThat(sense(answer.get())).isEqualTo("0A/2F02");
      terminated(waiting.ask("84 07 00000009 00000000 00000226 00 00", 550), MIB);
    }
  }

  @Test
  void anAbortedCommandStopsItsCopyButNotOneInTheBackground() throws Exception {
    stuck(9);
    TargetPath path =
        target.connect(new Nexus("third", NAME), new Identity("third", null, null), PathTasks.NONE);
    long lun = 1L << 48;
    path.submit(lun, ScsiRequest.of(new Cdb.TestUnitReady())).get();
    byte[] list = writeList(token, 0, TO);
    Cdb write = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 9, list.length);
    ScsiRequest request = ScsiRequest.out(write, ByteBuffer.wrap(list));
    CompletableFuture<ScsiResponse> answer = path.submit(lun, request);
    while (target.copies().stream().noneMatch(copy -> copy.initiator().equals("third"))) {
      Thread.onSpinWait();
    }
    path.abandon(request);
    answer.get();
    path.close();
    assertThat(information(9)[5]).isEqualTo((byte) 0x12);
    ticker.freeze(false);
    assertThat(awaitEnd(9)[5]).isEqualTo((byte) 1);
  }

  @Test
  void aResetStopsIt() throws Exception {
    stuck(9);
    TargetPath path =
        target.connect(new Nexus("third", NAME), new Identity("third", null, null), PathTasks.NONE);
    path.resetUnit(0).get();
    assertThat(information(9)[5]).as("a reset of another unit").isEqualTo((byte) 0x12);
    path.resetUnit(1L << 48).get();
    path.close();
    assertThat(sense(destination.send("00 00 00 00 00 00"))).isEqualTo("06/2903");
    terminated(information(9), MIB);
  }

  @Test
  void theLossOfItsNexusDoesNotStopIt() throws IOException {
    stuck(9);
    destination.close();
    destination = new Initiator(target, "host", 1);
    ticker.freeze(false);
    assertThat(awaitEnd(9)[5]).isEqualTo((byte) 1);
    assertThat(destination.read(1, 8 * MIB, 512)).isEqualTo(content(0, 8 * MIB));
  }

  @Test
  void aReservationThatKeepsItsInitiatorOutStopsIt() throws IOException {
    stuck(9);
    Initiator other = new Initiator(target, "other", 1);
    assertThat(sense(other.send("16 00 00 00 00 00"))).isEqualTo("GOOD");
    ticker.freeze(false);
    while (target.copyStatistics().running() > 0) {
      Thread.onSpinWait();
    }
    assertThat(sense(other.send("17 00 00 00 00 00"))).isEqualTo("GOOD");
    byte[] data = information(9);
    assertThat(data[5]).isEqualTo((byte) 0x60);
    assertThat(ByteBuffer.wrap(data).getLong(16)).isBetween((long) MIB, 7L * MIB);
  }

  @Test
  void aSanitizeStopsIt() throws IOException {
    stuck(9);
    assertThat(sense(destination.send("48 02 0000000000 0000 00"))).isEqualTo("GOOD");
    assertThat(destination.read(0, BLOCKS, 512)).containsOnly(0);
    terminated(information(9), MIB);
  }

  @Test
  void anAdministratorStopsIt() throws IOException {
    stuck(9);
    CopyStatus running = target.copies().getFirst();
    assertThat(target.cancelCopy(running.id() + 1)).isFalse();
    assertThat(target.cancelCopy(running.id())).isTrue();
    terminated(awaitEnd(9), MIB);
    assertThat(target.copies().getFirst().outcome()).isEqualTo("cancelled by an administrator");
  }

  @Test
  void aTargetThatIsClosedKeepsWhatBecameOfIt() throws IOException {
    stuck(9);
    restart();
    terminated(information(9), MIB);
    assertThat(destination.read(1, MIB, 512)).isEqualTo(content(0, MIB));
  }

  @Test
  void afterACrashNobodyKnowsWhatBecameOfIt() throws IOException {
    BlockRange one = new BlockRange(0, 1);
    assertThat(sense(destination.writeUsing(9, writeList(RodToken.zero(), 0, one))))
        .as("an earlier use of the identifier")
        .isEqualTo("GOOD");
    stuck(9);
    pool.flush();
    Path left = directory.resolve("left");
    copyFiles(directory.resolve("pool"), left);
    try (Pool after = Pool.open(FileMedium.open(left), PoolOptions.defaults());
        PoolTarget anew = new PoolTarget(after, NAME)) {
      Initiator unit = new Initiator(anew, "host", 1);
      assertThat(sense(unit.send("84 07 00000009 00000000 00000226 00 00"))).isEqualTo("05/2400");
      assertThat(unit.read(1, MIB, 512)).isEqualTo(content(0, MIB));
      assertThat(sense(unit.writeUsing(9, writeList(token, 0, FROM)))).isEqualTo("GOOD");
    }
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : all.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  @Test
  void thereAreNoMoreOfThemThanThePageSays() throws IOException {
    ticker.freeze(true);
    byte[] list = immediate(writeList(token, 0, TO));
    for (int id = 0; id < 256; id++) {
      assertThat(sense(destination.writeUsing(id, list))).as("copy %d", id).isEqualTo("GOOD");
    }
    assertThat(sense(destination.writeUsing(256, list))).isEqualTo("TASK_SET_FULL");
    assertThat(sense(abort(destination, 7))).isEqualTo("GOOD");
    assertThat(sense(destination.writeUsing(256, list))).isEqualTo("GOOD");
  }

  // The governor.

  @Test
  void aCommandThatTakesTooLongStopsAtABlock() throws IOException {
    ScsiResponse response = destination.writeUsing(1, writeList(token, 0, TO));
    assertThat(sense(response)).isEqualTo("0A/0D04");
    assertThat(response.sense().information()).as("at 0 s and 1 s").hasValue(2 * MIB);
    byte[] data = information(1);
    assertThat(data[5]).isEqualTo((byte) 3);
    assertThat(ByteBuffer.wrap(data).getLong(16)).isEqualTo(2 * MIB);
    BlockRange rest = new BlockRange(1 + 2 * MIB, 6 * MIB);
    long done = 2 * MIB;
    while (done < 8 * MIB) {
      rest = new BlockRange(1 + done, 8 * MIB - done);
      response = destination.writeUsing(1, writeList(token, done, rest));
      done += response.isGood() ? rest.blocks() : response.sense().information().getAsLong();
    }
    assertThat(destination.read(1, 8 * MIB, 512)).isEqualTo(content(0, 8 * MIB));
    assertThat(target.copyStatistics().partial())
        .as("2 MiB, 5 times one, and the last")
        .isEqualTo(6);
  }

  @Test
  void howeverLateItIsAPieceIsDone() throws IOException {
    serve(Duration.ZERO);
    for (int i = 0; i < 3; i++) {
      ScsiResponse response = destination.writeUsing(1, writeList(token, 0, TO));
      assertThat(response.sense().information()).hasValue(MIB);
    }
  }

  @Test
  void whatIsSharedTakesNoTime() throws IOException {
    serve(Duration.ZERO);
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, FROM)))).isEqualTo("GOOD");
    assertThat(ticker.nanos()).isZero();
    assertThat(target.copies().getFirst())
        .returns(8L << 20, CopyStatus::sharedBytes)
        .returns("", CopyStatus::notOffloaded);
  }

  // A token that is to be deleted lives on if there is more to come of it.
  @Test
  void aTokenIsDeletedOnlyWhenItHasNoMore() throws IOException {
    byte[] list = writeList(token, 0, TO);
    list[2] |= 2; // DEL_TKN
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("0A/0D04");
    BlockRange rest = new BlockRange(0, MIB);
    list = writeList(token, 7 * MIB, rest);
    list[2] |= 2;
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("GOOD");
    assertThat(sense(destination.writeUsing(1, list))).isEqualTo("05/2309");
  }

  // Faults.

  private void fault(int lun, boolean expire, Long truncate, int lose, Integer status, int delay) {
    target.setFaults(
        pool.volume(lun).orElseThrow(),
        new CopyFaults(
            expire,
            truncate == null ? OptionalLong.empty() : OptionalLong.of(truncate),
            lose,
            status == null ? OptionalInt.empty() : OptionalInt.of(status),
            Duration.ofMillis(delay)));
  }

  @Test
  void tokensExpireOnPurpose() throws IOException {
    fault(0, true, null, 0, null, 0);
    assertThat(target.faults(pool.volume(0).orElseThrow()).describe()).isEqualTo("tokens expire");
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, FROM)))).isEqualTo("05/2307");
    target.setFaults(pool.volume(0).orElseThrow(), CopyFaults.NONE);
    byte[] next = source.token(FROM);
    assertThat(sense(destination.writeUsing(1, writeList(next, 0, FROM)))).isEqualTo("GOOD");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 5000})
  void copiesEndOnPurpose(long blocks) throws IOException {
    fault(1, false, blocks, 0, null, 0);
    ScsiResponse response = destination.writeUsing(1, writeList(token, 0, FROM));
    assertThat(sense(response)).isEqualTo(blocks == 0 ? "05/0D04" : "0A/0D04");
    assertThat(response.sense().information()).hasValue(blocks);
    assertThat(information(1)[5]).isEqualTo((byte) (blocks == 0 ? 2 : 3));
    assertThat(destination.read(0, 6000, 512))
        .isEqualTo(Arrays.copyOf(content(0, (int) blocks), 6000 * 512));
  }

  @Test
  void tokensStandForLessOnPurpose() throws IOException {
    fault(0, false, 10L, 0, null, 0);
    assertThat(sense(source.populate(9, Initiator.populateList(FROM)))).isEqualTo("GOOD");
    byte[] data = source.ask("84 07 00000009 00000000 00000400 00 00", 1024);
    assertThat(data[5]).isEqualTo((byte) 3);
    assertThat(ByteBuffer.wrap(data).getLong(16)).isEqualTo(10);
    byte[] made = Arrays.copyOfRange(data, 32 + 20 + 6, 32 + 20 + 6 + 512);
    ScsiResponse response = destination.writeUsing(1, writeList(made, 0, FROM));
    assertThat(response.sense().information()).hasValue(10);
  }

  @Test
  void aStatusIsWrongOnPurpose() throws IOException {
    fault(1, false, null, 0, 4, 0);
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, FROM)))).isEqualTo("GOOD");
    assertThat(information(1)[5]).isEqualTo((byte) 4);
    target.setFaults(pool.volume(1).orElseThrow(), CopyFaults.NONE);
    assertThat(information(1)[5]).isEqualTo((byte) 1);
  }

  @Test
  void commandsAreSlowOnPurpose() throws IOException {
    fault(1, false, null, 0, null, 6000);
    assertThat(sense(destination.writeUsing(1, writeList(token, 0, FROM)))).isEqualTo("GOOD");
    assertThat(ticker.nanos()).isEqualTo(6_000_000_000L);
  }

  @Test
  void anAnswerGetsLostOnPurposeAndTheNextOneDoesNot() throws Exception {
    assertThat(sense(destination.writeUsing(9, writeList(token, 0, FROM)))).isEqualTo("GOOD");
    fault(1, false, null, 1, null, 0);
    TargetPath path =
        target.connect(new Nexus("host", NAME), new Identity("host", null, null), PathTasks.NONE);
    long lun = 1L << 48;
    path.submit(lun, ScsiRequest.of(new Cdb.TestUnitReady())).get();
    ScsiRequest ask =
        ScsiRequest.in(new Cdb.ReceiveRodTokenInformation(9, 550), ByteBuffer.allocate(550));
    CompletableFuture<ScsiResponse> lost = path.submit(lun, ask);
    while (!target.faults(pool.volume(1).orElseThrow()).equals(CopyFaults.NONE)) {
      Thread.onSpinWait();
    }
    assertThat(information(9)[5]).isEqualTo((byte) 1);
    assertThat(lost).isNotDone();
    path.abandon(ask); // as the transport does when the task is aborted
    assertThat(lost).isDone();
    path.close();
  }
}
