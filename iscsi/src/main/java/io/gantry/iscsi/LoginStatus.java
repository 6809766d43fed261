package io.gantry.iscsi;

/** Status class and detail of a Login Response, and what they mean (RFC 7143 11.13.5). */
public enum LoginStatus {
  SUCCESS(0x0000, "success"),
  TARGET_MOVED_TEMPORARILY(0x0101, "the target has moved temporarily"),
  TARGET_MOVED_PERMANENTLY(0x0102, "the target has moved"),
  INITIATOR_ERROR(0x0200, "the target found an error in the login"),
  AUTHENTICATION_FAILURE(0x0201, "authentication failed"),
  AUTHORIZATION_FAILURE(0x0202, "this initiator is not allowed in"),
  TARGET_NOT_FOUND(0x0203, "target not found"),
  TARGET_REMOVED(0x0204, "the target was removed"),
  UNSUPPORTED_VERSION(0x0205, "unsupported iSCSI version"),
  TOO_MANY_CONNECTIONS(0x0206, "too many connections"),
  MISSING_PARAMETER(0x0207, "a required parameter is missing"),
  CANNOT_INCLUDE_IN_SESSION(0x0208, "the connection cannot be part of this session"),
  SESSION_TYPE_NOT_SUPPORTED(0x0209, "session type not supported"),
  SESSION_DOES_NOT_EXIST(0x020A, "the session does not exist"),
  INVALID_DURING_LOGIN(0x020B, "only login requests are allowed during login"),
  TARGET_ERROR(0x0300, "target error"),
  SERVICE_UNAVAILABLE(0x0301, "service unavailable"),
  OUT_OF_RESOURCES(0x0302, "the target is out of resources");

  private static final LoginStatus[] VALUES = values();
  private final int code;
  private final String meaning;

  LoginStatus(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /** Class and detail as one number, class first. */
  public int code() {
    return code;
  }

  /** Whether a code sends the initiator elsewhere. */
  public static boolean isRedirection(int code) {
    return code >> 8 == 1;
  }

  /** What a code stands for; an error of its class if RFC 7143 does not define it. */
  public static LoginStatus of(int code) {
    for (LoginStatus status : VALUES) {
      if (status.code == code) {
        return status;
      }
    }
    return code >> 8 == 2 ? INITIATOR_ERROR : TARGET_ERROR;
  }

  /** For people: what a code means, also one that RFC 7143 does not define. */
  public static String describe(int code) {
    for (LoginStatus status : VALUES) {
      if (status.code == code) {
        return "%s (login status %04Xh)".formatted(status.meaning, code);
      }
    }
    return "login status %04Xh".formatted(code);
  }
}
