package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.store.FileMedium;
import io.gantry.store.ForwardingMedium;
import io.gantry.store.Medium;
import io.gantry.store.NoSpaceException;
import io.gantry.store.OwnershipLostException;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.target.IscsiTarget;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is not ready, and when. */
@NullUnmarked
class HealthTest {
  @TempDir private Path directory;
  private final CompletableFuture<OwnershipLostException> lost = new CompletableFuture<>();
  private volatile boolean full;
  private Pool pool;
  private PoolTarget target;
  private IscsiTarget portal;
  private HealthApi health;

  /** One that can be full, or lost. */
  private final class Failing extends ForwardingMedium {
    Failing(Medium medium) {
      super(medium);
    }

    @Override
    public void appendJournal(ByteBuffer source) throws IOException {
      if (full) {
        throw new NoSpaceException("the journal has no room");
      }
      super.appendJournal(source);
    }

    @Override
    public CompletableFuture<OwnershipLostException> lost() {
      return lost;
    }
  }

  @BeforeEach
  void start() throws IOException {
    pool =
        Pool.create(
            new Failing(FileMedium.create(directory.resolve("pool"))),
            Pool.DEFAULT_CHUNK,
            PoolOptions.defaults());
    target = new PoolTarget(pool, DaemonSettings.DEFAULT_TARGET_NAME);
    portal = IscsiTarget.start(target, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    health = new HealthApi(pool, portal);
  }

  @AfterEach
  void stop() throws IOException {
    portal.close();
    target.close();
    if (!lost.isDone()) {
      pool.close();
    }
  }

  @Test
  void aFullJournalIsDownUntilThereIsRoom() throws IOException {
    assertThat(health.down()).isEmpty();
    full = true;
    assertThatThrownBy(() -> pool.createVolume("v", 4096, 512))
        .isInstanceOf(NoSpaceException.class);
    assertThat(health.down()).containsExactly("pool");
    full = false;
    pool.flush();
    assertThat(health.down()).isEmpty();
  }

  @Test
  void aMediumThatAnotherHasTakenIsDownForGood() {
    lost.complete(new OwnershipLostException("another daemon has the pool"));
    assertThat(health.down()).containsExactly("pool");
    assertThatThrownBy(pool::flush).isInstanceOf(IOException.class);
    assertThat(health.down()).containsExactly("pool");
  }

  @Test
  void whoStopsIsNotReadyAndNeitherIsWhoDoesNotListen() {
    health.stopping();
    assertThat(health.down()).containsExactly("stopping");
    portal.close();
    assertThat(health.down()).isEqualTo(List.of("portal", "stopping"));
  }
}
