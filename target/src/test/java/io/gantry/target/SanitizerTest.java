package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.ForwardingMedium;
import io.gantry.store.Medium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SANITIZE: what it does, refuses, survives, and what else answers meanwhile. */
@NullUnmarked
@Timeout(60)
class SanitizerTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final int CHUNK = 16 << 10;
  private static final String READY = "00 00 00 00 00 00";

  @TempDir Path directory;

  /** A medium on which overwriting waits, or fails, when a test wants it to. */
  private static final class Gate extends ForwardingMedium {
    volatile CountDownLatch open = new CountDownLatch(0);
    volatile boolean broken;

    Gate(Medium medium) {
      super(medium);
    }

    @Override
    public CompletableFuture<Void> write(Area area, long position, ByteBuffer source) {
      if (area == Area.CHUNKS && Thread.currentThread().getName().startsWith("gantry-sanitize")) {
        try {
          open.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        if (broken) {
          return CompletableFuture.failedFuture(new IOException("as the test wants it"));
        }
      }
      return super.write(area, position, source);
    }
  }

  private Gate create() throws IOException {
    Gate gate = new Gate(FileMedium.create(directory));
    return gate;
  }

  private static byte[] filled(int value, int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static Pool pool(Gate gate) throws IOException {
    Pool pool = Pool.create(gate, CHUNK, PoolOptions.defaults());
    pool.createVolume("v", 20 * CHUNK, 512);
    return pool;
  }

  @Test
  void blockErase() throws IOException {
    try (Pool pool = pool(create());
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      unit.write(0, filled(0x5E, 4 * CHUNK), 512);
      pool.flush();
      assertThat(sense(unit.send("48 02 0000000000 0000 00"))).isEqualTo("GOOD");
      assertThat(unit.read(0, 640, 512)).containsOnly(0);
      byte[] status = unit.ask("9E 12 0000000000000000 00000100 00 00", 256);
      assertThat(status).isEqualTo(hex("00000014 00000000 0000000000000000 00000280 01000000"));
      assertThat(Files.readAllBytes(directory.resolve("chunks"))).doesNotContain(0x5E);
      assertThat(sense(unit.send(READY))).isEqualTo("GOOD");
    }
  }

  @Test
  void overwrite() throws IOException {
    try (Pool pool = pool(create());
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      unit.write(0, filled(0x5E, 4 * CHUNK), 512);
      pool.flush();
      ScsiResponse response = unit.send("48 01 0000000000 0007 00", hex("82 00 0003 0102FF"));
      assertThat(sense(response)).isEqualTo("GOOD");
      assertThat(response.transferLength()).isEqualTo(7);
      byte[] block = new byte[512];
      for (int i = 0; i < 512; i++) {
        block[i] = hex("FEFD00")[i % 3]; // the second pass wrote the complement
      }
      assertThat(unit.read(0, 1, 512)).isEqualTo(block);
      assertThat(unit.read(639, 1, 512)).isEqualTo(block);
      assertThat(Files.readAllBytes(directory.resolve("chunks"))).doesNotContain(0x5E);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "48 01 0000000000 0004 00, 01000000, 05/2400", // no pattern
    "48 01 0000000000 0000 00, '', 05/2400",
    "48 01 0000000000 0205 00, 01000201, 05/2400", // more than a block
    "48 01 0000000000 0006 00, 010000020000, GOOD",
    "48 01 0000000000 0006 00, 000000020000, 05/2600", // no pass
    "48 01 0000000000 0006 00, 410000020000, 05/2600",
    "48 01 0000000000 0006 00, 010100020000, 05/2600",
    "48 01 0000000000 0006 00, 010000030000, 05/2600",
    "48 01 0000000000 0006 00, 010000000000, 05/2600",
    "48 01 0000000000 0006 00, 0100, 05/1A00",
    "48 02 0000000000 0006 00, 010000020000, 05/2400",
    "48 03 0000000000 0000 00, '', 05/2400",
    "48 1F 0000000000 0000 00, '', GOOD"
  })
  void parameters(String cdb, String list, String expected) throws IOException {
    try (Pool pool = pool(create());
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      ScsiResponse response = list.isEmpty() ? unit.send(cdb) : unit.send(cdb, hex(list));
      assertThat(sense(response)).isEqualTo(expected);
    }
  }

  /** What others hear while it goes on; resets and lost initiators do not end it. */
  @Test
  void meanwhile() throws Exception {
    Gate gate = create();
    try (Pool pool = pool(gate);
        PoolTarget target = new PoolTarget(pool, NAME);
        ScsiDevice device = target.open("other", 0)) {
      Initiator unit = new Initiator(target, "host", 0);
      unit.write(0, filled(0x5E, 4 * CHUNK), 512);
      gate.open = new CountDownLatch(1);
      CompletableFuture<ScsiResponse> waiting =
          device
              .submit(new ScsiRequest(hex(READY), null, null))
              .thenCompose(
                  _ -> device.submit(new ScsiRequest(hex("48 02" + "00".repeat(8)), null, null)));
      assertThat(sense(unit.send("48 82 0000000000 0000 00"))).isEqualTo("02/041B");
      for (String cdb :
          new String[] {
            READY,
            "28 00 00000000 00 0001 00",
            "2A 00 00000000 00 0000 00",
            "1B 00 00 00 01 00",
            "35 00 00000000 00 0000 00",
            "25 00 00000000 0000 00 00",
            "48 1F 0000000000 0000 00"
          }) {
        ScsiResponse refused = unit.send(cdb);
        assertThat(sense(refused)).as(cdb).isEqualTo("02/041B");
        assertThat(refused.sense().fieldPointer()).as("progress").isPresent();
      }
      assertThat(unit.ask("12 00 00 00 24 00", 36)).hasSize(36);
      assertThat(Arrays.copyOf(unit.ask("03 00 00 00 12 00", 18), 14))
          .isEqualTo(hex("70 00 02 00000000 0A 00000000 041B"));
      TargetPath path =
          target.connect(
              new Nexus("third", NAME), new Identity("third", null, null), PathTasks.NONE);
      path.resetUnit(0).get();
      path.close();
      assertThat(sense(unit.send(READY))).isEqualTo("06/2903");
      assertThat(sense(unit.send(READY))).isEqualTo("02/041B");
      assertThat(waiting).isNotDone();
      gate.open.countDown();
      assertThat(sense(waiting.get())).isEqualTo("GOOD");
      assertThat(sense(unit.send(READY))).isEqualTo("GOOD");
      assertThat(unit.read(0, 100, 512)).containsOnly(0);
    }
  }

  /** Its initiator aborts it, and its buffers are used for something else at once. */
  @Test
  void nobodyWaitsForIt() throws Exception {
    Gate gate = create();
    try (Pool pool = pool(gate);
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      unit.write(0, filled(0x5E, 4 * CHUNK), 512);
      TargetPath path =
          target.connect(
              new Nexus("third", NAME), new Identity("third", null, null), PathTasks.NONE);
      path.submit(0, new ScsiRequest(hex(READY), null, null)).get();
      gate.open = new CountDownLatch(1);
      ByteBuffer list = ByteBuffer.wrap(hex("01 00 0001 77"));
      ScsiRequest request = new ScsiRequest(hex("48 01 0000000000 0005 00"), list, null);
      CompletableFuture<ScsiResponse> answer = path.submit(0, request);
      while (!sense(unit.send(READY)).equals("02/041B")) {
        Thread.onSpinWait();
      }
      assertThat(answer).isNotDone();
      path.abandon(request);
      answer.get();
      list.put(4, (byte) 0x66);
      path.close();
      assertThat(sense(unit.send(READY))).isEqualTo("02/041B");
      gate.open.countDown();
      while (!sense(unit.send(READY)).equals("GOOD")) {
        Thread.onSpinWait();
      }
      assertThat(unit.read(0, 640, 512)).containsOnly(0x77);
    }
  }

  @Test
  void aFailure() throws Exception {
    Gate gate = create();
    try (Pool pool = pool(gate);
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      gate.broken = true;
      for (int unrestricted : new int[] {0, 0x20}) {
        unit.write(0, filled(0x5E, 4 * CHUNK), 512);
        String erase = "48 %02X 0000000000 0000 00".formatted(2 | unrestricted);
        assertThat(sense(unit.send(erase))).isEqualTo("03/3103");
        assertThat(sense(unit.send(READY))).isEqualTo("03/3103");
        String exit = unrestricted == 0 ? "05/2400" : "GOOD";
        assertThat(sense(unit.send("48 1F 0000000000 0000 00"))).isEqualTo(exit);
        if (unrestricted == 0) {
          gate.broken = false;
          assertThat(sense(unit.send(erase))).as("again").isEqualTo("GOOD");
          gate.broken = true;
        }
      }
      assertThat(sense(unit.send(READY))).isEqualTo("GOOD");
    }
  }

  @Test
  void aRestart() throws Exception {
    Gate gate = create();
    gate.broken = true;
    try (Pool pool = pool(gate);
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      unit.write(0, filled(0x5E, 4 * CHUNK), 512);
      assertThat(sense(unit.send("48 02 0000000000 0000 00"))).isEqualTo("03/3103");
    }
    Gate again = new Gate(FileMedium.open(directory));
    again.open = new CountDownLatch(1);
    try (Pool pool = Pool.open(again, PoolOptions.defaults());
        PoolTarget target = new PoolTarget(pool, NAME)) {
      Initiator unit = new Initiator(target, "host", 0);
      assertThat(sense(unit.send(READY))).isEqualTo("02/041B");
      again.open.countDown();
      while (!sense(unit.send(READY)).equals("GOOD")) {
        Thread.onSpinWait();
      }
      assertThat(Files.readAllBytes(directory.resolve("chunks"))).doesNotContain(0x5E);
    }
  }
}
