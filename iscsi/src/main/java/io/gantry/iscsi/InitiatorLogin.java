package io.gantry.iscsi;

import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The initiator's side of one login (RFC 7143 6.3): responses in, requests out, no I/O. Not safe
 * for use by several threads.
 *
 * <p>It says who it is in the security stage, makes its offers in the operational stage, and
 * follows the target if that goes straight to the full feature phase.
 */
public final class InitiatorLogin {
  private static final int TEXT_LENGTH_MAX = 64 * 1024;
  private static final int RESPONSES_MAX = 32;
  private static final int TASK_TAG = 0;
  private static final int FIRST_CMD_SN = 1;

  /**
   * A session that a login made.
   *
   * @param cmdSn the first command's number
   * @param expStatSn the next status' number
   */
  public record Established(
      int tsih, int cmdSn, int expStatSn, int maxCmdSn, SessionParameters parameters) {}

  /** What a response leads to. */
  public sealed interface Step {
    /** Send this; its data are the caller's. */
    record Send(LoginRequest request) implements Step {}

    /** The full feature phase has begun. */
    record Finish(Established session) implements Step {}

    /** The login has failed. */
    record Fail(String problem) implements Step {}
  }

  private final String initiatorName;
  private final @Nullable String targetName;
  private final long isid;
  private final Map<Key, String> offers;
  private final Negotiation negotiation;
  private final TextAssembly text = new TextAssembly(TEXT_LENGTH_MAX);
  private int stage = LoginStage.SECURITY;
  private int expStatSn;
  private int responses;

  /**
   * A login at its beginning.
   *
   * @param targetName the target, or null for a discovery session
   * @param isid 48 bits that no other session from this initiator to the target has
   * @param offers values for the operational stage, in the order of {@link Key}
   */
  public InitiatorLogin(
      String initiatorName, @Nullable String targetName, long isid, Map<Key, String> offers) {
    this.initiatorName = initiatorName;
    this.targetName = targetName;
    this.isid = isid;
    this.offers = new EnumMap<>(offers);
    this.negotiation = new Negotiation(offers);
  }

  /** The request that opens the login; its data are the caller's. */
  public LoginRequest first() {
    Map<String, String> introduction = new LinkedHashMap<>();
    introduction.put(Key.INITIATOR_NAME.text(), initiatorName);
    introduction.put(Key.SESSION_TYPE.text(), targetName == null ? "Discovery" : "Normal");
    if (targetName != null) {
      introduction.put(Key.TARGET_NAME.text(), targetName);
    }
    introduction.put(Key.AUTH_METHOD.text(), negotiation.offer(Key.AUTH_METHOD));
    return request(true, LoginStage.OPERATIONAL, KeyValueText.encode(introduction));
  }

  /** Takes a response, of whose data it takes no ownership. */
  public Step accept(LoginResponse response) {
    if (response.status() != LoginStatus.SUCCESS.code()) {
      return new Step.Fail(LoginStatus.describe(response.status()));
    }
    if (++responses > RESPONSES_MAX) {
      return new Step.Fail("the target goes on with the login without end");
    }
    if (response.currentStage() != stage) {
      return new Step.Fail(
          "the target is at login stage %d, not %d".formatted(response.currentStage(), stage));
    }
    expStatSn = response.numbers().statSn() + 1;
    if (!text.append(response.data())) {
      return new Step.Fail("the target sends more than " + TEXT_LENGTH_MAX + " bytes of text");
    }
    if (response.continues()) {
      return new Step.Send(request(false, 0, Pdu.NO_DATA));
    }
    return switch (KeyValueText.parse(text.take())) {
      case KeyValueText.Malformed(String problem) -> new Step.Fail("the target sent " + problem);
      case KeyValueText.Pairs(var pairs) -> negotiate(response, pairs);
    };
  }

  private Step negotiate(LoginResponse response, Map<String, String> pairs) {
    Map<String, String> answers = new LinkedHashMap<>();
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      String problem = take(pair.getKey(), pair.getValue(), answers);
      if (problem != null) {
        return new Step.Fail(problem);
      }
    }
    if (response.transit()) {
      if (!LoginStage.isMove(stage, response.nextStage())) {
        return new Step.Fail("the target goes to login stage " + response.nextStage());
      }
      stage = response.nextStage();
      if (stage == LoginStage.FULL_FEATURE) {
        TargetPdu.Numbers numbers = response.numbers();
        return new Step.Finish(
            new Established(
                response.tsih(),
                FIRST_CMD_SN,
                expStatSn,
                numbers.maxCmdSn(),
                negotiation.result()));
      }
      offers.keySet().forEach(key -> answers.put(key.text(), negotiation.offer(key)));
    }
    int next = stage == LoginStage.SECURITY ? LoginStage.OPERATIONAL : LoginStage.FULL_FEATURE;
    return new Step.Send(request(true, next, KeyValueText.encode(answers)));
  }

  /** Takes one pair: an answer, a declaration or an offer. Returns what is wrong with it. */
  private @Nullable String take(String name, String value, Map<String, String> answers) {
    Key key = Key.of(name);
    if (key == null) {
      answers.put(name, Key.NOT_UNDERSTOOD);
      return null;
    }
    if (!negotiation.receive(key)) {
      return "the target sent " + name + " twice";
    }
    if (key.rule() == Key.Rule.DECLARATION) {
      if (!key.isValid(value)) {
        return "the target declares %s=%s".formatted(name, value);
      }
      negotiation.declared(key, value);
      return null;
    }
    if (negotiation.hasOffered(key)) {
      return negotiation.accept(key, value);
    }
    answers.put(name, key.isValid(value) ? negotiation.answer(key, value) : Key.REJECT);
    return null;
  }

  private LoginRequest request(boolean transit, int nextStage, ByteBuf data) {
    return new LoginRequest(
        transit,
        false,
        stage,
        nextStage,
        0,
        0,
        isid,
        0,
        TASK_TAG,
        0,
        FIRST_CMD_SN,
        expStatSn,
        data);
  }
}
