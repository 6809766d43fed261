package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.DataIn;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PDUs that other implementations sent to each other; see the resource for where they are from. */
class RecordedPdusTest {

  static Stream<String> recorded() {
    try (InputStream in =
        Objects.requireNonNull(RecordedPdusTest.class.getResourceAsStream("recorded-pdus.txt"))) {
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines().filter(line -> !line.startsWith("#"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The bytes of a line: header, data, padding. */
  static byte[] bytes(String line) {
    return HexFormat.of().parseHex(line.substring(2).replace(" ", ""));
  }

  private static Inbound decode(byte[] bytes) {
    EmbeddedChannel channel = new EmbeddedChannel(new PduDecoder(1 << 20));
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    Inbound inbound = channel.readInbound();
    Object more = channel.readInbound();
    assertThat(more).isNull();
    channel.finishAndReleaseAll();
    return inbound;
  }

  /** Everything that is in the bytes is in the record, and comes out of it again. */
  @ParameterizedTest
  @MethodSource("recorded")
  void comeOutAsTheyWentIn(String line) {
    byte[] bytes = bytes(line);
    Pdu pdu = (Pdu) decode(bytes);
    assertThat(pdu).isInstanceOf(line.startsWith("I") ? InitiatorPdu.class : TargetPdu.class);
    EmbeddedChannel channel = new EmbeddedChannel();
    var _ = new PduEncoder(channel).write(pdu);
    channel.flushOutbound();
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part; (part = channel.readOutbound()) != null; ) {
      all.writeBytes(part);
      part.release();
    }
    byte[] encoded = new byte[all.readableBytes()];
    all.readBytes(encoded);
    assertThat(HexFormat.of().formatHex(encoded)).isEqualTo(HexFormat.of().formatHex(bytes));
  }

  private static <T extends Pdu> T only(Class<T> type, String headerPrefix) {
    List<T> found =
        recorded()
            .map(RecordedPdusTest::bytes)
            .filter(b -> HexFormat.of().formatHex(b).startsWith(headerPrefix))
            .map(RecordedPdusTest::decode)
            .map(type::cast)
            .toList();
    assertThat(found).as(headerPrefix).isNotEmpty();
    return found.getFirst();
  }

  @Test
  void loginRequestOfIscsiInq() {
    LoginRequest request = only(LoginRequest.class, "43870000000001b180b9c6190000");
    assertThat(request.transit()).isTrue();
    assertThat(request.continues()).isFalse();
    assertThat(request.currentStage()).isEqualTo(LoginStage.OPERATIONAL);
    assertThat(request.nextStage()).isEqualTo(LoginStage.FULL_FEATURE);
    assertThat(request.isid()).isEqualTo(0x80b9_c619_0000L);
    assertThat(request.tsih()).isZero();
    assertThat(request.taskTag()).isEqualTo(0x129b_fb89);
    assertThat(request.cmdSn()).isEqualTo(0x27b3_85e4);
    byte[] text = new byte[request.data().readableBytes()];
    request.data().readBytes(text);
    assertThat(KeyValueText.parse(text))
        .isInstanceOfSatisfying(
            KeyValueText.Pairs.class,
            pairs ->
                assertThat(pairs.values())
                    .hasSize(19)
                    .containsEntry("TargetName", "iqn.2026-11.test:peer")
                    .containsEntry("HeaderDigest", "None,CRC32C"));
  }

  @Test
  void loginResponseOfTgt() {
    LoginResponse response = only(LoginResponse.class, "238700000000012c80b9c6190000");
    assertThat(response.status()).isZero();
    assertThat(response.tsih()).isEqualTo(0x0200);
    assertThat(response.numbers()).isEqualTo(new TargetPdu.Numbers(0, 0x27b3_85e4, 0x27b3_85e5));
  }

  @Test
  void inquiryAndItsData() {
    ScsiCommand command =
        only(ScsiCommand.class, "01c10000000000000001000000000000129bfb8c00000040");
    assertThat(command.read()).isTrue();
    assertThat(command.write()).isFalse();
    assertThat(command.last()).isTrue();
    assertThat(command.attribute()).isEqualTo(1);
    assertThat(command.lun()).isEqualTo(1L << 48);
    assertThat(command.expectedLength()).isEqualTo(64);
    assertThat(command.expStatSn()).isEqualTo(3);
    assertThat(command.cdb()).startsWith(0x12, 0, 0, 0, 0x40, 0).hasSize(16);
    DataIn data = only(DataIn.class, "25810000000000400000000000000000129bfb8c");
    assertThat(data.last()).isTrue();
    assertThat(data.hasStatus()).isTrue();
    assertThat(data.status()).isZero();
    assertThat(data.numbers().statSn()).isEqualTo(3);
    assertThat(data.data().readableBytes()).isEqualTo(64);
  }

  @Test
  void unitAttention() {
    CommandResponse response =
        only(CommandResponse.class, "21800002000000140000000000000000129bfb8a");
    assertThat(response.response()).isZero();
    assertThat(response.status()).isEqualTo(2);
    assertThat(response.data().readUnsignedShort()).isEqualTo(18);
    assertThat(response.data().getUnsignedByte(response.data().readerIndex() + 2))
        .isEqualTo((short) 6);
  }

  /** The write of 512 KiB by qemu-io that the recording's two R2Ts belong to. */
  @Test
  void readyToTransferAndDataOut() {
    ReadyToTransfer request = only(ReadyToTransfer.class, "3180");
    assertThat(request.transferTag()).isEqualTo(0xb013_a86f);
    assertThat(request.r2tSn()).isZero();
    assertThat(request.bufferOffset()).isEqualTo(0x2000);
    assertThat(request.desiredLength()).isEqualTo(0x4_0000);
    byte[] answer = new byte[Pdu.HEADER_LENGTH + 0x2000];
    byte[] header =
        HexFormat.of()
            .parseHex(
                "0500000000002000000100000000000053e34c7cb013a86f"
                    + "000000000000000d00000000000000010000400000000000");
    System.arraycopy(header, 0, answer, 0, header.length);
    assertThat(decode(answer))
        .isInstanceOfSatisfying(
            DataOut.class,
            data -> {
              assertThat(data.last()).isFalse();
              assertThat(data.transferTag()).isEqualTo(request.transferTag());
              assertThat(data.dataSn()).isEqualTo(1);
              assertThat(data.bufferOffset()).isEqualTo(0x4000);
              assertThat(data.header()).isEqualTo(header);
            });
  }
}
