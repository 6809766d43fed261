package io.gantry.iscsi;

import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The target's side of one login (RFC 7143 6.3): requests in, responses out, no I/O. Not safe for
 * use by several threads.
 *
 * <p>A login is a walk over stages: security (0), operational (1), full feature (3). The initiator
 * proposes each step with the T bit, and this target agrees whenever it is asked, since it has
 * nothing of its own left to negotiate after it has answered. Only sessions of one connection are
 * made, at error recovery level 0.
 */
public final class TargetLogin {

  /** Longest text of one negotiation step, over all PDUs with the C bit. */
  private static final int TEXT_LENGTH_MAX = 16 * 1024;

  /** Most requests in one login; initiators in use send two to five. */
  private static final int REQUESTS_MAX = 32;

  /**
   * What a target brings to a login.
   *
   * @param targetName the one target behind this portal
   * @param portalGroupTag of the portal
   * @param commandWindow commands that may be outstanding
   * @param values the target's own values
   * @param newTsih gives a TSIH, not 0, for a new session
   * @param sessionExists whether a session has a TSIH
   */
  public record Policy(
      String targetName,
      int portalGroupTag,
      int commandWindow,
      Map<Key, String> values,
      IntSupplier newTsih,
      IntPredicate sessionExists) {}

  /**
   * A session that a login made.
   *
   * @param discovery whether it is for discovery only
   * @param initiatorName in lower case
   * @param cmdSn the first command's number
   * @param statSn the next status' number
   */
  public record Established(
      boolean discovery,
      String initiatorName,
      long isid,
      int tsih,
      int connectionId,
      int cmdSn,
      int statSn,
      SessionParameters parameters) {}

  /** What a request leads to. The response's data are the caller's. */
  public sealed interface Step {
    /** The login goes on. */
    record Continue(LoginResponse response) implements Step {}

    /** The login is over once the response is sent, and the full feature phase begins. */
    record Finish(LoginResponse response, Established session) implements Step {}

    /** The login has failed; the connection is closed when the response is sent. */
    record Fail(LoginResponse response, String problem) implements Step {}
  }

  private record Refusal(LoginStatus status, String problem) {}

  private final Policy policy;
  private final Negotiation negotiation;
  private final TextAssembly text = new TextAssembly(TEXT_LENGTH_MAX);
  private @Nullable LoginRequest first;
  private int stage;
  private int statSn;
  private int requests;
  private boolean introduced;
  private boolean discovery;

  /** A login at its beginning. */
  public TargetLogin(Policy policy) {
    this.policy = policy;
    this.negotiation = new Negotiation(new EnumMap<>(policy.values()));
  }

  /** Takes a request, of whose data it takes no ownership. */
  public Step respond(LoginRequest request) {
    Refusal refusal = first == null ? checkFirst(request) : checkNext(first, request);
    if (first == null) {
      first = request;
      stage = request.currentStage();
    }
    if (refusal == null && !text.append(request.data())) {
      refusal = initiatorError("more than " + TEXT_LENGTH_MAX + " bytes of text");
    }
    if (refusal != null) {
      return fail(request, refusal);
    }
    if (request.continues()) {
      return new Step.Continue(response(request, false, Pdu.NO_DATA, LoginStatus.SUCCESS, 0));
    }
    return switch (KeyValueText.parse(text.take())) {
      case KeyValueText.Malformed(String problem) -> fail(request, initiatorError(problem));
      case KeyValueText.Pairs(var pairs) -> negotiate(request, pairs);
    };
  }

  private static Refusal initiatorError(String problem) {
    return new Refusal(LoginStatus.INITIATOR_ERROR, problem);
  }

  private @Nullable Refusal checkFirst(LoginRequest request) {
    if (request.versionMin() > 0) {
      return new Refusal(
          LoginStatus.UNSUPPORTED_VERSION, "version " + request.versionMin() + " or later");
    }
    if (request.tsih() != 0) { // a further connection, which MaxConnections=1 rules out
      return policy.sessionExists().test(request.tsih())
          ? new Refusal(LoginStatus.TOO_MANY_CONNECTIONS, "a second connection of a session")
          : new Refusal(LoginStatus.SESSION_DOES_NOT_EXIST, "no session " + request.tsih());
    }
    if (request.currentStage() > LoginStage.OPERATIONAL) {
      return initiatorError("a login that starts at stage " + request.currentStage());
    }
    return checkMove(request);
  }

  private @Nullable Refusal checkNext(LoginRequest begun, LoginRequest request) {
    if (++requests > REQUESTS_MAX) {
      return initiatorError("more than " + REQUESTS_MAX + " login requests");
    }
    if (request.currentStage() != stage) {
      return initiatorError(
          "a request of stage %d in stage %d".formatted(request.currentStage(), stage));
    }
    if (request.isid() != begun.isid()
        || request.tsih() != begun.tsih()
        || request.taskTag() != begun.taskTag()
        || request.connectionId() != begun.connectionId()
        || request.cmdSn() != begun.cmdSn()) {
      return initiatorError("ISID, TSIH, task tag, CID or CmdSN changed during the login");
    }
    return checkMove(request);
  }

  private static @Nullable Refusal checkMove(LoginRequest request) {
    if (!request.transit()) {
      return null;
    }
    if (request.continues()) {
      return initiatorError("T and C bits together");
    }
    return LoginStage.isMove(request.currentStage(), request.nextStage())
        ? null
        : initiatorError(
            "a move from stage %d to %d".formatted(request.currentStage(), request.nextStage()));
  }

  private Step negotiate(LoginRequest request, Map<String, String> pairs) {
    Map<String, String> answers = new LinkedHashMap<>();
    boolean introduction = !introduced;
    if (introduction) {
      introduced = true;
      Refusal refusal = introduce(pairs);
      if (refusal != null) {
        return fail(request, refusal);
      }
      if (!discovery) { // RFC 7143 13.9: in the first response
        answers.put(Key.TARGET_PORTAL_GROUP_TAG.text(), Integer.toString(policy.portalGroupTag()));
      }
    }
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      Refusal refusal = answer(pair.getKey(), pair.getValue(), answers);
      if (refusal != null) {
        return fail(request, refusal);
      }
    }
    Key receive = Key.MAX_RECV_DATA_SEGMENT_LENGTH;
    if (stage == LoginStage.OPERATIONAL && !negotiation.hasOffered(receive)) {
      answers.put(receive.text(), negotiation.offer(receive));
    }
    return proceed(request, KeyValueText.encode(answers));
  }

  /** Looks at who is there and what for: the declarations of the first request. */
  private @Nullable Refusal introduce(Map<String, String> pairs) {
    String initiator = pairs.get(Key.INITIATOR_NAME.text());
    if (initiator == null) {
      return new Refusal(LoginStatus.MISSING_PARAMETER, "no InitiatorName");
    }
    if (!IscsiName.isValid(initiator)) {
      return initiatorError("InitiatorName is no iSCSI name");
    }
    String type = pairs.getOrDefault(Key.SESSION_TYPE.text(), Key.SESSION_TYPE.standard());
    if (type.equals("Discovery")) {
      discovery = true;
      return null;
    }
    if (!type.equals("Normal")) {
      return new Refusal(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "SessionType " + type);
    }
    String target = pairs.get(Key.TARGET_NAME.text());
    if (target == null) {
      return new Refusal(LoginStatus.MISSING_PARAMETER, "no TargetName");
    }
    return IscsiName.normal(target).equals(IscsiName.normal(policy.targetName()))
        ? null
        : new Refusal(LoginStatus.TARGET_NOT_FOUND, "no target " + target);
  }

  private @Nullable Refusal answer(String name, String value, Map<String, String> answers) {
    Key key = Key.of(name);
    if (key == null) {
      answers.put(name, Key.NOT_UNDERSTOOD);
      return null;
    }
    boolean inPlace =
        switch (key.phase()) {
          case LOGIN -> true;
          case SECURITY -> stage == LoginStage.SECURITY;
          case OPERATIONAL -> stage == LoginStage.OPERATIONAL;
          case FULL_FEATURE -> false;
        };
    if (!inPlace) {
      return initiatorError("%s in login stage %d".formatted(name, stage));
    }
    if (!negotiation.receive(key)) {
      return initiatorError(name + " is offered twice");
    }
    if (!key.isValid(value)) {
      return initiatorError("%s cannot be %s".formatted(name, value));
    }
    if (key.rule() == Key.Rule.DECLARATION) {
      negotiation.declared(key, value);
      return null;
    }
    if (discovery && isAboutCommands(key)) {
      answers.put(name, Key.IRRELEVANT);
      return null;
    }
    String answer = negotiation.answer(key, value);
    answers.put(name, answer);
    return key == Key.AUTH_METHOD && answer.equals(Key.REJECT)
        ? new Refusal(LoginStatus.AUTHENTICATION_FAILURE, "no authentication method in common")
        : null;
  }

  /** Whether a key means nothing in a discovery session, which has no SCSI commands. */
  private static boolean isAboutCommands(Key key) {
    return switch (key) {
      case INITIAL_R2T,
          IMMEDIATE_DATA,
          MAX_BURST_LENGTH,
          FIRST_BURST_LENGTH,
          MAX_OUTSTANDING_R2T,
          DATA_PDU_IN_ORDER,
          DATA_SEQUENCE_IN_ORDER,
          MAX_CONNECTIONS,
          TASK_REPORTING ->
          true;
      default -> false;
    };
  }

  private Step proceed(LoginRequest request, ByteBuf answers) {
    if (!request.transit()) {
      return new Step.Continue(response(request, false, answers, LoginStatus.SUCCESS, 0));
    }
    stage = request.nextStage();
    if (stage != LoginStage.FULL_FEATURE) {
      return new Step.Continue(response(request, true, answers, LoginStatus.SUCCESS, 0));
    }
    int tsih = policy.newTsih().getAsInt();
    LoginResponse response = response(request, true, answers, LoginStatus.SUCCESS, tsih);
    return new Step.Finish(
        response,
        new Established(
            discovery,
            IscsiName.normal(negotiation.declaration(Key.INITIATOR_NAME)),
            request.isid(),
            tsih,
            request.connectionId(),
            request.cmdSn(),
            statSn,
            negotiation.result()));
  }

  private Step fail(LoginRequest request, Refusal refusal) {
    return new Step.Fail(
        response(request, false, Pdu.NO_DATA, refusal.status(), 0), refusal.problem());
  }

  private LoginResponse response(
      LoginRequest request, boolean transit, ByteBuf data, LoginStatus status, int tsih) {
    int window = policy.commandWindow();
    return new LoginResponse(
        transit,
        false,
        request.currentStage(),
        transit ? request.nextStage() : 0,
        0,
        0,
        request.isid(),
        tsih,
        request.taskTag(),
        new TargetPdu.Numbers(statSn++, request.cmdSn(), request.cmdSn() + window - 1),
        status.code(),
        data);
  }
}
