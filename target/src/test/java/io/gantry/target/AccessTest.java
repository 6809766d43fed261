package io.gantry.target;

import static io.gantry.target.Initiator.hex;
import static io.gantry.target.Initiator.populateList;
import static io.gantry.target.Initiator.sense;
import static io.gantry.target.Initiator.writeList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.iscsi.ChapCredentials;
import io.gantry.iscsi.ChapUser;
import io.gantry.iscsi.InitiatorLogin;
import io.gantry.iscsi.InitiatorPdu.LoginRequest;
import io.gantry.iscsi.InitiatorPdu.ScsiCommand;
import io.gantry.iscsi.InitiatorPdu.TextRequest;
import io.gantry.iscsi.Pdu;
import io.gantry.iscsi.RejectReason;
import io.gantry.iscsi.TargetPdu.LoginResponse;
import io.gantry.iscsi.TargetPdu.Reject;
import io.gantry.iscsi.TargetPdu.TextResponse;
import io.gantry.scsi.BlockRange;
import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What rules do to logins and to volumes: within the process, and over a portal. */
@NullUnmarked
@Timeout(60)
class AccessTest {
  private static final String NAME = "iqn.2026-11.io.gantry:test";
  private static final AccessUser ALICE =
      AccessUser.of("alice", "alice's secret", "storage", "the target's secret");
  private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

  private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
  private static final String INQUIRY = "12 00 00 00 24 00";
  private static final String WRITE = "2A 00 00 00 00 00 00 00 01 00";
  private static final String MODE_SENSE = "1A 08 3F 00 FF 00";

  @TempDir Path directory;
  private Pool pool;
  private PoolTarget device;
  private IscsiTarget target;

  @BeforeEach
  void open() throws IOException {
    pool =
        Pool.create(FileMedium.create(directory.resolve("pool")), 16 << 10, PoolOptions.defaults());
    for (String volume : List.of("golden", "hidden", "work")) {
      pool.createVolume(volume, 1 << 20, 512);
    }
    device =
        new PoolTarget(
            pool,
            NAME,
            new AccessPolicy(
                List.of(ALICE),
                List.of(
                    rule("golden", Access.READ_ONLY),
                    rule("hidden", Access.NONE),
                    rule("*", Access.READ_WRITE))));
  }

  private static AccessRule rule(String volumes, Access access) {
    return new AccessRule(
        List.of(), Set.of("alice"), List.of(), List.of(new NamePattern(volumes)), access);
  }

  @AfterEach
  void close() throws IOException {
    if (target != null) {
      target.close();
    }
    device.close();
    pool.close();
  }

  private ScsiDevice as(String user, int lun) {
    TargetPath path =
        device.connect(
            new Nexus("host " + user, NAME),
            new Identity("iqn.2026-11.test:host", user, InetAddress.ofLiteral("192.0.2.1")),
            PathTasks.NONE);
    return new ScsiDevice() {
      @Override
      public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
        return path.submit((long) lun << 48, request);
      }

      @Override
      public void close() {
        path.close();
      }
    };
  }

  private static ScsiResponse send(ScsiDevice unit, String cdb) throws IOException {
    return unit.execute(new ScsiRequest(hex(cdb), null, null));
  }

  private static byte[] ask(ScsiDevice unit, String cdb) throws IOException {
    ByteBuffer room = ByteBuffer.allocate(1024);
    ScsiResponse response = unit.execute(new ScsiRequest(hex(cdb), null, room));
    assertThat(response.isGood()).as(response.describe()).isTrue();
    return Arrays.copyOf(room.array(), (int) response.transferLength());
  }

  private static String write(ScsiDevice unit) throws IOException {
    return sense(unit.execute(new ScsiRequest(hex(WRITE), ByteBuffer.allocate(512), null)));
  }

  @Test
  void whatIsHiddenIsNotThere() throws IOException {
    ScsiDevice golden = as("alice", 0);
    assertThat(ask(golden, "A0 00 00 00 00 00 00 00 04 00 00 00"))
        .isEqualTo(hex("00000010 00000000 0000000000000000 0002000000000000"));
    ScsiDevice hidden = as("alice", 1);
    ScsiDevice missing = as("alice", 9);
    for (ScsiDevice unit : List.of(hidden, missing)) {
      assertThat(sense(send(unit, TEST_UNIT_READY))).isEqualTo("05/2500");
      assertThat(ask(unit, INQUIRY)[0]).isEqualTo((byte) 0x7F);
      assertThat(write(unit)).isEqualTo("05/2500");
    }
    ScsiDevice stranger = as(null, 0);
    assertThat(ask(stranger, "A0 00 00 00 00 00 00 00 04 00 00 00")).isEqualTo(new byte[8]);
    assertThat(sense(send(stranger, TEST_UNIT_READY))).isEqualTo("05/2500");
  }

  @Test
  void whatIsReadOnlyCanBeRead() throws IOException {
    ScsiDevice golden = as("alice", 0);
    assertThat(sense(send(golden, TEST_UNIT_READY))).isEqualTo("06/2900"); // before anything else
    assertThat(write(golden)).isEqualTo("07/2700");
    assertThat(ask(golden, MODE_SENSE)[2] & 0x80).isEqualTo(0x80);
    assertThat(ask(golden, "28 00 00 00 00 00 00 00 01 00")).hasSize(512);
    assertThat(sense(send(golden, "35 00 00 00 00 00 00 00 00 00"))).isEqualTo("GOOD");
    assertThat(sense(send(golden, "42 00 00 00 00 00 00 00 00 00"))).isEqualTo("07/2700");
    byte[] populate = populateList(new BlockRange(0, 32));
    assertThat(
            sense(
                golden.execute(
                    ScsiRequest.out(
                        new Cdb.TokenOperation(Command.POPULATE_TOKEN, 1, populate.length),
                        ByteBuffer.wrap(populate)))))
        .isEqualTo("GOOD");
    byte[] token =
        Arrays.copyOfRange(ask(golden, "84 07 00 00 00 01 00 00 00 00 00 00 02 26 00 00"), 38, 550);
    byte[] use = writeList(token, 0, new BlockRange(64, 32));
    Cdb writeUsing = new Cdb.TokenOperation(Command.WRITE_USING_TOKEN, 2, use.length);
    assertThat(sense(golden.execute(ScsiRequest.out(writeUsing, ByteBuffer.wrap(use)))))
        .isEqualTo("07/2700");
    ScsiDevice work = as("alice", 2);
    send(work, TEST_UNIT_READY);
    assertThat(write(work)).isEqualTo("GOOD");
    assertThat(ask(work, MODE_SENSE)[2] & 0x80).isZero();
    assertThat(sense(work.execute(ScsiRequest.out(writeUsing, ByteBuffer.wrap(use)))))
        .isEqualTo("GOOD");
  }

  /** Rules are about names: they follow a volume that is renamed, within open sessions. */
  @Test
  void rulesFollowNames() throws IOException {
    ScsiDevice work = as("alice", 2);
    send(work, TEST_UNIT_READY);
    assertThat(write(work)).isEqualTo("GOOD");
    pool.renameVolume(pool.volume("work").orElseThrow(), "works");
    pool.renameVolume(pool.volume("golden").orElseThrow(), "gold");
    pool.renameVolume(pool.volume("works").orElseThrow(), "golden");
    assertThat(write(work)).isEqualTo("07/2700");
  }

  private void start(AccessPolicy policy, IscsiOptions.Redirection redirection, int portals)
      throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    target =
        IscsiTarget.start(
            device,
            Collections.nCopies(portals, any),
            new IscsiOptions(policy, redirection, new Random(1), InstantSource.fixed(NOW)));
  }

  private static AccessPolicy policy(String initiator, String user, String address) {
    return new AccessPolicy(
        List.of(ALICE),
        List.of(
            new AccessRule(
                initiator == null ? List.of() : List.of(new NamePattern(initiator)),
                user == null ? Set.of() : Set.of(user),
                address == null ? List.of() : List.of(AddressRange.parse(address)),
                List.of(),
                Access.READ_WRITE)));
  }

  private static InitiatorLogin login(String targetName, ChapUser user) {
    return new InitiatorLogin(
        "iqn.2026-11.test:host", targetName, 0x8000L, Map.of(), user, new Random(2));
  }

  private static ChapUser chap(String name, String secret, ChapCredentials storage) {
    return new ChapUser(new ChapCredentials(name, secret), storage);
  }

  /** A rule, what the initiator has, and the login status. */
  @ParameterizedTest
  @CsvSource({
    "*:host,,,false,OK",
    "*:other,,,false,0202",
    ",,127.0.0.0/8,false,OK",
    ",,192.0.2.0/24,true,0202",
    ",alice,,false,0201",
    ",alice,,true,OK",
    "*:host,alice,127.0.0.1,true,OK"
  })
  void logins(String initiator, String user, String address, boolean authenticates, String end)
      throws IOException {
    start(policy(initiator, user, address), null, 1);
    for (String name : new String[] {NAME, null}) {
      ChapUser own = authenticates ? chap("alice", "alice's secret", null) : null;
      try (RawInitiator raw = new RawInitiator(target.address())) {
        if (end.equals("OK")) {
          raw.logIn(login(name, own));
          assertThat(target.sessions())
              .singleElement()
              .satisfies(session -> {
                assertThat(session.identity().user()).isEqualTo(authenticates ? "alice" : null);
                assertThat(session.identity().initiatorName()).isEqualTo("iqn.2026-11.test:host");
                assertThat(session.identity().address().isLoopbackAddress()).isTrue();
                assertThat(session.since()).isEqualTo(NOW);
                assertThat(session.discovery()).isEqualTo(name == null);
              });
          assertThat(target.drop(target.sessions().getFirst().id())).isTrue();
          assertThatThrownBy(
                  () -> {
                    while (true) {
                      raw.receive();
                    }
                  })
              .isInstanceOf(IOException.class);
        } else {
          assertThatThrownBy(() -> raw.logIn(login(name, own))).hasMessageContaining(end + "h");
        }
      }
      while (!target.sessions().isEmpty()) { // ends when the connection has been forgotten
        Thread.onSpinWait();
      }
    }
    assertThat(target.drop(1)).isFalse();
  }

  @Test
  void mutual() throws IOException {
    start(policy(null, "alice", null), null, 1);
    ChapCredentials right = new ChapCredentials("storage", "the target's secret");
    ChapCredentials wrong = new ChapCredentials("storage", "someone else's secret");
    try (RawInitiator raw = new RawInitiator(target.address())) {
      raw.logIn(login(NAME, chap("alice", "alice's secret", right)));
    }
    try (RawInitiator raw = new RawInitiator(target.address())) {
      assertThatThrownBy(() -> raw.logIn(login(NAME, chap("alice", "alice's secret", wrong))))
          .hasMessageContaining("may not be the target");
    }
  }

  @Test
  void aTargetThatHasMoved() throws IOException {
    start(AccessPolicy.DEFAULT, new IscsiOptions.Redirection(false, "192.0.2.9:3260"), 1);
    try (RawInitiator raw = new RawInitiator(target.address())) {
      assertThatThrownBy(() -> raw.logIn(login(NAME, null))).hasMessage("192.0.2.9:3260");
    }
    try (RawInitiator raw = new RawInitiator(target.address())) {
      raw.logIn(login(null, null));
    }
  }

  private static LoginRequest join(int tsih) {
    String text = "InitiatorName=iqn.2026-11.test:host\0TargetName=" + NAME + "\0";
    ByteBuf data = Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    return new LoginRequest(true, false, 1, 3, 0, 0, 0x8000L, tsih, 0, 1, 1, 0, data);
  }

  /** MaxConnections is 1: a session takes no second connection, and only those that are there. */
  @Test
  void furtherConnections() throws IOException {
    start(AccessPolicy.DEFAULT, null, 1);
    try (RawInitiator raw = new RawInitiator(target.address()).logIn(login(NAME, null));
        RawInitiator second = new RawInitiator(target.address());
        RawInitiator third = new RawInitiator(target.address())) {
      int tsih = target.sessions().getFirst().id();
      second.send(join(tsih));
      assertThat(((LoginResponse) second.receive()).status()).isEqualTo(0x0206);
      third.send(join(tsih + 1));
      assertThat(((LoginResponse) third.receive()).status()).isEqualTo(0x020A);
      assertThat(target.sessions()).hasSize(1);
      assertThat(raw).isNotNull();
    }
  }

  private static TextRequest question(int tag, int transferTag, boolean continues, String text) {
    ByteBuf data = Unpooled.copiedBuffer(text.replace('~', '\0'), StandardCharsets.US_ASCII);
    return new TextRequest(true, !continues, continues, 0, tag, transferTag, 1, 0, data);
  }

  private static String text(Pdu pdu) {
    return ((TextResponse) pdu).data().toString(StandardCharsets.US_ASCII).replace('\0', '~');
  }

  /** SendTargets names all portals, in parts if the initiator takes no more at once. */
  @Test
  void discovery() throws IOException {
    start(AccessPolicy.DEFAULT, null, 20);
    StringBuilder all = new StringBuilder("TargetName=" + NAME + "~");
    int first = target.addresses().get(3).getPort();
    all.append("TargetAddress=127.0.0.1:").append(first).append(",1~");
    for (InetSocketAddress portal : target.addresses()) {
      if (portal.getPort() != first) {
        all.append("TargetAddress=127.0.0.1:").append(portal.getPort()).append(",1~");
      }
    }
    try (RawInitiator raw = new RawInitiator(target.addresses().get(3))) {
      raw.logIn(login(null, null));
      raw.send(question(1, Pdu.NO_TAG, true, "SendTar"));
      TextResponse more = (TextResponse) raw.receive();
      assertThat(more.last()).isFalse();
      assertThat(more.data().isReadable()).isFalse();
      raw.send(question(1, more.transferTag(), false, "gets=All~"));
      TextResponse whole = (TextResponse) raw.receive();
      assertThat(text(whole)).isEqualTo(all.toString());
      assertThat(whole.last()).isTrue();
      assertThat(whole.transferTag()).isEqualTo(Pdu.NO_TAG);

      raw.send(question(2, Pdu.NO_TAG, false, "MaxRecvDataSegmentLength=512~SendTargets=All~"));
      StringBuilder parts = new StringBuilder();
      TextResponse part = (TextResponse) raw.receive();
      while (part.continues()) {
        assertThat(part.last()).isFalse();
        assertThat(part.data().readableBytes()).isEqualTo(512);
        parts.append(text(part));
        raw.send(question(2, part.transferTag(), false, ""));
        part = (TextResponse) raw.receive();
      }
      assertThat(parts.append(text(part))).hasToString(all.toString());

      raw.send(question(3, 77, false, "SendTargets=All~"));
      assertThat(((Reject) raw.receive()).reason())
          .isEqualTo(RejectReason.INVALID_PDU_FIELD.code());
      raw.send(question(Pdu.NO_TAG, Pdu.NO_TAG, false, "SendTargets=All~"));
      assertThat(((Reject) raw.receive()).reason())
          .isEqualTo(RejectReason.INVALID_PDU_FIELD.code());
      raw.send(question(4, Pdu.NO_TAG, false, "sendtargets=All~MaxBurstLength=512~"));
      assertThat(text(raw.receive())).isEqualTo("sendtargets=NotUnderstood~MaxBurstLength=Reject~");
      raw.send(question(5, Pdu.NO_TAG, false, "SendTargets=iqn.2026-11.test:unknown~"));
      assertThat(text(raw.receive())).isEmpty();
    }
  }

  /** What an initiator declares in the full feature phase holds for the data that it reads. */
  @Test
  void shorterSegments() throws IOException {
    start(policy(null, "alice", null), null, 1);
    try (RawInitiator raw = new RawInitiator(target.address())) {
      raw.logIn(login(NAME, chap("alice", "alice's secret", null)));
      raw.send(command(1, TEST_UNIT_READY, 0));
      raw.receive();
      raw.send(question(2, Pdu.NO_TAG, false, "MaxRecvDataSegmentLength=512~"));
      assertThat(text(raw.receive())).isEmpty();
      raw.send(command(2, "28 00 00 00 00 00 00 00 03 00", 3 * 512));
      for (int i = 0; i < 3; i++) {
        assertThat(raw.receive().data().readableBytes()).isEqualTo(512);
      }
    }
  }

  private static ScsiCommand command(int cmdSn, String cdb, int length) {
    byte[] padded = Arrays.copyOf(hex(cdb), 16);
    long work = 2L << 48;
    return new ScsiCommand(
        false, true, length > 0, false, 1, work, cmdSn, length, cmdSn, 0, padded, Pdu.NO_DATA);
  }

  /** Strangers cannot take all places: whoever has not logged in counts, and the rest goes on. */
  @Test
  void theLobbyFillsUp() throws IOException {
    // On a busy machine, opening all the connections may take longer than a login may.
    IscsiTarget.Limits standard = IscsiTarget.Limits.STANDARD;
    target =
        IscsiTarget.start(
            device,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new IscsiTarget.Limits(
                standard.connectionsMax(),
                3_600_000,
                3_600_000,
                3_600_000,
                standard.sessionBytesMax(),
                standard.portalBytesMax()));
    RawInitiator[] silent = new RawInitiator[Lobby.PLACES_PER_ADDRESS];
    try (RawInitiator raw = new RawInitiator(target.address()).logIn(login(NAME, null))) {
      for (int i = 0; i < silent.length; i++) {
        silent[i] = new RawInitiator(target.address());
      }
      while (target.lobby().taken() < silent.length) {
        Thread.onSpinWait();
      }
      try (RawInitiator late = new RawInitiator(target.address())) {
        assertThatThrownBy(() -> late.logIn(login(NAME, null))).isInstanceOf(IOException.class);
      }
      raw.send(question(1, Pdu.NO_TAG, false, "SendTargets=~"));
      assertThat(text(raw.receive())).startsWith("TargetName=" + NAME);
      silent[0].logIn(login(null, null));
      try (RawInitiator next = new RawInitiator(target.address())) {
        next.logIn(login(null, null));
      }
    } finally {
      for (RawInitiator initiator : silent) {
        initiator.close();
      }
    }
  }
}
