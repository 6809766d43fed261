package io.gantry.target;

import io.gantry.iscsi.BadPdu;
import io.gantry.iscsi.Inbound;
import io.gantry.iscsi.InitiatorPdu;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.IscsiName;
import io.gantry.iscsi.LoginStatus;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.PduDecoder;
import io.gantry.iscsi.PduEncoder;
import io.gantry.iscsi.ReadTap;
import io.gantry.iscsi.TargetLogin;
import io.gantry.iscsi.TargetLogin.Established;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection of a portal: its login, its session, its end. All of it happens on one event
 * loop, except {@link #terminate}, which anybody may call.
 *
 * <p>A session whose initiator port already has one begins only when the old one has ended (session
 * reinstatement, RFC 7143 6.3.5): when the device has finished its commands and has been told. The
 * last login response waits until then, so that no write of the old session can land on one of the
 * new.
 */
final class IscsiConnection extends ChannelInboundHandlerAdapter {
  private static final System.Logger LOG = System.getLogger(IscsiConnection.class.getName());

  private final IscsiTarget target;
  private final Channel channel;
  private final PduDecoder decoder;
  private final PduEncoder encoder;
  private final InetAddress remote;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

  private @Nullable TargetLogin login;
  private @Nullable IscsiSession session;
  private volatile @Nullable LiveSession live;
  private boolean inLobby = true;
  private @Nullable Nexus nexus;
  private boolean beginning;
  private boolean closing;
  private boolean pinged;
  private @Nullable Future<?> loginTimeout;

  /** For an initiator at an address, which has a place in the lobby. */
  IscsiConnection(IscsiTarget target, Channel channel, PduDecoder decoder, InetAddress remote) {
    this.remote = remote;
    this.target = target;
    this.channel = channel;
    this.decoder = decoder;
    this.encoder = new PduEncoder(channel);
    this.login = new TargetLogin(target.loginPolicy(remote));
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    loginTimeout =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  if (session == null) {
                    refuse(PortalCounters.NO_LOGIN_IN_TIME, "no login in time");
                  }
                },
                target.limits().loginTimeoutMillis(),
                TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    pinged = false;
    switch ((Inbound) message) {
      case Pdu pdu when closing -> pdu.release();
      case BadPdu bad -> {
        if (session == null) {
          refuse(PortalCounters.NO_LOGIN, bad.problem());
        } else if (!closing) {
          session.receive(bad);
        }
      }
      case TargetPdu pdu -> {
        pdu.release();
        close("a PDU that only targets send");
      }
      case InitiatorPdu pdu -> {
        if (session != null) {
          session.receive(pdu);
        } else if (login != null && pdu instanceof LoginRequest request) {
          TargetLogin.Step step = login.respond(request);
          request.release();
          take(step);
        } else {
          pdu.release();
          refuse(PortalCounters.NO_LOGIN, "a PDU other than a login request during login");
        }
      }
    }
  }

  private void take(TargetLogin.Step step) {
    switch (step) {
      case TargetLogin.Step.Continue(LoginResponse response) -> send(response);
      case TargetLogin.Step.Fail(LoginResponse response, String problem) -> {
        if (!LoginStatus.isRedirection(response.status())) {
          target.refused(remote, PortalCounters.label(response.status()), problem);
          String told = target.refusals().refused(remote, problem);
          if (told != null) {
            target.listener().refused(remote, told);
          }
        }
        send(response);
        closeAfterFlush("login failed: " + problem);
      }
      case TargetLogin.Step.Finish(LoginResponse response, Established made) -> {
        login = null;
        enter(response, made);
      }
    }
  }

  private void enter(LoginResponse response, Established made) {
    if (made.discovery()) {
      begin(response, made);
      return;
    }
    nexus =
        new Nexus(
            IscsiName.initiatorPort(made.initiatorName(), made.isid()),
            IscsiName.targetPort(target.device().name(), IscsiTarget.PORTAL_GROUP_TAG));
    beginning = true;
    IscsiConnection predecessor = target.enter(nexus, this);
    if (predecessor == null) {
      begin(response, made);
      return;
    }
    var _ =
        predecessor
            .terminate("replaced by a new session of " + nexus.initiatorPort())
            .thenRun(() -> {
              try {
                execute(() -> begin(response, made));
              } catch (RejectedExecutionException e) {
                response.release(); // the target is closed and the loop is gone
              }
            });
  }

  private void begin(LoginResponse response, Established made) {
    beginning = false;
    if (closing || !channel.isActive()) {
      response.release();
      leave();
      return;
    }
    leaveLobby();
    target.counters().loggedIn();
    Identity identity = new Identity(made.initiatorName(), made.user(), remote);
    session = new IscsiSession(this, target, made, nexus, identity);
    live =
        new LiveSession(
            made, identity, localAddress(), target.options().clock().instant(), session.counters());
    target.listener().loggedIn(live.status());
    send(response); // now, when whoever gets it finds all that it promises
    ReadTap reads = session.expressReads(channel);
    decoder.fullFeature(
        made.parameters(), header -> reads != null && !closing && takeRead(reads, header));
    encoder.digests(made.parameters());
    channel
        .pipeline()
        .addFirst(new IdleStateHandler(target.limits().idleMillis(), 0, 0, TimeUnit.MILLISECONDS));
    LOG.log(
        System.Logger.Level.DEBUG,
        () -> "%s: session of %s".formatted(channel, made.initiatorName()));
    target.endIfUnwanted(this); // the rules may have changed since the login looked at them
  }

  private boolean takeRead(ReadTap reads, ByteBuffer header) {
    pinged = false;
    return reads.take(header);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof IdleStateEvent && session != null) {
      if (pinged || session.isDiscovery()) {
        close("the initiator is silent");
      } else {
        pinged = true;
        session.ping();
      }
    }
  }

  /**
   * An initiator that does not read its answers is not listened to either, so that what waits for
   * it here stays bounded.
   */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    channel.config().setAutoRead(channel.isWritable());
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closing = true;
    leaveLobby();
    target.forget(this);
    if (session != null) {
      var _ = session.end().thenRun(this::leave);
    } else if (!beginning) {
      leave();
    }
  }

  private void leaveLobby() {
    if (loginTimeout != null) { // which would keep a connection in memory that is long gone
      loginTimeout.cancel(false);
    }
    if (inLobby) {
      inLobby = false;
      target.lobby().leave(remote);
    }
  }

  private void leave() {
    if (nexus != null) {
      target.leave(nexus, this);
    }
    ended.complete(null);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof java.io.IOException)) {
      LOG.log(System.Logger.Level.ERROR, "connection " + channel + " failed", cause);
    }
    close(String.valueOf(cause.getMessage()));
  }

  /** Closes what makes no session. */
  private void refuse(String reason, String problem) {
    target.refused(remote, reason, problem);
    close(problem);
  }

  private void close(String reason) {
    closing = true;
    LOG.log(System.Logger.Level.DEBUG, () -> "%s: closed: %s".formatted(channel, reason));
    var _ = channel.close();
  }

  /** Takes no more PDUs. */
  void stopReceiving() {
    closing = true;
  }

  /** Takes no more PDUs, and closes when the last answer is out. */
  void closeAfterFlush(String reason) {
    closing = true;
    LOG.log(System.Logger.Level.DEBUG, () -> "%s: closing: %s".formatted(channel, reason));
    var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * Asks the initiator, from any thread, to log out within some seconds. What has no session is
   * closed.
   *
   * @return completes when the connection and its session have ended
   */
  CompletableFuture<@Nullable Void> askForLogout(int seconds) {
    execute(() -> {
      if (session == null || session.isDiscovery()) {
        close("the portal closes");
      } else if (!closing) {
        session.askForLogout(seconds);
      }
    });
    return ended;
  }

  /**
   * Ends the connection and its session from any thread.
   *
   * @return completes when the device is done with the session and knows that it is gone
   */
  CompletableFuture<@Nullable Void> terminate(String reason) {
    execute(() -> {
      if (session != null && !closing) {
        session.announceEnd();
      }
      close(reason);
    });
    return ended;
  }

  /** Sends a PDU, taking ownership of its data. */
  void send(Pdu pdu) {
    var _ = sendTracked(pdu);
  }

  /** As {@link #send}; completes when the socket has taken the last byte. */
  ChannelFuture sendTracked(Pdu pdu) {
    ChannelFuture sent = encoder.write(pdu);
    channel.flush();
    return sent;
  }

  ByteBufAllocator allocator() {
    return channel.alloc();
  }

  boolean inEventLoop() {
    return channel.eventLoop().inEventLoop();
  }

  /** Runs something on the event loop unless the connection takes no more part in anything. */
  void executeIfOpen(Runnable action) {
    Runnable checked =
        () -> {
          if (!closing) {
            action.run();
          }
        };
    if (inEventLoop()) {
      checked.run();
      return;
    }
    try {
      execute(checked);
    } catch (RejectedExecutionException e) {
      // The target is closed and the loop is gone.
    }
  }

  void execute(Runnable action) {
    channel.eventLoop().execute(action);
  }

  /** Runs something on the event loop, over and over until it is cancelled. */
  Future<?> every(long millis, Runnable action) {
    return channel.eventLoop().scheduleAtFixedRate(action, millis, millis, TimeUnit.MILLISECONDS);
  }

  /** The address under which the initiator found this portal. */
  InetSocketAddress localAddress() {
    return (InetSocketAddress) channel.localAddress();
  }

  /** The session, for people; null if there is none. To be called by anybody. */
  @Nullable LiveSession live() {
    return live;
  }
}
