package io.gantry.browser;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import io.gantry.scsi.WriteUsingTokenList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.NullUnmarked;

/** A host that is logged in to a volume over iSCSI and does what hosts do. */
@NullUnmarked
final class StorageHost implements AutoCloseable {
  static final int MIB = 2048; // blocks
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final IscsiSession session;
  private int lists;

  /**
   * Logs in.
   *
   * @param port the ISID: sessions of one name and port replace each other
   */
  StorageHost(String name, int port, String url) throws IOException {
    session =
        IscsiSession.open(
            IscsiUrl.parse(url),
            new SessionOptions("iqn.1991-05.com.microsoft:" + name, port, TIMEOUT, TIMEOUT));
  }

  @Override
  public void close() throws IOException {
    session.close();
  }

  /** Sends it again as long as there is something to tell first: volumes come and go meanwhile. */
  private ScsiResponse execute(Supplier<ScsiRequest> request) throws IOException {
    ScsiResponse response = session.execute(request.get());
    while (response.status() == ScsiStatus.CHECK_CONDITION
        && response.sense().key() == Sense.UNIT_ATTENTION_KEY) {
      response = session.execute(request.get());
    }
    return response;
  }

  private void require(Supplier<ScsiRequest> request) throws IOException {
    assertThat(execute(request).describe()).isEqualTo("GOOD");
  }

  /** Fills whole mebibytes with their number from 1, and flushes. */
  void write(long lba, int mebibytes) throws IOException {
    for (int i = 0; i < mebibytes; i++) {
      fill(lba + (long) i * MIB, (byte) (lba / MIB + i + 1));
    }
    require(() -> ScsiRequest.of(Cdb.SynchronizeCache.all()));
  }

  /** Fills a mebibyte with one byte. */
  void fill(long lba, byte value) throws IOException {
    byte[] content = new byte[1 << 20];
    Arrays.fill(content, value);
    require(() -> ScsiRequest.out(Cdb.Transfer.write(lba, MIB), ByteBuffer.wrap(content)));
  }

  void read(long lba, int mebibytes) throws IOException {
    for (int i = 0; i < mebibytes; i++) {
      long at = lba + (long) i * MIB;
      require(() -> ScsiRequest.in(Cdb.Transfer.read(at, MIB), ByteBuffer.allocate(1 << 20)));
    }
  }

  /** The first byte of a block. */
  byte first(long lba) throws IOException {
    ByteBuffer room = ByteBuffer.allocate(512);
    require(() -> ScsiRequest.in(Cdb.Transfer.read(lba, 1), room.clear()));
    return room.get(0);
  }

  byte[] token(long lba, int mebibytes, int seconds) throws IOException {
    List<BlockRange> ranges = List.of(new BlockRange(lba, (long) mebibytes * MIB));
    int id = ++lists;
    require(() -> {
      ByteBuffer list = new PopulateTokenList(false, seconds, OptionalInt.empty(), ranges).encode();
      return ScsiRequest.out(
          new Cdb.TokenOperation(Command.POPULATE_TOKEN, id, list.remaining()), list);
    });
    ByteBuffer room = ByteBuffer.allocate(1024);
    require(() -> ScsiRequest.in(new Cdb.ReceiveRodTokenInformation(id, 1024), room.clear()));
    return RodTokenInformation.decode(room).token();
  }

  /** Copies what a token stands for; in the background it is only begun. */
  ScsiResponse copy(byte[] token, long lba, int mebibytes, boolean inBackground)
      throws IOException {
    List<BlockRange> ranges = List.of(new BlockRange(lba, (long) mebibytes * MIB));
    int id = ++lists;
    return execute(() -> {
      ByteBuffer list = new WriteUsingTokenList(inBackground, false, 0, token, ranges).encode();
      return ScsiRequest.out(
          new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, id, list.remaining()), list);
    });
  }

  /** Whether the target still answers to this session. */
  boolean isLoggedIn() {
    try {
      return session.execute(ScsiRequest.of(new Cdb.TestUnitReady())).isGood();
    } catch (IOException e) {
      return false;
    }
  }
}
