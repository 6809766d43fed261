package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * CHAP, alone and within logins. Responses were computed with Python, as in {@code
 * hashlib.md5(bytes([4]) + b"alice's secret" + challenge).hexdigest()}, and the first one also with
 * openssl.
 */
@NullUnmarked
class ChapTest {
  private static final String TARGET = "iqn.2026-11.io.gantry.test:t";
  private static final String INITIATOR = "iqn.2026-11.io.gantry.test:i";
  private static final String WHO =
      "InitiatorName=" + INITIATOR + "~TargetName=" + TARGET + "~AuthMethod=CHAP~";

  private static final ChapCredentials ALICE = new ChapCredentials("alice", "alice's secret");
  private static final ChapCredentials STORAGE =
      new ChapCredentials("storage", "the target's secret");
  private static final Map<String, ChapUser> USERS =
      Map.of(
          "alice", new ChapUser(ALICE, STORAGE),
          "bob", new ChapUser(new ChapCredentials("bob", "bob's long secret"), null),
          "carol", new ChapUser(new ChapCredentials("carol", "carol's secret"), null));

  /** Draws the challenge 00 01 .. 07, four times, and the identifier 4. */
  private static final RandomGenerator FIXED = () -> 0x0706_0504_0302_0100L;

  private static final String CHALLENGE = "0x" + "0001020304050607".repeat(4);

  private static final String A = "CHAP_A=7~";
  private static final String GOOD =
      "CHAP_N=alice~CHAP_R=0x6b9594e7c4046db1689ac854dc5c4e3a822e4b4920012b549cda2dbe96d16707~";

  private LoginGate.Demand demand = LoginGate.Demand.REQUIRED;

  private final LoginGate gate =
      new LoginGate() {
        @Override
        public Demand demand(String initiatorName) {
          return demand;
        }

        @Override
        public @Nullable ChapUser user(String name) {
          return USERS.get(name);
        }

        @Override
        public boolean admits(String initiatorName, String user) {
          return !user.equals("carol");
        }
      };

  private TargetLogin target(RandomGenerator random) {
    return new TargetLogin(
        new TargetLogin.Policy(TARGET, 1, 128, Map.of(), () -> 7, _ -> false, gate, random));
  }

  private static LoginRequest request(boolean transit, int from, int to, String text) {
    ByteBuf data = Unpooled.copiedBuffer(text.replace('~', '\0'), StandardCharsets.UTF_8);
    return new LoginRequest(transit, false, from, to, 0, 0, 1, 0, 9, 0, 100, 0, data);
  }

  private static LoginResponse response(TargetLogin.Step step) {
    return switch (step) {
      case TargetLogin.Step.Continue(var response) -> response;
      case TargetLogin.Step.Finish(var response, _) -> response;
      case TargetLogin.Step.Fail(var response, _) -> response;
    };
  }

  private static String text(LoginResponse response) {
    return response.data().toString(StandardCharsets.UTF_8).replace('\0', '~');
  }

  @ParameterizedTest
  @CsvSource({
    "MD5,5,7efffe0f324cdaeb9442b9216e36d904",
    "SHA_1,6,f960d1db12d99fa70d7120fdb7368a2226f7ca0b",
    "SHA_256,7,27750b3c27f8f918a878a6e96ac6ba3778f21ad55a7cd93fbd1424ab63cbe87b",
    "SHA3_256,8,983c8a268420313515d40186ac94b8c2146173a611c48d1fa21af77a5fe8f0cd"
  })
  void responses(Chap.Algorithm algorithm, int number, String response) {
    assertThat(Chap.Algorithm.choose("1," + number)).isEqualTo(algorithm);
    byte[] challenge = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
    byte[] secret = "correct horse battery".getBytes(StandardCharsets.US_ASCII);
    assertThat(new Chap.Challenge(algorithm, 0x2A, challenge).response(secret))
        .asHexString()
        .isEqualToIgnoringCase(response);
  }

  @ParameterizedTest
  @CsvSource({
    "0x00,00",
    "0XfFa0,FFA0",
    "0bAAECAw==,00010203",
    "0BAAECAw==,00010203",
    "0b/+8=,FFEF",
    "0x,",
    "0b,",
    "0x123,",
    "0x0g,",
    "0b!,",
    "0bA,",
    "1234,",
    "'',",
    "x00,"
  })
  void binaryItems(String text, String hex) {
    byte[] bytes = Chap.decode(text);
    assertThat(bytes == null ? null : HexFormat.of().withUpperCase().formatHex(bytes))
        .isEqualTo(hex);
  }

  @Test
  void binaryItemsHaveALimit() {
    assertThat(Chap.decode("0x" + "00".repeat(1024))).hasSize(1024);
    assertThat(Chap.decode("0x" + "00".repeat(1025))).isNull();
    assertThat(Chap.decode("0b" + Base64.getEncoder().encodeToString(new byte[1024])))
        .hasSize(1024);
    assertThat(Chap.decode("0b" + Base64.getEncoder().encodeToString(new byte[1025]))).isNull();
  }

  @Test
  void secretsStayInside() {
    assertThat(ALICE.toString()).isEqualTo("CHAP name 'alice'");
    assertThat(USERS.get("alice").toString()).doesNotContain("secret");
    assertThat(ALICE.isStrong()).isTrue();
    assertThat(new ChapCredentials("x", "11 bytes...").isStrong()).isFalse();
    assertThatThrownBy(() -> new ChapCredentials("x", "")).hasMessageContaining("0 bytes");
    assertThatThrownBy(() -> new ChapCredentials("x", "secret".repeat(43)))
        .hasMessageContaining("258 bytes")
        .hasMessageNotContaining("secretsecret");
    assertThatThrownBy(() -> new ChapCredentials("", "a secret")).hasMessageContaining("name");
    assertThatThrownBy(() -> new ChapUser(ALICE, new ChapCredentials("t", "alice's secret")))
        .hasMessageContaining("same CHAP secret")
        .hasMessageNotContaining("alice's secret");
  }

  /** The whole exchange, byte for byte, with each digest. */
  @ParameterizedTest
  @CsvSource({
    "5,a21a27cee416ca68cc623fcede57b3e5",
    "6,c9f6a72be0cedd4f1cc2caf4da4f0398f9e48a48",
    "7,6b9594e7c4046db1689ac854dc5c4e3a822e4b4920012b549cda2dbe96d16707",
    "8,c173960c94b2c25817781ade5a8aef5e0f61ffabb47915c5cd03764350d605ef"
  })
  void oneWay(int algorithm, String alicesResponse) {
    TargetLogin login = target(FIXED);
    LoginResponse first = response(login.respond(request(true, 0, 1, WHO)));
    assertThat(text(first)).isEqualTo("TargetPortalGroupTag=1~AuthMethod=CHAP~");
    assertThat(first.transit()).isFalse();
    LoginResponse second =
        response(login.respond(request(false, 0, 0, "CHAP_A=9," + algorithm + ",5~")));
    assertThat(text(second))
        .isEqualTo("CHAP_A=%d~CHAP_I=4~CHAP_C=%s~".formatted(algorithm, CHALLENGE));
    LoginResponse third =
        response(
            login.respond(request(true, 0, 1, "CHAP_N=alice~CHAP_R=0x" + alicesResponse + "~")));
    assertThat(third.status()).isZero();
    assertThat(third.transit()).isTrue();
    assertThat(text(third)).isEmpty();
    assertThat(login.respond(request(true, 1, 3, "")))
        .isInstanceOfSatisfying(
            TargetLogin.Step.Finish.class,
            finish -> assertThat(finish.session().user()).isEqualTo("alice"));
  }

  /** What the second and the third request of an exchange may hold, and the status it leads to. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CHAP_A=7~|GOOD|0000|",
        "CHAP_A=0x7~|GOOD|0000|",
        "CHAP_A=7~|GOODCHAP_I=200~CHAP_C=0xffffffffffffffffffffffffffffffff~|0000|"
            + "CHAP_N=storage~CHAP_R=0x17590176444bd822b288f0803a2c451544fccce30c327c2fd64f385583b4ee57~",
        "CHAP_A=7~|GOODCHAP_I=0xC8~CHAP_C=0b/////////////////////w==~|0000|"
            + "CHAP_N=storage~CHAP_R=0x17590176444bd822b288f0803a2c451544fccce30c327c2fd64f385583b4ee57~",
        "CHAP_A=1,2,9~||0201|",
        "CHAP_A=~||0201|",
        "||0207|",
        "CHAP_A=7~CHAP_N=alice~||0200|",
        "CHAP_A=7~CHAP_I=1~||0200|",
        "CHAP_N=alice~||0207|",
        "CHAP_A=7~||0207|",
        "CHAP_A=7~|CHAP_N=alice~|0207|",
        "CHAP_A=7~|CHAP_R=0x00~|0207|",
        "CHAP_A=7~|CHAP_N=alice~CHAP_R=0x00~|0201|",
        "CHAP_A=7~|CHAP_N=mallory~CHAP_R=0x00~|0201|",
        "CHAP_A=7~|CHAP_N=ALICE~CHAP_R=0x6b9594e7c4046db1689ac854dc5c4e3a822e4b4920012b549cda2dbe96d16707~|0201|",
        "CHAP_A=7~|CHAP_N=alice~CHAP_R=00~|0200|",
        "CHAP_A=7~|CHAP_N=alice~CHAP_R=0x~|0200|",
        "CHAP_A=7~|GOODCHAP_A=7~|0200|",
        "CHAP_A=5~|GOOD|0201|",
        "CHAP_A=7~|GOODCHAP_I=200~|0207|",
        "CHAP_A=7~|GOODCHAP_C=0xff~|0207|",
        "CHAP_A=7~|GOODCHAP_I=256~CHAP_C=0xff~|0200|",
        "CHAP_A=7~|GOODCHAP_I=1~CHAP_C=nothing~|0200|",
        "CHAP_A=7~|GOODCHAP_I=1~CHAP_C=CHALLENGE~|0201|",
        "CHAP_A=7~|CHAP_N=bob~CHAP_R=0x435bd1e21600946b40be4600b1c7c0f4efad5baeaae9eb09244816873b4316db~|0000|",
        "CHAP_A=7~|CHAP_N=bob~CHAP_R=0x435bd1e21600946b40be4600b1c7c0f4efad5baeaae9eb09244816873b4316db~CHAP_I=1~CHAP_C=0xff~|0201|",
        "CHAP_A=7~|CHAP_N=carol~CHAP_R=0x156244838b905230b59d497a5c4612a4bb3bb1556eb4b878c8d46bb499b9b863~|0202|",
        "AuthMethod=CHAP~||0200|"
      })
  void exchanges(String second, String third, String status, String answer) {
    TargetLogin login = target(FIXED);
    TargetLogin.Step step = login.respond(request(false, 0, 0, WHO));
    assertThat(response(step).status()).isZero();
    for (String part : List.of(second == null ? "" : second, third == null ? "" : third)) {
      if (step instanceof TargetLogin.Step.Continue) {
        step =
            login.respond(
                request(true, 0, 1, part.replace("GOOD", GOOD).replace("CHALLENGE", CHALLENGE)));
      }
    }
    assertThat("%04X".formatted(response(step).status())).isEqualTo(status);
    if (status.equals("0000")) {
      assertThat(text(response(step))).isEqualTo(answer == null ? "" : answer);
      assertThat(response(step).transit()).isTrue();
    }
  }

  /** Whoever has to authenticate and does not is turned away, whichever way it goes. */
  @ParameterizedTest
  @ValueSource(strings = {"", "AuthMethod=None~", "AuthMethod=KRB5,SPKM1~"})
  void requiredAuthentication(String method) {
    String who = "InitiatorName=" + INITIATOR + "~TargetName=" + TARGET + "~";
    String discovery = "InitiatorName=" + INITIATOR + "~SessionType=Discovery~";
    for (String introduction : List.of(who, discovery)) {
      for (int next : new int[] {1, 3}) {
        TargetLogin.Step step =
            target(FIXED).respond(request(true, 0, next, introduction + method));
        assertThat(response(step).status()).isEqualTo(0x0201);
      }
      TargetLogin.Step late = target(FIXED).respond(request(true, 1, 3, introduction));
      assertThat(response(late).status()).isEqualTo(0x0201);
    }
  }

  /** An exchange cannot be left before its end. */
  @Test
  void theStageLastsAsLongAsTheExchange() {
    for (int steps = 1; steps <= 2; steps++) {
      TargetLogin login = target(FIXED);
      LoginResponse response = response(login.respond(request(true, 0, 3, WHO)));
      if (steps == 2) {
        response = response(login.respond(request(true, 0, 3, A)));
      }
      assertThat(response.status()).isZero();
      assertThat(response.transit()).isFalse();
      assertThat(response(login.respond(request(true, 1, 3, ""))).status()).isEqualTo(0x0200);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "OPTIONAL,'CHAP,None',CHAP,0000",
    "OPTIONAL,'None,CHAP',None,0000",
    "OPTIONAL,None,None,0000",
    "REQUIRED,'None,CHAP',CHAP,0000",
    "REQUIRED,'KRB5,CHAP',CHAP,0000",
    "NONE,'CHAP,None',None,0000",
    "NONE,CHAP,,0201",
    "REFUSED,'CHAP,None',,0202"
  })
  void methods(LoginGate.Demand asked, String offer, String answer, String status) {
    demand = asked;
    String who =
        "InitiatorName=%s~TargetName=%s~AuthMethod=%s~".formatted(INITIATOR, TARGET, offer);
    LoginResponse response = response(target(FIXED).respond(request(true, 0, 1, who)));
    assertThat("%04X".formatted(response.status())).isEqualTo(status);
    if (answer != null) {
      assertThat(text(response)).contains("AuthMethod=" + answer + "~");
      assertThat(response.transit()).isEqualTo(answer.equals("None"));
    }
  }

  @Test
  void chapKeysNeedTheMethod() {
    demand = LoginGate.Demand.OPTIONAL;
    String who = "InitiatorName=%s~TargetName=%s~".formatted(INITIATOR, TARGET);
    assertThat(response(target(FIXED).respond(request(true, 0, 1, who + A))).status())
        .isEqualTo(0x0200);
    assertThat(response(target(FIXED).respond(request(true, 0, 1, WHO + A))).status())
        .isEqualTo(0x0200);
    assertThat(response(target(FIXED).respond(request(true, 1, 3, who + A))).status())
        .isEqualTo(0x0200);
  }

  /** A challenge is drawn for each login. */
  @Test
  void challengesDiffer() {
    Random random = new Random(1);
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      TargetLogin login = target(random);
      login.respond(request(false, 0, 0, WHO));
      seen.add(text(response(login.respond(request(false, 0, 0, A)))));
    }
    assertThat(seen).doesNotHaveDuplicates();
  }

  /** Runs both sides; the target's session, or why the initiator gave up. */
  private Object run(ChapUser user, Random random) {
    InitiatorLogin initiator =
        new InitiatorLogin(
            INITIATOR, TARGET, 1, Map.of(Key.MAX_BURST_LENGTH, "4096"), user, random);
    TargetLogin target = target(random);
    LoginRequest request = initiator.first();
    for (int i = 0; i < 20; i++) {
      TargetLogin.Step step = target.respond(request);
      switch (initiator.accept(response(step))) {
        case InitiatorLogin.Step.Send(var next) -> request = next;
        case InitiatorLogin.Step.Fail(String problem) -> {
          return problem;
        }
        case InitiatorLogin.Step.Moved(String address) -> {
          return address;
        }
        case InitiatorLogin.Step.Finish _ -> {
          return ((TargetLogin.Step.Finish) step).session();
        }
      }
    }
    throw new AssertionError("no end");
  }

  @ParameterizedTest
  @EnumSource(
      value = LoginGate.Demand.class,
      names = {"OPTIONAL", "REQUIRED"})
  void bothSidesAgree(LoginGate.Demand asked) {
    demand = asked;
    Random random = new Random(2);
    for (ChapUser user : List.of(new ChapUser(ALICE, null), new ChapUser(ALICE, STORAGE))) {
      assertThat(run(user, random))
          .isInstanceOfSatisfying(
              TargetLogin.Established.class,
              session -> assertThat(session.user()).isEqualTo("alice"));
    }
  }

  @Test
  void theInitiatorSaysWhatIsWrong() {
    Random random = new Random(3);
    ChapCredentials wrong = new ChapCredentials("alice", "not her secret");
    assertThat(run(new ChapUser(wrong, null), random))
        .asString()
        .contains("0201h", "does not take this user and secret");
    assertThat(run(null, random)).asString().contains("0201h", "wants a user and a secret");
    ChapCredentials other = new ChapCredentials("storage", "another secret");
    assertThat(run(new ChapUser(ALICE, other), random))
        .asString()
        .contains("may not be the target");
    ChapCredentials renamed = new ChapCredentials("other", "the target's secret");
    assertThat(run(new ChapUser(ALICE, renamed), random))
        .asString()
        .contains("may not be the target");
    demand = LoginGate.Demand.NONE;
    assertThat(run(new ChapUser(ALICE, STORAGE), random)).asString().contains("0201h");
    assertThat(run(new ChapUser(ALICE, null), random))
        .isInstanceOfSatisfying(
            TargetLogin.Established.class, session -> assertThat(session.user()).isNull());
  }

  private static LoginResponse answer(boolean transit, String text) {
    ByteBuf data = Unpooled.copiedBuffer(text.replace('~', '\0'), StandardCharsets.UTF_8);
    TargetPdu.Numbers numbers = new TargetPdu.Numbers(0, 1, 8);
    return new LoginResponse(transit, false, 0, transit ? 1 : 0, 0, 0, 1, 0, 0, numbers, 0, data);
  }

  /** What targets may try with an initiator that wants them to prove who they are. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "AuthMethod=None~||no answer to the offer",
        "AuthMethod=Reject~|T|did not prove",
        "AuthMethod=CHAP~CHAP_A=5~||before it was asked",
        "AuthMethod=CHAP~|CHAP_A=9~CHAP_I=1~CHAP_C=0x00~|no CHAP algorithm",
        "AuthMethod=CHAP~|CHAP_A=5,7~CHAP_I=1~CHAP_C=0x00~|no CHAP algorithm",
        "AuthMethod=CHAP~|CHAP_A=5~CHAP_I=1~|no CHAP challenge",
        "AuthMethod=CHAP~|CHAP_A=5~CHAP_I=999~CHAP_C=0x00~|no CHAP challenge",
        "AuthMethod=CHAP~|CHAP_A=5~CHAP_I=1~CHAP_C=CHALLENGE~|about to get",
        "AuthMethod=CHAP~|CHAP_A=5~CHAP_I=1~CHAP_C=0x00~;|does not answer",
        "AuthMethod=CHAP~|CHAP_A=5~CHAP_I=1~CHAP_C=0x00~;TCHAP_N=storage~CHAP_R=0x00~|may not be",
        "AuthMethod=CHAP~|CHAP_A=5~CHAP_I=1~CHAP_C=0x00~;T|does not answer"
      })
  void targetsThatDoNotProveThemselves(String first, String later, String problem) {
    InitiatorLogin login =
        new InitiatorLogin(INITIATOR, TARGET, 1, Map.of(), new ChapUser(ALICE, STORAGE), FIXED);
    login.first().release();
    InitiatorLogin.Step step = login.accept(answer(false, first));
    for (String part :
        (later == null ? "" : later.replace("CHALLENGE", CHALLENGE)).split(";", -1)) {
      if (step instanceof InitiatorLogin.Step.Send) {
        boolean transit = part.startsWith("T");
        step = login.accept(answer(transit, transit ? part.substring(1) : part));
      }
    }
    assertThat(step)
        .isInstanceOfSatisfying(
            InitiatorLogin.Step.Fail.class, fail -> assertThat(fail.problem()).contains(problem));
  }

  @Test
  void aTargetCannotRunAhead() {
    InitiatorLogin login =
        new InitiatorLogin(INITIATOR, TARGET, 1, Map.of(), new ChapUser(ALICE, null), FIXED);
    login.first().release();
    assertThat(login.accept(answer(true, "AuthMethod=CHAP~")))
        .isInstanceOfSatisfying(
            InitiatorLogin.Step.Fail.class, fail -> assertThat(fail.problem()).contains("unasked"));
  }

  /** Recorded logins with random damage: never an exception, never in without the secret. */
  @Test
  void damagedLoginsDoNoHarm() {
    long seed = Long.getLong("seed", new Random().nextLong());
    System.out.println("ChapTest -Dseed=" + seed);
    Random random = new Random(seed);
    String mutual = GOOD + "CHAP_I=200~CHAP_C=0xffffffffffffffffffffffffffffffff~";
    List<List<String>> recorded =
        List.of(
            List.of(WHO, A, GOOD, "HeaderDigest=None~MaxBurstLength=262144~"),
            List.of(WHO, A, mutual, "InitialR2T=No~FirstBurstLength=65536~X-odd=1~"),
            List.of(WHO, A, "CHAP_N=bob~CHAP_R=0x" + "00".repeat(32) + "~", ""));
    int finished = 0;
    for (int round = 0; round < 20_000; round++) {
      List<String> login = recorded.get(random.nextInt(recorded.size()));
      TargetLogin target = target(FIXED);
      TargetLogin.Step step = null;
      for (int i = 0; i < login.size(); i++) {
        boolean operational = i == 3;
        LoginRequest good =
            request(i >= 2, operational ? 1 : 0, operational ? 3 : i == 2 ? 1 : 0, login.get(i));
        step = target.respond(random.nextInt(4) == 0 ? damaged(good, random) : good);
        if (!(step instanceof TargetLogin.Step.Continue)) {
          break;
        }
      }
      if (step instanceof TargetLogin.Step.Finish(_, var session)) {
        assertThat(session.user()).isEqualTo("alice");
        finished++;
      }
    }
    assertThat(finished).isPositive();
  }

  private static LoginRequest damaged(LoginRequest r, Random random) {
    byte[] text = new byte[r.data().readableBytes()];
    r.data().getBytes(0, text);
    boolean transit = r.transit();
    boolean continues = false;
    int from = r.currentStage();
    int to = r.nextStage();
    switch (random.nextInt(6)) {
      case 0 -> transit = !transit;
      case 1 -> from = random.nextInt(4);
      case 2 -> to = random.nextInt(4);
      case 3 -> continues = true;
      default -> {
        for (int n = 1 + random.nextInt(3); n > 0 && text.length > 0; n--) {
          text[random.nextInt(text.length)] =
              random.nextBoolean()
                  ? (byte) random.nextInt()
                  : (byte) "=~,0xb\0C".charAt(random.nextInt(8));
        }
      }
    }
    return new LoginRequest(
        transit, continues, from, to, 0, 0, 1, 0, 9, 0, 100, 0, Unpooled.wrappedBuffer(text));
  }
}
