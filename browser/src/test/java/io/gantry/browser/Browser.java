package io.gantry.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.ElementClickInterceptedException;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * A Chromium without a window, with the console in it. What is looked for is looked for as a person
 * would: by what is written on it, or by the name that a screen reader says.
 */
@NullUnmarked
final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /**
   * Notes what the page asks the daemon to do, over reloads, too; answers in its stead if told to.
   */
  private static final String LISTEN =
      """
      const send = window.fetch;
      window.fetch = async (url, options) => {
        if (options.method !== 'GET') {
          const asked = `${sessionStorage.asked ?? ''}${options.method} ${url}\\n`;
          sessionStorage.asked = asked;
        }
        const body = JSON.stringify({ error: sessionStorage.refusal });
        return sessionStorage.refusal ? new Response(body, { status: 503 }) : send(url, options);
      };
      """;

  private final ChromeDriver driver;
  private final String url;

  /** Opens the console of a daemon; the test is skipped where there is no Chromium. */
  Browser(String url) {
    Assumptions.assumeTrue(
        Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
        "no Chromium here (Debian: apt-get install chromium chromium-driver)");
    this.url = url;
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toString());
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // root has none
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--hide-scrollbars",
        "--no-first-run",
        "--force-color-profile=srgb",
        "--window-size=1280,860");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    driver = new ChromeDriver(service, options);
    driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", LISTEN));
    driver.get(url);
  }

  @Override
  public void close() {
    driver.quit();
  }

  void logIn(String token) {
    await("the way in", () -> !driver.findElements(By.name("token")).isEmpty());
    script("location.hash = '#/'");
    driver.findElement(By.name("token")).sendKeys(token, Keys.ENTER);
    awaitText("h1", "Overview");
  }

  /** Goes to a section, or to the volume of a name: {@code volumes/name}. */
  void go(String route, String heading) {
    script("location.hash = arguments[0]", "#/" + route);
    awaitText("h1", heading);
  }

  void reload() {
    driver.get(url);
  }

  Object script(String text, Object... arguments) {
    return driver.executeScript(text, arguments);
  }

  /** Waits until something is so, or fails after a while. */
  void await(String what, BooleanSupplier isSo) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!holds(isSo)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("never came: %s; the page says: %s".formatted(what, text("body")));
      }
      Thread.onSpinWait();
    }
  }

  /** What was found may have been drawn anew meanwhile. */
  private static boolean holds(BooleanSupplier isSo) {
    try {
      return isSo.getAsBoolean();
    } catch (StaleElementReferenceException e) {
      return false;
    }
  }

  /** The text of an element, or nothing if there is none. */
  String text(String css) {
    return Objects.toString(
        script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).join('\\n')",
            css),
        "");
  }

  void awaitText(String css, String text) {
    await("'%s' in %s".formatted(text, css), () -> text(css).contains(text));
  }

  void awaitNoText(String css, String text) {
    await("no '%s' in %s".formatted(text, css), () -> !text(css).contains(text));
  }

  /** A button, link or menu item with these words or this name, in the dialog if one is open. */
  WebElement control(String name) {
    String scope = driver.findElements(By.cssSelector("dialog[open]")).isEmpty() ? "" : "//dialog";
    By by =
        By.xpath(
            "%s//*[self::button or self::a or @role='menuitem'][normalize-space()=\"%s\" or @aria-label=\"%s\"]"
                .formatted(scope, name, name));
    List<WebElement> found = new ArrayList<>();
    await(
        "a control '" + name + "'",
        () -> {
          found.clear();
          found.addAll(driver.findElements(by).stream().filter(WebElement::isDisplayed).toList());
          return !found.isEmpty();
        });
    return found.getFirst();
  }

  void click(String name) {
    await("a click on '" + name + "'", () -> click(control(name)));
  }

  /** Whether it could be clicked. */
  private boolean click(WebElement element) {
    try {
      if (element.isEnabled()) {
        element.click();
        return true;
      }
    } catch (ElementClickInterceptedException e) {
      // The head of the page lies over it, or a message.
      script("scrollBy(0, arguments[0].getBoundingClientRect().top - innerHeight / 2)", element);
    }
    return false;
  }

  boolean has(String name) {
    return !driver
        .findElements(
            By.xpath(
                "//*[self::button or self::a][normalize-space()=\"%s\" or @aria-label=\"%s\"]"
                    .formatted(name, name)))
        .isEmpty();
  }

  /** The input with this label in the dialog, emptied and filled. */
  void fill(String label, String text) {
    WebElement input = field(label);
    input.sendKeys(Keys.chord(Keys.CONTROL, "a"), text);
  }

  WebElement field(String label) {
    By by =
        By.xpath(
            "//dialog//label[normalize-space()=\"%s\"]/following-sibling::*[self::input or self::select]"
                .formatted(label));
    await("a field '" + label + "'", () -> !driver.findElements(by).isEmpty());
    return driver.findElement(by);
  }

  void choose(String label, String option) {
    field(label)
        .findElement(By.xpath("option[normalize-space()=\"%s\"]".formatted(option)))
        .click();
  }

  /** Waits until the dialog is gone. */
  void awaitDone() {
    await("the end of the dialog", () -> driver.findElements(By.tagName("dialog")).isEmpty());
  }

  boolean dialogIsOpen() {
    return !driver.findElements(By.cssSelector("dialog[open]")).isEmpty();
  }

  WebElement active() {
    return driver.switchTo().activeElement();
  }

  /** Keys, for whatever has the focus. */
  void press(CharSequence... keys) {
    active().sendKeys(keys);
  }

  /** Tab, until what has the focus has these words or this name. */
  void tabTo(String name) {
    List<String> met = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      press(Keys.TAB);
      Object focused =
          script(
              "const e = document.activeElement; return e.getAttribute('aria-label') ??"
                  + " e.labels?.[0]?.innerText ?? e.innerText");
      met.add(String.valueOf(focused).strip());
      if (met.getLast().equals(name)) {
        return;
      }
    }
    throw new AssertionError("the focus never came to '%s', but to %s".formatted(name, met));
  }

  void size(int width, int height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
  }

  /** What the system's colours are: light or dark. */
  void colours(String scheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  void screenshot(Path file) throws IOException {
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  /**
   * What the browser complained about since it was asked last: errors, refused content. Not what
   * the page asks for while a volume is being deleted, or while it is being logged out.
   */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(entry -> entry.getMessage())
        .filter(text ->
            !text.matches(".*/api/v1/((volumes/|statistics/history).* 404|(?!login).* 401) .*"))
        .toList();
  }

  /** Lets all that the page asks for be refused with 503 and a sentence; null for no more. */
  void refuseAll(String sentence) {
    script("sessionStorage.refusal = arguments[0] ?? ''", sentence);
  }

  /** What the page has asked the daemon to do: method, and path below {@code /api/v1/}. */
  List<String> asked() {
    return String.valueOf(script("return sessionStorage.asked"))
        .lines()
        .map(line -> line.replace("/api/v1/", ""))
        .toList();
  }

  /** What axe finds wrong with the page as it is now. */
  List<String> violations() throws IOException {
    if (Boolean.FALSE.equals(script("return 'axe' in window"))) {
      try (InputStream source = Browser.class.getResourceAsStream("/axe.min.js")) {
        assertThat(source).isNotNull();
        script(new String(source.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    Object found =
        driver.executeAsyncScript(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
              (result) => done(result.violations.flatMap((v) =>
                v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary}`))),
              (e) => done(['axe failed: ' + e]));
            """);
    return ((List<?>) found).stream().map(String::valueOf).toList();
  }
}
