package io.gantry.target;

import io.gantry.iscsi.BadPdu;
import io.gantry.iscsi.InitiatorPdu;
import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.InitiatorPdu.LogoutRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.iscsi.InitiatorPdu.TextRequest;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.ReadTap;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.SessionParameters;
import io.gantry.iscsi.TargetLogin.Established;
import io.gantry.iscsi.TargetPdu.AsyncMessage;
import io.gantry.iscsi.TargetPdu.LogoutResponse;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.Numbers;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.iscsi.TargetPdu.TaskManagementResponse;
import io.gantry.iscsi.TargetPdu.TextResponse;
import io.gantry.scsi.Lun;
import io.gantry.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The full feature phase of one session: sequence numbers, and every PDU that is not data. SCSI
 * commands go to the {@link TaskSet}; a discovery session has none. Lives on the connection's event
 * loop.
 */
final class IscsiSession {
  private static final int PING_TAG = 1;

  /** How often within the time that an initiator has for its data somebody looks for them. */
  private static final int LOOKS = 4;

  /** Functions that wait for tasks to end; they have no place in the command window. */
  private static final int MANAGING_MAX = 16;

  private final IscsiConnection connection;
  private final IscsiTarget target;
  private final Established established;
  private final CommandWindow window;
  private final TrafficCounters counters = new TrafficCounters();
  private final SessionText text;
  private final @Nullable TaskSet tasks;
  private final @Nullable TaskManager manager;
  private final @Nullable Future<?> watch;
  private SessionParameters parameters;
  private int statSn;
  private int managing;

  /** Begins after a login; {@code nexus} is null for discovery. */
  IscsiSession(
      IscsiConnection connection,
      IscsiTarget target,
      Established established,
      @Nullable Nexus nexus,
      Identity identity) {
    this.connection = connection;
    this.target = target;
    this.established = established;
    this.window = new CommandWindow(established.cmdSn(), IscsiTarget.COMMAND_WINDOW);
    this.statSn = established.statSn();
    this.parameters = established.parameters();
    this.text =
        new SessionText(
            target.device().name(),
            established.discovery(),
            () -> target.addresses(connection.localAddress()),
            parameters.sendDataSegmentMax(),
            this::declaredSegmentLength);
    this.tasks = nexus == null ? null : new TaskSet(this, connection, nexus, identity, target);
    this.manager = tasks == null ? null : new TaskManager(tasks);
    TaskSet watched = tasks;
    this.watch =
        watched == null
            ? null
            : connection.every(
                Math.max(1, target.limits().dataOutMillis() / LOOKS),
                () -> {
                  if (watched.isOwedData(LOOKS)) {
                    var _ = connection.terminate("the data of a write do not come");
                  }
                });
  }

  /** Takes reads before they are PDUs; null if there are none or they need digests. */
  @Nullable ReadTap expressReads(Channel channel) {
    boolean digests = parameters.headerDigest() || parameters.dataDigest();
    return tasks == null || digests ? null : new ExpressReads(channel, this, window, tasks);
  }

  SessionParameters parameters() {
    return parameters;
  }

  /** What went over the wire for the session's commands. */
  TrafficCounters counters() {
    return counters;
  }

  Established established() {
    return established;
  }

  private void declaredSegmentLength(int bytes) {
    parameters = parameters.withSendDataSegmentMax(bytes);
    if (tasks != null) {
      tasks.parameters(parameters);
    }
  }

  /** Takes a PDU and ownership of its data. */
  void receive(InitiatorPdu pdu) {
    switch (pdu) {
      case ScsiCommand command -> {
        if (!isAdmitted(command, command.immediate(), command.cmdSn())) {
          command.release();
        } else if (tasks == null) {
          refuse(command, RejectReason.PROTOCOL_ERROR);
          command.release();
        } else {
          tasks.begin(command);
        }
      }
      case DataOut data -> {
        if (tasks == null) {
          reject(data.header(), RejectReason.PROTOCOL_ERROR);
          data.release();
        } else {
          tasks.accept(data);
        }
      }
      case NopOut nop -> echo(nop);
      case TextRequest request -> {
        if (isTaken(request, request.immediate(), request.cmdSn())) {
          answer(request);
        }
        request.release();
      }
      case TaskManagementRequest request -> {
        if (isTaken(request, request.immediate(), request.cmdSn())) {
          manage(request);
        }
      }
      case LogoutRequest request -> {
        if (isTaken(request, request.immediate(), request.cmdSn())) {
          logOut(request);
        }
      }
      case LoginRequest request -> {
        reject(request.header(), RejectReason.PROTOCOL_ERROR);
        request.release();
      }
    }
  }

  /** Answers what was no PDU. */
  void receive(BadPdu bad) {
    if (bad.reason() != null) {
      reject(bad.header(), bad.reason());
    }
    if (bad.fatal()) {
      connection.closeAfterFlush(bad.problem());
    }
  }

  /** Whether a PDU's CmdSN lets it in; it then holds a slot of the window, unless immediate. */
  private boolean isAdmitted(InitiatorPdu pdu, boolean immediate, int cmdSn) {
    if (immediate) {
      return true;
    }
    return switch (window.admit(cmdSn)) {
      case ADMITTED -> true;
      case OUTSIDE -> false;
      case GAP -> {
        reject(pdu.header(), RejectReason.PROTOCOL_ERROR);
        connection.closeAfterFlush("CmdSN %d came before %d".formatted(cmdSn, window.expected()));
        yield false;
      }
    };
  }

  /** As {@link #isAdmitted}, for what is answered at once. */
  private boolean isTaken(InitiatorPdu pdu, boolean immediate, int cmdSn) {
    boolean admitted = isAdmitted(pdu, immediate, cmdSn);
    if (admitted && !immediate) {
      window.release();
    }
    return admitted;
  }

  private void manage(TaskManagementRequest request) {
    if (manager == null) {
      reject(request.header(), RejectReason.PROTOCOL_ERROR);
      return;
    }
    if (managing == MANAGING_MAX) {
      reject(request.header(), RejectReason.IMMEDIATE_COMMAND_REJECT);
      return;
    }
    managing++;
    target.counters().managed(request.function());
    var _ =
        manager
            .carryOut(request)
            .whenComplete((response, problem) -> {
              int code = problem == null ? response : TaskManagementResponse.FUNCTION_REJECTED;
              connection.executeIfOpen(() -> respond(request, code));
            });
  }

  private void respond(TaskManagementRequest request, int response) {
    managing--;
    connection.send(new TaskManagementResponse(response, request.taskTag(), consumeStatus()));
    boolean cold = request.function() == TaskManagementRequest.TARGET_COLD_RESET;
    if (cold && response == TaskManagementResponse.FUNCTION_COMPLETE) {
      connection.closeAfterFlush("target cold reset");
      target.dropSessions("target cold reset");
    }
  }

  private void echo(NopOut nop) {
    boolean asks = nop.taskTag() != Pdu.NO_TAG;
    if (!asks || !isTaken(nop, nop.immediate(), nop.cmdSn())) {
      nop.release(); // an answer to a ping of ours, or outside of the window
      return;
    }
    ByteBuf data = nop.data();
    int length = Math.min(data.readableBytes(), parameters().sendDataSegmentMax());
    if (!target.earlyBudget().tryTake(length)) {
      nop.release();
      reject(nop.header(), RejectReason.LONG_OPERATION_REJECT);
      return;
    }
    NopIn answer =
        new NopIn(
            nop.lun(),
            nop.taskTag(),
            Pdu.NO_TAG,
            consumeStatus(),
            data.slice(data.readerIndex(), length));
    var _ = connection.sendTracked(answer).addListener(_ -> target.earlyBudget().give(length));
  }

  /** Asks the initiator for a sign of life. */
  void ping() {
    connection.send(new NopIn(0, Pdu.NO_TAG, PING_TAG, numbers(), Pdu.NO_DATA));
  }

  private void answer(TextRequest request) {
    switch (text.accept(request)) {
      case SessionText.Outcome.Refusal(RejectReason reason) -> reject(request.header(), reason);
      case SessionText.Outcome.Response(
              boolean last,
              boolean continues,
              int transferTag,
              ByteBuf data) ->
          connection.send(
              new TextResponse(
                  last,
                  continues,
                  request.lun(),
                  request.taskTag(),
                  transferTag,
                  consumeStatus(),
                  data));
    }
  }

  private void logOut(LogoutRequest request) {
    int response =
        switch (request.reason()) {
          case LogoutRequest.CLOSE_SESSION -> LogoutResponse.CLOSED;
          case LogoutRequest.CLOSE_CONNECTION ->
              request.connectionId() == established.connectionId()
                  ? LogoutResponse.CLOSED
                  : LogoutResponse.CONNECTION_NOT_FOUND;
          default -> LogoutResponse.RECOVERY_NOT_SUPPORTED;
        };
    if (response != LogoutResponse.CLOSED) {
      respond(request, response);
      return;
    }
    // Closed means that no command of the session changes anything any more.
    connection.stopReceiving();
    var _ =
        end()
            .thenRun(() -> {
              respond(request, response);
              connection.closeAfterFlush("logged out");
            });
  }

  private void respond(LogoutRequest request, int response) {
    SessionParameters agreed = parameters();
    connection.send(
        new LogoutResponse(
            response,
            request.taskTag(),
            consumeStatus(),
            agreed.time2WaitSeconds(),
            agreed.time2RetainSeconds()));
  }

  /** Rejects a command that was admitted. Its data stay the caller's. */
  void refuse(ScsiCommand command, RejectReason reason) {
    if (!command.immediate()) {
      window.release();
    }
    reject(command.header(), reason);
  }

  private void reject(byte[] header, RejectReason reason) {
    connection.send(new Reject(reason.code(), consumeStatus(), 0, Unpooled.wrappedBuffer(header)));
  }

  /** Asks the initiator to log out within some seconds, after which it is dropped. */
  void askForLogout(int seconds) {
    announce(AsyncMessage.LOGOUT_REQUESTED, 0, 0, seconds);
  }

  /** Tells the initiator that its session is about to be dropped. */
  void announceEnd() {
    announce(
        AsyncMessage.SESSION_DROPPED,
        established.connectionId(),
        parameters().time2WaitSeconds(),
        0);
  }

  /** Tells the initiator of a SCSI event (RFC 7143 11.9.1). */
  void announce(int unit, Sense event) {
    connection.send(
        new AsyncMessage(
            new Lun(unit).encode(),
            consumeStatus(),
            AsyncMessage.SCSI_EVENT,
            0,
            0,
            0,
            0,
            TaskSet.senseSegment(event.encode())));
  }

  private void announce(int event, int parameter1, int parameter2, int parameter3) {
    connection.send(
        new AsyncMessage(
            0, consumeStatus(), event, 0, parameter1, parameter2, parameter3, Pdu.NO_DATA));
  }

  /** The command's answer is about to be made: its slot is free again. */
  void releaseSlot() {
    window.release();
  }

  /** The next StatSN, which is used up. */
  int takeStatSn() {
    return statSn++;
  }

  /** Numbers for a PDU that carries a status. */
  Numbers consumeStatus() {
    return new Numbers(statSn++, window.expected(), window.maximum());
  }

  /** Numbers for a PDU that tells the next StatSN without using it up. */
  Numbers numbers() {
    return new Numbers(statSn, window.expected(), window.maximum());
  }

  /** Numbers for a Data-In without status, in which StatSN is reserved. */
  Numbers numbersWithoutStatus() {
    return new Numbers(0, window.expected(), window.maximum());
  }

  boolean isDiscovery() {
    return established.discovery();
  }

  /** Ends the session; completes when the device is done with its commands. */
  CompletableFuture<@Nullable Void> end() {
    if (watch != null) {
      watch.cancel(false);
    }
    return tasks == null ? CompletableFuture.completedFuture(null) : tasks.end();
  }
}
