package io.gantry.initiator;

import io.gantry.iscsi.BadPdu;
import io.gantry.iscsi.Inbound;
import io.gantry.iscsi.InitiatorLogin.Established;
import io.gantry.iscsi.InitiatorPdu.TextRequest;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.KeyValueText;
import io.gantry.iscsi.KeyValueText.Pair;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.PduEncoder;
import io.gantry.iscsi.TargetPdu.TextResponse;
import io.gantry.iscsi.TextAssembly;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The full feature phase of a discovery session: one question, SendTargets=All, one answer. */
final class DiscoveryHandler extends ChannelInboundHandlerAdapter {
  private static final int ANSWER_LENGTH_MAX = 4 * 1024 * 1024;
  private static final int TASK_TAG = 1;

  private final String portal;
  private final PduEncoder encoder;
  private final TextAssembly text = new TextAssembly(ANSWER_LENGTH_MAX);
  private final CompletableFuture<List<DiscoveredTarget>> targets = new CompletableFuture<>();
  private final int cmdSn;
  private int expStatSn;

  DiscoveryHandler(String portal, Channel channel, Established session) {
    this.portal = portal;
    this.encoder = new PduEncoder(channel);
    encoder.digests(session.parameters());
    this.cmdSn = session.cmdSn();
    this.expStatSn = session.expStatSn();
  }

  CompletableFuture<List<DiscoveredTarget>> targets() {
    return targets;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    List<Pair> question = List.of(new Pair(Key.SEND_TARGETS.text(), "All"));
    ask(ctx, Pdu.NO_TAG, KeyValueText.encode(question));
  }

  private void ask(ChannelHandlerContext ctx, int transferTag, ByteBuf data) {
    // Immediate: an answer in several parts then needs no room in the command window.
    var _ =
        encoder.write(
            new TextRequest(true, true, false, 0, TASK_TAG, transferTag, cmdSn, expStatSn, data));
    ctx.channel().flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch ((Inbound) message) {
      case TextResponse response -> {
        expStatSn = response.numbers().statSn() + 1;
        boolean fits = text.append(response.data());
        response.release();
        if (!fits) {
          fail("sent a list of targets without end");
        } else if (response.last()) {
          finish();
        } else {
          ask(ctx, response.transferTag(), Pdu.NO_DATA);
        }
      }
      case BadPdu bad -> fail("sent a " + bad.problem());
      case Pdu pdu -> {
        pdu.release();
        fail("does not answer SendTargets");
      }
    }
  }

  private void finish() {
    try {
      List<DiscoveredTarget> found = new ArrayList<>();
      for (Pair pair : KeyValueText.parseList(text.take())) {
        if (pair.key().equals(Key.TARGET_NAME.text())) {
          found.add(new DiscoveredTarget(pair.value(), new ArrayList<>()));
        } else if (pair.key().equals(Key.TARGET_ADDRESS.text()) && !found.isEmpty()) {
          found.getLast().addresses().add(pair.value());
        }
      }
      targets.complete(List.copyOf(found));
    } catch (IllegalArgumentException e) {
      fail("sent " + e.getMessage());
    }
  }

  private void fail(String problem) {
    targets.completeExceptionally(new IOException(portal + " " + problem));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    targets.completeExceptionally(new IOException("connection to " + portal + " lost"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail("cannot be read: " + cause.getMessage());
  }
}
