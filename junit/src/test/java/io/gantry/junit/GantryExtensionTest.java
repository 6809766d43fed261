package io.gantry.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/**
 * How long targets live, and what becomes of tests that ask for what cannot be: test classes that
 * are run by JUnit within a test of it, and not otherwise.
 */
@NullUnmarked
class GantryExtensionTest {
  private static final String WITHIN = "gantry.junit.within";

  /** What the inner tests got, by what they call it. */
  private static final Map<String, List<TestTarget>> GOT = new ConcurrentHashMap<>();

  private static volatile CountDownLatch together = new CountDownLatch(0);

  private static void got(String what, TestTarget target) {
    assertThat(target.isRunning()).isTrue();
    GOT.computeIfAbsent(what, _ -> new CopyOnWriteArrayList<>()).add(target);
  }

  @BeforeEach
  @AfterEach
  void forget() {
    GOT.clear();
    System.clearProperty(WITHIN);
  }

  private static EngineTestKit.Builder inner(Class<?> type) {
    System.setProperty(WITHIN, "true");
    return EngineTestKit.engine("junit-jupiter").selectors(selectClass(type));
  }

  private static Events run(Class<?> type) {
    return inner(type).execute().testEvents();
  }

  private static void assertAllAreGone() {
    assertThat(GOT).isNotEmpty();
    assertThat(GOT.values().stream().flatMap(List::stream).distinct())
        .allSatisfy(target -> {
          assertThat(target.isRunning()).isFalse();
          assertThat(target.data()).doesNotExist();
          assertThat(isOpen(target)).isFalse();
        });
  }

  private static boolean isOpen(TestTarget target) {
    try (Socket socket = new Socket(target.portal().getAddress(), target.portal().getPort())) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @GantryTarget(size = "1M")
  @EnabledIfSystemProperty(named = WITHIN, matches = "true")
  static class EachTestItsOwn {
    private final TestTarget ofTheInstance;

    @GantryTarget private static TestTarget ofTheClass;

    EachTestItsOwn(TestTarget target) {
      ofTheInstance = target;
    }

    @BeforeEach
    void prepare(TestTarget target) {
      assertThat(target).isSameAs(ofTheInstance);
    }

    private void look(TestTarget target) {
      assertThat(target).isSameAs(ofTheInstance);
      got("of a test", target);
      got("of the class", ofTheClass);
    }

    @Test
    void one(TestTarget target) {
      look(target);
    }

    @Test
    void two(TestTarget target) {
      look(target);
    }

    @Nested
    class Within {
      @Test
      void three(TestTarget target) {
        look(target);
      }
    }
  }

  @Test
  void eachTestHasItsOwnAndAllAreClosed() {
    run(EachTestItsOwn.class).assertStatistics(events -> events.succeeded(3));
    assertThat(GOT.get("of a test")).hasSize(3).doesNotHaveDuplicates();
    assertThat(GOT.get("of the class").stream().distinct()).hasSize(1);
    assertAllAreGone();
  }

  @GantryTarget(size = "1M")
  @EnabledIfSystemProperty(named = WITHIN, matches = "true")
  static class AllTestsOne {
    @BeforeAll
    static void prepare(TestTarget target) {
      got("target", target);
    }

    @Test
    void one(TestTarget target) {
      got("target", target);
    }

    @Test
    void two(TestTarget target) {
      got("target", target);
    }
  }

  @Test
  void whatBeforeAllAskedForServesTheClass() {
    run(AllTestsOne.class).assertStatistics(events -> events.succeeded(2));
    assertThat(GOT.get("target").stream().distinct()).hasSize(1);
    assertAllAreGone();
  }

  @GantryTarget(size = "1M")
  @EnabledIfSystemProperty(named = WITHIN, matches = "true")
  static class AtOnce {
    private static void meet(TestTarget target) throws InterruptedException {
      got("target", target);
      together.countDown();
      assertThat(together.await(60, TimeUnit.SECONDS)).as("the other test runs, too").isTrue();
    }

    @Test
    void one(TestTarget target) throws InterruptedException {
      meet(target);
    }

    @Test
    void two(TestTarget target) throws InterruptedException {
      meet(target);
    }
  }

  @Test
  void testsInParallelHaveTargetsOfTheirOwn() {
    together = new CountDownLatch(2);
    inner(AtOnce.class)
        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
        .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
        .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
        .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "2")
        .execute()
        .testEvents()
        .assertStatistics(events -> events.succeeded(2));
    assertThat(GOT.get("target")).hasSize(2).doesNotHaveDuplicates();
    assertAllAreGone();
  }

  @EnabledIfSystemProperty(named = WITHIN, matches = "true")
  static class Failing {
    @Test
    void kept(
        @GantryTarget(size = "1M", keepData = GantryTarget.KeepData.ON_FAILURE) TestTarget target) {
      got("kept", target);
      throw new AssertionError("on purpose");
    }

    @Test
    void notKept(@GantryTarget(size = "1M") TestTarget target) {
      got("not kept", target);
      throw new AssertionError("on purpose");
    }

    @Test
    void succeeds(
        @GantryTarget(size = "1M", keepData = GantryTarget.KeepData.ON_FAILURE) TestTarget target) {
      got("not kept", target);
    }
  }

  @Test
  void dataOfAFailedTestAreKeptOnRequest() throws IOException {
    run(Failing.class).assertStatistics(events -> events.failed(2).succeeded(1));
    Path kept = GOT.remove("kept").getFirst().data();
    assertAllAreGone();
    assertThat(kept).isDirectoryContaining(file -> Files.isRegularFile(file));
    try (Stream<Path> files = Files.walk(kept.getParent())) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @EnabledIfSystemProperty(named = WITHIN, matches = "true")
  static class Wrong {
    @Test
    void size(@GantryTarget(size = "much") TestTarget target) {}

    @Test
    void block(@GantryTarget(blockBytes = 1000) TestTarget target) {}

    @Test
    void chunk(@GantryTarget(chunkBytes = 1000) TestTarget target) {}

    @Test
    void secret(@GantryTarget(user = "x", secret = "short") TestTarget target) {}

    @Test
    void type(@GantryTarget String target) {}

    @Test
    void unasked(TestTarget target) {}
  }

  @Test
  void whatCannotBeFailsTheTestAndSaysWhy() {
    Events events = run(Wrong.class);
    events.assertStatistics(counts -> counts.failed(6).succeeded(0));
    for (String why :
        List.of(
            "'much' is no size",
            "block size 1000 is not 512 or 4096",
            "chunk size 1000 is not a power of two",
            "has fewer than 12 bytes",
            "only a TestTarget can be one",
            "No ParameterResolver registered")) {
      events
          .failed()
          .assertThatEvents()
          .haveExactly(1, finishedWithFailure(message(text -> text.contains(why))));
    }
  }
}
