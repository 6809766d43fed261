package io.gantry.iscsi;

/**
 * Why a target ends a login.
 *
 * @param status for the initiator
 * @param problem for people at the target
 */
record LoginRefusal(LoginStatus status, String problem) {

  /** What the initiator did wrong is nothing more special. */
  static LoginRefusal initiatorError(String problem) {
    return new LoginRefusal(LoginStatus.INITIATOR_ERROR, problem);
  }

  /** The initiator is not told what was wrong: it may be somebody who guesses. */
  static LoginRefusal authentication(String problem) {
    return new LoginRefusal(LoginStatus.AUTHENTICATION_FAILURE, problem);
  }

  static LoginRefusal missing(String problem) {
    return new LoginRefusal(LoginStatus.MISSING_PARAMETER, problem);
  }
}
