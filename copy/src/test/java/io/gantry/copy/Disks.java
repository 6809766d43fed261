package io.gantry.copy;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Volumes of real pools, and devices on the way to them that do not do everything. */
final class Disks {
  static final int MIB = 1 << 20;

  private static final String PORT = "iqn.2026-11.io.gantry:test,i,0x000000000001";

  private final Path directory;
  private final List<AutoCloseable> open = new ArrayList<>();

  Disks(Path directory) {
    this.directory = directory;
  }

  /** A pool with a target of its own. */
  record Array(Pool pool, PoolTarget target) {
    Volume volume(String name, long sizeBytes, int blockBytes) throws IOException {
      return pool.createVolume(name, sizeBytes, blockBytes);
    }

    Volume volume(String name, long sizeBytes) throws IOException {
      return volume(name, sizeBytes, 512);
    }

    ScsiDevice device(Volume volume) {
      return target.open(PORT, volume.lun());
    }

    DiskEnd end(Volume volume) throws IOException {
      return DiskEnd.attach(volume.name(), device(volume));
    }

    /** A volume behind a device that answers some requests itself. */
    DiskEnd end(Volume volume, Function<ScsiRequest, @Nullable ScsiResponse> answers)
        throws IOException {
      return DiskEnd.attach(volume.name(), new Answering(device(volume), answers));
    }
  }

  Array array(String name) throws IOException {
    Pool made =
        Pool.create(
            FileMedium.create(directory.resolve(name)), Pool.DEFAULT_CHUNK, PoolOptions.defaults());
    PoolTarget target = new PoolTarget(made, "iqn.2026-11.io.gantry:" + name);
    open.add(made);
    open.add(target);
    return new Array(made, target);
  }

  static byte[] noise(int bytes, long seed) {
    byte[] noise = new byte[bytes];
    new SplittableRandom(seed).nextBytes(noise);
    return noise;
  }

  static void write(Volume volume, long offset, byte[] content) throws IOException {
    volume.write(offset, ByteBuffer.wrap(content));
  }

  static byte[] read(Volume volume, long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    volume.read(offset, buffer);
    return buffer.array();
  }

  static byte[] read(Volume volume) throws IOException {
    return read(volume, 0, (int) volume.sizeBytes());
  }

  static boolean is(ScsiRequest request, Command command) {
    return (request.cdb()[0] & 0xff) == command.opcode()
        && command.serviceAction().orElse(request.cdb()[1] & 0x1f) == (request.cdb()[1] & 0x1f);
  }

  static boolean asksForPage(ScsiRequest request, int page) {
    return is(request, Command.INQUIRY)
        && (request.cdb()[1] & 1) != 0
        && (request.cdb()[2] & 0xff) == page;
  }

  /** Whether an EXTENDED COPY is asked for, or what it may do (SPC-4 6.5, 6.22). */
  static boolean isExtendedCopy(ScsiRequest request) {
    int opcode = request.cdb()[0] & 0xff;
    int action = request.cdb()[1] & 0x1f;
    return (opcode == 0x83 && action < 2) || (opcode == 0x84 && action == 3);
  }

  /** A device that answers some requests itself. */
  static final class Answering implements ScsiDevice {
    private final ScsiDevice device;
    private final Function<ScsiRequest, @Nullable ScsiResponse> answers;

    /**
     * @param answers null for what the device behind it answers
     */
    Answering(ScsiDevice device, Function<ScsiRequest, @Nullable ScsiResponse> answers) {
      this.device = device;
      this.answers = answers;
    }

    @Override
    public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
      ScsiResponse answer = answers.apply(request);
      return answer == null ? device.submit(request) : CompletableFuture.completedFuture(answer);
    }

    @Override
    public void close() throws IOException {
      device.close();
    }
  }

  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }
}
