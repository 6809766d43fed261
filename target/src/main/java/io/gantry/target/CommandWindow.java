package io.gantry.target;

import io.gantry.iscsi.SerialNumber;

/**
 * The command window of a session (RFC 7143 4.2.2.1): which CmdSN comes next and how far the
 * initiator may go.
 *
 * <p>A slot is taken when a command is admitted and given back when its answer is made. MaxCmdSN is
 * ExpCmdSN - 1 plus the free slots: admission moves one up and the other down, so that it stays;
 * only an answer raises it, and nothing ever lowers it.
 */
final class CommandWindow {
  /** What to do with a command. */
  enum Verdict {
    /** It is the next one; it holds a slot now. */
    ADMITTED,
    /** It is outside of the window and is ignored without a word. */
    OUTSIDE,
    /** It is inside, but others are missing before it: impossible on a single TCP connection. */
    GAP
  }

  private int expected;
  private int free;

  CommandWindow(int firstCmdSn, int size) {
    expected = firstCmdSn;
    free = size;
  }

  Verdict admit(int cmdSn) {
    if (SerialNumber.isBefore(cmdSn, expected) || SerialNumber.isBefore(maximum(), cmdSn)) {
      return Verdict.OUTSIDE;
    }
    if (cmdSn != expected) {
      return Verdict.GAP;
    }
    expected++;
    free--;
    return Verdict.ADMITTED;
  }

  /** Whether a command would be admitted. */
  boolean isNext(int cmdSn) {
    return cmdSn == expected && free > 0;
  }

  /** Gives a slot back. */
  void release() {
    free++;
  }

  /** ExpCmdSN. */
  int expected() {
    return expected;
  }

  /** MaxCmdSN. */
  int maximum() {
    return expected - 1 + free;
  }
}
