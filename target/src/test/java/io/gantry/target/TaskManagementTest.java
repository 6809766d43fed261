package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.InitiatorPdu.LogoutRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.LogoutResponse;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.iscsi.TargetPdu.TaskManagementResponse;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Task management and task attributes, on the wire; response codes are those of RFC 7143 11.6.1.
 */
@NullUnmarked
@Timeout(60)
class TaskManagementTest {
  private static final Map<Key, String> R2T_ONLY =
      Map.of(Key.INITIAL_R2T, Key.YES, Key.IMMEDIATE_DATA, Key.NO);
  private static final long NO_UNIT = 0x0005_0000_0000_0000L;

  private final RamDevice device = new RamDevice(1024, Runnable::run);
  private final Leaks leaks = new Leaks();
  private IscsiTarget target;
  private Port port;
  private Port other;

  @BeforeEach
  void start() throws IOException {
    target = IscsiTarget.start(device, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    port = new Port("one");
    other = new Port("two");
  }

  @AfterEach
  void stop() throws IOException {
    device.release();
    port.initiator.close();
    other.initiator.close();
    target.close();
    leaks.assertNone();
    assertThat(target.bufferBudget().usedBytes()).isZero();
    assertThat(target.earlyBudget().usedBytes()).isZero();
  }

  /** An initiator that counts its commands. */
  private final class Port {
    final RawInitiator initiator;
    int cmdSn = 1;

    Port(String name) throws IOException {
      initiator = new RawInitiator(target.address()).logIn(name, R2T_ONLY);
      ready(1, 1);
      assertThat(((CommandResponse) receive()).status()).isEqualTo(2);
    }

    void ready(int tag, int attribute) throws IOException {
      send(tag, attribute, false, 0, new Cdb.TestUnitReady());
    }

    void write(int tag, int attribute) throws IOException {
      send(tag, attribute, true, 1024, Cdb.Transfer.write(0, 2));
    }

    private void send(int tag, int attribute, boolean write, int length, Cdb cdb)
        throws IOException {
      byte[] padded = Arrays.copyOf(cdb.encode(), 16);
      initiator.send(
          new ScsiCommand(
              false,
              true,
              false,
              write,
              attribute,
              0,
              tag,
              length,
              cmdSn++,
              0,
              padded,
              Pdu.NO_DATA));
    }

    void manage(int function, long lun, int tag, int referenced) throws IOException {
      initiator.send(
          new TaskManagementRequest(true, function, lun, tag, referenced, cmdSn, 0, 0, 0));
    }

    /** All that was sent before has arrived. */
    void ping() throws IOException {
      initiator.send(new NopOut(true, 0, 99, Pdu.NO_TAG, cmdSn, 0, Unpooled.EMPTY_BUFFER));
      assertThat(receive()).isInstanceOf(NopIn.class);
    }

    TargetPdu receive() throws IOException {
      return initiator.receive();
    }

    void expect(int tag, int status) throws IOException {
      CommandResponse response = (CommandResponse) receive();
      assertThat(response.taskTag()).isEqualTo(tag);
      assertThat(response.status()).isEqualTo(status);
    }

    void expectManaged(int tag, int code) throws IOException {
      TaskManagementResponse response = (TaskManagementResponse) receive();
      assertThat(response.taskTag()).isEqualTo(tag);
      assertThat(response.response()).isEqualTo(code);
    }
  }

  /** 2 ABORT TASK SET: this nexus' commands, without an answer; others go on. */
  @Test
  void abortTaskSet() throws IOException {
    device.hold = true;
    port.ready(7, 1);
    port.write(8, 1);
    assertThat(port.receive()).isInstanceOf(ReadyToTransfer.class);
    other.ready(7, 1);
    other.ping();
    port.manage(2, 0, 9, Pdu.NO_TAG);
    port.ping(); // the command in the device is waited for
    device.release();
    port.expectManaged(9, 0);
    other.expect(7, 0);
    port.ready(7, 1);
    port.expect(7, 0);
  }

  /** 4, 5 and 6: the commands of others end with TASK ABORTED, so that nobody waits in vain. */
  @ParameterizedTest
  @ValueSource(ints = {4, 5, 6})
  void clearAndReset(int function) throws IOException {
    device.hold = true;
    port.ready(7, 1);
    other.ready(7, 1);
    other.write(8, 1);
    assertThat(other.receive()).isInstanceOf(ReadyToTransfer.class);
    port.manage(function, 0, 9, Pdu.NO_TAG);
    other.expect(8, 0x40); // at once: the device does not have it
    port.ping();
    device.release();
    other.expect(7, 0x40);
    port.expectManaged(9, 0);
    if (function != 4) { // a reset is told to both
      port.ready(7, 1);
      port.expect(7, 2);
      other.ready(7, 1);
      other.expect(7, 2);
    }
    port.ready(7, 1);
    port.expect(7, 0);
  }

  /** 7: the sessions end when the answer is out. */
  @Test
  void targetColdReset() throws IOException {
    port.manage(7, 0, 9, Pdu.NO_TAG);
    port.expectManaged(9, 0);
    for (Port one : new Port[] {port, other}) {
      assertThatThrownBy(
              () -> {
                while (true) {
                  one.receive();
                }
              })
          .isInstanceOfAny(EOFException.class, SocketException.class);
    }
    new Port("one").initiator.close();
  }

  /** 9, 10: 7 is "function succeeded", there is one. */
  @Test
  void queries() throws IOException {
    port.manage(9, 0, 9, 7);
    port.expectManaged(9, 0);
    port.manage(10, 0, 9, Pdu.NO_TAG);
    port.expectManaged(9, 0);
    device.hold = true;
    port.ready(7, 1);
    port.manage(9, 0, 9, 7);
    port.expectManaged(9, 7);
    port.manage(10, 0, 9, Pdu.NO_TAG);
    port.expectManaged(9, 7);
    other.manage(10, 0, 9, Pdu.NO_TAG);
    other.expectManaged(9, 0);
    device.release();
    port.expect(7, 0);
    other.manage(12, 0, 9, Pdu.NO_TAG);
    other.expectManaged(9, 0);
  }

  /** 11: as if the session had been lost, but it goes on. */
  @Test
  void nexusReset() throws IOException {
    device.hold = true;
    port.ready(7, 1);
    port.manage(11, 0, 9, Pdu.NO_TAG);
    port.ping();
    device.release();
    port.expectManaged(9, 0);
    port.ready(7, 1);
    port.expect(7, 2);
    other.ready(7, 1);
    other.expect(7, 0);
  }

  @Test
  void whatCannotBeDone() throws IOException {
    port.manage(1, 0, 9, 7);
    port.expectManaged(9, 1); // no such task
    for (int function : new int[] {2, 4, 5, 10, 12}) {
      port.manage(function, NO_UNIT, 9, Pdu.NO_TAG);
      port.expectManaged(9, 2); // no such logical unit
    }
    port.manage(8, 0, 9, 7);
    port.expectManaged(9, 4);
    for (int function : new int[] {0, 3, 13, 127}) {
      port.manage(function, 0, 9, Pdu.NO_TAG);
      port.expectManaged(9, 5);
    }
  }

  /** An ORDERED task begins after all before it and before all behind it; HEAD OF QUEUE passes. */
  @Test
  void orderedTasksKeepTheirPlace() throws IOException {
    device.hold = true;
    port.ready(1, 1);
    port.ready(2, 2);
    port.ready(3, 1);
    port.ready(4, 3);
    port.ping();
    other.ready(5, 1);
    other.ping();
    assertThat(device.heldCount()).isEqualTo(3); // 1, 4 and 5
    device.releaseOne();
    port.expect(1, 0);
    device.awaitHeld(3); // 4, 5, 2
    device.releaseOne();
    port.expect(4, 0);
    device.releaseOne();
    other.expect(5, 0);
    device.releaseOne();
    port.expect(2, 0);
    device.awaitHeld(1);
    device.release();
    port.expect(3, 0);
  }

  /** What waits for an ordered task goes on when that is aborted. */
  @Test
  void anAbortedTaskHoldsNobodyBack() throws IOException {
    port.write(1, 2);
    assertThat(port.receive()).isInstanceOf(ReadyToTransfer.class);
    port.ready(2, 1);
    port.ping();
    port.manage(1, 0, 9, 1);
    port.expectManaged(9, 0);
    port.expect(2, 0);
    assertThat(device.requests).extracting(ScsiRequest::dataOut).containsOnlyNulls();
  }

  /** There is no ACA here, and the codes behind it are reserved. */
  @Test
  void unknownAttributes() throws IOException {
    for (int attribute = 4; attribute < 8; attribute++) {
      port.ready(7, attribute);
      assertThat(port.receive())
          .isInstanceOfSatisfying(
              Reject.class,
              r -> assertThat(r.reason()).isEqualTo(RejectReason.INVALID_PDU_FIELD.code()));
    }
  }

  /** A reset waits for the commands of another nexus, also if that is lost meanwhile. */
  @Test
  void aResetDoesNotWaitForSessionsThatHaveEnded() throws IOException {
    device.hold = true;
    other.ready(7, 1);
    device.awaitHeld(1);
    port.manage(TaskManagementRequest.LOGICAL_UNIT_RESET, 0, 8, Pdu.NO_TAG);
    port.ping();
    other.ping();
    other.initiator.close();
    while (target.sessions().size() > 1) {
      Thread.onSpinWait();
    }
    device.release();
    port.expectManaged(8, TaskManagementResponse.FUNCTION_COMPLETE);
  }

  /** What waits for its turn when the session ends does not get it any more. */
  @Test
  void noTurnComesAfterTheSession() throws IOException {
    port.write(7, 1);
    assertThat(port.receive()).isInstanceOf(ReadyToTransfer.class);
    int before = device.requests.size();
    port.ready(8, ScsiCommand.ORDERED);
    port.ping();
    // In one piece, so that the logout follows before the loop does anything else.
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(
        port.initiator.bytes(
            new TaskManagementRequest(
                true, TaskManagementRequest.ABORT_TASK, 0, 9, 7, port.cmdSn, 0, 0, 0)));
    both.writeBytes(
        port.initiator.bytes(
            new LogoutRequest(true, LogoutRequest.CLOSE_SESSION, 10, 0, port.cmdSn, 0)));
    port.initiator.send(both.toByteArray());
    port.expectManaged(9, TaskManagementResponse.FUNCTION_COMPLETE);
    assertThat(port.receive()).isInstanceOf(LogoutResponse.class);
    assertThatThrownBy(port::receive).isInstanceOfAny(EOFException.class, SocketException.class);
    assertThat(device.requests).hasSize(before);
  }
}
