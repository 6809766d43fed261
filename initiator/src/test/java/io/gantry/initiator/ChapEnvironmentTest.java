package io.gantry.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.ChapCredentials;
import io.gantry.iscsi.ChapUser;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where credentials come from, and what is said without them. */
@NullUnmarked
class ChapEnvironmentTest {
  private static final String REST = "host/iqn.2026-11.io.gantry.test:t/0";
  private static final IscsiUrl PLAIN = IscsiUrl.parse("iscsi://" + REST);
  private static final IscsiUrl NAMED = IscsiUrl.parse("iscsi://alice@" + REST);
  private static final IscsiUrl COMPLETE = IscsiUrl.parse("iscsi://alice%in the url@" + REST);

  private static void assertSecret(ChapUser user, String name, String secret) {
    assertThat(user.initiator().name()).isEqualTo(name);
    assertThat(user.initiator().hasSecretOf(new ChapCredentials("x", secret))).isTrue();
  }

  @Test
  void theUrlGoesFirst() throws IOException {
    Map<String, String> environment =
        Map.of(ChapEnvironment.USER, "bob", ChapEnvironment.SECRET, "in the environment");
    assertThat(ChapEnvironment.user(PLAIN, Map.of())).isNull();
    assertSecret(ChapEnvironment.user(COMPLETE, environment), "alice", "in the url");
    assertSecret(ChapEnvironment.user(NAMED, environment), "alice", "in the environment");
    assertSecret(ChapEnvironment.user(PLAIN, environment), "bob", "in the environment");
  }

  @Test
  void mutual() throws IOException {
    ChapUser user =
        ChapEnvironment.user(
            COMPLETE,
            Map.of(ChapEnvironment.TARGET_USER, "t", ChapEnvironment.TARGET_SECRET, "its secret"));
    assertThat(user.target().name()).isEqualTo("t");
    assertThat(user.target().hasSecretOf(new ChapCredentials("x", "its secret"))).isTrue();
  }

  @Test
  void whatIsMissingIsNamedAndNoSecretTold() {
    assertThatThrownBy(() -> ChapEnvironment.user(NAMED, Map.of()))
        .hasMessageContaining("'alice' has no password")
        .hasMessageContaining(ChapEnvironment.SECRET);
    assertThatThrownBy(
            () -> ChapEnvironment.user(COMPLETE, Map.of(ChapEnvironment.TARGET_USER, "t")))
        .hasMessageContaining(ChapEnvironment.TARGET_SECRET + " is not")
        .hasMessageNotContaining("in the url");
    assertThatThrownBy(() ->
            ChapEnvironment.user(
                PLAIN,
                Map.of(ChapEnvironment.TARGET_USER, "t", ChapEnvironment.TARGET_SECRET, "hidden")))
        .hasMessageContaining(ChapEnvironment.USER)
        .hasMessageNotContaining("hidden");
    assertThatThrownBy(() ->
            ChapEnvironment.user(
                COMPLETE,
                Map.of(
                    ChapEnvironment.TARGET_USER, "t", ChapEnvironment.TARGET_SECRET, "in the url")))
        .hasMessageContaining("same CHAP secret")
        .hasMessageNotContaining("in the url");
    ChapUser user = new ChapUser(new ChapCredentials("a", "hidden"), null);
    assertThat(SessionOptions.standard().withUser(user).toString()).doesNotContain("hidden");
  }

  @ParameterizedTest
  @CsvSource({
    "'10.0.0.1:3261,1',10.0.0.1,3261",
    "'10.0.0.1',10.0.0.1,3260",
    "'[2001:db8::1]:3262,65535',2001:db8::1,3262",
    "'[::1]',::1,3260",
    "'storage.example,2',storage.example,3260",
    "'',,",
    "':3260',,",
    "'a:0',,",
    "'a:99999',,",
    "'::1',,",
    "'a b:1',,"
  })
  void targetAddresses(String text, String host, Integer port) {
    TargetAddress address = TargetAddress.parse(text);
    assertThat(address).isEqualTo(host == null ? null : new TargetAddress(host, port));
  }
}
