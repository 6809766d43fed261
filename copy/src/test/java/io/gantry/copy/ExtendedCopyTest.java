package io.gantry.copy;

import static io.gantry.copy.Disks.MIB;
import static io.gantry.copy.Disks.asksForPage;
import static io.gantry.copy.Disks.noise;
import static io.gantry.copy.Disks.read;
import static io.gantry.copy.Disks.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Volume;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies by EXTENDED COPY, against a copy manager put together here from SPC-4's tables. */
@NullUnmarked
class ExtendedCopyTest {
  /** SNLID, 2 CSCDs, 3 segments, 1024 bytes of list, segments of 2 MiB at most, 2 copies. */
  private static final String PARAMETERS =
      "0000002a 01 000000 0002 0003 00000400 00200000 00000000 00000000 00000000 0000"
          + " 0002 02 00 00 00 000000 02 02 e4";

  @TempDir private Path directory;
  private Disks disks;
  private Disks.Array array;
  private Volume from;
  private Volume to;
  private final AtomicInteger commands = new AtomicInteger();
  private final AtomicReference<@Nullable Sense> refusal = new AtomicReference<>();

  @BeforeEach
  void makeVolumes() throws IOException {
    disks = new Disks(directory);
    array = disks.array("pool");
    from = array.volume("from", 64L * MIB);
    to = array.volume("to", 64L * MIB);
    write(from, 0, noise(24 * MIB, 1));
    write(from, 40L * MIB, noise(24 * MIB, 2));
    write(to, 30L * MIB, noise(2 * MIB, 3));
  }

  @AfterEach
  void close() throws Exception {
    disks.close();
  }

  private @Nullable ScsiResponse answer(ScsiRequest request) {
    if (asksForPage(request, 0x8F)) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB); // no tokens
    }
    if (request.cdb()[0] == (byte) 0x84 && request.cdb()[1] == 3) {
      byte[] data = HexFormat.of().parseHex(PARAMETERS.replace(" ", ""));
      request.dataIn().duplicate().put(data);
      return ScsiResponse.good(data.length);
    }
    if (request.cdb()[0] != (byte) 0x83) {
      return null;
    }
    commands.incrementAndGet();
    Sense sense = refusal.get();
    if (sense != null) {
      return ScsiResponse.check(sense);
    }
    carryOut(request.cdb(), request.dataOut().slice());
    return ScsiResponse.good(request.dataOut().remaining());
  }

  /** What a copy manager does with the list of SPC-4 6.5. */
  private void carryOut(byte[] cdb, ByteBuffer list) {
    assertThat(cdb[1]).isZero(); // LID1
    assertThat(ByteBuffer.wrap(cdb).getInt(10)).isEqualTo(list.remaining());
    assertThat(list.getShort(2)).as("two CSCD descriptors").isEqualTo((short) 64);
    for (int at : new int[] {16, 48}) {
      assertThat(list.get(at)).isEqualTo((byte) 0xE4);
      assertThat(list.get(at + 5) & 0x0f).as("NAA").isEqualTo(3);
      assertThat(list.getInt(at + 28)).as("block length").isEqualTo(512);
    }
    assertThat(list.slice(24, 16)).isNotEqualTo(list.slice(56, 16));
    int segmentBytes = list.getInt(8);
    assertThat(segmentBytes / 28).isBetween(1, 3);
    for (int at = 80; at < 80 + segmentBytes; at += 28) {
      assertThat(list.getInt(at)).as("type and length").isEqualTo(0x02_00_0018);
      assertThat(list.getInt(at + 4)).as("source 0, destination 1").isEqualTo(1);
      int blocks = list.getShort(at + 10) & 0xffff;
      assertThat(blocks).isBetween(1, 4096);
      byte[] content = new byte[blocks * 512];
      try {
        from.read(list.getLong(at + 12) * 512, ByteBuffer.wrap(content));
        to.write(list.getLong(at + 20) * 512, ByteBuffer.wrap(content));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private CopyResult copy(CopyMethod method) throws IOException {
    return new Copier(
            array.end(from), array.end(to, this::answer), CopyProgress.NONE, System::nanoTime)
        .run(new CopyRequest(0, OptionalLong.empty(), 0, method, true));
  }

  @Test
  void whatDoesNotGoByTokenGoesByExtendedCopyAndHolesAreSkipped() throws IOException {
    CopyResult result = copy(CopyMethod.AUTO);

    assertThat(result.bytesByExtendedCopy()).isEqualTo(48L * MIB);
    assertThat(result.bytesZeroed()).isEqualTo(16L * MIB);
    assertThat(result.bytesMoved()).isZero();
    assertThat(result.fallbacks()).hasSize(1);
    assertThat(commands.get()).isEqualTo(8); // of three segments of 2 MiB each
    assertThat(read(to)).isEqualTo(read(from));
  }

  @Test
  void aSourceThatTheCopyManagerDoesNotKnowIsReadAndWritten() throws IOException {
    refusal.set(Sense.of(0xA, 0x0D, 0x02));

    CopyResult result = copy(CopyMethod.AUTO);

    assertThat(result.bytesMoved()).isEqualTo(48L * MIB);
    assertThat(commands.get()).isLessThanOrEqualTo(CopyRequest.DEFAULT_IN_FLIGHT);
    assertThat(result.fallbacks().getLast().reason())
        .startsWith("to refuses EXTENDED COPY (Ah/0Dh/02h");
    assertThatThrownBy(() -> copy(CopyMethod.XCOPY)).hasMessageContaining("Ah/0Dh/02h");
  }

  @Test
  void aListIdentifierInUseIsNotTheLast() throws IOException {
    AtomicInteger seen = new AtomicInteger();
    DiskEnd destination =
        array.end(
            to,
            request ->
                request.cdb()[0] == (byte) 0x83 && seen.incrementAndGet() == 2
                    ? ScsiResponse.check(Sense.OPERATION_IN_PROGRESS)
                    : answer(request));

    CopyResult result =
        new Copier(array.end(from), destination, CopyProgress.NONE, System::nanoTime)
            .run(CopyRequest.everything(CopyMethod.XCOPY));

    assertThat(result.bytesByExtendedCopy()).isEqualTo(48L * MIB);
  }
}
