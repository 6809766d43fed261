package io.gantry.server;

import io.helidon.http.Status;

/** What the sender of a REST request must hear about, in a sentence for people. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final transient Status status;

  Refusal(Status status, String message) {
    super(message);
    this.status = status;
  }

  Status status() {
    return status;
  }

  /**
   * The request is not what is asked for.
   *
   * @throws Refusal if the condition does not hold
   */
  static void require(boolean condition, String message) {
    if (!condition) {
      throw bad(message);
    }
  }

  static Refusal bad(String message) {
    return new Refusal(Status.BAD_REQUEST_400, message);
  }

  static Refusal notFound(String message) {
    return new Refusal(Status.NOT_FOUND_404, message);
  }

  static Refusal conflict(String message) {
    return new Refusal(Status.CONFLICT_409, message);
  }
}
