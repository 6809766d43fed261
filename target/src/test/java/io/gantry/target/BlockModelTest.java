package io.gantry.target;

import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockCdb;
import io.gantry.scsi.BlockCdb.ByteCheck;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.UnmapList;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Token;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random commands of every kind against the simplest model of a disk: an array of bytes. */
@NullUnmarked
@Timeout(120)
class BlockModelTest {
  private static final int CHUNK = 16 << 10;
  private static final int STEPS = 1500;

  @TempDir Path directory;

  private int block;
  private Random random;
  private byte[] disk;
  private Initiator unit;

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    return given != null ? LongStream.of(given) : LongStream.range(0, 8);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void everyCommand(long seed) throws IOException {
    random = new Random(seed);
    block = random.nextBoolean() ? 512 : 4096;
    disk = new byte[(10 * CHUNK / block + 3) * block];
    try (Pool pool = Pool.create(FileMedium.create(directory), CHUNK, PoolOptions.defaults());
        PoolTarget target = new PoolTarget(pool, "iqn.2026-11.io.gantry:model")) {
      pool.createVolume("v", disk.length, block);
      unit = new Initiator(target, "host", 0);
      for (int i = 0; i < STEPS; i++) {
        step();
        if (random.nextInt(50) == 0) {
          Token token = new TokenOf(pool).token();
          if (random.nextBoolean()) {
            pool.end(token, Token.End.DELETED);
          }
        }
        if (random.nextInt(20) == 0) {
          assertThat(unit.read(0, disk.length / block, block)).isEqualTo(disk);
        }
      }
      assertThat(unit.read(0, disk.length / block, block)).isEqualTo(disk);
      pool.flush();
    }
    try (Pool pool = Pool.open(FileMedium.open(directory), PoolOptions.defaults());
        PoolTarget target = new PoolTarget(pool, "iqn.2026-11.io.gantry:model")) {
      assertThat(new Initiator(target, "host", 0).read(0, disk.length / block, block))
          .isEqualTo(disk);
    }
  }

  /** Something that shares the volume's chunks. */
  private record TokenOf(Pool pool) {
    Token token() throws IOException {
      long size = pool.volumes().getFirst().sizeBytes();
      return pool.freeze(
              pool.volumes().getFirst(), List.of(new io.gantry.store.Extent(0, size)), 1_000_000)
          .orElseThrow();
    }
  }

  private byte[] data(int length) {
    byte[] bytes = new byte[length];
    if (random.nextInt(4) > 0) {
      for (int at = 0; at < length; at += block) {
        Arrays.fill(bytes, at, at + block, (byte) random.nextInt());
      }
    }
    return bytes;
  }

  private static void good(ScsiResponse response) {
    assertThat(sense(response)).isEqualTo("GOOD");
  }

  private void step() throws IOException {
    int blocks = disk.length / block;
    int lba = random.nextInt(blocks + 1);
    int limit = Math.min(blocks - lba, random.nextInt(4) == 0 ? blocks : 10);
    int count = random.nextInt(limit + 1);
    int at = lba * block;
    int length = count * block;
    byte[] data = data(length);
    switch (random.nextInt(12)) {
      case 0 -> {
        int small = Math.max(1, count);
        if (small <= blocks - lba && small <= 256) {
          data = data(small * block);
          good(unit.send(new Cdb.Transfer(Command.WRITE_6, lba, small, false), data));
          System.arraycopy(data, 0, disk, at, data.length);
        }
      }
      case 1 -> {
        Command[] writes = {Command.WRITE_10, Command.WRITE_12, Command.WRITE_16};
        good(unit.send(new Cdb.Transfer(writes[random.nextInt(3)], lba, count, false), data));
        System.arraycopy(data, 0, disk, at, length);
      }
      case 2 -> {
        Command[] commands = {
          Command.WRITE_AND_VERIFY_10, Command.WRITE_AND_VERIFY_12, Command.WRITE_AND_VERIFY_16
        };
        ByteCheck check = random.nextBoolean() ? ByteCheck.READABLE : ByteCheck.EACH_BLOCK;
        Command command = commands[random.nextInt(3)];
        good(unit.send(new BlockCdb.WriteAndVerify(command, lba, count, check), data));
        System.arraycopy(data, 0, disk, at, length);
      }
      case 3 -> verify(lba, count);
      case 4 -> compareAndWrite(lba, Math.min(count, 255), data);
      case 5 -> {
        good(unit.send(new BlockCdb.OrWrite(lba, count, false), data));
        for (int i = 0; i < length; i++) {
          disk[at + i] |= data[i];
        }
      }
      case 6 -> {
        good(unit.send(new BlockCdb.WriteAtomic(lba, count, false), data));
        System.arraycopy(data, 0, disk, at, length);
      }
      case 7, 8 -> {
        Command command = random.nextBoolean() ? Command.WRITE_SAME_10 : Command.WRITE_SAME_16;
        boolean nothing = command == Command.WRITE_SAME_16 && random.nextInt(3) == 0;
        byte[] one = nothing ? new byte[0] : data(block);
        boolean unmap = random.nextBoolean();
        Cdb cdb = new BlockCdb.WriteSame(command, lba, count, unmap, nothing);
        good(nothing ? unit.send(hex(cdb)) : unit.send(cdb, one));
        int end = count == 0 ? disk.length : at + length;
        for (int i = at; i < end; i++) {
          disk[i] = nothing || unmap ? 0 : one[(i - at) % block];
        }
      }
      case 9 -> {
        int second = random.nextInt(blocks);
        byte[] list =
            UnmapList.encode(List.of(new BlockRange(lba, count), new BlockRange(second, 1)))
                .array();
        good(unit.send(new Cdb.Unmap(list.length), list));
        Arrays.fill(disk, at, at + length, (byte) 0);
        Arrays.fill(disk, second * block, (second + 1) * block, (byte) 0);
      }
      case 10 -> {
        if (random.nextInt(20) == 0) {
          byte value = (byte) random.nextInt();
          byte[] list = {1, 0, 0, 1, value};
          Cdb cdb = new BlockCdb.Sanitize(Command.SANITIZE_OVERWRITE, false, false, list.length);
          good(unit.send(cdb, list));
          Arrays.fill(disk, value);
        }
      }
      default -> assertThat(unit.read(lba, count, block)).isEqualTo(slice(at, length));
    }
  }

  private static String hex(Cdb cdb) {
    return java.util.HexFormat.of().formatHex(cdb.encode());
  }

  private byte[] slice(int from, int length) {
    return Arrays.copyOfRange(disk, from, from + length);
  }

  private void verify(int lba, int count) throws IOException {
    Command[] commands = {Command.VERIFY_10, Command.VERIFY_12, Command.VERIFY_16};
    Command command = commands[random.nextInt(3)];
    byte[] data = slice(lba * block, count * block);
    int wrong = data.length == 0 || random.nextBoolean() ? -1 : random.nextInt(data.length);
    if (wrong >= 0) {
      data[wrong]++;
    }
    Cdb cdb = new BlockCdb.Verify(command, lba, count, ByteCheck.EACH_BLOCK);
    expect(unit.send(cdb, data), wrong);
  }

  private void compareAndWrite(int lba, int count, byte[] data) throws IOException {
    byte[] both = Arrays.copyOf(slice(lba * block, count * block), 2 * count * block);
    System.arraycopy(data, 0, both, count * block, count * block);
    int wrong = count == 0 || random.nextInt(3) > 0 ? -1 : random.nextInt(count * block);
    if (wrong >= 0) {
      both[wrong]++;
    } else {
      System.arraycopy(data, 0, disk, lba * block, count * block);
    }
    expect(unit.send(new BlockCdb.CompareAndWrite(lba, count, false), both), wrong);
  }

  private static void expect(ScsiResponse response, int difference) {
    assertThat(sense(response)).isEqualTo(difference < 0 ? "GOOD" : "0E/1D00");
    if (difference >= 0) {
      assertThat(response.sense().information()).hasValue(difference);
    }
  }
}
