package io.gantry.iscsi;

import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The target's side of one CHAP exchange (RFC 7143 12.1.3).
 *
 * <pre>
 * initiator                        target
 * AuthMethod=CHAP,...              AuthMethod=CHAP          before this begins
 * CHAP_A=list                      CHAP_A, CHAP_I, CHAP_C   asks
 * CHAP_N, CHAP_R                                            one-way: done
 * CHAP_N, CHAP_R, CHAP_I, CHAP_C   CHAP_N, CHAP_R           mutual: done
 * </pre>
 *
 * <p>A name that nobody has and a wrong response take the same time and have the same answer.
 */
final class TargetChap {
  private final LoginGate gate;
  private final RandomGenerator random;
  private Chap.@Nullable Challenge asked;
  private @Nullable String user;

  /**
   * At the beginning: both have agreed on CHAP.
   *
   * @param random has to be a source that nobody can predict
   */
  TargetChap(LoginGate gate, RandomGenerator random) {
    this.gate = gate;
    this.random = random;
  }

  /** Who the initiator has proved to be, or null if it has not. */
  @Nullable String user() {
    return user;
  }

  /**
   * Takes the CHAP keys of a step.
   *
   * @param answers where the answers go
   * @return why the login fails, or null
   */
  @Nullable LoginRefusal take(Map<Key, String> keys, Map<String, String> answers) {
    if (user != null) {
      return keys.isEmpty()
          ? null
          : LoginRefusal.initiatorError("CHAP keys after the authentication");
    }
    Chap.Challenge challenge = asked;
    return challenge == null ? ask(keys, answers) : check(challenge, keys, answers);
  }

  private @Nullable LoginRefusal ask(Map<Key, String> keys, Map<String, String> answers) {
    String list = keys.get(Key.CHAP_A);
    if (list == null) {
      return LoginRefusal.missing("no CHAP_A");
    }
    if (keys.size() > 1) {
      return LoginRefusal.initiatorError("CHAP keys before the challenge");
    }
    Chap.Algorithm algorithm = Chap.Algorithm.choose(list);
    if (algorithm == null) {
      return LoginRefusal.authentication("no CHAP algorithm in common");
    }
    byte[] value = new byte[Chap.CHALLENGE_LENGTH];
    random.nextBytes(value);
    Chap.Challenge challenge = new Chap.Challenge(algorithm, random.nextInt(256), value);
    asked = challenge;
    answers.put(Key.CHAP_A.text(), Integer.toString(algorithm.number()));
    answers.put(Key.CHAP_I.text(), Integer.toString(challenge.identifier()));
    answers.put(Key.CHAP_C.text(), Chap.encode(value));
    return null;
  }

  private @Nullable LoginRefusal check(
      Chap.Challenge challenge, Map<Key, String> keys, Map<String, String> answers) {
    String name = keys.get(Key.CHAP_N);
    String response = keys.get(Key.CHAP_R);
    if (name == null || response == null) {
      return LoginRefusal.missing("no CHAP_N or no CHAP_R");
    }
    if (keys.containsKey(Key.CHAP_A)) {
      return LoginRefusal.initiatorError("CHAP_A twice");
    }
    byte[] proof = Chap.decode(response);
    if (proof == null) {
      return LoginRefusal.initiatorError("a CHAP_R that is no binary value");
    }
    ChapUser known = gate.user(name);
    ChapCredentials claimed =
        known == null ? new ChapCredentials("nobody", "a secret of nobody") : known.initiator();
    boolean proved = claimed.proves(challenge, proof); // before it counts whose secret that was
    if (known == null) {
      return LoginRefusal.authentication("no CHAP user '%s'".formatted(name));
    }
    if (!proved) {
      return LoginRefusal.authentication("wrong CHAP_R of '%s'".formatted(name));
    }
    if (keys.containsKey(Key.CHAP_I) || keys.containsKey(Key.CHAP_C)) {
      LoginRefusal refusal = prove(challenge, known, keys, answers);
      if (refusal != null) {
        return refusal;
      }
    }
    user = known.initiator().name();
    return null;
  }

  /** Mutual CHAP: answers the initiator's challenge. */
  private static @Nullable LoginRefusal prove(
      Chap.Challenge ours, ChapUser known, Map<Key, String> keys, Map<String, String> answers) {
    if (!keys.containsKey(Key.CHAP_I) || !keys.containsKey(Key.CHAP_C)) {
      return LoginRefusal.missing("one of CHAP_I and CHAP_C without the other");
    }
    Chap.Challenge theirs =
        Chap.challenge(ours.algorithm(), keys.get(Key.CHAP_I), keys.get(Key.CHAP_C));
    if (theirs == null) {
      return LoginRefusal.initiatorError("a CHAP_I or CHAP_C that is none");
    }
    if (theirs.hasValueOf(ours)) {
      return LoginRefusal.authentication("the initiator sends the target's own challenge back");
    }
    ChapCredentials own = known.target();
    if (own == null) {
      return LoginRefusal.authentication(
          "'%s' asks for mutual CHAP, for which it has no target secret here"
              .formatted(known.initiator().name()));
    }
    answers.put(Key.CHAP_N.text(), own.name());
    answers.put(Key.CHAP_R.text(), Chap.encode(own.answer(theirs)));
    return null;
  }
}
