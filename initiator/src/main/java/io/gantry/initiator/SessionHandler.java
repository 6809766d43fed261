package io.gantry.initiator;

import io.gantry.iscsi.BadPdu;
import io.gantry.iscsi.Inbound;
import io.gantry.iscsi.InitiatorLogin.Established;
import io.gantry.iscsi.InitiatorPdu;
import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LogoutRequest;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Pdu;
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
import io.gantry.scsi.Lun;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The full feature phase of a session, on the connection's event loop. Other threads may call
 * {@link #submit}, {@link #logOut} and {@link #statistics}.
 *
 * <p>A command waits in line until the target's command window has room for it. Any breach of the
 * protocol ends the session: at error recovery level 0 there is nothing else to do (RFC 7143
 * 7.1.5), and every command that has no answer then fails with the reason.
 */
final class SessionHandler extends ChannelInboundHandlerAdapter {
  private final String portal;
  private final long lun;
  private final long commandTimeoutNanos;
  private final Channel channel;
  private final PduEncoder encoder;
  private final SessionParameters parameters;

  private final Map<Integer, PendingCommand> outstanding = new LinkedHashMap<>();
  private final Queue<PendingCommand> waiting = new ArrayDeque<>();
  private final CompletableFuture<@Nullable Void> loggedOut = new CompletableFuture<>();
  private final LongAdder commands = new LongAdder();
  private final LongAdder dataInBytes = new LongAdder();
  private final LongAdder dataOutBytes = new LongAdder();

  private int cmdSn;
  private int maxCmdSn;
  private int expStatSn;
  private int nextTag = 1;
  private @Nullable IOException failure;

  SessionHandler(
      String portal, Lun lun, Duration commandTimeout, Channel channel, Established session) {
    this.portal = portal;
    this.lun = lun.encode();
    this.commandTimeoutNanos = commandTimeout.toNanos();
    this.channel = channel;
    this.encoder = new PduEncoder(channel);
    encoder.digests(session.parameters());
    this.parameters = session.parameters();
    this.cmdSn = session.cmdSn();
    this.maxCmdSn = session.maxCmdSn();
    this.expStatSn = session.expStatSn();
    long periodNanos = Math.clamp(commandTimeoutNanos / 4, 1_000_000L, 1_000_000_000L);
    var _ =
        channel
            .eventLoop()
            .scheduleAtFixedRate(
                this::checkTimeout, periodNanos, periodNanos, TimeUnit.NANOSECONDS);
  }

  CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
    PendingCommand command = new PendingCommand(request);
    try {
      channel
          .eventLoop()
          .execute(() -> {
            command.sinceNanos = channel.eventLoop().ticker().nanoTime();
            waiting.add(command);
            if (failure != null) {
              abandonAll(failure);
            } else {
              sendWaiting();
            }
          });
    } catch (RejectedExecutionException e) {
      command.future.completeExceptionally(
          new IOException("the session with " + portal + " is closed", e));
    }
    return command.future;
  }

  WireStatistics statistics() {
    return new WireStatistics(dataInBytes.sum(), dataOutBytes.sum(), commands.sum());
  }

  private void sendWaiting() {
    while (!waiting.isEmpty() && !SerialNumber.isBefore(maxCmdSn, cmdSn)) {
      send(waiting.remove());
    }
  }

  private void send(PendingCommand command) {
    ScsiRequest request = command.request;
    int tag = newTag();
    outstanding.put(tag, command);
    command.sinceNanos = channel.eventLoop().ticker().nanoTime();
    ByteBuffer out = request.dataOut();
    // RFC 7143 4.2.5.2: what may go without an R2T, in the command and in Data-Out behind it.
    int first = out == null ? 0 : Math.min(parameters.firstBurstMax(), command.expectedLength);
    int immediate =
        parameters.immediateData() ? Math.min(first, parameters.sendDataSegmentMax()) : 0;
    int unsolicited = parameters.initialR2T() ? 0 : first - immediate;
    commands.increment();
    dataOutBytes.add(immediate);
    command.sent = immediate;
    write(
        new ScsiCommand(
            false,
            unsolicited == 0,
            request.dataIn() != null,
            out != null,
            1, // simple
            lun,
            tag,
            command.expectedLength,
            cmdSn++,
            expStatSn,
            request.cdb(),
            out == null ? Pdu.NO_DATA : slice(out, 0, immediate)));
    if (out != null && unsolicited > 0) {
      sendData(command, out, 0, tag, Pdu.NO_TAG, unsolicited);
    }
    channel.flush();
  }

  private int newTag() {
    int tag;
    do {
      tag = nextTag++;
    } while (tag == Pdu.NO_TAG || outstanding.containsKey(tag));
    return tag;
  }

  private static ByteBuf slice(ByteBuffer out, int offset, int length) {
    return Unpooled.wrappedBuffer(out.slice(out.position() + offset, length));
  }

  private void sendData(
      PendingCommand command, ByteBuffer out, long dataLun, int tag, int transferTag, int length) {
    int dataSn = 0;
    int end = command.sent + length;
    for (int at = command.sent; at < end; ) {
      int part = Math.min(parameters.sendDataSegmentMax(), end - at);
      write(
          new DataOut(
              at + part == end,
              dataLun,
              tag,
              transferTag,
              expStatSn,
              dataSn++,
              at,
              slice(out, at, part)));
      at += part;
    }
    command.sent = end;
    dataOutBytes.add(length);
  }

  private void write(InitiatorPdu pdu) {
    var _ = encoder.write(pdu);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch ((Inbound) message) {
      case BadPdu bad -> fail("%s sent a %s".formatted(portal, bad.problem()));
      case InitiatorPdu pdu -> {
        pdu.release();
        fail(portal + " sent a PDU that only initiators send");
      }
      case TargetPdu pdu -> {
        try {
          if (failure == null || pdu instanceof LogoutResponse) {
            receive(pdu);
          }
        } finally {
          pdu.release();
        }
      }
    }
  }

  private void receive(TargetPdu pdu) {
    Numbers numbers = pdu.numbers();
    if (SerialNumber.isBefore(maxCmdSn, numbers.maxCmdSn())) {
      maxCmdSn = numbers.maxCmdSn();
    }
    switch (pdu) {
      case DataIn data -> take(data);
      case CommandResponse response -> {
        acknowledge(numbers);
        finish(response);
      }
      case ReadyToTransfer request -> answer(request);
      case NopIn nop -> {
        if (nop.taskTag() != Pdu.NO_TAG) {
          acknowledge(numbers);
        }
        if (nop.transferTag() != Pdu.NO_TAG) {
          write(
              new NopOut(
                  true, nop.lun(), Pdu.NO_TAG, nop.transferTag(), cmdSn, expStatSn, Pdu.NO_DATA));
          channel.flush();
        }
      }
      case Reject reject -> {
        acknowledge(numbers);
        take(reject);
      }
      case AsyncMessage message -> {
        acknowledge(numbers);
        take(message);
      }
      case LogoutResponse _ -> loggedOut.complete(null);
      case LoginResponse _, TextResponse _, TaskManagementResponse _ ->
          fail(portal + " sent an answer to something that was not asked");
    }
    sendWaiting();
  }

  private void acknowledge(Numbers numbers) {
    expStatSn = numbers.statSn() + 1;
  }

  private void take(DataIn data) {
    PendingCommand command = outstanding.get(data.taskTag());
    ByteBuffer room = command == null ? null : command.request.dataIn();
    ByteBuf bytes = data.data();
    int length = bytes.readableBytes();
    if (command == null
        || data.bufferOffset() != command.received
        || room == null
        || length > command.expectedLength - command.received) {
      fail(
          "%s sent %d bytes at offset %d that no command expects"
              .formatted(portal, length, data.bufferOffset()));
      return;
    }
    bytes.getBytes(bytes.readerIndex(), room.slice(room.position() + command.received, length));
    command.received += length;
    dataInBytes.add(length);
    if (data.hasStatus()) {
      acknowledge(data.numbers());
      outstanding.remove(data.taskTag());
      finish(
          command,
          data.status(),
          data.overflow(),
          data.underflow(),
          data.residual(),
          Sense.NO_SENSE);
    }
  }

  private void finish(CommandResponse response) {
    PendingCommand command = outstanding.remove(response.taskTag());
    if (command == null) {
      fail(portal + " answered a command that is not outstanding");
    } else if (response.response() != 0) {
      command.future.completeExceptionally(
          new IOException(
              "%s could not carry out the command (iSCSI response %02Xh)"
                  .formatted(portal, response.response())));
    } else {
      finish(
          command,
          response.status(),
          response.overflow(),
          response.underflow(),
          response.residual(),
          sense(response.data()));
    }
  }

  private static Sense sense(ByteBuf segment) {
    if (segment.readableBytes() < 2) {
      return Sense.NO_SENSE;
    }
    int at = segment.readerIndex();
    byte[] bytes = new byte[Math.min(segment.getUnsignedShort(at), segment.readableBytes() - 2)];
    segment.getBytes(at + 2, bytes);
    return Sense.decode(bytes);
  }

  private void finish(
      PendingCommand command,
      int code,
      boolean overflow,
      boolean underflow,
      long residual,
      Sense sense) {
    long expected = command.expectedLength;
    long needed =
        overflow ? expected + residual : underflow ? Math.max(0, expected - residual) : expected;
    ScsiStatus status;
    try {
      status = ScsiStatus.of(code);
    } catch (IllegalArgumentException e) {
      command.future.completeExceptionally(
          new IOException(portal + " answered: " + e.getMessage(), e));
      return;
    }
    int moved = command.request.dataOut() != null ? command.sent : command.received;
    if (status == ScsiStatus.GOOD && moved < Math.min(needed, expected)) {
      command.future.completeExceptionally(
          new IOException(
              "%s moved %d of %d bytes and called that good"
                  .formatted(portal, moved, Math.min(needed, expected))));
      return;
    }
    command.future.complete(
        new ScsiResponse(status, status == ScsiStatus.CHECK_CONDITION ? sense : null, needed));
  }

  private void answer(ReadyToTransfer request) {
    PendingCommand command = outstanding.get(request.taskTag());
    ByteBuffer out = command == null ? null : command.request.dataOut();
    long end = request.bufferOffset() + request.desiredLength();
    if (command == null
        || out == null
        || request.bufferOffset() != command.sent // nothing is asked for twice
        || request.desiredLength() == 0
        || end > command.expectedLength) {
      fail("%s asked for data that no command has".formatted(portal));
      return;
    }
    sendData(
        command,
        out,
        request.lun(),
        request.taskTag(),
        request.transferTag(),
        (int) request.desiredLength());
    channel.flush();
  }

  private void take(Reject reject) {
    ByteBuf header = reject.data();
    PendingCommand command =
        header.readableBytes() < 20
            ? null
            : outstanding.remove(header.getInt(header.readerIndex() + 16));
    String problem = "%s rejected a PDU (reason %02Xh)".formatted(portal, reject.reason());
    if (command == null) {
      fail(problem);
    } else {
      command.future.completeExceptionally(new IOException(problem));
    }
  }

  private void take(AsyncMessage message) {
    switch (message.event()) {
      case AsyncMessage.LOGOUT_REQUESTED -> {
        sendLogout();
        fail(portal + " asked for a logout");
      }
      case AsyncMessage.CONNECTION_DROPPED, AsyncMessage.SESSION_DROPPED ->
          fail(portal + " dropped the session");
      default -> {} // sense data of the logical unit, or a renegotiation that may be declined
    }
  }

  /**
   * Says goodbye; with commands outstanding it just hangs up, since what they send may be on its
   * way out of buffers that are their owners' again once they have failed.
   *
   * @return completes when the target has answered or the connection is gone
   */
  CompletableFuture<@Nullable Void> logOut() {
    try {
      channel
          .eventLoop()
          .execute(() -> {
            String reason = "the session with " + portal + " is closed";
            if (failure != null || !outstanding.isEmpty()) {
              fail(reason);
            } else {
              sendLogout();
              failure = new IOException(reason);
              abandonAll(failure);
            }
          });
    } catch (RejectedExecutionException e) {
      loggedOut.complete(null);
    }
    return loggedOut;
  }

  private void sendLogout() {
    write(new LogoutRequest(true, LogoutRequest.CLOSE_SESSION, newTag(), 0, cmdSn, expStatSn));
    channel.flush();
  }

  private void checkTimeout() {
    // With nothing outstanding, a command that waits does so since the target opens no window.
    PendingCommand oldest =
        outstanding.isEmpty() ? waiting.peek() : outstanding.values().iterator().next();
    if (oldest != null
        && channel.eventLoop().ticker().nanoTime() - oldest.sinceNanos > commandTimeoutNanos) {
      fail(
          "%s did not answer command %02Xh for %d ms"
              .formatted(
                  portal,
                  oldest.request.cdb()[0],
                  TimeUnit.NANOSECONDS.toMillis(commandTimeoutNanos)));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail("connection to " + portal + " lost");
    loggedOut.complete(null);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail("connection to %s lost: %s".formatted(portal, cause.getMessage()));
  }

  /** Ends the session for the first reason given; closing first, so that no buffer is in use. */
  private void fail(String problem) {
    if (failure == null) {
      failure = new IOException(problem);
    }
    var _ = channel.close();
    abandonAll(failure);
  }

  private void abandonAll(IOException reason) {
    List<PendingCommand> abandoned = new ArrayList<>(outstanding.values());
    abandoned.addAll(waiting);
    outstanding.clear();
    waiting.clear();
    for (PendingCommand command : abandoned) {
      command.future.completeExceptionally(new IOException(reason.getMessage(), reason));
    }
  }
}
