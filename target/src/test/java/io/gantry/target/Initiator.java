package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.scsi.WriteUsingTokenList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;

/** An initiator port on one logical unit, speaking in bytes. */
@NullUnmarked
final class Initiator implements AutoCloseable {
  private final ScsiDevice device;

  Initiator(PoolTarget target, String port, int lun) throws IOException {
    this.device = target.open(port, lun);
    device.execute(ScsiRequest.of(new Cdb.TestUnitReady())); // takes the unit attention
  }

  /** As one that comes over a path, with the access that its name has. */
  Initiator(PoolTarget target, Identity identity, int lun) throws IOException {
    TargetPath path =
        target.connect(
            new Nexus(identity.initiatorName() + ",i,0x1", target.name()),
            identity,
            PathTasks.NONE);
    this.device =
        new ScsiDevice() {
          @Override
          public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
            return path.submit((long) lun << 48, request);
          }

          @Override
          public void close() {
            path.close();
          }
        };
    device.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
  }

  /** Starts a command; it may go on when this returns only if it came over a path. */
  CompletableFuture<ScsiResponse> begin(ScsiRequest request) {
    return device.submit(request);
  }

  /** Ends the nexus. */
  @Override
  public void close() throws IOException {
    device.close();
  }

  /** Hexadecimal digits to bytes; spaces and bars are for the eye. */
  static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("[ |]", ""));
  }

  ScsiResponse send(ScsiRequest request) throws IOException {
    return device.execute(request);
  }

  ScsiResponse send(String cdb) throws IOException {
    return device.execute(new ScsiRequest(hex(cdb), null, null));
  }

  ScsiResponse send(Cdb cdb, byte[] data) throws IOException {
    return device.execute(ScsiRequest.out(cdb, ByteBuffer.wrap(data)));
  }

  ScsiResponse send(String cdb, byte[] data) throws IOException {
    return device.execute(new ScsiRequest(hex(cdb), ByteBuffer.wrap(data), null));
  }

  /** What a command answers that must succeed: as many bytes as it has, at most {@code room}. */
  byte[] ask(String cdb, int room) throws IOException {
    byte[] data = new byte[room];
    ScsiResponse response = device.execute(new ScsiRequest(hex(cdb), null, ByteBuffer.wrap(data)));
    assertThat(response.isGood()).as(response.describe()).isTrue();
    return Arrays.copyOf(data, (int) Math.min(room, response.transferLength()));
  }

  void write(long lba, byte[] data, int blockBytes) throws IOException {
    ScsiResponse response = send(Cdb.Transfer.write(lba, data.length / blockBytes), data);
    assertThat(response.isGood()).as(response.describe()).isTrue();
  }

  byte[] read(long lba, int blocks, int blockBytes) throws IOException {
    byte[] data = new byte[blocks * blockBytes];
    ScsiResponse response =
        device.execute(ScsiRequest.in(Cdb.Transfer.read(lba, blocks), ByteBuffer.wrap(data)));
    assertThat(response.isGood()).as(response.describe()).isTrue();
    return data;
  }

  ScsiResponse populate(int id, byte[] list) throws IOException {
    return send(new Cdb.TokenOperation(Command.POPULATE_TOKEN, id, list.length), list);
  }

  ScsiResponse writeUsing(int id, byte[] list) throws IOException {
    return send(new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, id, list.length), list);
  }

  static byte[] populateList(BlockRange... ranges) {
    return populateList(0, ranges);
  }

  static byte[] populateList(int timeout, BlockRange... ranges) {
    return new PopulateTokenList(false, timeout, OptionalInt.empty(), List.of(ranges))
        .encode()
        .array();
  }

  static byte[] writeList(byte[] token, long offset, BlockRange... ranges) {
    return new WriteUsingTokenList(false, false, offset, token, List.of(ranges)).encode().array();
  }

  /** The 512 bytes of a new token. */
  byte[] token(BlockRange... ranges) throws IOException {
    ScsiResponse response = populate(0x7777, populateList(ranges));
    assertThat(response.isGood()).as(response.describe()).isTrue();
    return Arrays.copyOfRange(ask("84 07 00 00 77 77 00 00 00 00 00 00 02 26 00 00", 550), 38, 550);
  }

  /** Key, code and qualifier as kk/aacc, or GOOD. */
  static String sense(ScsiResponse response) {
    Sense sense = response.sense();
    return sense == null
        ? response.status().toString()
        : "%02X/%02X%02X".formatted(sense.key(), sense.asc(), sense.ascq());
  }
}
