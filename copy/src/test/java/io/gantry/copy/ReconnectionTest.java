package io.gantry.copy;

import static io.gantry.copy.Disks.MIB;
import static io.gantry.copy.Disks.is;
import static io.gantry.copy.Disks.noise;
import static io.gantry.copy.Disks.read;
import static io.gantry.copy.Disks.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.Command;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Logical units that are lost in the middle of a copy, and come back, or do not. */
@NullUnmarked
class ReconnectionTest {
  private static final int SIZE = 12 * MIB; // three pieces

  @TempDir private Path directory;
  private Disks disks;
  private Disks.Array array;
  private Disks.Array other;
  private Volume from;
  private Volume to;
  private final TestClock clock = new TestClock();

  /** Time that goes by when somebody waits, and a little with each look. */
  private static final class TestClock implements Clock {
    private final AtomicLong nanos = new AtomicLong();
    private long lookNanos = 1000;

    @Override
    public long nanos() {
      return nanos.addAndGet(lookNanos);
    }

    @Override
    public void sleep(Duration time) {
      nanos.addAndGet(time.toNanos());
    }
  }

  /** A server with a cache that is lost when the server goes, as it does after some commands. */
  private static final class Server implements Connector {
    private final ScsiDevice device;
    private final List<ScsiRequest> cached = new ArrayList<>();
    private int commandsLeft = Integer.MAX_VALUE;
    private int refusals;
    private int sessions;
    private int died;

    Server(ScsiDevice device) {
      this.device = device;
    }

    /** So often it cannot be reached when it has gone. */
    Server refusing(int times) {
      refusals = times;
      return this;
    }

    /** An end of a copy; the server goes when so many commands of the copy have come. */
    DiskEnd attach(String name, int commands) throws IOException {
      DiskEnd end = DiskEnd.attach(name, connect(), this);
      commandsLeft = commands;
      return end;
    }

    @Override
    public synchronized ScsiDevice connect() throws IOException {
      if (sessions > 0 && refusals-- > 0) {
        throw new IOException("connection refused");
      }
      int session = ++sessions;
      return new ScsiDevice() {
        @Override
        public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
          return carryOut(session, request);
        }

        @Override
        public void close() {}
      };
    }

    private synchronized CompletableFuture<ScsiResponse> carryOut(
        int session, ScsiRequest request) {
      if (session == sessions && commandsLeft == 0) {
        commandsLeft = Integer.MAX_VALUE; // it comes back, and stays
        died = session;
        cached.clear();
      }
      if (session <= died) {
        return CompletableFuture.failedFuture(new IOException("connection lost"));
      }
      commandsLeft--;
      if (is(request, Command.WRITE_16) || is(request, Command.WRITE_SAME_16)) {
        ByteBuffer data = request.dataOut().duplicate();
        ByteBuffer copy = ByteBuffer.allocate(data.remaining()).put(data).flip();
        cached.add(new ScsiRequest(request.cdb(), copy, null));
        return CompletableFuture.completedFuture(ScsiResponse.good(copy.remaining()));
      }
      if (is(request, Command.SYNCHRONIZE_CACHE_16) || is(request, Command.READ_16)) {
        for (ScsiRequest write : cached) {
          assertThat(device.submit(write).join().isGood()).isTrue();
        }
        cached.clear();
      }
      return device.submit(request);
    }
  }

  @BeforeEach
  void makeVolumes() throws IOException {
    disks = new Disks(directory);
    array = disks.array("pool");
    other = disks.array("other");
    from = array.volume("from", SIZE);
    to = other.volume("to", SIZE);
    write(from, 0, noise(7 * MIB, 1));
    write(from, 9L * MIB, noise(3 * MIB, 2));
  }

  @AfterEach
  void close() throws Exception {
    disks.close();
  }

  private static CopyRequest request(CopyMethod method) {
    return new CopyRequest(0, OptionalLong.empty(), 0, method, false).limited(2, 0);
  }

  private CopyResult copy(CopyEnd source, CopyEnd destination, CopyRequest request)
      throws IOException {
    return new Copier(source, destination, CopyProgress.NONE, clock).run(request);
  }

  /** Its last command may be any, from the first of the copy to the flush at the end. */
  @Test
  void whereverTheDestinationGoesAllBytesAreThere() throws IOException {
    boolean repeated = false;
    clock.lookNanos = Duration.ofMillis(200).toNanos(); // so that it is flushed now and then
    for (int commands = 1; ; commands++) { // the first one asks whether it can be written
      write(to, 0, noise(SIZE, 3 + commands));
      Server server = new Server(other.device(to)).refusing(3);
      DiskEnd destination = server.attach("to", commands);
      CopyResult result = copy(array.end(from), destination, request(CopyMethod.RW));
      assertThat(read(to)).as("after %d commands", commands).isEqualTo(read(from));
      assertThat(result.bytes()).isEqualTo(SIZE);
      if (result.losses() == 0) {
        assertThat(commands).isGreaterThan(10);
        assertThat(repeated).isTrue();
        return;
      }
      assertThat(result.losses()).isEqualTo(1);
      repeated |= result.bytesRepeated() > 0;
    }
  }

  @Test
  void whereverTheSourceGoesNothingIsCopiedTwice() throws IOException {
    for (int commands = 0; ; commands++) {
      write(to, 0, noise(SIZE, 3 + commands));
      Server server = new Server(array.device(from)).refusing(1);
      DiskEnd source = server.attach("from", commands);
      CopyResult result = copy(source, other.end(to), request(CopyMethod.RW));
      assertThat(read(to)).as("after %d commands", commands).isEqualTo(read(from));
      assertThat(result.bytesRepeated()).as("the destination was flushed then").isZero();
      if (result.losses() == 0) {
        assertThat(commands).isGreaterThan(10);
        return;
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = CopyMethod.class,
      names = {"ODX", "XCOPY", "AUTO"})
  void offloadedCopiesGoOnToo(CopyMethod method) throws IOException {
    Volume large = array.volume("large", 256L * MIB);
    Volume second = array.volume("second", 256L * MIB);
    write(large, 100L * MIB, noise(MIB, 4));
    DiskEnd destination = new Server(array.device(second)).refusing(2).attach("second", 3);
    CopyResult result = copy(array.end(large), destination, request(method));
    assertThat(result.losses()).isEqualTo(1);
    assertThat(result.bytes()).isEqualTo(256L * MIB);
    assertThat(result.bytesMoved()).isZero();
    assertThat(read(second)).isEqualTo(read(large));
  }

  @Test
  void aComparisonGoesOnToo() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    Server server = new Server(other.device(to));
    Connector dying =
        () -> {
          ScsiDevice behind = server.connect();
          return new Disks.Answering(
              behind,
              request -> {
                if (is(request, Command.READ_16) && reads.incrementAndGet() == 5) {
                  server.commandsLeft = 0;
                }
                return null;
              });
        };
    CopyRequest verified = new CopyRequest(0, OptionalLong.empty(), 0, CopyMethod.RW, true);
    CopyResult result =
        copy(array.end(from), DiskEnd.attach("to", dying.connect(), dying), verified);
    assertThat(reads.get()).isGreaterThan(5);
    assertThat(result.comparison()).isPresent();
    assertThat(result.bytes()).isEqualTo(SIZE);
  }

  @Test
  void itIsNotWaitedForForEver() throws IOException {
    DiskEnd destination = new Server(other.device(to)).refusing(Integer.MAX_VALUE).attach("to", 3);
    clock.lookNanos = 0;
    assertThatThrownBy(() -> copy(array.end(from), destination, request(CopyMethod.RW)))
        .isInstanceOf(CopyException.class)
        .hasMessageStartingWith("to: ")
        .hasMessageContaining("connection lost; it did not come back within 45 s, in 15 attempts")
        .hasMessageEndingWith("(connection refused)");
    assertThat(clock.nanos()).isEqualTo(Duration.ofMillis(43_750).toNanos());
  }

  @Test
  void withoutPatienceTheFirstLossIsTheEnd() throws IOException {
    DiskEnd destination = new Server(other.device(to)).attach("to", 3);
    assertThatThrownBy(
            () -> copy(array.end(from), destination, request(CopyMethod.RW).patient(Duration.ZERO)))
        .hasMessageEndingWith("connection lost");
    assertThat(clock.nanos()).isLessThan(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void whatCannotBeReachedOnceMoreEndsTheCopy() throws IOException {
    Server server = new Server(other.device(to));
    DiskEnd destination = DiskEnd.attach("to", server.connect());
    server.commandsLeft = 3;
    assertThatThrownBy(() -> copy(array.end(from), destination, request(CopyMethod.RW)))
        .hasMessageEndingWith("connection lost");
  }

  @Test
  void anotherLogicalUnitInItsPlaceIsNotWritten() throws IOException {
    Volume stranger = other.volume("stranger", SIZE);
    Server server = new Server(other.device(to));
    DiskEnd destination = DiskEnd.attach("to", server.connect(), () -> other.device(stranger));
    server.commandsLeft = 3;
    assertThatThrownBy(() -> copy(array.end(from), destination, request(CopyMethod.RW)))
        .hasMessageContaining("to: was lost, and what is there now is not the same: logical unit ");
    assertThat(read(stranger)).isEqualTo(new byte[SIZE]);
  }

  @Test
  void whoGoesAgainAndAgainIsGivenUp() throws IOException {
    AtomicInteger sessions = new AtomicInteger();
    Connector mortal =
        () -> {
          sessions.incrementAndGet();
          Server server = new Server(other.device(to));
          ScsiDevice behind = server.connect();
          return new Disks.Answering(
              behind,
              request -> {
                if (is(request, Command.WRITE_16)) {
                  server.commandsLeft = Math.min(server.commandsLeft, 2);
                }
                return null;
              });
        };
    DiskEnd destination = DiskEnd.attach("to", mortal.connect(), mortal);
    assertThatThrownBy(() -> copy(array.end(from), destination, request(CopyMethod.RW)))
        .hasMessageContaining("connection lost");
    assertThat(sessions.get()).isEqualTo(21);
  }

  @Test
  void whoIsStoppedWaitsNoLonger() throws IOException {
    Copier[] copier = new Copier[1];
    Server server = new Server(other.device(to));
    Connector stopping =
        () -> {
          copier[0].stop();
          throw new IOException("connection refused");
        };
    DiskEnd destination = DiskEnd.attach("to", server.connect(), stopping);
    server.commandsLeft = 3;
    copier[0] = new Copier(array.end(from), destination, CopyProgress.NONE, clock);
    assertThatThrownBy(() -> copier[0].run(request(CopyMethod.RW)))
        .isInstanceOf(CopyStoppedException.class);
  }

  @Test
  void whatIsDoneIsFlushedNowAndThen() throws IOException {
    AtomicInteger flushes = new AtomicInteger();
    clock.lookNanos = Duration.ofSeconds(10).toNanos();
    Connector counting =
        () ->
            new Disks.Answering(
                other.device(to),
                request -> {
                  flushes.addAndGet(is(request, Command.SYNCHRONIZE_CACHE_16) ? 1 : 0);
                  return null;
                });
    copy(
        array.end(from),
        DiskEnd.attach("to", counting.connect(), counting),
        request(CopyMethod.RW));
    assertThat(flushes.get()).isGreaterThan(1);
    assertThat(read(to)).isEqualTo(read(from));
    assertThat(Arrays.equals(read(to), new byte[SIZE])).isFalse();
  }
}
