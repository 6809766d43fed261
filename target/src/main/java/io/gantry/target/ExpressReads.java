package io.gantry.target;

import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.ReadTap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;

/**
 * Answers plain READ(10) and READ(16) commands whose blocks are in memory right where their headers
 * are decoded: no hand-off to a worker and back, and no objects but one of Netty's for the buffer.
 * Whatever is not plain, from a residual to a busy task set, is left to {@link TaskSet}.
 *
 * <p>Answers wait in the channel's outbound buffer for the socket. They have no part in the
 * portal's budget; what bounds them is that none is made while the channel is not writable.
 */
final class ExpressReads implements ReadTap {
  /** Longer ones move so many bytes that the way there matters little. */
  private static final int LENGTH_MAX = 256 * 1024;

  private static final int FINAL_READ_UNTAGGED = 0xC0;
  private static final int FINAL_READ_SIMPLE = 0xC1;
  private static final int CDB = 32;
  private static final int READ_10 = 0x28;
  private static final int READ_16 = 0x88;

  /** Data-In, final, with good status (RFC 7143 11.7). */
  private static final int DATA_IN_FINAL_STATUS = 0x2581_0000;

  private final Channel channel;
  private final IscsiSession session;
  private final CommandWindow window;
  private final TaskSet tasks;
  private final TrafficCounters counters;
  private final TargetPath path;
  private final int lengthMax;

  ExpressReads(Channel channel, IscsiSession session, CommandWindow window, TaskSet tasks) {
    this.channel = channel;
    this.session = session;
    this.window = window;
    this.tasks = tasks;
    this.counters = session.counters();
    this.path = tasks.path();
    this.lengthMax = Math.min(LENGTH_MAX, session.parameters().burstMax());
  }

  @Override
  public boolean take(ByteBuffer header) {
    int flags = header.get(1) & 0xff;
    if (flags != FINAL_READ_SIMPLE && flags != FINAL_READ_UNTAGGED) {
      return false;
    }
    // Bytes that may be set in a CDB that asks for nothing but blocks: all but flags, group,
    // control.
    return switch (header.get(CDB) & 0xff) {
      case READ_10 ->
          header.get(CDB + 1) == 0
              && header.get(CDB + 6) == 0
              && header.get(CDB + 9) == 0
              && read(
                  header, header.getInt(CDB + 2) & 0xffff_ffffL, header.getShort(CDB + 7) & 0xffff);
      case READ_16 ->
          header.get(CDB + 1) == 0
              && header.getShort(CDB + 14) == 0
              && read(header, header.getLong(CDB + 2), header.getInt(CDB + 10));
      default -> false;
    };
  }

  private boolean read(ByteBuffer header, long lba, int blocks) {
    int taskTag = header.getInt(16);
    int length = header.getInt(20);
    int cmdSn = header.getInt(24);
    if (length <= 0
        || length > lengthMax
        || length > session.parameters().sendDataSegmentMax()
        || !channel.isWritable()
        || !tasks.isClear()
        || tasks.contains(taskTag)
        || !window.isNext(cmdSn)) {
      return false;
    }
    ByteBuf answer = channel.alloc().directBuffer(Pdu.HEADER_LENGTH + length);
    ByteBuffer data = answer.internalNioBuffer(Pdu.HEADER_LENGTH, length);
    if (!path.readNow(header.getLong(8), lba, blocks, data)) {
      answer.release();
      return false;
    }
    var _ = window.admit(cmdSn);
    window.release();
    counters.commands().increment();
    counters.dataInBytes().add(length);
    answer
        .writeInt(DATA_IN_FINAL_STATUS)
        .writeInt(length)
        .writeLong(0)
        .writeInt(taskTag)
        .writeInt(Pdu.NO_TAG)
        .writeInt(session.takeStatSn())
        .writeInt(window.expected())
        .writeInt(window.maximum())
        .writeLong(0) // DataSN, Buffer Offset
        .writeInt(0) // Residual Count
        .writerIndex(Pdu.HEADER_LENGTH + length);
    var _ = channel.write(answer, channel.voidPromise());
    channel.flush();
    return true;
  }
}
