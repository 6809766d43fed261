package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever bytes come in, the decoder makes the same of them however they are cut, gives every
 * buffer back, and what it takes for a PDU can be written and read again. The seeds are what other
 * implementations sent to each other.
 */
@NullUnmarked
class PduFuzzTest {
  private static final int DATA_LENGTH_MAX = 4096;

  /** The first byte says how the stream is cut, the second where a digest is spoilt. */
  static Stream<byte[]> streams() {
    List<byte[]> recorded = RecordedPdusTest.recorded().map(RecordedPdusTest::bytes).toList();
    Stream<byte[]> single = recorded.stream().map(pdu -> join(new byte[] {17, 0}, pdu));
    Stream<byte[]> several =
        Stream.of(0, 1, 49, 255)
            .map(cut -> {
              byte[] all = {cut.byteValue(), cut.byteValue()};
              for (byte[] pdu : recorded.subList(0, Math.min(12, recorded.size()))) {
                all = join(all, pdu);
              }
              return all;
            });
    return Stream.concat(single, several);
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  @MethodSource("streams")
  @FuzzTest(maxDuration = "3m")
  void anyStream(byte[] input) {
    if (input.length < 2) {
      return;
    }
    byte[] stream = Arrays.copyOfRange(input, 2, input.length);
    List<String> whole = decode(stream, stream.length, false);
    assertThat(decode(stream, 1 + (input[0] & 0xff), false)).isEqualTo(whole);
  }

  /**
   * The same bytes with digests on the way are the same PDUs; with a bit flipped, none too many.
   */
  @MethodSource("streams")
  @FuzzTest(maxDuration = "3m")
  void digests(byte[] input) {
    if (input.length < 2) {
      return;
    }
    byte[] plain = wholePdus(Arrays.copyOfRange(input, 2, input.length));
    byte[] stream = withDigests(plain);
    List<String> expected = decode(plain, plain.length, false);
    int cut = 1 + (input[0] & 0xff);
    assertThat(decode(stream, cut, true)).isEqualTo(expected);
    if (stream.length > 0) {
      int at = (input[1] & 0xff) * stream.length / 256;
      stream[at] ^= (byte) (1 << (input[0] & 7));
      List<String> spoilt = decode(stream, cut, true);
      List<String> pdus = spoilt.stream().filter(what -> !what.startsWith("fatal")).toList();
      assertThat(pdus).hasSizeLessThan(expected.size());
      assertThat(pdus).isEqualTo(expected.subList(0, pdus.size()));
    }
  }

  /** As many whole PDUs of a length that is taken as a stream begins with. */
  private static byte[] wholePdus(byte[] stream) {
    int end = 0;
    while (stream.length - end >= Pdu.HEADER_LENGTH) {
      Header header = Header.of(Arrays.copyOfRange(stream, end, end + Pdu.HEADER_LENGTH));
      int length = length(header);
      if (header.dataLength() > DATA_LENGTH_MAX || length > stream.length - end) {
        break;
      }
      end += length;
    }
    return Arrays.copyOf(stream, end);
  }

  private static int length(Header header) {
    return Pdu.HEADER_LENGTH + header.additionalLength() + (header.dataLength() + 3) / 4 * 4;
  }

  private static byte[] withDigests(byte[] pdus) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < pdus.length; ) {
      Header header = Header.of(Arrays.copyOfRange(pdus, at, at + Pdu.HEADER_LENGTH));
      int dataAt = at + Pdu.HEADER_LENGTH + header.additionalLength();
      int end = at + length(header);
      out.writeBytes(Arrays.copyOfRange(pdus, at, dataAt));
      out.writeBytes(digest(Arrays.copyOfRange(pdus, at, dataAt)));
      if (end > dataAt) {
        out.writeBytes(Arrays.copyOfRange(pdus, dataAt, end));
        out.writeBytes(digest(Arrays.copyOfRange(pdus, dataAt, end)));
      }
      at = end;
    }
    return out.toByteArray();
  }

  private static byte[] digest(byte[] bytes) {
    Digest digest = new Digest();
    digest.update(bytes);
    return ByteBuffer.allocate(Digest.LENGTH).putInt(digest.value()).array();
  }

  /** What the decoder makes of a stream that comes in pieces. */
  private static List<String> decode(byte[] stream, int cut, boolean digests) {
    UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    PduDecoder decoder = new PduDecoder(DATA_LENGTH_MAX);
    if (digests) {
      decoder.fullFeature(
          new SessionParameters(
              8192, DATA_LENGTH_MAX, 8192, 8192, true, false, 1, 2, 0, true, true));
    }
    EmbeddedChannel channel = new EmbeddedChannel(decoder);
    channel.config().setAllocator(allocator);
    List<String> results = new ArrayList<>();
    for (int at = 0; at < stream.length; at += cut) {
      int length = Math.min(cut, stream.length - at);
      channel.writeInbound(allocator.buffer(length).writeBytes(stream, at, length));
    }
    for (Inbound inbound; (inbound = channel.readInbound()) != null; ) {
      results.add(describe(inbound));
      if (inbound instanceof Pdu pdu) {
        pdu.release();
      }
    }
    channel.finishAndReleaseAll();
    assertThat(allocator.metric().usedHeapMemory()).as("bytes not given back").isZero();
    return results;
  }

  private static String describe(Inbound inbound) {
    return switch (inbound) {
      case BadPdu bad ->
          (bad.fatal() ? "fatal " : "") + bad.problem() + HexFormat.of().formatHex(bad.header());
      case Pdu pdu -> {
        byte[] header = pdu.header();
        ByteBuf data = pdu.data();
        assertThat(data.readableBytes()).isLessThanOrEqualTo(DATA_LENGTH_MAX);
        byte[] bytes = new byte[data.readableBytes()];
        data.getBytes(data.readerIndex(), bytes);
        Header parsed = Header.of(header);
        Pdu again = InitiatorPdu.decode(parsed, Unpooled.wrappedBuffer(bytes));
        if (again == null) {
          again = TargetPdu.decode(parsed, Unpooled.wrappedBuffer(bytes));
        }
        assertThat(again).hasSameClassAs(pdu);
        assertThat(again.header()).isEqualTo(header);
        yield pdu.getClass().getSimpleName()
            + HexFormat.of().formatHex(header)
            + HexFormat.of().formatHex(bytes);
      }
    };
  }
}
