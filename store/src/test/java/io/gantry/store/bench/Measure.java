package io.gantry.store.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One thing measured in several rounds, by Gantry, whose samples are noted first, and by others or
 * by Gantry in other circumstances. Prints medians with the least and the most, and how Gantry
 * stands to each of the others: the median of the ratios of the rounds, so that what disturbs a
 * whole round disturbs no ratio.
 */
final class Measure {
  enum Unit {
    SECONDS,
    PER_SECOND
  }

  /** What the names of our own samples begin with. */
  static final String GANTRY = "Gantry";

  private final String title;
  private final Unit unit;
  private final Map<String, List<Double>> samples = new LinkedHashMap<>();

  Measure(String title, Unit unit) {
    this.title = title;
    this.unit = unit;
  }

  void add(String contender, double value) {
    samples.computeIfAbsent(contender, _ -> new ArrayList<>()).add(value);
    System.err.printf(Locale.ROOT, "  %s: %s: %s%n", title, contender, format(value));
  }

  void print(PrintStream out) {
    List<Double> ours = samples.values().iterator().next();
    samples.forEach((contender, theirs) -> {
      String ratio = "";
      if (!contender.startsWith(GANTRY)) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < theirs.size(); round++) {
          double quotient = theirs.get(round) / ours.get(round);
          ratios.add(unit == Unit.SECONDS ? quotient : 1 / quotient);
        }
        ratio =
            "%s (%s - %s)"
                .formatted(
                    times(quantile(ratios, 0.5)),
                    times(quantile(ratios, 0)),
                    times(quantile(ratios, 1)));
      }
      line(
          out,
          title,
          contender,
          format(quantile(theirs, 0.5)),
          "%s - %s".formatted(format(quantile(theirs, 0)), format(quantile(theirs, 1))),
          ratio);
    });
  }

  /** A line of the table that all rows print into. */
  static void line(PrintStream out, String... cells) {
    out.println("| " + String.join(" | ", cells) + " |");
    out.flush();
  }

  static double quantile(List<Double> values, double which) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get((int) Math.round(which * (sorted.size() - 1)));
  }

  private String format(double value) {
    return unit == Unit.SECONDS ? seconds(value) : "%,.0f/s".formatted(value);
  }

  static String seconds(double value) {
    if (value >= 1) {
      return "%.2f s".formatted(value);
    }
    return value >= 1e-3 ? "%.2f ms".formatted(value * 1e3) : "%.2f µs".formatted(value * 1e6);
  }

  private static String times(double ratio) {
    return (ratio >= 10 ? "%,.0fx" : "%.2fx").formatted(ratio);
  }
}
