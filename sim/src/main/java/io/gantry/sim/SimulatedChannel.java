package io.gantry.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** One end of a {@link SimulatedWire}, as Netty sees it: a stream of bytes in both directions. */
final class SimulatedChannel extends AbstractChannel {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
  private static final int RECEIVE_BYTES = 16 << 10;

  private final ChannelConfig config = new DefaultChannelConfig(this);
  private final SimulatedWire wire;
  private final InetSocketAddress local;
  private final InetSocketAddress remote;
  private boolean open = true;
  private boolean reading;

  SimulatedChannel(
      SimulatedWire wire,
      InetSocketAddress local,
      InetSocketAddress remote,
      ByteBufAllocator allocator) {
    super(null);
    this.wire = wire;
    this.local = local;
    this.remote = remote;
    config.setAllocator(allocator);
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open;
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return loop instanceof SimulatedLoop;
  }

  @Override
  protected SocketAddress localAddress0() {
    return local;
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return remote;
  }

  @Override
  protected void doBind(SocketAddress address) {
    throw new UnsupportedOperationException();
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doClose() {
    open = false;
    wire.closed(this);
  }

  // Reading

  @Override
  protected void doBeginRead() {
    reading = true;
    eventLoop().execute(this::read0);
  }

  /** There is something to read, or the end. To be called by the wire. */
  void readable() {
    eventLoop().execute(this::read0);
  }

  private void read0() {
    if (!open || !reading) {
      return;
    }
    byte[] bytes = wire.receive(this, RECEIVE_BYTES);
    if (bytes.length > 0) {
      reading = false;
      pipeline().fireChannelRead(alloc().buffer(bytes.length).writeBytes(bytes));
      pipeline().fireChannelReadComplete(); // which reads on unless somebody has stopped it
    } else if (wire.isAtEnd(this)) {
      unsafe().close(voidPromise());
    }
  }

  /** The connection is broken. To be called by the wire. */
  void reset() {
    eventLoop()
        .execute(() -> {
          if (open) {
            pipeline().fireExceptionCaught(new IOException("connection reset by peer"));
            unsafe().close(voidPromise());
          }
        });
  }

  // Writing

  @Override
  protected void doWrite(ChannelOutboundBuffer out) {
    for (Object message; (message = out.current()) != null; ) {
      ByteBuf bytes = (ByteBuf) message;
      int sent = wire.send(this, bytes);
      out.progress(sent);
      if (bytes.isReadable()) {
        return; // goes on when there is room
      }
      out.remove();
    }
  }

  /** There is room again. To be called by the wire. */
  void writable() {
    eventLoop().execute(() -> ((Unsafe) unsafe()).flushMore());
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new Unsafe();
  }

  private final class Unsafe extends AbstractUnsafe {
    @Override
    public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
      promise.setFailure(new UnsupportedOperationException());
    }

    void flushMore() {
      flush0();
    }
  }
}
