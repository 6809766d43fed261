package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.sense;
import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PERSISTENT RESERVE IN and OUT, RESERVE and RELEASE, in bytes as SPC-4's tables have them. */
@NullUnmarked
@Timeout(60)
class ReservationsTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final String A = "iqn.1991-05.com.microsoft:a,i,0x400001370000";
  private static final String B = "iqn.1991-05.com.microsoft:b,i,0x400001370001";
  private static final String C = "iqn.1993-08.org.debian:01:c,i,0x00023d000001";

  private static final long KA = 0xA1;
  private static final long KB = 0xB2;
  private static final String CONFLICT = "RESERVATION_CONFLICT";

  // Service actions of PERSISTENT RESERVE OUT
  private static final int REGISTER = 0;
  private static final int RESERVE = 1;
  private static final int RELEASE = 2;
  private static final int CLEAR = 3;
  private static final int PREEMPT = 4;
  private static final int PREEMPT_AND_ABORT = 5;
  private static final int IGNORE = 6;

  private static final String READY = "00 00 00 00 00 00";
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String WRITE = "2A 00 00000000 00 0001 00";

  @TempDir Path directory;

  private Pool pool;
  private PoolTarget target;
  private Initiator a;
  private Initiator b;
  private Initiator c;

  @BeforeEach
  void make() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    pool.createVolume("v", 1 << 20, 512);
    connect();
  }

  private void connect() throws IOException {
    target = new PoolTarget(pool, NAME);
    a = new Initiator(target, A, 0);
    b = new Initiator(target, B, 0);
    c = new Initiator(target, C, 0);
  }

  @AfterEach
  void close() throws IOException {
    target.close();
    pool.close();
  }

  private void restart() throws IOException {
    close();
    pool = Pool.open(FileMedium.open(directory.resolve("pool")), PoolOptions.defaults());
    connect();
  }

  private static String out(Initiator who, int action, int type, long key, long other, int flags)
      throws IOException {
    byte[] list = hex("%016X %016X 00000000 %02X 000000".formatted(key, other, flags));
    return sense(who.send("5F %02X %02X 00 00 00000018 00".formatted(action, type), list));
  }

  private static String out(Initiator who, int action, int type, long key, long other)
      throws IOException {
    return out(who, action, type, key, other, 0);
  }

  private static void good(String outcome) {
    assertThat(outcome).isEqualTo("GOOD");
  }

  private byte[] keys() throws IOException {
    return c.ask("5E 00 0000000000 0400 00", 1024);
  }

  private byte[] reservation() throws IOException {
    return c.ask("5E 01 0000000000 0400 00", 1024);
  }

  private static String read(Initiator who) throws IOException {
    return sense(who.send(READ));
  }

  private static String write(Initiator who) throws IOException {
    return sense(who.send(WRITE, new byte[512]));
  }

  private static String attention(Initiator who) throws IOException {
    return sense(who.send(READY));
  }

  @Test
  void readKeysReservationAndCapabilities() throws IOException {
    assertThat(keys()).isEqualTo(hex("00000000 00000000"));
    assertThat(reservation()).isEqualTo(hex("00000000 00000000"));
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(a, RESERVE, 5, KA, 0));
    assertThat(keys()).isEqualTo(hex("00000002 00000010 00000000000000A1 00000000000000B2"));
    assertThat(c.ask("5E 00 0000000000 0008 00", 1024)).isEqualTo(hex("00000002 00000010"));
    assertThat(reservation())
        .isEqualTo(hex("00000002 00000010 00000000000000A1 00000000 00 05 0000"));
    assertThat(c.ask("5E 02 0000000000 0008 00", 8)).isEqualTo(hex("0008 0D 80 EA 01 0000"));
    assertThat(sense(c.send("5E 04 0000000000 0008 00"))).isEqualTo("05/2400");
    assertThat(sense(c.send("5E 1F 0000000000 0008 00"))).isEqualTo("05/2400");
  }

  @Test
  void readFullStatus() throws IOException {
    good(out(a, REGISTER, 0, 0, KA, 4)); // ALL_TG_PT
    good(out(b, REGISTER, 0, 0, KB));
    good(out(b, RESERVE, 3, KB, 0));
    byte[] status = a.ask("5E 03 0000000000 0400 00", 1024);
    // The name of 44 characters, a NUL, and what fills up to 48.
    assertThat(status).hasSize(8 + 2 * (24 + 4 + 48));
    assertThat(Arrays.copyOf(status, 36))
        .isEqualTo(
            hex(
                "00000002 00000098 | 00000000000000A1 00000000 02 00 00000000 0001 00000034"
                    + "| 45 00 0030"));
    assertThat(new String(status, 36, 48, StandardCharsets.US_ASCII)).isEqualTo(A + "\0\0\0\0");
    assertThat(Arrays.copyOfRange(status, 84, 112))
        .isEqualTo(hex("00000000000000B2 00000000 01 03 00000000 0001 00000034 | 45 00 0030"));
  }

  @Test
  void registering() throws IOException {
    assertThat(out(a, REGISTER, 0, 1, KA)).as("a key where there is none").isEqualTo(CONFLICT);
    good(out(a, REGISTER, 0, 0, 0));
    good(out(a, REGISTER, 0, 0, KA));
    assertThat(out(a, REGISTER, 0, 0, KB)).as("the wrong key").isEqualTo(CONFLICT);
    good(out(a, REGISTER, 0, KA, KB));
    assertThat(keys()).isEqualTo(hex("00000003 00000008 00000000000000B2"));
    good(out(a, IGNORE, 0, 0x99, KA));
    good(out(b, IGNORE, 0, 0x99, 0));
    good(out(a, REGISTER, 0, KA, 0));
    assertThat(keys()).isEqualTo(hex("00000006 00000000"));
    assertThat(out(a, RESERVE, 1, KA, 0)).as("no longer registered").isEqualTo(CONFLICT);
  }

  @Test
  void parameterListsThatAreWrong() throws IOException {
    String list = "0000000000000000 00000000000000A1 00000000 00 000000";
    assertThat(sense(a.send("5F 00 00 00 00 00000017 00", hex(list)))).isEqualTo("05/1A00");
    assertThat(sense(a.send("5F 00 00 00 00 00000019 00", hex(list + "00")))).isEqualTo("05/1A00");
    assertThat(sense(a.send("5F 00 00 00 00 00000018 00", hex("0000")))).isEqualTo("05/1A00");
    assertThat(sense(a.send("5F 00 00 00 00 FFFFFFFF 00", hex(list)))).isEqualTo("05/1A00");
    assertThat(sense(a.send("5F 00 00 00 00 00000018 00"))).isEqualTo("05/1A00");
    assertThat(sense(a.send("5F 08 00 00 00 00000018 00", hex(list)))).isEqualTo("05/2400");
    good(out(a, REGISTER, 0, 0, KA));
    for (int type : new int[] {0, 2, 4, 9, 15}) {
      assertThat(out(a, RESERVE, type, KA, 0)).isEqualTo("05/2400");
    }
    assertThat(out(a, RESERVE, 0x11, KA, 0)).as("a scope").isEqualTo("05/2400");
    assertThat(out(a, RESERVE, 1, KA, 0, 8)).as("SPEC_I_PT").isEqualTo("05/2600");
    assertThat(out(a, IGNORE, 0, KA, KB, 8)).as("SPEC_I_PT").isEqualTo("05/2600");
    assertThat(keys()).isEqualTo(hex("00000001 00000008 00000000000000A1"));
  }

  /** SPC-4 5.12.1: who may read and write while another holds a reservation. */
  @ParameterizedTest(name = "type {0}: registered {1} {2}, not registered {3} {4}")
  @CsvSource({
    "1, yes, no, yes, no",
    "3, no, no, no, no",
    "5, yes, yes, yes, no",
    "6, yes, yes, no, no",
    "7, yes, yes, yes, no",
    "8, yes, yes, no, no"
  })
  void whoMayDoWhat(
      int type, String reads, String writes, String strangerReads, String strangerWrites)
      throws IOException {
    Map<String, String> statuses = Map.of("yes", "GOOD", "no", CONFLICT);
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(a, RESERVE, type, KA, 0));
    good(read(a));
    good(write(a));
    assertThat(read(b)).isEqualTo(statuses.get(reads));
    assertThat(write(b)).isEqualTo(statuses.get(writes));
    assertThat(read(c)).isEqualTo(statuses.get(strangerReads));
    assertThat(write(c)).isEqualTo(statuses.get(strangerWrites));
    assertThat(sense(c.send("35 00 00000000 00 0000 00"))).isEqualTo(CONFLICT);
    assertThat(sense(c.send("15 10 00 00 00 00"))).as("MODE SELECT").isEqualTo(CONFLICT);
    List<String> always =
        List.of(
            READY,
            "03 00 00 00 12 00",
            "12 00 00 00 24 00",
            "1A 00 3F 00 FF 00",
            "25 00 00000000 0000 00 00",
            "4D 00 40 00 00 0000 0100 00",
            "5E 00 0000000000 0100 00",
            "A0 00 00 00 00 00 00000100 00 00",
            "A3 0A 00000000 00000100 00 00",
            "A3 0C 00 00 0000 00000100 00 00");
    for (String cdb : always) {
      good(sense(c.send(cdb)));
    }
    assertThat(out(c, RESERVE, type, KA, 0)).as("not registered").isEqualTo(CONFLICT);
    good(out(c, REGISTER, 0, 0, 7));
    assertThat(out(c, RESERVE, type, 7, 0)).isEqualTo(type >= 7 ? "GOOD" : CONFLICT);
    assertThat(out(c, RESERVE, type == 1 ? 3 : 1, 7, 0)).isEqualTo(CONFLICT);
  }

  @Test
  void releasing() throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(a, RELEASE, 5, KA, 0));
    good(out(a, RESERVE, 5, KA, 0));
    good(out(a, RESERVE, 5, KA, 0));
    assertThat(out(a, RESERVE, 6, KA, 0)).as("another type").isEqualTo(CONFLICT);
    assertThat(out(a, RELEASE, 6, KA, 0)).isEqualTo("05/2604");
    assertThat(out(a, RELEASE, 5, KB, 0)).isEqualTo(CONFLICT);
    good(out(b, RELEASE, 5, KB, 0));
    assertThat(reservation()).hasSize(24);
    good(out(a, RELEASE, 5, KA, 0));
    assertThat(reservation()).isEqualTo(hex("00000002 00000000"));
    assertThat(attention(b)).isEqualTo("06/2A04");
    good(attention(a));
    good(out(a, RESERVE, 1, KA, 0));
    good(out(a, RELEASE, 1, KA, 0));
    good(attention(b)); // nobody else could do anything with it
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 6, 7, 8})
  void aHolderThatUnregisters(int type) throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(a, RESERVE, type, KA, 0));
    good(out(a, REGISTER, 0, KA, 0));
    assertThat(reservation()).hasSize(type >= 7 ? 24 : 8);
    assertThat(attention(b)).isEqualTo(type == 5 || type == 6 ? "06/2A04" : "GOOD");
    good(out(b, REGISTER, 0, KB, 0));
    assertThat(reservation()).hasSize(8);
  }

  @Test
  void clearing() throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(b, RESERVE, 3, KB, 0));
    assertThat(out(c, CLEAR, 0, 0, 0)).isEqualTo(CONFLICT);
    good(out(a, CLEAR, 0, KA, 0));
    assertThat(keys()).isEqualTo(hex("00000003 00000000"));
    assertThat(reservation()).hasSize(8);
    assertThat(attention(b)).isEqualTo("06/2A03");
    good(attention(a));
  }

  @Test
  void preemptingAReservation() throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(c, REGISTER, 0, 0, 0xC3));
    good(out(a, RESERVE, 1, KA, 0));
    assertThat(out(b, PREEMPT, 5, KB, 0x77)).as("nobody's key").isEqualTo(CONFLICT);
    assertThat(out(b, PREEMPT, 5, KB, 0)).isEqualTo("05/2600");
    assertThat(out(b, PREEMPT, 2, KB, KA)).isEqualTo("05/2400");
    good(out(b, PREEMPT, 5, KB, KA));
    assertThat(attention(a)).isEqualTo("06/2A05");
    assertThat(attention(c)).as("the type has changed").isEqualTo("06/2A04");
    assertThat(keys()).isEqualTo(hex("00000004 00000010 00000000000000B2 00000000000000C3"));
    assertThat(reservation())
        .isEqualTo(hex("00000004 00000010 00000000000000B2 00000000 00 05 0000"));
    assertThat(write(a)).isEqualTo(CONFLICT);
    good(write(c));
    // Its own: the way to change the type without a gap.
    good(out(b, PREEMPT, 3, KB, KB));
    assertThat(attention(c)).isEqualTo("06/2A04");
    assertThat(reservation()[21]).isEqualTo((byte) 3);
    assertThat(keys()).hasSize(24);
  }

  @Test
  void preemptingRegistrations() throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(c, REGISTER, 0, 0, KB));
    good(out(a, PREEMPT, 0, KA, KB));
    assertThat(attention(b)).isEqualTo("06/2A05");
    assertThat(attention(c)).isEqualTo("06/2A05");
    assertThat(keys()).isEqualTo(hex("00000004 00000008 00000000000000A1"));
    good(out(b, REGISTER, 0, 0, KB));
    good(out(a, RESERVE, 7, KA, 0));
    good(out(a, PREEMPT, 7, KA, KB)); // a registrant of all, and the reservation stays
    assertThat(reservation()[21]).isEqualTo((byte) 7);
    assertThat(attention(b)).isEqualTo("06/2A05");
    good(out(b, REGISTER, 0, 0, KB));
    good(out(b, PREEMPT, 8, KB, 0)); // all others
    assertThat(attention(a)).isEqualTo("06/2A05");
    assertThat(reservation()[21]).isEqualTo((byte) 8);
    assertThat(keys()).hasSize(16);
  }

  @Test
  void moving() throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(b, REGISTER, 0, 0, KB));
    String port = HEX.formatHex((B + "\0\0\0\0").getBytes(StandardCharsets.US_ASCII));
    String to = "00 %02X 0001 00000034 | 45 00 0030" + port;
    assertThat(move(a, KA, 0xD4, to.formatted(0))).as("nothing reserved").isEqualTo(CONFLICT);
    good(out(a, RESERVE, 6, KA, 0));
    assertThat(move(b, KB, 0xD4, to.formatted(0))).as("not the holder").isEqualTo(CONFLICT);
    assertThat(move(a, KA, 0, to.formatted(0))).isEqualTo("05/2600");
    assertThat(move(a, KA, 0xD4, to.formatted(0).replace("0001 0000", "0002 0000")))
        .as("another target port")
        .isEqualTo("05/2600");
    assertThat(move(a, KA, 0xD4, to.formatted(0).replace("45 00", "05 00")))
        .as("an initiator device")
        .isEqualTo("05/2600");
    assertThat(move(a, KA, 0xD4, to.formatted(0).replace("00000034", "00000030")))
        .isEqualTo("05/1A00");
    assertThat(move(a, KA, 0xD4, to.formatted(0).replace(port, HEX.formatHex(itself()))))
        .isEqualTo("05/2600");
    good(move(a, KA, 0xD4, to.formatted(0)));
    assertThat(keys()).isEqualTo(hex("00000003 00000010 00000000000000A1 00000000000000D4"));
    assertThat(reservation())
        .isEqualTo(hex("00000003 00000010 00000000000000D4 00000000 00 06 0000"));
    String back = to.formatted(2).replace(port, HEX.formatHex(itself())); // UNREG
    good(move(b, 0xD4, KA, back));
    assertThat(keys()).isEqualTo(hex("00000004 00000008 00000000000000A1"));
    assertThat(read(b)).isEqualTo(CONFLICT);
  }

  private static byte[] itself() {
    return Arrays.copyOf(A.getBytes(StandardCharsets.US_ASCII), 48);
  }

  private static final java.util.HexFormat HEX = java.util.HexFormat.of();

  private static String move(Initiator who, long key, long other, String rest) throws IOException {
    byte[] list = hex("%016X %016X".formatted(key, other) + rest);
    return sense(who.send("5F 07 00 00 00 %08X 00".formatted(list.length), list));
  }

  @Test
  void specifyingInitiatorPorts() throws IOException {
    String ids = "";
    for (String port : List.of(B, C)) {
      byte[] name = Arrays.copyOf(port.getBytes(StandardCharsets.US_ASCII), 48);
      ids += "45 00 0030" + HEX.formatHex(name);
    }
    String list = "0000000000000000 00000000000000A1 00000000 08 000000 00000068" + ids;
    good(out(c, REGISTER, 0, 0, 0xC3));
    good(sense(a.send("5F 00 00 00 00 00000084 00", hex(list))));
    // b has the key now; c, which was registered, keeps its own.
    assertThat(keys())
        .isEqualTo(hex("00000002 00000018 00000000000000C3 00000000000000A1 00000000000000A1"));
    good(out(b, RESERVE, 3, KA, 0));
    String again = list.replaceFirst("0000000000000000", "00000000000000A1");
    assertThat(sense(a.send("5F 00 00 00 00 00000084 00", hex(again)))).isEqualTo("05/2600");
    good(out(a, REGISTER, 0, KA, 0));
    String cut = list.replace("00000068", "00000064");
    assertThat(sense(a.send("5F 00 00 00 00 00000084 00", hex(cut)))).isEqualTo("05/1A00");
    String wrong = list.replaceFirst("45 00 0030", "45 00 0031");
    assertThat(sense(a.send("5F 00 00 00 00 00000084 00", hex(wrong)))).isEqualTo("05/2600");
    assertThat(keys()).hasSize(8 + 16);
  }

  @Test
  void whatSurvivesALossOfPower() throws IOException {
    good(out(a, REGISTER, 0, 0, KA, 1));
    good(out(b, REGISTER, 0, 0, KB, 1));
    good(out(b, RESERVE, 6, KB, 0));
    assertThat(c.ask("5E 02 0000000000 0008 00", 8)[3]).as("PTPL_A").isEqualTo((byte) 0x81);
    restart();
    assertThat(keys()).isEqualTo(hex("00000000 00000010 00000000000000A1 00000000000000B2"));
    assertThat(reservation())
        .isEqualTo(hex("00000000 00000010 00000000000000B2 00000000 00 06 0000"));
    good(write(a));
    assertThat(read(c)).isEqualTo(CONFLICT);
    pool.checkpoint();
    good(out(b, RELEASE, 6, KB, 0));
    restart();
    assertThat(reservation()).hasSize(8);
    good(out(a, REGISTER, 0, KA, KA, 0)); // the last APTPL holds
    restart();
    assertThat(keys()).isEqualTo(hex("00000000 00000000"));
  }

  @Test
  void reservationsGoWithTheVolumeAndStayWithIt() throws IOException {
    good(out(a, REGISTER, 0, 0, KA, 1));
    good(out(a, RESERVE, 3, KA, 0));
    pool.cloneVolume(pool.volume(0).orElseThrow(), "copy");
    pool.deleteVolume(pool.volume(0).orElseThrow());
    pool.createVolume("another", 1 << 20, 512);
    for (int lun = 1; lun <= 2; lun++) {
      Initiator there = new Initiator(target, C, lun);
      assertThat(there.ask("5E 00 0000000000 0400 00", 1024)).hasSize(8);
    }
  }

  @Test
  void tooManyRegistrations() throws IOException {
    for (int i = 0; i < ReservationState.MOST_REGISTRATIONS; i++) {
      String name = "iqn.2026-11.example:%0201d".formatted(i);
      assertThat(name).hasSize(221);
      try (Initiator one = new Initiator(target, name + ",i,0x000000000000", 0)) {
        good(out(one, REGISTER, 0, 0, i + 1, 1));
      }
    }
    assertThat(out(a, REGISTER, 0, 0, KA)).isEqualTo("05/5504");
    restart();
    assertThat(c.ask("5E 00 0000000000 FFFF 00", 65535))
        .hasSize(8 + 8 * ReservationState.MOST_REGISTRATIONS);
  }

  @Test
  void reserveAndRelease() throws IOException {
    good(sense(a.send("16 00 00 00 00 00")));
    good(sense(a.send("56 00 0000000000 0000 00")));
    assertThat(read(b)).isEqualTo(CONFLICT);
    assertThat(attention(b)).isEqualTo(CONFLICT);
    assertThat(sense(b.send("1A 00 3F 00 FF 00"))).isEqualTo(CONFLICT);
    assertThat(sense(b.send("16 00 00 00 00 00"))).isEqualTo(CONFLICT);
    assertThat(sense(b.send("5E 00 0000000000 0100 00"))).isEqualTo(CONFLICT);
    assertThat(out(b, REGISTER, 0, 0, KB)).isEqualTo(CONFLICT);
    good(sense(b.send("12 00 00 00 24 00")));
    good(sense(b.send("03 00 00 00 12 00")));
    good(sense(b.send("A0 00 00 00 00 00 00000100 00 00")));
    good(sense(b.send("17 00 00 00 00 00"))); // does nothing
    assertThat(read(b)).isEqualTo(CONFLICT);
    good(write(a));
    good(sense(a.send("57 00 0000000000 0000 00")));
    good(read(b));
    // It goes with the nexus, and with a reset.
    good(sense(a.send("16 00 00 00 00 00")));
    a.close();
    good(read(b));
    good(sense(b.send("16 00 00 00 00 00")));
    try (TargetPath path = path()) {
      path.resetUnit(0).join();
    }
    assertThat(read(c)).isEqualTo("06/2903");
    good(read(c));
    // Not beside registrations.
    assertThat(attention(b)).isEqualTo("06/2903");
    good(out(b, REGISTER, 0, 0, KB));
    assertThat(sense(b.send("16 00 00 00 00 00"))).isEqualTo(CONFLICT);
    assertThat(sense(b.send("17 00 00 00 00 00"))).isEqualTo(CONFLICT);
    assertThat(sense(b.send("16 02 00 00 00 00"))).as("a third party").isEqualTo("05/2400");
  }

  private TargetPath path() {
    return target.connect(
        new Nexus("host", NAME), new Identity("host", null, null), PathTasks.NONE);
  }

  @Test
  void aResetKeepsPersistentReservations() throws IOException {
    good(out(a, REGISTER, 0, 0, KA));
    good(out(a, RESERVE, 3, KA, 0));
    try (TargetPath path = path()) {
      path.resetUnit(0).join();
    }
    assertThat(attention(c)).isEqualTo("06/2903");
    assertThat(read(c)).isEqualTo(CONFLICT);
  }

  /** The victim's commands are ended before the answer; its own initiator is told by its status. */
  @Test
  void preemptAndAbort() throws IOException {
    List<Integer> aborted = new java.util.ArrayList<>();
    PathTasks tasks =
        (unit, answered) -> {
          aborted.add(unit);
          assertThat(answered).isTrue();
          return java.util.concurrent.CompletableFuture.completedFuture(3);
        };
    Nexus victim = new Nexus("iqn.2026-11.example:victim,i,0x000000000000", NAME);
    try (TargetPath path = target.connect(victim, new Identity("victim", null, null), tasks)) {
      ScsiResponse power = submit(path, READY, "");
      assertThat(sense(power)).isEqualTo("06/2900");
      good(
          sense(
              submit(
                  path,
                  "5F 00 00 00 00 00000018 00",
                  "0000000000000000 00000000000000B2 00000000 00 000000")));
      good(out(a, REGISTER, 0, 0, KA));
      good(out(a, PREEMPT_AND_ABORT, 1, KA, KB));
      assertThat(aborted).containsExactly(0);
      assertThat(sense(submit(path, READY, ""))).isEqualTo("06/2A05");
    }
  }

  private static ScsiResponse submit(TargetPath path, String cdb, String data) {
    java.nio.ByteBuffer sent = data.isEmpty() ? null : java.nio.ByteBuffer.wrap(hex(data));
    return path.submit(0, new io.gantry.scsi.ScsiRequest(hex(cdb), sent, null)).join();
  }
}
