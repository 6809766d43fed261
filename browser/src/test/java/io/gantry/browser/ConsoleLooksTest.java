package io.gantry.browser;

import static io.gantry.browser.StorageHost.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The console of a pool in use: nothing that axe finds wrong, in light and dark, and nothing wider
 * than a phone. {@code -Dscreenshots=DIR} writes pictures of it, for the documents.
 */
@NullUnmarked
@Timeout(120)
class ConsoleLooksTest extends ConsoleFixture {
  private static final Map<String, String> SECTIONS = new LinkedHashMap<>();

  static {
    SECTIONS.put("", "Overview");
    SECTIONS.put("volumes", "Volumes");
    SECTIONS.put("volumes/golden", "golden");
    SECTIONS.put("tokens", "Tokens");
    SECTIONS.put("copies", "Copies");
    SECTIONS.put("sessions", "Sessions");
    SECTIONS.put("access", "Access");
    SECTIONS.put("events", "Events");
  }

  private final String screenshots = System.getProperty("screenshots");

  /** A small Hyper-V site: an image, machines cloned from it, copies of several kinds. */
  @BeforeAll
  static void aPoolInUse() throws IOException {
    pool().createVolume("golden", 256 << 20, 512);
    StorageHost host = host("hyperv1", "golden");
    host.write(0, 48);
    host.write(96L * MIB, 24);
    host.write(192L * MIB, 8);
    pool().createSnapshot(volume("golden"), "2026-10-patch-day");
    host.write(16L * MIB, 6);
    pool().createSnapshot(volume("golden"), "2026-11-patch-day");
    host.write(104L * MIB, 4);
    for (String name : List.of("vm-build", "vm-mail", "vm-web1", "vm-web2")) {
      pool().cloneVolume(volume("golden"), name);
    }
    pool().createVolume("archive", 1L << 40, 4096);
    pool().createVolume("scratch", 512 << 20, 512);
    StorageHost mail = host("hyperv2", "vm-mail");
    mail.write(128L * MIB, 12);
    mail.write(40L * MIB, 4);
    mail.read(0, 32);
    pool().protectVolume(volume("archive"), true);
    StorageHost scratch = host("hyperv1", "scratch");
    byte[] token = host.token(0, 48, 300);
    scratch.copy(token, 0, 48, false);
    scratch.copy(token, 100L * MIB + 8, 2, false);
    mail.copy(mail.token(128L * MIB, 8, 900), 200L * MIB, 8, false);
    host.write(0, 4);
    scratch.copy(new byte[512], 0, 1, false);
    scratch.copy(token, 200L * MIB + 8, 40, true);
  }

  private static void show(String route) {
    browser.go(route, SECTIONS.get(route));
    browser.await("the answers", () -> browser.text(".waiting").isEmpty());
  }

  @Test
  void nothingHindersAnybody() throws IOException {
    for (String colours : List.of("light", "dark")) {
      browser.colours(colours);
      for (String route : SECTIONS.keySet()) {
        show(route);
        assertThat(browser.violations()).as("%s in %s", SECTIONS.get(route), colours).isEmpty();
      }
      show("volumes/golden");
      browser.click("More actions");
      assertThat(browser.violations()).as("a menu in %s", colours).isEmpty();
      browser.click("Delete");
      assertThat(browser.violations()).as("a dialog in %s", colours).isEmpty();
      browser.click("Cancel");
      browser.awaitDone();
    }
    browser.colours("light");
  }

  @Test
  void thePageIsNoWiderThanAPhone() {
    browser.size(360, 740);
    for (String route : SECTIONS.keySet()) {
      show(route);
      assertThat(browser.script("return document.documentElement.scrollWidth"))
          .as(SECTIONS.get(route))
          .isEqualTo(360L);
    }
    browser.click("Sections");
    browser.click("Overview");
    browser.awaitText("h1", "Overview");
    browser.size(1280, 860);
  }

  @Test
  void theColoursStayAsTheyWereChosen() {
    show("volumes");
    String background = "return getComputedStyle(document.documentElement).backgroundColor";
    browser.colours("light");
    Object light = browser.script(background);
    browser.colours("dark");
    Object dark = browser.script(background);
    assertThat(dark).isNotEqualTo(light);
    browser.click("Colours: system. Change to light");
    assertThat(browser.script(background)).isEqualTo(light);
    browser.reload();
    assertThat(browser.script(background)).as("from the first paint on").isEqualTo(light);
    browser.awaitText("h1", "Overview");
    browser.click("Colours: light. Change to dark");
    browser.colours("light");
    assertThat(browser.script(background)).isEqualTo(dark);
    browser.click("Colours: dark. Change to system");
    assertThat(browser.script(background)).isEqualTo(light);
  }

  @Test
  void picturesAreTakenWhenTheyAreAskedFor() throws IOException {
    if (screenshots == null) {
      return;
    }
    Path folder = Files.createDirectories(Path.of(screenshots));
    StorageHost host = host("hyperv2", "vm-web1");
    show("");
    for (int i = 0; i < 40; i++) { // so that the charts have something to show
      host.write((i % 20) * 4L * MIB, 1 + i % 3);
      host.read(0, 4 + i % 7);
      Object points = browser.script("return performance.now()");
      browser.await(
          "some time",
          () ->
              ((Number) browser.script("return performance.now()")).doubleValue()
                  > ((Number) points).doubleValue() + 400);
    }
    for (String colours : List.of("light", "dark")) {
      browser.colours(colours);
      browser.size(1280, 860);
      for (String route : SECTIONS.keySet()) {
        show(route);
        picture(folder, route, colours);
      }
      browser.size(390, 844);
      for (String route : List.of("", "volumes", "volumes/golden")) {
        show(route);
        picture(folder, route, colours + "-phone");
      }
    }
    browser.colours("light");
    browser.size(1280, 860);
  }

  private static void picture(Path folder, String route, String how) throws IOException {
    String name = SECTIONS.get(route).equals("golden") ? "volume" : SECTIONS.get(route);
    browser.screenshot(
        folder.resolve("console-%s-%s.png".formatted(name.toLowerCase(Locale.ROOT), how)));
  }
}
