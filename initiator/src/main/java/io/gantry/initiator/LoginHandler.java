package io.gantry.initiator;

import io.gantry.iscsi.BadPdu;
import io.gantry.iscsi.Inbound;
import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.PduDecoder;
import io.gantry.iscsi.PduEncoder;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * Logs a new connection in, and then makes room for the handler of the full feature phase.
 *
 * @param <H> that handler
 */
final class LoginHandler<H extends ChannelHandler> extends ChannelInboundHandlerAdapter {
  private final String portal;
  private final InitiatorLogin login;
  private final PduDecoder decoder;
  private final BiFunction<Channel, InitiatorLogin.Established, H> successor;
  private final CompletableFuture<H> result = new CompletableFuture<>();

  LoginHandler(
      String portal,
      InitiatorLogin login,
      PduDecoder decoder,
      BiFunction<Channel, InitiatorLogin.Established, H> successor) {
    this.portal = portal;
    this.login = login;
    this.decoder = decoder;
    this.successor = successor;
  }

  /** The successor, or an {@link IOException} that says why the login failed. */
  CompletableFuture<H> result() {
    return result;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    send(ctx, login.first());
  }

  private static void send(ChannelHandlerContext ctx, Pdu pdu) {
    var _ = new PduEncoder(ctx.channel()).write(pdu);
    ctx.flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch ((Inbound) message) {
      case LoginResponse response -> {
        InitiatorLogin.Step step = login.accept(response);
        response.release();
        take(ctx, step);
      }
      case BadPdu bad -> fail(ctx, "the target sent a " + bad.problem());
      case Pdu pdu -> {
        pdu.release();
        fail(ctx, "the target answers the login with something else");
      }
    }
  }

  private void take(ChannelHandlerContext ctx, InitiatorLogin.Step step) {
    switch (step) {
      case InitiatorLogin.Step.Send(var request) -> send(ctx, request);
      case InitiatorLogin.Step.Moved(String address) -> {
        result.completeExceptionally(new TargetMovedException(portal, address));
        var _ = ctx.close();
      }
      case InitiatorLogin.Step.Fail(String problem) -> fail(ctx, problem);
      case InitiatorLogin.Step.Finish(var session) -> {
        decoder.fullFeature(session.parameters());
        H handler = successor.apply(ctx.channel(), session);
        ctx.pipeline().replace(this, null, handler);
        result.complete(handler);
      }
    }
  }

  private void fail(ChannelHandlerContext ctx, String problem) {
    result.completeExceptionally(new IOException("login at " + portal + " failed: " + problem));
    var _ = ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(ctx, "the target closed the connection");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(ctx, String.valueOf(cause.getMessage()));
  }
}
