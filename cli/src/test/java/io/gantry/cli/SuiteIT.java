package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
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
  private static final long LIMIT_SECONDS = 120; // one of them sleeps for a minute
  private static final int MIB = 1 << 20;

  private static final Pattern LISTED = Pattern.compile("ALL\\.(\\w+\\.\\S+)");
  private static final Pattern SKIPPED = Pattern.compile("\\[SKIPPED\\]\\s*(.*)");
  private static final Pattern FAILED = Pattern.compile("\\[FAILED\\]\\s*(.*)");
  private static final Pattern ASSERTION =
      Pattern.compile("^\\s+\\d+\\. (\\S+:\\d+)\\s+- ", Pattern.MULTILINE);

  private static final String NOT_ENCRYPTED = "no key whose loss would erase a volume";
  private static final String NOT_REMOVABLE = "a volume is no removable medium";

  /** Tests, or suites of tests, that may be skipped, and why. */
  private static final Map<String, String> MAY_SKIP =
      Map.ofEntries(
          Map.entry("PreventAllow", NOT_REMOVABLE),
          Map.entry("StartStopUnit.Simple", NOT_REMOVABLE),
          Map.entry("Sanitize.CryptoErase", NOT_ENCRYPTED),
          Map.entry("Sanitize.Readonly", NOT_ENCRYPTED), // its last part; the others run
          Map.entry("Sanitize.Reservations", NOT_ENCRYPTED)); // likewise

  /**
   * Tests that fail with every target, and why. This one wants to see the answer of a function that
   * it has queued and not sent yet.
   */
  private static final Map<String, String> MUST_FAIL =
      Map.of("iSCSITMF.LUNResetSimpleAsync", "test_async_lu_reset_simple.c:157");

  /** Tests of what is not aligned to physical blocks; one of the others is wrong about them. */
  private static final Set<String> NEEDS_LARGE_BLOCKS =
      Set.of(
          "CompareAndWrite.InvalidDataOutSize",
          "WriteSame10.InvalidDataOutSize",
          "WriteSame10.UnmapUnaligned",
          "WriteSame16.InvalidDataOutSize",
          "WriteSame16.UnmapUnaligned");

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
      String large =
          server.createVolume("large-physical-blocks", 256 * MIB, "--block-size", "512e");
      // Erasing takes so long that there is time to look on.
      String full = server.createVolume("full", 1536L * MIB);
      fill(full, 1536L * MIB);
      String readOnly = server.createVolume("read-only", 64 * MIB);
      ServerProcess.Finished done =
          ServerProcess.run("volume", "protect", "read-only", "--data", server.data().toString());
      assertThat(done.exit()).as(done.error()).isZero();
      for (String name : names) {
        String volume =
            switch (name) {
              case "ReadOnly.ReadOnlySBC" -> readOnly;
              case "Sanitize.Reset" -> full;
              case String s when NEEDS_LARGE_BLOCKS.contains(s) -> large;
              default -> url;
            };
        outcomes.put(name, run(name, volume));
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

  private void fill(String url, long bytes) throws IOException, InterruptedException {
    Path file = directory.resolve("random");
    byte[] part = new byte[MIB];
    new Random(1).nextBytes(part);
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long written = 0; written < bytes; written += part.length) {
        out.write(part);
      }
    }
    ServerProcess.Finished copied = ServerProcess.run("copy", file.toString(), url);
    assertThat(copied.exit()).as(copied.error()).isZero();
    Files.delete(file);
  }

  private static boolean isAccepted(String name, Outcome outcome) {
    String mistake = MUST_FAIL.get(name);
    if (mistake != null) {
      return outcome.status == Status.FAILED && outcome.reason.contains(mistake);
    }
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
      String reason = first(FAILED, text) + " " + first(ASSERTION, text);
      return new Outcome(Status.FAILED, reason + " exit " + process.exitValue());
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
