package io.gantry.iscsi;

import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The target's side of one login (RFC 7143 6.3): requests in, responses out, no I/O. Not safe for
 * use by several threads.
 *
 * <p>A login is a walk over stages: security (0), operational (1), full feature (3). The initiator
 * proposes each step with the T bit, and this target agrees unless it still waits for the
 * initiator's proof of who it is, or has more text to send than one response takes. Only sessions
 * of one connection are made, at error recovery level 0.
 */
public final class TargetLogin {

  /** Longest text of one negotiation step, over all PDUs with the C bit. */
  private static final int TEXT_LENGTH_MAX = 16 * 1024;

  /** Most requests in one login; initiators in use send two to five. */
  private static final int REQUESTS_MAX = 32;

  /** Longest data segment of a login PDU, until a peer declares less (RFC 7143 13.12). */
  private static final int SEGMENT_LENGTH_MAX = 8192;

  /**
   * What a target brings to a login.
   *
   * @param targetName the one target behind this portal
   * @param portalGroupTag of the portal
   * @param commandWindow commands that may be outstanding
   * @param values the target's own values
   * @param newTsih gives a TSIH, not 0, for a new session
   * @param sessionExists whether a session has a TSIH
   * @param gate who may log in over this connection
   * @param random for challenges; has to be a source that nobody can predict
   */
  public record Policy(
      String targetName,
      int portalGroupTag,
      int commandWindow,
      Map<Key, String> values,
      IntSupplier newTsih,
      IntPredicate sessionExists,
      LoginGate gate,
      RandomGenerator random) {}

  /**
   * A session that a login made.
   *
   * @param discovery whether it is for discovery only
   * @param initiatorName in lower case
   * @param user who the initiator has proved to be, or null if it did not have to
   * @param cmdSn the first command's number
   * @param statSn the next status' number
   */
  public record Established(
      boolean discovery,
      String initiatorName,
      @Nullable String user,
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

  private final Policy policy;
  private final Negotiation negotiation;
  private final TextAssembly text = new TextAssembly(TEXT_LENGTH_MAX);
  private @Nullable LoginRequest first;
  private int stage;
  private int statSn;
  private int requests;
  private boolean introduced;
  private boolean discovery;
  private LoginGate.Demand demand = LoginGate.Demand.REQUIRED;
  private @Nullable TargetChap chap;
  private @Nullable String user;
  private String who = "";
  private TextPieces answers = TextPieces.nothing();

  /** A login at its beginning. */
  public TargetLogin(Policy policy) {
    this.policy = policy;
    this.negotiation = new Negotiation(policy.values());
  }

  /** Takes a request, of whose data it takes no ownership. */
  public Step respond(LoginRequest request) {
    LoginRefusal refusal = first == null ? checkFirst(request) : checkNext(first, request);
    if (first == null) {
      first = request;
      stage = request.currentStage();
    }
    if (refusal == null && answers.hasMore()) { // it has to ask for the rest
      boolean asks = !request.continues() && !request.data().isReadable();
      return asks
          ? proceed(request)
          : fail(request, LoginRefusal.initiatorError("text before the answer was complete"));
    }
    if (refusal == null && !text.append(request.data())) {
      refusal = LoginRefusal.initiatorError("more than " + TEXT_LENGTH_MAX + " bytes of text");
    }
    if (refusal != null) {
      return fail(request, refusal);
    }
    if (request.continues()) {
      return new Step.Continue(response(request, false, Pdu.NO_DATA));
    }
    return switch (KeyValueText.parse(text.take())) {
      case KeyValueText.Malformed(String problem) ->
          fail(request, LoginRefusal.initiatorError(problem));
      case KeyValueText.Pairs(var pairs) -> negotiate(request, pairs);
    };
  }

  private @Nullable LoginRefusal checkFirst(LoginRequest request) {
    if (request.versionMin() > 0) {
      return new LoginRefusal(
          LoginStatus.UNSUPPORTED_VERSION, "version " + request.versionMin() + " or later");
    }
    if (request.tsih() != 0) { // a further connection, which MaxConnections=1 rules out
      return policy.sessionExists().test(request.tsih())
          ? new LoginRefusal(LoginStatus.TOO_MANY_CONNECTIONS, "a second connection of a session")
          : new LoginRefusal(LoginStatus.SESSION_DOES_NOT_EXIST, "no session " + request.tsih());
    }
    if (request.currentStage() > LoginStage.OPERATIONAL) {
      return LoginRefusal.initiatorError("a login that starts at stage " + request.currentStage());
    }
    return checkMove(request);
  }

  private @Nullable LoginRefusal checkNext(LoginRequest begun, LoginRequest request) {
    if (++requests > REQUESTS_MAX) {
      return LoginRefusal.initiatorError("more than " + REQUESTS_MAX + " login requests");
    }
    if (request.currentStage() != stage) {
      return LoginRefusal.initiatorError(
          "a request of stage %d in stage %d".formatted(request.currentStage(), stage));
    }
    if (request.isid() != begun.isid()
        || request.tsih() != begun.tsih()
        || request.taskTag() != begun.taskTag()
        || request.connectionId() != begun.connectionId()
        || request.cmdSn() != begun.cmdSn()) {
      return LoginRefusal.initiatorError(
          "ISID, TSIH, task tag, CID or CmdSN changed during the login");
    }
    return checkMove(request);
  }

  private static @Nullable LoginRefusal checkMove(LoginRequest request) {
    if (!request.transit()) {
      return null;
    }
    if (request.continues()) {
      return LoginRefusal.initiatorError("T and C bits together");
    }
    return LoginStage.isMove(request.currentStage(), request.nextStage())
        ? null
        : LoginRefusal.initiatorError(
            "a move from stage %d to %d".formatted(request.currentStage(), request.nextStage()));
  }

  private Step negotiate(LoginRequest request, Map<String, String> pairs) {
    Map<String, String> results = new LinkedHashMap<>();
    if (!introduced) {
      introduced = true;
      LoginRefusal refusal = introduce(pairs);
      if (refusal != null) {
        return fail(request, refusal);
      }
      LoginGate.Redirection redirection = policy.gate().redirection();
      if (redirection != null && !discovery) {
        return redirect(request, redirection);
      }
      if (!discovery) { // RFC 7143 13.9: in the first response
        results.put(Key.TARGET_PORTAL_GROUP_TAG.text(), Integer.toString(policy.portalGroupTag()));
      }
    }
    Map<Key, String> proofs = new EnumMap<>(Key.class);
    for (Map.Entry<String, String> pair : inOrder(pairs).entrySet()) {
      LoginRefusal refusal = answer(pair.getKey(), pair.getValue(), results, proofs);
      if (refusal != null) {
        return fail(request, refusal);
      }
    }
    LoginRefusal refusal = authenticate(request, proofs, results);
    if (refusal != null) {
      return fail(request, refusal);
    }
    Key receive = Key.MAX_RECV_DATA_SEGMENT_LENGTH;
    if (stage == LoginStage.OPERATIONAL && !negotiation.hasOffered(receive)) {
      results.put(receive.text(), negotiation.offer(receive));
    }
    answers = TextPieces.of(results);
    return proceed(request);
  }

  /** FirstBurstLength last: its answer must not be more than that of MaxBurstLength. */
  private static Map<String, String> inOrder(Map<String, String> pairs) {
    String last = Key.FIRST_BURST_LENGTH.text();
    String value = pairs.get(last);
    if (value == null) {
      return pairs;
    }
    Map<String, String> ordered = new LinkedHashMap<>(pairs);
    ordered.remove(last);
    ordered.put(last, value);
    return ordered;
  }

  /** Looks at who is there and what for: the declarations of the first request. */
  private @Nullable LoginRefusal introduce(Map<String, String> pairs) {
    String initiator = pairs.get(Key.INITIATOR_NAME.text());
    if (initiator == null) {
      return new LoginRefusal(LoginStatus.MISSING_PARAMETER, "no InitiatorName");
    }
    if (!IscsiName.isValid(initiator)) {
      return LoginRefusal.initiatorError("InitiatorName is no iSCSI name");
    }
    who = initiator + ": ";
    demand = policy.gate().demand(IscsiName.normal(initiator));
    if (demand == LoginGate.Demand.REFUSED) {
      return new LoginRefusal(LoginStatus.AUTHORIZATION_FAILURE, "not allowed in");
    }
    if (demand == LoginGate.Demand.REQUIRED && stage != LoginStage.SECURITY) {
      return LoginRefusal.authentication("no authentication, which is required");
    }
    String type = pairs.getOrDefault(Key.SESSION_TYPE.text(), Key.SESSION_TYPE.standard());
    if (type.equals("Discovery")) {
      discovery = true;
      return null;
    }
    if (!type.equals("Normal")) {
      return new LoginRefusal(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "SessionType " + type);
    }
    String target = pairs.get(Key.TARGET_NAME.text());
    if (target == null) {
      return new LoginRefusal(LoginStatus.MISSING_PARAMETER, "no TargetName");
    }
    return IscsiName.normal(target).equals(IscsiName.normal(policy.targetName()))
        ? null
        : new LoginRefusal(LoginStatus.TARGET_NOT_FOUND, "no target " + target);
  }

  private @Nullable LoginRefusal answer(
      String name, String value, Map<String, String> results, Map<Key, String> proofs) {
    Key key = Key.of(name);
    if (!Key.isOfValidLength(key, value)) {
      return LoginRefusal.initiatorError("a value of %s that is too long".formatted(name));
    }
    if (key == null) {
      results.put(name, Key.NOT_UNDERSTOOD);
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
      return LoginRefusal.initiatorError("%s in login stage %d".formatted(name, stage));
    }
    if (!negotiation.receive(key)) {
      return LoginRefusal.initiatorError(name + " is offered twice");
    }
    if (!key.isValid(value)) {
      if (key.phase() == Key.Phase.OPERATIONAL) { // RFC 7143 6.2: what held before goes on
        results.put(name, Key.REJECT);
        return null;
      }
      return LoginRefusal.initiatorError("%s cannot be %s".formatted(name, value));
    }
    if (key.rule() == Key.Rule.AUTHENTICATION) {
      proofs.put(key, value);
    } else if (key.rule() == Key.Rule.DECLARATION) {
      negotiation.declared(key, value);
    } else if (discovery && isAboutCommands(key)) {
      results.put(name, Key.IRRELEVANT);
    } else if (key == Key.AUTH_METHOD) {
      return chooseMethod(value, results);
    } else {
      results.put(name, negotiation.answer(key, value));
    }
    return null;
  }

  private @Nullable LoginRefusal chooseMethod(String offer, Map<String, String> results) {
    String able =
        switch (demand) {
          case NONE, REFUSED -> Key.NONE;
          case OPTIONAL -> "CHAP," + Key.NONE;
          case REQUIRED -> "CHAP";
        };
    String method = Key.AUTH_METHOD.resolve(offer, able);
    if (method.equals(Key.REJECT)) {
      return LoginRefusal.authentication(
          "the initiator offers AuthMethod=%s and needs %s".formatted(offer, able));
    }
    if (!method.equals(Key.NONE)) {
      chap = new TargetChap(policy.gate(), policy.random());
    }
    results.put(Key.AUTH_METHOD.text(), method);
    return null;
  }

  /** Takes the authentication one step further, and looks whether the initiator runs ahead. */
  private @Nullable LoginRefusal authenticate(
      LoginRequest request, Map<Key, String> proofs, Map<String, String> results) {
    TargetChap exchange = chap;
    if (exchange == null) {
      if (!proofs.isEmpty()) {
        return LoginRefusal.initiatorError("CHAP keys without AuthMethod=CHAP");
      }
      return request.transit() && demand == LoginGate.Demand.REQUIRED
          ? LoginRefusal.authentication("no authentication, which is required")
          : null;
    }
    if (results.containsKey(Key.AUTH_METHOD.text())) { // agreed on just now
      return proofs.isEmpty()
          ? null
          : LoginRefusal.initiatorError("CHAP keys before CHAP was agreed on");
    }
    if (stage != LoginStage.SECURITY) {
      return null;
    }
    LoginRefusal refusal = exchange.take(proofs, results);
    String proved = exchange.user();
    if (refusal != null || proved == null || proved.equals(user)) {
      return refusal;
    }
    user = proved;
    String initiator = IscsiName.normal(negotiation.declaration(Key.INITIATOR_NAME));
    return policy.gate().admits(initiator, proved)
        ? null
        : new LoginRefusal(
            LoginStatus.AUTHORIZATION_FAILURE, "no rule lets it in as user '%s'".formatted(proved));
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

  /** Sends what there is to send, and goes to the next stage if both are ready. */
  private Step proceed(LoginRequest request) {
    int declared = Key.number(negotiation.declaration(Key.MAX_RECV_DATA_SEGMENT_LENGTH));
    ByteBuf data = answers.next(Math.min(declared, SEGMENT_LENGTH_MAX));
    boolean continues = answers.hasMore();
    boolean authenticates = chap != null && user == null;
    if (!request.transit() || continues || authenticates) {
      return new Step.Continue(response(request, false, continues, data, LoginStatus.SUCCESS, 0));
    }
    stage = request.nextStage();
    if (stage != LoginStage.FULL_FEATURE) {
      return new Step.Continue(response(request, true, data));
    }
    int tsih = policy.newTsih().getAsInt();
    LoginResponse response = response(request, true, false, data, LoginStatus.SUCCESS, tsih);
    return new Step.Finish(
        response,
        new Established(
            discovery,
            IscsiName.normal(negotiation.declaration(Key.INITIATOR_NAME)),
            user,
            request.isid(),
            tsih,
            request.connectionId(),
            request.cmdSn(),
            statSn,
            negotiation.result()));
  }

  private Step redirect(LoginRequest request, LoginGate.Redirection redirection) {
    LoginStatus status =
        redirection.permanent()
            ? LoginStatus.TARGET_MOVED_PERMANENTLY
            : LoginStatus.TARGET_MOVED_TEMPORARILY;
    ByteBuf data = KeyValueText.encode(Map.of(Key.TARGET_ADDRESS.text(), redirection.address()));
    return new Step.Fail(
        response(request, false, false, data, status, 0),
        who + "the target has moved to " + redirection.address());
  }

  private Step fail(LoginRequest request, LoginRefusal refusal) {
    return new Step.Fail(
        response(request, false, false, Pdu.NO_DATA, refusal.status(), 0), who + refusal.problem());
  }

  private LoginResponse response(LoginRequest request, boolean transit, ByteBuf data) {
    return response(request, transit, false, data, LoginStatus.SUCCESS, 0);
  }

  private LoginResponse response(
      LoginRequest request,
      boolean transit,
      boolean continues,
      ByteBuf data,
      LoginStatus status,
      int tsih) {
    int window = policy.commandWindow();
    return new LoginResponse(
        transit,
        continues,
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
