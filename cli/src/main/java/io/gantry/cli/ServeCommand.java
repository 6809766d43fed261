package io.gantry.cli;

import io.gantry.server.Configuration;
import io.gantry.server.Daemon;
import io.gantry.server.DaemonContact;
import io.gantry.server.DaemonSettings;
import io.gantry.server.HostPort;
import io.gantry.server.LogSettings;
import io.gantry.server.Systemd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "serve",
    header = "Serve a pool's volumes over iSCSI.",
    description = {
      "Runs until the process is told to stop.",
      "Makes the pool if the directory holds none. Prints a line that starts with 'ready' when it"
          + " accepts connections."
    },
    footer = {
      "",
      "Examples:",
      "  gantry serve",
      "  gantry serve --data /srv/gantry --iscsi 192.0.2.10:3260 \\",
      "               --config /etc/gantry.toml",
      "  gantry serve --data /srv/gantry --chunk 1M --preallocate 2T"
    })
final class ServeCommand implements Callable<Integer> {
  private static final Systemd SYSTEMD = Systemd.ofEnvironment();

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Directory of the pool (default: gantry-data).")
  private @Nullable Path data;

  @Option(
      names = "--iscsi",
      paramLabel = "HOST:PORT",
      converter = HostPortConverter.class,
      description = {
        "Where initiators connect to; port 0: any. Can be given several times.",
        "Default: 127.0.0.1:3260."
      })
  private @Nullable List<HostPort> iscsi;

  @Option(
      names = "--http",
      paramLabel = "HOST:PORT",
      converter = HostPortConverter.class,
      description = {"Where REST requests go; port 0: any.", "Default: 127.0.0.1:8260."})
  private @Nullable HostPort http;

  @Option(
      names = "--chunk",
      paramLabel = "SIZE",
      converter = Size.Converter.class,
      description = {
        "If the pool is made now: what it shares and allocates as one piece, 16K to 1M.",
        "Default: 64K."
      })
  private @Nullable Size chunk;

  @Option(
      names = "--checkpoint",
      paramLabel = "SIZE",
      converter = Size.Converter.class,
      description = {
        "How long the journal may grow before a checkpoint lets it go. More: longer starts after a"
            + " crash. Less: more writing.",
        "Default: 64M."
      })
  private @Nullable Size checkpoint;

  @Option(
      names = "--preallocate",
      paramLabel = "SIZE",
      converter = Size.Converter.class,
      description = "Take so much room for data from the file system at once, and keep it.")
  private @Nullable Size preallocate;

  @Option(
      names = "--verify-reads",
      description = "Compare what has a checksum (gantry pool scrub) with it at each read.")
  private @Nullable Boolean verifyReads;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = {
        "TOML file (docs/configuration.md). Options and variables of the environment such as"
            + " GANTRY_HTTP go before it; 'gantry config check' tells what is wrong with one, and"
            + " 'gantry config reload', or SIGHUP, has it read again."
      })
  private @Nullable Path config;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Configuration configuration =
        (config == null ? Configuration.usual() : Configuration.of(config))
            .withEnvironment(System.getenv())
            .with("data", data == null ? null : data.toString())
            .with("iscsi", iscsi == null ? null : iscsi.stream().map(HostPort::toString).toList())
            .with("http", http == null ? null : http.toString())
            .with(
                "pool.chunkBytes",
                chunk == null ? null : (int) Math.min(chunk.bytes(), Integer.MAX_VALUE))
            .with("pool.checkpointBytes", checkpoint == null ? null : checkpoint.bytes())
            .with("pool.preallocateBytes", preallocate == null ? null : preallocate.bytes())
            .with("pool.verifyReads", verifyReads);
    DaemonSettings settings = configuration.read().settings();
    settings.log().apply();
    Daemon daemon = Daemon.start(configuration, LogSettings::apply);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(daemon), "stop"));
    HangUp.handle(() -> reload(daemon));
    DaemonContact contact = daemon.contact();
    if (contact.fingerprint() != null) {
      spec.commandLine().getOut().printf("TLS certificate SHA-256 %s%n", contact.fingerprint());
    }
    spec.commandLine()
        .getOut()
        .printf(
            "ready: iSCSI %s, target %s, REST %s, data %s%n",
            contact.iscsi(), contact.target(), contact.url(), settings.data());
    spec.commandLine().getOut().flush();
    SYSTEMD.ready("serving on " + contact.iscsi());
    if (isUseless(settings)) {
      spec.commandLine()
          .getErr()
          .println(
              "gantry: others can reach this portal but not log in: it has no users and no rules"
                  + " (docs/access.md)");
      spec.commandLine().getErr().flush();
    }
    new CountDownLatch(1).await(); // a signal ends it, through the hook
    return 0;
  }

  /** What a signal asks for is answered where the log goes. */
  private static void reload(Daemon daemon) {
    try {
      System.err.println("gantry: " + daemon.reload());
    } catch (IOException e) {
      System.err.println("gantry: nothing has changed: " + e.getMessage());
    }
  }

  /** Whether a portal is there for others than this machine, and all of them are refused. */
  private static boolean isUseless(DaemonSettings settings) {
    return settings.access().policy().users().isEmpty()
        && settings.access().policy().rules().isEmpty()
        && settings.iscsi().stream()
            .anyMatch(portal -> !portal.toSocketAddress().getAddress().isLoopbackAddress());
  }

  /** A signal that stops a daemon is a success of the daemon if it stopped cleanly. */
  private static void stop(Daemon daemon) {
    int exitCode = 0;
    SYSTEMD.stopping();
    try {
      daemon.close();
    } catch (IOException e) {
      System.err.println("gantry: " + e.getMessage());
      for (Throwable cause : e.getSuppressed()) {
        System.err.println("gantry:   " + cause);
      }
      exitCode = 1;
    }
    Runtime.getRuntime().halt(exitCode);
  }

  static final class HostPortConverter implements ITypeConverter<HostPort> {
    @Override
    public HostPort convert(String value) {
      try {
        return HostPort.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
