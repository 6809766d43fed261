package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiDevice;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A device that expects exactly the commands it was told of, byte for byte and in order, and
 * answers each with what it was told.
 */
final class ScriptedDevice implements ScsiDevice {

  /** An answer: data and a way to end, or the loss of the device. */
  record Answer(byte[] data, @Nullable ScsiResponse end) {
    static Answer good(byte[] data) {
      return new Answer(data, ScsiResponse.good(data.length));
    }

    static Answer good() {
      return good(new byte[0]);
    }

    static Answer check(byte[] sense) {
      return new Answer(new byte[0], ScsiResponse.check(Sense.decode(sense)));
    }

    static Answer check(int key, int asc, int ascq) {
      return check(TestData.sense(key, asc, ascq));
    }

    static Answer status(ScsiStatus status) {
      return new Answer(new byte[0], new ScsiResponse(status, null, 0));
    }

    static Answer lost() {
      return new Answer(new byte[0], null);
    }
  }

  private record Step(String cdb, byte @Nullable [] dataOut, Answer answer, Runnable effect) {}

  private final Deque<Step> script = new ArrayDeque<>();

  ScriptedDevice expect(String cdb, Answer answer) {
    script.add(new Step(cdb.replace(" ", ""), null, answer, () -> {}));
    return this;
  }

  ScriptedDevice expect(String cdb, byte[] dataOut, Answer answer) {
    return expect(cdb, dataOut, answer, () -> {});
  }

  /** An expectation whose command has a side effect, such as taking time. */
  ScriptedDevice expect(String cdb, byte[] dataOut, Answer answer, Runnable effect) {
    script.add(new Step(cdb.replace(" ", ""), dataOut, answer, effect));
    return this;
  }

  /** Fails unless every command that was expected has come. */
  void assertDone() {
    assertThat(script).as("commands that did not come").isEmpty();
  }

  @Override
  public CompletableFuture<ScsiResponse> submit(ScsiRequest request) {
    String cdb = HexFormat.of().formatHex(request.cdb());
    assertThat(script).as("commands expected, while there comes " + cdb).isNotEmpty();
    Step step = script.remove();
    assertThat(cdb).isEqualTo(step.cdb);
    ByteBuffer out = request.dataOut();
    if (step.dataOut == null) {
      assertThat(out).isNull();
    } else {
      assertThat(bytes(out)).isEqualTo(step.dataOut);
    }
    step.effect.run();
    ScsiResponse end = step.answer.end;
    if (end == null) {
      return CompletableFuture.failedFuture(new IOException("connection lost"));
    }
    ByteBuffer in = request.dataIn();
    if (in != null) {
      byte[] data =
          Arrays.copyOf(step.answer.data, Math.min(step.answer.data.length, in.remaining()));
      in.duplicate().put(data);
    }
    return CompletableFuture.completedFuture(end);
  }

  private static byte[] bytes(@Nullable ByteBuffer buffer) {
    assertThat(buffer).as("data out").isNotNull();
    if (buffer == null) {
      return new byte[0];
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  @Override
  public void close() {}
}
