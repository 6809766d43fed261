package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.store.PoolLimits;
import io.gantry.store.SpaceLimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where settings come from, what is said of mistakes, and that every key is documented. */
@NullUnmarked
class ConfigurationTest {
  @TempDir private Path directory;

  private Path file(String content) throws IOException {
    Path file = directory.resolve("gantry.toml");
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  private static String source(Configuration.Loaded loaded, String key) {
    return loaded.values().stream()
        .filter(value -> value.key().equals(key))
        .map(value -> value.value() + " from " + value.source())
        .collect(Collectors.joining());
  }

  @Test
  void optionsGoBeforeVariablesAndTheseBeforeTheFile() throws IOException {
    Path file =
        file(
            """
            data = "/srv/gantry"
            http = "127.0.0.1:1"
            iscsi = "0.0.0.0:3260"
            [pool]
            chunkBytes = 1048576
            verifyReads = true
            """);
    Configuration.Loaded loaded =
        Configuration.of(file)
            .withEnvironment(
                Map.of(
                    "GANTRY_HTTP",
                    "127.0.0.1:2",
                    "GANTRY_ISCSI",
                    "127.0.0.1:5, [::1]:6",
                    "GANTRY_POOL_VERIFY_READS",
                    "false",
                    "GANTRY_POOL_LIMITS_PINNED_PER_INITIATOR",
                    "7%",
                    "HOME",
                    "/root"))
            .with("http", "127.0.0.1:3")
            .with("pool.checkpointBytes", 4096L)
            .with("pool.preallocateBytes", null)
            .read();
    DaemonSettings settings = loaded.settings();
    assertThat(settings.data()).isEqualTo(Path.of("/srv/gantry"));
    assertThat(settings.http()).isEqualTo(new HostPort("127.0.0.1", 3));
    assertThat(settings.iscsi())
        .containsExactly(new HostPort("127.0.0.1", 5), new HostPort("::1", 6));
    assertThat(settings.pool().chunkBytes()).isEqualTo(1 << 20);
    assertThat(settings.pool().checkpointBytes()).isEqualTo(4096);
    assertThat(settings.pool().verifyReads()).isFalse();
    assertThat(settings.pool().limits().pinnedOfOwner()).isEqualTo(SpaceLimit.ofPercent(7));

    assertThat(source(loaded, "data")).isEqualTo("\"/srv/gantry\" from %s:1:1", file);
    assertThat(source(loaded, "pool.chunkBytes")).isEqualTo("1048576 from %s:5:1", file);
    assertThat(source(loaded, "http")).isEqualTo("\"127.0.0.1:3\" from the command line");
    assertThat(source(loaded, "pool.verifyReads")).isEqualTo("false from GANTRY_POOL_VERIFY_READS");
    assertThat(source(loaded, "log.level")).isEqualTo("\"warning\" from default");
  }

  @Test
  void theWholeOfIt() throws IOException {
    DaemonSettings settings =
        Configuration.of(
                file(
                    """
                    [pool.limits]
                    tokens = 1000000
                    pinned = "20%"
                    used = "500G"
                    tokensPerInitiator = 100
                    pinnedPerInitiator = "5G"
                    [audit]
                    file = "trail"
                    maximumBytes = 100000
                    kept = 0
                    [log]
                    level = "debug"
                    format = "json"
                    levels = "io.helidon=error, io.netty=off"
                    [tls]
                    keystore = "a.p12"
                    passwordFile = "/b"
                    """))
            .read()
            .settings();
    assertThat(settings.pool().limits())
        .isEqualTo(
            new PoolLimits(
                1_000_000,
                100,
                SpaceLimit.ofPercent(20),
                SpaceLimit.ofBytes(5L << 30),
                PoolLimits.defaults().low(),
                SpaceLimit.ofBytes(500L << 30)));
    assertThat(settings.audit())
        .isEqualTo(new AuditSettings(directory.resolve("trail"), 100_000, 0));
    assertThat(settings.log())
        .isEqualTo(
            new LogSettings(
                Level.FINE, Map.of("io.helidon", Level.SEVERE, "io.netty", Level.OFF), true));
    assertThat(settings.tls())
        .isEqualTo(new TlsSettings(false, null, null, directory.resolve("a.p12"), Path.of("/b")));
    assertThat(Configuration.of(file("tls = \"self-signed\"")).read().settings().tls())
        .isEqualTo(TlsSettings.SELF_SIGNED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "date = 1|1:1: date: there is no such key; there are access, audit, copy, data",
        "~~[pool]~chunkbytes = 1|4:1: pool.chunkbytes: there is no such key; there are"
            + " checkpointBytes, chunkBytes",
        "[pool]~  chunkBytes = '64K'|2:3: pool.chunkBytes: bytes, a power of two, 16384 to 1048576"
            + " is needed, as in 1048576",
        "[pool]~chunkBytes = 1.5|2:1: pool.chunkBytes: bytes",
        "[pool]~verifyReads = 'yes'|2:1: pool.verifyReads: `true` or `false` is needed, as in true",
        "pool = 5|1:1: pool: something else is needed",
        "iscsi = '3260'|1:1: iscsi[0]: '3260' is no address: write HOST:PORT",
        "[pool]~checkpointBytes = 0|2:1: pool.checkpointBytes: 1 or more",
        "[pool]~~chunkBytes = 3|3:1: pool.chunkBytes: 3 is no size of chunks: a power of two",
        "[pool]~preallocateBytes = -1|2:1: pool.preallocateBytes: 0 or more",
        "[pool.limits]~tokens = 99999999999999999999|2:1: pool.limits.tokens: number is needed",
        "http = '0.0.0.0:8260'|1:1: others can reach 0.0.0.0:8260, so the REST interface needs TLS",
        "[pool.limits]~pinned = 'lots'|2:1: pool.limits.pinned: 'lots' is no limit of space: write"
            + " 80%, 500G or none",
        "[pool.limits]~tokens = -1|2:1: pool.limits.tokens: -1 is no number of tokens",
        "[[access]]~~[[access]]~adresses = '::1'|4:1: access[1].adresses: there is no such key;"
            + " there are access, addresses",
        "[[access]]~~[[access]]~access = 'rw'|3:3: [[access]] number 2: access is 'rw'; it can be",
        "[copy]~speed = 1|2:1: copy.speed: there is no such key; there are budgetMillis",
        "[log]~level = 'loud'|2:1: 'loud': it can be off, error, warning",
        "[log]~format = 'xml'|2:1: 'xml': it can be text or json",
        "[log]~levels = 'io.gantry'|2:1: 'io.gantry': write NAME=LEVEL",
        "[audit]~kept = -1|1:2: audit: an audit trail of",
        "tls = 'on'|1:1: tls: 'on' can be \"self-signed\", or a table [tls]",
        "[tls]~certificate = 'x'|1:2: tls: tls is \"self-signed\", or has certificate and key",
        "a = 1~b = = 2|2:5: ",
        "data = 'x'~data = 'y'|2:"
      })
  void mistakesAreToldWithTheirPlace(String content, String message) throws IOException {
    Path file = file(content.replace('~', '\n').replace('\'', '"'));
    assertThatThrownBy(() -> Configuration.of(file).read())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ":")
        .hasMessageContaining(message);
  }

  @Test
  void mistakesElsewhereAreToldWithTheirPlaceToo() throws IOException {
    for (Map.Entry<Map<String, String>, String> one :
        Map.of(
                Map.of("GANTRY_HTPP", "x"), "GANTRY_HTPP: there is no such variable",
                Map.of("GANTRY_HTTP", "x"), "GANTRY_HTTP: http: 'x' is no address",
                Map.of("GANTRY_POOL_CHUNK_BYTES", "x"), "a whole number is needed",
                Map.of("GANTRY_POOL_VERIFY_READS", "yes"), "true or false",
                Map.of("GANTRY_TLS", "on"), "GANTRY_TLS: tls: 'on' can be")
            .entrySet()) {
      assertThatThrownBy(() -> Configuration.usual().withEnvironment(one.getKey()).read())
          .isInstanceOf(IOException.class)
          .hasMessageContaining(one.getValue());
    }
    assertThatThrownBy(() -> Configuration.of(directory.resolve("none")).read())
        .hasMessageContaining("no such configuration file");
  }

  @Test
  void secretsAreShownNowhere() throws IOException {
    Configuration.Loaded loaded =
        Configuration.of(file("[[user]]\nname = \"alice\"\nsecret = \"a fine long secret\"\n"))
            .read();
    assertThat(source(loaded, "user[0].secret")).startsWith("(secret) from ");
    assertThat(source(loaded, "user[0].name")).startsWith("\"alice\" from ");
    assertThat(loaded.toString()).doesNotContain("fine long");
  }

  // Documentation.

  @Test
  void everyComponentOfEveryTableIsAKey() {
    assertThat(ConfigFile.leaves()).extracting(ConfigFile.Leaf::path).doesNotHaveDuplicates();
    for (Class<?> table :
        List.of(
            PoolSettings.Partial.class,
            PoolSettings.Limits.class,
            AccessSettings.User.class,
            AccessSettings.Rule.class,
            AccessSettings.Redirect.class,
            CopySettings.Copy.class,
            CopySettings.Fault.class,
            AuditSettings.Audit.class,
            MonitoringSettings.Monitoring.class,
            LogSettings.Log.class)) {
      assertThat(table.getRecordComponents())
          .allMatch(component ->
              component.getType().isRecord() || component.isAnnotationPresent(Key.class));
    }
  }

  /** What is said to be usual is what counts when nothing is said. */
  @Test
  void whatIsSaidToBeUsualIs() throws IOException {
    StringBuilder all = new StringBuilder();
    for (ConfigFile.Leaf leaf : ConfigFile.leaves()) {
      if (!leaf.repeated() && !leaf.key().initial().isEmpty()) {
        all.append(leaf.path()).append(" = ").append(leaf.key().initial()).append('\n');
      }
    }
    DaemonSettings said = Configuration.of(file(all.toString())).read().settings();
    DaemonSettings usual = Configuration.usual().read().settings();
    assertThat(said.copies().options().withTicker(usual.copies().options().ticker()).toString())
        .isEqualTo(usual.copies().options().toString());
    assertThat(said.pool()).isEqualTo(usual.pool());
    assertThat(said.monitoring()).isEqualTo(usual.monitoring());
    assertThat(said.audit()).isEqualTo(usual.audit());
    assertThat(said.log()).isEqualTo(usual.log());
    assertThat(said.data()).isEqualTo(usual.data());
    assertThat(said.iscsi()).isEqualTo(usual.iscsi());
    assertThat(said.http()).isEqualTo(usual.http());
  }

  @SuppressWarnings("StringConcatToTextBlock") // a line each is easier to read here
  @Test
  void everyExampleCanBeWritten() throws IOException {
    for (ConfigFile.Leaf leaf : ConfigFile.leaves()) {
      String table = leaf.path().contains(".") ? leaf.path().replaceAll("\\.[^.]*$", "") : "";
      String key = leaf.path().substring(table.isEmpty() ? 0 : table.length() + 1);
      String with =
          switch (leaf.path()) {
            case "user.secret", "user.secretFile" -> "name = \"x\"\n";
            case "user.name" -> "secret = \"a secret of twelve\"\n";
            case "user.targetName" ->
                "name = \"x\"\n"
                    + "secret = \"a secret of twelve\"\n"
                    + "targetSecret = \"another one, twelve\"\n";
            case "user.targetSecret", "user.targetSecretFile" ->
                "name = \"x\"\nsecret = \"a secret of twelve\"\ntargetName = \"y\"\n";
            case "redirect.permanent" -> "address = \"192.0.2.1:1\"\n";
            case "tls.certificate" -> "key = \"x\"\n";
            case "tls.key" -> "certificate = \"x\"\n";
            case "tls.keystore" -> "passwordFile = \"x\"\n";
            case "tls.passwordFile" -> "keystore = \"x\"\n";
            default ->
                leaf.path().startsWith("fault.") && !key.equals("volume") ? "volume = \"x\"\n" : "";
          };
      String users =
          leaf.path().equals("access.users")
              ? "[[user]]\nname = \"hyperv1\"\nsecret = \"a secret of twelve\"\n"
              : "";
      if (leaf.path().endsWith("ecretFile")) {
        Path secret = directory.resolve(leaf.key().example().replace("\"", ""));
        Files.writeString(secret, "a file with another secret");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
      }
      String heading =
          table.isEmpty() ? "" : (leaf.repeated() ? "[[%s]]\n" : "[%s]\n").formatted(table);
      String text = users + heading + with + key + " = " + leaf.key().example() + "\n";
      assertThat(Configuration.of(file(text)).read().values()).as(text).isNotEmpty();
    }
  }

  @Test
  void everyKeyIsDocumented() throws IOException {
    RestDocumentTest.check(
        Path.of("..", "docs", "configuration.md"),
        "\n| --- | --- | --- | --- | --- | --- |\n",
        ConfigFile.leaves().stream()
            .map(leaf ->
                "| `%s` | %s | %s | %s | `%s = %s` | %s |\n"
                    .formatted(
                        leaf.path(),
                        leaf.key().meaning(),
                        leaf.key().form(),
                        leaf.key().initial().isEmpty() ? "" : "`" + leaf.key().initial() + "`",
                        leaf.path().substring(leaf.path().lastIndexOf('.') + 1),
                        leaf.key().example(),
                        leaf.key().reload() ? "reload" : "restart"))
            .collect(Collectors.joining()));
  }
}
