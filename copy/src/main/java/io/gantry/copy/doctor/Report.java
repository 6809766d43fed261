package io.gantry.copy.doctor;

/**
 * The answer to RECEIVE ROD TOKEN INFORMATION (SPC-4 RECEIVE ROD TOKEN INFORMATION), taken apart.
 *
 * @param answer the whole
 */
record Report(Answer answer) {
  long available() {
    return answer.u32(0);
  }

  int action() {
    return answer.u8(4) & 0x1f;
  }

  int status() {
    return answer.u8(5) & 0x7f;
  }

  long delay() {
    return answer.u32(8);
  }

  int completion() {
    return answer.u8(12);
  }

  int senseField() {
    return answer.u8(13);
  }

  int senseLength() {
    return answer.u8(14);
  }

  int units() {
    return answer.u8(15);
  }

  long count() {
    return answer.u64(16);
  }

  int segments() {
    return answer.u16(24);
  }

  /** ROD TOKEN DESCRIPTORS LENGTH. */
  long tokensLength() {
    return answer.u32(32 + senseField());
  }

  int tokenId() {
    return answer.u16(36 + senseField());
  }

  boolean hasToken() {
    return tokensLength() >= 514 && answer.data().length >= 38 + senseField() + 512;
  }

  byte[] token() {
    return answer.slice(38 + senseField(), 512);
  }

  boolean isFinished() {
    return status() == 1 || status() == 2 || status() == 3 || status() == 4 || status() == 0x60;
  }

  boolean isSuccess() {
    return status() == 1 || status() == 3;
  }

  String describe() {
    return answer.isGood()
        ? "status %02Xh, %d of units %02Xh".formatted(status(), count(), units())
        : answer.describe();
  }
}
