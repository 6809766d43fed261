package io.gantry.target;

import io.gantry.iscsi.InitiatorPdu.TextRequest;
import io.gantry.iscsi.IscsiName;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.KeyValueText;
import io.gantry.iscsi.KeyValueText.Pair;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.TextAssembly;
import io.gantry.iscsi.TextPieces;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Text requests of the full feature phase (RFC 7143 11.10): questions for targets, and what an
 * initiator declares. Questions and answers may go over several PDUs; the target transfer tag holds
 * them together.
 */
final class SessionText {
  private static final int TEXT_LENGTH_MAX = 16 * 1024;
  private static final int TRANSFER_TAG = 1;

  /** What a request leads to. */
  sealed interface Outcome {
    /** A part of the answer, or nothing and a demand for the rest of the question. */
    record Response(boolean last, boolean continues, int transferTag, ByteBuf data)
        implements Outcome {}

    record Refusal(RejectReason reason) implements Outcome {}
  }

  private final String targetName;
  private final boolean discovery;
  private final Supplier<List<String>> addresses;
  private final IntConsumer segmentLengthMaxDeclared;
  private final TextAssembly question = new TextAssembly(TEXT_LENGTH_MAX);
  private TextPieces answer = TextPieces.nothing();
  private boolean open;
  private int segmentLengthMax;

  /**
   * For one session.
   *
   * @param addresses where the target can be reached, as TargetAddress has it
   * @param segmentLengthMax longest data segment that the initiator takes
   * @param segmentLengthMaxDeclared hears of a new one
   */
  SessionText(
      String targetName,
      boolean discovery,
      Supplier<List<String>> addresses,
      int segmentLengthMax,
      IntConsumer segmentLengthMaxDeclared) {
    this.targetName = targetName;
    this.discovery = discovery;
    this.addresses = addresses;
    this.segmentLengthMax = segmentLengthMax;
    this.segmentLengthMaxDeclared = segmentLengthMaxDeclared;
  }

  /** Takes a request, of whose data it takes no ownership. */
  Outcome accept(TextRequest request) {
    if (request.taskTag() == Pdu.NO_TAG) {
      return new Outcome.Refusal(RejectReason.INVALID_PDU_FIELD);
    }
    if (request.transferTag() == Pdu.NO_TAG) { // a new question ends an old one
      reset();
    } else if (!open || request.transferTag() != TRANSFER_TAG) {
      return new Outcome.Refusal(RejectReason.INVALID_PDU_FIELD);
    }
    if (answer.hasMore()) {
      return part();
    }
    if (!question.append(request.data())) {
      reset();
      return new Outcome.Refusal(RejectReason.LONG_OPERATION_REJECT);
    }
    if (request.continues()) { // RFC 7143 6.2: an empty answer asks for the rest
      open = true;
      return new Outcome.Response(false, false, TRANSFER_TAG, Pdu.NO_DATA);
    }
    return switch (KeyValueText.parse(question.take())) {
      case KeyValueText.Malformed _ -> {
        reset();
        yield new Outcome.Refusal(RejectReason.PROTOCOL_ERROR);
      }
      case KeyValueText.Pairs(var pairs) -> answer(pairs);
    };
  }

  private void reset() {
    open = false;
    question.take();
    answer = TextPieces.nothing();
  }

  private Outcome answer(Map<String, String> pairs) {
    List<Pair> answers = new ArrayList<>();
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      Key key = Key.of(pair.getKey());
      if (key == Key.MAX_RECV_DATA_SEGMENT_LENGTH && key.isValid(pair.getValue())) {
        segmentLengthMax = key.integer(pair.getValue());
        segmentLengthMaxDeclared.accept(segmentLengthMax);
      } else if (key == Key.SEND_TARGETS) {
        sendTargets(pair.getValue(), answers);
      } else if (key != Key.INITIATOR_ALIAS) {
        answers.add(new Pair(pair.getKey(), key == null ? Key.NOT_UNDERSTOOD : Key.REJECT));
      }
    }
    answer = TextPieces.of(answers);
    return part();
  }

  /** Who has a session may see the target: the login has looked at that. */
  private void sendTargets(String which, List<Pair> answers) {
    boolean all = which.equals("All");
    boolean own = which.isEmpty() && !discovery;
    if (all && !discovery) {
      answers.add(new Pair(Key.SEND_TARGETS.text(), Key.REJECT)); // RFC 7143 Appendix C
    } else if (all || own || IscsiName.normal(which).equals(IscsiName.normal(targetName))) {
      answers.add(new Pair(Key.TARGET_NAME.text(), targetName));
      for (String address : addresses.get()) {
        answers.add(new Pair(Key.TARGET_ADDRESS.text(), address));
      }
    }
  }

  private Outcome part() {
    ByteBuf data = answer.next(segmentLengthMax);
    open = answer.hasMore();
    return new Outcome.Response(!open, open, open ? TRANSFER_TAG : Pdu.NO_TAG, data);
  }
}
