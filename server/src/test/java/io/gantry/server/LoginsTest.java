package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/** How long browsers stay logged in, and how many of them. */
@NullUnmarked
class LoginsTest {
  private Instant now = Instant.parse("2027-01-01T00:00:00Z");
  private final Logins logins = new Logins(() -> now, new SecureRandom());

  @Test
  void endWhenIdle() {
    Logins.Made made = logins.add("token");
    for (int i = 0; i < 5; i++) {
      now = now.plus(Logins.IDLE).minusSeconds(1);
      assertThat(logins.find(made.cookie())).contains(made.login());
    }
    now = now.plus(Logins.IDLE);
    assertThat(logins.find(made.cookie())).isEmpty();
  }

  @Test
  void endAfterTheirLifetime() {
    Logins.Made made = logins.add("token");
    for (Instant end = now.plus(Logins.LIFETIME).minusSeconds(1); now.isBefore(end); ) {
      now = now.plus(Duration.ofMinutes(30)).isBefore(end) ? now.plusSeconds(1800) : end;
      assertThat(logins.find(made.cookie())).as("%s", now).isPresent();
    }
    now = now.plusSeconds(1);
    assertThat(logins.find(made.cookie())).isEmpty();
  }

  @Test
  void areSoManyAndNoTwoAlike() {
    List<Logins.Made> made = new ArrayList<>();
    for (int i = 0; i < Logins.MAXIMUM; i++) {
      now = now.plusMillis(1);
      made.add(logins.add("token"));
    }
    assertThat(logins.find(made.get(0).cookie())).isPresent(); // so number 1 is the idlest
    logins.add("token");
    assertThat(logins.find(made.get(0).cookie())).isPresent();
    assertThat(logins.find(made.get(1).cookie())).isEmpty();
    assertThat(logins.find(made.get(2).cookie())).isPresent();
    assertThat(new HashSet<>(made.stream().map(Logins.Made::cookie).toList()))
        .hasSize(Logins.MAXIMUM);
    assertThat(made).allSatisfy(one -> assertThat(one.login().csrf()).isNotEqualTo(one.cookie()));
  }

  @Test
  void logOut() {
    Logins.Made made = logins.add("token");
    logins.end(made.login());
    assertThat(logins.find(made.cookie())).isEmpty();
    assertThat(made.login().toString()).doesNotContain(made.cookie(), made.login().csrf());
  }
}
