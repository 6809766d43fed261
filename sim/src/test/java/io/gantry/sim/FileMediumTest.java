package io.gantry.sim;

import io.gantry.store.FileMedium;
import io.gantry.store.Medium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.io.TempDir;

/** A directory of files is a medium. */
@NullUnmarked
class FileMediumTest extends MediumContract {
  @TempDir Path directory;

  @Override
  Medium open() throws IOException {
    return FileMedium.exists(directory) ? FileMedium.open(directory) : FileMedium.create(directory);
  }

  @Override
  Medium takeOver() throws IOException {
    Files.delete(directory.resolve("lock"));
    return open();
  }
}
