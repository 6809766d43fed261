package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.UnmapList;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random and mutated commands with random data always get an answer, and a sound one. */
@NullUnmarked
@Timeout(120)
class CommandFuzzTest {
  private static final int COMMANDS = 4000;
  private static final List<Command> COMMAND_TABLE = List.of(Command.values());

  @TempDir Path directory;

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, 6);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void everyCommandIsAnswered(long seed) throws Exception {
    Random random = new Random(seed);
    try (Pool pool =
            Pool.create(
                FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
        PoolTarget target = new PoolTarget(pool, "iqn.2026-11.io.gantry:fuzz")) {
      pool.createVolume("small", 300 * 512, 512);
      pool.createVolume("large", 1L << 50, 4096);
      List<byte[]> tokens = new ArrayList<>();
      tokens.add(RodToken.zero());
      tokens.add(new Initiator(target, "host", 0).token(new BlockRange(3, 50)));
      tokens.add(new Initiator(target, "host", 1).token(new BlockRange(0, 1 << 20)));
      for (int i = 0; i < COMMANDS; i++) {
        ScsiDevice device = target.open("host" + random.nextInt(3), random.nextInt(3));
        ScsiRequest request = request(random, tokens);
        String what = "cdb " + HexFormat.of().formatHex(request.cdb());
        ScsiResponse response;
        try {
          response = device.submit(request).get(60, TimeUnit.SECONDS);
        } catch (Exception | AssertionError e) {
          throw new AssertionError(what, e);
        }
        assertThat(response.transferLength()).as(what).isNotNegative();
        if (request.dataIn() != null) {
          assertThat(request.dataIn().position()).as(what).isEqualTo(3);
          for (int at = 0; at < 3; at++) {
            assertThat(request.dataIn().get(at)).as(what).isEqualTo((byte) 0x5A);
          }
        }
        if (random.nextInt(500) == 0) {
          try (TargetPath path = path(target)) {
            path.resetTarget().get(60, TimeUnit.SECONDS);
          }
        }
      }
    }
    try (Pool again =
        Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults())) {
      assertThat(again.volumes()).hasSize(2);
    }
  }

  private static ScsiRequest request(Random random, List<byte[]> tokens) throws IOException {
    byte[] data = data(random, tokens);
    byte[] cdb = cdb(random, data.length);
    for (int i = random.nextInt(3); i > 0 && cdb.length > 0; i--) {
      cdb[random.nextInt(cdb.length)] =
          (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextBoolean() ? 0 : -1);
    }
    ByteBuffer room = ByteBuffer.allocate(3 + random.nextInt(2000));
    room.put((byte) 0x5A).put((byte) 0x5A).put((byte) 0x5A);
    return switch (random.nextInt(3)) {
      case 0 -> new ScsiRequest(cdb, ByteBuffer.wrap(data), null);
      case 1 -> new ScsiRequest(cdb, null, room);
      default -> new ScsiRequest(cdb, random.nextBoolean() ? ByteBuffer.wrap(data) : null, null);
    };
  }

  private static byte[] cdb(Random random, int dataLength) {
    if (random.nextInt(20) == 0) {
      byte[] bytes = new byte[random.nextInt(17)];
      random.nextBytes(bytes);
      return bytes;
    }
    Command command = COMMAND_TABLE.get(random.nextInt(COMMAND_TABLE.size()));
    if (command == Command.POPULATE_TOKEN || command == Command.WRITE_USING_TOKEN) {
      return new Cdb.TokenOperation(command, random.nextInt(5), dataLength).encode();
    }
    if (command == Command.SANITIZE_OVERWRITE && random.nextBoolean()) {
      return new BlockCdb.Sanitize(command, random.nextBoolean(), true, dataLength).encode();
    }
    if (command == Command.COMPARE_AND_WRITE && random.nextBoolean()) {
      return new BlockCdb.CompareAndWrite(random.nextInt(300), dataLength / 1024, false).encode();
    }
    byte[] bytes = command.usage();
    for (int i = 1; i < bytes.length; i++) {
      boolean action = i == 1 && command.serviceAction().isPresent();
      int choice = random.nextInt(4);
      int value = choice == 0 ? random.nextInt(256) : choice == 1 ? random.nextInt(4) : 0;
      bytes[i] = action ? bytes[i] : (byte) (bytes[i] & value);
    }
    return bytes;
  }

  private static byte[] sanitizeList(Random random) {
    int pattern = 1 + random.nextInt(512);
    byte[] list = new byte[4 + pattern];
    random.nextBytes(list);
    ByteBuffer.wrap(list).put(0, (byte) (1 + random.nextInt(3))).put(1, (byte) 0);
    ByteBuffer.wrap(list).putShort(2, (short) pattern);
    return list;
  }

  /** Of a few values only, so that comparing now and then succeeds. */
  private static byte[] blocks(Random random) {
    byte[] bytes = new byte[(random.nextBoolean() ? 512 : 4096) * (1 + random.nextInt(8))];
    java.util.Arrays.fill(bytes, (byte) random.nextInt(2));
    return bytes;
  }

  private static byte[] data(Random random, List<byte[]> tokens) {
    BlockRange[] ranges = new BlockRange[random.nextInt(4)];
    for (int i = 0; i < ranges.length; i++) {
      long lba = random.nextBoolean() ? random.nextInt(300) : random.nextLong();
      long count = random.nextBoolean() ? random.nextInt(60) : random.nextInt() & 0xffff_ffffL;
      ranges[i] = new BlockRange(lba, count);
    }
    byte[] token = tokens.get(random.nextInt(tokens.size()));
    long offset = random.nextBoolean() ? random.nextInt(60) : random.nextLong();
    byte[] bytes =
        switch (random.nextInt(6)) {
          case 4 -> sanitizeList(random);
          case 5 -> blocks(random);
          case 0 -> Initiator.populateList(random.nextInt(100), ranges);
          case 1 -> Initiator.writeList(token, offset, ranges);
          case 2 -> UnmapList.encode(List.of(ranges)).array();
          default -> new byte[random.nextInt(5000)];
        };
    for (int i = random.nextInt(3); i > 0 && bytes.length > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return random.nextInt(10) == 0
        ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1))
        : bytes;
  }

  private static TargetPath path(PoolTarget target) {
    return target.connect(
        new Nexus("host0", target.name()), new Identity("host0", null, null), PathTasks.NONE);
  }
}
