package io.gantry.target;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.SessionParameters;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.DataIn;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.scsi.Lun;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The SCSI commands of one session, from the PDU to the answer. Lives on the connection's event
 * loop.
 *
 * <p>A command waits in line until the session's budget and the portal's have room for its buffer,
 * gathers its data if it writes, goes to the device, and answers. Commands begin in the order in
 * which they came; one that is too big for what is left of the budget holds back those behind it,
 * so that it does not starve. What a read returns counts until the socket has taken it: an
 * initiator that does not read its answers gets no more of them.
 */
final class TaskSet implements PathTasks {
  private static final System.Logger LOG = System.getLogger(TaskSet.class.getName());

  /** Immediate commands have no place in the command window and need a limit of their own. */
  private static final int IMMEDIATE_MAX = 16;

  private static final ScsiResponse TASK_ABORTED =
      new ScsiResponse(ScsiStatus.TASK_ABORTED, null, 0);

  private static final class Task {
    final ScsiCommand command;
    final int length;
    @Nullable WriteTransfer write;
    ByteBuf buffer = Pdu.NO_DATA;
    boolean granted;
    boolean inDevice;

    /** What the device was given. */
    @Nullable ScsiRequest request;

    /** Ready for the device, but an earlier task has to end first. */
    boolean held;

    /** If the task is not wanted any more: completes when it is gone. */
    @Nullable CompletableFuture<@Nullable Void> aborted;

    /** Whether it is answered with TASK ABORTED then. */
    boolean answerAborted;

    Task(ScsiCommand command, int length) {
      this.command = command;
      this.length = length;
    }

    boolean isOrdered() {
      return command.attribute() == ScsiCommand.ORDERED;
    }

    boolean isOn(int unit) {
      return unit == ALL_UNITS || Lun.decode(command.lun()) == unit;
    }
  }

  private final IscsiSession session;
  private final IscsiConnection connection;
  private final TargetPath path;
  private final ExpressWrites writes;
  private final int maximumTransferBytes;
  private SessionParameters parameters;
  private final TrafficCounters counters;
  private final IscsiTarget target;
  private final long sessionBytesMax;
  private final BufferBudget portalBudget;
  private final BufferBudget earlyBudget;

  /** In the order in which they came. */
  private final Map<Integer, Task> tasks = new LinkedHashMap<>();

  private final Queue<Task> waiting = new ArrayDeque<>();
  private final CompletableFuture<@Nullable Void> drained = new CompletableFuture<>();
  private long usedBytes;
  private int immediateOutstanding;
  private int inDevice;
  private int ordered;
  private int held;
  private int nextTransferTag;
  private boolean starting;

  /** The first in line waits for the portal's budget. */
  private boolean claiming;

  private boolean ended;

  TaskSet(
      IscsiSession session,
      IscsiConnection connection,
      Nexus nexus,
      Identity identity,
      IscsiTarget target) {
    this.session = session;
    this.connection = connection;
    this.target = target;
    this.maximumTransferBytes = target.device().maximumTransferBytes();
    this.parameters = session.parameters();
    this.counters = session.counters();
    this.sessionBytesMax = target.limits().sessionBytesMax();
    this.portalBudget = target.bufferBudget();
    this.earlyBudget = target.earlyBudget();
    this.path = target.device().connect(nexus, identity, this);
    this.writes = new ExpressWrites(session, connection, this);
  }

  /** The initiator has declared something new. */
  void parameters(SessionParameters agreed) {
    parameters = agreed;
  }

  @Override
  public List<InetSocketAddress> portals() {
    return target.portals(connection.localAddress());
  }

  /** Takes a command that has been admitted, and ownership of its data. */
  void begin(ScsiCommand command) {
    boolean known = command.attribute() <= ScsiCommand.HEAD_OF_QUEUE; // no ACA here
    if (!known || (command.read() && command.write())) {
      session.refuse(command, RejectReason.INVALID_PDU_FIELD);
    } else if (tasks.containsKey(command.taskTag())) {
      session.refuse(command, RejectReason.TASK_IN_PROGRESS);
    } else if (command.immediate() && immediateOutstanding == IMMEDIATE_MAX) {
      session.refuse(command, RejectReason.IMMEDIATE_COMMAND_REJECT);
    } else if (!writes.take(command)) {
      enqueue(command);
    }
    command.release();
  }

  private void enqueue(ScsiCommand command) {
    counters.commands().increment();
    boolean moves = command.read() || command.write();
    long length = moves ? Math.min(command.expectedLength(), maximumTransferBytes) : 0;
    if (command.write() && command.data().readableBytes() < length) {
      // The rest is asked for, or sent unasked: no more than the command has a use for.
      length = Math.min(length, path.dataOutBytes(command.lun(), command.cdb()));
    }
    Task task = new Task(command, (int) length);
    boolean now = waiting.isEmpty() && hasSessionRoom(task) && portalBudget.tryTake(task.length);
    if (now) {
      allocate(task);
    }
    if (command.write()) {
      task.write =
          new WriteTransfer(
              command,
              task.length,
              now ? task.buffer : null,
              parameters,
              connection.allocator(),
              earlyBudget);
      counters.dataOutBytes().add(command.data().readableBytes());
    }
    tasks.put(command.taskTag(), task);
    ordered += task.isOrdered() ? 1 : 0;
    if (command.immediate()) {
      immediateOutstanding++;
    }
    if (now) {
      advance(task);
    } else {
      waiting.add(task);
      startWaiting();
    }
  }

  /** Takes data of a write and their ownership. Data that no task waits for are dropped. */
  void accept(DataOut pdu) {
    Task task = tasks.get(pdu.taskTag());
    if (task != null && task.write != null) {
      counters.dataOutBytes().add(pdu.data().readableBytes());
      boolean taken = task.write.accept(pdu);
      if (taken && task.granted) { // or the device would get a task again that it has already
        advance(task);
      }
    }
    pdu.release();
  }

  /**
   * Whether the initiator owes data for too long: nothing came for one of its writes since this was
   * asked so often before.
   */
  boolean isOwedData(int looksMax) {
    boolean owed = false;
    for (Task task : tasks.values()) {
      owed |= task.write != null && task.write.isOverdue(looksMax);
    }
    return owed;
  }

  /** The path on which the commands go to the device. */
  TargetPath path() {
    return path;
  }

  /** Whether there is a task with this tag. */
  boolean contains(int taskTag) {
    return !tasks.isEmpty() && tasks.containsKey(taskTag); // mostly without boxing the tag
  }

  /** Whether there are tasks on a logical unit. */
  boolean hasTasks(int unit) {
    return tasks.values().stream().anyMatch(task -> task.isOn(unit));
  }

  /** Whether commands may go to the device past what waits here. */
  boolean isClear() {
    return waiting.isEmpty() && ordered == 0 && !ended;
  }

  /**
   * Ends a task without an answer. One that the device already has runs to its end first, so that
   * nothing happens to the disk after the abort was confirmed.
   *
   * @return completes when it is gone, or at once if there is none
   */
  CompletableFuture<?> abortTask(int taskTag) {
    Task task = tasks.get(taskTag);
    return task == null ? CompletableFuture.completedFuture(null) : abort(List.of(task), false);
  }

  @Override
  public CompletableFuture<Integer> abort(int unit, boolean answered) {
    if (connection.inEventLoop()) {
      return abortOn(unit, answered);
    }
    CompletableFuture<Integer> gone = new CompletableFuture<>();
    try {
      connection.execute(() -> {
        var _ = abortOn(unit, answered).thenAccept(gone::complete);
      });
    } catch (RejectedExecutionException e) {
      gone.complete(0); // the target is closed and the loop is gone
    }
    return gone;
  }

  @Override
  public void report(int unit, Sense event) {
    connection.executeIfOpen(() -> session.announce(unit, event));
  }

  private CompletableFuture<Integer> abortOn(int unit, boolean answered) {
    if (ended) {
      return drained.thenApply(_ -> 0);
    }
    List<Task> those = tasks.values().stream().filter(task -> task.isOn(unit)).toList();
    return abort(those, answered).thenApply(_ -> those.size());
  }

  private CompletableFuture<Void> abort(List<Task> those, boolean answered) {
    List<CompletableFuture<?>> ends = new ArrayList<>();
    for (Task task : those) {
      if (task.aborted == null) {
        task.aborted = new CompletableFuture<>();
        task.answerAborted = answered;
      }
      ends.add(task.aborted);
    }
    for (Task task : those) {
      if (!task.inDevice && tasks.get(task.command.taskTag()) == task) {
        waiting.remove(task);
        drop(task);
      } else if (task.request != null) {
        path.abandon(task.request);
      }
    }
    startWaiting();
    return CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new));
  }

  /** Forgets an aborted task and frees what it holds. */
  private void drop(Task task) {
    if (task.write != null) {
      task.write.discard();
    }
    if (task.answerAborted) {
      answer(task, TASK_ABORTED);
    } else {
      remove(task);
      task.buffer.release();
      if (task.granted) {
        giveBack(task);
      }
    }
    if (task.aborted != null) {
      task.aborted.complete(null);
    }
  }

  private void remove(Task task) {
    tasks.remove(task.command.taskTag());
    ordered -= task.isOrdered() ? 1 : 0;
    held -= task.held ? 1 : 0;
    task.held = false;
    if (task.command.immediate()) {
      immediateOutstanding--;
    } else {
      session.releaseSlot();
    }
    if (held > 0) {
      connection.execute(this::submitHeld);
    }
  }

  /**
   * Whether an earlier task on the logical unit has to end first: one with the ORDERED attribute,
   * or any if this one has it (SAM-5 8.6). What comes from other initiators keeps no order.
   */
  private boolean mustWait(Task task) {
    if (ordered == 0 || task.command.attribute() == ScsiCommand.HEAD_OF_QUEUE) {
      return false;
    }
    for (Task earlier : tasks.values()) {
      if (earlier == task) {
        return false;
      }
      if (earlier.command.lun() == task.command.lun()
          && (task.isOrdered() || earlier.isOrdered())) {
        return true;
      }
    }
    return false;
  }

  private void submitHeld() {
    if (ended) {
      return; // meanwhile
    }
    for (Task task : List.copyOf(tasks.values())) {
      if (task.held && !mustWait(task)) {
        task.held = false;
        held--;
        dispatch(task);
      }
    }
  }

  private boolean hasSessionRoom(Task task) {
    return task.length == 0 || usedBytes == 0 || usedBytes + task.length <= sessionBytesMax;
  }

  private void startWaiting() {
    if (starting || ended) {
      return; // a command that answers at once comes back here; the loop below goes on with it
    }
    starting = true;
    Task task;
    while (!claiming && (task = waiting.peek()) != null && hasSessionRoom(task)) {
      Task first = task;
      if (portalBudget.take(first.length, () -> claimed(first))) {
        waiting.remove();
        grant(first);
      } else {
        claiming = true;
      }
    }
    starting = false;
  }

  /** The portal's budget has room for a task, which may be gone by now. Runs on any thread. */
  private void claimed(Task task) {
    try {
      connection.execute(() -> {
        claiming = false;
        if (!ended && waiting.peek() == task) {
          waiting.remove();
          grant(task);
        } else {
          portalBudget.give(task.length);
        }
        startWaiting();
      });
    } catch (RejectedExecutionException e) {
      portalBudget.give(task.length); // the target is closed and the loop is gone
    }
  }

  private void allocate(Task task) {
    usedBytes += task.length;
    task.granted = true;
    if (task.length > 0) {
      task.buffer = connection.allocator().directBuffer(task.length, task.length);
    }
  }

  private void grant(Task task) {
    allocate(task);
    if (task.write != null) {
      task.write.assign(task.buffer);
    }
    advance(task);
  }

  private void advance(Task task) {
    WriteTransfer write = task.write;
    if (write == null) {
      submit(task);
      return;
    }
    if (write.isOpen()) {
      return; // more is on its way
    }
    Sense failure = write.failure();
    if (failure != null) {
      answer(task, ScsiResponse.check(failure));
    } else if (write.isComplete()) {
      submit(task);
    } else {
      int tag = nextTransferTag;
      nextTransferTag = tag + 1 == Pdu.NO_TAG ? 0 : tag + 1;
      WriteTransfer.Solicitation part = write.solicit(tag);
      connection.send(
          new ReadyToTransfer(
              task.command.lun(),
              task.command.taskTag(),
              tag,
              session.numbers(),
              part.r2tSn(),
              part.offset(),
              part.length()));
    }
  }

  private void submit(Task task) {
    if (mustWait(task)) {
      task.held = true;
      held++;
    } else {
      dispatch(task);
    }
  }

  private void dispatch(Task task) {
    ByteBuffer bytes = task.length > 0 ? task.buffer.nioBuffer(0, task.length) : null;
    boolean write = task.write != null;
    ScsiRequest request =
        new ScsiRequest(task.command.cdb(), write ? bytes : null, write ? null : bytes);
    inDevice++;
    task.inDevice = true;
    task.request = request;
    CompletableFuture<ScsiResponse> answer;
    try {
      answer = path.submit(task.command.lun(), request);
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    var _ =
        answer.whenComplete((response, problem) -> {
          if (connection.inEventLoop()) {
            completed(task, response, problem);
            return;
          }
          try {
            connection.execute(() -> completed(task, response, problem));
          } catch (RejectedExecutionException e) {
            task.buffer.release(); // the target is closed and the loop is gone
            portalBudget.give(task.length);
          }
        });
  }

  private void completed(Task task, @Nullable ScsiResponse response, @Nullable Throwable problem) {
    inDevice--;
    if (ended) {
      task.buffer.release();
      giveBack(task);
      if (task.aborted != null) { // by another nexus, which outlives this one
        task.aborted.complete(null);
      }
      finishIfDrained();
      return;
    }
    task.inDevice = false;
    if (task.aborted != null) {
      drop(task);
      return;
    }
    if (response == null) {
      LOG.log(System.Logger.Level.ERROR, "a command failed in the target device", problem);
      response = ScsiResponse.check(Sense.INTERNAL_TARGET_FAILURE);
    }
    answer(task, response);
  }

  /** Sends what a command returned, and how it ended. */
  private void answer(Task task, ScsiResponse response) {
    ScsiCommand command = task.command;
    remove(task);
    Residual residual = Residual.of(command.expectedLength(), response.transferLength());
    int returned = command.read() ? (int) Math.min(response.transferLength(), task.length) : 0;
    boolean collapse = returned > 0 && response.status() == ScsiStatus.GOOD;
    int pdus = task.write == null ? 0 : task.write.requests();
    ChannelFuture sent = null;
    if (returned > 0) {
      for (int offset = 0; offset < returned; ) {
        int burstEnd = offset - offset % parameters.burstMax() + parameters.burstMax();
        int length =
            Math.min(parameters.sendDataSegmentMax(), Math.min(returned, burstEnd) - offset);
        int end = offset + length;
        boolean status = collapse && end == returned;
        sent =
            connection.sendTracked(
                new DataIn(
                    end == burstEnd || end == returned,
                    status,
                    status && residual.overflow(),
                    status && residual.underflow(),
                    0,
                    0,
                    command.taskTag(),
                    Pdu.NO_TAG,
                    status ? session.consumeStatus() : session.numbersWithoutStatus(),
                    pdus++,
                    offset,
                    status ? residual.bytes() : 0,
                    task.buffer.retainedSlice(offset, length)));
        offset = end;
      }
      counters.dataInBytes().add(returned);
    }
    task.buffer.release();
    if (!collapse) {
      sent =
          connection.sendTracked(
              new CommandResponse(
                  residual.overflow(),
                  residual.underflow(),
                  0,
                  response.status().code(),
                  command.taskTag(),
                  session.consumeStatus(),
                  pdus,
                  residual.bytes(),
                  senseSegment(response)));
    }
    if (!task.granted) {
      return; // aborted while it waited for a buffer
    }
    if (sent == null || !command.read()) {
      giveBack(task);
    } else {
      var _ = sent.addListener(_ -> giveBack(task));
    }
  }

  private void giveBack(Task task) {
    usedBytes -= task.length;
    portalBudget.give(task.length);
    startWaiting();
  }

  /** The data segment of an answer. */
  static ByteBuf senseSegment(ScsiResponse response) {
    byte[] bytes = response.encodeSense();
    return bytes.length == 0 ? Pdu.NO_DATA : senseSegment(bytes);
  }

  /** Sense data as they travel in data segments (RFC 7143 11.4.7, 11.9.4). */
  static ByteBuf senseSegment(byte[] sense) {
    return Unpooled.buffer(2 + sense.length).writeShort(sense.length).writeBytes(sense);
  }

  /**
   * Ends the set: nothing more goes to the device, and nobody is answered.
   *
   * @return completes when the device has finished with all that it had been given
   */
  CompletableFuture<@Nullable Void> end() {
    if (!ended) {
      ended = true;
      waiting.clear();
      for (Task task : tasks.values()) {
        if (!task.inDevice) {
          if (task.write != null) {
            task.write.discard();
          }
          task.buffer.release();
          if (task.granted) {
            giveBack(task);
          }
        } else if (task.request != null) {
          path.abandon(task.request);
        }
      }
      finishIfDrained();
    }
    return drained;
  }

  private void finishIfDrained() {
    if (inDevice == 0 && !drained.isDone()) {
      path.close();
      drained.complete(null);
    }
  }
}
