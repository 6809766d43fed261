package io.gantry.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who may see and do what in the console; and what is told of it. */
@NullUnmarked
@Timeout(120)
class ConsoleRolesTest extends ConsoleFixture {

  @BeforeEach
  void anAdministratorIsLoggedIn() throws IOException {
    if (pool().volumes().isEmpty()) {
      pool().createVolume("seen", 64 << 20, 512);
    }
    boolean isLoggedIn = browser.has("Log out");
    if (isLoggedIn && browser.text(".caller").equals("admin")) {
      return;
    }
    if (isLoggedIn) {
      browser.click("Log out"); // which takes a moment: the button is there until then
    }
    browser.logIn(daemon.contact().token());
  }

  /** Makes a token in the console, and logs in with it. */
  private static void logInAs(String name, String role) {
    browser.go("access", "Access");
    browser.click("New token");
    browser.fill("Name", name);
    browser.field("Role").sendKeys(role);
    browser.fill("Expires in days", "7");
    browser.click("Make token");
    browser.awaitText("dialog", "only time");
    String token = browser.text("dialog .copyable code");
    assertThat(token).isNotEmpty();
    browser.click("Done");
    browser.awaitDone();
    browser.awaitText("[aria-label='API tokens'] table", name);
    assertThat(browser.text("body")).as("after it was shown").doesNotContain(token);
    browser.click("Log out");
    browser.logIn(token);
    assertThat(browser.text(".caller")).isEqualTo(role);
  }

  @Test
  void aViewerSeesAndTouchesNothing() throws IOException {
    host("viewed", "seen").token(0, 1, 600);
    logInAs("watcher", "viewer");
    List<String> actions =
        List.of("New volume", "Snapshot", "Clone", "Resize", "More actions", "Scrub", "Reload");
    for (String route : List.of("", "volumes", "volumes/seen", "tokens", "sessions", "access")) {
      String heading = route.isEmpty() ? "Overview" : route.substring(route.indexOf('/') + 1);
      browser.go(route, route.contains("/") ? heading : capital(heading));
      browser.await("the answers", () -> browser.text(".waiting").isEmpty());
      assertThat(actions).as(route).noneMatch(browser::has);
      assertThat(browser.text("main")).as(route).doesNotContain("Revoke", "Drop", "API tokens");
    }
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + text.substring(1);
  }

  @Test
  void anOperatorDoesAllButAccess() {
    logInAs("worker", "operator");
    browser.go("volumes/seen", "seen");
    browser.click("Snapshot");
    browser.fill("Name", "of-the-operator");
    browser.click("Take snapshot");
    browser.awaitDone();
    assertThat(pool().snapshot(volume("seen"), "of-the-operator")).isPresent();
    browser.go("access", "Access");
    browser.awaitText("main", "hyperv1");
    assertThat(browser.has("Reload")).isFalse();
    assertThat(browser.text("main")).doesNotContain("API tokens");
  }

  @Test
  void aTokenThatIsRevokedOpensNothingAnyMore() {
    logInAs("guest", "viewer");
    browser.click("Log out");
    browser.logIn(daemon.contact().token());
    browser.go("access", "Access");
    browser.click("Revoke the token guest");
    browser.awaitText("dialog", "logged out");
    browser.click("Revoke token");
    browser.awaitDone();
    browser.awaitNoText("[aria-label='API tokens']", "guest");
  }

  @Test
  void theLoginOutlivesThePage() {
    browser.go("volumes", "Volumes");
    browser.reload();
    browser.awaitText("h1", "Overview");
    assertThat(browser.script("return document.cookie")).as("what scripts see").isEqualTo("");
    assertThat(browser.script("return JSON.stringify({...localStorage, ...sessionStorage})"))
        .asString()
        .doesNotContain(daemon.contact().token());
  }

  @Test
  void aDaemonThatIsNotReadyIsWaitedFor() {
    browser.refuseAll("the pool is being opened");
    browser.awaitText(".top", "Not ready");
    browser.reload();
    browser.awaitText("main", "the pool is being opened");
    browser.refuseAll(null);
    browser.awaitText("h1", "Overview");
    browser.awaitText("main", "Space");
    assertThat(browser.text(".top")).doesNotContain("Not ready");
  }

  @Test
  void eventsComeAsTheyHappen() throws IOException {
    browser.go("events", "Events");
    browser.awaitText("h1", "live");
    browser.go("volumes", "Volumes");
    browser.click("New volume");
    browser.fill("Name", "eventful");
    browser.fill("Size", "64M");
    browser.click("Create volume");
    browser.awaitDone();
    host("eventful", "eventful").write(0, 1);
    browser.go("events", "Events");
    browser.awaitText(".events", "volume.created");
    browser.awaitText(".events", "session.logged-in");
    browser.script(
        "const e = document.querySelector('select.filter'); e.value = 'session';"
            + " e.dispatchEvent(new Event('change', {bubbles: true}))");
    browser.awaitNoText(".events", "volume.created");
    browser.awaitText(".events", "iqn.1991-05.com.microsoft:eventful");
    browser.click("Pause");
    browser.awaitText("h1", "paused");
    browser.click("Go on");
    browser.awaitText("h1", "live");
  }
}
