package io.gantry.store.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One row of the pool's benchmark: {@code docs/benchmarks/pool} makes the file systems and calls
 * this once for each. Prints lines of a Markdown table to standard output, progress to standard
 * error; fails if a copy is not what it should be.
 */
public final class PoolBenchmark {
  private PoolBenchmark() {}

  /** A row that measures. */
  interface Row {
    void run(Settings settings) throws Exception;
  }

  private static final Map<String, Row> ROWS =
      Map.of(
          "copy", new CopyRow(),
          "token", new TokenRow(),
          "tokens", new ManyTokensRow(),
          "in-place", new InPlaceRow(),
          "copy-on-write", new CopyOnWriteRow(),
          "restart", new RestartRow(),
          "checkpoint", new CheckpointRow());

  public static void main(String[] arguments) throws Exception {
    Map<String, String> options =
        Arrays.stream(arguments)
            .skip(1)
            .map(argument -> argument.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    Row row = ROWS.get(arguments[0]);
    if (row == null) {
      throw new IllegalArgumentException("no row " + arguments[0] + ", only " + ROWS.keySet());
    }
    row.run(Settings.of(options));
  }
}
