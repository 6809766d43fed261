package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** How guessing is slowed down, and how logins end. */
@NullUnmarked
class LoginGuardTest {
  private Instant now = Instant.parse("2027-01-01T00:00:00Z");
  private final LoginGuard guard = new LoginGuard(() -> now);

  private static InetAddress address(String text) throws UnknownHostException {
    return InetAddress.getByName(text);
  }

  @Test
  void waitsDoubleAndEnd() throws Exception {
    InetAddress guesser = address("192.0.2.1");
    for (int i = 1; i < LoginGuard.FREE; i++) {
      assertThat(guard.failed(guesser)).isTrue();
      assertThat(guard.remaining(guesser)).as("after %d", i).isZero();
    }
    for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
      guard.failed(guesser);
      assertThat(guard.remaining(guesser)).isEqualTo(Duration.ofSeconds(seconds));
    }
    assertThat(guard.remaining(address("192.0.2.2"))).isZero();
    now = now.plusSeconds(299);
    assertThat(guard.remaining(guesser)).isEqualTo(Duration.ofSeconds(1));
    now = now.plusSeconds(1);
    assertThat(guard.remaining(guesser)).isZero();
    guard.failed(guesser);
    assertThat(guard.remaining(guesser)).isEqualTo(Duration.ofMinutes(5));
    guard.succeeded(guesser);
    assertThat(guard.remaining(guesser)).isZero();
  }

  @Test
  void isForgottenAfterAWhile() throws Exception {
    InetAddress guesser = address("192.0.2.1");
    IntStream.range(0, 20).forEach(_ -> guard.failed(guesser));
    now = now.plus(Duration.ofMinutes(16));
    guard.failed(guesser);
    assertThat(guard.remaining(guesser)).isZero();
  }

  @Test
  void theSameNetworkOfOneHostCountsAsOne() throws Exception {
    for (int i = 0; i < 5; i++) {
      guard.failed(address("2001:db8:1:2::" + (i + 1)));
    }
    assertThat(guard.remaining(address("2001:db8:1:2:ffff::1"))).isPositive();
    assertThat(guard.remaining(address("2001:db8:1:3::1"))).isZero();
  }

  @Test
  void remembersSoManyAddresses() throws Exception {
    for (int round = 0; round < 5; round++) {
      guard.failed(address("192.0.2.1"));
    }
    for (int i = 0; i < LoginGuard.MAXIMUM - 1; i++) {
      guard.failed(InetAddress.getByAddress(new byte[] {10, 0, (byte) (i >> 8), (byte) i}));
    }
    assertThat(guard.remaining(address("192.0.2.1"))).isPositive();
    guard.failed(address("192.0.2.2"));
    assertThat(guard.remaining(address("192.0.2.1"))).isZero();
  }

  @Test
  void floodsAreToldSparsely() throws Exception {
    InetAddress guesser = address("192.0.2.1");
    long told = IntStream.range(0, 100_000).filter(_ -> guard.failed(guesser)).count();
    assertThat(told).isBetween(10L, 25L);
  }
}
