package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.PopulateTokenList;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.RodTokenInformation;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.scsi.WriteUsingTokenList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An initiator that reconnects after kill -9 of the server asks for the results of its copies. */
@NullUnmarked
@Timeout(300)
class ResultsIT {
  private static final int ROUNDS = 4;
  private static final int COPIES = 40;
  private static final int ALLOCATION = 550;

  @TempDir Path directory;

  private static IscsiSession open(String url, long isid) throws IOException {
    Duration timeout = Duration.ofSeconds(30);
    SessionOptions options =
        new SessionOptions("iqn.2026-11.io.gantry:results", isid, timeout, timeout);
    return IscsiSession.open(IscsiUrl.parse(url), options);
  }

  private static void good(ScsiResponse response) {
    assertThat(response.describe()).isEqualTo("GOOD");
  }

  private static void populate(IscsiSession session, int id, BlockRange range) throws IOException {
    ByteBuffer list =
        new PopulateTokenList(false, 3600, OptionalInt.empty(), List.of(range)).encode();
    good(
        session.execute(
            ScsiRequest.out(
                new Cdb.TokenOperation(Command.POPULATE_TOKEN, id, list.remaining()), list)));
  }

  private static ScsiResponse write(IscsiSession session, int id, byte[] token, BlockRange range)
      throws IOException {
    ByteBuffer list = new WriteUsingTokenList(false, false, 0, token, List.of(range)).encode();
    return session.execute(
        ScsiRequest.out(
            new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, id, list.remaining()), list));
  }

  /** The result's bytes, or null if it is unknown. */
  private static byte[] result(IscsiSession session, int id) throws IOException {
    byte[] data = new byte[ALLOCATION];
    ScsiResponse response =
        session.execute(
            ScsiRequest.in(
                new Cdb.ReceiveRodTokenInformation(id, ALLOCATION), ByteBuffer.wrap(data)));
    if (!response.isGood()) {
      assertThat(response.sense()).isEqualTo(Sense.INVALID_FIELD_IN_CDB.at(2));
      return null;
    }
    return Arrays.copyOf(data, (int) response.transferLength());
  }

  @Test
  void aResultIsExactlyThereOrUnknown() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ResultsIT: -Dseed=" + seed);
    Random random = new Random(seed);
    ServerProcess server = ServerProcess.start(directory.resolve("data"));
    String url = server.createVolume("v", 64 << 20);
    int unknown = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[][] flushed = new byte[COPIES][];
      byte[][] later = new byte[COPIES][];
      boolean killed = false;
      try (IscsiSession session = open(url, 7)) {
        good(
            session.execute(
                ScsiRequest.out(Cdb.Transfer.write(0, 128), ByteBuffer.wrap(new byte[128 * 512]))));
        for (int i = 0; i < COPIES; i++) {
          populate(session, 1000 * round + i, new BlockRange(random.nextInt(1000), 1 + i));
          flushed[i] = result(session, 1000 * round + i);
        }
        good(session.execute(ScsiRequest.of(Cdb.SynchronizeCache.all())));
        byte[] token = RodTokenInformation.decode(ByteBuffer.wrap(flushed[9])).token();
        for (int i = 0; i < COPIES; i++) {
          int id = 1000 * round + 500 + i;
          good(write(session, id, token, new BlockRange(4096 + 16 * i, 1 + i % 10)));
          later[i] = result(session, id);
        }
        killed = true;
        server.kill();
      } catch (IOException e) {
        assertThat(killed).as("a session whose server is gone may close badly").isTrue();
      }
      server = server.restart();
      try (IscsiSession session = open(url, 7);
          IscsiSession other = open(url, 8)) {
        for (int i = 0; i < COPIES; i++) {
          assertThat(result(session, 1000 * round + i)).isEqualTo(flushed[i]);
          assertThat(result(other, 1000 * round + i)).isNull();
          byte[] found = result(session, 1000 * round + 500 + i);
          if (found == null) {
            unknown++;
          } else {
            assertThat(found).isEqualTo(later[i]);
          }
        }
        // The token of a result is good.
        byte[] token = RodTokenInformation.decode(ByteBuffer.wrap(flushed[1])).token();
        assertThat(token).hasSize(RodToken.LENGTH);
        good(write(session, 999, token, new BlockRange(8192, 2)));
      }
    }
    server.stop();
    System.out.printf("ResultsIT: %d kills, %d results unknown%n", ROUNDS, unknown);
  }
}
