package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.TargetPdu.AsyncMessage;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A pool's volumes over a portal, PDU by PDU. */
@NullUnmarked
@Timeout(60)
class PoolPortalTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
  private static final Map<Key, String> R2T_ONLY =
      Map.of(Key.INITIAL_R2T, Key.YES, Key.IMMEDIATE_DATA, Key.NO);

  /** SenseLength, and fixed format sense data (SPC-4 4.5.3): REPORTED LUNS DATA HAS CHANGED. */
  private static final String LUNS_CHANGED = "0012 70 00 06 00000000 0A 00000000 3F 0E 00 000000";

  @TempDir Path directory;
  private Pool pool;
  private PoolTarget device;
  private IscsiTarget target;
  private RawInitiator raw;
  private int cmdSn = 1;

  @BeforeEach
  void start() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("first", 4 << 20, 512);
    NamePattern hidden = new NamePattern("hidden*");
    AccessPolicy access =
        new AccessPolicy(
            List.of(),
            List.of(
                new AccessRule(List.of(), Set.of(), List.of(), List.of(hidden), Access.NONE),
                new AccessRule(List.of(), Set.of(), List.of(), List.of(), Access.READ_WRITE)));
    device = new PoolTarget(pool, NAME, access);
    target =
        IscsiTarget.start(
            device,
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            new IscsiOptions(access, null, new SecureRandom(), InstantSource.fixed(Instant.EPOCH)));
    raw = logIn(R2T_ONLY);
    command(TEST_UNIT_READY, false, 0);
    assertThat(((CommandResponse) raw.receive()).status()).isEqualTo(2); // a new nexus
  }

  @AfterEach
  void stop() throws IOException {
    raw.close();
    target.close();
    device.close();
    pool.close();
  }

  private RawInitiator logIn(Map<Key, String> offers) throws IOException {
    RawInitiator initiator = new RawInitiator(target.address());
    return initiator.logIn(new InitiatorLogin("iqn.2026-11.test:host", NAME, 0x8000L, offers));
  }

  private int command(String cdb, boolean write, int length) throws IOException {
    int number = cmdSn++;
    byte[] padded = Arrays.copyOf(hex(cdb), 16);
    raw.send(
        new ScsiCommand(
            false, true, false, write, 1, 0, number, length, number, 0, padded, Pdu.NO_DATA));
    return number;
  }

  /** An idle initiator hears of volumes that come and go, of those that it may see. */
  @Test
  void theInventoryChanges() throws IOException {
    pool.createVolume("hidden", 1 << 20, 512);
    command(TEST_UNIT_READY, false, 0);
    CommandResponse ready = (CommandResponse) raw.receive();
    assertThat(ready.status()).isZero();
    int statSn = ready.numbers().statSn();
    pool.createVolume("second", 1 << 20, 512);
    assertAnnounced(++statSn);
    command(TEST_UNIT_READY, false, 0); // the unit attention is there all the same
    CommandResponse attention = (CommandResponse) raw.receive();
    assertThat(attention.numbers().statSn()).isEqualTo(++statSn);
    assertThat(ByteBufUtil.getBytes(attention.data())).isEqualTo(hex(LUNS_CHANGED));
    command(TEST_UNIT_READY, false, 0);
    assertThat(((CommandResponse) raw.receive()).status()).isZero();
    pool.deleteVolume(pool.volume("second").orElseThrow());
    assertAnnounced(statSn + 2);
  }

  /** Other rules: the session goes on, unless they would not let its initiator in. */
  @Test
  void theRulesChange() throws IOException {
    pool.createVolume("hidden", 1 << 20, 512);
    command(TEST_UNIT_READY, false, 0);
    CommandResponse ready = (CommandResponse) raw.receive();
    device.access(AccessPolicy.DEFAULT);
    target.access(AccessPolicy.DEFAULT);
    assertAnnounced(ready.numbers().statSn() + 1);
    NamePattern others = new NamePattern("iqn.2026-11.test:others*");
    AccessPolicy closed =
        new AccessPolicy(
            List.of(),
            List.of(
                new AccessRule(
                    List.of(others), Set.of(), List.of(), List.of(), Access.READ_WRITE)));
    target.access(closed);
    assertThatThrownBy(
            () -> {
              while (true) {
                raw.receive();
              }
            })
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> logIn(Map.of())).hasMessageContaining("0202");
  }

  private void assertAnnounced(int statSn) throws IOException {
    AsyncMessage message = (AsyncMessage) raw.receive();
    assertThat(message.event()).isZero(); // RFC 7143 11.9.1
    assertThat(message.lun()).isZero();
    assertThat(message.numbers().statSn()).isEqualTo(statSn);
    assertThat(ByteBufUtil.getBytes(message.data())).isEqualTo(hex(LUNS_CHANGED));
  }

  /** No more data are asked for than the command takes, however many the initiator expects. */
  @ParameterizedTest
  @CsvSource({
    "2A 00 00000000 00 0001 00, 512", // WRITE(10)
    "41 00 00000000 00 0100 00, 512", // WRITE SAME(10)
    "15 11 0000 04 00, 4" // MODE SELECT(6)
  })
  void writesOfMoreThanTheyTake(String cdb, int takes) throws IOException {
    int tag = command(cdb, true, 1 << 20);
    ReadyToTransfer request = (ReadyToTransfer) raw.receive();
    assertThat(request.bufferOffset()).isZero();
    assertThat(request.desiredLength()).isEqualTo(takes);
    raw.send(
        new DataOut(
            true,
            request.lun(),
            tag,
            request.transferTag(),
            0,
            0,
            0,
            Unpooled.wrappedBuffer(new byte[takes])));
    assertGood(tag, (1 << 20) - takes);
  }

  private void assertGood(int tag, long underflow) throws IOException {
    CommandResponse response = (CommandResponse) raw.receive();
    assertThat(response.taskTag()).isEqualTo(tag);
    assertThat(response.status()).isZero();
    assertThat(response.underflow()).isTrue();
    assertThat(response.residual()).isEqualTo(underflow);
  }

  @Test
  void writesThatTakeNothing() throws IOException {
    assertGood(command(TEST_UNIT_READY, true, 1 << 20), 1 << 20);
    assertGood(command("28 00 00000000 00 0000 00", true, 4096), 4096);
    int tag = command("C0 00 00 00 00 00", true, 1 << 20); // not a command: refused without data
    CommandResponse response = (CommandResponse) raw.receive();
    assertThat(response.taskTag()).isEqualTo(tag);
    assertThat(response.status()).isEqualTo(2);
  }

  /** RFC 7143 13.23: what comes in order over one connection needs no more than that. */
  @Test
  void taskReporting() throws IOException {
    logIn(Map.of(Key.TASK_REPORTING, "FastAbort,ResponseFence")).close();
    assertThatThrownBy(() -> logIn(Map.of(Key.TASK_REPORTING, "FastAbort")))
        .hasMessageContaining("TaskReporting");
  }
}
