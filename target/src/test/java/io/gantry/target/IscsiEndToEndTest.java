package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.initiator.DiscoveredTarget;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our initiator and our portal, over loopback, with a disk in memory behind. */
@Timeout(60)
class IscsiEndToEndTest {
  private static final int BLOCK = RamDevice.BLOCK;
  private static final int BLOCKS = 64 * 1024;

  private final ExecutorService worker = Executors.newSingleThreadExecutor();
  private final RamDevice device = new RamDevice(BLOCKS, worker);
  private final Leaks leaks = new Leaks();
  private IscsiTarget target;

  @BeforeEach
  void start() throws IOException {
    target = start(device);
  }

  private static IscsiTarget start(TargetDevice device) throws IOException {
    return IscsiTarget.start(device, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @AfterEach
  void stop() {
    device.release();
    target.close();
    worker.shutdown();
    leaks.assertNone();
  }

  private IscsiUrl url() {
    return url(RamDevice.NAME, 0);
  }

  private IscsiUrl url(String name, int lun) {
    return IscsiUrl.parse(
        "iscsi://127.0.0.1:%d/%s/%d".formatted(target.address().getPort(), name, lun));
  }

  private static ByteBuffer random(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  /** Every size around the limits of segments and bursts, and the largest. */
  @ParameterizedTest
  @ValueSource(
      ints = {
        1, 2, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097,
        8191, 8192
      })
  void whatIsWrittenIsReadBack(int blocks) throws IOException {
    Random random = new Random(blocks);
    ByteBuffer written = random(random, blocks * BLOCK);
    ByteBuffer read = ByteBuffer.allocateDirect(blocks * BLOCK);
    try (IscsiSession session = IscsiSession.open(url())) {
      ScsiResponse response =
          session.execute(ScsiRequest.out(Cdb.Transfer.write(7, blocks), written));
      assertThat(response).isEqualTo(ScsiResponse.good(blocks * (long) BLOCK));
      response = session.execute(ScsiRequest.in(Cdb.Transfer.read(7, blocks), read));
      assertThat(response).isEqualTo(ScsiResponse.good(blocks * (long) BLOCK));
      assertThat(read).isEqualTo(written);
      assertThat(session.statistics().dataOutBytes()).isEqualTo(blocks * (long) BLOCK);
      assertThat(session.statistics().dataInBytes()).isEqualTo(blocks * (long) BLOCK);
    }
    IscsiTarget.Traffic traffic = target.traffic();
    assertThat(traffic.dataInBytes()).isEqualTo(blocks * (long) BLOCK);
    assertThat(traffic.dataOutBytes()).isEqualTo(blocks * (long) BLOCK);
    assertThat(traffic.commands()).isEqualTo(4); // with two TEST UNIT READY
  }

  @Test
  void manyCommandsAtOnceKeepApart() throws Exception {
    long seed = Long.getLong("seed", new Random().nextLong());
    System.out.println("IscsiEndToEndTest -Dseed=" + seed);
    int depth = 32;
    int area = BLOCKS / depth;
    try (IscsiSession session = IscsiSession.open(url())) {
      List<CompletableFuture<?>> chains = new ArrayList<>();
      for (int i = 0; i < depth; i++) {
        byte[] model = new byte[area * BLOCK];
        chains.add(step(session, new Random(seed + i), model, i * area, 40));
      }
      CompletableFuture.allOf(chains.toArray(CompletableFuture<?>[]::new)).get();
    }
  }

  /** One random read or write in an area of its own, and the next when it is done. */
  private static CompletableFuture<?> step(
      IscsiSession session, Random random, byte[] model, int firstLba, int steps) {
    if (steps == 0) {
      return CompletableFuture.completedFuture(null);
    }
    int blocks = 1 + random.nextInt(random.nextBoolean() ? 8 : 2047);
    int at = random.nextInt(model.length / BLOCK - blocks + 1);
    int length = blocks * BLOCK;
    CompletableFuture<?> done;
    if (random.nextBoolean()) {
      ByteBuffer data = random(random, length);
      data.get(0, model, at * BLOCK, length);
      done =
          session
              .submit(ScsiRequest.out(Cdb.Transfer.write(firstLba + at, blocks), data))
              .thenAccept(r -> assertThat(r).isEqualTo(ScsiResponse.good(length)));
    } else {
      ByteBuffer data = ByteBuffer.allocate(length);
      done =
          session
              .submit(ScsiRequest.in(Cdb.Transfer.read(firstLba + at, blocks), data))
              .thenAccept(r -> {
                assertThat(r).isEqualTo(ScsiResponse.good(length));
                assertThat(data).isEqualTo(ByteBuffer.wrap(model, at * BLOCK, length));
              });
    }
    return done.thenCompose(_ -> step(session, random, model, firstLba, steps - 1));
  }

  /** More than the command window and more than the budget for buffers. */
  @Test
  void commandsBeyondWindowAndBudgetWait() throws Exception {
    int blocks = 768;
    ByteBuffer content = random(new Random(3), blocks * BLOCK);
    try (IscsiSession session = IscsiSession.open(url())) {
      session.execute(ScsiRequest.out(Cdb.Transfer.write(0, blocks), content));
      device.hold = true;
      List<CompletableFuture<?>> answers = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        ByteBuffer room = ByteBuffer.allocate(blocks * BLOCK);
        answers.add(
            session
                .submit(ScsiRequest.in(Cdb.Transfer.read(0, blocks), room))
                .thenAccept(_ -> assertThat(room).isEqualTo(content)));
      }
      int budget = (int) IscsiTarget.Limits.STANDARD.sessionBytesMax() / (blocks * BLOCK);
      while (device.heldCount() < budget) {
        Thread.onSpinWait(); // the test's timeout bounds this
      }
      assertThat(device.heldCount()).isEqualTo(budget).isLessThan(IscsiTarget.COMMAND_WINDOW);
      worker.execute(device::release);
      CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new)).get();
    }
  }

  @Test
  void residualsAreExact() throws IOException {
    try (IscsiSession session = IscsiSession.open(url())) {
      // Room for less than the command reads: overflow, and the room is filled.
      ByteBuffer less = ByteBuffer.allocate(700);
      assertThat(session.execute(ScsiRequest.in(Cdb.Transfer.read(0, 2), less)))
          .isEqualTo(ScsiResponse.good(1024));
      assertThat(session.statistics().dataInBytes()).isEqualTo(700);
      // Room for more: underflow.
      ByteBuffer more = ByteBuffer.allocate(10_000);
      assertThat(session.execute(ScsiRequest.in(Cdb.Transfer.read(0, 2), more)))
          .isEqualTo(ScsiResponse.good(1024));
      assertThat(session.statistics().dataInBytes()).isEqualTo(700 + 1024);
      // No room at all.
      assertThat(session.execute(ScsiRequest.of(Cdb.Transfer.read(0, 2))))
          .isEqualTo(ScsiResponse.good(1024));
      // Data that the command does not take, and data that it misses.
      ByteBuffer data = ByteBuffer.allocate(10_000);
      assertThat(session.execute(ScsiRequest.out(Cdb.Transfer.write(0, 2), data)))
          .isEqualTo(ScsiResponse.good(1024));
      assertThat(session.execute(ScsiRequest.out(Cdb.Transfer.write(0, 2), data.limit(512))))
          .isEqualTo(ScsiResponse.good(1024));
    }
  }

  @Test
  void checkConditionBringsItsSense() throws IOException {
    try (IscsiSession session = IscsiSession.open(url())) {
      ScsiResponse response =
          session.execute(ScsiRequest.in(Cdb.Transfer.read(BLOCKS, 1), ByteBuffer.allocate(BLOCK)));
      assertThat(response.status()).isEqualTo(ScsiStatus.CHECK_CONDITION);
      assertThat(response.sense()).isEqualTo(Sense.LBA_OUT_OF_RANGE);
      assertThat(response.transferLength()).isZero();
    }
  }

  /** A command longer than the device takes is answered, and its data are not gathered. */
  @Test
  void tooLongIsRefusedByTheDevice() throws IOException {
    int length = 2 * RamDevice.TRANSFER_MAX;
    try (IscsiSession session = IscsiSession.open(url())) {
      ScsiResponse write =
          session.execute(
              ScsiRequest.out(Cdb.Transfer.write(0, length / BLOCK), ByteBuffer.allocate(length)));
      assertThat(write.sense()).isEqualTo(Sense.INVALID_FIELD_IN_CDB);
      assertThat(session.statistics().dataOutBytes()).isEqualTo(RamDevice.TRANSFER_MAX);
      ScsiResponse read =
          session.execute(
              ScsiRequest.in(Cdb.Transfer.read(0, length / BLOCK), ByteBuffer.allocate(length)));
      assertThat(read.sense()).isEqualTo(Sense.INVALID_FIELD_IN_CDB);
    }
    assertThat(device.requests)
        .allSatisfy(
            r -> assertThat(r.expectedLength()).isLessThanOrEqualTo(RamDevice.TRANSFER_MAX));
  }

  @Test
  void discoveryFindsTheTarget() throws IOException {
    int port = target.address().getPort();
    assertThat(IscsiSession.discover("127.0.0.1", port))
        .containsExactly(new DiscoveredTarget(RamDevice.NAME, List.of("127.0.0.1:" + port + ",1")));
  }

  @Test
  void failuresToOpenSayWhy() throws IOException {
    assertThatThrownBy(() -> IscsiSession.open(url("iqn.2026-11.io.gantry.test:other", 0)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("target not found")
        .hasMessageContaining("127.0.0.1:" + target.address().getPort());
    assertThatThrownBy(() -> IscsiSession.open(url(RamDevice.NAME, 3)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no LUN 3");
    IscsiUrl gone = url();
    target.close();
    assertThatThrownBy(() -> IscsiSession.open(gone))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot connect to " + gone.portal() + ": connection refused");
  }

  /** The same initiator port again: the old session ends first, commands and all. */
  @Test
  void aSecondLoginReplacesTheFirst() throws Exception {
    SessionOptions options = SessionOptions.standard(new Random(1));
    IscsiSession first = IscsiSession.open(url(), options);
    device.hold = true;
    CompletableFuture<ScsiResponse> stuck = first.submit(ScsiRequest.of(new Cdb.TestUnitReady()));
    CompletableFuture<IscsiSession> opening =
        CompletableFuture.supplyAsync(() -> {
          try {
            return IscsiSession.open(url(), options);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
    assertThatThrownBy(stuck::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("127.0.0.1:" + target.address().getPort());
    // The device still holds the old session's command: the new one has not begun.
    assertThat(opening).isNotDone();
    assertThat(device.lost).isEmpty();
    worker.execute(device::release);
    try (IscsiSession second = opening.get()) {
      assertThat(device.lost).hasSize(1);
      assertThat(second.execute(ScsiRequest.of(new Cdb.TestUnitReady())).isGood()).isTrue();
    }
    first.close();
  }

  @Test
  void aTargetThatGoesAwayFailsWhatIsOutstanding() throws Exception {
    IscsiSession session = IscsiSession.open(url());
    device.hold = true;
    List<CompletableFuture<ScsiResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      ByteBuffer data = ByteBuffer.allocate(64 * 1024);
      answers.add(session.submit(ScsiRequest.out(Cdb.Transfer.write(0, 128), data)));
    }
    CompletableFuture<Void> closing = CompletableFuture.runAsync(target::close);
    for (CompletableFuture<ScsiResponse> answer : answers) {
      assertThatThrownBy(answer::get)
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + target.address().getPort());
    }
    assertThatThrownBy(() -> session.execute(ScsiRequest.of(new Cdb.TestUnitReady())))
        .isInstanceOf(IOException.class);
    worker.execute(device::release);
    closing.get(10, TimeUnit.SECONDS);
    session.close();
    assertThat(device.lost).hasSize(1);
  }

  @Test
  void closingASessionTellsTheDevice() throws Exception {
    IscsiSession session = IscsiSession.open(url());
    session.close();
    target.close();
    assertThat(device.lost)
        .singleElement()
        .satisfies(nexus -> assertThat(nexus.initiatorPort()).contains(",i,0x8"))
        .satisfies(nexus -> assertThat(nexus.targetPort()).isEqualTo(RamDevice.NAME + ",t,0x0001"));
    assertThatThrownBy(() -> session.execute(ScsiRequest.of(new Cdb.TestUnitReady())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aCommandWithoutAnswerFailsTheSession() throws Exception {
    IscsiSession session =
        IscsiSession.open(
            url(), SessionOptions.standard().withCommandTimeout(Duration.ofMillis(200)));
    device.hold = true;
    assertThatThrownBy(() -> session.execute(ScsiRequest.of(new Cdb.TestUnitReady())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("did not answer command 00h");
    session.close();
  }
}
