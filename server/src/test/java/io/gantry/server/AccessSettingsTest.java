package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.target.Access;
import io.gantry.target.AccessPolicy;
import io.gantry.target.Identity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** What a configuration file says of users, rules and portals, and what is said of mistakes. */
@NullUnmarked
class AccessSettingsTest {
  private static final String ALICE = "[[user]]\nname = 'alice'\nsecret = 'a fine long secret'\n";

  @TempDir Path directory;

  private DaemonSettings read(String content) throws IOException {
    Path file = directory.resolve("gantry.toml");
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    return Configuration.of(file).read().settings();
  }

  @Test
  void usersAndRules() throws IOException {
    Files.writeString(directory.resolve("b"), "bob's long secret\n");
    Files.setPosixFilePermissions(
        directory.resolve("b"), PosixFilePermissions.fromString("rw-------"));
    DaemonSettings settings =
        read(
            ALICE
                + """
                targetName = "storage"
                targetSecret = "another long secret"
                [[user]]
                name = "bob"
                secretFile = "b"
                [[access]]
                users = "bob"
                access = "read-only"
                [[access]]
                initiators = ["iqn.*:one", "iqn.*:two"]
                addresses = ["192.0.2.0/24", "2001:db8::/32"]
                volumes = ["vm-*"]
                [redirect]
                address = "[2001:db8::1]:3260"
                permanent = true
                """);
    AccessPolicy policy = settings.access().policy();
    assertThat(policy.users()).containsExactly("alice", "bob");
    InetAddress address = InetAddress.ofLiteral("192.0.2.9");
    assertThat(policy.access(new Identity("iqn.x:two", null, address), "vm-1"))
        .isEqualTo(Access.READ_WRITE);
    assertThat(policy.access(new Identity("iqn.x:two", "bob", address), "vm-1"))
        .isEqualTo(Access.READ_ONLY);
    assertThat(policy.access(new Identity("iqn.x:six", "alice", address), "vm-1"))
        .isEqualTo(Access.NONE);
    assertThat(settings.access().redirection().address()).isEqualTo("[2001:db8::1]:3260");
    assertThat(settings.access().redirection().permanent()).isTrue();
    assertThat(new JsonMapper().writeValueAsString(AccessView.of(settings.iscsi(), policy)))
        .contains("192.0.2.0/24", "read-only", "alice")
        .doesNotContain("secret");
    assertThat(settings.toString()).doesNotContain("long secret");
  }

  @Test
  void portals() throws IOException {
    assertThat(read("iscsi = '192.0.2.1:1'").iscsi()).containsExactly(new HostPort("192.0.2.1", 1));
    assertThat(read("iscsi = ['192.0.2.1:1', '[::]:2']").iscsi())
        .containsExactly(new HostPort("192.0.2.1", 1), new HostPort("::", 2));
    assertThatThrownBy(() -> read("iscsi = []")).hasMessageContaining("iscsi is an empty list");
    assertThat(read("").iscsi()).containsExactly(DaemonSettings.DEFAULT_ISCSI);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[[user]]~secret = 'a fine long secret'|[[user]] number 1 needs a name",
        "[[user]]~name = 'bob'|[[user]] 'bob': needs secret or secretFile",
        "[[user]]~name = 'bob'~secret = 'too short..'|'bob' has fewer than 12 bytes",
        "[[user]]~name = 'bob'~secretFile = 'missing'|there is no secretFile",
        "[[user]]~name = 'bob'~secret = 'a fine long secret'~secretFile = 'x'|take one out",
        "ALICEtargetName = 'x'|mutual CHAP needs targetName and targetSecret",
        "ALICEtargetSecret = 'another long secret'|mutual CHAP needs",
        "ALICEtargetName = 'x'~targetSecret = 'a fine long secret'|same CHAP secret",
        "ALICEpassword = 'x'|there is no such key; there are name, secret",
        "ALICEALICE|two users 'alice'",
        "[[access]]~users = ['carol']|the user 'carol'",
        "[[access]]~addresses = ['host']|[[access]] number 1: 'host' is no range of addresses",
        "[[access]]~[[access]]~access = 'rw'|number 2: access is 'rw'; it can be read-write",
        "[[access]]~volumes = ['']|an empty pattern",
        "[redirect]~permanent = true|[redirect] needs an address"
      })
  void mistakes(String content, String message) {
    assertThatThrownBy(() -> read(content.replace("ALICE", ALICE).replace('~', '\n')))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("gantry.toml")
        .hasMessageContaining(message)
        .hasMessageNotContaining("fine long");
  }

  @Test
  void secretsThatEverybodyCanReadAreRefused() throws IOException {
    Path file = directory.resolve("open.toml");
    Files.writeString(file, ALICE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> Configuration.of(file).read())
        .hasMessageContaining("open.toml: everybody on this machine can read")
        .hasMessageContaining("chmod 600");
    Files.writeString(directory.resolve("alice"), "a fine long secret");
    Files.setPosixFilePermissions(
        directory.resolve("alice"), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> read("[[user]]\nname = 'alice'\nsecretFile = 'alice'\n"))
        .hasMessageContaining("alice: everybody");
  }

  @ParameterizedTest
  @CsvSource({
    "::1,[::1]:5",
    "::,[::]:5",
    "2001:db8::1,[2001:db8::1]:5",
    "2001:db8:0:0:1::1,[2001:db8::1:0:0:1]:5",
    "fe80::1:0:0:0,[fe80::1:0:0:0]:5",
    "2001:db8:1:2:3:4:5:6,[2001:db8:1:2:3:4:5:6]:5",
    "192.0.2.1,192.0.2.1:5"
  })
  void addressesAsPeopleWriteThem(String address, String text) throws UnknownHostException {
    HostPort portal = HostPort.of(new InetSocketAddress(InetAddress.getByName(address), 5));
    assertThat(portal).hasToString(text);
    assertThat(InetAddress.getByName(portal.host())).isEqualTo(InetAddress.getByName(address));
  }
}
