package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.LoginGate.Demand;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets in, and who sees what; where a target says that it is. */
@NullUnmarked
class AccessPolicyTest {
  private static final AccessUser ALICE = AccessUser.of("alice", "alice's secret", null, null);
  private static final AccessUser BOB = AccessUser.of("bob", "bob's long secret", null, null);
  private static final String HOST = "iqn.2026-11.test:host";

  private static Identity from(String address) {
    return new Identity(HOST, null, address == null ? null : InetAddress.ofLiteral(address));
  }

  private static Identity as(String user, String address) {
    return new Identity(HOST, user, InetAddress.ofLiteral(address));
  }

  private static AccessRule rule(
      String initiator, String user, String address, String volume, Access access) {
    return new AccessRule(
        Stream.ofNullable(initiator).map(NamePattern::new).toList(),
        user == null ? Set.of() : Set.of(user),
        Stream.ofNullable(address).map(AddressRange::parse).toList(),
        Stream.ofNullable(volume).map(NamePattern::new).toList(),
        access);
  }

  /** Without rules. */
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1,false,NONE",
    "127.9.8.7,true,OPTIONAL",
    "::1,false,NONE",
    ",false,NONE",
    "192.0.2.1,false,REFUSED",
    "192.0.2.1,true,REQUIRED",
    "2001:db8::1,true,REQUIRED",
    "0.0.0.0,false,REFUSED"
  })
  void withoutRules(String address, boolean users, Demand demand) {
    AccessPolicy policy = new AccessPolicy(users ? List.of(ALICE) : List.of(), List.of());
    assertThat(policy.demand(from(address))).isEqualTo(demand);
    boolean open = demand == Demand.NONE || demand == Demand.OPTIONAL;
    assertThat(policy.access(from(address), "any"))
        .isEqualTo(open ? Access.READ_WRITE : Access.NONE);
    if (users) {
      assertThat(policy.admits(as("alice", "192.0.2.1"))).isTrue();
      assertThat(policy.access(as("alice", "192.0.2.1"), "any")).isEqualTo(Access.READ_WRITE);
    }
  }

  /** With one rule, for an initiator that comes from 192.0.2.7. */
  @ParameterizedTest
  @CsvSource({
    "*:host,,,,OPTIONAL,READ_WRITE,READ_WRITE",
    "IQN.2026-11.TEST:*,,,,OPTIONAL,READ_WRITE,READ_WRITE",
    "*:other,,,,REFUSED,NONE,NONE",
    ",,192.0.2.0/24,,OPTIONAL,READ_WRITE,READ_WRITE",
    ",,192.0.3.0/24,,REFUSED,NONE,NONE",
    ",alice,,,REQUIRED,NONE,READ_WRITE",
    ",bob,,,REQUIRED,NONE,NONE",
    "*:other,alice,,,REFUSED,NONE,NONE",
    "*:host,alice,192.0.2.7,vol*,REQUIRED,NONE,READ_WRITE",
    "*:host,alice,192.0.2.7,other,REQUIRED,NONE,NONE",
    ",,127.0.0.0/8,,REFUSED,NONE,NONE"
  })
  void withOneRule(
      String initiator,
      String user,
      String address,
      String volume,
      Demand demand,
      Access anonymous,
      Access asAlice) {
    AccessPolicy policy =
        new AccessPolicy(
            List.of(ALICE, BOB),
            List.of(rule(initiator, user, address, volume, Access.READ_WRITE)));
    assertThat(policy.demand(from("192.0.2.7"))).isEqualTo(demand);
    assertThat(policy.access(from("192.0.2.7"), "volume")).isEqualTo(anonymous);
    assertThat(policy.access(as("alice", "192.0.2.7"), "volume")).isEqualTo(asAlice);
  }

  @Test
  void theFirstRuleThatIsAboutBothCounts() {
    AccessPolicy policy =
        new AccessPolicy(
            List.of(ALICE),
            List.of(
                rule(null, null, null, "golden-*", Access.READ_ONLY),
                rule(null, null, null, "hidden", Access.NONE),
                rule(null, "alice", null, null, Access.READ_WRITE)));
    Identity alice = as("alice", "192.0.2.7");
    assertThat(policy.access(alice, "golden-1")).isEqualTo(Access.READ_ONLY);
    assertThat(policy.access(alice, "hidden")).isEqualTo(Access.NONE);
    assertThat(policy.access(alice, "other")).isEqualTo(Access.READ_WRITE);
    assertThat(policy.access(from("192.0.2.7"), "other")).isEqualTo(Access.NONE);
    assertThat(policy.demand(from("192.0.2.7"))).isEqualTo(Demand.OPTIONAL);
  }

  /** A rule that gives nothing lets nobody in; with rules, this machine is nothing special. */
  @Test
  void rulesAloneDecide() {
    AccessPolicy policy =
        new AccessPolicy(List.of(), List.of(rule(null, null, null, "x", Access.NONE)));
    assertThat(policy.demand(from("127.0.0.1"))).isEqualTo(Demand.REFUSED);
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> new AccessPolicy(List.of(ALICE, ALICE), List.of()))
        .hasMessageContaining("two users 'alice'");
    assertThatThrownBy(() ->
            new AccessPolicy(List.of(), List.of(rule(null, "carol", null, null, Access.NONE))))
        .hasMessageContaining("'carol'");
  }

  @Test
  void users() {
    assertThatThrownBy(() -> AccessUser.of("carol", "11 bytes...", null, null))
        .hasMessageContaining("'carol' has fewer than 12 bytes")
        .hasMessageNotContaining("11 bytes...");
    assertThatThrownBy(() -> AccessUser.of("carol", "carol's secret", "t", null))
        .hasMessageContaining("mutual");
    assertThatThrownBy(() -> AccessUser.of("carol", "carol's secret", "t", "carol's secret"))
        .hasMessageContaining("same CHAP secret");
    assertThat(AccessUser.of("carol", "carol's secret", "t", "t's own secret").toString())
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.0/24,192.0.2.255,true",
    "192.0.2.0/24,192.0.3.0,false",
    "192.0.2.9/25,192.0.2.127,true",
    "192.0.2.9/25,192.0.2.128,false",
    "0.0.0.0/0,203.0.113.5,true",
    "0.0.0.0/0,::1,false",
    "192.0.2.7,192.0.2.7,true",
    "192.0.2.7,192.0.2.6,false",
    "2001:db8::/33,2001:db8:7fff::1,true",
    "2001:db8::/33,2001:db8:8000::1,false",
    "::1,::1,true",
    "::ffff:192.0.2.7,192.0.2.7,true"
  })
  void ranges(String range, String address, boolean inside) {
    assertThat(AddressRange.parse(range).contains(InetAddress.ofLiteral(address)))
        .isEqualTo(inside);
  }

  @ParameterizedTest
  @CsvSource({"localhost", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "/8", "''", "1.2.3.4/x"})
  void noRanges(String text) {
    assertThatThrownBy(() -> AddressRange.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write 192.0.2.7");
  }

  @ParameterizedTest
  @CsvSource({
    "*,'',true",
    "*,abc,true",
    "a*,abc,true",
    "*c,abc,true",
    "a*c,abc,true",
    "a*b*c,aXXbYYc,true",
    "a**c,ac,true",
    "a*a,a,false",
    "abc,abc,true",
    "abc,abcd,false",
    "ab,abc,false",
    "a.c,abc,false",
    "*b,abcb,true",
    "*bc*bd,abcabd,true"
  })
  void patterns(String pattern, String name, boolean fits) {
    assertThat(new NamePattern(pattern).fits(name)).isEqualTo(fits);
  }

  /** A pattern that takes ages as a regular expression. */
  @Test
  void patternsAreFast() {
    assertThat(new NamePattern("*a".repeat(50) + "b").fits("a".repeat(200))).isFalse();
  }

  private static InetSocketAddress at(String address, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  @Test
  void portalsThatAnInitiatorCanUse() {
    List<InetSocketAddress> portals =
        List.of(at("127.0.0.1", 3260), at("192.0.2.1", 3260), at("::", 3261), at("::1", 3262));
    assertThat(Portals.reachable(portals, at("192.0.2.1", 3260)))
        .containsExactly(at("192.0.2.1", 3260), at("192.0.2.1", 3261));
    assertThat(Portals.reachable(portals, at("2001:db8::1", 3261)))
        .containsExactly(at("2001:db8::1", 3261), at("192.0.2.1", 3260));
    assertThat(Portals.reachable(portals, at("127.0.0.1", 3260)))
        .containsExactly(
            at("127.0.0.1", 3260), at("192.0.2.1", 3260), at("127.0.0.1", 3261), at("::1", 3262));
    assertThat(Portals.text(at("2001:db8::1", 3260))).isEqualTo("[2001:db8::1]:3260");
    assertThat(Portals.text(at("192.0.2.1", 1))).isEqualTo("192.0.2.1:1");
  }

  @Test
  void theLobbyIsBounded() {
    Lobby lobby = new Lobby(3, 2);
    InetAddress one = InetAddress.ofLiteral("192.0.2.1");
    InetAddress two = InetAddress.ofLiteral("192.0.2.2");
    assertThat(lobby.enter(one)).isTrue();
    assertThat(lobby.enter(one)).isTrue();
    assertThat(lobby.enter(one)).isFalse();
    assertThat(lobby.enter(two)).isTrue();
    assertThat(lobby.enter(two)).isFalse();
    lobby.leave(one);
    assertThat(lobby.enter(two)).isTrue();
    assertThat(lobby.enter(one)).isFalse();
    lobby.leave(one);
    lobby.leave(two);
    lobby.leave(two);
    for (int i = 0; i < 2; i++) {
      assertThat(lobby.enter(one)).isTrue();
    }
  }

  /** However many fail, the log gets a line a second. */
  @Test
  void refusalsAreToldInMeasure() {
    Instant[] now = {Instant.EPOCH};
    RefusalLog log = new RefusalLog(() -> now[0]);
    InetAddress address = InetAddress.ofLiteral("192.0.2.1");
    assertThat(log.refused(address, "no user 'x\ny'"))
        .isEqualTo("login from 192.0.2.1 refused: no user 'x?y'");
    assertThat(log.refused(address, "again")).isNull();
    assertThat(log.refused(address, "again")).isNull();
    now[0] = now[0].plus(Duration.ofSeconds(1));
    assertThat(log.refused(address, "later"))
        .isEqualTo("login from 192.0.2.1 refused: later (and 2 others since the last message)");
  }
}
