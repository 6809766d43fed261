package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is remembered of what happened, and what is written. */
@NullUnmarked
class EventLogTest {
  private static final EventLog.Actor ALICE = new EventLog.Actor("alice", "192.0.2.1");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path directory;
  private Instant now = Instant.parse("2027-01-01T00:00:00Z");
  private final AuditFile audit = new AuditFile();
  private final EventLog events = new EventLog(() -> now, audit);

  private void add(int count) {
    for (int i = 0; i < count; i++) {
      events.add(EventType.CHECKPOINT, EventLog.Actor.NOBODY, "number " + i, "number", i);
    }
  }

  @Test
  void readersGoOnWhereTheyWere() throws Exception {
    long before = events.position();
    add(3);
    EventLog.Batch two = events.after(before, 2, 1000);
    assertThat(two.events()).extracting(EventView::message).containsExactly("number 0", "number 1");
    assertThat(two.complete()).isTrue();
    EventLog.Batch rest = events.after(two.events().getLast().id(), 100, 1000);
    assertThat(rest.events()).extracting(EventView::message).containsExactly("number 2");
    assertThat(events.after(events.position(), 100, 1).events()).isEmpty();
    assertThat(events.newest(2)).extracting(EventView::message).endsWith("number 1", "number 2");
    assertThat(events.newest(100)).hasSize(3);
  }

  @Test
  void onlySoManyAreRemembered() throws Exception {
    long before = events.position();
    add(EventLog.SIZE);
    assertThat(events.after(before, 1, 1000).complete()).isTrue();
    add(1);
    EventLog.Batch batch = events.after(before, EventLog.SIZE * 2, 1000);
    assertThat(batch.complete()).isFalse();
    assertThat(batch.events()).hasSize(EventLog.SIZE);
    assertThat(events.after(before + 1, 1, 1000).complete()).isTrue();
    List<Long> ids = batch.events().stream().map(EventView::id).toList();
    assertThat(ids)
        .isEqualTo(LongStream.range(before + 2, before + 2 + EventLog.SIZE).boxed().toList());
    assertThat(events.newest(EventLog.SIZE * 2)).hasSize(EventLog.SIZE);
  }

  @Test
  void idsGrowOverRestarts() throws Exception {
    add(1000);
    now = now.plusMillis(2);
    EventLog next = new EventLog(() -> now, new AuditFile());
    assertThat(next.position()).isGreaterThan(events.position()).isLessThan(1L << 53);
    next.add(EventType.CHECKPOINT, EventLog.Actor.NOBODY, "after the restart");
    EventLog.Batch batch = next.after(events.position(), 10, 1000);
    assertThat(batch.events()).hasSize(1);
    assertThat(batch.complete()).isFalse(); // nobody knows what came after it
  }

  @Test
  void whoWaitsIsWoken() throws Exception {
    List<EventView> seen = new ArrayList<>();
    long position = events.position();
    Thread reader =
        Thread.ofVirtual()
            .start(() -> {
              try {
                seen.addAll(events.after(position, 10, 60_000).events());
                assertThat(events.after(events.position(), 10, 60_000).open()).isFalse();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    add(1);
    while (seen.isEmpty()) {
      Thread.onSpinWait();
    }
    events.close();
    reader.join();
    assertThat(seen).hasSize(1);
  }

  private List<JsonNode> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(JSON::readTree).toList();
  }

  @Test
  void theAuditTrailHasWhatSomebodyDid() throws Exception {
    events.add(EventType.VOLUME_CREATED, ALICE, "before it is open", "name", "one\n\"two\"");
    audit.open(directory, AuditSettings.DEFAULTS);
    add(1);
    events.add(EventType.VOLUME_DELETED, ALICE, "after", "name", "x", "nothing", null);
    events.close();

    Path file = directory.resolve("audit.log");
    List<JsonNode> lines = lines(file);
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0).path("type").asString()).isEqualTo("volume.created");
    assertThat(lines.get(0).path("who").asString()).isEqualTo("alice");
    assertThat(lines.get(0).path("address").asString()).isEqualTo("192.0.2.1");
    assertThat(lines.get(0).path("details").path("name").asString()).isEqualTo("one\n\"two\"");
    assertThat(lines.get(1).path("details").size()).isEqualTo(1);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void theAuditTrailIsContinuedAndCut() throws Exception {
    AuditSettings options = new AuditSettings(directory.resolve("trail"), 4096, 2);
    int count = 0;
    for (int life = 0; life < 3; life++) {
      AuditFile file = new AuditFile();
      EventLog log = new EventLog(() -> now, file);
      file.open(directory, options);
      for (int i = 0; i < 40; i++) {
        log.add(EventType.VOLUME_CREATED, ALICE, "x".repeat(50), "count", count++);
      }
      log.close();
    }
    List<Integer> counts = new ArrayList<>();
    for (String name : List.of("trail.2", "trail.1", "trail")) {
      Path file = directory.resolve(name);
      assertThat(Files.size(file)).isLessThanOrEqualTo(4096);
      lines(file).forEach(line -> counts.add(line.path("details").path("count").asInt()));
    }
    assertThat(directory.resolve("trail.3")).doesNotExist();
    assertThat(counts).endsWith(119).isSorted().doesNotHaveDuplicates();
    assertThat(counts).hasSize(counts.getLast() - counts.getFirst() + 1);
  }

  /** A disk that takes nothing holds nobody up, and what is missing is counted. */
  @Test
  void whatCannotBeWrittenIsCounted() throws Exception {
    for (int i = 0; i < 20_000; i++) { // while nobody writes
      events.add(EventType.VOLUME_CREATED, ALICE, "x", "count", i);
    }
    audit.open(directory, AuditSettings.DEFAULTS);
    events.close();
    List<JsonNode> lines = lines(directory.resolve("audit.log"));
    JsonNode lost = lines.getFirst();
    assertThat(lost.path("type").asString()).isEqualTo("audit.lost");
    assertThat(lost.path("details").path("count").asInt()).isEqualTo(20_000 - (lines.size() - 1));
  }

  @Test
  void aTrailThatCannotBeOpenedIsSaidSo() {
    Path nowhere = directory.resolve("none").resolve("trail");
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> audit.open(directory, new AuditSettings(nowhere, 4096, 0))))
        .isInstanceOf(IOException.class);
    audit.close();
  }
}
