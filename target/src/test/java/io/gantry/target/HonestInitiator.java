package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.NopOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Key;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.TargetPdu.CommandResponse;
import io.gantry.iscsi.TargetPdu.DataIn;
import io.gantry.iscsi.TargetPdu.NopIn;
import io.gantry.iscsi.TargetPdu.ReadyToTransfer;
import io.gantry.scsi.Cdb;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;

/** A session that does everything right, next to others that do not. */
@NullUnmarked
final class HonestInitiator implements AutoCloseable {
  static final int BYTES = 2 * RamDevice.BLOCK;

  private final RawInitiator initiator;
  private final int lba;
  private int cmdSn = 1;
  private byte fill;

  /** Logs in; nobody else may write the two blocks that it writes. */
  HonestInitiator(IscsiTarget target, String name, int lba) throws IOException {
    this.lba = lba;
    initiator =
        new RawInitiator(target.address())
            .logIn(name, Map.of(Key.INITIAL_R2T, Key.YES, Key.IMMEDIATE_DATA, Key.NO));
    send(false, 0, new Cdb.TestUnitReady());
    assertThat(((CommandResponse) initiator.receive()).status()).isEqualTo(2); // unit attention
  }

  private int send(boolean write, int length, Cdb cdb) throws IOException {
    int tag = cmdSn;
    byte[] bytes = Arrays.copyOf(cdb.encode(), 16);
    boolean read = !write && length > 0;
    initiator.send(
        new ScsiCommand(
            false, true, read, write, 1, 0, tag, length, cmdSn++, 0, bytes, Pdu.NO_DATA));
    return tag;
  }

  /** Writes, reads back what it wrote, and pings. */
  void works() throws IOException {
    fill++;
    byte[] data = new byte[BYTES];
    Arrays.fill(data, fill);
    int tag = send(true, BYTES, Cdb.Transfer.write(lba, 2));
    ReadyToTransfer request = (ReadyToTransfer) initiator.receive();
    initiator.send(
        new DataOut(true, 0, tag, request.transferTag(), 0, 0, 0, Unpooled.wrappedBuffer(data)));
    CommandResponse written = (CommandResponse) initiator.receive();
    assertThat(written.taskTag()).isEqualTo(tag);
    assertThat(written.status()).isZero();
    send(false, BYTES, Cdb.Transfer.read(lba, 2));
    DataIn in = (DataIn) initiator.receive();
    assertThat(in.status()).isZero();
    byte[] back = new byte[in.data().readableBytes()];
    in.data().readBytes(back);
    assertThat(back).isEqualTo(data);
    initiator.send(new NopOut(true, 0, 77, Pdu.NO_TAG, cmdSn, 0, Pdu.NO_DATA));
    assertThat(((NopIn) initiator.receive()).taskTag()).isEqualTo(77);
  }

  @Override
  public void close() throws IOException {
    initiator.close();
  }
}
