package io.gantry.initiator;

import io.gantry.iscsi.IscsiName;
import io.gantry.scsi.Lun;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a logical unit is found, as libiscsi and QEMU write it: {@code
 * iscsi://[user[%password]@]host[:port]/target-name/lun}.
 *
 * @param host name or address; an IPv6 address without its brackets
 * @param port TCP port
 * @param target iSCSI name of the target
 * @param lun logical unit number
 * @param user name for CHAP, or null
 * @param password secret for CHAP, or null
 */
public record IscsiUrl(
    String host,
    int port,
    String target,
    Lun lun,
    @Nullable String user,
    @Nullable String password) {

  /** The port that IANA gave to iSCSI. */
  public static final int STANDARD_PORT = 3260;

  private static final String SCHEME = "iscsi://";

  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+(?:%[^]]+)?]|[^:\\[\\]@/]+)(?::(\\d{1,5}))?");

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException if it is none; the message says what is wrong
   */
  public static IscsiUrl parse(String url) {
    if (!url.startsWith(SCHEME)) {
      throw malformed("does not start with " + SCHEME);
    }
    // A password may contain a slash, an iSCSI name cannot contain an at sign.
    String rest = url.substring(SCHEME.length());
    int at = rest.lastIndexOf('@');
    String credentials = at < 0 ? null : rest.substring(0, at);
    String[] parts = rest.substring(at + 1).split("/", -1);
    if (parts.length != 3) {
      throw malformed("is not " + SCHEME + "host[:port]/target-name/lun");
    }
    Matcher authority = AUTHORITY.matcher(parts[0]);
    if (!authority.matches()) {
      throw malformed("has no host and port in '" + parts[0] + "'");
    }
    if (!IscsiName.isValid(parts[1])) {
      throw malformed("has no iSCSI target name in '" + parts[1] + "'");
    }
    String user = null;
    String password = null;
    if (credentials != null) {
      int percent = credentials.indexOf('%');
      user = percent < 0 ? credentials : credentials.substring(0, percent);
      password = percent < 0 ? null : credentials.substring(percent + 1);
    }
    String host = authority.group(1);
    return new IscsiUrl(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        port(authority.group(2)),
        parts[1],
        lun(parts[2]),
        user,
        password);
  }

  private static int port(@Nullable String digits) {
    int port = digits == null ? STANDARD_PORT : Integer.parseInt(digits);
    if (port < 1 || port > 65535) {
      throw malformed("has no TCP port in '" + port + "'");
    }
    return port;
  }

  private static Lun lun(String digits) {
    if (!digits.matches("\\d{1,5}") || Integer.parseInt(digits) > 16383) {
      throw malformed("has no LUN of 0 to 16383 in '" + digits + "'");
    }
    return new Lun(Integer.parseInt(digits));
  }

  // The URL itself may contain a password and stays out of the message.
  private static IllegalArgumentException malformed(String problem) {
    return new IllegalArgumentException("the iSCSI URL " + problem);
  }

  /** Host and port, with brackets around an IPv6 address. */
  public String portal() {
    return portal(host, port);
  }

  static String portal(String host, int port) {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** The URL without its password. */
  @Override
  public String toString() {
    return SCHEME + (user == null ? "" : user + "@") + portal() + "/" + target + "/" + lun.number();
  }
}
