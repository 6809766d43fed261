package io.gantry.copy.doctor;

import java.util.List;
import java.util.stream.Stream;

/** All rules there are, in the order in which they are tried. */
public final class Rules {
  private static final List<Rule> ALL =
      Stream.of(
              DiscoveryRules.rules(),
              PopulateRules.rules(),
              ReportRules.rules(),
              WriteRules.rules(),
              TokenLifeRules.rules(),
              BackgroundRules.rules(),
              ExtendedCopyRules.rules())
          .flatMap(List::stream)
          .toList();

  private Rules() {}

  /** All of them. */
  public static List<Rule> all() {
    return ALL;
  }

  /** Those that Windows, or who certifies a disk for it, looks at. */
  public static List<Rule> forWindows() {
    return ALL.stream().filter(Rule::isForWindows).toList();
  }
}
