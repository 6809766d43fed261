package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.InitiatorPdu.DataOut;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.SessionParameters;
import io.gantry.scsi.Sense;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data of one write of 4096 bytes, first burst 1024, burst 2048. */
class WriteTransferTest {
  private static final int LENGTH = 4096;
  private static final int TAG = 77;

  private static SessionParameters parameters(boolean initialR2T, boolean immediateData) {
    return new SessionParameters(
        8192, 8192, 2048, 1024, initialR2T, immediateData, 1, 2, 0, false, false);
  }

  private static ByteBuf bytes(int offset, int length) {
    ByteBuf data = Unpooled.buffer(length);
    for (int i = 0; i < length; i++) {
      data.writeByte((offset + i) >> 4);
    }
    return data;
  }

  private static WriteTransfer begin(SessionParameters parameters, int immediate, boolean last) {
    ScsiCommand command =
        new ScsiCommand(
            false, last, false, true, 1, 0, 5, LENGTH, 1, 1, new byte[16], bytes(0, immediate));
    return new WriteTransfer(
        command,
        LENGTH,
        null,
        parameters,
        UnpooledByteBufAllocator.DEFAULT,
        new BufferBudget(LENGTH));
  }

  private static DataOut data(int tag, int sn, int offset, int length, boolean last) {
    return new DataOut(last, 0, 5, tag, 1, sn, offset, bytes(offset, length));
  }

  @Test
  void immediateUnsolicitedAndSolicitedDataMakeOne() {
    WriteTransfer transfer = begin(parameters(false, true), 512, false);
    transfer.accept(data(Pdu.NO_TAG, 0, 512, 256, false));
    assertThat(transfer.isOpen()).isTrue();
    ByteBuf buffer = Unpooled.buffer(LENGTH, LENGTH);
    transfer.assign(buffer);
    transfer.accept(data(Pdu.NO_TAG, 1, 768, 256, true));
    assertThat(transfer.isOpen()).isFalse();
    assertThat(transfer.solicit(TAG)).isEqualTo(new WriteTransfer.Solicitation(0, 1024, 2048));
    transfer.accept(data(TAG, 0, 1024, 2048, true));
    assertThat(transfer.solicit(TAG + 1)).isEqualTo(new WriteTransfer.Solicitation(1, 3072, 1024));
    transfer.accept(data(TAG + 1, 0, 3072, 512, false));
    assertThat(transfer.isOpen()).isTrue();
    transfer.accept(data(TAG + 1, 1, 3584, 512, true));
    assertThat(transfer.isComplete()).isTrue();
    assertThat(transfer.failure()).isNull();
    assertThat(buffer).isEqualTo(bytes(0, LENGTH));
    assertThat(transfer.requests()).isEqualTo(2);
  }

  /** RFC 7143 4.2.5.2: what may come unasked, and how much. */
  @ParameterizedTest
  @CsvSource({
    "true,true,0,true,0", "true,true,1024,true,0", "true,true,1025,true,0D",
    "true,true,0,false,0C", "true,false,1,true,0C", "false,false,1,true,0C",
    "false,false,0,false,0", "false,true,1024,false,0", "false,true,1028,false,0D"
  })
  void unsolicited(
      boolean initialR2T, boolean immediateData, int immediate, boolean last, String qualifier) {
    WriteTransfer transfer = begin(parameters(initialR2T, immediateData), immediate, last);
    if (qualifier.equals("0")) {
      assertThat(transfer.failure()).isNull();
    } else {
      Sense sense = Objects.requireNonNull(transfer.failure());
      assertThat(sense.key()).isEqualTo(Sense.ABORTED_COMMAND_KEY);
      assertThat(sense.asc()).isEqualTo(0x0C);
      assertThat(sense.ascq()).isEqualTo(Integer.parseInt(qualifier, 16));
    }
    assertThat(transfer.isOpen()).isEqualTo(!last);
    transfer.discard();
  }

  /** DataSN, offset, length and F of one Data-Out that answers an R2T for 2048 bytes at 0. */
  @ParameterizedTest
  @CsvSource({
    "0,0,2048,true,good", "1,0,2048,true,bad", "-1,0,2048,true,bad", "0,4,2048,true,bad",
    "0,0,2049,true,bad", "0,0,2044,true,bad", "0,0,2044,false,open", "0,512,512,false,open"
  })
  void solicited(int sn, int offset, int length, boolean last, String result) {
    WriteTransfer transfer = begin(parameters(true, false), 0, true);
    ByteBuf buffer = Unpooled.buffer(LENGTH, LENGTH);
    transfer.assign(buffer);
    transfer.solicit(TAG);
    transfer.accept(data(TAG, sn, offset, length, last));
    assertThat(transfer.isOpen()).isEqualTo(result.equals("open"));
    if (result.equals("good")) {
      assertThat(transfer.failure()).isNull();
    } else if (result.equals("bad")) {
      assertThat(transfer.failure()).isEqualTo(Sense.WRITE_DATA_SHORT);
    }
    assertThat(buffer.writerIndex()).isLessThanOrEqualTo(2048);
  }

  @Test
  void lateDataAreIgnored() {
    WriteTransfer transfer = begin(parameters(true, false), 0, true);
    ByteBuf buffer = Unpooled.buffer(LENGTH, LENGTH);
    transfer.assign(buffer);
    assertThat(transfer.accept(data(Pdu.NO_TAG, 0, 0, 512, true))).isFalse();
    transfer.solicit(TAG);
    assertThat(transfer.accept(data(TAG - 1, 0, 0, 512, true))).isFalse();
    assertThat(transfer.isOpen()).isTrue();
    assertThat(transfer.failure()).isNull();
    assertThat(buffer.isReadable()).isFalse();
  }

  /** Only data of the running sequence count as a sign that the others will come. */
  @Test
  void overdue() {
    WriteTransfer transfer = begin(parameters(true, false), 0, true);
    ByteBuf buffer = Unpooled.buffer(LENGTH, LENGTH);
    transfer.assign(buffer);
    for (int i = 0; i < 5; i++) { // it has to be asked first
      assertThat(transfer.isOverdue(2)).isFalse();
    }
    transfer.solicit(TAG);
    assertThat(transfer.isOverdue(2)).isFalse();
    assertThat(transfer.isOverdue(2)).isFalse();
    transfer.accept(data(TAG, 0, 0, 512, false));
    assertThat(transfer.isOverdue(2)).isFalse();
    transfer.accept(data(TAG - 1, 1, 512, 512, false));
    assertThat(transfer.isOverdue(2)).isFalse();
    assertThat(transfer.isOverdue(2)).isTrue();
    transfer.accept(data(TAG, 1, 512, 1536, true));
    assertThat(transfer.isOverdue(2)).isFalse();
    transfer.solicit(TAG + 1);
    assertThat(transfer.isOverdue(2)).isFalse();
  }
}
