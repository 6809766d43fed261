package io.gantry.iscsi;

/** Values of CSG and NSG in login PDUs (RFC 7143 11.12.3). */
public final class LoginStage {
  public static final int SECURITY = 0;
  public static final int OPERATIONAL = 1;
  public static final int FULL_FEATURE = 3;

  private LoginStage() {}

  /** Whether a login may go from one stage to another with the T bit. */
  public static boolean isMove(int from, int to) {
    return switch (from) {
      case SECURITY -> to == OPERATIONAL || to == FULL_FEATURE;
      case OPERATIONAL -> to == FULL_FEATURE;
      default -> false;
    };
  }
}
