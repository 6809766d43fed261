package io.gantry.initiator;

import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.PduDecoder;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is logged in, with an event loop of its own.
 *
 * @param <H> handles the full feature phase
 */
record Connection<H extends ChannelHandler>(EventLoopGroup group, Channel channel, H handler)
    implements AutoCloseable {

  private static final int RECEIVE_DATA_SEGMENT_MAX = 256 * 1024;
  private static final int LOGIN_DATA_SEGMENT_MAX = 8192;

  /** Most times that a login follows a target that has moved. */
  private static final int MOVES_MAX = 4;

  /** Nobody may predict a CHAP challenge. */
  private static final SecureRandom RANDOM = new SecureRandom();

  private static final Map<Key, String> DISCOVERY_OFFERS =
      Map.of(Key.MAX_RECV_DATA_SEGMENT_LENGTH, Integer.toString(RECEIVE_DATA_SEGMENT_MAX));

  private static final Map<Key, String> SESSION_OFFERS = sessionOffers();

  private static Map<Key, String> sessionOffers() {
    Map<Key, String> offers = new EnumMap<>(DISCOVERY_OFFERS);
    offers.put(Key.MAX_CONNECTIONS, "1");
    offers.put(Key.INITIAL_R2T, Key.NO);
    offers.put(Key.IMMEDIATE_DATA, Key.YES);
    offers.put(Key.MAX_BURST_LENGTH, Integer.toString(1024 * 1024));
    offers.put(Key.FIRST_BURST_LENGTH, Integer.toString(256 * 1024));
    offers.put(Key.DEFAULT_TIME_2_WAIT, "2");
    offers.put(Key.DEFAULT_TIME_2_RETAIN, "0");
    offers.put(Key.MAX_OUTSTANDING_R2T, "1");
    offers.put(Key.DATA_PDU_IN_ORDER, Key.YES);
    offers.put(Key.DATA_SEQUENCE_IN_ORDER, Key.YES);
    offers.put(Key.ERROR_RECOVERY_LEVEL, "0");
    return offers;
  }

  private static Map<Key, String> offers(Map<Key, String> usual, SessionOptions.Digests digests) {
    Map<Key, String> offers = new EnumMap<>(usual);
    offers.put(Key.HEADER_DIGEST, digests.header() ? "CRC32C" : "None,CRC32C");
    offers.put(Key.DATA_DIGEST, digests.data() ? "CRC32C" : "None,CRC32C");
    return offers;
  }

  /**
   * Connects and logs in, where the target sends it if it has moved.
   *
   * @param target the target, or null for a discovery session
   * @param successor makes the handler of the full feature phase
   * @throws IOException if that fails; the message names the portal and the reason
   */
  static <H extends ChannelHandler> Connection<H> open(
      String firstHost,
      int firstPort,
      @Nullable String target,
      SessionOptions options,
      BiFunction<Channel, InitiatorLogin.Established, H> successor)
      throws IOException {
    String host = firstHost;
    int port = firstPort;
    for (int moves = 0; ; moves++) {
      try {
        return openAt(host, port, target, options, successor);
      } catch (IOException e) {
        if (!(e.getCause() instanceof TargetMovedException moved) || moves == MOVES_MAX) {
          throw e;
        }
        TargetAddress next = TargetAddress.parse(moved.address());
        if (next == null) {
          throw e;
        }
        host = next.host();
        port = next.port();
      }
    }
  }

  private static <H extends ChannelHandler> Connection<H> openAt(
      String host,
      int port,
      @Nullable String target,
      SessionOptions options,
      BiFunction<Channel, InitiatorLogin.Established, H> successor)
      throws IOException {
    String portal = IscsiUrl.portal(host, port);
    InitiatorLogin login =
        new InitiatorLogin(
            options.initiatorName(),
            target,
            options.isid(),
            offers(target == null ? DISCOVERY_OFFERS : SESSION_OFFERS, options.digests()),
            options.user(),
            RANDOM);
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("gantry-initiator", true), NioIoHandler.newFactory());
    PduDecoder decoder = new PduDecoder(LOGIN_DATA_SEGMENT_MAX);
    LoginHandler<H> handler = new LoginHandler<>(portal, login, decoder, successor);
    try {
      ChannelFuture connected =
          new Bootstrap()
              .group(group)
              .channel(NioSocketChannel.class)
              .option(ChannelOption.TCP_NODELAY, true)
              .option(ChannelOption.SO_KEEPALIVE, true)
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) options.loginTimeout().toMillis())
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel
                          .config()
                          .setRecvByteBufAllocator(
                              new AdaptiveRecvByteBufAllocator(
                                  512, 65536, RECEIVE_DATA_SEGMENT_MAX));
                      channel
                          .pipeline()
                          .addLast(new FlushConsolidationHandler(256, true), decoder, handler);
                    }
                  })
              .connect(host, port)
              .awaitUninterruptibly();
      if (!connected.isSuccess()) {
        Throwable cause = connected.cause();
        throw new IOException("cannot connect to " + portal + ": " + reason(cause), cause);
      }
      H next = await(handler.result(), options.loginTimeout(), "login at " + portal);
      return new Connection<>(group, connected.channel(), next);
    } catch (IOException | RuntimeException e) {
      shutDown(group);
      throw e;
    }
  }

  private static String reason(Throwable cause) {
    return switch (cause) {
      case ConnectTimeoutException _ -> "no answer";
      case UnknownHostException _ -> "unknown host";
      case ConnectException _ -> "connection refused";
      default -> String.valueOf(cause.getMessage());
    };
  }

  /** Waits for what happens on the event loop; {@code what} names it if it does not. */
  static <T> T await(CompletableFuture<T> future, Duration timeout, String what)
      throws IOException {
    try {
      return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(what + " was interrupted");
    } catch (TimeoutException e) {
      throw new IOException(what + " got no answer for " + timeout.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new IOException(cause.getMessage(), cause);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Closes the connection at once and ends its event loop. */
  @Override
  public void close() {
    var _ = channel.close();
    shutDown(group);
  }

  private static void shutDown(EventLoopGroup group) {
    var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
