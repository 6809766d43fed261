package io.gantry.junit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.dsm.DataSetRange;
import io.gantry.dsm.Disk;
import io.gantry.dsm.OffloadReadResult;
import io.gantry.dsm.OffloadWriteResult;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.ScsiDevice;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Snapshot;
import io.gantry.store.Volume;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/library.md on a target in one's own program. */
@NullUnmarked
class EmbeddingTest {
  @TempDir private Path directory;

  @Test
  void embedATarget() throws IOException {
    Path data = directory.resolve("pool");
    try (Pool pool =
            Pool.create(FileMedium.create(data), Pool.DEFAULT_CHUNK, PoolOptions.defaults());
        PoolTarget target = new PoolTarget(pool, "iqn.2026-11.com.example:embedded")) {
      Volume disk = pool.createVolume("disk", 10L << 30, 512);
      InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      try (IscsiTarget portal = IscsiTarget.start(target, anyPort)) {
        String url =
            "iscsi://127.0.0.1:%d/%s/%d"
                .formatted(portal.address().getPort(), target.name(), disk.lun());
        try (IscsiSession session = IscsiSession.open(IscsiUrl.parse(url))) {
          System.out.printf("%s: %s%n", url, Disk.attach(session).capacity());
        }
      }
    }
    assertThat(data.resolve("chunks")).exists();
  }

  @Test
  void useThePool() throws IOException {
    Path data = directory.resolve("pool");
    Pool.create(FileMedium.create(data), Pool.DEFAULT_CHUNK, PoolOptions.defaults()).close();

    try (Pool pool = Pool.open(FileMedium.open(data), PoolOptions.defaults())) {
      Volume golden = pool.createVolume("golden", 1L << 30, 512);
      golden.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      Snapshot clean = pool.createSnapshot(golden, "clean");
      Volume clone = pool.cloneSnapshot(clean, "clone"); // at once, without space of its own
      ByteBuffer read = ByteBuffer.allocate(3);
      clone.read(0, read);
      pool.flush(); // what was written before is durable now
      assertThat(read.array()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void offloadWithoutAWire() throws IOException {
    Path data = directory.resolve("pool");
    try (Pool pool =
            Pool.create(FileMedium.create(data), Pool.DEFAULT_CHUNK, PoolOptions.defaults());
        PoolTarget target = new PoolTarget(pool, "iqn.2026-11.com.example:embedded")) {
      Volume from = pool.createVolume("from", 4L << 30, 512);
      Volume to = pool.createVolume("to", 4L << 30, 512);
      from.write(1 << 20, ByteBuffer.wrap(new byte[] {1, 2, 3}));

      String port = "iqn.2026-11.com.example:me,i,0x000000000001";
      try (ScsiDevice source = target.open(port, from.lun());
          ScsiDevice destination = target.open(port, to.lun())) {
        DataSetRange everything = new DataSetRange(0, from.sizeBytes());
        OffloadReadResult read = Disk.attach(source).offloadRead(everything);
        OffloadWriteResult written =
            Disk.attach(destination).offloadWrite(read.tokenOrThrow(), 0, everything);
        assertThat(read.lengthProtected()).isEqualTo(4L << 30);
        assertThat(written.lengthCopied()).isEqualTo(4L << 30);
      }

      ByteBuffer copied = ByteBuffer.allocate(3);
      to.read(1 << 20, copied);
      assertThat(copied.array()).containsExactly(1, 2, 3);
    }
  }
}
