package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.TargetPdu;
import io.gantry.iscsi.TargetPdu.AsyncMessage;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.DataIn;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.FileMedium;
import io.gantry.store.ForwardingMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads and writes that are carried out where they are decoded, and what must not be. */
@NullUnmarked
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class ExpressTest {
  private static final int BLOCKS = 8192;

  @TempDir Path directory;
  private final Leaks leaks = new Leaks();
  private final AtomicInteger atOnce = new AtomicInteger();
  private final AtomicInteger submitted = new AtomicInteger();
  private final byte[] content = new byte[BLOCKS * 512];
  private Pool pool;
  private PoolTarget device;
  private IscsiTarget target;
  private Volume volume;
  private RawInitiator initiator;
  private int cmdSn = 1;

  @BeforeEach
  void start() throws IOException {
    pool =
        Pool.create(
            FileMedium.create(directory.resolve("pool")),
            Pool.DEFAULT_CHUNK,
            PoolOptions.defaults());
    volume = pool.createVolume("v", content.length, 512);
    new Random(1).nextBytes(content);
    volume.write(0, ByteBuffer.wrap(content));
    device = new PoolTarget(pool, RamDevice.NAME);
    target =
        IscsiTarget.start(
            new Counted(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    initiator =
        new RawInitiator(target.address())
            .logIn(Map.of(Key.MAX_RECV_DATA_SEGMENT_LENGTH, "262144"));
  }

  @AfterEach
  void stop() throws IOException {
    initiator.close();
    target.close();
    device.close();
    pool.close();
    leaks.assertNone();
    assertThat(target.bufferBudget().usedBytes()).isZero();
  }

  /** The target, with its commands counted by the way they take. */
  private final class Counted implements TargetDevice {
    @Override
    public String name() {
      return device.name();
    }

    @Override
    public int maximumTransferBytes() {
      return device.maximumTransferBytes();
    }

    @Override
    public TargetPath connect(Nexus nexus, Identity identity, PathTasks tasks) {
      TargetPath path = device.connect(nexus, identity, tasks);
      return new ForwardingTargetPath(path) {
        @Override
        public CompletableFuture<ScsiResponse> submit(long lun, ScsiRequest request) {
          submitted.incrementAndGet();
          return super.submit(lun, request);
        }

        @Override
        public boolean readNow(long lun, long lba, int blocks, ByteBuffer data) {
          boolean read = super.readNow(lun, lba, blocks, data);
          atOnce.addAndGet(read ? 1 : 0);
          return read;
        }

        @Override
        public ScsiResponse writeNow(long lun, long lba, int blocks, ByteBuffer data) {
          ScsiResponse written = super.writeNow(lun, lba, blocks, data);
          atOnce.addAndGet(written != null ? 1 : 0);
          return written;
        }
      };
    }
  }

  private TargetPdu send(String cdb, int length) throws IOException {
    return send(HexFormat.of().parseHex(cdb.replace(" ", "")), 1, length);
  }

  private TargetPdu send(byte[] cdb, int attribute, int length) throws IOException {
    initiator.send(
        new ScsiCommand(
            false,
            true,
            length > 0,
            false,
            attribute,
            0,
            cmdSn,
            length,
            cmdSn++,
            0,
            Arrays.copyOf(cdb, 16),
            Pdu.NO_DATA));
    TargetPdu answer;
    do {
      answer = initiator.receive();
    } while (answer instanceof AsyncMessage); // volumes come and go
    return answer;
  }

  /** Takes the unit attention of a new nexus. */
  private void introduce() throws IOException {
    assertThat(((CommandResponse) send("00 00 00 00 00 00", 0)).status()).isEqualTo(2);
    submitted.set(0);
  }

  private void assertData(TargetPdu pdu, int lba, int blocks) {
    DataIn data = (DataIn) pdu;
    assertThat(data.last()).isTrue();
    assertThat(data.hasStatus()).isTrue();
    assertThat(data.status()).isZero();
    assertThat(data.taskTag()).isEqualTo(cmdSn - 1);
    assertThat(data.numbers().expCmdSn()).isEqualTo(cmdSn);
    assertThat(data.residual()).isZero();
    assertThat(ByteBufUtil.getBytes(data.data()))
        .isEqualTo(Arrays.copyOfRange(content, lba * 512, (lba + blocks) * 512));
  }

  /** READ(10) and (16), short and long, at both ends; numbers go on as with other commands. */
  @ParameterizedTest
  @CsvSource({"0, 1", "1, 8", "127, 2", "8184, 8", "8191, 1", "0, 512", "100, 511"})
  void plainReads(int lba, int blocks) throws IOException {
    introduce();
    int statSn = ((CommandResponse) send("00 00 00 00 00 00", 0)).numbers().statSn(); // as ever
    submitted.set(0);
    assertData(send("28 00 %08x 00 %04x 00".formatted(lba, blocks), blocks * 512), lba, blocks);
    DataIn second = (DataIn) send("88 00 %016x %08x 00 00".formatted(lba, blocks), blocks * 512);
    assertData(second, lba, blocks);
    assertThat(second.numbers().statSn()).isEqualTo(statSn + 2);
    assertThat(atOnce).hasValue(2);
    assertThat(submitted).hasValue(0);
    assertThat(target.traffic().commands()).isEqualTo(4);
    assertThat(target.traffic().dataInBytes()).isEqualTo(2L * blocks * 512);
  }

  /** Whatever is not plain goes the long way, and gets the answer that it gets there. */
  @Test
  void othersGoTheLongWay() throws IOException {
    assertThat(((CommandResponse) send("28 00 00000000 00 0001 00", 512)).status())
        .as("a unit attention comes first")
        .isEqualTo(2);
    assertThat(((CommandResponse) send("28 00 00002000 00 0001 00", 512)).status())
        .as("behind the end")
        .isEqualTo(2);
    assertThat(((CommandResponse) send("88 00 8000000000000000 00000001 00 00", 512)).status())
        .isEqualTo(2);
    assertThat(((CommandResponse) send("28 20 00000000 00 0001 00", 512)).status())
        .as("RDPROTECT")
        .isEqualTo(2);
    DataIn over = (DataIn) send("28 00 00000000 00 0002 00", 512);
    assertThat(over.overflow()).isTrue();
    assertThat(over.residual()).isEqualTo(512);
    DataIn under = (DataIn) send("28 00 00000000 00 0001 00", 1024);
    assertThat(under.underflow()).isTrue();
    assertThat(under.residual()).isEqualTo(512);
    assertData(send("28 08 00000000 00 0001 00", 512), 0, 1); // FUA
    byte[] plain = Cdb.Transfer.read(0, 1).encode();
    assertData(send(plain, 2, 512), 0, 1); // ORDERED
    assertThat(atOnce).hasValue(0);
    assertData(send(plain, 1, 512), 0, 1);
    assertThat(atOnce).hasValue(1);
  }

  private CommandResponse write(String cdb, int attribute, byte[] data, int expected)
      throws IOException {
    initiator.send(
        new ScsiCommand(
            false,
            true,
            false,
            true,
            attribute,
            0,
            cmdSn,
            expected,
            cmdSn++,
            0,
            Arrays.copyOf(HexFormat.of().parseHex(cdb.replace(" ", "")), 16),
            Unpooled.wrappedBuffer(data)));
    return (CommandResponse) initiator.receive();
  }

  private byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(cmdSn).nextBytes(bytes);
    return bytes;
  }

  /** Notes what is on the volume now, and reads it. */
  private void assertWritten(int lba, byte[] data) throws IOException {
    System.arraycopy(data, 0, content, lba * 512, data.length);
    ByteBuffer all = ByteBuffer.allocate(content.length);
    volume.read(0, all);
    assertThat(all.array()).isEqualTo(content);
  }

  /** WRITE(10) and (16), again and again, since a disk that was slow is left alone for a while. */
  @Test
  void plainWrites() throws IOException {
    introduce();
    for (int i = 0; i < 200 && atOnce.get() < 3; i++) {
      byte[] data = random(4096);
      CommandResponse response = write("2A 00 00000010 00 0008 00", i % 2, data, 4096);
      assertThat(response.status()).isZero();
      assertThat(response.taskTag()).isEqualTo(cmdSn - 1);
      assertThat(response.numbers().expCmdSn()).isEqualTo(cmdSn);
      assertWritten(16, data);
      data = random(65536);
      assertThat(write("8A 00 0000000000000080 00000080 00 00", 1, data, 65536).status()).isZero();
      assertWritten(128, data);
    }
    assertThat(atOnce.get()).isGreaterThanOrEqualTo(3);
  }

  /** Whatever is not plain goes the long way, and gets the answer that it gets there. */
  @Test
  void otherWritesGoTheLongWay() throws IOException {
    byte[] data = random(4096);
    assertThat(write("2A 00 00000000 00 0008 00", 1, data, 4096).status())
        .as("a unit attention comes first")
        .isEqualTo(2);
    assertThat(write("2A 00 00002000 00 0008 00", 1, data, 4096).status())
        .as("behind the end")
        .isEqualTo(2);
    assertThat(write("2A 20 00000000 00 0008 00", 1, data, 4096).status())
        .as("WRPROTECT")
        .isEqualTo(2);
    assertWritten(0, new byte[0]);
    assertThat(write("2A 08 00000000 00 0008 00", 1, data, 4096).status()).as("FUA").isZero();
    assertWritten(0, data);
    data = random(4096);
    assertThat(write("2A 00 00000000 00 0008 00", 2, data, 4096).status()).as("ORDERED").isZero();
    assertWritten(0, data);
    data = random(512);
    assertThat(write("2A 00 00000001 00 0001 00", 1, data, 512).status())
        .as("a part of a page of the page cache")
        .isZero();
    assertWritten(1, data);
    data = random(4096);
    CommandResponse over = write("2A 00 00000008 00 0009 00", 1, data, 4096);
    assertThat(over.overflow()).isTrue();
    pool.protectVolume(volume, true);
    assertThat(write("2A 00 00000000 00 0008 00", 1, data, 4096).status())
        .as("the protection has changed, or forbids it")
        .isEqualTo(2);
    assertThat(write("2A 00 00000000 00 0008 00", 1, data, 4096).status()).isEqualTo(2);
    pool.protectVolume(volume, false);
    pool.createSnapshot(volume, "s");
    assertThat(write("2A 00 00000000 00 0008 00", 1, data, 4096).status()).isEqualTo(2);
    assertThat(write("2A 00 00000000 00 0008 00", 1, data, 4096).status())
        .as("shared with a snapshot")
        .isZero();
    assertThat(atOnce).hasValue(0);
  }

  /** A part may have been written, so the command has ended and nothing else may be its end. */
  @Test
  void aWriteThatFailsIsAnsweredWithThat() throws IOException {
    FileMedium good = FileMedium.create(directory.resolve("bad"));
    ForwardingMedium bad =
        new ForwardingMedium(good) {
          @Override
          public boolean writeNow(Area area, long position, ByteBuffer source) throws IOException {
            throw new IOException("on purpose");
          }
        };
    try (Pool other = Pool.create(bad, Pool.DEFAULT_CHUNK, PoolOptions.defaults());
        PoolTarget otherDevice = new PoolTarget(other, RamDevice.NAME);
        LoggedErrors logged = new LoggedErrors()) {
      Volume written = other.createVolume("w", 1 << 20, 512);
      written.write(0, ByteBuffer.allocate(1 << 16));
      Identity identity =
          new Identity("iqn.2026-11.org.example:i", null, InetAddress.getLoopbackAddress());
      TargetPath path =
          otherDevice.connect(new Nexus("i", RamDevice.NAME), identity, PathTasks.NONE);
      assertThat(path.writeNow(0, 0, 8, ByteBuffer.allocateDirect(4096)))
          .as("a unit attention comes first")
          .isNull();
      var _ = path.submit(0, new ScsiRequest(new byte[6], null, null)).join();
      ScsiResponse answer = path.writeNow(0, 0, 8, ByteBuffer.allocateDirect(4096));
      assertThat(answer.sense()).isEqualTo(Sense.WRITE_ERROR);
      assertThat(answer.transferLength()).isZero();
      assertThat(path.writeNow(0, 1024, 8, ByteBuffer.allocateDirect(4096)))
          .as("a hole, whose writing has not begun")
          .isNull();
      path.close();
      assertThat(logged.errors()).hasSize(1);
    }
  }

  /** What has changed since is told first, and what is forbidden is not read. */
  @Test
  void changesAreNoticed() throws IOException {
    introduce();
    assertData(send("28 00 00000000 00 0001 00", 512), 0, 1);
    pool.resizeVolume(volume, content.length + 512, false);
    assertThat(((CommandResponse) send("28 00 00000000 00 0001 00", 512)).status())
        .as("the capacity has changed")
        .isEqualTo(2);
    assertData(send("28 00 00000000 00 0001 00", 512), 0, 1);
    Volume other = pool.createVolume("other", 1 << 20, 512);
    assertThat(((CommandResponse) send("28 00 00000000 00 0001 00", 512)).status())
        .as("there is another logical unit")
        .isEqualTo(2);
    pool.deleteVolume(other);
    assertThat(((CommandResponse) send("28 00 00000000 00 0001 00", 512)).status()).isEqualTo(2);
    assertData(send("28 00 00000000 00 0001 00", 512), 0, 1);
    Initiator holder = new Initiator(device, "holder", 0);
    assertThat(holder.send("16 00 00 00 00 00").isGood()).isTrue(); // RESERVE(6)
    assertThat(((CommandResponse) send("28 00 00000000 00 0001 00", 512)).status()).isEqualTo(0x18);
    holder.close();
    assertData(send("28 00 00000000 00 0001 00", 512), 0, 1);
    pool.deleteVolume(volume);
    assertThat(((CommandResponse) send("28 00 00000000 00 0001 00", 512)).status()).isEqualTo(2);
    assertThat(atOnce).hasValue(4);
  }
}
