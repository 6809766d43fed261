package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every conformance test of libiscsi, each in a process of its own, against a daemon. The tool
 * counts a test that it skips as passed; here a skip is a failure unless it is among those that are
 * allowed, with the reason.
 */
@NullUnmarked
class SuiteIT {
  private static final long LIMIT_SECONDS = 60;
  private static final int MIB = 1 << 20;

  private static final Pattern LISTED = Pattern.compile("ALL\\.(\\w+\\.\\S+)");
  private static final Pattern SKIPPED = Pattern.compile("\\[SKIPPED\\]\\s*(.*)");
  private static final Pattern FAILED = Pattern.compile("\\[FAILED\\]\\s*(.*)");
  private static final Pattern ASSERTION = Pattern.compile("^\\s+\\d+\\. \\S+:\\d+\\s+- ", 8);

  private static final String NO_COPY = "EXTENDED COPY and its results are not implemented yet";
  private static final String NOT_ENCRYPTED = "no key whose loss would erase a volume";
  private static final String NOT_REMOVABLE = "a volume is no removable medium";

  /** Tests, or suites of tests, that may be skipped, and why. */
  private static final Map<String, String> MAY_SKIP =
      Map.ofEntries(
          Map.entry("ExtendedCopy", NO_COPY),
          Map.entry("ReceiveCopyResults", NO_COPY),
          Map.entry("PreventAllow", NOT_REMOVABLE),
          Map.entry("StartStopUnit.Simple", NOT_REMOVABLE),
          Map.entry("Sanitize.CryptoErase", NOT_ENCRYPTED),
          Map.entry("Sanitize.Readonly", NOT_ENCRYPTED), // its last part; the others run
          Map.entry("Sanitize.Reservations", NOT_ENCRYPTED)); // likewise

  private enum Status {
    PASSED,
    SKIPPED,
    FAILED
  }

  private record Outcome(Status status, String reason) {}

  @TempDir private Path directory;

  @Test
  void everyTestOfLibiscsi() throws IOException, InterruptedException {
    assumeTrue(Launcher.has("iscsi-test-cu"), "iscsi-test-cu is not installed");
    List<String> names = new ArrayList<>();
    Matcher listed = LISTED.matcher(Launcher.succeed("iscsi-test-cu", "--list"));
    while (listed.find()) {
      names.add(listed.group(1));
    }
    assertThat(names).as("tests that iscsi-test-cu has").hasSizeGreaterThan(200);
    ServerProcess server = ServerProcess.start(directory.resolve("data"));
    Map<String, Outcome> outcomes = new TreeMap<>();
    try {
      String url = server.createVolume("disk", 256 * MIB);
      String readOnly = server.createVolume("read-only", 64 * MIB);
      ServerProcess.Finished done =
          ServerProcess.run("volume", "protect", "read-only", "--data", server.data().toString());
      assertThat(done.exit()).as(done.error()).isZero();
      for (String name : names) {
        outcomes.put(name, run(name, name.startsWith("ReadOnly.") ? readOnly : url));
      }
    } finally {
      server.stop();
    }
    report(outcomes);
    assertThat(outcomes.keySet())
        .as("tests that failed, or were skipped for no reason that is known here")
        .filteredOn(name -> !isAccepted(name, outcomes.get(name)))
        .isEmpty();
  }

  private static boolean isAccepted(String name, Outcome outcome) {
    return outcome.status == Status.PASSED
        || (outcome.status == Status.SKIPPED && mayBeSkipped(name));
  }

  private static boolean mayBeSkipped(String name) {
    return MAY_SKIP.containsKey(name) || MAY_SKIP.containsKey(name.replaceFirst("\\..*", ""));
  }

  /** Runs a test; the second URL is the second path of those that want one. */
  private Outcome run(String name, String url) throws IOException, InterruptedException {
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder("iscsi-test-cu", "-d", "-S", "-v", "-t", "ALL." + name, url, url)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    process.getOutputStream().close();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      return new Outcome(Status.FAILED, "no end after %d s".formatted(LIMIT_SECONDS));
    }
    String text = Files.readString(output, StandardCharsets.ISO_8859_1);
    if (process.exitValue() != 0
        || !text.contains("passed")
        || text.contains("FAILED\n")
        || ASSERTION.matcher(text).find()) {
      return new Outcome(Status.FAILED, first(FAILED, text) + " exit " + process.exitValue());
    }
    String skipped = first(SKIPPED, text);
    return new Outcome(skipped.isEmpty() ? Status.PASSED : Status.SKIPPED, skipped);
  }

  private static String first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1).strip() : "";
  }

  private static void report(Map<String, Outcome> outcomes) {
    Map<Status, Integer> totals = new EnumMap<>(Status.class);
    outcomes.forEach((name, outcome) -> {
      totals.merge(outcome.status, 1, Integer::sum);
      if (outcome.status != Status.PASSED) {
        String expected = isAccepted(name, outcome) ? "" : " UNEXPECTED";
        System.out.printf("%s%s %s: %s%n", outcome.status, expected, name, outcome.reason);
      }
    });
    System.out.printf("iscsi-test-cu: %d tests, %s%n", outcomes.size(), totals);
  }
}
