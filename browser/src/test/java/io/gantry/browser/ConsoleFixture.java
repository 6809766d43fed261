package io.gantry.browser;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.server.Configuration;
import io.gantry.server.Daemon;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A daemon, its console in a browser, and hosts that use its volumes over iSCSI. */
@NullUnmarked
abstract class ConsoleFixture {
  private static final String CONFIG =
      """
      [pool.limits]
      used = "640M"

      [copy]
      rate = "2M"

      [[user]]
      name = "hyperv1"
      secret = "not for anybody else"

      [[access]]
      volumes = ["secret-*"]
      access = "none"

      [[access]]
      users = ["hyperv1"]
      initiators = ["iqn.1991-05.com.microsoft:*"]
      addresses = ["192.0.2.0/24", "2001:db8::/32"]
      volumes = ["vm-*", "golden"]

      [[access]]
      addresses = ["127.0.0.0/8"]
      """;

  @TempDir static Path directory;
  static Path config;
  static Daemon daemon;
  static Browser browser;
  private static int ports;

  private static final List<StorageHost> HOSTS = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    config = directory.resolve("gantry.toml");
    Files.writeString(config, CONFIG);
    Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-------"));
    daemon =
        Daemon.start(
            Configuration.of(config)
                .with("data", directory.resolve("data").toString())
                .with("iscsi", List.of("127.0.0.1:0"))
                .with("http", "127.0.0.1:0"),
            _ -> {});
    browser = new Browser("http://" + daemon.contact().http());
    browser.logIn(daemon.contact().token());
  }

  @AfterAll
  static void stop() throws IOException {
    for (StorageHost host : HOSTS) {
      host.close();
    }
    HOSTS.clear();
    if (browser != null) {
      browser.close();
    }
    daemon.close();
  }

  /** A test that failed may have left one open. */
  @BeforeEach
  void noDialogIsOpen() {
    browser.script("document.querySelector('dialog')?.close()");
  }

  /** Nothing was refused by the policy, no script failed, nothing was missing. */
  @AfterEach
  void theBrowserHasNothingToComplainAbout() {
    assertThat(browser.complaints()).isEmpty();
  }

  static Pool pool() {
    return daemon.pool();
  }

  static Volume volume(String name) {
    return pool().volume(name).orElseThrow();
  }

  static StorageHost host(String name, String volume) throws IOException {
    StorageHost host = new StorageHost(name, ++ports, daemon.url(volume(volume).lun()));
    HOSTS.add(host);
    return host;
  }
}
