package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gantry.cli.Documents.Document;
import io.gantry.cli.Documents.Kind;
import io.gantry.cli.Story.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What documents say can be typed is typed, each document on a machine of its own, where nothing
 * but a daemon of the built distribution runs; the quick start with the initiator of a Linux
 * kernel.
 */
@NullUnmarked
class DocumentsIT {
  /** Where {@code ./check} puts what the guest needs. */
  private static final Path GUEST = Path.of(System.getenv("HOME"), ".cache/gantry/guest");

  @TempDir private static Path directory;
  private static ExecutorService tellers;
  private static List<Telling> tellings;

  /** A story that is told, next to others: mostly it waits for programs to start. */
  record Telling(Document document, Future<Outcome> outcome) {
    @Override
    public String toString() {
      return document.name();
    }
  }

  @BeforeAll
  static void tell() throws IOException {
    tellers = Executors.newFixedThreadPool(2);
    tellings = new ArrayList<>();
    String only = System.getProperty("document", "");
    for (Document document : Documents.all()) {
      Story story = new Story(document);
      if (!story.isEmpty() && (only.isEmpty() || document.name().equals(only))) {
        Path steps = Files.createDirectories(directory.resolve(document.name()));
        List<String> missing = missing(story);
        Future<Outcome> outcome =
            missing.isEmpty()
                ? tellers.submit(() -> story.run(steps, GUEST))
                : CompletableFuture.completedFuture(new Outcome(Story.NO_MACHINE, missing));
        tellings.add(new Telling(document, outcome));
      }
    }
  }

  private static List<String> missing(Story story) {
    List<String> missing = new ArrayList<>(story.missing());
    if (story.needsInitiator() && !Files.isExecutable(GUEST.resolve("usr/bin/linux.uml"))) {
      missing.add("the Linux guest that ./check puts into " + GUEST);
    }
    return missing;
  }

  @AfterAll
  static void close() {
    tellers.shutdownNow();
    tellers.close();
  }

  static List<Telling> tellings() {
    return tellings;
  }

  @ParameterizedTest
  @MethodSource("tellings")
  void whatItSaysWorks(Telling telling) throws Exception {
    Document document = telling.document();
    Outcome outcome = telling.outcome().get();
    assumeTrue(
        outcome.status() != Story.NO_MACHINE,
        () -> document + " was not tried, for want of " + outcome.problems());
    assertThat(outcome.problems()).as(document.name()).isEmpty();
    System.out.printf(
        "%s: ran %d blocks on the server, %d on the initiator%n",
        document.name(),
        document.blocks().stream().filter(Story::isForTheServer).count(),
        document.blocks(Kind.INITIATOR).size());
  }
}
