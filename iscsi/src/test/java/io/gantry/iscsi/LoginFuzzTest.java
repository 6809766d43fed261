package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole logins from a peer that says anything: both ends always answer, in bounds, and nobody gets
 * past CHAP without proof. A login is written as a byte that chooses the gate, and requests, each
 * one with a byte of flags (byte 1 of the header), two bytes of length, and its text.
 */
@NullUnmarked
class LoginFuzzTest {
  private static final String TARGET = "iqn.2026-11.test:peer";
  private static final String INITIATOR = "iqn.2026-11.io.gantry.test:i";
  private static final int SEGMENT_MAX = 8192;

  private static final Map<Key, String> VALUES =
      Map.of(
          Key.HEADER_DIGEST, "CRC32C,None",
          Key.DATA_DIGEST, "CRC32C,None",
          Key.INITIAL_R2T, Key.NO,
          Key.MAX_BURST_LENGTH, "1048576",
          Key.FIRST_BURST_LENGTH, "262144",
          Key.MAX_RECV_DATA_SEGMENT_LENGTH, "262144",
          Key.ERROR_RECOVERY_LEVEL, "0",
          Key.MAX_CONNECTIONS, "1");

  private static final ChapUser ALICE =
      new ChapUser(
          new ChapCredentials("alice", "alice's secret"),
          new ChapCredentials("storage", "the target's secret"));

  /** Challenges are always the same, so that a proof can be a seed. */
  private static final RandomGenerator FIXED = () -> 0x0706_0504_0302_0100L;

  private record Gate(Demand asked) implements LoginGate {
    @Override
    public Demand demand(String initiatorName) {
      return asked;
    }

    @Override
    public @Nullable ChapUser user(String name) {
      return name.equals("alice") ? ALICE : null;
    }

    @Override
    public boolean admits(String initiatorName, String user) {
      return initiatorName.startsWith("iqn.2026-11");
    }
  }

  private static LoginGate.Demand demand(int choice) {
    LoginGate.Demand[] demands = LoginGate.Demand.values();
    return demands[choice % demands.length];
  }

  private static TargetLogin target(LoginGate.Demand demand) {
    return new TargetLogin(
        new TargetLogin.Policy(
            TARGET, 1, 128, VALUES, () -> 7, tsih -> tsih == 5, new Gate(demand), FIXED));
  }

  private static InitiatorLogin initiator(boolean proves) {
    Map<Key, String> offers = Map.of(Key.HEADER_DIGEST, "CRC32C,None", Key.IMMEDIATE_DATA, "Yes");
    RandomGenerator other = () -> 0x5A5A_5A5A_5A5A_5A5AL;
    return new InitiatorLogin(INITIATOR, TARGET, 1, offers, proves ? ALICE : null, other);
  }

  private static void put(ByteArrayOutputStream out, Pdu pdu) {
    byte[] text = new byte[pdu.data().readableBytes()];
    pdu.data().getBytes(pdu.data().readerIndex(), text);
    out.write(pdu.header()[1]);
    out.write(text.length >> 8);
    out.write(text.length);
    out.writeBytes(text);
  }

  /** What others sent, and what our own initiator says with and without CHAP. */
  static Stream<byte[]> requests() {
    List<byte[]> seeds = new ArrayList<>();
    RecordedPdusTest.recorded()
        .map(RecordedPdusTest::bytes)
        .filter(bytes -> (bytes[0] & 0x3F) == LoginRequest.OPCODE)
        .forEach(bytes -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          out.write(0);
          out.writeBytes(new byte[] {bytes[1], bytes[6], bytes[7]});
          out.write(bytes, Pdu.HEADER_LENGTH, bytes.length - Pdu.HEADER_LENGTH);
          seeds.add(out.toByteArray());
        });
    for (int choice = 0; choice < 4; choice++) {
      seeds.add(converse(choice, true, false));
      seeds.add(converse(choice, false, false));
    }
    return seeds.stream();
  }

  /** The same of targets. */
  static Stream<byte[]> responses() {
    List<byte[]> seeds = new ArrayList<>();
    RecordedPdusTest.recorded()
        .map(RecordedPdusTest::bytes)
        .filter(bytes -> (bytes[0] & 0x3F) == LoginResponse.OPCODE)
        .forEach(bytes -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          out.write(0);
          out.writeBytes(new byte[] {bytes[1], bytes[6], bytes[7]});
          out.write(bytes, Pdu.HEADER_LENGTH, bytes.length - Pdu.HEADER_LENGTH);
          seeds.add(out.toByteArray());
        });
    for (int choice = 0; choice < 4; choice++) {
      seeds.add(converse(choice, true, true));
      seeds.add(converse(choice, false, true));
    }
    return seeds.stream();
  }

  /** One side of a login of our own ends. */
  private static byte[] converse(int choice, boolean proves, boolean ofTarget) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(ofTarget ? (proves ? 1 : 0) : choice);
    TargetLogin target = target(demand(choice));
    InitiatorLogin initiator = initiator(proves);
    Pdu request = initiator.first();
    while (request instanceof LoginRequest next) {
      TargetLogin.Step step = target.respond(next);
      LoginResponse response = response(step);
      put(out, ofTarget ? response : next);
      request =
          initiator.accept(response) instanceof InitiatorLogin.Step.Send(LoginRequest more)
              ? more
              : null;
    }
    return out.toByteArray();
  }

  private static LoginResponse response(TargetLogin.Step step) {
    return switch (step) {
      case TargetLogin.Step.Continue(var response) -> response;
      case TargetLogin.Step.Finish(var response, _) -> response;
      case TargetLogin.Step.Fail(var response, _) -> response;
    };
  }

  @MethodSource("requests")
  @FuzzTest(maxDuration = "3m")
  void target(byte[] input) {
    ByteBuf in = Unpooled.wrappedBuffer(input);
    if (!in.isReadable()) {
      return;
    }
    LoginGate.Demand demand = demand(in.readUnsignedByte());
    TargetLogin login = target(demand);
    TextAssembly text = new TextAssembly(1 << 20);
    while (in.readableBytes() >= 3) {
      int flags = in.readUnsignedByte();
      ByteBuf data = in.readSlice(Math.min(in.readUnsignedShort(), in.readableBytes()));
      TargetLogin.Step step =
          login.respond(
              new LoginRequest(
                  (flags & 0x80) != 0,
                  (flags & 0x40) != 0,
                  flags >> 2 & 3,
                  flags & 3,
                  0,
                  0,
                  1,
                  0,
                  9,
                  0,
                  100,
                  0,
                  data));
      LoginResponse response = response(step);
      assertThat(response.data().readableBytes()).isLessThanOrEqualTo(SEGMENT_MAX);
      assertThat(text.append(response.data())).isTrue();
      if (!response.continues()) {
        assertThat(KeyValueText.parse(text.take())).isInstanceOf(KeyValueText.Pairs.class);
      }
      assertThat(response.header()).hasSize(Pdu.HEADER_LENGTH);
      if (step instanceof TargetLogin.Step.Continue) {
        continue;
      }
      if (step instanceof TargetLogin.Step.Finish(_, TargetLogin.Established session)) {
        assertThat(demand).isNotEqualTo(LoginGate.Demand.REFUSED);
        assertThat(session.user()).isIn("alice", null);
        assertThat(session.user() != null || demand != LoginGate.Demand.REQUIRED).isTrue();
        check(session.parameters());
      }
      return;
    }
  }

  private static void check(SessionParameters agreed) {
    assertThat(agreed.sendDataSegmentMax()).isBetween(512, 0xff_ffff);
    assertThat(agreed.receiveDataSegmentMax()).isBetween(512, 0xff_ffff);
    assertThat(agreed.burstMax()).isBetween(512, 0xff_ffff);
    assertThat(agreed.firstBurstMax()).isBetween(512, agreed.burstMax());
    assertThat(agreed.outstandingR2TMax()).isBetween(1, 65535);
  }

  @MethodSource("responses")
  @FuzzTest(maxDuration = "3m")
  void initiator(byte[] input) {
    ByteBuf in = Unpooled.wrappedBuffer(input);
    if (!in.isReadable()) {
      return;
    }
    InitiatorLogin login = initiator((in.readByte() & 1) != 0);
    Pdu request = login.first();
    for (int statSn = 0; in.readableBytes() >= 3; statSn++) {
      assertThat(request.data().readableBytes()).isLessThanOrEqualTo(SEGMENT_MAX);
      int flags = in.readUnsignedByte();
      ByteBuf data = in.readSlice(Math.min(in.readUnsignedShort(), in.readableBytes()));
      LoginResponse response =
          new LoginResponse(
              (flags & 0x80) != 0,
              (flags & 0x40) != 0,
              flags >> 2 & 3,
              flags & 3,
              0,
              0,
              1,
              7,
              ((LoginRequest) request).taskTag(),
              new TargetPdu.Numbers(statSn, 1, 128),
              (flags & 0x30) == 0x30 ? LoginStatus.TARGET_MOVED_TEMPORARILY.code() : 0,
              data);
      switch (login.accept(response)) {
        case InitiatorLogin.Step.Send(LoginRequest next) -> request = next;
        case InitiatorLogin.Step.Finish(InitiatorLogin.Established session) -> {
          check(session.parameters());
          return;
        }
        case InitiatorLogin.Step.Moved _, InitiatorLogin.Step.Fail _ -> {
          return;
        }
      }
    }
  }

  static Stream<byte[]> texts() {
    return Stream.concat(requests(), responses())
        .map(seed -> new String(seed, 4, seed.length - 4, StandardCharsets.ISO_8859_1))
        .map(text -> text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Text that is taken says the same when it is written again. */
  @MethodSource("texts")
  @FuzzTest(maxDuration = "3m")
  void text(byte[] input) {
    if (KeyValueText.parse(input) instanceof KeyValueText.Pairs(var values)) {
      assertThat(values).hasSizeLessThanOrEqualTo(KeyValueText.PAIRS_MAX);
      ByteBuf encoded = KeyValueText.encode(values);
      byte[] bytes = new byte[encoded.readableBytes()];
      encoded.readBytes(bytes);
      assertThat(KeyValueText.parse(bytes)).isEqualTo(new KeyValueText.Pairs(values));
      values.forEach((name, value) -> {
        Key key = Key.of(name);
        if (key != null && key.isValid(value)) {
          assertThat(key.resolve(value, key.standard())).isNotNull();
        }
        byte[] binary = Chap.decode(value);
        assertThat(binary == null || Chap.encode(binary).length() > 1).isTrue();
      });
    }
  }
}
