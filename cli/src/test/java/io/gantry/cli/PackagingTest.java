package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.server.Configuration;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the packages say of paths, ports and commands is what the program does. */
class PackagingTest {
  private static final Path PACKAGING = Documents.ROOT.resolve("packaging");
  private static final Path DATA = Path.of("/var/lib/gantry");

  private static String read(String file) throws IOException {
    return Files.readString(PACKAGING.resolve(file));
  }

  private static DaemonSettings settings(Configuration configuration) throws IOException {
    return configuration.read().settings();
  }

  @Test
  void theDefaultConfigurationListensWhereTheProgramDoes() throws IOException {
    DaemonSettings usual = settings(Configuration.usual());
    DaemonSettings packaged = settings(Configuration.of(PACKAGING.resolve("gantry.toml")));
    assertThat(packaged.iscsi()).isEqualTo(usual.iscsi());
    assertThat(packaged.http()).isEqualTo(usual.http());
    assertThat(packaged.data()).isEqualTo(DATA);
  }

  /** Beyond the loopback: so TLS is needed, and nobody may get in without a user or a rule. */
  @Test
  void theContainerListensToOthersOnThePortsThatTheImageNames() throws IOException {
    DaemonSettings usual = settings(Configuration.usual());
    DaemonSettings contained = settings(Configuration.of(PACKAGING.resolve("image/gantry.toml")));
    assertThat(contained.tls()).isNotNull();
    assertThat(contained.access().policy().rules()).isEmpty();
    assertThat(contained.access().policy().users()).isEmpty();
    assertThat(contained.iscsi())
        .containsExactly(new HostPort("0.0.0.0", usual.iscsi().getFirst().port()));
    assertThat(contained.http()).isEqualTo(new HostPort("0.0.0.0", usual.http().port()));
    assertThat(read("image/Image.java"))
        .contains(
            "DATA = \"%s\"".formatted(DATA),
            "setExposedPorts(Port.tcp(%d), Port.tcp(%d))"
                .formatted(usual.iscsi().getFirst().port(), usual.http().port()));
  }

  @Test
  void theUnitRunsCommandsThatThereAre() throws IOException {
    List<String> commands =
        Pattern.compile("^Exec\\w+=/usr/bin/gantry (.*)$", Pattern.MULTILINE)
            .matcher(read("gantry.service"))
            .results()
            .map((MatchResult found) -> found.group(1))
            .toList();
    assertThat(commands).hasSize(2);
    for (String command : commands) {
      assertThat(Main.commandLine().parseArgs(command.split(" ")).errors()).isEmpty();
    }
    assertThat(commands.getFirst()).endsWith("--config /etc/gantry/gantry.toml");
  }

  @Test
  void everybodyMeansTheSameDirectories() throws IOException {
    assertThat(read("gantry.service")).contains("\nStateDirectory=gantry\n"); // of /var/lib
    assertThat(read("debian/build"))
        .contains("-Dgantry.data=" + DATA)
        .contains("echo /etc/gantry/gantry.toml >\"$tree/DEBIAN/conffiles\"");
    assertThat(read("debian/postinst")).contains("install -d -o gantry -g gantry -m 0700 " + DATA);
  }
}
