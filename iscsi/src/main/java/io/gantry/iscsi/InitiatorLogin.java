package io.gantry.iscsi;

import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The initiator's side of one login (RFC 7143 6.3): responses in, requests out, no I/O. Not safe
 * for use by several threads.
 *
 * <p>It says who it is in the security stage, and proves it there if it has credentials and the
 * target wants to know; makes its offers in the operational stage; and follows the target if that
 * goes straight to the full feature phase.
 */
public final class InitiatorLogin {
  private static final int TEXT_LENGTH_MAX = 64 * 1024;
  private static final int RESPONSES_MAX = 32;
  private static final int SEGMENT_LENGTH_MAX = 8192;
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

    /** The target is at another address, as TargetAddress has it. */
    record Moved(String address) implements Step {}

    /** The login has failed. */
    record Fail(String problem) implements Step {}
  }

  private final String initiatorName;
  private final @Nullable String targetName;
  private final long isid;
  private final Map<Key, String> offers = new EnumMap<>(Key.class);
  private final Negotiation negotiation;
  private final @Nullable InitiatorChap chap;
  private final TextAssembly text = new TextAssembly(TEXT_LENGTH_MAX);
  private TextPieces requests = TextPieces.nothing();
  private boolean transit;
  private int stage = LoginStage.SECURITY;
  private int expStatSn;
  private int responses;

  /**
   * A login at its beginning.
   *
   * @param targetName the target, or null for a discovery session
   * @param isid 48 bits that no other session from this initiator to the target has
   * @param offers values for the operational stage, in the order of {@link Key}
   * @param user what to prove who it is with, or null; with a target's credentials, the login fails
   *     unless the target has proved to be the one
   * @param random for challenges; has to be a source that nobody can predict
   */
  public InitiatorLogin(
      String initiatorName,
      @Nullable String targetName,
      long isid,
      Map<Key, String> offers,
      @Nullable ChapUser user,
      RandomGenerator random) {
    this.initiatorName = initiatorName;
    this.targetName = targetName;
    this.isid = isid;
    this.offers.putAll(offers);
    this.chap = user == null ? null : new InitiatorChap(user, random);
    Map<Key, String> values = new EnumMap<>(this.offers);
    if (chap != null) {
      values.put(Key.AUTH_METHOD, chap.authMethods());
    }
    this.negotiation = new Negotiation(values);
  }

  /** As above, without anything to prove itself with. */
  public InitiatorLogin(
      String initiatorName, @Nullable String targetName, long isid, Map<Key, String> offers) {
    this(initiatorName, targetName, isid, offers, null, () -> 0);
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
    return request(chap == null, introduction);
  }

  /** Takes a response, of whose data it takes no ownership. */
  public Step accept(LoginResponse response) {
    if (response.status() != LoginStatus.SUCCESS.code()) {
      return failed(response);
    }
    if (++responses > RESPONSES_MAX) {
      return new Step.Fail("the target goes on with the login without end");
    }
    if (response.currentStage() != stage) {
      return new Step.Fail(
          "the target is at login stage %d, not %d".formatted(response.currentStage(), stage));
    }
    if (response.transit() && !transit) {
      return new Step.Fail("the target goes to the next login stage unasked");
    }
    expStatSn = response.numbers().statSn() + 1;
    if (!text.append(response.data())) {
      return new Step.Fail("the target sends more than " + TEXT_LENGTH_MAX + " bytes of text");
    }
    if (requests.hasMore()) {
      return response.data().isReadable() || response.transit()
          ? new Step.Fail("the target answers half a request")
          : new Step.Send(piece());
    }
    if (response.continues()) {
      return new Step.Send(request(false, Map.of()));
    }
    return switch (KeyValueText.parse(text.take())) {
      case KeyValueText.Malformed(String problem) -> new Step.Fail("the target sent " + problem);
      case KeyValueText.Pairs(var pairs) -> negotiate(response, pairs);
    };
  }

  private Step failed(LoginResponse response) {
    int status = response.status();
    if (LoginStatus.isRedirection(status)) {
      String address = newAddress(response);
      if (address != null) {
        return new Step.Moved(address);
      }
    }
    String hint =
        status != LoginStatus.AUTHENTICATION_FAILURE.code()
            ? ""
            : chap == null
                ? "; it wants a user and a secret (CHAP)"
                : "; it does not take this user and secret";
    return new Step.Fail(LoginStatus.describe(status) + hint);
  }

  private static @Nullable String newAddress(LoginResponse response) {
    TextAssembly text = new TextAssembly(SEGMENT_LENGTH_MAX);
    return text.append(response.data())
            && KeyValueText.parse(text.take()) instanceof KeyValueText.Pairs(var pairs)
        ? pairs.get(Key.TARGET_ADDRESS.text())
        : null;
  }

  private Step negotiate(LoginResponse response, Map<String, String> pairs) {
    Map<String, String> answers = new LinkedHashMap<>();
    Map<Key, String> proofs = new EnumMap<>(Key.class);
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      String problem = take(pair.getKey(), pair.getValue(), answers, proofs);
      if (problem != null) {
        return new Step.Fail(problem);
      }
    }
    String problem = authenticate(response, proofs, answers);
    if (problem != null) {
      return new Step.Fail(problem);
    }
    if (response.transit()) {
      if (!LoginStage.isMove(stage, response.nextStage())) {
        return new Step.Fail("the target goes to login stage " + response.nextStage());
      }
      stage = response.nextStage();
      if (stage == LoginStage.FULL_FEATURE) {
        Key unmet = negotiation.unmet();
        if (unmet != null) {
          return new Step.Fail(
              "the target does not agree to the %s that was asked for".formatted(unmet.text()));
        }
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
    return new Step.Send(request(chap == null || !chap.isPending(), answers));
  }

  /** Takes the authentication one step further. Returns what is wrong with what the target did. */
  private @Nullable String authenticate(
      LoginResponse response, Map<Key, String> proofs, Map<String, String> answers) {
    InitiatorChap exchange = chap;
    if (exchange == null) {
      return proofs.isEmpty() ? null : "the target sent CHAP keys that nobody asked for";
    }
    if (stage != LoginStage.SECURITY) {
      return null;
    }
    String problem = exchange.take(negotiation.value(Key.AUTH_METHOD), proofs, answers);
    return problem == null && response.transit() ? exchange.problemWithEnd() : problem;
  }

  /** Takes one pair: an answer, a declaration or an offer. Returns what is wrong with it. */
  private @Nullable String take(
      String name, String value, Map<String, String> answers, Map<Key, String> proofs) {
    Key key = Key.of(name);
    if (key == null) {
      answers.put(name, Key.NOT_UNDERSTOOD);
      return null;
    }
    if (!negotiation.receive(key)) {
      return "the target sent " + name + " twice";
    }
    if (key.rule() == Key.Rule.AUTHENTICATION) {
      proofs.put(key, value);
      return null;
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

  private LoginRequest request(boolean ready, Map<String, String> pairs) {
    requests = TextPieces.of(pairs);
    transit = ready;
    return piece();
  }

  /** The next request: as much of the text as one takes, and the T bit with the last of it. */
  private LoginRequest piece() {
    ByteBuf data = requests.next(SEGMENT_LENGTH_MAX);
    boolean continues = requests.hasMore();
    boolean moves = transit && !continues;
    int next = stage == LoginStage.SECURITY ? LoginStage.OPERATIONAL : LoginStage.FULL_FEATURE;
    return new LoginRequest(
        moves,
        continues,
        stage,
        moves ? next : 0,
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
