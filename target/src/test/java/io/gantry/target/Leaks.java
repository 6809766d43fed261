package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.PduEncoder;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;

/**
 * Finds buffers that nobody gave back. The tests of this module run with an allocator that counts
 * the bytes of all direct buffers of the process, which are those of the connections.
 */
final class Leaks {
  private static final UnpooledByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;

  private final long before;

  Leaks() {
    assertThat(ByteBufAllocator.DEFAULT).isSameAs(ALLOCATOR);
    var _ = new PduEncoder(new EmbeddedChannel()); // has constants in such buffers
    before = ALLOCATOR.metric().usedDirectMemory();
  }

  /** To be called when all connections have been closed; their loops may still be at it. */
  void assertNone() {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (ALLOCATOR.metric().usedDirectMemory() != before && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertThat(ALLOCATOR.metric().usedDirectMemory())
        .as("bytes of direct buffers")
        .isEqualTo(before);
  }
}
