package io.gantry.initiator;

import io.gantry.iscsi.InitiatorPdu;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.LoginGate;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.PduDecoder;
import io.gantry.iscsi.TargetLogin;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.Numbers;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A target for one connection that does what a test wants, right or wrong, over a plain socket. The
 * test reads the initiator's PDUs and writes the answers.
 */
final class ScriptedTarget implements AutoCloseable {
  static final String NAME = "iqn.2026-11.io.gantry.test:scripted";

  /** What the target does with a connection, on a thread of its own. */
  interface Script {
    void play(ScriptedTarget target) throws Exception;
  }

  private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final EmbeddedChannel decoder = new EmbeddedChannel(new PduDecoder(1 << 20));
  private final CompletableFuture<Void> played = new CompletableFuture<>();
  private final int window;
  private Socket socket = new Socket();
  private int statSn;
  private int expCmdSn = 1;

  /** Plays the script when the initiator connects, and then closes the connection. */
  ScriptedTarget(int window, Script script) throws IOException {
    this.window = window;
    decoder.config().setAllocator(new UnpooledByteBufAllocator(false, true));
    Thread.ofPlatform()
        .name("scripted-target")
        .start(() -> {
          try {
            socket = listener.accept();
            socket.setTcpNoDelay(true);
            script.play(this);
            played.complete(null);
          } catch (Exception | AssertionError e) {
            played.completeExceptionally(e);
          } finally {
            hangUp();
          }
        });
  }

  private void hangUp() {
    try {
      socket.close();
    } catch (IOException e) {
      played.completeExceptionally(e);
    }
  }

  /** A script that begins after the login and the TEST UNIT READY with which sessions open. */
  static Script session(Script script) {
    return target -> {
      target.logIn();
      target.send(target.good(target.receiveCommand()));
      script.play(target);
    };
  }

  IscsiUrl url() {
    return IscsiUrl.parse("iscsi://127.0.0.1:%d/%s/0".formatted(listener.getLocalPort(), NAME));
  }

  void logIn() throws IOException {
    TargetLogin login =
        new TargetLogin(
            new TargetLogin.Policy(
                NAME,
                1,
                window,
                Map.of(Key.MAX_RECV_DATA_SEGMENT_LENGTH, "1024", Key.FIRST_BURST_LENGTH, "2048"),
                () -> 1,
                _ -> false,
                LoginGate.OPEN,
                new Random(0)));
    while (true) {
      switch (login.respond((LoginRequest) receive())) {
        case TargetLogin.Step.Continue(var response) -> send(response);
        case TargetLogin.Step.Finish(var response, var made) -> {
          statSn = made.statSn();
          send(response);
          return;
        }
        case TargetLogin.Step.Fail(_, String problem) -> throw new IOException(problem);
      }
    }
  }

  /** Numbers for a PDU that carries a status. */
  Numbers numbers() {
    return new Numbers(statSn++, expCmdSn, expCmdSn + window - 1);
  }

  CommandResponse good(ScsiCommand command) {
    return response(command.taskTag(), 0, 0);
  }

  CommandResponse response(int tag, int status, long underflow) {
    return new CommandResponse(
        false, underflow > 0, 0, status, tag, numbers(), 0, underflow, Pdu.NO_DATA);
  }

  void send(Pdu pdu) throws IOException {
    int length = pdu.data().readableBytes();
    byte[] bytes = new byte[Pdu.HEADER_LENGTH + length + (-length & 3)];
    System.arraycopy(pdu.header(), 0, bytes, 0, Pdu.HEADER_LENGTH);
    pdu.data().getBytes(pdu.data().readerIndex(), bytes, Pdu.HEADER_LENGTH, length);
    socket.getOutputStream().write(bytes);
  }

  ScsiCommand receiveCommand() throws IOException {
    ScsiCommand command = (ScsiCommand) receive();
    expCmdSn++;
    return command;
  }

  /** The next PDU; EOFException if the initiator has closed the connection. */
  InitiatorPdu receive() throws IOException {
    byte[] bytes = new byte[64 * 1024];
    while (true) {
      InitiatorPdu pdu = decoder.readInbound();
      if (pdu != null) {
        return pdu;
      }
      int length = socket.getInputStream().read(bytes);
      if (length < 0) {
        throw new EOFException("closed by the initiator");
      }
      decoder.writeInbound(Unpooled.copiedBuffer(bytes, 0, length));
    }
  }

  /** Reads on until the initiator closes the connection. */
  void awaitEnd() {
    try {
      while (true) {
        receive();
      }
    } catch (IOException closed) {
      // as it should be
    }
  }

  /** Waits for the script's end, which must have gone well. */
  @Override
  public void close() throws IOException {
    try {
      played.orTimeout(20, TimeUnit.SECONDS).join();
    } finally {
      listener.close();
      decoder.finishAndReleaseAll();
    }
  }
}
