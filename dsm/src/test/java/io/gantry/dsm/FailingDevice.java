package io.gantry.dsm;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** A thin disk that is attached in good order and then answers commands with anything at all. */
final class FailingDevice implements ScsiDevice {
  private final Random random;

  FailingDevice(Random random) {
    this.random = random;
  }

  @Override
  public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
    return CompletableFuture.completedFuture(answer(request));
  }

  private ScsiResponse answer(ScsiRequest request) {
    byte[] cdb = request.cdb();
    ByteBuffer in = request.dataIn();
    byte[] data =
        switch (cdb[0] & 0xff) {
          case 0x12 ->
              switch (cdb[2] & 0xff) {
                case 0x8F -> TestDisk.limits(64, 600, 0, 0);
                case 0xB0 -> TestDisk.thinLimits(256, -1, 128, 0);
                case 0xB1 -> anything();
                case 0xB2 -> TestDisk.provisioning(0xC4);
                default -> cdb[1] == 1 ? TestData.hex("00 00 0005 00 8f b0 b1 b2") : new byte[36];
              };
          case 0x9E -> cdb[1] == 0x10 ? TestDisk.capacity(TestDisk.BLOCKS, 512) : anything();
          default -> anything();
        };
    boolean isStart = cdb[0] == 0x12 || (cdb[0] == (byte) 0x9E && cdb[1] == 0x10);
    if (!isStart && random.nextBoolean()) {
      return random.nextInt(4) == 0
          ? new ScsiResponse(ScsiStatus.BUSY, null, 0)
          : ScsiResponse.check(sense());
    }
    if (in != null) {
      in.duplicate().put(data, 0, Math.min(data.length, in.remaining()));
    }
    return ScsiResponse.good(data.length);
  }

  private Sense sense() {
    byte[] bytes = new byte[random.nextInt(32)];
    random.nextBytes(bytes);
    if (bytes.length > 4 && random.nextBoolean()) {
      bytes[0] = (byte) (random.nextBoolean() ? 0xF0 : 0x72);
    }
    return Sense.decode(bytes);
  }

  private byte[] anything() {
    byte[] report = TestData.populated(1 + random.nextInt(3), random.nextInt(0x2000));
    for (int change = random.nextInt(6); change > 0; change--) {
      report[random.nextInt(40)] = (byte) random.nextInt();
    }
    return random.nextInt(4) == 0 ? new byte[random.nextInt(1000)] : report;
  }

  @Override
  public void close() {}
}
