package io.gantry.junit;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.target.ForwardingTargetPath;
import io.gantry.target.Identity;
import io.gantry.target.Nexus;
import io.gantry.target.PathTasks;
import io.gantry.target.TargetDevice;
import io.gantry.target.TargetPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts the commands that go to a target device. */
final class CommandCounters {
  private final Map<Command, LongAdder> commands = new EnumMap<>(Command.class);
  private final LongAdder unknown = new LongAdder();
  private final LongAdder read = new LongAdder();
  private final LongAdder written = new LongAdder();

  CommandCounters() {
    for (Command command : Command.values()) {
      commands.put(command, new LongAdder());
    }
  }

  CommandStatistics sum() {
    Map<Command, Long> counts = new EnumMap<>(Command.class);
    commands.forEach((command, times) -> {
      if (times.sum() > 0) {
        counts.put(command, times.sum());
      }
    });
    return new CommandStatistics(counts, unknown.sum(), read.sum(), written.sum());
  }

  /** The device, with everything that comes to it counted. */
  TargetDevice counting(TargetDevice device) {
    return new TargetDevice() {
      @Override
      public String name() {
        return device.name();
      }

      @Override
      public int maximumTransferBytes() {
        return device.maximumTransferBytes();
      }

      @Override
      public TargetPath connect(Nexus nexus, Identity identity, PathTasks tasks) {
        return new CountedPath(device.connect(nexus, identity, tasks));
      }

      @Override
      public void look() {
        device.look();
      }
    };
  }

  /** The logical unit, with everything that comes to it counted. */
  ScsiDevice counting(ScsiDevice unit) {
    return new ScsiDevice() {
      @Override
      public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
        return count(request, unit.submit(request));
      }

      @Override
      public void close() throws IOException {
        unit.close();
      }
    };
  }

  /*
   * Counted before it is answered: whoever has the answer finds it counted.
   */
  private CompletableFuture<ScsiResponse> count(
      ScsiRequest request, CompletableFuture<ScsiResponse> answer) {
    return switch (Cdb.decode(request.cdb())) {
      case Decoded.Invalid<Cdb> _ -> {
        unknown.increment();
        yield answer;
      }
      case Decoded.Valid<Cdb>(Cdb cdb) -> {
        LongAdder bytes = bytes(cdb.command());
        adder(cdb.command()).increment();
        yield bytes == null
            ? answer
            : answer.thenApply(response -> {
              bytes.add(response.isGood() ? response.transferLength() : 0);
              return response;
            });
      }
    };
  }

  private LongAdder adder(Command command) {
    LongAdder adder = commands.get(command);
    if (adder == null) {
      throw new IllegalStateException("no counter for " + command);
    }
    return adder;
  }

  @SuppressWarnings("UnnecessaryDefaultInEnumSwitch")
  private @Nullable LongAdder bytes(Command command) {
    return switch (command) {
      case READ_6, READ_10, READ_12, READ_16 -> read;
      case WRITE_6, WRITE_10, WRITE_12, WRITE_16, WRITE_ATOMIC_16 -> written;
      case WRITE_AND_VERIFY_10, WRITE_AND_VERIFY_12, WRITE_AND_VERIFY_16 -> written;
      default -> null;
    };
  }

  /**
   * A path whose commands are counted. Reads and writes that the target could carry out at once go
   * the long way, for they come without their CDB.
   */
  private final class CountedPath extends ForwardingTargetPath {
    CountedPath(TargetPath path) {
      super(path);
    }

    @Override
    public CompletableFuture<ScsiResponse> submit(long lun, ScsiRequest request) {
      return count(request, super.submit(lun, request));
    }

    @Override
    public boolean readNow(long lun, long lba, int blocks, ByteBuffer target) {
      return false;
    }

    @Override
    public @Nullable ScsiResponse writeNow(long lun, long lba, int blocks, ByteBuffer source) {
      return null;
    }
  }
}
