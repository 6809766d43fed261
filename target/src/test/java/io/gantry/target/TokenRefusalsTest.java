package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.populateList;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.BlockRange;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Token;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The eleven reasons of 05h/23h for which a token is refused, and when each is given. */
@NullUnmarked
class TokenRefusalsTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final BlockRange RANGE = new BlockRange(8, 8);

  @TempDir private Path directory;
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-21T12:00:00Z"));
  private Pool pool;
  private PoolTarget target;
  private Initiator source;
  private Initiator destination;

  /** Each code, and a situation that it is given in. */
  enum Reason {
    CAUSE_NOT_REPORTABLE("05/2300", "somebody else redeems what only its creator may"),
    UNSUPPORTED_TOKEN_TYPE("05/2301", "a type that tokens here do not have"),
    REMOTE_TOKEN_USAGE_NOT_SUPPORTED("05/2302", "a token of another target"),
    REMOTE_ROD_TOKEN_CREATION_NOT_SUPPORTED(
        "", "cannot be: only a ROD CSCD descriptor asks for it, and there are none here"),
    TOKEN_UNKNOWN("05/2304", "made by this pool, which has lost it in a crash"),
    TOKEN_CORRUPT("05/2305", "a bit of it has changed"),
    TOKEN_REVOKED("05/2306", "an administrator, or the need for room, has ended it"),
    TOKEN_EXPIRED("05/2307", "nobody used it for longer than its inactivity timeout"),
    TOKEN_CANCELLED("05/2308", "it is to end when its source changes, and that has changed"),
    TOKEN_DELETED("05/2309", "it was redeemed with DEL_TKN"),
    INVALID_TOKEN_LENGTH("05/230A", "its ROD TOKEN LENGTH is not 01F8h");

    private final String code;
    private final String when;

    Reason(String code, String when) {
      this.code = code;
      this.when = when;
    }
  }

  @BeforeEach
  void open() throws IOException {
    pool = create("pool");
    serve(CopyOptions.defaults());
    byte[] content = new byte[64 * 512];
    Arrays.fill(content, (byte) 7);
    source.write(0, content, 512);
  }

  private Pool create(String name) throws IOException {
    Pool made =
        Pool.create(
            FileMedium.create(directory.resolve(name)),
            16 << 10,
            PoolOptions.defaults().withClock(now::get));
    made.createVolume("source", 64 * 512, 512);
    made.createVolume("destination", 64 * 512, 512);
    return made;
  }

  private void serve(CopyOptions options) throws IOException {
    if (target != null) {
      target.close();
    }
    target = new PoolTarget(pool, NAME, AccessPolicy.DEFAULT, options);
    source = new Initiator(target, "host", 0);
    destination = new Initiator(target, "host", 1);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  /** A token that is to be refused. */
  private byte[] token(Reason reason) throws IOException {
    byte[] token = reason == Reason.TOKEN_UNKNOWN ? null : source.token(RANGE);
    switch (reason) {
      case CAUSE_NOT_REPORTABLE -> {
        serve(CopyOptions.defaults().withRedeemers(CopyOptions.Redeemers.CREATOR));
        destination = new Initiator(target, "another host", 1);
      }
      case UNSUPPORTED_TOKEN_TYPE -> ByteBuffer.wrap(token).putInt(0x0080_0003);
      case REMOTE_TOKEN_USAGE_NOT_SUPPORTED -> {
        try (Pool other = create("other");
            PoolTarget stranger = new PoolTarget(other, "iqn.2026-11.io.gantry:stranger");
            Initiator there = new Initiator(stranger, "host", 0)) {
          token = there.token(RANGE);
        }
      }
      case REMOTE_ROD_TOKEN_CREATION_NOT_SUPPORTED -> throw new AssertionError(reason.when);
      case TOKEN_UNKNOWN -> token = lostToken();
      case TOKEN_CORRUPT -> token[300] ^= 4;
      case TOKEN_REVOKED -> pool.end(pool.tokens().getLast(), Token.End.REVOKED);
      case TOKEN_EXPIRED -> {
        now.set(now.get().plusSeconds(301)); // the default is five minutes
        pool.flush();
      }
      case TOKEN_CANCELLED -> {
        byte[] list = populateList(RANGE);
        list[2] |= 2; // RTV
        ByteBuffer.wrap(list).putInt(8, 0x0080_0001);
        assertThat(sense(source.populate(5, list))).isEqualTo("GOOD");
        byte[] data = source.ask("84 07 00 00 00 05 00 00 00 00 00 00 02 26 00 00", 550);
        token = Arrays.copyOfRange(data, 38, 550);
        source.write(9, new byte[512], 512);
      }
      case TOKEN_DELETED -> {
        byte[] list = writeList(token, 0, RANGE);
        list[2] |= 2; // DEL_TKN
        assertThat(sense(destination.writeUsing(1, list))).isEqualTo("GOOD");
        destination.write(0, new byte[64 * 512], 512);
      }
      case INVALID_TOKEN_LENGTH -> ByteBuffer.wrap(token).putShort(6, (short) 0x01F0);
    }
    return token;
  }

  /** A token that was made after the last moment that the medium has kept. */
  private byte[] lostToken() throws IOException {
    target.close();
    pool.close();
    Path kept = directory.resolve("kept");
    copy(directory.resolve("pool"), kept);
    PoolOptions options = PoolOptions.defaults().withClock(now::get);
    byte[] token;
    try (Pool before = Pool.open(FileMedium.open(directory.resolve("pool")), options);
        PoolTarget serving = new PoolTarget(before, NAME);
        Initiator there = new Initiator(serving, "host", 0)) {
      token = there.token(RANGE);
    }
    pool = Pool.open(FileMedium.open(kept), options);
    target = null;
    serve(CopyOptions.defaults());
    return token;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      files.forEach(file -> {
        try {
          Files.copy(file, to.resolve(from.relativize(file)));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "REMOTE_ROD_TOKEN_CREATION_NOT_SUPPORTED")
  void eachReasonHasItsCode(Reason reason) throws IOException {
    byte[] token = token(reason);
    for (int id = 20; id < 22; id++) { // as often as it is asked
      ScsiResponse refused = destination.writeUsing(id, writeList(token, 0, RANGE));
      assertThat(sense(refused)).as(reason.when).isEqualTo(reason.code);
      assertThat(refused.sense().information()).isEmpty();
      String ask = "84 07 00 00 00 %02X 00 00 00 00 00 00 02 26 00 00".formatted(id);
      assertThat(sense(destination.send(ask))).as("there is no result").isEqualTo("05/2400");
    }
    assertThat(destination.read(0, 64, 512)).containsOnly(0);
  }

  /**
   * Remote creation: R_TOKEN of a ROD CSCD descriptor whose producer is another logical unit. The
   * descriptor itself is refused, so nobody gets to hear 05h/23h/03h.
   */
  @Test
  void nobodyCanAskForARemoteToken() throws IOException {
    byte[] list =
        hex(
            "01 00 0040 00000000 0000001C 00000000"
                + "E4 00 0000 01 03 00 10"
                + "00".repeat(20)
                + "00000200"
                + "FE 00 0000 0000 0000 00800000 00000000 0000003C 0000 01 00 00000000 00000000"
                + "02 00 0018 0000 0001 0000 0001 0000000000000000 0000000000000000");
    byte[] page = source.ask("12 01 83 04 00 00", 1024);
    System.arraycopy(page, 8, list, 24, 16);
    ScsiResponse refused = destination.send("83 00 0000000000000000 0000006C 0000", list);
    assertThat(sense(refused)).isEqualTo("05/2607");
    assertThat(refused.sense().fieldPointer()).hasValue(48);
    byte[] features = destination.ask("12 01 8F 04 00 00", 1024);
    for (int at = 4; at < features.length; ) {
      ByteBuffer descriptor = ByteBuffer.wrap(features, at, features.length - at).slice();
      if (descriptor.getShort(0) == 0x0106) {
        assertThat(descriptor.get(4)).as("REMOTE TOKENS").isZero();
      }
      at += 4 + descriptor.getShort(2);
    }
  }
}
