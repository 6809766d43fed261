package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.gantry.iscsi.Key;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Connections that come and go as fast as they can leave nothing behind, and a session next to them
 * does not notice. {@code -Dconnections=100000} makes so many; otherwise as many as fit into some
 * seconds.
 */
@NullUnmarked
@Timeout(900)
class ConnectionStormTest {
  private static final int SECONDS = 4;
  private static final int WARM_UP = 1000;

  private final RamDevice device = new RamDevice(64, Runnable::run);

  @Test
  void nothingGrows() throws IOException {
    try (LoggedErrors errors = new LoggedErrors();
        IscsiTarget target =
            IscsiTarget.start(device, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        HonestInitiator honest = new HonestInitiator(target, "honest", 0)) {
      storm(target, honest, WARM_UP, Long.MAX_VALUE);
      device.requests.clear();
      device.lost.clear();
      settle(target, () -> 0, 0);
      long[] before = measure();
      int wanted = Integer.getInteger("connections", Integer.MAX_VALUE);
      long deadline =
          wanted == Integer.MAX_VALUE
              ? System.nanoTime() + SECONDS * 1_000_000_000L
              : Long.MAX_VALUE;
      int made = storm(target, honest, wanted, deadline);
      device.requests.clear();
      device.lost.clear();
      settle(target, ConnectionStormTest::descriptors, before[2]);
      long[] after = measure();
      System.out.printf(
          "%d connections: heap %d -> %d KiB, direct memory %d -> %d bytes, descriptors %d -> %d,"
              + " threads %d -> %d%n",
          made,
          before[0] >> 10,
          after[0] >> 10,
          before[1],
          after[1],
          before[2],
          after[2],
          before[3],
          after[3]);
      assertThat(made).isPositive();
      assertThat(after[0] - before[0]).as("growth of the heap").isLessThan(4 << 20);
      assertThat(after[1]).as("direct memory").isLessThanOrEqualTo(before[1]);
      assertThat(after[2]).as("descriptors").isLessThanOrEqualTo(before[2]);
      assertThat(after[3]).as("threads").isLessThanOrEqualTo(before[3]);
      assertThat(target.sessions()).hasSize(1);
      honest.works();
      errors.assertNone();
    }
  }

  private int storm(IscsiTarget target, HonestInitiator honest, int wanted, long deadline)
      throws IOException {
    int made = 0;
    for (; made < wanted && (deadline == Long.MAX_VALUE || System.nanoTime() < deadline); made++) {
      switch (made % 8) {
        case 0 -> {
          RawInitiator session = new RawInitiator(target.address());
          try {
            session.logIn("storm" + made % 3, Map.of(Key.INITIAL_R2T, Key.YES));
          } catch (IOException full) { // those that were reset are still being forgotten
            assertThat(full).isNotNull();
          }
          session.reset();
        }
        case 1, 2 -> connect(target, new byte[] {0x43, (byte) 0x87, 0, 0}); // half a login
        case 3 -> connect(target, new byte[512]);
        default -> connect(target, new byte[0]);
      }
      if (made % 100 == 0) {
        honest.works();
      }
    }
    return made;
  }

  private static void connect(IscsiTarget target, byte[] bytes) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(target.address());
      socket.setSoLinger(true, 0); // or the ports of this side run out
      socket.getOutputStream().write(bytes);
    } catch (java.net.SocketException closedByTheTarget) {
      assertThat(closedByTheTarget).isNotNull();
    }
  }

  /** Waits until the target has noticed that everybody is gone. */
  private static void settle(IscsiTarget target, LongSupplier value, long before) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while ((target.lobby().taken() > 0
            || target.sessions().size() > 1
            || value.getAsLong() > before)
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
  }

  private static long descriptors() {
    return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getOpenFileDescriptorCount();
  }

  private static long[] measure() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return new long[] {
      ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
      UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory(),
      descriptors(),
      ManagementFactory.getThreadMXBean().getThreadCount()
    };
  }
}
