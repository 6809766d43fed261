package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.iscsi.InitiatorPdu.TextRequest;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.iscsi.TargetPdu.TaskManagementResponse;
import io.gantry.iscsi.TargetPdu.TextResponse;
import io.gantry.scsi.Cdb;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Peers that break the protocol on purpose. Each time an honest session next to them works on, and
 * in the end no buffer, no budget, no place in the lobby and no exception in the log is left.
 */
@NullUnmarked
@Timeout(120)
class HostilePeersTest {
  private static final Map<Key, String> R2T_ONLY =
      Map.of(Key.INITIAL_R2T, Key.YES, Key.IMMEDIATE_DATA, Key.NO);
  private static final IscsiTarget.Limits LIMITS =
      new IscsiTarget.Limits(96, 60_000, 60_000, 60_000, 1 << 20, 4 << 20);
  private static final int LENGTH = 1024;

  private final RamDevice device = new RamDevice(4096, Runnable::run);
  private final LoggedErrors errors = new LoggedErrors();
  private final Leaks leaks = new Leaks();
  private IscsiTarget target;
  private HonestInitiator honest;

  @BeforeEach
  void start() throws IOException {
    start(LIMITS);
  }

  private void start(IscsiTarget.Limits limits) throws IOException {
    target =
        IscsiTarget.start(
            device, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), limits);
    honest = new HonestInitiator(target, "honest", 4000);
    honest.works();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    device.release();
    honest.works();
    awaitOnlyTheHonest();
    assertThat(target.lobby().taken()).isZero();
    honest.close();
    target.close();
    leaks.assertNone();
    assertThat(target.bufferBudget().usedBytes()).isZero();
    assertThat(target.earlyBudget().usedBytes()).isZero();
    errors.assertNone();
    errors.close();
  }

  private void awaitOnlyTheHonest() {
    while (target.sessions().size() > 1 || target.lobby().taken() > 0) {
      Thread.onSpinWait();
    }
  }

  private RawInitiator connect() throws IOException {
    return new RawInitiator(target.address());
  }

  /** Logged in, with the unit attention behind it: the next CmdSN is 2. */
  private RawInitiator session(Map<Key, String> offers) throws IOException {
    RawInitiator initiator = connect().logIn("hostile", offers);
    initiator.send(ready(1, 1, false));
    assertThat(((CommandResponse) initiator.receive()).status()).isEqualTo(2);
    return initiator;
  }

  private static ScsiCommand ready(int tag, int cmdSn, boolean immediate) {
    byte[] cdb = Arrays.copyOf(new Cdb.TestUnitReady().encode(), 16);
    return new ScsiCommand(immediate, true, false, false, 1, 0, tag, 0, cmdSn, 0, cdb, Pdu.NO_DATA);
  }

  private static ScsiCommand transfer(int tag, int cmdSn, boolean write, int length) {
    Cdb cdb =
        write
            ? Cdb.Transfer.write(0, length / RamDevice.BLOCK)
            : Cdb.Transfer.read(0, length / RamDevice.BLOCK);
    byte[] bytes = Arrays.copyOf(cdb.encode(), 16);
    return new ScsiCommand(
        false, true, !write, write, 1, 0, tag, length, cmdSn, 0, bytes, Pdu.NO_DATA);
  }

  private static DataOut data(int tag, int transferTag, int sn, int offset, int length, boolean f) {
    ByteBuf bytes = Unpooled.wrappedBuffer(new byte[length]);
    return new DataOut(f, 0, tag, transferTag, 0, sn, offset, bytes);
  }

  private static NopOut ping(int tag, int cmdSn, int length) {
    ByteBuf bytes = Unpooled.wrappedBuffer(new byte[length]);
    return new NopOut(true, 0, tag, Pdu.NO_TAG, cmdSn, 0, bytes);
  }

  private static TaskManagementRequest manage(int function, int tag, int referenced, int cmdSn) {
    return new TaskManagementRequest(true, function, 0, tag, referenced, cmdSn, 0, 0, 0);
  }

  private static void assertClosed(RawInitiator initiator) {
    assertThatThrownBy(
            () -> {
              while (true) {
                initiator.receive();
              }
            })
        .isInstanceOf(IOException.class);
  }

  private static void assertAlive(RawInitiator initiator, int cmdSn) throws IOException {
    initiator.send(ping(0x7777, cmdSn, 0));
    TargetPdu answer;
    do {
      answer = initiator.receive();
    } while (!(answer instanceof NopIn nop && nop.taskTag() == 0x7777));
  }

  /** Opcode, words of additional headers, DataSegmentLength; then the peer is gone. */
  @ParameterizedTest
  @CsvSource({
    "0x00,0,16777215", "0x01,0,262145", "0x01,255,0", "0x01,255,16777215", "0x05,0,262145",
    "0x05,0,262144", "0x04,255,262144", "0x02,0,262144", "0x06,1,1", "0x1f,255,16777215"
  })
  void badLengths(String opcode, int words, int length) throws IOException {
    byte[] header = new byte[Pdu.HEADER_LENGTH];
    ByteBuffer.wrap(header).putInt(4, words << 24 | length);
    header[0] = (byte) (0x40 | Integer.decode(opcode));
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(header);
      honest.works();
      if (length > 262144) {
        if (words > 0) {
          initiator.send(new byte[words * 4]);
        }
        assertThat(((Reject) initiator.receive()).reason())
            .isEqualTo(RejectReason.PROTOCOL_ERROR.code());
        assertClosed(initiator);
      } else {
        initiator.send(new byte[1000]); // of all that was announced
        initiator.reset();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20, 47, 48, 51, 52, 60, 68, 71})
  void badDigests(int at) throws IOException {
    Map<Key, String> offers =
        Map.of(Key.HEADER_DIGEST, "CRC32C", Key.DATA_DIGEST, "CRC32C", Key.INITIAL_R2T, Key.YES);
    try (RawInitiator initiator = session(offers)) {
      assertAlive(initiator, 2);
      byte[] bytes = initiator.bytes(ping(5, 2, 16));
      assertThat(bytes).hasSize(Pdu.HEADER_LENGTH + 4 + 16 + 4);
      bytes[at] ^= 1;
      initiator.send(bytes);
      if (at >= Pdu.HEADER_LENGTH + 4) {
        assertThat(((Reject) initiator.receive()).reason())
            .isEqualTo(RejectReason.DATA_DIGEST_ERROR.code());
      }
      assertClosed(initiator);
    }
  }

  @Test
  void windowViolations() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      for (int cmdSn : new int[] {1, 0, -1, 130, 131, 1 << 30, Integer.MIN_VALUE}) {
        for (int i = 0; i < 100; i++) {
          initiator.send(transfer(i, cmdSn, true, LENGTH));
          initiator.send(new NopOut(false, 0, i, Pdu.NO_TAG, cmdSn, 0, Pdu.NO_DATA));
          initiator.send(new TaskManagementRequest(false, 5, 0, i, 0, cmdSn, 0, 0, 0));
        }
      }
      assertAlive(initiator, 2);
      initiator.send(ready(3, 2, false));
      CommandResponse response = (CommandResponse) initiator.receive();
      assertThat(response.taskTag()).isEqualTo(3);
      assertThat(response.numbers().expCmdSn()).isEqualTo(3);
      initiator.send(ready(4, 4, false)); // a gap
      assertClosed(initiator);
    }
  }

  /** So many that the lobby is full; who has a session does not notice, and others get in later. */
  @Test
  void halfOpenLogins() throws IOException {
    List<RawInitiator> half = new ArrayList<>();
    byte[] begin = {0x43, (byte) 0x87, 0, 0, 0, 0, 1, 0};
    for (int i = 0; i < Lobby.PLACES_PER_ADDRESS; i++) {
      RawInitiator initiator = connect();
      initiator.send(Arrays.copyOf(begin, i % 9));
      half.add(initiator);
    }
    while (target.lobby().taken() < Lobby.PLACES_PER_ADDRESS) {
      Thread.onSpinWait();
    }
    try (RawInitiator late = connect()) {
      assertClosed(late);
    }
    honest.works();
    for (RawInitiator initiator : half) {
      initiator.close();
    }
    awaitOnlyTheHonest();
    session(R2T_ONLY).close();
  }

  @Test
  void loginsThatTakeTooLong() throws IOException {
    honest.close();
    target.close();
    start(new IscsiTarget.Limits(96, 500, 60_000, 60_000, 1 << 20, 4 << 20));
    InitiatorLogin login = new InitiatorLogin("iqn.2026-11.test:slow", RamDevice.NAME, 1, Map.of());
    try (RawInitiator silent = connect();
        RawInitiator begun = connect()) {
      begun.send(login.first());
      assertThat(begun.receive()).isInstanceOf(LoginResponse.class);
      assertClosed(silent);
      assertClosed(begun);
    }
  }

  private static LoginRequest loginText(boolean continues, int length) {
    byte[] text = new byte[length];
    Arrays.fill(text, (byte) 'x');
    return new LoginRequest(
        false, continues, 0, 0, 0, 0, 1, 0, 9, 0, 1, 0, Unpooled.wrappedBuffer(text));
  }

  @Test
  void loginTextThatNeverEnds() throws IOException {
    try (RawInitiator initiator = connect()) {
      for (int length : new int[] {8192, 8192, 1}) {
        initiator.send(loginText(true, length));
        LoginResponse response = (LoginResponse) initiator.receive();
        assertThat(response.status()).isEqualTo(length > 1 ? 0 : 0x0200);
      }
      assertClosed(initiator);
    }
    try (RawInitiator initiator = connect()) {
      int answers = 0;
      for (; answers < 1000; answers++) {
        initiator.send(loginText(true, 0));
        if (((LoginResponse) initiator.receive()).status() != 0) {
          break;
        }
      }
      assertThat(answers).isLessThan(40);
      assertClosed(initiator);
    }
  }

  /** Every operation code before a login, in the middle of one, and after it. */
  @Test
  void wrongPhase() throws IOException {
    for (int opcode = 0; opcode < 0x40; opcode++) {
      byte[] pdu = new byte[Pdu.HEADER_LENGTH];
      pdu[0] = (byte) (0x40 | opcode);
      pdu[1] = (byte) 0x80;
      ByteBuffer.wrap(pdu).putInt(16, 0x123).putInt(24, 2);
      if (opcode != 3) {
        try (RawInitiator initiator = connect()) {
          initiator.send(pdu);
          assertClosed(initiator);
        }
        try (RawInitiator initiator = connect()) {
          initiator.send(loginText(true, 8));
          assertThat(initiator.receive()).isInstanceOf(LoginResponse.class);
          initiator.send(pdu);
          assertClosed(initiator);
        }
      }
      try (RawInitiator initiator = session(R2T_ONLY)) {
        initiator.send(pdu);
        boolean ends = opcode == 6 || (opcode >= 0x20 && opcode < 0x30) || opcode == 0x31;
        ends |= opcode == 0x32 || opcode == 0x3F;
        if (ends && opcode != 0x2F) {
          // Logout, and PDUs of targets, some of which there are not.
          initiator.send(ping(1, 2, 0));
        } else {
          assertAlive(initiator, 2);
        }
      } catch (IOException closedByTheTarget) {
        assertThat(opcode).isIn(6, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3F);
      }
      honest.works();
    }
  }

  @Test
  void dataForNobody() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      for (int i = 0; i < 200; i++) {
        initiator.send(data(i, i, i, i * 4, 512, i % 2 == 0));
        initiator.send(data(i, Pdu.NO_TAG, 0, 0, 8192, true));
      }
      device.hold = true;
      initiator.send(transfer(7, 2, false, LENGTH)); // a read
      initiator.send(data(7, Pdu.NO_TAG, 0, 0, LENGTH, true));
      initiator.send(transfer(8, 3, true, LENGTH));
      int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      initiator.send(data(8, tag, 0, 0, LENGTH, true));
      initiator.send(data(8, tag, 0, 0, LENGTH, true)); // the device has it now
      initiator.send(data(8, tag, 1, LENGTH, LENGTH, true));
      device.awaitHeld(2);
      device.release();
      initiator.receive();
      assertThat(((CommandResponse) initiator.receive()).status()).isZero();
      initiator.send(data(8, tag, 0, 0, LENGTH, true)); // and has answered
      assertAlive(initiator, 4);
    }
  }

  /** DataSN, offset, length of one answer to an R2T for 1024 bytes, with F; none of them right. */
  @ParameterizedTest
  @CsvSource({
    "0,0,1028",
    "0,0,8192",
    "0,0,1020",
    "0,0,0",
    "1,0,1024",
    "-1,0,1024",
    "0,4,1020",
    "0,-4,1024",
    "0,1024,1024",
    "0,0,65536"
  })
  void wrongAnswers(int sn, int offset, int length) throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(transfer(7, 2, true, LENGTH));
      int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      initiator.send(data(7, tag, sn, offset, length, true));
      assertThat(((CommandResponse) initiator.receive()).status()).isEqualTo(2);
      assertAlive(initiator, 3);
    }
    assertThat(device.requests).filteredOn(r -> r.dataOut() != null).hasSize(1); // the honest one
  }

  /** Answers of nothing, over and over, and in the wrong order. */
  @Test
  void answersThatDoNotEnd() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(transfer(7, 2, true, LENGTH));
      int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      for (int sn = 0; sn < 5000; sn++) {
        initiator.send(data(7, tag, sn, 0, 0, false));
      }
      initiator.send(data(7, tag, 5000, 0, LENGTH, true));
      assertThat(((CommandResponse) initiator.receive()).status()).isZero();
      initiator.send(transfer(8, 3, true, LENGTH));
      tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      initiator.send(data(8, tag, 1, 512, 512, false));
      for (int i = 0; i < 100; i++) {
        initiator.send(data(8, tag, 0, 0, 512, false)); // thrown away until one has F
      }
      initiator.send(data(8, tag, 0, 0, 512, true));
      assertThat(((CommandResponse) initiator.receive()).status()).isEqualTo(2);
    }
  }

  @Test
  void duplicateTags() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      initiator.send(transfer(7, 2, true, LENGTH));
      int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      for (int i = 0; i < 300; i++) { // more than the window has slots
        initiator.send(transfer(7, 3 + i, true, LENGTH));
        assertThat(((Reject) initiator.receive()).reason())
            .isEqualTo(RejectReason.TASK_IN_PROGRESS.code());
      }
      initiator.send(data(7, tag, 0, 0, LENGTH, true));
      assertThat(((CommandResponse) initiator.receive()).status()).isZero();
    }
  }

  @Test
  void immediateFlood() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      device.hold = true;
      for (int i = 0; i < 1000; i++) {
        initiator.send(ready(i, 2, true));
        if (i >= 16) {
          assertThat(((Reject) initiator.receive()).reason())
              .isEqualTo(RejectReason.IMMEDIATE_COMMAND_REJECT.code());
        }
      }
      assertThat(device.heldCount()).isEqualTo(16);
      device.release();
      for (int i = 0; i < 16; i++) {
        assertThat(initiator.receive()).isInstanceOf(CommandResponse.class);
      }
      assertAlive(initiator, 2);
    }
  }

  /** All functions there are and are not, in bulk, with writes under way. */
  @Test
  void taskManagementFlood() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      int cmdSn = 2;
      for (int i = 0; i < 400; i++) {
        initiator.send(transfer(i, cmdSn++, true, LENGTH));
        assertThat(initiator.receive()).isInstanceOf(ReadyToTransfer.class);
        int function = i % 127;
        if (function == TaskManagementRequest.TARGET_COLD_RESET) {
          function = 0; // which does what it says: the sessions are gone
        }
        initiator.send(manage(function, 1000, i, cmdSn));
        initiator.send(manage(TaskManagementRequest.ABORT_TASK, 1001, i, cmdSn));
        for (int answers = 0; answers < 2; ) {
          TargetPdu answer = initiator.receive();
          answers += answer instanceof TaskManagementResponse || answer instanceof Reject ? 1 : 0;
        }
      }
      assertAlive(initiator, cmdSn);
    }
    honestAgain(); // after a reset it has a unit attention
  }

  private void honestAgain() throws IOException {
    honest.close();
    awaitNobody();
    honest = new HonestInitiator(target, "honest", 4000);
  }

  private void awaitNobody() {
    while (!target.sessions().isEmpty()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void textThatNeverEnds() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      int rejects = 0;
      int transferTag = Pdu.NO_TAG;
      for (int i = 0; i < 500; i++) {
        ByteBuf text = Unpooled.wrappedBuffer(new byte[8000]);
        initiator.send(new TextRequest(true, false, true, 0, 5, transferTag, 2, 0, text));
        switch (initiator.receive()) {
          case TextResponse response -> transferTag = response.transferTag();
          case Reject _ -> {
            rejects++;
            transferTag = Pdu.NO_TAG;
          }
          case TargetPdu other -> throw new AssertionError(other);
        }
      }
      assertThat(rejects).isGreaterThan(50);
      assertAlive(initiator, 2);
    }
  }

  /** Asks for a hundred MiB and reads none of it. */
  @Test
  void slowReader() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      for (int i = 0; i < 100; i++) {
        initiator.send(transfer(i, 2 + i, false, 1 << 20));
      }
      for (int i = 0; i < 100; i++) {
        honest.works();
        assertThat(target.bufferBudget().usedBytes()).isLessThanOrEqualTo(4 << 20);
        assertThat(UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
            .isLessThan(16 << 20);
      }
      initiator.reset();
    }
  }

  /** Every byte a packet of its own. */
  @Test
  void slowWriter() throws IOException {
    try (RawInitiator initiator = session(R2T_ONLY)) {
      for (byte b : initiator.bytes(transfer(7, 2, true, LENGTH))) {
        initiator.send(new byte[] {b});
      }
      int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
      for (byte b : initiator.bytes(data(7, tag, 0, 0, LENGTH, true))) {
        initiator.send(new byte[] {b});
      }
      honest.works();
      assertThat(((CommandResponse) initiator.receive()).status()).isZero();
    }
  }

  /** In each of these states the task is aborted, or the connection is cut, or both. */
  @ParameterizedTest
  @CsvSource({
    "asked,true",
    "asked,false",
    "half,true",
    "half,false",
    "waiting,true",
    "waiting,false",
    "device,true",
    "device,false",
    "answered,true",
    "answered,false"
  })
  void abortsInEveryState(String state, boolean cut) throws IOException {
    int[] functions =
        IntStream.of(
                TaskManagementRequest.ABORT_TASK,
                TaskManagementRequest.ABORT_TASK_SET,
                TaskManagementRequest.NEXUS_RESET)
            .toArray();
    for (int function : functions) {
      try (RawInitiator initiator = session(R2T_ONLY)) {
        int task = 7;
        int cmdSn = 4;
        if (state.equals("device")) {
          device.hold = true;
          initiator.send(transfer(7, 2, false, LENGTH));
          device.awaitHeld(1);
        } else if (state.equals("answered")) {
          initiator.send(transfer(7, 2, false, LENGTH));
        } else {
          int length = state.equals("waiting") ? 1 << 20 : LENGTH;
          initiator.send(transfer(7, 2, true, length));
          int tag = ((ReadyToTransfer) initiator.receive()).transferTag();
          if (state.equals("half")) {
            initiator.send(data(7, tag, 0, 0, 512, false));
          } else if (state.equals("waiting")) {
            initiator.send(transfer(8, 3, true, length));
            task = 8;
          }
        }
        initiator.send(
            new TaskManagementRequest(true, function, 0, 9, task, cmdSn, 0, cmdSn - 1, 0));
        if (cut) {
          initiator.reset();
        }
        device.release();
        if (!cut) {
          TargetPdu answer;
          do {
            answer = initiator.receive();
          } while (!(answer instanceof TaskManagementResponse));
        }
      }
      honest.works();
      awaitOnlyTheHonest();
    }
  }
}
