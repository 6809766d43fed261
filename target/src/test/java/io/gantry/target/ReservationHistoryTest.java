package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random histories of PERSISTENT RESERVE OUT, and restarts, against a model that is a table of a
 * few cells: as simple as the standard's rules can be told.
 */
@NullUnmarked
@Timeout(120)
class ReservationHistoryTest {
  private static final int PORTS = 4;
  private static final int[] TYPES = {1, 3, 5, 6, 7, 8};

  @TempDir Path directory;

  /** The rules once more, told another way: cells instead of objects. */
  private static final class Model {
    long[] keys = new long[PORTS];
    int type;
    int holder = -1;
    boolean persistent;
    int generation;

    boolean holds(int port) {
      return type >= 7 ? keys[port] != 0 : type != 0 && holder == port;
    }

    private boolean nobody() {
      for (long key : keys) {
        if (key != 0) {
          return false;
        }
      }
      return true;
    }

    private void free() {
      type = 0;
      holder = -1;
    }

    /** The status: 0 good, 24 conflict, or 2 for sense. */
    int out(int port, int action, int wanted, long key, long other, boolean aptpl) {
      if (action == 0 || action == 6) {
        if (action == 0 && key != keys[port]) {
          return 24;
        }
        generation++;
        if (other == 0 && keys[port] == 0) {
          return 0;
        }
        persistent = aptpl;
        boolean held = type != 0 && type < 7 && holder == port;
        keys[port] = other;
        if (other == 0 && (held || (type >= 7 && nobody()))) {
          free();
        }
        return 0;
      }
      if (keys[port] == 0 || keys[port] != key) {
        return 24;
      }
      return switch (action) {
        case 1 -> reserve(port, wanted);
        case 2 -> release(port, wanted);
        case 3 -> {
          generation++;
          keys = new long[PORTS];
          free();
          yield 0;
        }
        default -> preempt(port, wanted, other);
      };
    }

    private int reserve(int port, int wanted) {
      if (type == 0) {
        type = wanted;
        holder = port;
        return 0;
      }
      return holds(port) && type == wanted ? 0 : 24;
    }

    private int release(int port, int wanted) {
      if (!holds(port)) {
        return 0;
      }
      if (type != wanted) {
        return 2;
      }
      free();
      return 0;
    }

    private int preempt(int port, int wanted, long victim) {
      if (victim == 0 && type < 7) {
        return 2;
      }
      boolean found = victim == 0;
      for (long key : keys) {
        found |= key == victim;
      }
      if (!found) {
        return 24;
      }
      generation++;
      boolean takes = type >= 7 ? victim == 0 : type != 0 && keys[holder] == victim;
      for (int i = 0; i < PORTS; i++) {
        boolean goes = victim == 0 ? keys[i] != 0 : keys[i] == victim;
        if (goes && !(i == port && (takes || victim == 0))) {
          keys[i] = 0;
        }
      }
      if (takes) {
        type = wanted;
        holder = port;
      } else if (type >= 7 && nobody()) {
        free();
      }
      return 0;
    }

    boolean mayRead(int port) {
      return type == 0
          || holds(port)
          || type == 1
          || type == 5
          || type == 7
          || (type == 6 && keys[port] != 0);
    }

    boolean mayWrite(int port) {
      return type == 0 || holds(port) || ((type == 5 || type == 6) && keys[port] != 0);
    }

    void restart() {
      generation = 0;
      if (!persistent) {
        keys = new long[PORTS];
        free();
      }
      persistent = persistent && !nobody();
    }
  }

  @Test
  void randomHistories() throws IOException {
    long seed = Long.getLong("seed", new Random().nextLong());
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Pool pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("v", 1 << 20, 512);
    PoolTarget target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test");
    Model model = new Model();
    List<ScsiDevice> devices = open(target);
    StringBuilder history = new StringBuilder();
    for (int step = 0; step < 3000; step++) {
      int port = random.nextInt(PORTS);
      long key = random.nextInt(6) == 0 ? random.nextInt(4) : model.keys[port];
      long other = random.nextInt(4);
      int type = TYPES[random.nextInt(TYPES.length)];
      int action = random.nextInt(7);
      if (action == 3 && random.nextBoolean()) {
        action = 1; // or nothing ever lasts
      }
      boolean aptpl = random.nextInt(3) > 0;
      history.append(
          "port %d action %d type %d key %d other %d aptpl %s%n"
              .formatted(port, action, type, key, other, aptpl));
      String cdb = "5F %02X %02X 00 00 00000018 00".formatted(action, type);
      String list = "%016X %016X 00000000 %02X 000000".formatted(key, other, aptpl ? 1 : 0);
      int status = status(devices.get(port), cdb, hex(list));
      assertThat(status)
          .as(history::toString)
          .isEqualTo(model.out(port, action, type, key, other, aptpl));
      compare(model, devices, history);
      if (random.nextInt(60) == 0) {
        target.close();
        pool.close();
        pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
        target = new PoolTarget(pool, "iqn.2026-11.io.gantry:test");
        devices = open(target);
        model.restart();
        history.append("restart\n");
        compare(model, devices, history);
      }
      if (history.length() > 20_000) {
        history.delete(0, 10_000);
      }
    }
    target.close();
    pool.close();
  }

  private static List<ScsiDevice> open(PoolTarget target) throws IOException {
    List<ScsiDevice> devices = new ArrayList<>();
    for (int i = 0; i < PORTS; i++) {
      devices.add(target.open("iqn.2026-11.example:%d,i,0x000000000001".formatted(i), 0));
    }
    return devices;
  }

  /** Carries a command out, past the unit attentions. */
  private static int status(ScsiDevice device, String cdb, byte[] data) throws IOException {
    ScsiResponse response;
    do {
      ByteBuffer sent = data.length == 0 ? null : ByteBuffer.wrap(data);
      response = device.execute(new ScsiRequest(hex(cdb), sent, null));
    } while (response.sense() != null && response.sense().key() == 6);
    return response.status().code();
  }

  private static void compare(Model model, List<ScsiDevice> devices, StringBuilder history)
      throws IOException {
    ByteBuffer keys = ByteBuffer.allocate(8 + 8 * PORTS);
    while (!devices
        .getFirst()
        .execute(new ScsiRequest(hex("5E 00 0000000000 0400 00"), null, keys))
        .isGood()) {
      // a unit attention
    }
    assertThat(keys.getInt(0)).as(history::toString).isEqualTo(model.generation);
    List<Long> found = new ArrayList<>();
    for (int at = 8; at < 8 + keys.getInt(4); at += 8) {
      found.add(keys.getLong(at));
    }
    List<Long> expected = new ArrayList<>();
    for (long key : model.keys) {
      if (key != 0) {
        expected.add(key);
      }
    }
    assertThat(found).as(history::toString).containsExactlyInAnyOrderElementsOf(expected);
    for (int i = 0; i < PORTS; i++) {
      assertThat(status(devices.get(i), "28 00 00000000 00 0000 00", new byte[0]))
          .as("port %d reads%n%s", i, history)
          .isEqualTo(model.mayRead(i) ? 0 : 24);
      assertThat(status(devices.get(i), "2A 00 00000000 00 0000 00", new byte[0]))
          .as("port %d writes%n%s", i, history)
          .isEqualTo(model.mayWrite(i) ? 0 : 24);
    }
  }
}
