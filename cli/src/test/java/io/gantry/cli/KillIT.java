package io.gantry.cli;

import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 of the real server. */
@NullUnmarked
@Timeout(1800)
class KillIT extends CrashRun {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 20);

  @TempDir Path directory;

  @Override
  void crash(ServerProcess server) throws InterruptedException {
    server.kill();
  }

  @Test
  void whatWasFlushedIsThereAndNothingElseShows() throws Exception {
    run(directory.resolve("data"), ROUNDS, 1500);
  }
}
