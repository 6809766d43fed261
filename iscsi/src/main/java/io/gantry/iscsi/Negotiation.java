package io.gantry.iscsi;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One side's view of a negotiation: its own values, what the peer declared and what both settled
 * on. Knows nothing of stages and PDUs.
 */
final class Negotiation {
  private final Map<Key, String> own = new EnumMap<>(Key.class);
  private final Map<Key, String> declared = new EnumMap<>(Key.class);
  private final Map<Key, String> settled = new EnumMap<>(Key.class);
  private final Set<Key> offered = EnumSet.noneOf(Key.class);
  private final Set<Key> received = EnumSet.noneOf(Key.class);

  /**
   * Starts.
   *
   * @param own this side's values; for other keys it goes along with the peer, or with the default
   */
  Negotiation(Map<Key, String> own) {
    this.own.putAll(own);
  }

  private String own(Key key, String otherwise) {
    return own.getOrDefault(key, otherwise);
  }

  /** Says this side's value of a key, which the caller sends. */
  String offer(Key key) {
    offered.add(key);
    return own(key, key.standard());
  }

  /** Whether {@link #offer} was called for the key. */
  boolean hasOffered(Key key) {
    return offered.contains(key);
  }

  /** Takes a key from the peer; false if it has sent the key before, which is a protocol error. */
  boolean receive(Key key) {
    return received.add(key);
  }

  /** Takes a valid declaration. */
  void declared(Key key, String value) {
    declared.put(key, value);
  }

  /** Answers a valid offer. What goes to the wire may be {@link Key#REJECT}: the default holds. */
  String answer(Key key, String offer) {
    String ours = key.rule() == Key.Rule.CHOICE ? own(key, key.standard()) : own(key, offer);
    if (key == Key.FIRST_BURST_LENGTH) { // RFC 7143 13.14: never more than MaxBurstLength
      ours = key.resolve(ours, value(Key.MAX_BURST_LENGTH));
    }
    String result = key.resolve(offer, ours);
    if (!isReserved(result)) {
      settled.put(key, result);
    }
    return result;
  }

  /**
   * Takes the peer's answer to an offer.
   *
   * @return what is wrong with the answer, or null
   */
  @Nullable String accept(Key key, String answer) {
    if (isReserved(answer)) {
      return null; // then the default holds
    }
    String offer = own(key, key.standard());
    if (!key.isValid(answer) || !key.resolve(answer, offer).equals(normal(key, answer))) {
      return "%s=%s is no answer to the offer of %s".formatted(key.text(), answer, offer);
    }
    settled.put(key, answer);
    return null;
  }

  private static String normal(Key key, String value) {
    boolean number = key.rule() == Key.Rule.MINIMUM || key.rule() == Key.Rule.MAXIMUM;
    return number ? Integer.toString(Key.number(value)) : value;
  }

  private static boolean isReserved(String value) {
    return value.equals(Key.REJECT)
        || value.equals(Key.IRRELEVANT)
        || value.equals(Key.NOT_UNDERSTOOD);
  }

  /** A key of which this side offered a list and nothing of the list holds, or null. */
  @Nullable Key unmet() {
    for (Key key : offered) {
      if (key.rule() == Key.Rule.CHOICE
          && !List.of(own(key, key.standard()).split(",", -1)).contains(value(key))) {
        return key;
      }
    }
    return null;
  }

  /** The value that the peer declared, or the default. */
  String declaration(Key key) {
    return declared.getOrDefault(key, key.standard());
  }

  /** What both settled on, or the default. */
  String value(Key key) {
    return settled.getOrDefault(key, key.standard());
  }

  private int number(Key key) {
    return Key.number(value(key));
  }

  private boolean is(Key key) {
    return value(key).equals(Key.YES);
  }

  /** What holds when the login is over. */
  SessionParameters result() {
    int burstMax = number(Key.MAX_BURST_LENGTH);
    String receiveMax =
        hasOffered(Key.MAX_RECV_DATA_SEGMENT_LENGTH)
            ? own(Key.MAX_RECV_DATA_SEGMENT_LENGTH, Key.MAX_RECV_DATA_SEGMENT_LENGTH.standard())
            : Key.MAX_RECV_DATA_SEGMENT_LENGTH.standard();
    return new SessionParameters(
        Key.number(declaration(Key.MAX_RECV_DATA_SEGMENT_LENGTH)),
        Key.number(receiveMax),
        burstMax,
        Math.min(number(Key.FIRST_BURST_LENGTH), burstMax),
        is(Key.INITIAL_R2T),
        is(Key.IMMEDIATE_DATA),
        number(Key.MAX_OUTSTANDING_R2T),
        number(Key.DEFAULT_TIME_2_WAIT),
        number(Key.DEFAULT_TIME_2_RETAIN),
        !value(Key.HEADER_DIGEST).equals(Key.NONE),
        !value(Key.DATA_DIGEST).equals(Key.NONE));
  }
}
