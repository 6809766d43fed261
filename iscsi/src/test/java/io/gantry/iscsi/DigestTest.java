package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.HexFormat;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Digests, against the vectors of RFC 7143 Appendix A.4. */
@NullUnmarked
class DigestTest {
  private static final SessionParameters BOTH = parameters(true, true);

  /** The SCSI Read (10) command PDU of the appendix, and its digest. */
  private static final String READ_10 =
      "01c0000000000000 0000000000000000 1400000000000400 0000001400000018"
          + " 2800000000000000 0200000000000000";

  private static final String READ_10_DIGEST = "563a96d9";

  private static SessionParameters parameters(boolean header, boolean data) {
    return new SessionParameters(8192, 8192, 65536, 65536, false, true, 1, 2, 0, header, data);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static EmbeddedChannel decoder(SessionParameters agreed) {
    PduDecoder decoder = new PduDecoder(8192);
    decoder.fullFeature(agreed);
    return new EmbeddedChannel(decoder);
  }

  private static byte[] encoded(Pdu pdu, SessionParameters agreed) {
    EmbeddedChannel channel = new EmbeddedChannel();
    PduEncoder encoder = new PduEncoder(channel);
    encoder.digests(agreed);
    var _ = encoder.write(pdu);
    channel.flush();
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part; (part = channel.readOutbound()) != null; part.release()) {
      all.writeBytes(part);
    }
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "0000000000000000000000000000000000000000000000000000000000000000, aa36918a",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff, 43aba862",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f, 4e79dd46",
    "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100, 5cdb3f11",
  })
  void vectors(String bytes, String digest) {
    Digest one = new Digest();
    one.update(hex(bytes));
    assertThat(one.value()).isEqualTo(HexFormat.fromHexDigits(digest));
    Digest other = new Digest();
    other.update(Unpooled.wrappedBuffer(hex(bytes)), 0, 32);
    assertThat(other.value()).isEqualTo(one.value());
  }

  @Test
  void theHeaderDigestFollowsTheHeader() {
    EmbeddedChannel channel = decoder(parameters(true, false));
    channel.writeInbound(Unpooled.wrappedBuffer(hex(READ_10), hex(READ_10_DIGEST)));
    ScsiCommand command = channel.readInbound();
    assertThat(command.expectedLength()).isEqualTo(1024);
    byte[] again = encoded(command, parameters(true, false));
    assertThat(HexFormat.of().formatHex(again, 48, 52)).isEqualTo(READ_10_DIGEST);
  }

  /** The data digest covers the padding, and there is none where there are no data. */
  @ParameterizedTest
  @CsvSource({"0, 52", "32, 88", "31, 88", "29, 88"})
  void dataAreFollowedByTheirDigest(int length, int total) {
    byte[] data = new byte[length];
    byte[] bytes =
        encoded(new NopOut(true, 0, 7, Pdu.NO_TAG, 1, 1, Unpooled.wrappedBuffer(data)), BOTH);
    assertThat(bytes).hasSize(total);
    if (length > 0) {
      assertThat(HexFormat.of().formatHex(bytes, total - 4, total)).isEqualTo("aa36918a");
    }
    EmbeddedChannel channel = decoder(BOTH);
    for (byte one : bytes) {
      channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {one}));
    }
    NopOut nop = channel.readInbound();
    assertThat(nop.data().readableBytes()).isEqualTo(length);
    nop.release();
  }

  @Test
  void aFlippedBitAnywhereEndsTheInput() {
    byte[] data = new byte[45];
    byte[] good =
        encoded(new NopOut(true, 0, 7, Pdu.NO_TAG, 1, 1, Unpooled.wrappedBuffer(data)), BOTH);
    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      boolean inHeader = bit / 8 < Pdu.HEADER_LENGTH + Digest.LENGTH;
      EmbeddedChannel channel = decoder(BOTH);
      channel.writeInbound(Unpooled.wrappedBuffer(bad));
      channel.writeInbound(Unpooled.wrappedBuffer(new byte[1020])); // a longer header is waited for
      BadPdu problem = channel.readInbound();
      assertThat(problem.fatal()).isTrue();
      assertThat(problem.reason()).isEqualTo(inHeader ? null : RejectReason.DATA_DIGEST_ERROR);
      assertThat(problem.problem()).contains("digest");
      assertThat(channel.<Object>readInbound()).isNull();
    }
  }
}
