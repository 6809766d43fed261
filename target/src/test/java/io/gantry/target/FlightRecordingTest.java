package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recording tells, and that the document names its events and fields. */
@NullUnmarked
class FlightRecordingTest {
  private static final int CHUNK = Pool.DEFAULT_CHUNK;

  @TempDir Path directory;
  private Pool pool;
  private Volume volume;
  private PoolTarget target;

  @BeforeEach
  void start() throws IOException {
    pool = Pool.create(FileMedium.create(directory.resolve("pool")), CHUNK, PoolOptions.defaults());
    volume = pool.createVolume("disk", 16 * CHUNK, 512);
    target = new PoolTarget(pool, RamDevice.NAME);
  }

  @AfterEach
  void stop() throws IOException {
    target.close();
    pool.close();
  }

  private void work() throws IOException {
    try (ScsiDevice device = target.open("iqn.2026-11.test:host,i,0x1", volume.lun())) {
      device.submit(ScsiRequest.of(new Cdb.TestUnitReady())).join(); // takes the unit attention
      device.submit(ScsiRequest.out(Cdb.Transfer.write(7, 2), ByteBuffer.allocate(1024))).join();
      ByteBuffer list = ByteBuffer.allocate(32); // one range, 16 blocks from 0 on
      list.putShort(0, (short) 30).putShort(14, (short) 16).putInt(24, 16);
      device
          .submit(ScsiRequest.out(new Cdb.TokenOperation(Command.POPULATE_TOKEN, 1, 32), list))
          .join();
    }
    pool.checkpoint();
    try (IscsiTarget portal =
            IscsiTarget.start(target, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Socket stranger = new Socket(portal.address().getAddress(), portal.address().getPort())) {
      byte[] ping = new byte[48];
      ping[0] = 0x40;
      stranger.getOutputStream().write(ping);
      assertThat(stranger.getInputStream().read()).isEqualTo(-1);
    }
  }

  private List<RecordedEvent> record(boolean on) throws IOException {
    try (Recording recording = new Recording()) {
      for (String event : names()) {
        if (on) {
          recording.enable(event).withoutThreshold();
        } else {
          recording.disable(event);
        }
      }
      recording.start();
      work();
      recording.stop();
      Path file = directory.resolve(on + ".jfr");
      recording.dump(file);
      return RecordingFile.readAllEvents(file).stream()
          .filter(event -> event.getEventType().getName().startsWith("gantry."))
          .toList();
    }
  }

  private static List<String> names() {
    return List.of(
        "gantry.SlowIo",
        "gantry.Copy",
        "gantry.TokenCreated",
        "gantry.LoginRefused",
        "gantry.Checkpoint",
        "gantry.Commit");
  }

  private static RecordedEvent only(List<RecordedEvent> events, String name) {
    List<RecordedEvent> found =
        events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
    assertThat(found).as(name).hasSize(1);
    return found.getFirst();
  }

  @Test
  void eventsHoldWhatHappened() throws IOException {
    target.slowAfter(Duration.ofNanos(-1));
    List<RecordedEvent> events = record(true);
    RecordedEvent slow =
        events.stream()
            .filter(event -> event.getEventType().getName().equals("gantry.SlowIo"))
            .filter(event -> event.getString("command").startsWith("WRITE"))
            .findFirst()
            .orElseThrow();
    assertThat(slow.getString("volume")).isEqualTo("disk");
    assertThat(slow.getString("initiator")).isEqualTo("iqn.2026-11.test:host");
    assertThat(slow.getLong("lba")).isEqualTo(7);
    assertThat(slow.getLong("bytes")).isEqualTo(1024);
    assertThat(slow.getString("answer")).isEqualTo("GOOD");
    assertThat(slow.getDuration("took")).isGreaterThanOrEqualTo(Duration.ZERO);

    RecordedEvent copy = only(events, "gantry.Copy");
    assertThat(copy.getString("command")).isEqualTo("POPULATE_TOKEN");
    assertThat(copy.getString("source")).isEqualTo("disk");
    assertThat(copy.getString("state")).isEqualTo("COMPLETED");
    assertThat(copy.getLong("wantedBytes")).isEqualTo(16 * 512);

    RecordedEvent token = only(events, "gantry.TokenCreated");
    assertThat(token.getString("token"))
        .isEqualTo("%016x".formatted(pool.tokens().getFirst().number()));
    assertThat(token.getString("volume")).isEqualTo("disk");
    assertThat(token.getString("owner")).isEqualTo("iqn.2026-11.test:host");
    assertThat(token.getLong("length")).isEqualTo(16 * 512);

    RecordedEvent checkpoint = only(events, "gantry.Checkpoint");
    assertThat(checkpoint.getLong("number")).isEqualTo(1);
    assertThat(checkpoint.getBoolean("completed")).isTrue();
    assertThat(checkpoint.getLong("pages")).isPositive();
    assertThat(events)
        .anyMatch(event ->
            event.getEventType().getName().equals("gantry.Commit")
                && event.getBoolean("completed")
                && event.getInt("waiters") > 0);

    RecordedEvent refused = only(events, "gantry.LoginRefused");
    assertThat(refused.getString("address")).isEqualTo("127.0.0.1");
    assertThat(refused.getString("reason")).isEqualTo("no_login");
  }

  @Test
  void nothingIsSlowThatIsNotAndNothingIsRecordedThatIsOff() throws IOException {
    target.slowAfter(Duration.ofHours(1));
    assertThat(record(true))
        .isNotEmpty()
        .noneMatch(event -> event.getEventType().getName().equals("gantry.SlowIo"));
    target.slowAfter(Duration.ofNanos(-1));
    assertThat(record(false)).isEmpty();
  }

  @Test
  void theDocumentNamesEventsAndFields() throws IOException {
    record(true); // registers them
    Path document =
        Path.of(System.getProperty("basedir", "target"))
            .toAbsolutePath()
            .resolveSibling("docs/monitoring.md");
    String text = Files.readString(document);
    Set<String> seen = new HashSet<>();
    FlightRecorder.getFlightRecorder().getEventTypes().stream()
        .filter(type -> type.getName().startsWith("gantry."))
        .forEach(type -> {
          seen.add(type.getName());
          Matcher row =
              Pattern.compile(
                      "^\\| `%s` \\| [^|]+ \\| ([^|]+) \\|$".formatted(type.getName()),
                      Pattern.MULTILINE)
                  .matcher(text);
          assertThat(row.find()).as(type.getName()).isTrue();
          List<String> fields =
              type.getFields().stream()
                  .map(ValueDescriptor::getName)
                  .filter(field ->
                      !Set.of("startTime", "duration", "eventThread", "stackTrace").contains(field))
                  .toList();
          assertThat(List.of(row.group(1).split(", ")))
              .as(type.getName())
              .containsExactlyInAnyOrderElementsOf(fields);
          assertThat(type.getDescription()).isNotBlank();
        });
    assertThat(seen).containsExactlyInAnyOrderElementsOf(names());
  }
}
