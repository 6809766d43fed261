package io.gantry.target;

import io.gantry.iscsi.IscsiName;
import java.util.List;
import java.util.Set;

/**
 * Lets some initiators use some volumes. An initiator has to meet all the conditions that are
 * there; a condition is a list of which one has to fit, and an empty list is no condition.
 *
 * @param initiators patterns of iSCSI names; a name is what an initiator says of itself, no proof
 * @param users names of which one must have been proved by CHAP
 * @param addresses where the initiator may come from
 * @param volumes patterns of the names of the volumes
 * @param access what they may do with them
 */
public record AccessRule(
    List<NamePattern> initiators,
    Set<String> users,
    List<AddressRange> addresses,
    List<NamePattern> volumes,
    Access access) {

  /** Copies the lists; the patterns of iSCSI names count in lower case, as the names do. */
  public AccessRule {
    initiators =
        initiators.stream()
            .map(pattern -> new NamePattern(IscsiName.normal(pattern.text())))
            .toList();
    users = Set.copyOf(users);
    addresses = List.copyOf(addresses);
    volumes = List.copyOf(volumes);
  }

  /** Whether an initiator meets all conditions. */
  boolean admits(Identity identity) {
    return fits(identity)
        && (users.isEmpty() || (identity.user() != null && users.contains(identity.user())));
  }

  /** Whether the rule gives something to those who meet its conditions. */
  boolean gives() {
    return access != Access.NONE;
  }

  /** Whether an initiator that has proved nothing meets all conditions, or would as a user. */
  boolean fits(Identity identity) {
    return (initiators.isEmpty()
            || initiators.stream().anyMatch(name -> name.fits(identity.initiatorName())))
        && (addresses.isEmpty()
            || (identity.address() != null
                && addresses.stream().anyMatch(range -> range.contains(identity.address()))));
  }

  /** Whether the rule is about a volume. */
  boolean isAbout(String volume) {
    return volumes.isEmpty() || volumes.stream().anyMatch(name -> name.fits(volume));
  }
}
