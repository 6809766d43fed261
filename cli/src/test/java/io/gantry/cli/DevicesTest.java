package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.copy.Connector;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that follow one another. */
@NullUnmarked
@Timeout(60)
class DevicesTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";

  /** Or a write of the lost session could come behind what the new one has written. */
  @Test
  void whoComesBackIsTheSameInitiatorPort(@TempDir Path directory) throws Exception {
    Pool pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("v", 1 << 20, 512);
    try (pool;
        PoolTarget device = new PoolTarget(pool, NAME);
        IscsiTarget target =
            IscsiTarget.start(device, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      Connector connector =
          Devices.connector(
              IscsiUrl.parse(
                  "iscsi://127.0.0.1:%d/%s/0".formatted(target.address().getPort(), NAME)));
      try (ScsiDevice before = Devices.first(connector);
          ScsiDevice now = connector.connect()) {
        ScsiRequest ready = ScsiRequest.of(new Cdb.TestUnitReady());
        assertThat(now.execute(ready)).isNotNull();
        assertThat(target.sessions()).as("the target has let go of the one before").hasSize(1);
        assertThatThrownBy(() -> before.execute(ready)).isInstanceOf(IOException.class);
      }
    }
  }
}
