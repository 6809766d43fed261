package io.gantry.target;

import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.PduDecoder;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.zip.CRC32C;

/** An initiator that sends what a test wants, right or wrong, over a plain socket. */
final class RawInitiator implements AutoCloseable {
  private final Socket socket = new Socket();
  private final EmbeddedChannel decoder = new EmbeddedChannel(new PduDecoder(1 << 20));
  private boolean headerDigest;
  private boolean dataDigest;

  RawInitiator(InetSocketAddress address) throws IOException {
    // Tests drop what they receive: on the heap, and nobody looks for leaks.
    decoder.config().setAllocator(new UnpooledByteBufAllocator(false, true));
    socket.connect(address);
    socket.setTcpNoDelay(true);
  }

  /** Logs in with these offers; commands start at CmdSN 1. */
  RawInitiator logIn(Map<Key, String> offers) throws IOException {
    return logIn("raw", offers);
  }

  /** As {@link #logIn(Map)}, as another initiator. */
  RawInitiator logIn(String name, Map<Key, String> offers) throws IOException {
    return logIn(
        new InitiatorLogin("iqn.2026-11.io.gantry.test:" + name, RamDevice.NAME, 0x8000L, offers));
  }

  /** Logs in as this says. */
  RawInitiator logIn(InitiatorLogin login) throws IOException {
    Pdu request = login.first();
    while (true) {
      send(request);
      switch (login.accept((LoginResponse) receive())) {
        case InitiatorLogin.Step.Send(var next) -> request = next;
        case InitiatorLogin.Step.Finish(InitiatorLogin.Established session) -> {
          headerDigest = session.parameters().headerDigest();
          dataDigest = session.parameters().dataDigest();
          if (headerDigest || dataDigest) {
            decoder.pipeline().get(PduDecoder.class).fullFeature(session.parameters());
          }
          return this;
        }
        case InitiatorLogin.Step.Moved(String address) -> throw new IOException(address);
        case InitiatorLogin.Step.Fail(String problem) -> throw new IOException(problem);
      }
    }
  }

  void send(Pdu pdu) throws IOException {
    send(bytes(pdu));
  }

  /** What goes over the wire for a PDU, with the digests that the login agreed on. */
  byte[] bytes(Pdu pdu) {
    byte[] data = new byte[(pdu.data().readableBytes() + 3) / 4 * 4];
    pdu.data().getBytes(pdu.data().readerIndex(), data, 0, pdu.data().readableBytes());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    put(out, pdu.header(), headerDigest);
    put(out, data, dataDigest && data.length > 0);
    return out.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, byte[] bytes, boolean digest) {
    out.writeBytes(bytes);
    if (digest) {
      CRC32C crc = new CRC32C();
      crc.update(bytes);
      int value = Integer.reverseBytes((int) crc.getValue());
      out.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
    }
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** The next PDU; EOFException if the target has closed the connection. */
  TargetPdu receive() throws IOException {
    byte[] bytes = new byte[64 * 1024];
    while (true) {
      TargetPdu pdu = decoder.readInbound();
      if (pdu != null) {
        return pdu;
      }
      int length = socket.getInputStream().read(bytes);
      if (length < 0) {
        throw new EOFException("closed by the target");
      }
      decoder.writeInbound(Unpooled.copiedBuffer(bytes, 0, length));
    }
  }

  /** Closes the connection the hard way. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    close();
  }

  @Override
  public void close() throws IOException {
    decoder.finishAndReleaseAll();
    socket.close();
  }
}
