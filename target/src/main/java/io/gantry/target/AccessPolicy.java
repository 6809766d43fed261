package io.gantry.target;

import io.gantry.iscsi.ChapUser;
import io.gantry.iscsi.LoginGate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who may log in, and who may do what with which volume.
 *
 * <p>Without rules, initiators of this machine and initiators that authenticate have all volumes,
 * and nobody else gets in. As soon as there is a rule, the rules alone decide: who meets the
 * conditions of one gets in, and for each volume the first rule counts that is about both.
 * Something has to be said before a volume can be reached from elsewhere, and a rule too many is
 * better noticed as a login that fails than as a volume that is open.
 */
public final class AccessPolicy {

  /** For what is within this process or for this machine only. */
  public static final AccessPolicy DEFAULT = new AccessPolicy(List.of(), List.of());

  private final Map<String, AccessUser> users;
  private final List<AccessRule> rules;

  /**
   * A policy.
   *
   * @param users who can authenticate
   * @param rules in order
   * @throws IllegalArgumentException if two users have one name, or a rule names a user that there
   *     is not
   */
  public AccessPolicy(Collection<AccessUser> users, List<AccessRule> rules) {
    this.users =
        users.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    AccessUser::name,
                    Function.identity(),
                    (a, _) -> {
                      throw new IllegalArgumentException(
                          "there are two users '%s'".formatted(a.name()));
                    }));
    this.rules = List.copyOf(rules);
    for (AccessRule rule : rules) {
      for (String user : rule.users()) {
        if (!this.users.containsKey(user)) {
          throw new IllegalArgumentException(
              "a rule lets the user '%s' in, who is not there".formatted(user));
        }
      }
    }
  }

  /** Names of those who can authenticate, in order of the alphabet. */
  public List<String> users() {
    return users.keySet().stream().sorted().toList();
  }

  /** In the order in which they count. */
  public List<AccessRule> rules() {
    return rules;
  }

  /** The user of a name, or null. */
  @Nullable ChapUser user(String name) {
    AccessUser user = users.get(name);
    return user == null ? null : user.credentials();
  }

  /** What is asked of an initiator that has proved nothing yet. */
  LoginGate.Demand demand(Identity identity) {
    LoginGate.Demand open = users.isEmpty() ? LoginGate.Demand.NONE : LoginGate.Demand.OPTIONAL;
    if (admits(identity)) {
      return open;
    }
    boolean asUser =
        rules.isEmpty()
            ? !users.isEmpty()
            : rules.stream().anyMatch(rule -> rule.gives() && rule.fits(identity));
    return asUser ? LoginGate.Demand.REQUIRED : LoginGate.Demand.REFUSED;
  }

  /** Whether an initiator that has proved what it could gets in. */
  boolean admits(Identity identity) {
    return rules.isEmpty()
        ? identity.user() != null || isLocal(identity)
        : rules.stream().anyMatch(rule -> rule.gives() && rule.admits(identity));
  }

  /**
   * Whether who is in may stay. Whoever came in as a user, has to log in anew if there is none of
   * that name any more.
   */
  boolean keeps(Identity identity) {
    return admits(identity) && (identity.user() == null || users.containsKey(identity.user()));
  }

  private static boolean isLocal(Identity identity) {
    return identity.address() == null || identity.address().isLoopbackAddress();
  }

  /** What an initiator may do with a volume. */
  public Access access(Identity identity, String volume) {
    if (rules.isEmpty()) {
      return admits(identity) ? Access.READ_WRITE : Access.NONE;
    }
    for (AccessRule rule : rules) {
      if (rule.isAbout(volume) && rule.admits(identity)) {
        return rule.access();
      }
    }
    return Access.NONE;
  }
}
