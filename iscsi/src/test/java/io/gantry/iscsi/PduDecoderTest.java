package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a peer may do to the framing. */
class PduDecoderTest {
  private static final int LIMIT = 8192;

  private final EmbeddedChannel channel = new EmbeddedChannel(new PduDecoder(LIMIT));

  private static byte[] frame(int opcode, int additionalWords, int announced, int sent) {
    byte[] bytes = new byte[Pdu.HEADER_LENGTH + additionalWords * 4 + sent + (-sent & 3)];
    bytes[0] = (byte) opcode;
    bytes[4] = (byte) additionalWords;
    bytes[5] = (byte) (announced >> 16);
    bytes[6] = (byte) (announced >> 8);
    bytes[7] = (byte) announced;
    for (int i = 0; i < sent; i++) {
      bytes[Pdu.HEADER_LENGTH + additionalWords * 4 + i] = (byte) i;
    }
    return bytes;
  }

  private void send(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
  }

  private @Nullable Object next() {
    return channel.readInbound();
  }

  @Test
  void aLongerSegmentThanAllowedEndsTheInput() {
    send(frame(0x05, 0, LIMIT + 1, 0));
    assertThat(next())
        .isInstanceOfSatisfying(
            BadPdu.class,
            bad -> {
              assertThat(bad.fatal()).isTrue();
              assertThat(bad.reason()).isEqualTo(RejectReason.PROTOCOL_ERROR);
              assertThat(bad.problem()).contains("8193").contains("8192");
            });
    send(frame(0x00, 0, 0, 0));
    assertThat(next()).isNull();
  }

  @Test
  void anUnknownKindIsReportedAndSkipped() {
    send(frame(0x1C, 3, 5, 5));
    send(frame(0x00, 255, LIMIT, LIMIT));
    assertThat(next())
        .isInstanceOfSatisfying(
            BadPdu.class,
            bad -> {
              assertThat(bad.fatal()).isFalse();
              assertThat(bad.reason()).isEqualTo(RejectReason.COMMAND_NOT_SUPPORTED);
              assertThat(bad.header()[0]).isEqualTo((byte) 0x1C);
            });
    assertThat(next())
        .isInstanceOfSatisfying(
            InitiatorPdu.NopOut.class,
            nop -> {
              assertThat(nop.data().readableBytes()).isEqualTo(LIMIT);
              assertThat(nop.data().getByte(77)).isEqualTo((byte) 77);
              nop.release();
            });
  }

  /** In crumbs of one byte, the memory pinned stays in proportion to what was received. */
  @Test
  void crumbsAreCopiedTogether() {
    byte[] bytes = frame(0x00, 0, LIMIT, LIMIT);
    ByteBuf[] crumbs = new ByteBuf[bytes.length];
    int pinnedMax = 0;
    for (int i = 0; i < bytes.length; i++) {
      crumbs[i] = Unpooled.buffer(1, 1).writeByte(bytes[i]);
      channel.writeInbound(crumbs[i].retain());
      if (i % 97 == 0) {
        int pinned = 0;
        for (int j = 0; j <= i; j++) {
          pinned += crumbs[j].refCnt() > 1 ? 1 : 0;
        }
        pinnedMax = Math.max(pinnedMax, pinned);
      }
    }
    assertThat(pinnedMax).isBetween(1, 17);
    InitiatorPdu.NopOut nop = channel.readInbound();
    assertThat(nop.data().readableBytes()).isEqualTo(LIMIT);
    nop.release();
    for (ByteBuf crumb : crumbs) {
      assertThat(crumb.refCnt()).isEqualTo(1);
    }
  }

  /** Anything at all, in pieces of any size: no exception, no leak. */
  @Test
  void randomBytesDoNoHarm() {
    long seed = Long.getLong("seed", new Random().nextLong());
    System.out.println("PduDecoderTest -Dseed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 2000; round++) {
      EmbeddedChannel victim = new EmbeddedChannel(new PduDecoder(LIMIT));
      ByteBuf all = Unpooled.directBuffer();
      for (int pdus = random.nextInt(6); pdus >= 0; pdus--) {
        byte[] bytes = new byte[random.nextInt(2000)];
        random.nextBytes(bytes);
        if (bytes.length > 8 && random.nextInt(4) != 0) { // lengths that lead somewhere
          bytes[0] &= (byte) (random.nextBoolean() ? 0x47 : 0x7F);
          bytes[4] &= 3;
          bytes[5] = 0;
          bytes[6] &= (byte) (random.nextInt(8) == 0 ? 0xFF : 3);
        }
        all.writeBytes(bytes);
      }
      while (all.isReadable()) {
        int length = Math.min(all.readableBytes(), 1 + random.nextInt(600));
        victim.writeInbound(all.readRetainedSlice(length));
        for (Object message; (message = victim.readInbound()) != null; ) {
          if (message instanceof Pdu pdu) {
            assertThat(pdu.data().readableBytes()).isLessThanOrEqualTo(LIMIT);
            pdu.release();
          }
        }
      }
      victim.checkException();
      victim.finishAndReleaseAll();
      assertThat(all.refCnt()).as("round " + round).isEqualTo(1);
      all.release();
    }
  }
}
