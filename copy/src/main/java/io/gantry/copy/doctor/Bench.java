package io.gantry.copy.doctor;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A logical unit on which rules are tried, and what is known of it. For one thread.
 *
 * <p>Nothing is written outside the scratch range, and nothing at all without one.
 */
public final class Bench implements AutoCloseable {
  /** What Windows asks for of every VPD page. */
  static final int PAGE_ALLOCATION = 255;

  /** What Windows asks for after POPULATE TOKEN: header, sense data, length, one token. */
  static final int REPORT_ALLOCATION = 32 + 255 + 4 + 514;

  /** Blocks of most copies here. */
  static final int SOME = 8;

  /** Blocks that either half of the scratch range has at least. */
  static final int HALF_BLOCKS_MIN = 128;

  private static final int ATTENTIONS_MAX = 8;

  /** Times that a busy target is asked again, in all: it may be busy for ever. */
  private static final int BUSY_MAX = 60;

  private static final long BUSY_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final ScsiDevice device;
  private final @Nullable Connector connector;
  private final @Nullable Scratch scratch;
  private final LongSupplier nanoClock;

  /** Another one each time, or what an earlier examination left would look like a copy. */
  private final SplittableRandom random;

  private final Map<Integer, Answer> pages = new HashMap<>();
  private @Nullable Bench second;
  private long blocks;
  private int blockBytes;
  private int nextList = 0x600; // not what Windows or ddpt begin with
  private int busy;

  /** Makes another I_T nexus with the same logical unit. */
  @FunctionalInterface
  public interface Connector {
    ScsiDevice connect() throws IOException;
  }

  /** Blocks that may be overwritten. */
  public record Scratch(long lba, long blocks) {}

  private Bench(
      ScsiDevice device,
      @Nullable Connector connector,
      @Nullable Scratch scratch,
      LongSupplier nanoClock) {
    this.device = device;
    this.connector = connector;
    this.scratch = scratch;
    this.nanoClock = nanoClock;
    this.random = new SplittableRandom(nanoClock.getAsLong());
  }

  /**
   * Asks a logical unit how large it is.
   *
   * @param device closed with the bench
   * @param connector null if there is no other nexus
   * @param scratchBytes offset and length of what may be overwritten; empty for nothing
   * @throws IOException if it does not tell, or if the scratch range cannot be
   */
  public static Bench open(
      ScsiDevice device,
      @Nullable Connector connector,
      Optional<Scratch> scratchBytes,
      LongSupplier nanoClock)
      throws IOException {
    Bench asking = new Bench(device, connector, null, nanoClock);
    asking.readCapacity();
    Scratch scratch = scratchBytes.isEmpty() ? null : asking.inBlocks(scratchBytes.get());
    Bench bench = new Bench(device, connector, scratch, nanoClock);
    bench.blocks = asking.blocks;
    bench.blockBytes = asking.blockBytes;
    return bench;
  }

  private void readCapacity() throws IOException {
    Answer sixteen = ask(Bytes.of("9e 10 0000000000000000 00000020 00 00"), 32);
    if (sixteen.isGood() && sixteen.data().length >= 12) {
      blocks = sixteen.u64(0) + 1;
      blockBytes = (int) sixteen.u32(8);
    } else {
      Answer ten = ask(Bytes.of("25 00000000 000000 00 00"), 8);
      blocks = ten.u32(0) + 1;
      blockBytes = (int) ten.u32(4);
      if (!ten.isGood() || ten.data().length < 8) {
        throw new IOException(
            "it does not tell its capacity: READ CAPACITY(16) %s, READ CAPACITY(10) %s"
                .formatted(sixteen.describe(), ten.describe()));
      }
    }
    if (blocks < 1 || blockBytes < 512 || blockBytes > 65_536) {
      throw new IOException(
          "it tells an impossible capacity: %d blocks of %d bytes".formatted(blocks, blockBytes));
    }
  }

  private Scratch inBlocks(Scratch bytes) throws IOException {
    long least = 2L * HALF_BLOCKS_MIN * blockBytes;
    if (bytes.lba % blockBytes != 0 || bytes.blocks % blockBytes != 0 || bytes.blocks < least) {
      throw new IOException(
          "the scratch range must begin and end with blocks of %,d bytes, and have %,d bytes or more"
              .formatted(blockBytes, least));
    }
    Scratch inBlocks = new Scratch(bytes.lba / blockBytes, bytes.blocks / blockBytes);
    if (inBlocks.lba > blocks || inBlocks.blocks > blocks - inBlocks.lba) {
      throw new IOException(
          "the scratch range ends behind the last of %,d bytes".formatted(blocks * blockBytes));
    }
    return inBlocks;
  }

  long blocks() {
    return blocks;
  }

  int blockBytes() {
    return blockBytes;
  }

  /** Whether anything may be written. */
  public boolean hasScratch() {
    return scratch != null;
  }

  /** First block of the half that is copied from. */
  long source() throws UnmetException {
    return scratch().lba;
  }

  /** First block of the half that is copied to. */
  long destination() throws UnmetException {
    return scratch().lba + scratch().blocks / 2;
  }

  /** Blocks of either half. */
  long half() throws UnmetException {
    return scratch().blocks / 2;
  }

  private Scratch scratch() throws UnmetException {
    if (scratch == null) {
      throw UnmetException.notChecked("it writes, and no --scratch range was named");
    }
    return scratch;
  }

  /** Blocks that may be read: in the scratch range if there is one. */
  long readable() {
    return scratch == null ? 0 : scratch.lba;
  }

  /** A list identifier that was not used before. */
  int nextList() {
    return nextList++;
  }

  /** Carries out a command that returns data, or none. */
  Answer ask(byte[] cdb, int room) throws IOException {
    byte[] data = new byte[room];
    return carryOut(new ScsiRequest(cdb, null, room == 0 ? null : ByteBuffer.wrap(data)), data);
  }

  /** Carries out a command that sends data. */
  Answer send(byte[] cdb, byte[] list) throws IOException {
    ByteBuffer out = list.length == 0 ? null : ByteBuffer.wrap(list);
    return carryOut(new ScsiRequest(cdb, out, null), new byte[0]);
  }

  /** Repeats what a unit attention or a busy target has kept from being done. */
  private Answer carryOut(ScsiRequest request, byte[] data) throws IOException {
    int attentions = 0;
    while (true) {
      long start = nanoClock.getAsLong();
      ScsiResponse response = device.execute(request);
      Duration took = Duration.ofNanos(nanoClock.getAsLong() - start);
      Sense sense = response.sense();
      boolean isAttention = sense != null && sense.key() == Sense.UNIT_ATTENTION_KEY;
      boolean isBusy =
          response.status() == ScsiStatus.BUSY || response.status() == ScsiStatus.TASK_SET_FULL;
      if (isAttention && attentions++ < ATTENTIONS_MAX) {
        continue;
      }
      if (isBusy && busy++ < BUSY_MAX) {
        LockSupport.parkNanos(BUSY_PAUSE_NANOS);
        continue;
      }
      int length = Math.clamp(response.transferLength(), 0, data.length);
      return new Answer(response.status(), sense, Arrays.copyOf(data, length), took);
    }
  }

  /** Lets time go by: only for what a target does by the clock. */
  void sleep(Duration duration) {
    long end = nanoClock.getAsLong() + duration.toNanos();
    long left;
    while ((left = end - nanoClock.getAsLong()) > 0) {
      LockSupport.parkNanos(left);
    }
  }

  /** A VPD page as Windows asks for it. */
  Answer page(int code) throws IOException {
    Answer known = pages.get(code);
    if (known == null) {
      known = ask(Bytes.page(code, PAGE_ALLOCATION), PAGE_ALLOCATION);
      pages.put(code, known);
    }
    return known;
  }

  /** The third-party copy page, whole. */
  Answer copyPage() throws IOException, UnmetException {
    Answer page = ask(Bytes.page(0x8F, 4096), 4096);
    if (!page.isGood()) {
      throw UnmetException.notOffered("there is no VPD page 8Fh");
    }
    return page;
  }

  /** The same nexus' logical unit by another nexus. */
  Bench second() throws IOException, UnmetException {
    if (connector == null) {
      throw UnmetException.notChecked("there is no second path to it");
    }
    Bench made = second;
    if (made == null) {
      made = new Bench(connector.connect(), null, scratch, nanoClock);
      made.blocks = blocks;
      made.blockBytes = blockBytes;
      second = made;
    }
    return made;
  }

  /** POPULATE TOKEN as Windows sends it: no IMMED, no RTV, default timeout. */
  Answer populate(int list, byte[]... ranges) throws IOException, UnmetException {
    return populateWith(list, Bytes.populateList(0, 0, 0, ranges));
  }

  /** POPULATE TOKEN with other parameters. */
  Answer populateWith(int list, byte[] parameters) throws IOException, UnmetException {
    return known(send(Bytes.populateToken(list, parameters.length), parameters), "POPULATE TOKEN");
  }

  /** An answer of a command that the target knows: else there is nothing to be tested by it. */
  private static Answer known(Answer answer, String command) throws UnmetException {
    if (answer.says(5, 0x20, 0)) {
      throw UnmetException.notOffered("there is no " + command);
    }
    return answer;
  }

  /** WRITE USING TOKEN as Windows sends it. */
  Answer use(int list, long offset, byte[] token, byte[]... ranges)
      throws IOException, UnmetException {
    return useWith(list, Bytes.useList(0, offset, token, ranges));
  }

  /** WRITE USING TOKEN with other parameters. */
  Answer useWith(int list, byte[] parameters) throws IOException, UnmetException {
    return known(
        send(Bytes.writeUsingToken(list, parameters.length), parameters), "WRITE USING TOKEN");
  }

  /** RECEIVE ROD TOKEN INFORMATION as Windows sends it. */
  Report report(int list) throws IOException, UnmetException {
    return new Report(
        known(
            ask(Bytes.receiveRodTokenInformation(list, REPORT_ALLOCATION), REPORT_ALLOCATION),
            "RECEIVE ROD TOKEN INFORMATION"));
  }

  /** A token for ranges. */
  byte[] token(byte[]... ranges) throws IOException, UnmetException {
    return tokenWith(Bytes.populateList(0, 0, 0, ranges));
  }

  /** A token made by other parameters. */
  byte[] tokenWith(byte[] parameters) throws IOException, UnmetException {
    int list = nextList();
    Answer populated = populateWith(list, parameters);
    if (!populated.isGood()) {
      throw UnmetException.notChecked("no token can be made: " + populated.describe());
    }
    Report report = report(list);
    if (!report.answer().isGood() || !report.isSuccess() || !report.hasToken()) {
      throw UnmetException.notChecked("no token was made: " + report.describe());
    }
    return report.token();
  }

  /** Writes blocks whose content was never there before; what was written. */
  byte[] fill(long lba, int count) throws IOException, UnmetException {
    byte[] content = new byte[count * blockBytes];
    random.nextBytes(content);
    write(lba, content);
    return content;
  }

  /** Writes blocks of the scratch range. */
  void write(long lba, byte[] content) throws IOException, UnmetException {
    Scratch range = scratch();
    int count = content.length / blockBytes;
    if (lba < range.lba || lba + count > range.lba + range.blocks) {
      throw new IllegalArgumentException("block %d is not in the scratch range".formatted(lba));
    }
    Answer written = send(Bytes.of("8a 00", Bytes.u64(lba), Bytes.u32(count), "0000"), content);
    if (!written.isGood()) {
      throw UnmetException.notChecked("the scratch range cannot be written: " + written.describe());
    }
  }

  byte[] read(long lba, int count) throws IOException, UnmetException {
    Answer read =
        ask(Bytes.of("88 00", Bytes.u64(lba), Bytes.u32(count), "0000"), count * blockBytes);
    if (!read.isGood()) {
      throw UnmetException.notChecked("it cannot be read: " + read.describe());
    }
    return read.data();
  }

  /** The bytes of some blocks of a content. */
  byte[] part(byte[] content, int from, int count) {
    return Arrays.copyOfRange(content, from * blockBytes, (from + count) * blockBytes);
  }

  @Override
  public void close() throws IOException {
    Bench other = second;
    if (other != null) {
      other.close();
    }
    device.close();
  }
}
