package io.gantry.iscsi;

import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The initiator's side of one CHAP exchange; {@link TargetChap} shows it. */
final class InitiatorChap {

  /** In order of preference: what is broken comes last. */
  private static final String ALGORITHMS =
      Arrays.stream(
              new Chap.Algorithm[] {
                Chap.Algorithm.SHA3_256,
                Chap.Algorithm.SHA_256,
                Chap.Algorithm.SHA_1,
                Chap.Algorithm.MD5
              })
          .map(algorithm -> Integer.toString(algorithm.number()))
          .collect(Collectors.joining(","));

  private enum State {
    OFFERED,
    AGREED,
    ANSWERED,
    DONE
  }

  private final ChapUser user;
  private final RandomGenerator random;
  private State state = State.OFFERED;
  private Chap.@Nullable Challenge asked;

  /**
   * Before both have agreed on CHAP.
   *
   * @param random has to be a source that nobody can predict
   */
  InitiatorChap(ChapUser user, RandomGenerator random) {
    this.user = user;
    this.random = random;
  }

  /** The value of AuthMethod. Who wants a proof of the target cannot do without. */
  String authMethods() {
    return user.target() == null ? "CHAP," + Key.NONE : "CHAP";
  }

  /** Whether the initiator may not yet go on to the next stage. */
  boolean isPending() {
    return state == State.AGREED;
  }

  /** What is wrong with going on to the next stage, or null. */
  @Nullable String problemWithEnd() {
    if (user.target() != null && state != State.DONE) {
      return "the target did not prove who it is, as mutual CHAP wants it to";
    }
    return state == State.AGREED ? "the target agreed on CHAP and did not ask" : null;
  }

  /**
   * Takes what a step of the security stage says.
   *
   * @param method the AuthMethod that both have agreed on so far
   * @param keys the CHAP keys of the step
   * @param answers where the answers go
   * @return what is wrong, or null
   */
  @Nullable String take(String method, Map<Key, String> keys, Map<String, String> answers) {
    return switch (state) {
      case OFFERED -> {
        if (!method.equals(Key.NONE)) {
          state = State.AGREED;
          answers.put(Key.CHAP_A.text(), ALGORITHMS);
        }
        yield keys.isEmpty() ? null : "the target sent CHAP keys before it was asked to";
      }
      case AGREED -> answer(keys, answers);
      case ANSWERED -> check(keys);
      case DONE -> keys.isEmpty() ? null : "the target sent CHAP keys after the authentication";
    };
  }

  private @Nullable String answer(Map<Key, String> keys, Map<String, String> answers) {
    String chosen = keys.get(Key.CHAP_A);
    Chap.Algorithm algorithm =
        chosen == null || chosen.contains(",") ? null : Chap.Algorithm.choose(chosen);
    if (algorithm == null) {
      return "the target chose no CHAP algorithm that was offered";
    }
    Chap.Challenge theirs = Chap.challenge(algorithm, keys.get(Key.CHAP_I), keys.get(Key.CHAP_C));
    if (theirs == null) {
      return "the target sent no CHAP challenge of 1 to %d bytes".formatted(Chap.BINARY_LENGTH_MAX);
    }
    answers.put(Key.CHAP_N.text(), user.initiator().name());
    answers.put(Key.CHAP_R.text(), Chap.encode(user.initiator().answer(theirs)));
    if (user.target() == null) {
      state = State.DONE;
      return null;
    }
    byte[] value = new byte[Chap.CHALLENGE_LENGTH];
    random.nextBytes(value);
    Chap.Challenge ours = new Chap.Challenge(algorithm, random.nextInt(256), value);
    if (ours.hasValueOf(theirs)) { // somebody has what should be random
      return "the target's challenge is the one that it was about to get";
    }
    asked = ours;
    answers.put(Key.CHAP_I.text(), Integer.toString(ours.identifier()));
    answers.put(Key.CHAP_C.text(), Chap.encode(value));
    state = State.ANSWERED;
    return null;
  }

  private @Nullable String check(Map<Key, String> keys) {
    ChapCredentials target = user.target();
    Chap.Challenge challenge = asked;
    String name = keys.get(Key.CHAP_N);
    String response = keys.get(Key.CHAP_R);
    byte[] proof = response == null ? null : Chap.decode(response);
    if (target == null || challenge == null || name == null || proof == null) {
      return "the target does not answer the CHAP challenge";
    }
    if (!target.proves(challenge, proof) || !name.equals(target.name())) {
      return "the target's CHAP name or secret is not the one that was expected;"
          + " it may not be the target that it says it is";
    }
    state = State.DONE;
    return null;
  }
}
