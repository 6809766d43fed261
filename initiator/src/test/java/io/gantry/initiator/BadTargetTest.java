package io.gantry.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.InitiatorPdu.LogoutRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.AsyncMessage;
import io.gantry.iscsi.TargetPdu.DataIn;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.Numbers;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our initiator against targets that do not behave. Every command ends, once. */
@Timeout(60)
class BadTargetTest {
  private static final int LENGTH = 8192;

  private static ScsiRequest read() {
    return ScsiRequest.in(Cdb.Transfer.read(0, 16), ByteBuffer.allocate(LENGTH));
  }

  private static ScsiRequest write() {
    return ScsiRequest.out(Cdb.Transfer.write(0, 16), ByteBuffer.allocate(LENGTH));
  }

  private static DataIn data(int tag, long offset, int length) {
    return new DataIn(
        true,
        false,
        false,
        false,
        0,
        0,
        tag,
        Pdu.NO_TAG,
        new Numbers(0, 3, 9),
        0,
        offset,
        0,
        Unpooled.wrappedBuffer(new byte[length]));
  }

  /** What a target sends for a read of 8192 bytes before its GOOD, and what the reader hears. */
  @ParameterizedTest
  @CsvSource({
    "0, 8192, 0, ''",
    "0, 4096, 4096, ''",
    "0, 4096, 0, moved 4096 of 8192 bytes",
    "0, 0, 0, moved 0 of 8192 bytes",
    "0, 8196, 0, that no command expects",
    "4096, 4096, 0, that no command expects",
    "4294967292, 4, 0, that no command expects"
  })
  void dataOfARead(long offset, int length, long underflow, String problem) throws Exception {
    try (ScriptedTarget target =
            new ScriptedTarget(
                8,
                ScriptedTarget.session(t -> {
                  ScsiCommand command = t.receiveCommand();
                  t.send(data(command.taskTag(), offset, length));
                  t.send(t.response(command.taskTag(), 0, underflow));
                  t.awaitEnd();
                }));
        IscsiSession session = IscsiSession.open(target.url())) {
      if (problem.isEmpty()) {
        assertThat(session.execute(read())).isEqualTo(ScsiResponse.good(length));
      } else {
        assertThatThrownBy(() -> session.execute(read()))
            .isInstanceOf(IOException.class)
            .hasMessageContaining(problem);
      }
    }
  }

  /** What a target asks of a write of 8192 bytes, 2048 of which come unasked, before its GOOD. */
  @ParameterizedTest
  @CsvSource({
    "2048, 6144, 0, ''",
    "2048, 2048, 4096, ''",
    "2048, 2048, 0, moved 4096 of 8192 bytes",
    "0, 6144, 0, asked for data",
    "4096, 4096, 0, asked for data",
    "2048, 6148, 0, asked for data",
    "2048, 4294967295, 0, asked for data",
    "2048, 0, 0, asked for data"
  })
  void requestsForDataOfAWrite(long offset, long length, long underflow, String problem)
      throws Exception {
    try (ScriptedTarget target =
            new ScriptedTarget(
                8,
                ScriptedTarget.session(t -> {
                  ScsiCommand command = t.receiveCommand();
                  assertThat(command.data().readableBytes()).isEqualTo(1024);
                  assertThat(((DataOut) t.receive()).last()).isTrue();
                  t.send(
                      new ReadyToTransfer(
                          0, command.taskTag(), 77, new Numbers(0, 3, 9), 0, offset, length));
                  t.send(t.response(command.taskTag(), 0, underflow));
                  t.awaitEnd();
                }));
        IscsiSession session = IscsiSession.open(target.url())) {
      if (problem.isEmpty()) {
        assertThat(session.execute(write())).isEqualTo(ScsiResponse.good(LENGTH - underflow));
      } else {
        assertThatThrownBy(() -> session.execute(write()))
            .isInstanceOf(IOException.class)
            .hasMessageContaining(problem);
      }
    }
  }

  /** Breaches that end the session, and with it all four commands. */
  @ParameterizedTest
  @CsvSource({
    "WRONG_TAG, not outstanding",
    "TWICE, not outstanding",
    "DATA_FOR_NOBODY, that no command expects",
    "REJECT, rejected a PDU",
    "DROPPED, dropped the session",
    "LOGOUT, asked for a logout",
    "INITIATOR_PDU, only initiators send",
    "UNASKED, was not asked",
    "HANG_UP, lost"
  })
  void breachesEndEveryCommand(String breach, String problem) throws Exception {
    ScriptedTarget.Script script =
        t -> {
          int tag = 0;
          for (int i = 0; i < 4; i++) {
            tag = t.receiveCommand().taskTag();
          }
          switch (breach) {
            case "WRONG_TAG" -> t.send(t.response(4711, 0, 0));
            case "TWICE" -> {
              t.send(t.response(tag, 2, 0));
              t.send(t.response(tag, 2, 0));
            }
            case "DATA_FOR_NOBODY" -> t.send(data(4711, 0, 4));
            case "REJECT" ->
                t.send(new Reject(4, t.numbers(), 0, Unpooled.wrappedBuffer(new byte[48])));
            case "DROPPED", "LOGOUT" -> {
              int event =
                  breach.equals("LOGOUT")
                      ? AsyncMessage.LOGOUT_REQUESTED
                      : AsyncMessage.SESSION_DROPPED;
              t.send(new AsyncMessage(0, t.numbers(), event, 0, 0, 0, 0, Pdu.NO_DATA));
            }
            case "INITIATOR_PDU" ->
                t.send(new NopOut(true, 0, Pdu.NO_TAG, Pdu.NO_TAG, 0, 0, Pdu.NO_DATA));
            case "UNASKED" -> t.send(new TargetPdu.TaskManagementResponse(0, 4711, t.numbers()));
            default -> {
              return;
            }
          }
          t.awaitEnd();
        };
    try (ScriptedTarget target = new ScriptedTarget(8, ScriptedTarget.session(script));
        IscsiSession session = IscsiSession.open(target.url())) {
      List<CompletableFuture<ScsiResponse>> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        answers.add(session.submit(read()));
      }
      int answered = 0;
      for (CompletableFuture<ScsiResponse> answer : answers) {
        try {
          answer.get();
          answered++;
        } catch (ExecutionException e) {
          assertThat(e).hasMessageContaining(problem).hasMessageContaining("127.0.0.1");
        }
      }
      assertThat(answered).isEqualTo(breach.equals("TWICE") ? 1 : 0);
      assertThatThrownBy(() -> session.execute(read())).isInstanceOf(IOException.class);
    }
  }

  /** A Reject of a command ends that one alone. */
  @Test
  void rejectOfOneCommand() throws Exception {
    try (ScriptedTarget target =
            new ScriptedTarget(
                8,
                ScriptedTarget.session(t -> {
                  ScsiCommand first = t.receiveCommand();
                  ScsiCommand second = t.receiveCommand();
                  t.send(new Reject(9, t.numbers(), 0, Unpooled.wrappedBuffer(first.header())));
                  t.send(t.good(second));
                  t.awaitEnd();
                }));
        IscsiSession session = IscsiSession.open(target.url())) {
      CompletableFuture<ScsiResponse> rejected = session.submit(read());
      CompletableFuture<ScsiResponse> answered =
          session.submit(ScsiRequest.of(new Cdb.TestUnitReady()));
      assertThatThrownBy(rejected::get).hasMessageContaining("rejected a PDU (reason 09h)");
      assertThat(answered.get().isGood()).isTrue();
    }
  }

  @Test
  void aPingIsAnsweredAndAnUnansweredCommandTimesOut() throws Exception {
    SessionOptions impatient = SessionOptions.standard().withCommandTimeout(Duration.ofMillis(300));
    try (ScriptedTarget target =
            new ScriptedTarget(
                8,
                ScriptedTarget.session(t -> {
                  t.receiveCommand();
                  t.send(new NopIn(7, Pdu.NO_TAG, 5, t.numbers(), Pdu.NO_DATA));
                  NopOut answer = (NopOut) t.receive();
                  assertThat(answer.transferTag()).isEqualTo(5);
                  assertThat(answer.lun()).isEqualTo(7);
                  t.awaitEnd();
                }));
        IscsiSession session = IscsiSession.open(target.url(), impatient)) {
      assertThatThrownBy(() -> session.execute(read()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("did not answer command 88h");
    }
  }

  /** A target that never opens its command window is a target that does not answer. */
  @Test
  void aClosedWindowTimesOut() throws Exception {
    SessionOptions impatient = SessionOptions.standard().withCommandTimeout(Duration.ofMillis(300));
    try (ScriptedTarget target =
        new ScriptedTarget(
            0,
            t -> {
              t.logIn();
              t.awaitEnd();
            })) {
      assertThatThrownBy(() -> IscsiSession.open(target.url(), impatient))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("did not answer command 00h");
    }
  }

  /** With commands outstanding, close does not wait, and no byte of theirs goes out afterwards. */
  @Test
  void closeWithCommandsOutstandingHangsUp() throws Exception {
    try (ScriptedTarget target =
        new ScriptedTarget(
            8,
            ScriptedTarget.session(t -> {
              t.receiveCommand();
              t.receive();
              assertThatThrownBy(t::receive).isInstanceOf(IOException.class);
            }))) {
      IscsiSession session = IscsiSession.open(target.url());
      CompletableFuture<ScsiResponse> outstanding = session.submit(write());
      session.close();
      assertThatThrownBy(outstanding::get).hasMessageContaining("is closed");
    }
  }

  @Test
  void logoutWithoutCommands() throws Exception {
    try (ScriptedTarget target =
        new ScriptedTarget(
            8,
            ScriptedTarget.session(t -> {
              LogoutRequest logout = (LogoutRequest) t.receive();
              t.send(new TargetPdu.LogoutResponse(0, logout.taskTag(), t.numbers(), 2, 0));
              t.awaitEnd();
            }))) {
      IscsiSession.open(target.url()).close();
    }
  }

  /** Status class and detail of the login response, or none: the target hangs up. */
  @ParameterizedTest
  @CsvSource({
    "0101, moved",
    "0201, authentication",
    "0203, not found",
    "0301, service",
    "0302, resources",
    "none, closed the connection"
  })
  void aLoginThatFailsSaysWhy(String status, String problem) throws Exception {
    try (ScriptedTarget target =
        new ScriptedTarget(
            8,
            t -> {
              LoginRequest request = (LoginRequest) t.receive();
              if (!status.equals("none")) {
                t.send(
                    new LoginResponse(
                        false,
                        false,
                        0,
                        0,
                        0,
                        0,
                        request.isid(),
                        0,
                        request.taskTag(),
                        t.numbers(),
                        Integer.parseInt(status, 16),
                        Pdu.NO_DATA));
                t.awaitEnd();
              }
            })) {
      assertThatThrownBy(() -> IscsiSession.open(target.url()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("login at 127.0.0.1")
          .hasMessageContaining(problem);
    }
  }
}
