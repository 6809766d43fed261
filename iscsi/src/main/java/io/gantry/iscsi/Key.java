package io.gantry.iscsi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The keys of login and text negotiation as a table (RFC 7143 13): name, how the two sides' values
 * become one, where the key may come, what holds if it does not come, and its range if it is a
 * number.
 */
public enum Key {
  AUTH_METHOD("AuthMethod", Rule.CHOICE, Phase.SECURITY, "None"),
  CHAP_A("CHAP_A", Rule.AUTHENTICATION, Phase.SECURITY, ""),
  CHAP_I("CHAP_I", Rule.AUTHENTICATION, Phase.SECURITY, ""),
  CHAP_C("CHAP_C", Rule.AUTHENTICATION, Phase.SECURITY, ""),
  CHAP_N("CHAP_N", Rule.AUTHENTICATION, Phase.SECURITY, ""),
  CHAP_R("CHAP_R", Rule.AUTHENTICATION, Phase.SECURITY, ""),
  INITIATOR_NAME("InitiatorName", Rule.DECLARATION, Phase.LOGIN, ""),
  INITIATOR_ALIAS("InitiatorAlias", Rule.DECLARATION, Phase.LOGIN, ""),
  TARGET_NAME("TargetName", Rule.DECLARATION, Phase.LOGIN, ""),
  TARGET_ALIAS("TargetAlias", Rule.DECLARATION, Phase.LOGIN, ""),
  TARGET_ADDRESS("TargetAddress", Rule.DECLARATION, Phase.LOGIN, ""),
  TARGET_PORTAL_GROUP_TAG("TargetPortalGroupTag", Rule.DECLARATION, Phase.LOGIN, "", 0, 65535),
  SESSION_TYPE("SessionType", Rule.DECLARATION, Phase.LOGIN, "Normal"),
  HEADER_DIGEST("HeaderDigest", Rule.CHOICE, Phase.OPERATIONAL, "None"),
  DATA_DIGEST("DataDigest", Rule.CHOICE, Phase.OPERATIONAL, "None"),
  MAX_CONNECTIONS("MaxConnections", Rule.MINIMUM, Phase.OPERATIONAL, "1", 1, 65535),
  INITIAL_R2T("InitialR2T", Rule.OR, Phase.OPERATIONAL, "Yes"),
  IMMEDIATE_DATA("ImmediateData", Rule.AND, Phase.OPERATIONAL, "Yes"),
  MAX_RECV_DATA_SEGMENT_LENGTH(
      "MaxRecvDataSegmentLength", Rule.DECLARATION, Phase.LOGIN, "8192", 512, 0xff_ffff),
  MAX_BURST_LENGTH("MaxBurstLength", Rule.MINIMUM, Phase.OPERATIONAL, "262144", 512, 0xff_ffff),
  FIRST_BURST_LENGTH("FirstBurstLength", Rule.MINIMUM, Phase.OPERATIONAL, "65536", 512, 0xff_ffff),
  DEFAULT_TIME_2_WAIT("DefaultTime2Wait", Rule.MAXIMUM, Phase.OPERATIONAL, "2", 0, 3600),
  DEFAULT_TIME_2_RETAIN("DefaultTime2Retain", Rule.MINIMUM, Phase.OPERATIONAL, "20", 0, 3600),
  MAX_OUTSTANDING_R2T("MaxOutstandingR2T", Rule.MINIMUM, Phase.OPERATIONAL, "1", 1, 65535),
  DATA_PDU_IN_ORDER("DataPDUInOrder", Rule.OR, Phase.OPERATIONAL, "Yes"),
  DATA_SEQUENCE_IN_ORDER("DataSequenceInOrder", Rule.OR, Phase.OPERATIONAL, "Yes"),
  ERROR_RECOVERY_LEVEL("ErrorRecoveryLevel", Rule.MINIMUM, Phase.OPERATIONAL, "0", 0, 2),
  PROTOCOL_LEVEL("iSCSIProtocolLevel", Rule.MINIMUM, Phase.OPERATIONAL, "1", 0, 31),
  TASK_REPORTING("TaskReporting", Rule.CHOICE, Phase.OPERATIONAL, "RFC3720"),
  IF_MARKER("IFMarker", Rule.AND, Phase.OPERATIONAL, "No"),
  OF_MARKER("OFMarker", Rule.AND, Phase.OPERATIONAL, "No"),
  IF_MARK_INT("IFMarkInt", Rule.OBSOLETE, Phase.OPERATIONAL, ""),
  OF_MARK_INT("OFMarkInt", Rule.OBSOLETE, Phase.OPERATIONAL, ""),
  SEND_TARGETS("SendTargets", Rule.REQUEST, Phase.FULL_FEATURE, "");

  /** Reserved answers (RFC 7143 6.2). */
  public static final String REJECT = "Reject";

  public static final String IRRELEVANT = "Irrelevant";
  public static final String NOT_UNDERSTOOD = "NotUnderstood";

  public static final String YES = "Yes";
  public static final String NO = "No";
  public static final String NONE = "None";

  /** Longest value of most keys, in bytes (RFC 7143 6.1). */
  private static final int VALUE_LENGTH_MAX = 255;

  /** How two values become one. */
  public enum Rule {
    /** The offerer's list in order of preference: the first that the responder has. */
    CHOICE,
    MINIMUM,
    MAXIMUM,
    /** Yes if both say Yes. */
    AND,
    /** Yes if one says Yes. */
    OR,
    /** Each side says its own; there is no answer. */
    DECLARATION,
    /** A step of an authentication. */
    AUTHENTICATION,
    /** Taken out by RFC 7143; the answer is Irrelevant. */
    OBSOLETE,
    /** A question of the full feature phase. */
    REQUEST
  }

  /** Where a key may come. */
  public enum Phase {
    SECURITY,
    OPERATIONAL,
    /** Either stage of the login. */
    LOGIN,
    FULL_FEATURE
  }

  private static final Map<String, Key> BY_TEXT =
      Arrays.stream(values()).collect(Collectors.toMap(Key::text, Function.identity()));

  private final String text;
  private final Rule rule;
  private final Phase phase;
  private final String standard;
  private final int minimum;
  private final int maximum;

  Key(String text, Rule rule, Phase phase, String standard) {
    this(text, rule, phase, standard, 0, -1);
  }

  Key(String text, Rule rule, Phase phase, String standard, int minimum, int maximum) {
    this.text = text;
    this.rule = rule;
    this.phase = phase;
    this.standard = standard;
    this.minimum = minimum;
    this.maximum = maximum;
  }

  /** The key of this name, or null. Names are case-sensitive. */
  public static @Nullable Key of(String text) {
    return BY_TEXT.get(text);
  }

  /** The name on the wire. */
  public String text() {
    return text;
  }

  public Rule rule() {
    return rule;
  }

  public Phase phase() {
    return phase;
  }

  /** The value that holds if nobody speaks of the key; empty if there is none. */
  public String standard() {
    return standard;
  }

  /** Whether a value is one that this key can have; of a list, whether it is one. */
  public boolean isValid(String value) {
    return switch (rule) {
      case AND, OR -> value.equals(YES) || value.equals(NO);
      case MINIMUM, MAXIMUM -> isNumberInRange(value);
      case CHOICE -> !value.isEmpty();
      case DECLARATION -> maximum < 0 || isNumberInRange(value);
      case AUTHENTICATION, OBSOLETE, REQUEST -> true;
    };
  }

  /** Whether a value of any key, known or not, is of a length that it can have. */
  static boolean isOfValidLength(@Nullable Key key, String value) {
    boolean large = key == CHAP_C || key == CHAP_R || key == TARGET_ADDRESS;
    return large || value.getBytes(StandardCharsets.UTF_8).length <= VALUE_LENGTH_MAX;
  }

  private boolean isNumberInRange(String value) {
    int number = number(value);
    return number >= minimum && number <= maximum;
  }

  /** The number that a {@link #isValid valid} value of a numerical key is. */
  public int integer(String value) {
    return number(value);
  }

  /** A number as the wire has it, decimal or 0x and hexadecimal; -1 if it is none below 2^28. */
  static int number(String value) {
    boolean hexadecimal = value.startsWith("0x") || value.startsWith("0X");
    String digits = hexadecimal ? value.substring(2) : value;
    int radix = hexadecimal ? 16 : 10;
    boolean clean =
        !digits.isEmpty()
            && digits.length() <= 8
            && digits.chars().allMatch(c -> c < 128 && Character.digit(c, radix) >= 0);
    long number = clean ? Long.parseLong(digits, radix) : -1;
    return number < 1 << 28 ? (int) number : -1;
  }

  /**
   * The value that an offer and the responder's own value make together, as the responder answers
   * it.
   *
   * @param offer a {@link #isValid valid} value; for a choice, the offerer's list
   * @param own the responder's value; for a choice, the list of what it can do
   */
  public String resolve(String offer, String own) {
    return switch (rule) {
      case AND -> offer.equals(YES) && own.equals(YES) ? YES : NO;
      case OR -> offer.equals(YES) || own.equals(YES) ? YES : NO;
      case MINIMUM -> Integer.toString(Math.min(number(offer), number(own)));
      case MAXIMUM -> Integer.toString(Math.max(number(offer), number(own)));
      case CHOICE -> {
        List<String> able = List.of(own.split(",", -1));
        yield Arrays.stream(offer.split(",", -1)).filter(able::contains).findFirst().orElse(REJECT);
      }
      case OBSOLETE -> IRRELEVANT;
      case DECLARATION, AUTHENTICATION, REQUEST -> offer;
    };
  }
}
