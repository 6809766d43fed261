package io.gantry.browser;

import static io.gantry.browser.StorageHost.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.store.Snapshot;
import io.gantry.store.Token;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.Keys;

/** Everything that can be done in the console, done, and looked for in the pool. */
@NullUnmarked
@Timeout(120)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsoleActionsTest extends ConsoleFixture {
  private static final Path SOURCES =
      Path.of("../server/src/main/resources/io/gantry/server/console");
  private static final Pattern CALL =
      Pattern.compile("call\\('((?!GET)[A-Z]+)', (?:path)?['`]([^'`]+)['`]");

  private static int testsDone;

  @AfterEach
  void count() {
    testsDone++;
  }

  private static void confirm(String word, String submit) {
    browser.fill("Type " + word + " to go on", word);
    browser.click(submit);
    browser.awaitDone();
  }

  @Test
  void volumesAreMadeChangedAndDeleted() throws IOException {
    browser.go("volumes", "Volumes");
    browser.click("New volume");
    browser.fill("Name", "web 1");
    browser.awaitText("dialog", "Letters, digits");
    assertThat(browser.control("Create volume").isEnabled()).isFalse();
    browser.fill("Name", "web-1");
    browser.fill("Size", "1000");
    browser.awaitText("dialog", "A multiple of 512 bytes");
    browser.fill("Size", "1.5G");
    browser.awaitText("dialog", "1,610,612,736 bytes");
    browser.choose("Blocks", "512 bytes, physical 4096 (512e)");
    browser.click("Create volume");
    browser.awaitDone();
    browser.awaitText("h1", "web-1");
    assertThat(volume("web-1").sizeBytes()).isEqualTo(3L << 29);
    browser.awaitText(".url-line", daemon.url(volume("web-1").lun()));
    browser.awaitText(".facts", "512 bytes, physical 4096");

    browser.click("Resize");
    browser.fill("New size", "2G");
    browser.click("Grow");
    browser.awaitDone();
    assertThat(volume("web-1").sizeBytes()).isEqualTo(2L << 30);

    host("web", "web-1").write(3L << 20, 1); // at 1.5 GiB
    browser.awaitText(".facts", "2.00 GiB");
    browser.click("Resize");
    browser.fill("New size", "1G");
    assertThat(browser.control("Shrink").isEnabled()).as("before it is agreed").isFalse();
    browser.awaitText("dialog", "Cut off the last 1.00 GiB");
    browser.script("document.querySelector('dialog input[type=checkbox]').click()");
    browser.click("Shrink");
    browser.awaitDone();
    assertThat(volume("web-1").sizeBytes()).isEqualTo(1L << 30);

    browser.click("More actions");
    browser.click("Rename");
    browser.fill("New name", "web-2");
    browser.control("Rename");
    browser.press(Keys.ENTER);
    browser.awaitDone();
    browser.awaitText("h1", "web-2");
    assertThat(pool().volume("web-1")).isEmpty();

    browser.click("More actions");
    browser.click("Make read-only");
    browser.click("Make read-only");
    browser.awaitDone();
    assertThat(volume("web-2").readOnly()).isTrue();
    browser.awaitText("h1", "read-only");
    browser.click("More actions");
    browser.click("Allow writing");
    browser.click("Allow writing");
    browser.awaitDone();
    assertThat(volume("web-2").readOnly()).isFalse();

    browser.go("volumes", "Volumes");
    browser.click("Actions for web-2");
    browser.click("Delete");
    browser.fill("Type web-2 to go on", "web-");
    assertThat(browser.control("Delete volume").isEnabled()).isFalse();
    browser.awaitText("dialog", "cannot be brought back");
    confirm("web-2", "Delete volume");
    assertThat(pool().volume("web-2")).isEmpty();
    browser.awaitNoText("table", "web-2");
  }

  @Test
  void snapshotsAreTakenClonedRolledBackToAndDeleted() throws IOException {
    pool().createVolume("golden", 64 << 20, 512);
    StorageHost host = host("golden", "golden");
    host.write(0, 4);
    browser.go("volumes/golden", "golden");
    browser.awaitText("main", "gantry snapshot create golden");
    browser.click("Snapshot");
    browser.fill("Name", "clean");
    browser.click("Take snapshot");
    browser.awaitDone();
    browser.awaitText("table", "clean");
    Snapshot snapshot = pool().snapshot(volume("golden"), "clean").orElseThrow();
    assertThat(pool().usage(snapshot).mappedBytes()).isEqualTo(4 << 20);

    host.fill(MIB, (byte) 99);
    assertThat(host.first(MIB)).isEqualTo((byte) 99);
    browser.awaitText(".sharers", "golden@clean");
    browser.awaitText(".sharers", "3.00 MiB");
    browser.click("Show where golden@clean shares");
    browser.await(
        "the picture of it",
        () -> browser.script("return document.querySelector('.map .dim')") != null);

    browser.click("Clone golden@clean");
    browser.fill("Name of the clone", "golden");
    browser.awaitText("dialog", "There is a 'golden' already");
    browser.fill("Name of the clone", "vm-7");
    browser.click("Clone");
    browser.awaitDone();
    browser.awaitText("h1", "vm-7");
    assertThat(volume("vm-7").usage().sharedBytes()).isEqualTo(4 << 20);
    browser.awaitText(".sharers", "golden@clean");

    browser.go("volumes/golden", "golden");
    browser.click("Actions for golden@clean");
    browser.click("Roll back");
    browser.awaitText("dialog", "is lost, unless another snapshot has it");
    confirm("golden", "Roll back");
    assertThat(host.first(MIB)).isEqualTo((byte) 2);
    assertThat(volume("golden").usage().uniqueBytes()).isZero();

    browser.click("More actions");
    browser.click("Delete");
    browser.fill("Type golden to go on", "golden");
    browser.click("Delete volume");
    browser.awaitText("dialog [role=alert]", "volume golden has snapshots (1): delete them first");
    assertThat(browser.complaints()).singleElement().asString().contains("409");
    browser.press(Keys.ESCAPE);
    browser.awaitDone();

    browser.click("Actions for golden@clean");
    browser.click("Delete");
    confirm("clean", "Delete snapshot");
    assertThat(pool().snapshots(volume("golden"))).isEmpty();
    browser.awaitText("main", "No snapshots");
  }

  @Test
  void tokensTickAndAreRevoked() throws IOException {
    pool().createVolume("tokens", 64 << 20, 512);
    StorageHost host = host("tokens", "tokens");
    host.write(0, 8);
    host.token(0, 8, 600);
    Token token = pool().tokens().getLast();
    String id = "%016x".formatted(token.number());
    browser.go("tokens", "Tokens");
    browser.awaitText("table", id);
    browser.awaitText("tbody", "iqn.1991-05.com.microsoft:tokens");
    browser.awaitText("[role=timer]", "9 min");
    String before = browser.text("[role=timer]");
    browser.await("a tick", () -> !browser.text("[role=timer]").equals(before));
    host.write(0, 8); // now only the token has what was there
    browser.awaitText("td[data-name=Pins]", "8.00 MiB");
    browser.click("Revoke token " + id);
    browser.awaitText("dialog", "8.00 MiB");
    browser.click("Revoke token");
    browser.awaitDone();
    assertThat(pool().token(token.number())).isEmpty();
    browser.awaitNoText("main", id);
  }

  @Test
  void copiesSayWhyAndAreCancelled() throws IOException {
    pool().createVolume("source", 128 << 20, 512);
    pool().createVolume("target", 256 << 20, 512);
    StorageHost source = host("copies", "source");
    source.write(0, 96);
    StorageHost target = host("copies", "target");
    byte[] token = source.token(0, 96, 600);
    assertThat(target.copy(token, 0, 96, false).isGood()).isTrue();
    // By moving, at 2 MiB a second: long enough for all that is looked at.
    assertThat(target.copy(token, 96L * MIB + 1, 96, true).isGood()).isTrue();
    browser.go("copies", "Copies");
    browser.awaitText("tbody", "source → target");
    browser.awaitText("tbody", "completed");
    browser.await(
        "progress",
        () ->
            Boolean.TRUE.equals(
                browser.script("return document.querySelector('.running progress')?.value > 1e6")));
    Object cancel =
        browser.script("return document.querySelector('.running [aria-label^=Cancel]').ariaLabel");
    String copy = String.valueOf(cancel).replace("Cancel ", "");
    browser.go("events", "Events");
    browser.await("how far it is", () -> progress(copy).size() == 1);
    String before = progress(copy).getFirst();
    browser.await("that it is further", () -> !progress(copy).equals(List.of(before)));
    assertThat(progress(copy)).as("only the newest").hasSize(1);
    browser.go("copies", "Copies");
    browser.click(String.valueOf(cancel));
    browser.awaitText("dialog", "iqn.1991-05.com.microsoft:copies");
    browser.click("Cancel copy");
    browser.awaitDone();
    browser.awaitText("tbody", "aborted");
    browser.awaitText("tbody .why", "Not offloaded: source and destination lie differently");
    assertThat(browser.text(".running")).isEmpty();
  }

  private static List<String> progress(String copy) {
    return browser
        .text(".event-text")
        .lines()
        .filter(line -> line.matches(copy + ": .* of .* bytes"))
        .toList();
  }

  @Test
  void sessionsAreDropped() throws IOException {
    pool().createVolume("sessions", 64 << 20, 512);
    StorageHost host = host("dropped", "sessions");
    host.write(0, 1);
    browser.go("sessions", "Sessions");
    browser.awaitText("tbody", "iqn.1991-05.com.microsoft:dropped");
    browser.awaitText("tbody", "1.00 MiB");
    Object drop =
        browser.script(
            "return"
                + " document.querySelector('[aria-label^=Drop][aria-label$=\"microsoft:dropped\"]').ariaLabel");
    browser.click(String.valueOf(drop));
    browser.click("Drop session");
    browser.awaitDone();
    browser.awaitNoText("main", "microsoft:dropped");
    assertThat(host.isLoggedIn()).isFalse();
  }

  @Test
  void accessIsReadAgain() throws IOException {
    browser.go("access", "Access");
    browser.awaitText("main", "hyperv1");
    assertThat(browser.text("main")).contains("secret-*", "2001:db8:", "read-write", "none");
    assertThat(browser.text("html")).doesNotContain("not for anybody else");
    String before = Files.readString(config);
    Files.writeString(
        config, before + "\n[[user]]\nname = \"backup\"\nsecret = \"another long secret\"\n");
    browser.click("Reload");
    browser.awaitText("main", "backup");
    Files.writeString(config, "[[user]\n");
    browser.click("Reload");
    browser.awaitText(".toast.error", "gantry.toml");
    assertThat(browser.complaints()).singleElement().asString().contains("409");
    browser.script("document.querySelector('.toast.error button').click()");
    browser.awaitNoText("body", "Unexpected token");
    Files.writeString(config, before);
    browser.click("Reload");
    browser.awaitNoText("main", "backup");
  }

  @Test
  void theOverviewIsThePool() throws IOException {
    pool().createVolume("overview", 256 << 20, 512);
    StorageHost host = host("overview", "overview");
    host.write(0, 16);
    pool().cloneVolume(volume("overview"), "overview-clone");
    host.token(0, 16, 600);
    browser.go("", "Overview");
    browser.awaitText(".space", "Pinned by tokens");
    browser.await("what is shared", () -> !browser.text(".legend .shared + dd").startsWith("0 B"));
    browser.awaitText("main", "iqn.1991-05.com.microsoft:overview");
    browser.await(
        "a line in the chart",
        () -> browser.script("return document.querySelector('.line.write')") != null);
    browser.click("Scrub");
    browser.awaitText(".scrub", "found nothing wrong");
  }

  @Test
  void aScrubIsStopped() throws Exception {
    pool().createVolume("scrubbed", 64 << 20, 512);
    host("scrubbed", "scrubbed").write(0, 2);
    browser.go("", "Overview");
    browser.await("the end of the last one", () -> browser.has("Scrub"));
    post("/api/v1/pool/scrub?bytesPerSecond=1"); // one that would take days
    browser.awaitText(".scrub", "read");
    browser.click("Stop scrub");
    browser.awaitText(".scrub", "last scrub was stopped");
  }

  private static void post(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + daemon.contact().http() + path))
            .header("Authorization", "Bearer " + daemon.contact().token())
            .POST(BodyPublishers.noBody())
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      assertThat(client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(202);
    }
  }

  @Test
  void faultsOnPurposeAreLoudAndCanBeSwitchedOff() throws IOException {
    pool().createVolume("scratch", 64 << 20, 512);
    StorageHost host = host("scratch", "scratch");
    host.write(0, 1);
    browser.go("volumes/scratch", "scratch");
    browser.click("More actions");
    browser.click("Faults on purpose");
    browser.fill("Status that is told", "80");
    browser.awaitText("dialog", "That is none");
    assertThat(browser.control("Switch on").isEnabled()).isFalse();
    browser.fill("Status that is told", Keys.BACK_SPACE.toString());
    browser.fill("Copies end after", "5");
    browser.click("Switch on");
    browser.awaitDone();
    browser.awaitText(".alert.loud", "copies end after 5 blocks");
    browser.awaitText(".top", "Faults on purpose");
    byte[] token = host.token(0, 1, 60);
    assertThat(host.copy(token, 8 * MIB, 1, false).isGood()).isFalse();
    browser.click("Change");
    browser.await(
        "what is on", () -> "5".equals(browser.field("Copies end after").getDomProperty("value")));
    browser.fill("Commands take longer by", "1");
    browser.click("Switch on");
    browser.awaitDone();
    browser.awaitText(".alert.loud", "copies end after 5 blocks, commands take 1 ms longer");
    browser.go("volumes", "Volumes");
    browser.awaitText("table", "faults on purpose");
    browser.go("", "Overview");
    browser.awaitText(".alert.loud", "scratch");
    browser.go("volumes/scratch", "scratch");
    browser.click("Switch off");
    browser.click("Switch off");
    browser.awaitDone();
    browser.awaitNoText("main", "copies end after");
    browser.awaitNoText(".top", "Faults on purpose");
    assertThat(host.copy(host.token(0, 1, 60), 8 * MIB, 1, false).isGood()).isTrue();
  }

  /** What was before the page was opened, and what the keys read out of it. */
  @Test
  void chartsBeginBeforeThePage() throws IOException {
    pool().createVolume("charted", 64 << 20, 512);
    StorageHost host = host("charted", "charted");
    browser.go("volumes/charted", "charted");
    host.write(0, 8);
    browser.await("ten points and a line", () -> points() >= 10 && hasLine());
    browser.reload();
    browser.awaitText("h1", "Overview");
    browser.await("an answer", () -> browser.text(".chart-time").contains("now"));
    assertThat(points()).as("from the first answer on").isGreaterThanOrEqualTo(9);
    assertThat(hasLine()).isTrue();
    assertThat(browser.text(".chart")).contains("−5 min");
    browser.tabTo("Throughput");
    browser.press(Keys.HOME);
    browser.await(
        "a time", () -> browser.text(".chart-time").matches("(?s)\\d\\d:\\d\\d:\\d\\d.*"));
    browser.press(Keys.END);
    browser.press(Keys.ARROW_LEFT);
    assertThat(browser.active().getDomAttribute("aria-valuetext")).contains("Read 0 B/s");
    browser.press(Keys.ESCAPE);
    browser.awaitNoText(".chart-time", ":");
    browser.click("Commands");
    browser.awaitText(".chart", "/s");
    browser.click("Median");
    browser.click("1 h");
    browser.awaitText(".chart", "−60 min");
    browser.await("a point of ten seconds", ConsoleActionsTest::hasLine);
    browser.click("5 min");
    browser.awaitText(".chart", "−5 min");
  }

  private static long points() {
    Object last = browser.script("return document.querySelector('.chart svg')?.ariaValueMax ?? -1");
    return Long.parseLong(String.valueOf(last)) + 1;
  }

  private static boolean hasLine() {
    return browser.script("return document.querySelector('.chart .line.write')") != null;
  }

  @Test
  void apiTokensAreMadeAndRevoked() {
    browser.go("access", "Access");
    browser.click("New token");
    browser.fill("Name", "made-here");
    browser.click("Make token");
    browser.awaitText("dialog", "only time");
    browser.click("Done");
    browser.awaitDone();
    browser.click("Revoke the token made-here");
    browser.click("Revoke token");
    browser.awaitDone();
    browser.awaitNoText("[aria-label='API tokens']", "made-here");
  }

  /** The clipboard itself is the browser's, and there is none without a window. */
  @Test
  void namesAreCopied() throws IOException {
    pool().createVolume("copied", 64 << 20, 512);
    browser.script(
        "Object.defineProperty(navigator, 'clipboard', {configurable: true, value: {writeText:"
            + " async (text) => { window.clipped = text; }}})");
    StorageHost host = host("clipboard", "copied");
    host.token(0, 1, 600);
    Token token = pool().tokens().getLast();
    browser.go("volumes", "Volumes");
    browser.click("Copy the URL of copied");
    awaitClipped(daemon.url(volume("copied").lun()));
    browser.click("Copy the name of the target");
    awaitClipped(daemon.contact().target());
    browser.go("tokens", "Tokens");
    browser.click("Copy the number of token %016x".formatted(token.number()));
    awaitClipped("%016x".formatted(token.number()));
    browser.go("sessions", "Sessions");
    browser.click("Copy the name of iqn.1991-05.com.microsoft:clipboard");
    awaitClipped("iqn.1991-05.com.microsoft:clipboard");
  }

  private static void awaitClipped(String text) {
    browser.await(
        text + " on the clipboard", () -> text.equals(browser.script("return window.clipped")));
  }

  /** From the way in to a snapshot, and back out of a dialog, without a mouse. */
  @Test
  void theKeyboardIsEnough() {
    browser.go("", "Overview");
    browser.click("Log out");
    browser.await("the way in", () -> "token".equals(browser.active().getDomAttribute("name")));
    browser.press("not it", Keys.ENTER);
    browser.awaitText("[role=alert]", "this is no token that is valid");
    assertThat(browser.complaints()).singleElement().asString().contains("401");
    browser.press(Keys.chord(Keys.CONTROL, "a"), daemon.contact().token(), Keys.ENTER);
    browser.awaitText("h1", "Overview");
    browser.tabTo("Skip to the content");
    browser.press(Keys.ENTER);
    assertThat(browser.active().getDomAttribute("id")).isEqualTo("title");
    browser.go("volumes", "Volumes");
    browser.tabTo("New volume");
    browser.press(Keys.ENTER);
    browser.await("the dialog", browser::dialogIsOpen);
    browser.press("keys", Keys.TAB, "64M", Keys.ENTER);
    browser.awaitDone();
    browser.awaitText("h1", "keys");
    assertThat(volume("keys").sizeBytes()).isEqualTo(64 << 20);
    browser.tabTo("Snapshot");
    browser.press(Keys.ENTER);
    browser.await("the dialog", browser::dialogIsOpen);
    browser.press(Keys.ENTER); // with the name that it proposes
    browser.awaitDone();
    assertThat(pool().snapshots(volume("keys"))).hasSize(1);
    browser.tabTo("More actions");
    browser.press(Keys.ARROW_DOWN);
    browser.press(Keys.END);
    assertThat(browser.active().getText()).isEqualTo("Delete");
    browser.press(Keys.ENTER);
    browser.await("the dialog", browser::dialogIsOpen);
    browser.press(Keys.ESCAPE);
    browser.awaitDone();
    assertThat(browser.active().getAccessibleName()).isEqualTo("More actions");
    assertThat(pool().volume("keys")).isPresent();
    browser.tabTo("Address space of the volume; arrow keys move through it");
    browser.press(Keys.ARROW_RIGHT);
    browser.awaitText(".map-place", "at 0 B: hole 64.0 KiB");
  }

  @Test
  void loggingOutForgetsEverything() {
    browser.go("volumes", "Volumes");
    browser.click("Log out");
    browser.awaitText("main", "Access token");
    assertThat(browser.text("body")).doesNotContain("iqn.2026-11");
    assertThat(List.of(browser.script("return document.cookie"))).containsExactly("");
    browser.logIn(daemon.contact().token());
  }

  /** Comes last: what the console can ask the daemon to do was asked by the tests before. */
  @Test
  @Order(Integer.MAX_VALUE)
  void nothingWasLeftOut() throws IOException {
    long all =
        Arrays.stream(ConsoleActionsTest.class.getDeclaredMethods())
            .filter(method -> method.isAnnotationPresent(Test.class))
            .count();
    Assumptions.assumeTrue(testsDone == all - 1, "only when all tests ran");
    Set<String> possible = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(SOURCES, "*.js")) {
      for (Path file : files) {
        String source = Files.readString(file);
        List<String> calls = CALL.matcher(source).results().map(ConsoleActionsTest::call).toList();
        assertThat(source.split("\\bcall\\('(?!GET)", -1))
            .as("calls in %s that this test can read", file.getFileName())
            .hasSize(1 + calls.size());
        possible.addAll(calls);
      }
    }
    Set<String> asked = new TreeSet<>(browser.asked());
    assertThat(possible).hasSizeGreaterThan(15);
    assertThat(possible)
        .as("of which the tests asked for %s", asked)
        .allMatch(call -> asked.stream().anyMatch(Pattern.compile(call).asMatchPredicate()));
  }

  /** Method and path, as a pattern: names are anything. */
  private static String call(MatchResult found) {
    return found.group(1) + " " + found.group(2).replaceAll("\\$\\{[^}]*}", "[^/]+");
  }
}
