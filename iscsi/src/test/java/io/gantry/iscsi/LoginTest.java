package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both sides of the login, without a wire. */
class LoginTest {
  private static final String TARGET = "iqn.2026-11.io.gantry.test:t";
  private static final String INITIATOR = "iqn.2026-11.io.gantry.test:i";
  private static final String WHO = "InitiatorName=" + INITIATOR + "~TargetName=" + TARGET + "~";

  private static final Map<Key, String> VALUES =
      Map.of(
          Key.INITIAL_R2T, Key.NO,
          Key.MAX_BURST_LENGTH, "1048576",
          Key.FIRST_BURST_LENGTH, "262144",
          Key.MAX_RECV_DATA_SEGMENT_LENGTH, "262144",
          Key.ERROR_RECOVERY_LEVEL, "0",
          Key.MAX_CONNECTIONS, "1");

  private final TargetLogin login = newLogin();

  private static TargetLogin newLogin() {
    return new TargetLogin(
        new TargetLogin.Policy(
            TARGET, 1, 128, VALUES, () -> 7, tsih -> tsih == 5, LoginGate.OPEN, new Random(0)));
  }

  private static ByteBuf data(String text) {
    return Unpooled.copiedBuffer(text.replace('~', '\0'), StandardCharsets.UTF_8);
  }

  private static String text(ByteBuf data) {
    return data.toString(StandardCharsets.UTF_8).replace('\0', '~');
  }

  private static LoginRequest request(boolean transit, int from, int to, String text) {
    return new LoginRequest(
        transit, false, from, to, 0, 0, 0x8000_0001L, 0, 9, 0, 100, 0, data(text));
  }

  private static LoginRequest unfinished(int from, String text) {
    return new LoginRequest(false, true, from, 0, 0, 0, 0x8000_0001L, 0, 9, 0, 100, 0, data(text));
  }

  private static LoginResponse response(TargetLogin.Step step) {
    return switch (step) {
      case TargetLogin.Step.Continue(var response) -> response;
      case TargetLogin.Step.Finish(var response, _) -> response;
      case TargetLogin.Step.Fail(var response, _) -> response;
    };
  }

  /** Every pair of stages that a first request can name: three moves and no others. */
  @Test
  void stageMoves() {
    for (int from = 0; from < 4; from++) {
      for (int to = 0; to < 4; to++) {
        TargetLogin.Step step = newLogin().respond(request(true, from, to, WHO));
        boolean legal = (from == 0 && (to == 1 || to == 3)) || (from == 1 && to == 3);
        LoginResponse response = response(step);
        assertThat(response.status()).as(from + " to " + to).isEqualTo(legal ? 0 : 0x0200);
        assertThat(response.transit()).isEqualTo(legal);
        if (legal) {
          assertThat(response.nextStage()).isEqualTo(to);
          assertThat(response.numbers()).isEqualTo(new TargetPdu.Numbers(0, 100, 227));
          assertThat(step instanceof TargetLogin.Step.Finish).isEqualTo(to == 3);
        }
        // Without the T bit the next stage means nothing.
        TargetLogin.Step stay = newLogin().respond(request(false, from, to, WHO));
        assertThat(response(stay).status()).isEqualTo(from < 2 ? 0 : 0x0200);
        assertThat(response(stay).transit()).isFalse();
      }
    }
  }

  /** First requests in the operational stage that end in a status. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "TargetName=iqn.2026-11.io.gantry.test:t~|0207",
        "InitiatorName=iqn.2026-11.io.gantry.test:i~|0207",
        "InitiatorName=nobody~TargetName=iqn.2026-11.io.gantry.test:t~|0200",
        "InitiatorName=iqn.2026-11.io.gantry.test:i~TargetName=iqn.2026-11.io:x~|0203",
        "InitiatorName=iqn.2026-11.io.gantry.test:i~SessionType=Odd~|0209",
        "WHO|0000",
        "WHOMaxRecvDataSegmentLength=1~|0200",
        "WHOMaxBurstLength=4096~MaxBurstLength=4096~|0200",
        "WHOAuthMethod=None~|0200",
        "WHOSendTargets=All~|0200",
        "WHOX-com.example.key=1~|0000",
        "WHOnonsense|0200",
        "InitiatorName=iqn.2026-11.io.gantry.test:i~TargetName=IQN.2026-11.io.gantry.TEST:T~|0000"
      })
  void statuses(String text, String status) {
    TargetLogin.Step step = login.respond(request(true, 1, 3, text.replace("WHO", WHO)));
    assertThat("%04X".formatted(response(step).status())).isEqualTo(status);
  }

  /** Values that a key cannot have: this key is as good as not offered, and the rest goes on. */
  @Test
  void valuesThatCannotBeAreRejected() {
    String bad = "InitialR2T=Maybe~MaxBurstLength=1~DefaultTime2Wait=3601~DataDigest=~";
    TargetLogin.Step step =
        login.respond(request(true, 1, 3, WHO + bad + "MaxOutstandingR2T=9~MaxConnections=0x~"));
    assertThat(response(step).status()).isZero();
    assertThat(text(response(step).data()))
        .startsWith(
            "TargetPortalGroupTag=1~InitialR2T=Reject~MaxBurstLength=Reject~"
                + "DefaultTime2Wait=Reject~DataDigest=Reject~MaxOutstandingR2T=")
        .contains("~MaxConnections=Reject~");
    SessionParameters agreed = ((TargetLogin.Step.Finish) step).session().parameters();
    assertThat(agreed.initialR2T()).isTrue(); // the defaults of RFC 7143 13
    assertThat(agreed.burstMax()).isEqualTo(262_144);
    assertThat(agreed.time2WaitSeconds()).isEqualTo(2);
    assertThat(agreed.dataDigest()).isFalse();
  }

  @Test
  void authenticationThatNobodyHasInCommonFails() {
    TargetLogin.Step step = login.respond(request(true, 0, 1, WHO + "AuthMethod=CHAP~"));
    assertThat(response(step).status()).isEqualTo(0x0201);
  }

  @Test
  void headersThatDoNotFitFail() {
    LoginRequest good = request(true, 1, 3, WHO);
    LoginRequest later =
        new LoginRequest(true, false, 1, 3, 1, 1, good.isid(), 0, 9, 0, 100, 0, data(WHO));
    assertThat(response(newLogin().respond(later)).status()).isEqualTo(0x0205);
    for (int tsih : new int[] {5, 6}) {
      LoginRequest second =
          new LoginRequest(true, false, 1, 3, 0, 0, good.isid(), tsih, 9, 1, 100, 0, data(WHO));
      assertThat(response(newLogin().respond(second)).status())
          .isEqualTo(tsih == 5 ? 0x0206 : 0x020A);
    }
    LoginRequest both =
        new LoginRequest(true, true, 1, 3, 0, 0, good.isid(), 0, 9, 0, 100, 0, data(WHO));
    assertThat(response(newLogin().respond(both)).status()).isEqualTo(0x0200);
    login.respond(request(false, 0, 0, WHO));
    LoginRequest changed =
        new LoginRequest(true, false, 0, 1, 0, 0, good.isid(), 0, 10, 0, 100, 0, data(""));
    assertThat(response(login.respond(changed)).status()).isEqualTo(0x0200);
  }

  @Test
  void aKeyIsOfferedOncePerLogin() {
    login.respond(request(false, 1, 0, WHO + "MaxBurstLength=4096~"));
    TargetLogin.Step again = login.respond(request(true, 1, 3, "MaxBurstLength=4096~"));
    assertThat(response(again).status()).isEqualTo(0x0200);
  }

  /** The C bit: a key cut in two, and an end to patience. */
  @Test
  void textMayGoOverSeveralPdus() {
    LoginResponse first = response(login.respond(unfinished(1, WHO + "MaxBurst")));
    assertThat(first.status()).isZero();
    assertThat(first.transit()).isFalse();
    assertThat(text(first.data())).isEmpty();
    LoginResponse last = response(login.respond(request(true, 1, 3, "Length=4096~")));
    assertThat(text(last.data()))
        .isEqualTo("TargetPortalGroupTag=1~MaxBurstLength=4096~MaxRecvDataSegmentLength=262144~");
    TargetLogin other = newLogin();
    int status = 0;
    for (int i = 0; i < 40 && status == 0; i++) {
      status = response(other.respond(unfinished(1, "x".repeat(1000)))).status();
    }
    assertThat(status).isEqualTo(0x0200);
  }

  @Test
  void aLoginWithoutEndIsCutOff() {
    login.respond(request(false, 1, 0, WHO));
    int status = 0;
    int requests = 0;
    while (status == 0 && requests++ < 100) {
      status = response(login.respond(request(false, 1, 0, ""))).status();
    }
    assertThat(status).isEqualTo(0x0200);
    assertThat(requests).isLessThan(100);
  }

  @Test
  void discoveryHasNoKeysOfCommands() {
    String text = "InitiatorName=" + INITIATOR + "~SessionType=Discovery~ImmediateData=Yes~";
    TargetLogin.Step step = login.respond(request(true, 1, 3, text));
    assertThat(text(response(step).data()))
        .isEqualTo("ImmediateData=Irrelevant~MaxRecvDataSegmentLength=262144~");
    assertThat(step)
        .isInstanceOfSatisfying(
            TargetLogin.Step.Finish.class,
            finish -> assertThat(finish.session().discovery()).isTrue());
  }

  @Test
  void bothSidesAgree() {
    InitiatorLogin initiator =
        new InitiatorLogin(
            INITIATOR,
            TARGET,
            0x8000_0001L,
            Map.of(
                Key.INITIAL_R2T, Key.NO,
                Key.IMMEDIATE_DATA, Key.YES,
                Key.MAX_BURST_LENGTH, "524288",
                Key.FIRST_BURST_LENGTH, "1048576",
                Key.MAX_RECV_DATA_SEGMENT_LENGTH, "65536"));
    LoginRequest request = initiator.first();
    List<TargetLogin.Step> steps = new ArrayList<>();
    while (true) {
      TargetLogin.Step step = login.respond(request);
      steps.add(step);
      InitiatorLogin.Step next = initiator.accept(response(step));
      if (next instanceof InitiatorLogin.Step.Send(LoginRequest following)) {
        request = following;
        continue;
      }
      assertThat(steps).hasSize(2);
      TargetLogin.Established theirs = ((TargetLogin.Step.Finish) steps.getLast()).session();
      InitiatorLogin.Established ours = ((InitiatorLogin.Step.Finish) next).session();
      assertThat(ours.tsih()).isEqualTo(7);
      assertThat(ours.cmdSn()).isEqualTo(theirs.cmdSn());
      assertThat(ours.expStatSn()).isEqualTo(theirs.statSn());
      SessionParameters p = ours.parameters();
      assertThat(p)
          .isEqualTo(
              new SessionParameters(
                  262144, 65536, 524288, 262144, false, true, 1, 2, 20, false, false));
      assertThat(theirs.parameters())
          .isEqualTo(
              new SessionParameters(
                  65536, 262144, 524288, 262144, false, true, 1, 2, 20, false, false));
      return;
    }
  }

  /** A list of one is a demand. */
  @ParameterizedTest
  @CsvSource({"'None,CRC32C',true", "CRC32C,false", "'CRC32C,None',true"})
  void digestsCanBeDemanded(String offer, boolean fine) {
    InitiatorLogin initiator =
        new InitiatorLogin(INITIATOR, TARGET, 1, Map.of(Key.HEADER_DIGEST, offer));
    LoginResponse first = response(login.respond(initiator.first()));
    InitiatorLogin.Step second = initiator.accept(first);
    LoginRequest request = ((InitiatorLogin.Step.Send) second).request();
    InitiatorLogin.Step end = initiator.accept(response(login.respond(request)));
    assertThat(end instanceof InitiatorLogin.Step.Finish).isEqualTo(fine);
    if (end instanceof InitiatorLogin.Step.Fail(String problem)) {
      assertThat(problem).contains("HeaderDigest");
    }
  }

  /** Answers longer than a PDU, at both ends. */
  @Test
  void longTextGoesOverSeveralPdus() {
    StringBuilder keys = new StringBuilder(WHO);
    keys.append("MaxRecvDataSegmentLength=512~");
    StringBuilder answers = new StringBuilder("TargetPortalGroupTag=1~");
    for (int i = 0; i < 40; i++) {
      String key = "X-com.example.a-rather-long-name-of-a-key." + i;
      keys.append(key).append("=1~");
      answers.append(key).append("=NotUnderstood~");
    }
    answers.append("MaxRecvDataSegmentLength=262144~");
    LoginResponse response = response(login.respond(request(true, 1, 3, keys.toString())));
    StringBuilder received = new StringBuilder();
    while (response.continues()) {
      assertThat(response.status()).isZero();
      assertThat(response.transit()).isFalse();
      assertThat(response.data().readableBytes()).isEqualTo(512);
      received.append(text(response.data()));
      response = response(login.respond(request(true, 1, 3, "")));
    }
    received.append(text(response.data()));
    assertThat(response.transit()).isTrue();
    assertThat(received).hasToString(answers.toString());
  }

  @Test
  void nothingNewBeforeAnAnswerIsComplete() {
    StringBuilder keys = new StringBuilder(WHO + "MaxRecvDataSegmentLength=512~");
    for (int i = 0; i < 40; i++) {
      keys.append("X-com.example.key").append(i).append("=1~");
    }
    assertThat(response(login.respond(request(true, 1, 3, keys.toString()))).continues()).isTrue();
    assertThat(response(login.respond(request(true, 1, 3, "X-b=1~"))).status()).isEqualTo(0x0200);
  }

  /** The initiator's own text in parts, and an answer in parts to it. */
  @Test
  void theInitiatorTakesAndGivesParts() {
    InitiatorLogin initiator = new InitiatorLogin(INITIATOR, TARGET, 1, Map.of());
    initiator.first().release();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      text.append("X-com.example.")
          .append("k".repeat(40))
          .append(i)
          .append("=")
          .append("v".repeat(200))
          .append('~');
    }
    String half = text.substring(0, 8000);
    InitiatorLogin.Step step = initiator.accept(part(true, half));
    assertThat(((InitiatorLogin.Step.Send) step).request().data().isReadable()).isFalse();
    step = initiator.accept(part(false, text.substring(8000)));
    LoginRequest answers = ((InitiatorLogin.Step.Send) step).request();
    assertThat(text(answers.data())).contains("=NotUnderstood~");
    assertThat(answers.transit()).isTrue();
  }

  private static LoginResponse part(boolean continues, String text) {
    TargetPdu.Numbers numbers = new TargetPdu.Numbers(0, 1, 8);
    return new LoginResponse(false, continues, 0, 0, 0, 0, 1, 0, 0, numbers, 0, data(text));
  }

  @ParameterizedTest
  @CsvSource({
    "MaxBurstLength=65536~FirstBurstLength=262144~,MaxBurstLength=65536~FirstBurstLength=65536~",
    "FirstBurstLength=262144~MaxBurstLength=65536~,MaxBurstLength=65536~FirstBurstLength=65536~",
    "FirstBurstLength=131072~,FirstBurstLength=131072~",
    "FirstBurstLength=1048576~,FirstBurstLength=262144~"
  })
  void theFirstBurstIsNoLongerThanAnyOther(String offer, String answer) {
    LoginResponse response = response(login.respond(request(true, 1, 3, WHO + offer)));
    assertThat(text(response.data())).contains(answer);
  }

  @ParameterizedTest
  @CsvSource({"255,0000", "256,0200"})
  void valuesHaveALimit(int length, String status) {
    String text = WHO + "InitiatorAlias=" + "x".repeat(length) + "~";
    assertThat("%04X".formatted(response(login.respond(request(true, 1, 3, text))).status()))
        .isEqualTo(status);
    String unknown = WHO + "X-unknown=" + "x".repeat(length) + "~";
    LoginResponse response = response(newLogin().respond(request(true, 1, 3, unknown)));
    assertThat("%04X".formatted(response.status())).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({"true,0102", "false,0101"})
  void targetsMove(boolean permanent, String status) {
    LoginGate gate =
        new LoginGate() {
          @Override
          public Demand demand(String initiatorName) {
            return Demand.REQUIRED;
          }

          @Override
          public ChapUser user(String name) {
            throw new AssertionError();
          }

          @Override
          public boolean admits(String initiatorName, String user) {
            throw new AssertionError();
          }

          @Override
          public Redirection redirection() {
            return new Redirection(permanent, "[2001:db8::1]:3261");
          }
        };
    TargetLogin.Policy policy =
        new TargetLogin.Policy(TARGET, 1, 128, VALUES, () -> 7, _ -> false, gate, new Random(0));
    InitiatorLogin initiator = new InitiatorLogin(INITIATOR, TARGET, 1, Map.of());
    LoginResponse response = response(new TargetLogin(policy).respond(initiator.first()));
    assertThat("%04X".formatted(response.status())).isEqualTo(status);
    assertThat(text(response.data())).isEqualTo("TargetAddress=[2001:db8::1]:3261~");
    assertThat(initiator.accept(response))
        .isEqualTo(new InitiatorLogin.Step.Moved("[2001:db8::1]:3261"));
    // Who looks for targets is told of this portal, and sent on when it logs in.
    InitiatorLogin discovery = new InitiatorLogin(INITIATOR, null, 1, Map.of());
    assertThat(response(new TargetLogin(policy).respond(discovery.first())).status())
        .isEqualTo(0x0201);
  }

  private static InitiatorLogin.Step answer(int from, int to, int status, String text) {
    InitiatorLogin initiator =
        new InitiatorLogin(INITIATOR, TARGET, 1, Map.of(Key.MAX_BURST_LENGTH, "4096"));
    initiator.first().release();
    if (from == 1) {
      initiator.accept(target(0, 1, 0, ""));
    }
    return initiator.accept(target(from, to, status, text));
  }

  private static LoginResponse target(int from, int to, int status, String text) {
    return new LoginResponse(
        true, false, from, to, 0, 0, 1, 3, 0, new TargetPdu.Numbers(0, 1, 8), status, data(text));
  }

  /** What an initiator does not let a target do. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|1|0203||target not found",
        "0|1|0999||login status 0999h",
        "0|0|0000||goes to login stage 0",
        "1|1|0000||goes to login stage 1",
        "1|3|0000|MaxBurstLength=8192~|no answer to the offer",
        "1|3|0000|a|zero byte",
        "1|3|0000|MaxBurstLength=4096~MaxBurstLength=4096~|twice",
        "1|3|0000|MaxRecvDataSegmentLength=1~|declares"
      })
  void initiatorRefuses(int from, int to, String status, String text, String problem) {
    InitiatorLogin.Step step =
        answer(from, to, Integer.parseInt(status, 16), text == null ? "" : text);
    assertThat(step)
        .isInstanceOfSatisfying(
            InitiatorLogin.Step.Fail.class, fail -> assertThat(fail.problem()).contains(problem));
  }
}
