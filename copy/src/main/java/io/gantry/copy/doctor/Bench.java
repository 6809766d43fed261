package io.gantry.copy.doctor;

import io.gantry.copy.Clock;
import io.gantry.copy.Connector;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
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

  private static final Duration BUSY_PAUSE = Duration.ofMillis(50);

  /** Blocks of one WRITE or READ. */
  private static final int PIECE_BLOCKS = 128;

  /** A target that restarts gets this long. */
  private static final Duration RESTART_MAX = Duration.ofMinutes(5);

  private static final Duration RESTART_STEP = Duration.ofMillis(500);

  private final Surroundings surroundings;
  private final @Nullable Scratch scratch;
  private final Clock clock;

  /** Another one each time, or what an earlier examination left would look like a copy. */
  private final SplittableRandom random;

  private final Map<Integer, Answer> pages = new HashMap<>();
  private ScsiDevice device;
  private @Nullable Bench second;
  private @Nullable Bench stranger;
  private long blocks;
  private int blockBytes;
  private int nextList = 0x600; // not what Windows or ddpt begin with
  private int busy;

  /** Has the target of the logical unit end and begin anew. */
  @FunctionalInterface
  public interface Restart {
    /**
     * Returns when the target is about to come back, or has.
     *
     * @throws IOException if it cannot be restarted so; the message is for people
     */
    void run() throws IOException;
  }

  /**
   * What an examination may use besides the logical unit. What needs something that is null is not
   * checked.
   *
   * @param nexus another I_T nexus with the same logical unit
   * @param stranger a logical unit of another target; read, and never written
   * @param restart restarts the target
   */
  public record Surroundings(
      @Nullable Connector nexus, @Nullable Connector stranger, @Nullable Restart restart) {
    /** The logical unit, and nothing else. */
    public static final Surroundings NONE = new Surroundings(null, null, null);
  }

  /** Blocks that may be overwritten. */
  public record Scratch(long lba, long blocks) {}

  private Bench(
      ScsiDevice device, Surroundings surroundings, @Nullable Scratch scratch, Clock clock) {
    this.device = device;
    this.surroundings = surroundings;
    this.scratch = scratch;
    this.clock = clock;
    this.random = new SplittableRandom(clock.nanos());
  }

  /**
   * Asks a logical unit how large it is.
   *
   * @param device closed with the bench
   * @param scratchBytes offset and length of what may be overwritten; empty for nothing
   * @throws IOException if it does not tell, or if the scratch range cannot be
   */
  public static Bench open(
      ScsiDevice device, Surroundings surroundings, Optional<Scratch> scratchBytes, Clock clock)
      throws IOException {
    Bench asking = new Bench(device, surroundings, null, clock);
    asking.readCapacity();
    Scratch scratch = scratchBytes.isEmpty() ? null : asking.inBlocks(scratchBytes.get());
    Bench bench = new Bench(device, surroundings, scratch, clock);
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

  /** Carries out a command that sends data while others are carried out. */
  Pending sendBeside(byte[] cdb, byte[] list) {
    ScsiDevice to = device;
    FutureTask<Answer> task =
        new FutureTask<>(() -> {
          ScsiResponse response = to.execute(new ScsiRequest(cdb, ByteBuffer.wrap(list), null));
          return new Answer(response.status(), response.sense(), new byte[0], Duration.ZERO);
        });
    Thread.ofVirtual().start(task);
    return new Pending(task);
  }

  /** A command that another thread waits for. */
  record Pending(Future<Answer> answer) {
    boolean hasEnded() {
      return answer.isDone();
    }

    Answer await() throws IOException {
      try {
        return answer.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting for a command", e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException lost) {
          throw lost;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  /** Repeats what a unit attention or a busy target has kept from being done. */
  private Answer carryOut(ScsiRequest request, byte[] data) throws IOException {
    int attentions = 0;
    while (true) {
      long start = clock.nanos();
      ScsiResponse response = device.execute(request);
      Duration took = Duration.ofNanos(clock.nanos() - start);
      Sense sense = response.sense();
      boolean isAttention = sense != null && sense.key() == Sense.UNIT_ATTENTION_KEY;
      boolean isBusy =
          response.status() == ScsiStatus.BUSY || response.status() == ScsiStatus.TASK_SET_FULL;
      if (isAttention && attentions++ < ATTENTIONS_MAX) {
        continue;
      }
      if (isBusy && busy++ < BUSY_MAX) {
        clock.sleep(BUSY_PAUSE);
        continue;
      }
      int length = Math.clamp(response.transferLength(), 0, data.length);
      return new Answer(response.status(), sense, Arrays.copyOf(data, length), took);
    }
  }

  /** Lets time go by: only for what a target does by the clock. */
  void sleep(Duration duration) {
    clock.sleep(duration);
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

  /** The same logical unit by another nexus. */
  Bench second() throws IOException, UnmetException {
    Connector connector = surroundings.nexus;
    if (connector == null) {
      throw UnmetException.notChecked("there is no second path to it");
    }
    Bench made = second;
    if (made == null) {
      made = new Bench(connector.connect(), Surroundings.NONE, scratch, clock);
      made.blocks = blocks;
      made.blockBytes = blockBytes;
      second = made;
    }
    return made;
  }

  /**
   * A token of another target, and the bytes that it stands for.
   *
   * @throws UnmetException if there is none, for whatever reason: this logical unit is not to blame
   */
  Foreign foreignToken() throws UnmetException {
    Connector connector = surroundings.stranger;
    if (connector == null) {
      throw UnmetException.notChecked("no logical unit of another target was named with --other");
    }
    try {
      Bench other = stranger;
      if (other == null) {
        other = open(connector.connect(), Surroundings.NONE, Optional.empty(), clock);
        stranger = other;
      }
      byte[] token = other.token(Bytes.range(0, SOME));
      return new Foreign(token, other.read(0, SOME));
    } catch (IOException e) {
      throw UnmetException.notChecked("the other target: " + e.getMessage());
    }
  }

  /** A token that another target made, and what it stands for. */
  record Foreign(byte[] token, byte[] content) {}

  /**
   * Has the target restart, and comes back to it by a new nexus. What was written before is
   * flushed.
   */
  void restart() throws IOException, UnmetException {
    Restart how = surroundings.restart;
    Connector connector = surroundings.nexus;
    if (how == null || connector == null) {
      throw UnmetException.notChecked("the target is not restarted without --restart-command");
    }
    Answer flushed = ask(Bytes.of("91 00 0000000000000000 00000000 00 00"), 0);
    if (!flushed.isGood()) {
      throw UnmetException.notChecked("SYNCHRONIZE CACHE answers " + flushed.describe());
    }
    if (second != null) {
      second.close();
      second = null;
    }
    device.close();
    String failure = "";
    try {
      how.run();
    } catch (IOException e) {
      failure = "the target could not be restarted: " + e.getMessage();
    }
    reconnect(connector);
    pages.clear();
    if (!failure.isEmpty()) {
      throw UnmetException.notChecked(failure);
    }
  }

  private void reconnect(Connector connector) throws IOException {
    long end = clock.nanos() + RESTART_MAX.toNanos();
    String why;
    do {
      try {
        device = connector.connect();
        Answer ready = ask(new byte[6], 0); // TEST UNIT READY
        if (!ready.hasKey(Sense.NOT_READY_KEY)) {
          return;
        }
        why = ready.describe();
        device.close();
      } catch (IOException e) {
        why = String.valueOf(e.getMessage());
      }
      clock.sleep(RESTART_STEP);
    } while (clock.nanos() - end < 0);
    throw new IOException(
        "it did not come back within %d s: %s".formatted(RESTART_MAX.toSeconds(), why));
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
    for (int at = 0; at < count; at += PIECE_BLOCKS) {
      int some = Math.min(PIECE_BLOCKS, count - at);
      byte[] cdb = Bytes.of("8a 00", Bytes.u64(lba + at), Bytes.u32(some), "0000");
      Answer written = send(cdb, part(content, at, some));
      if (!written.isGood()) {
        throw UnmetException.notChecked(
            "the scratch range cannot be written: " + written.describe());
      }
    }
  }

  byte[] read(long lba, int count) throws IOException, UnmetException {
    byte[] content = new byte[count * blockBytes];
    int length = 0;
    for (int at = 0; at < count; at += PIECE_BLOCKS) {
      int some = Math.min(PIECE_BLOCKS, count - at);
      byte[] cdb = Bytes.of("88 00", Bytes.u64(lba + at), Bytes.u32(some), "0000");
      Answer read = ask(cdb, some * blockBytes);
      if (!read.isGood()) {
        throw UnmetException.notChecked("it cannot be read: " + read.describe());
      }
      System.arraycopy(read.data(), 0, content, at * blockBytes, read.data().length);
      length += read.data().length;
    }
    return Arrays.copyOf(content, length);
  }

  /** The bytes of some blocks of a content. */
  byte[] part(byte[] content, int from, int count) {
    return Arrays.copyOfRange(content, from * blockBytes, (from + count) * blockBytes);
  }

  @Override
  public void close() throws IOException {
    if (second != null) {
      second.close();
    }
    if (stranger != null) {
      stranger.close();
    }
    device.close();
  }
}
