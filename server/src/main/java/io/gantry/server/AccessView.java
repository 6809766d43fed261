package io.gantry.server;

import io.gantry.target.AccessPolicy;
import io.gantry.target.AccessRule;
import java.util.List;
import java.util.Locale;

/**
 * Who may use the volumes, as the REST interface shows it: no secrets.
 *
 * @param portals where initiators connect to
 * @param users who can authenticate
 * @param rules in the order in which they count; empty: everybody on this machine, and all users
 */
public record AccessView(List<String> portals, List<String> users, List<Rule> rules) {

  /**
   * A rule; an empty list is no condition.
   *
   * @param initiators patterns of iSCSI names
   * @param users of whom the initiator must have proved to be one
   * @param addresses where it may come from
   * @param volumes patterns of names
   * @param access read-write, read-only or none
   */
  public record Rule(
      List<String> initiators,
      List<String> users,
      List<String> addresses,
      List<String> volumes,
      String access) {}

  static AccessView of(List<HostPort> portals, AccessPolicy policy) {
    return new AccessView(
        portals.stream().map(HostPort::toString).toList(),
        policy.users(),
        policy.rules().stream().map(AccessView::view).toList());
  }

  private static Rule view(AccessRule rule) {
    return new Rule(
        texts(rule.initiators()),
        rule.users().stream().sorted().toList(),
        texts(rule.addresses()),
        texts(rule.volumes()),
        rule.access().name().toLowerCase(Locale.ROOT).replace('_', '-'));
  }

  private static List<String> texts(List<?> list) {
    return list.stream().map(Object::toString).toList();
  }
}
