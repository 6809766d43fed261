package io.gantry.dsm;

import static io.gantry.dsm.TestData.hex;

import io.gantry.dsm.ScriptedDevice.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A 1 GiB disk with 512-byte blocks on a {@link ScriptedDevice}. List identifiers begin at {@link
 * #FIRST}; time stands still unless a test moves it.
 */
final class TestDisk {
  /** The list identifier of the first token command. */
  static final int FIRST = 0x0102_0304;

  static final long BLOCKS = 1L << 21;

  static final String INQUIRY = "12 00 00 0024 00";
  static final String PAGES = "12 01 00 00ff 00";
  static final String THIRD_PARTY_COPY = "12 01 8f 00ff 00";
  static final String BLOCK_LIMITS = "12 01 b0 00ff 00";
  static final String READ_CAPACITY = "9e10 0000000000000000 00000020 0000";
  static final byte[] PAGE_LIST = hex("00 00 0004 00 83 8f b0");

  final ScriptedDevice device;
  final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  final Disk disk;

  private TestDisk(ScriptedDevice device) throws IOException {
    this.device = device;
    this.disk = Disk.attach(device, nanos::get, new AtomicInteger(FIRST)::getAndIncrement);
  }

  /** Without limits of any kind. */
  static TestDisk unlimited() throws IOException {
    return with(limits(0, 0, 0, 0));
  }

  static TestDisk with(byte[] thirdPartyCopyPage) throws IOException {
    return with(thirdPartyCopyPage, BLOCKS, 512);
  }

  static TestDisk with(byte[] thirdPartyCopyPage, long blocks, int blockLength) throws IOException {
    return new TestDisk(
        new ScriptedDevice()
            .expect(INQUIRY, Answer.good(new byte[36]))
            .expect(PAGES, Answer.good(PAGE_LIST))
            .expect(THIRD_PARTY_COPY, Answer.good(thirdPartyCopyPage))
            .expect(BLOCK_LIMITS, Answer.good(blockLimits()))
            .expect(READ_CAPACITY, Answer.good(capacity(blocks, blockLength))));
  }

  /** A disk that cannot offload. */
  static TestDisk plain() throws IOException {
    return new TestDisk(
        new ScriptedDevice()
            .expect(INQUIRY, Answer.good(new byte[36]))
            .expect(PAGES, Answer.check(5, 0x24, 0))
            .expect(READ_CAPACITY, Answer.good(capacity(BLOCKS, 512))));
  }

  static TestDisk on(ScriptedDevice device) throws IOException {
    return new TestDisk(device);
  }

  /** A thin disk of 1 GiB: see {@link #thinLimits} and {@link #provisioning}. */
  static TestDisk thin() throws IOException {
    return thin(thinLimits(256, 0xFFFFFFFF, 128, 0), provisioning(0xC4));
  }

  static TestDisk thin(byte[] blockLimits, byte[] provisioning) throws IOException {
    return new TestDisk(
        new ScriptedDevice()
            .expect(INQUIRY, Answer.good(INQUIRY_DATA))
            .expect(PAGES, Answer.good(hex("00 00 0007 00 80 83 8f b0 b1 b2")))
            .expect(THIRD_PARTY_COPY, Answer.good(limits(64, 600, 0, 0)))
            .expect(BLOCK_LIMITS, Answer.good(blockLimits))
            .expect("12 01 b2 00ff 00", Answer.good(provisioning))
            .expect(READ_CAPACITY, Answer.good(capacity(BLOCKS, 512))));
  }

  /**
   * VPD page B0h of a disk that unmaps: no more than {@code blocks} at once, in granules that begin
   * at {@code alignment}.
   */
  static byte[] thinLimits(int descriptors, int blocks, int granularity, int alignment) {
    ByteBuffer b = ByteBuffer.wrap(blockLimits());
    b.putInt(20, blocks).putInt(24, descriptors).putInt(28, granularity);
    return b.putInt(32, 0x8000_0000 | alignment).putLong(36, 0xFFFF).array();
  }

  /** VPD page B2h: thin, thresholds in units of 2^11 blocks; {@code flags} is byte 5. */
  static byte[] provisioning(int flags) {
    return hex("00 b2 0004 0b %02x 02 00".formatted(flags));
  }

  static final byte[] INQUIRY_DATA =
      hex("00 00 06 12 1f 00 00 02 47414e5452592020" + "566f6c756d6520202020202020202020 302e3120");

  /** VPD page 8Fh with the limits descriptor alone. */
  static byte[] limits(int ranges, int inactivity, long transfer, long optimal) {
    ByteBuffer b = ByteBuffer.allocate(40);
    b.put((byte) 0).put((byte) 0x8F).putShort((short) 36);
    b.putShort((short) 0).putShort((short) 0x20).position(14);
    b.putShort((short) ranges).putInt(inactivity).putInt(60).putLong(transfer).putLong(optimal);
    return b.array();
  }

  /** VPD page B0h: granularity 8, maximum 10000h, optimal 2000h blocks. */
  static byte[] blockLimits() {
    return ByteBuffer.allocate(64).put(hex("00 b0 003c 0000 0008 00010000 00002000")).array();
  }

  static byte[] capacity(long blocks, int blockLength) {
    return ByteBuffer.allocate(32).putLong(blocks - 1).putInt(blockLength).array();
  }

  IoctlResult read(byte[] input) throws IOException {
    return control(input, 536);
  }

  IoctlResult write(byte[] input) throws IOException {
    return control(input, 16);
  }

  IoctlResult control(byte[] input, int outputCapacity) throws IOException {
    return disk.control(0x002D9404, input, outputCapacity);
  }
}
