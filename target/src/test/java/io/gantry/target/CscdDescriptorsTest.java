package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How an EXTENDED COPY names what takes part: by a portal's address, or in ways that are not known
 * here. Lists are typed by hand.
 */
@NullUnmarked
class CscdDescriptorsTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final int PORT = 0x0CBC; // 3260
  private static final int BLOCKS = 2048;

  /** LUN 0, 127.0.0.1, port 3260, TCP; a disk with blocks of 512 bytes. */
  private static final String SOURCE =
      "E5 00 0000 | 0000000000000000 | 7F000001 | 000000000000 | 0CBC | 0000 | 0006 | 00000200";

  private static final String DESTINATION =
      SOURCE.replace("| 0000000000000000", "| 0001000000000000");

  /** Eight blocks from block 16 of the first to block 32 of the second. */
  private static final String SEGMENT =
      "02 00 0018 0000 0001 0000 0008 0000000000000010 0000000000000020";

  @TempDir private Path directory;
  private Pool pool;
  private PoolTarget target;
  private byte[] content;

  @BeforeEach
  void open() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("source", BLOCKS * 512L, 512);
    pool.createVolume("destination", BLOCKS * 512L, 512);
    target = new PoolTarget(pool, NAME);
    content = new byte[BLOCKS * 512];
    new Random(1).nextBytes(content);
    pool.volume(0).orElseThrow().write(0, ByteBuffer.wrap(content));
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  /** The destination's logical unit, for an initiator that came in by a portal. */
  private ScsiDevice viaPortal() throws IOException {
    InetSocketAddress portal = new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT);
    PathTasks tasks =
        new PathTasks() {
          @Override
          public CompletableFuture<Integer> abort(int unit, boolean answered) {
            return CompletableFuture.completedFuture(0);
          }

          @Override
          public List<InetSocketAddress> portals() {
            return List.of(portal);
          }
        };
    TargetPath path =
        target.connect(
            new Nexus("iqn.2026-11.io.gantry:host,i,0x1", NAME),
            new Identity("iqn.2026-11.io.gantry:host", null, portal.getAddress()),
            tasks);
    ScsiDevice device =
        new ScsiDevice() {
          @Override
          public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
            return path.submit(1L << 48, request);
          }

          @Override
          public void close() {
            path.close();
          }
        };
    device.execute(new ScsiRequest(new byte[6], null, null)); // takes the unit attention
    return device;
  }

  private static byte[] list(String cscds, String segments, String inline) {
    byte[] named = hex(cscds);
    byte[] steps = hex(segments);
    byte[] data = hex(inline);
    return ByteBuffer.allocate(16 + named.length + steps.length + data.length)
        .put(hex("01 00"))
        .putShort((short) named.length)
        .putInt(0)
        .putInt(steps.length)
        .putInt(data.length)
        .put(named)
        .put(steps)
        .put(data)
        .array();
  }

  private static ScsiResponse send(ScsiDevice device, byte[] list) throws IOException {
    byte[] cdb = hex("83 00 0000000000000000 00000000 0000");
    ByteBuffer.wrap(cdb).putInt(10, list.length);
    return device.execute(new ScsiRequest(cdb, ByteBuffer.wrap(list), null));
  }

  private byte[] destination() throws IOException {
    byte[] bytes = new byte[BLOCKS * 512];
    pool.volume(1).orElseThrow().read(0, ByteBuffer.wrap(bytes));
    return bytes;
  }

  @Test
  void aPortalOfThisTargetIsAName() throws IOException {
    try (ScsiDevice device = viaPortal()) {
      ScsiResponse response = send(device, list(SOURCE + DESTINATION, SEGMENT, ""));
      assertThat(sense(response)).as(response.describe()).isEqualTo("GOOD");
    }
    byte[] copied = destination();
    assertThat(Arrays.copyOfRange(copied, 32 * 512, 40 * 512))
        .isEqualTo(Arrays.copyOfRange(content, 16 * 512, 24 * 512));
    Arrays.fill(copied, 32 * 512, 40 * 512, (byte) 0);
    assertThat(copied).containsOnly(0);
  }

  /** Where in the descriptor, what instead, and what that is answered with. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "another address,           15, 02,   0A/0D02, 16",
    "another port,              22, 0CBD, 0A/0D02, 16",
    "UDP,                       26, 0011, 0A/0D02, 16",
    "no such logical unit,       5, 07,   0A/0D02, 16",
    "a LUN of two levels,        7, 01,   0A/0D02, 16",
    "a proxy token,              1, 40,   05/2600, 17",
    "a tape,                     1, 01,   0A/0D03, 16",
    "blocks of another size,    30, 1000, 0A/0D03, 16",
  })
  void anythingElseIsNoneOfOurs(String what, int at, String value, String code, int pointer)
      throws IOException {
    byte[] list = list(SOURCE + DESTINATION, SEGMENT, "");
    byte[] bytes = hex(value);
    System.arraycopy(bytes, 0, list, 16 + at, bytes.length);
    try (ScsiDevice device = viaPortal()) {
      ScsiResponse response = send(device, list);
      assertThat(sense(response)).as(what).isEqualTo(code);
      assertThat(response.sense().fieldPointer()).hasValue(pointer);
    }
    assertThat(destination()).containsOnly(0);
  }

  @Test
  void whoCameByNoPortalHasNone() throws IOException {
    try (ScsiDevice device = target.open("host", 1)) {
      device.execute(new ScsiRequest(new byte[6], null, null));
      assertThat(sense(send(device, list(SOURCE + DESTINATION, SEGMENT, "")))).isEqualTo("0A/0D02");
    }
  }

  /**
   * Descriptors of Fibre Channel, parallel SCSI, aliases, RDMA, FireWire, SAS, IPv6, IP copy
   * services, RODs, and extensions; each the second of the list.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {"00", "E0", "E1", "E2", "E3", "E6", "E7", "E8", "E9", "EA", "EB", "FE", "FF"})
  void otherCscdDescriptorsAreRefusedWithAPointer(String type) throws IOException {
    byte[] list = list(SOURCE + DESTINATION, SEGMENT, "");
    list[16 + 32] = hex(type)[0];
    try (ScsiDevice device = viaPortal()) {
      ScsiResponse response = send(device, list);
      assertThat(sense(response)).isEqualTo("05/2607");
      assertThat(response.sense().fieldPointer()).hasValue(48);
    }
    assertThat(destination()).containsOnly(0);
  }

  /** To and from tapes, inline and embedded data, data held, and populating RODs. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "00", "01", "03", "04", "05", "06", "08", "09", "0B", "0C", "0D", "0E", "0F", "10", "11",
        "12", "13", "15", "BE", "BF", "7F"
      })
  void otherSegmentDescriptorsAreRefusedWithAPointer(String type) throws IOException {
    byte[] list = list(SOURCE + DESTINATION, SEGMENT + SEGMENT, "");
    list[16 + 64 + 28] = hex(type)[0];
    try (ScsiDevice device = viaPortal()) {
      ScsiResponse response = send(device, list);
      assertThat(sense(response)).isEqualTo("05/2609");
      assertThat(response.sense().fieldPointer()).hasValue(16 + 64 + 28);
    }
    assertThat(destination()).as("nor is the one before it carried out").containsOnly(0);
  }

  @Test
  void inlineDataAreRefusedWithAPointer() throws IOException {
    try (ScsiDevice device = viaPortal()) {
      ScsiResponse response = send(device, list(SOURCE + DESTINATION, SEGMENT, "00".repeat(512)));
      assertThat(sense(response)).isEqualTo("05/260B");
      assertThat(response.sense().fieldPointer()).hasValue(12);
    }
    assertThat(destination()).containsOnly(0);
  }
}
