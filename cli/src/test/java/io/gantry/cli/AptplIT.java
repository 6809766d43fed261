package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Persistent reservations after kill -9 of the server: each answer that was GOOD holds, from the
 * instant at which it was given (SPC-4 5.13.5, "preserving persistent reservations").
 */
@NullUnmarked
@Timeout(300)
class AptplIT {
  private static final String REGISTER = "5F 00 00 0000 00000018 00";
  private static final String RESERVE = "5F 01 06 0000 00000018 00"; // EXCLUSIVE ACCESS - REG. ONLY
  private static final String PREEMPT = "5F 04 06 0000 00000018 00";
  private static final String READ_KEYS = "5E 00 0000000000 0100 00";
  private static final String READ_RESERVATION = "5E 01 0000000000 0100 00";
  private static final String A = "00000000000000AA ";
  private static final String B = "00000000000000BB ";
  private static final String NONE = "0000000000000000 ";
  private static final String APTPL = "00000000 01 000000";
  private static final String NO_APTPL = "00000000 00 000000";

  @TempDir Path directory;
  private ServerProcess server;
  private String url;
  private IscsiSession a;
  private IscsiSession b;
  private IscsiSession stranger;

  private void open() throws IOException {
    a = open(1);
    b = open(2);
    stranger = open(3);
  }

  /** A session of an initiator port of its own, which has heard that it is new. */
  private IscsiSession open(long isid) throws IOException {
    Duration timeout = Duration.ofSeconds(30);
    SessionOptions options =
        new SessionOptions("iqn.2026-11.io.gantry:aptpl", isid, timeout, timeout);
    IscsiSession session = IscsiSession.open(IscsiUrl.parse(url), options);
    session.execute(new ScsiRequest(new byte[6], null, null));
    return session;
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static void change(IscsiSession who, String cdb, String list) throws IOException {
    ScsiResponse response =
        who.execute(new ScsiRequest(hex(cdb), ByteBuffer.wrap(hex(list)), null));
    assertThat(response.describe()).isEqualTo("GOOD");
  }

  /** What is behind PRGENERATION, which begins anew. */
  private static String ask(IscsiSession who, String cdb) throws IOException {
    byte[] data = new byte[256];
    ScsiResponse response = who.execute(new ScsiRequest(hex(cdb), null, ByteBuffer.wrap(data)));
    assertThat(response.describe()).isEqualTo("GOOD");
    byte[] behind = Arrays.copyOfRange(data, 4, (int) response.transferLength());
    return HexFormat.of().withUpperCase().formatHex(behind);
  }

  private static String plain(String text) {
    return text.replace(" ", "");
  }

  private static String write(IscsiSession who) throws IOException {
    byte[] cdb = hex("2A 00 00000000 00 0001 00");
    return who.execute(new ScsiRequest(cdb, ByteBuffer.wrap(new byte[512]), null))
        .status()
        .toString();
  }

  private void killAndRestart() throws Exception {
    server.kill();
    for (IscsiSession session : new IscsiSession[] {a, b, stranger}) {
      session.close();
    }
    server = server.restart();
    open();
  }

  @Test
  void whatWasReservedIsReserved() throws Exception {
    server = ServerProcess.start(directory.resolve("data"));
    url = server.createVolume("v", 1 << 20);
    open();
    change(a, REGISTER, NONE + A + APTPL);
    change(b, REGISTER, NONE + B + APTPL);
    change(a, RESERVE, A + NONE + NO_APTPL);
    killAndRestart();
    assertThat(ask(b, READ_KEYS)).isEqualTo(plain("00000010" + A + B));
    assertThat(ask(stranger, READ_RESERVATION))
        .isEqualTo(plain("00000010" + A + "00000000 00 06 0000"));
    assertThat(write(a)).isEqualTo("GOOD");
    assertThat(write(b)).isEqualTo("GOOD");
    assertThat(write(stranger)).isEqualTo("RESERVATION_CONFLICT");

    change(b, PREEMPT, B + A + NO_APTPL);
    killAndRestart();
    assertThat(ask(a, READ_KEYS)).isEqualTo(plain("00000008" + B));
    assertThat(ask(a, READ_RESERVATION)).isEqualTo(plain("00000010" + B + "00000000 00 06 0000"));
    assertThat(write(a)).isEqualTo("RESERVATION_CONFLICT");
    assertThat(write(b)).isEqualTo("GOOD");

    change(b, REGISTER, B + B + NO_APTPL); // from here on they end with the power
    assertThat(write(a)).isEqualTo("RESERVATION_CONFLICT");
    killAndRestart();
    assertThat(ask(a, READ_KEYS)).isEqualTo("00000000");
    assertThat(ask(a, READ_RESERVATION)).isEqualTo("00000000");
    assertThat(write(stranger)).isEqualTo("GOOD");
    for (IscsiSession session : new IscsiSession[] {a, b, stranger}) {
      session.close();
    }
    server.stop();
  }
}
