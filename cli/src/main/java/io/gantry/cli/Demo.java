package io.gantry.cli;

import io.gantry.copy.Copier;
import io.gantry.copy.CopyEnd;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.copy.DiskEnd;
import io.gantry.copy.FileEnd;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.WireStatistics;
import io.gantry.server.Daemon;
import io.gantry.server.VolumeRequest;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * The main job, measured: a file goes on a volume over iSCSI, from there to a second volume by
 * token, and to a third one by reading and writing.
 *
 * <p>Everything goes through the daemon's portal, as from any other machine, and the copy by token
 * starts from the bytes of the Windows control code. What it costs is read off both ends: the
 * sessions count what went over the wire, the pool counts the chunks that it took.
 */
final class Demo {
  private static final int BLOCK_BYTES = VolumeRequest.USUAL_BLOCK_BYTES;

  private static final long WARM_UP_BYTES = 1 << 20;

  private final Daemon daemon;
  private final FileEnd file;
  private final long volumeBytes;

  /**
   * One of the copies.
   *
   * @param copy what the engine says of it
   * @param wireBytes data that went over the wire in both directions, as the sessions counted it
   * @param newBytes storage that the pool took for it
   */
  record Measured(CopyResult copy, long wireBytes, long newBytes) {}

  Demo(Daemon daemon, FileEnd file) {
    this.daemon = daemon;
    this.file = file;
    this.volumeBytes = volumeBytes(file.sizeBytes());
  }

  /** How long a volume is that holds a file of this length. */
  static long volumeBytes(long fileBytes) {
    return Math.ceilDiv(fileBytes, BLOCK_BYTES) * BLOCK_BYTES;
  }

  /** Makes a volume as long as the file. */
  Volume createVolume(String name) throws IOException {
    return daemon.pool().createVolume(name, volumeBytes, BLOCK_BYTES);
  }

  /**
   * Copies a megabyte both ways and forgets it, so that what is measured afterwards is copies and
   * not the loading of the program.
   */
  void warmUp() throws IOException {
    Pool pool = daemon.pool();
    Volume from = pool.createVolume("warm-up-1", WARM_UP_BYTES, BLOCK_BYTES);
    Volume to = pool.createVolume("warm-up-2", WARM_UP_BYTES, BLOCK_BYTES);
    for (CopyMethod method : List.of(CopyMethod.RW, CopyMethod.ODX)) {
      copy(from, to, method);
    }
    pool.deleteVolume(from);
    pool.deleteVolume(to);
    pool.flush();
  }

  /** Writes the file to a volume that nothing was written to. */
  CopyResult fill(Volume volume) throws IOException {
    try (DiskEnd disk = DiskEnd.attachBlank(volume.name(), connect(volume));
        ProgressLine progress = ProgressLine.onStandardError()) {
      return copier(file, disk, progress).run(CopyRequest.everything(CopyMethod.RW));
    }
  }

  /** Copies one volume to another and measures it. */
  Measured copy(Volume from, Volume to, CopyMethod method) throws IOException {
    IscsiSession source = connect(from);
    IscsiSession destination = connect(to);
    try (DiskEnd sourceDisk = DiskEnd.attach(from.name(), source);
        DiskEnd destinationDisk = DiskEnd.attach(to.name(), destination);
        ProgressLine progress = ProgressLine.onStandardError()) {
      Pool pool = daemon.pool();
      long usedBefore = pool.statistics().usedBytes();
      long wireBefore = wireBytes(source) + wireBytes(destination);
      CopyResult copy =
          copier(sourceDisk, destinationDisk, progress).run(CopyRequest.everything(method));
      return new Measured(
          copy,
          wireBytes(source) + wireBytes(destination) - wireBefore,
          pool.statistics().usedBytes() - usedBefore);
    }
  }

  /**
   * Reads a volume back and compares it with the file.
   *
   * @throws IOException if a byte differs; says which
   */
  Duration compare(Volume volume) throws IOException {
    long start = System.nanoTime();
    try (DiskEnd disk = DiskEnd.attach(volume.name(), connect(volume));
        ProgressLine progress = ProgressLine.onStandardError()) {
      copier(file, disk, progress).verify(CopyRequest.everything(CopyMethod.RW));
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private IscsiSession connect(Volume volume) throws IOException {
    return IscsiSession.open(IscsiUrl.parse(daemon.url(volume.lun())));
  }

  private static Copier copier(CopyEnd from, CopyEnd to, ProgressLine progress) {
    return new Copier(from, to, progress, System::nanoTime);
  }

  private static long wireBytes(IscsiSession session) {
    WireStatistics wire = session.statistics();
    return wire.dataInBytes() + wire.dataOutBytes();
  }
}
