package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LogoutRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.AsyncMessage;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.LogoutResponse;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.iscsi.TargetPdu.TaskManagementResponse;
import io.gantry.scsi.Cdb;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The portal against initiators that do not behave. */
@Timeout(60)
class IscsiPortalTest {
  private static final Map<Key, String> R2T_ONLY =
      Map.of(Key.INITIAL_R2T, Key.YES, Key.IMMEDIATE_DATA, Key.NO);
  private static final Map<Key, String> UNSOLICITED =
      Map.of(Key.INITIAL_R2T, Key.NO, Key.IMMEDIATE_DATA, Key.NO);
  private static final IscsiTarget.Limits LIMITS =
      new IscsiTarget.Limits(8, 60_000, 60_000, 60_000, 1 << 20, 4 << 20);

  private final RamDevice device = new RamDevice(1024, Runnable::run);
  private final Leaks leaks = new Leaks();
  private IscsiTarget target;

  @BeforeEach
  void start() throws IOException {
    target = start(LIMITS);
  }

  private IscsiTarget start(IscsiTarget.Limits limits) throws IOException {
    return IscsiTarget.start(
        device, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), limits);
  }

  @AfterEach
  void stop() {
    device.release();
    target.close();
    leaks.assertNone();
    assertThat(target.bufferBudget().usedBytes()).isZero();
    assertThat(target.earlyBudget().usedBytes()).isZero();
  }

  private RawInitiator connect() throws IOException {
    return new RawInitiator(target.address());
  }

  /** Logged in, with the unit attention of a new nexus behind it: the next CmdSN is 2. */
  private RawInitiator session(Map<Key, String> offers) throws IOException {
    RawInitiator initiator = connect().logIn(offers);
    initiator.send(command(1, 1, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
    assertThat(((CommandResponse) initiator.receive()).status()).isEqualTo(2);
    return initiator;
  }

  private static ScsiCommand command(
      int tag, int cmdSn, boolean read, boolean write, long length, Cdb cdb, ByteBuf data) {
    byte[] padded = Arrays.copyOf(cdb.encode(), 16);
    return new ScsiCommand(false, true, read, write, 1, 0, tag, length, cmdSn, 0, padded, data);
  }

  private static ScsiCommand write(int tag, int cmdSn) {
    return command(tag, cmdSn, false, true, 1024, Cdb.Transfer.write(0, 2), Pdu.NO_DATA);
  }

  private static NopOut ping(int tag, int cmdSn, String text) {
    return new NopOut(
        false,
        0,
        tag,
        Pdu.NO_TAG,
        cmdSn,
        0,
        Unpooled.copiedBuffer(text.getBytes(StandardCharsets.US_ASCII)));
  }

  private static void assertGood(TargetPdu pdu, int tag) {
    assertThat(pdu)
        .isInstanceOfSatisfying(
            CommandResponse.class,
            response -> {
              assertThat(response.status()).isZero();
              assertThat(response.taskTag()).isEqualTo(tag);
            });
  }

  @Test
  void commandsOutsideOfTheWindowAreIgnored() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(command(2, 1, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      initiator.send(command(3, 0, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      initiator.send(command(4, 130, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      initiator.send(command(5, 2, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      TargetPdu answer = initiator.receive();
      assertGood(answer, 5);
      assertThat(answer.numbers().expCmdSn()).isEqualTo(3);
      assertThat(answer.numbers().maxCmdSn()).isEqualTo(130);
    }
  }

  @Test
  void pingsAreEchoed() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(ping(9, 2, "hello"));
      assertThat(initiator.receive())
          .isInstanceOfSatisfying(
              NopIn.class,
              nop -> {
                assertThat(nop.taskTag()).isEqualTo(9);
                assertThat(nop.transferTag()).isEqualTo(Pdu.NO_TAG);
                assertThat(nop.data().toString(StandardCharsets.US_ASCII)).isEqualTo("hello");
              });
    }
  }

  /** A task that waits for its data can be aborted; it gets no answer, and its slot is free. */
  @Test
  void abortTaskWhileDataAreMissing() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(write(7, 2));
      ReadyToTransfer request = (ReadyToTransfer) initiator.receive();
      assertThat(request.desiredLength()).isEqualTo(1024);
      initiator.send(new TaskManagementRequest(true, 1, 0, 8, 7, 3, 0, 2, 0));
      TaskManagementResponse aborted = (TaskManagementResponse) initiator.receive();
      assertThat(aborted.response()).isEqualTo(TaskManagementResponse.FUNCTION_COMPLETE);
      assertThat(aborted.numbers().maxCmdSn()).isEqualTo(130);
      initiator.send(
          new DataOut(
              true, 0, 7, request.transferTag(), 0, 0, 0, Unpooled.wrappedBuffer(new byte[1024])));
      initiator.send(new TaskManagementRequest(true, 1, 0, 8, 7, 3, 0, 2, 0));
      TaskManagementResponse gone = (TaskManagementResponse) initiator.receive();
      assertThat(gone.response()).isEqualTo(TaskManagementResponse.TASK_DOES_NOT_EXIST);
      initiator.send(new TaskManagementRequest(true, 3, 0, 8, Pdu.NO_TAG, 3, 0, 0, 0));
      TaskManagementResponse reset = (TaskManagementResponse) initiator.receive();
      assertThat(reset.response()).isEqualTo(TaskManagementResponse.FUNCTION_NOT_SUPPORTED);
    }
    assertThat(device.requests).hasSize(1);
  }

  /** A task that the device has is confirmed as aborted only when the device is done with it. */
  @Test
  void abortTaskInTheDevice() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      device.hold = true;
      initiator.send(command(7, 2, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      initiator.send(new TaskManagementRequest(true, 1, 0, 8, 7, 3, 0, 2, 0));
      initiator.send(ping(9, 3, ""));
      assertThat(initiator.receive()).isInstanceOf(NopIn.class);
      for (int i = 0; i < 16; i++) { // only so many may wait
        initiator.send(new TaskManagementRequest(true, 1, 0, 9, 7, 3, 0, 2, 0));
      }
      assertRejected(initiator.receive(), RejectReason.IMMEDIATE_COMMAND_REJECT);
      device.release();
      for (int i = 0; i < 16; i++) {
        assertThat(initiator.receive())
            .isInstanceOfSatisfying(
                TaskManagementResponse.class, r -> assertThat(r.response()).isZero());
      }
    }
  }

  @Test
  void wrongDataEndTheCommandAndNotTheSession() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(write(7, 2));
      int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      ByteBuf data = Unpooled.wrappedBuffer(new byte[1024]);
      initiator.send(new DataOut(true, 0, 7, tag, 0, 5, 0, data));
      CommandResponse response = (CommandResponse) initiator.receive();
      assertThat(response.status()).isEqualTo(2);
      assertThat(response.underflow()).isTrue();
      assertThat(response.residual()).isEqualTo(1024);
      initiator.send(command(8, 3, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      assertGood(initiator.receive(), 8);
    }
    assertThat(device.requests).hasSize(2);
  }

  @Test
  void rejects() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      byte[] unknown = new byte[Pdu.HEADER_LENGTH];
      unknown[0] = 0x1C;
      initiator.send(unknown);
      assertRejected(initiator.receive(), RejectReason.COMMAND_NOT_SUPPORTED);
      initiator.send(command(7, 2, true, true, 512, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      assertRejected(initiator.receive(), RejectReason.INVALID_PDU_FIELD);
      initiator.send(write(7, 3));
      initiator.receive();
      initiator.send(write(7, 4));
      assertRejected(initiator.receive(), RejectReason.TASK_IN_PROGRESS);
      // A gap cannot be on one connection: the end of it.
      initiator.send(command(9, 6, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      assertRejected(initiator.receive(), RejectReason.PROTOCOL_ERROR);
      assertThatThrownBy(initiator::receive).isInstanceOf(IOException.class);
    }
  }

  private static void assertRejected(TargetPdu pdu, RejectReason reason) {
    assertThat(pdu)
        .isInstanceOfSatisfying(
            Reject.class,
            reject -> {
              assertThat(reject.reason()).isEqualTo(reason.code());
              assertThat(reject.data().readableBytes()).isEqualTo(Pdu.HEADER_LENGTH);
            });
  }

  @Test
  void logoutIsAnsweredAndTheConnectionClosed() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(new LogoutRequest(true, LogoutRequest.CLOSE_CONNECTION, 3, 9, 2, 0));
      assertThat(((LogoutResponse) initiator.receive()).response())
          .isEqualTo(LogoutResponse.CONNECTION_NOT_FOUND);
      initiator.send(new LogoutRequest(true, LogoutRequest.CLOSE_SESSION, 3, 0, 2, 0));
      assertThat(((LogoutResponse) initiator.receive()).response())
          .isEqualTo(LogoutResponse.CLOSED);
      assertThatThrownBy(initiator::receive).isInstanceOf(IOException.class);
    }
  }

  /** A session is closed when none of its commands changes anything any more. */
  @Test
  void logoutWaitsForTheDevice() throws Exception {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      device.hold = true;
      initiator.send(command(7, 2, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      initiator.send(write(8, 3));
      assertThat(initiator.receive()).isInstanceOf(ReadyToTransfer.class);
      initiator.send(new LogoutRequest(true, LogoutRequest.CLOSE_SESSION, 3, 0, 4, 0));
      CompletableFuture<TargetPdu> next =
          CompletableFuture.supplyAsync(() -> {
            try {
              return initiator.receive();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      while (device.abandoned.isEmpty()) { // until the target has begun to log out
        Thread.onSpinWait();
      }
      assertThat(next).isNotDone();
      device.release();
      assertThat(next.get()).isInstanceOf(LogoutResponse.class);
      assertThatThrownBy(initiator::receive).isInstanceOf(IOException.class);
    }
  }

  /** Data that come unasked while their commands wait have a bound; what is beyond it can retry. */
  @Test
  void dataOfWaitingWritesAreBounded() throws IOException {
    target.close();
    target = start(new IscsiTarget.Limits(8, 60_000, 60_000, 60_000, 1 << 20, 1 << 20));
    int length = 64 * 1024;
    int fit = (1 << 19) / length;
    try (RawInitiator initiator = session(Map.of(Key.IMMEDIATE_DATA, Key.YES))) {
      Cdb large = Cdb.Transfer.write(0, 2048);
      initiator.send(command(100, 2, false, true, 1 << 20, large, Pdu.NO_DATA));
      assertThat(initiator.receive()).isInstanceOf(ReadyToTransfer.class);
      for (int i = 0; i <= fit; i++) {
        ByteBuf data = Unpooled.wrappedBuffer(new byte[length]);
        Cdb write = Cdb.Transfer.write(0, length / 512);
        initiator.send(command(i, 3 + i, false, true, length, write, data));
      }
      initiator.send(new TaskManagementRequest(true, 1, 0, 101, 100, 4 + fit, 0, 2, 0));
      for (int i = 0; i <= fit; i++) {
        TargetPdu answer = initiator.receive();
        if (answer instanceof TaskManagementResponse aborted) {
          assertThat(aborted.response()).isZero();
          answer = initiator.receive();
        }
        CommandResponse response = (CommandResponse) answer;
        assertThat(response.taskTag()).isEqualTo(i);
        assertThat(response.status()).isEqualTo(i < fit ? 0 : 2);
        if (i == fit) {
          assertThat(response.data().getByte(response.data().readerIndex() + 4))
              .isEqualTo((byte) 0xB);
        }
      }
    }
  }

  /** All sessions share one budget; one that waits for it goes on when another ends. */
  @Test
  void sessionsShareTheBudget() throws Exception {
    target.close();
    target = start(new IscsiTarget.Limits(8, 60_000, 60_000, 60_000, 1 << 20, 1 << 20));
    try (RawInitiator waiting = connect().logIn("waiting", R2T_ONLY)) {
      waiting.send(command(1, 1, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      waiting.receive();
      try (RawInitiator greedy = session(R2T_ONLY)) {
        Cdb large = Cdb.Transfer.write(0, 2048);
        greedy.send(command(7, 2, false, true, 1 << 20, large, Pdu.NO_DATA));
        assertThat(greedy.receive()).isInstanceOf(ReadyToTransfer.class);
        waiting.send(write(8, 2));
        waiting.send(ping(9, 3, ""));
        assertThat(waiting.receive()).isInstanceOf(NopIn.class);
      }
      assertThat(waiting.receive()).isInstanceOf(ReadyToTransfer.class);
    }
  }

  /** Answers that nobody reads do not pile up, and others do not notice. */
  @Test
  void anInitiatorThatDoesNotReadIsNotListenedTo() throws Exception {
    Thread flood;
    try (RawInitiator deaf = session(R2T_ONLY);
        RawInitiator good = connect().logIn("good", R2T_ONLY)) {
      String text = "x".repeat(8000);
      flood =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  for (int i = 0; i < 100_000; i++) {
                    ByteBuf data = ping(i, 2, text).data();
                    deaf.send(new NopOut(true, 0, i, Pdu.NO_TAG, 2, 0, data));
                  }
                } catch (IOException closed) {
                  assertThat(closed).isNotNull();
                }
              });
      for (int i = 0; i < 500; i++) {
        good.send(ping(i, 1 + i, ""));
        assertThat(good.receive()).isInstanceOf(NopIn.class);
        assertThat(UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
            .isLessThan(16 << 20);
      }
    }
    flood.join();
  }

  @Test
  void anythingButALoginEndsTheConnection() throws IOException {
    try (RawInitiator initiator = connect()) {
      initiator.send(ping(1, 1, ""));
      assertThatThrownBy(initiator::receive).isInstanceOf(IOException.class);
    }
    byte[] tooLong = new byte[Pdu.HEADER_LENGTH];
    tooLong[0] = 0x43;
    tooLong[6] = 0x20;
    tooLong[7] = 1; // 8193
    try (RawInitiator initiator = connect()) {
      initiator.send(tooLong);
      assertThatThrownBy(initiator::receive).isInstanceOf(IOException.class);
    }
  }

  @Test
  void limitsHold() throws IOException {
    target.close();
    target = start(new IscsiTarget.Limits(2, 1, 60_000, 60_000, 1 << 20, 4 << 20));
    try (RawInitiator late = connect()) {
      assertThatThrownBy(late::receive).isInstanceOf(IOException.class); // no login in time
    }
    target.close();
    target = start(new IscsiTarget.Limits(1, 60_000, 60_000, 60_000, 1 << 20, 4 << 20));
    try (RawInitiator first = connect().logIn(R2T_ONLY);
        RawInitiator second = connect()) {
      assertThatThrownBy(second::receive).isInstanceOf(IOException.class); // one too many
      first.send(ping(9, 1, ""));
      assertThat(first.receive()).isInstanceOf(NopIn.class);
    }
    target.close();
    target = start(new IscsiTarget.Limits(1, 60_000, 1, 60_000, 1 << 20, 4 << 20));
    try (RawInitiator silent = connect().logIn(R2T_ONLY)) {
      assertThat(silent.receive())
          .isInstanceOfSatisfying(
              NopIn.class, nop -> assertThat(nop.taskTag()).isEqualTo(Pdu.NO_TAG));
      assertThatThrownBy(silent::receive).isInstanceOf(IOException.class); // the ping unanswered
    }
  }

  /** Who is asked for data, or has announced them, and is alive but does not send them. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dataThatDoNotComeEndTheSession(boolean solicited) throws IOException {
    target.close();
    target = start(new IscsiTarget.Limits(8, 60_000, 60_000, 40, 1 << 20, 4 << 20));
    try (RawInitiator initiator = session(solicited ? R2T_ONLY : UNSOLICITED)) {
      Cdb cdb = Cdb.Transfer.write(0, 2);
      initiator.send(
          new ScsiCommand(
              false,
              solicited,
              false,
              true,
              1,
              0,
              7,
              1024,
              2,
              0,
              Arrays.copyOf(cdb.encode(), 16),
              Pdu.NO_DATA));
      if (solicited) {
        assertThat(initiator.receive()).isInstanceOf(ReadyToTransfer.class);
      }
      assertThat(initiator.receive())
          .isInstanceOfSatisfying(
              AsyncMessage.class,
              message -> assertThat(message.event()).isEqualTo(AsyncMessage.SESSION_DROPPED));
      assertThatThrownBy(initiator::receive).isInstanceOf(IOException.class);
    }
    assertThat(device.requests).hasSize(1); // not one that has no data
    try (RawInitiator good = session(R2T_ONLY)) { // and who owes nothing may be as slow as he likes
      good.send(ping(9, 2, ""));
      assertThat(good.receive()).isInstanceOf(NopIn.class);
    }
  }

  /** Random PDUs in a session, over and over; a well-behaved one next to it works all the time. */
  @Test
  void randomPdusHarmNobodyElse() throws IOException {
    long seed = Long.getLong("seed", new Random().nextLong());
    System.out.println("IscsiPortalTest -Dseed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      try (RawInitiator hostile = connect()) {
        if (random.nextBoolean()) {
          hostile.logIn(R2T_ONLY);
        }
        for (int i = random.nextInt(20); i >= 0; i--) {
          byte[] bytes = new byte[Pdu.HEADER_LENGTH + random.nextInt(64) * 4];
          random.nextBytes(bytes);
          bytes[0] = (byte) (random.nextInt(8) | (random.nextBoolean() ? 0x40 : 0));
          bytes[4] = 0;
          bytes[5] = 0;
          bytes[6] = (byte) ((bytes.length - Pdu.HEADER_LENGTH) >> 8);
          bytes[7] = (byte) (bytes.length - Pdu.HEADER_LENGTH);
          hostile.send(bytes);
        }
      } catch (IOException closedByTheTarget) {
        assertThat(closedByTheTarget).isNotNull();
      }
    }
    try (RawInitiator good = session(R2T_ONLY)) {
      good.send(command(8, 2, false, false, 0, new Cdb.TestUnitReady(), Pdu.NO_DATA));
      assertGood(good.receive(), 8);
    }
  }

  /** A target that closes asks first, and drops who does not listen. */
  @Test
  void closingAsksForALogout() throws Exception {
    try (RawInitiator polite = session(R2T_ONLY);
        RawInitiator deaf = connect().logIn("deaf", R2T_ONLY)) {
      CompletableFuture<Void> closed = CompletableFuture.runAsync(target::close);
      AsyncMessage asked = (AsyncMessage) polite.receive();
      assertThat(asked.event()).isEqualTo(AsyncMessage.LOGOUT_REQUESTED);
      assertThat(asked.parameter3()).isEqualTo(2); // seconds
      polite.send(new LogoutRequest(true, LogoutRequest.CLOSE_SESSION, 9, 1, 2, 0));
      assertThat(polite.receive()).isInstanceOf(LogoutResponse.class);
      assertThat(((AsyncMessage) deaf.receive()).event()).isEqualTo(AsyncMessage.LOGOUT_REQUESTED);
      assertThat(((AsyncMessage) deaf.receive()).event()).isEqualTo(AsyncMessage.SESSION_DROPPED);
      assertThatThrownBy(deaf::receive).isInstanceOf(IOException.class);
      closed.get();
    }
  }
}
