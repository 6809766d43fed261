package io.gantry.browser;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.store.Extent;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The console of a pool with thousands of volumes and tokens: pages, order, and search. */
@NullUnmarked
@Timeout(120)
class ConsoleManyTest extends ConsoleFixture {
  private static final int VOLUMES = Integer.getInteger("volumes", 3000);
  private static final int TOKENS = 600; // more than are asked for at a time

  /** As long as names may be. */
  private static final String LONG = "a".repeat(64);

  @BeforeAll
  static void aLargePool() throws IOException {
    pool().createVolume("golden", 64 << 20, 512);
    pool().createVolume(LONG, 64 << 20, 512);
    StorageHost host = host("x".repeat(190), LONG);
    host.copy(host.token(0, 1, 3600), 4L * StorageHost.MIB, 1, false);
    for (int i = 2; i < VOLUMES; i++) {
      pool().cloneVolume(volume("golden"), "vm-%05d".formatted(i));
    }
    for (int i = 1; i < TOKENS; i++) {
      assertThat(pool().freeze(volume("golden"), List.of(new Extent(0, 1 << 20)), 3_600_000))
          .isPresent();
    }
  }

  private static long rows() {
    return (Long) browser.script("return document.querySelectorAll('tbody tr').length");
  }

  private static String first() {
    return (String) browser.script("return document.querySelector('tbody .name a').innerText");
  }

  private static void filter(String text) {
    browser.script(
        "const e = document.querySelector('input.filter'); e.value = arguments[0];"
            + " e.dispatchEvent(new Event('input', {bubbles: true}))",
        text);
  }

  @Test
  void volumesArePagedOrderedAndFound() {
    browser.go("volumes", "Volumes");
    browser.awaitText(".pager", "1–50 of %,d".formatted(VOLUMES));
    assertThat(rows()).isEqualTo(50);
    assertThat(first()).isEqualTo("golden");
    browser.click("Next page");
    browser.awaitText(".pager", "51–100 of");
    assertThat(first()).isEqualTo("vm-00050");
    browser.click("Last page");
    browser.awaitText(".pager", "%,d of %,d".formatted(VOLUMES, VOLUMES));
    assertThat(browser.control("Next page").isEnabled()).isFalse();
    browser.click("Page before");
    browser.click("First page");
    browser.awaitText(".pager", "1–50 of");
    browser.click("Name");
    browser.click("Name");
    browser.await("the last name", () -> first().equals("vm-%05d".formatted(VOLUMES - 1)));
    filter("vm-0123");
    browser.awaitText(".filters", "10 of %,d".formatted(VOLUMES));
    assertThat(rows()).isEqualTo(10);
    assertThat(first()).isEqualTo("vm-01239");
    filter("no such volume");
    browser.awaitText("main", "Nothing here has 'no such volume' in it.");
    filter("");
    browser.awaitText(".pager", "of %,d".formatted(VOLUMES));
  }

  @Test
  void longNamesFitEverywhere() {
    for (int width : new int[] {1440, 900, 390}) {
      browser.size(width, 860);
      for (String section :
          List.of("Overview", "Volumes", "Tokens", "Copies", "Sessions", "Events")) {
        browser.go(section.equals("Overview") ? "" : section.toLowerCase(Locale.ROOT), section);
        fits(section, width);
      }
      browser.go("volumes/" + LONG, LONG);
      fits("a volume", width);
      browser.click("Clone");
      fits("a dialog", width);
      browser.click("Cancel");
      browser.awaitDone();
    }
    browser.size(1280, 860);
  }

  private static void fits(String what, int width) {
    browser.await("the answers", () -> browser.text(".waiting").isEmpty());
    assertThat((Long) browser.script("return document.documentElement.scrollWidth"))
        .as("%s at %d", what, width)
        .isLessThanOrEqualTo(width);
  }

  @Test
  void tokensComeSoManyAtATime() {
    browser.go("tokens", "Tokens");
    browser.awaitText(".pager", "1–50 of 500");
    assertThat(browser.control("Older").isEnabled()).isFalse();
    browser.click("Newer");
    browser.awaitText(".pager", "1–50 of 100");
    assertThat(browser.control("Newer").isEnabled()).isFalse();
    browser.click("Older");
    browser.awaitText(".pager", "1–50 of 500");
  }
}
