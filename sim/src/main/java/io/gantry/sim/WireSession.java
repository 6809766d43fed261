package io.gantry.sim;

import io.gantry.iscsi.BadPdu;
import io.gantry.iscsi.Inbound;
import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.InitiatorPdu;
import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LogoutRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.PduDecoder;
import io.gantry.iscsi.PduEncoder;
import io.gantry.iscsi.SerialNumber;
import io.gantry.iscsi.SessionParameters;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.AsyncMessage;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.DataIn;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.gantry.iscsi.TargetPdu.LogoutResponse;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.Numbers;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.iscsi.TargetPdu.TaskManagementResponse;
import io.gantry.iscsi.TargetPdu.TextResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a simulated initiator, from the login to its end: the initiator's half of RFC
 * 7143, which does by chance whatever that allows and takes nothing from the target that it does
 * not.
 */
final class WireSession extends ChannelInboundHandlerAdapter {
  private static final int LOGIN_DATA_SEGMENT_MAX = 8192;

  /** Of a Reject (RFC 7143 11.17.1). */
  private static final int LONG_OPERATION_REJECT = 0x0A;

  /** A task management function that has no answer yet. */
  private record Management(
      int function, WireReset reset, @Nullable WireCommand task, List<WireCommand> ended) {}

  private final WireInitiator initiator;
  private final WireSimulation life;
  private final RandomGenerator random;
  private final Channel channel;
  private final InitiatorLogin login;
  private final PduDecoder decoder = new PduDecoder(LOGIN_DATA_SEGMENT_MAX);
  private final PduEncoder encoder;
  private final Map<Integer, WireCommand> commands = new LinkedHashMap<>();
  private final Map<Integer, Management> managing = new LinkedHashMap<>();
  private @Nullable SessionParameters parameters;
  private int cmdSn;
  private int maxCmdSn;
  private int expStatSn;
  private int lastTag;
  private int pings;
  private boolean over;

  WireSession(WireInitiator initiator, WireSimulation life, Channel channel) {
    this.initiator = initiator;
    this.life = life;
    this.random = life.random();
    this.channel = channel;
    this.encoder = new PduEncoder(channel);
    this.login =
        new InitiatorLogin(
            initiator.name(), WiredTarget.NAME, initiator.isid(), offers(), null, random);
    channel.pipeline().addLast(decoder, this);
  }

  private Map<Key, String> offers() {
    Map<Key, String> offers = new EnumMap<>(Key.class);
    int burst = 1 << random.nextInt(9, 17);
    offers.put(Key.HEADER_DIGEST, random.nextInt(3) == 0 ? "CRC32C" : "None");
    offers.put(Key.DATA_DIGEST, random.nextInt(3) == 0 ? "CRC32C" : "None");
    offers.put(Key.INITIAL_R2T, random.nextBoolean() ? Key.YES : Key.NO);
    offers.put(Key.IMMEDIATE_DATA, random.nextInt(3) > 0 ? Key.YES : Key.NO);
    offers.put(Key.MAX_RECV_DATA_SEGMENT_LENGTH, "" + (1 << random.nextInt(9, 18)));
    offers.put(Key.MAX_BURST_LENGTH, "" + burst);
    offers.put(Key.FIRST_BURST_LENGTH, "" + Math.max(512, burst >> random.nextInt(3)));
    return offers;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    write(login.first());
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    over = true;
    initiator.lost(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      life.fail(cause);
    }
  }

  /** Hangs up without a word. */
  void close() {
    over = true;
    var _ = channel.close();
  }

  /** Whether commands may be sent. */
  boolean isReady() {
    return parameters != null && !over;
  }

  /** Whether another task management function may be sent: the target takes 16 at once. */
  boolean mayManage() {
    return managing.size() < 12;
  }

  /** Whether everything was answered. */
  boolean isIdle() {
    return commands.isEmpty() && managing.isEmpty();
  }

  int outstanding() {
    return commands.size();
  }

  @Override
  public String toString() {
    return "waiting for %s and %s".formatted(commands.values(), managing.values());
  }

  private AssertionError wrong(String what, Object... about) {
    return new AssertionError("%s %s: %s".formatted(initiator.name(), what, List.of(about)));
  }

  private void require(boolean condition, String what, Object... about) {
    if (!condition) {
      throw wrong(what, about);
    }
  }

  private void write(InitiatorPdu pdu) {
    var _ = encoder.write(pdu);
    channel.flush();
  }

  // Receiving

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch ((Inbound) message) {
      case TargetPdu pdu -> {
        try {
          if (!over && !life.isOver()) {
            receive(pdu);
          }
        } finally {
          pdu.release();
        }
      }
      case Pdu pdu -> {
        pdu.release();
        throw wrong("got a PDU that only initiators send");
      }
      case BadPdu bad -> throw wrong("got what is none", bad.problem());
    }
  }

  private void receive(TargetPdu pdu) {
    SessionParameters agreed = parameters;
    if (agreed == null) {
      require(pdu instanceof LoginResponse, "got this during login", pdu);
      logIn((LoginResponse) pdu);
      return;
    }
    Numbers numbers = pdu.numbers();
    require(
        !SerialNumber.isBefore(numbers.maxCmdSn(), maxCmdSn),
        "sees MaxCmdSN go back",
        maxCmdSn,
        numbers.maxCmdSn());
    maxCmdSn = numbers.maxCmdSn();
    boolean status =
        switch (pdu) {
          case DataIn data -> data.hasStatus();
          case NopIn nop -> nop.taskTag() != Pdu.NO_TAG;
          case ReadyToTransfer _ -> false;
          default -> true;
        };
    if (status) {
      require(
          numbers.statSn() == expStatSn,
          "sees a StatSN that is not the next",
          numbers.statSn(),
          expStatSn);
      expStatSn++;
    }
    switch (pdu) {
      case DataIn data -> take(data);
      case CommandResponse response -> finish(response);
      case ReadyToTransfer request -> answer(request, agreed);
      case TaskManagementResponse response -> finish(response);
      case NopIn nop -> take(nop);
      case LogoutResponse response -> loggedOut(response);
      case AsyncMessage message ->
          require(
              message.event() != AsyncMessage.SCSI_EVENT,
              "got this asynchronous event",
              message.event());
      case Reject reject -> {
        // An echo needs a buffer.
        boolean noRoom = reject.reason() == LONG_OPERATION_REJECT && life.target().isScarce();
        require(noRoom && pings > 0, "was rejected", reject);
        pings--;
      }
      case LoginResponse _, TextResponse _ -> throw wrong("got this unasked", pdu);
    }
  }

  private void logIn(LoginResponse response) {
    switch (login.accept(response)) {
      case InitiatorLogin.Step.Send(var request) -> write(request);
      case InitiatorLogin.Step.Moved(String address) -> throw wrong("was sent elsewhere", address);
      case InitiatorLogin.Step.Fail(String problem) -> throw wrong("could not log in", problem);
      case InitiatorLogin.Step.Finish(var session) -> {
        parameters = session.parameters();
        decoder.fullFeature(session.parameters());
        encoder.digests(session.parameters());
        cmdSn = session.cmdSn();
        maxCmdSn = session.maxCmdSn();
        expStatSn = session.expStatSn();
        initiator.loggedIn(this);
      }
    }
  }

  private WireCommand outstanding(int tag, TargetPdu pdu) {
    WireCommand command = commands.get(tag);
    if (command == null) {
      throw wrong("got this for a command that has ended, or never was", pdu);
    }
    return command;
  }

  private void take(DataIn data) {
    WireCommand command = outstanding(data.taskTag(), data);
    int length = data.data().readableBytes();
    require(data.dataSn() == command.dataSn++, "got data out of order", command, data);
    require(
        data.bufferOffset() == command.received && command.received + length <= command.in.length,
        "got data for another place",
        command,
        data);
    data.data().getBytes(data.data().readerIndex(), command.in, command.received, length);
    command.received += length;
    if (data.hasStatus()) {
      require(!data.overflow() && !data.underflow(), "was told of a residual", command, data);
      finish(command, data.status(), Sense.NO_SENSE);
    }
  }

  private void finish(CommandResponse response) {
    WireCommand command = outstanding(response.taskTag(), response);
    require(response.response() == 0, "got this for a command", command, response);
    int pdus = command.dataSn + command.r2tSn;
    require(response.expDataSn() == pdus, "saw another number of PDUs", command, pdus, response);
    ByteBuf data = response.data();
    byte[] sense = new byte[Math.max(0, data.readableBytes() - 2)];
    data.getBytes(data.readerIndex() + data.readableBytes() - sense.length, sense);
    if (response.status() == ScsiStatus.GOOD.code()) {
      require(
          !response.overflow() && !response.underflow(),
          "was told of a residual",
          command,
          response);
      require(
          command.sent == command.out.length, "was told good before all data were sent", command);
    }
    finish(command, response.status(), sense.length == 0 ? Sense.NO_SENSE : Sense.decode(sense));
  }

  private void finish(WireCommand command, int code, Sense sense) {
    ScsiStatus status = ScsiStatus.of(code);
    commands.remove(command.tag);
    command.answered = true;
    switch (status) {
      case GOOD -> {
        require(command.received == command.in.length, "was told good without all data", command);
        life.succeeded(command);
      }
      case CHECK_CONDITION -> {
        boolean attention = sense.key() == Sense.UNIT_ATTENTION_KEY;
        boolean noRoom = sense.asc() == 0x55 && life.target().isScarce();
        require(attention || noRoom, "saw a command fail", command, sense);
        command.withdraw(life.model());
      }
      case TASK_ABORTED -> {
        require(
            life.mayBeAborted(command, initiator), "has a command that nobody aborted", command);
        command.toldAborted = true;
        life.model().failed(command.operation);
      }
      default -> throw wrong("got another status", command, status);
    }
  }

  private void take(NopIn nop) {
    if (nop.taskTag() == Pdu.NO_TAG) {
      write(
          new NopOut(
              true, nop.lun(), Pdu.NO_TAG, nop.transferTag(), cmdSn, expStatSn, Pdu.NO_DATA));
    } else {
      require(pings > 0, "got a ping back that it never sent");
      require(nop.data().getLong(nop.data().readerIndex()) == nop.taskTag(), "got another echo");
      pings--;
    }
  }

  // Commands

  private int newTag() {
    return ++lastTag;
  }

  /** Whether the target's window is open. */
  boolean isOpen() {
    return !SerialNumber.isBefore(maxCmdSn, cmdSn);
  }

  /** Sends a command with as much of its data as may go with it. */
  void send(WireCommand command) {
    SessionParameters agreed = agreed();
    command.tag = newTag();
    commands.put(command.tag, command);
    int length = command.out.length;
    int first = Math.min(agreed.firstBurstMax(), length);
    int immediate = agreed.immediateData() ? Math.min(first, agreed.sendDataSegmentMax()) : 0;
    if (immediate > 0 && random.nextInt(4) == 0) {
      immediate = random.nextInt(immediate + 1);
    }
    int unsolicited = agreed.initialR2T() || random.nextInt(4) == 0 ? 0 : first - immediate;
    boolean now = random.nextInt(24) == 0;
    command.sent = immediate + unsolicited;
    write(
        new ScsiCommand(
            now,
            unsolicited == 0,
            command.in.length > 0,
            length > 0,
            random.nextInt(4) == 0 ? random.nextInt(4) : 1,
            command.unit.address(),
            command.tag,
            command.length(),
            now ? cmdSn : cmdSn++,
            expStatSn,
            command.cdb,
            Unpooled.wrappedBuffer(command.out, 0, immediate)));
    feed(command, Pdu.NO_TAG, immediate, unsolicited);
  }

  private SessionParameters agreed() {
    SessionParameters agreed = parameters;
    if (agreed == null) {
      throw new IllegalStateException("not logged in");
    }
    return agreed;
  }

  /** Sends a sequence of Data-Out, perhaps with pauses between them. */
  private void feed(WireCommand command, int transferTag, int from, int length) {
    Queue<DataOut> pieces = new ArrayDeque<>();
    int end = from + length;
    for (int at = from; at < end; ) {
      int most = Math.min(agreed().sendDataSegmentMax(), end - at);
      int part = random.nextBoolean() ? most : 1 + random.nextInt(most);
      pieces.add(
          new DataOut(
              at + part == end,
              command.unit.address(),
              command.tag,
              transferTag,
              expStatSn,
              pieces.size(),
              at,
              Unpooled.wrappedBuffer(command.out, at, part)));
      at += part;
    }
    feed(command, pieces);
  }

  private void feed(WireCommand command, Queue<DataOut> pieces) {
    while (!pieces.isEmpty()) {
      if (over || !command.equals(commands.get(command.tag))) {
        return;
      }
      if (random.nextInt(4) == 0) {
        initiator.later(random.nextInt(2000), () -> feed(command, pieces));
        return;
      }
      write(pieces.remove());
    }
  }

  private void answer(ReadyToTransfer request, SessionParameters agreed) {
    WireCommand command = outstanding(request.taskTag(), request);
    require(
        request.r2tSn() == command.r2tSn++
            && request.bufferOffset() == command.sent
            && request.desiredLength() > 0
            && request.desiredLength() <= agreed.burstMax()
            && request.bufferOffset() + request.desiredLength() <= command.out.length,
        "cannot answer this",
        command,
        request);
    int from = command.sent;
    command.sent += (int) request.desiredLength();
    feed(command, request.transferTag(), from, (int) request.desiredLength());
  }

  // Everything else

  /** Asks for an echo. */
  void ping() {
    int tag = newTag();
    pings++;
    ByteBuf data = Unpooled.buffer().writeLong(tag);
    boolean now = random.nextBoolean() || !isOpen();
    write(new NopOut(now, 0, tag, Pdu.NO_TAG, now ? cmdSn : cmdSn++, expStatSn, data));
  }

  /** Aborts one command. */
  void abortTask() {
    List<WireCommand> all = new ArrayList<>(commands.values());
    if (!all.isEmpty()) {
      WireCommand task = all.get(random.nextInt(all.size()));
      manage(TaskManagementRequest.ABORT_TASK, task.unit, task, List.of(task));
    }
  }

  /** Aborts all commands on a logical unit, or on all of them. */
  void abortAll(int function, WireUnit unit) {
    boolean all = function == TaskManagementRequest.TARGET_WARM_RESET;
    List<WireCommand> those =
        commands.values().stream().filter(command -> all || command.unit.equals(unit)).toList();
    manage(function, unit, null, those);
  }

  private void manage(
      int function, WireUnit unit, @Nullable WireCommand task, List<WireCommand> ended) {
    int tag = newTag();
    WireReset reset = new WireReset(function, unit, initiator, life.model().begin());
    life.begun(reset);
    managing.put(tag, new Management(function, reset, task, ended));
    boolean now = random.nextInt(4) > 0 || !isOpen();
    write(
        new TaskManagementRequest(
            now,
            function,
            unit.address(),
            tag,
            task == null ? Pdu.NO_TAG : task.tag,
            now ? cmdSn : cmdSn++,
            expStatSn,
            0,
            0));
  }

  /** What a function ends has ended when it is answered: without an answer, if it has none yet. */
  private void finish(TaskManagementResponse response) {
    Management management = managing.remove(response.taskTag());
    if (management == null) {
      throw wrong("got this unasked", response);
    }
    life.model().succeeded(management.reset.operation());
    WireCommand task = management.task;
    boolean answered = task != null && task.answered && !task.toldAborted;
    if (task != null && response.response() == TaskManagementResponse.TASK_DOES_NOT_EXIST) {
      // One that is outstanding may have been ended by a function that still waits for others.
      boolean there = task.equals(commands.get(task.tag));
      boolean ending = managing.values().stream().anyMatch(other -> other.ended.contains(task));
      require(!there || ending, "was told that a task is not there", task);
      endUnanswered(List.of(task));
      return;
    }
    require(
        response.response() == TaskManagementResponse.FUNCTION_COMPLETE,
        "got this for a function",
        management.function,
        response);
    require(!answered, "was told of the abort of a task that was answered", management);
    endUnanswered(management.ended);
  }

  private void endUnanswered(List<WireCommand> ended) {
    for (WireCommand command : ended) {
      if (commands.remove(command.tag, command)) {
        life.model().failed(command.operation);
      }
    }
  }

  /** Logs out, whatever is outstanding. */
  void logOut() {
    boolean now = random.nextBoolean() || !isOpen();
    write(
        new LogoutRequest(
            now, LogoutRequest.CLOSE_SESSION, newTag(), 0, now ? cmdSn : cmdSn++, expStatSn));
  }

  private void loggedOut(LogoutResponse response) {
    require(response.response() == LogoutResponse.CLOSED, "was not logged out", response);
    endAll();
    close();
  }

  /** Nothing of the session has an effect any more. */
  void endAll() {
    commands.values().forEach(command -> life.model().failed(command.operation));
    commands.clear();
    managing.values().forEach(management -> life.model().failed(management.reset.operation()));
    managing.clear();
  }
}
