package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Token;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a copy may do as long as it goes on, who waits for its end, and what of it is durable when
 * it is answered. Source and destination lie differently in their chunks, so every byte has to be
 * moved, a MiB at a time.
 */
@NullUnmarked
@Timeout(60)
class CopyRightsTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final Identity HOST = new Identity("iqn.2026-11.test:host", null, null);
  private static final int MIB = 2048; // blocks
  private static final int BLOCKS = 9 * MIB;
  private static final BlockRange FROM = new BlockRange(0, 8 * MIB);
  private static final BlockRange TO = new BlockRange(1, 8 * MIB);
  private static final long DESTINATION = 1L << 48; // the LUN field

  @TempDir Path directory;
  private final TestTicker ticker = new TestTicker();
  private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);
  private Pool pool;
  private PoolTarget target;
  private Initiator source;
  private Initiator destination;
  private Initiator admin;
  private byte[] content;
  private byte[] token;

  @BeforeEach
  void open() throws IOException {
    InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            16 << 10,
            PoolOptions.defaults().withClock(clock));
    pool.createVolume("source", BLOCKS * 512L, 512);
    pool.createVolume("destination", BLOCKS * 512L, 512);
    serve(ticker);
    content = new byte[BLOCKS * 512];
    new Random(1).nextBytes(content);
    source.write(0, content, 512);
    token = source.token(FROM);
  }

  /** A MiB a second. */
  private void serve(Ticker time) throws IOException {
    CopyOptions options =
        CopyOptions.defaults().withTicker(time).withPace(Duration.ofSeconds(2), 1 << 20, 2);
    target = new PoolTarget(pool, NAME, AccessPolicy.DEFAULT, options);
    source = new Initiator(target, HOST, 0);
    destination = new Initiator(target, HOST, 1);
    admin = new Initiator(target, "admin", 1);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private static byte[] immediate(byte[] list) {
    list[2] |= 1;
    return list;
  }

  /** A token of the source's first blocks of another type. */
  private byte[] reference(int timeoutSeconds, BlockRange... ranges) throws IOException {
    byte[] list = Initiator.populateList(timeoutSeconds, ranges);
    list[2] |= 2; // RTV
    System.arraycopy(hex("00010000"), 0, list, 8, 4);
    assertThat(sense(source.populate(7, list))).isEqualTo("GOOD");
    return Arrays.copyOfRange(source.ask("84 07 00000007 00000000 00000226 00 00", 550), 38, 550);
  }

  /** A copy in the background that has done the first MiB and waits to do the second. */
  private void stuck(byte[] rod, BlockRange... ranges) throws IOException {
    ticker.freeze(true);
    assertThat(sense(destination.writeUsing(9, immediate(writeList(rod, 0, ranges)))))
        .isEqualTo("GOOD");
    while (target.copies().getFirst().copiedBytes() < 1 << 20) {
      Thread.onSpinWait();
    }
  }

  /** Lets time pass, and sees that the copy that was stuck did no more. */
  private void didNoMore() throws IOException {
    ticker.freeze(false);
    while (target.copyStatistics().running() > 0) {
      Thread.onSpinWait();
    }
    CopyStatus last = target.copies().getFirst();
    assertThat(last.state()).isEqualTo(CopyStatus.State.ABORTED);
    assertThat(last.copiedBytes()).isEqualTo(1 << 20);
    ByteBuffer rest = ByteBuffer.allocate(7 * MIB * 512);
    pool.volume(1).orElseThrow().read((1 + MIB) * 512L, rest);
    assertThat(rest.array()).containsOnly(0);
  }

  // Rights are asked for again.

  @Test
  void aReservationCountsFromItsOwnMoment() throws IOException {
    stuck(token, TO);
    assertThat(sense(admin.send("16 00 00 00 00 00"))).as("RESERVE").isEqualTo("GOOD");
    didNoMore();
  }

  @Test
  void thePolicyOfNowCountsWhenTheSessionIsGone() throws IOException {
    stuck(token, TO);
    source.close();
    destination.close();
    AccessRule others =
        new AccessRule(
            List.of(new NamePattern("iqn.2026-11.test:others")),
            Set.of(),
            List.of(),
            List.of(),
            Access.READ_WRITE);
    target.access(new AccessPolicy(List.of(), List.of(others)));
    didNoMore();
  }

  @Test
  void aSourceByReferenceHasToBeReadableAsLongAsItIsRead() throws IOException {
    byte[] rod = reference(0, FROM);
    stuck(rod, new BlockRange(1, MIB), new BlockRange(1 + MIB, MIB));
    Initiator other = new Initiator(target, "other", 0);
    assertThat(sense(other.send("16 00 00 00 00 00"))).as("RESERVE").isEqualTo("GOOD");
    didNoMore();
  }

  @Test
  void usingATokenByReferenceIsAUse() throws IOException {
    byte[] rod = reference(10, FROM);
    for (int i = 0; i < 3; i++) {
      millis.addAndGet(8_000);
      assertThat(sense(destination.writeUsing(1, writeList(rod, 0, FROM))))
          .as("8 s after use %d", i)
          .isEqualTo("GOOD");
    }
    millis.addAndGet(11_000);
    assertThat(sense(destination.writeUsing(1, writeList(rod, 0, FROM)))).isEqualTo("05/2307");
  }

  @Test
  void aTokenThatEndsBeforeItsCopyBeginsIsTold() throws Exception {
    target.close();
    CountDownLatch mayBegin = new CountDownLatch(1);
    CopyOptions options =
        CopyOptions.defaults()
            .withThreads(task ->
                Thread.ofVirtual()
                    .unstarted(() -> {
                      mayBegin.countDown();
                      awaitRevocation();
                      task.run();
                    }));
    target = new PoolTarget(pool, NAME, AccessPolicy.DEFAULT, options);
    Initiator unit = new Initiator(target, "host", 1); // commands run in this thread
    assertThat(sense(unit.writeUsing(9, immediate(writeList(token, 0, TO))))).isEqualTo("GOOD");
    mayBegin.await();
    pool.end(pool.tokens().getFirst(), Token.End.REVOKED);
    byte[] data = unit.ask("84 07 00000009 00000000 00000226 00 00", 550);
    while (data[5] == 0x12) {
      data = unit.ask("84 07 00000009 00000000 00000226 00 00", 550);
    }
    assertThat(data[5]).as("failed").isEqualTo((byte) 2);
    assertThat(RodTokenInformation.decode(ByteBuffer.wrap(data)).sense())
        .isEqualTo(Sense.TOKEN_REVOKED);
  }

  private void awaitRevocation() {
    while (!pool.tokens().isEmpty()) {
      Thread.onSpinWait();
    }
  }

  // Who ends copies waits for their end.

  private static String reserveOut(Initiator who, int action, long key, long other)
      throws IOException {
    byte[] list = hex("%016X %016X 00000000 00 000000".formatted(key, other));
    return sense(who.send("5F %02X 05 00 00 00000018 00".formatted(action), list));
  }

  @Test
  void whoIsPreemptedAndAbortedWritesNothingFromThenOn() throws IOException {
    assertThat(reserveOut(destination, 0, 0, 0xA1)).as("REGISTER").isEqualTo("GOOD");
    assertThat(reserveOut(admin, 0, 0, 0xB2)).as("REGISTER").isEqualTo("GOOD");
    stuck(token, TO);
    destination.close();
    assertThat(reserveOut(admin, 5, 0xB2, 0xA1)).as("PREEMPT AND ABORT").isEqualTo("GOOD");
    assertThat(target.copyStatistics().running()).isZero();
    didNoMore();
  }

  @Test
  void aResetEndsWhatItsCommandsBeganMeanwhile() throws Exception {
    CompletableFuture<Integer> commandsEnded = new CompletableFuture<>();
    TargetPath path =
        target.connect(new Nexus("third", NAME), HOST, (_, _) -> commandsEnded.copy());
    path.submit(DESTINATION, ScsiRequest.of(new Cdb.TestUnitReady())).get();
    ticker.freeze(true);
    CompletableFuture<Void> reset = path.resetUnit(DESTINATION);
    byte[] list = immediate(writeList(token, 0, TO));
    Cdb write = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 9, list.length);
    ScsiResponse answer =
        path.submit(DESTINATION, ScsiRequest.out(write, ByteBuffer.wrap(list))).get();
    assertThat(sense(answer)).as("a command that was on its way").isEqualTo("GOOD");
    assertThat(reset).isNotDone();
    commandsEnded.complete(1);
    reset.get();
    assertThat(target.copyStatistics().running()).isZero();
    path.close();
  }

  @Test
  void aResetDoesNotWaitForACommandThatIsSlowOnPurpose() throws Exception {
    target.close();
    serve(Ticker.of(System::nanoTime));
    CopyFaults slow =
        new CopyFaults(false, OptionalLong.empty(), 0, OptionalInt.empty(), Duration.ofHours(1));
    target.setFaults(pool.volume(1).orElseThrow(), slow);
    byte[] list = writeList(token, 0, FROM);
    Cdb write = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 9, list.length);
    CompletableFuture<ScsiResponse> answer =
        destination.begin(ScsiRequest.out(write, ByteBuffer.wrap(list)));
    while (target.copyStatistics().running() == 0) {
      Thread.onSpinWait();
    }
    TargetPath path = target.connect(new Nexus("third", NAME), HOST, PathTasks.NONE);
    path.resetUnit(DESTINATION).get();
    assertThat(sense(answer.get())).isEqualTo("0A/2F02");
    path.close();
  }

  // What was answered is durable where there is no cache.

  @Test
  void aShortCopyIsDurableIfWritesAre() throws IOException {
    byte[] page = destination.ask("1A 08 08 00 FF 00", 255);
    page[0] = 0;
    page[4] &= 0x7F;
    page[6] &= ~4; // WCE=0
    assertThat(sense(destination.send("15 10 00 00 %02X 00".formatted(page.length), page)))
        .isEqualTo("GOOD");
    ScsiResponse response = destination.writeUsing(1, writeList(token, 0, TO));
    Path left = directory.resolve("left");
    copyFiles(directory.resolve("pool"), left);
    assertThat(sense(response)).isEqualTo("0A/0D04");
    int blocks = (int) response.sense().information().orElseThrow();
    try (Pool after = Pool.open(FileMedium.open(left), PoolOptions.defaults())) {
      ByteBuffer there = ByteBuffer.allocate(blocks * 512);
      after.volume(1).orElseThrow().read(512, there);
      assertThat(there.array()).isEqualTo(Arrays.copyOf(content, blocks * 512));
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
  void timeGoesOnWhenTheClockIsSetBack() {
    AtomicLong now = new AtomicLong(1_800_000_000_000L);
    Ticker steady = Ticker.of(() -> Instant.ofEpochMilli(now.get()));
    long before = steady.nanos();
    now.addAndGet(-3_600_000);
    long setBack = steady.nanos();
    now.addAndGet(5_000);
    assertThat(setBack).isEqualTo(before);
    assertThat(steady.nanos() - before).isEqualTo(TimeUnit.SECONDS.toNanos(5));
  }
}
