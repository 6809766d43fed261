package io.gantry.target;

import io.gantry.iscsi.ChapUser;
import io.gantry.iscsi.LoginGate;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** What an {@link AccessPolicy} says to the logins of one connection. */
record PortalGate(
    AccessPolicy policy, IscsiOptions.@Nullable Redirection moved, InetAddress address)
    implements LoginGate {

  @Override
  public Demand demand(String initiatorName) {
    return policy.demand(new Identity(initiatorName, null, address));
  }

  @Override
  public @Nullable ChapUser user(String name) {
    return policy.user(name);
  }

  @Override
  public boolean admits(String initiatorName, String user) {
    return policy.admits(new Identity(initiatorName, user, address));
  }

  @Override
  public @Nullable Redirection redirection() {
    return moved == null ? null : new Redirection(moved.permanent(), moved.address());
  }
}
