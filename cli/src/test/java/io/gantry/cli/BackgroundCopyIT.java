package io.gantry.cli;

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
import io.gantry.scsi.WriteUsingTokenList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
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

/**
 * A copy in the background of a server that is a process of its own: how far it is, aborted over
 * iSCSI, killed with the server, stopped with the server, and done at last.
 */
@NullUnmarked
@Timeout(300)
class BackgroundCopyIT {
  private static final int MIB = 2048; // blocks
  private static final int LENGTH = 48;
  private static final BlockRange FROM = new BlockRange(0, LENGTH * MIB);
  private static final BlockRange TO = new BlockRange(1, LENGTH * MIB); // every byte has to move

  @TempDir Path directory;

  static IscsiSession open(String url) throws IOException {
    Duration timeout = Duration.ofSeconds(30);
    IscsiSession session =
        IscsiSession.open(
            IscsiUrl.parse(url),
            new SessionOptions("iqn.2026-11.io.gantry:background", 7, timeout, timeout));
    session.execute(ScsiRequest.of(new Cdb.TestUnitReady()));
    return session;
  }

  private static ScsiResponse send(IscsiSession session, Command command, int id, ByteBuffer list)
      throws IOException {
    return session.execute(
        ScsiRequest.out(new Cdb.TokenOperation(command, id, list.remaining()), list));
  }

  /** The result as far as there is one; null if it is unknown. */
  private static RodTokenInformation ask(IscsiSession session, int id) throws IOException {
    ByteBuffer room = ByteBuffer.allocate(1024);
    ScsiResponse response =
        session.execute(ScsiRequest.in(new Cdb.ReceiveRodTokenInformation(id, 1024), room));
    return response.isGood() ? RodTokenInformation.decode(room) : null;
  }

  /** Writes a content of whole MiB, and has a token made of {@link #FROM}. */
  static byte[] fill(IscsiSession source, byte[] content) throws IOException {
    int length = content.length >> 20;
    for (int i = 0; i < length; i++) {
      ByteBuffer piece = ByteBuffer.wrap(content, i << 20, 1 << 20);
      assertThat(
              source
                  .execute(ScsiRequest.out(Cdb.Transfer.write((long) i * MIB, MIB), piece))
                  .isGood())
          .isTrue();
    }
    ByteBuffer list =
        new PopulateTokenList(false, 3600, OptionalInt.empty(), List.of(FROM)).encode();
    assertThat(send(source, Command.POPULATE_TOKEN, 1, list).isGood()).isTrue();
    byte[] token = ask(source, 1).token();
    assertThat(source.execute(ScsiRequest.of(Cdb.SynchronizeCache.all())).isGood()).isTrue();
    return token;
  }

  /** Begins to copy it, and waits until some of it is done. */
  static void begin(IscsiSession session, int id, byte[] token) throws IOException {
    ByteBuffer list = new WriteUsingTokenList(true, false, 0, token, List.of(TO)).encode();
    ScsiResponse response = send(session, Command.WRITE_USING_TOKEN, id, list);
    assertThat(response.describe()).isEqualTo("GOOD");
    while (ask(session, id).transferBlocks() < 2 * MIB) {
      Thread.onSpinWait();
    }
    assertThat(ask(session, id).status()).isEqualTo(0x12);
  }

  private static byte[] read(IscsiSession session, long lba, int blocks) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(blocks * 512);
    for (int at = 0; at < blocks; at += MIB) {
      int count = Math.min(MIB, blocks - at);
      ScsiResponse response =
          session.execute(
              ScsiRequest.in(
                  Cdb.Transfer.read(lba + at, count), data.slice(at * 512, count * 512)));
      assertThat(response.describe()).isEqualTo("GOOD");
    }
    return data.array();
  }

  @Test
  void aCopyInTheBackgroundEndsCleanlyWhateverHappens() throws Exception {
    Path config = directory.resolve("slow.toml");
    Files.writeString(config, "[copy]\nrate = \"8M\"\n");
    ServerProcess server =
        ServerProcess.start(directory.resolve("data"), "--config", config.toString());
    String from = server.createVolume("from", 64 << 20);
    String to = server.createVolume("to", 64 << 20);
    byte[] content = new byte[LENGTH << 20];
    new Random(1).nextBytes(content);
    byte[] token;
    try (IscsiSession source = open(from)) {
      token = fill(source, content);
    }
    try (IscsiSession session = open(to)) {
      begin(session, 2, token);
      assertThat(session.execute(ScsiRequest.of(new Cdb.CopyOperationAbort(2))).isGood()).isTrue();
      RodTokenInformation aborted = ask(session, 2);
      assertThat(aborted.status()).isEqualTo(0x60);
      int done = (int) aborted.transferBlocks();
      assertThat(done).isBetween(2 * MIB, LENGTH * MIB - 1);
      assertThat(read(session, 1, done)).isEqualTo(Arrays.copyOf(content, done * 512));
      begin(session, 3, token);
    }
    server.kill();
    server = server.restart();
    try (IscsiSession session = open(to)) {
      assertThat(ask(session, 3)).as("killed with the server").isNull();
      begin(session, 3, token);
    }
    server.stop();
    server = server.restart();
    try (IscsiSession session = open(to)) {
      RodTokenInformation stopped = ask(session, 3);
      assertThat(stopped.status()).as("stopped with the server").isEqualTo(0x60);
      int done = (int) stopped.transferBlocks();
      assertThat(read(session, 1, done)).isEqualTo(Arrays.copyOf(content, done * 512));
      begin(session, 4, token);
      while (!ask(session, 4).isFinished()) {
        Thread.onSpinWait();
      }
      assertThat(ask(session, 4).status()).isEqualTo(0x01);
      assertThat(ask(session, 4).transferBlocks()).isEqualTo(LENGTH * MIB);
      assertThat(read(session, 1, LENGTH * MIB)).isEqualTo(content);
    }
    server.stop();
  }
}
