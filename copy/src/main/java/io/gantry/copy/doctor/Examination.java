package io.gantry.copy.doctor;

import io.gantry.copy.doctor.Rule.Effect;
import io.gantry.copy.doctor.Verdict.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Checks rules on a logical unit, one after the other. */
public final class Examination {
  /** A disk that Windows never offloads to cannot give it wrong copies. */
  private static final Comparator<Rule> WHAT_HAPPENS =
      Comparator.comparing((Rule rule) -> rule.effect() != Effect.NEVER_OFFLOADED)
          .thenComparing(Rule::effect);

  private final List<Finding> findings;
  private final Optional<String> lost;
  private final boolean hasWritten;

  /** What was found of a rule. */
  public record Finding(Rule rule, Verdict verdict) {}

  private Examination(List<Finding> findings, Optional<String> lost, boolean hasWritten) {
    this.findings = List.copyOf(findings);
    this.lost = lost;
    this.hasWritten = hasWritten;
  }

  /**
   * Checks all of the rules. If the logical unit is lost in the middle, the rest of them is not
   * checked.
   *
   * @param listener hears of each rule when it was checked
   */
  public static Examination run(List<Rule> rules, Bench bench, Consumer<Finding> listener) {
    List<Finding> findings = new ArrayList<>();
    Optional<String> lost = Optional.empty();
    for (Rule rule : rules) {
      Verdict verdict;
      if (lost.isPresent()) {
        verdict = Verdict.notChecked("the disk was lost before");
      } else {
        try {
          verdict = rule.check().run(bench);
        } catch (UnmetException e) {
          verdict = e.verdict();
        } catch (IOException e) {
          lost = Optional.of(String.valueOf(e.getMessage()));
          verdict = Verdict.notChecked("the disk was lost here: " + e.getMessage());
        }
      }
      Finding finding = new Finding(rule, verdict);
      findings.add(finding);
      listener.accept(finding);
    }
    return new Examination(findings, lost, bench.hasScratch());
  }

  /** Of all rules, in their order. */
  public List<Finding> findings() {
    return findings;
  }

  /** How many rules ended like this. */
  public long count(Kind kind) {
    return findings.stream().filter(finding -> finding.verdict().kind() == kind).count();
  }

  /** Why the logical unit did not stay to the end; empty if it did. */
  public Optional<String> lost() {
    return lost;
  }

  /** Whether no rule is broken, and the logical unit was there to the end. */
  public boolean isPassed() {
    return lost.isEmpty() && count(Kind.NOT_MET) == 0;
  }

  /** Whether Windows offloads copies here, as far as was checked, and none can be wrong. */
  public boolean isOffloading() {
    return lost.isEmpty() && broken().noneMatch(Rule::isNeeded);
  }

  private Stream<Rule> broken() {
    return findings.stream()
        .filter(finding -> finding.verdict().kind() == Kind.NOT_MET)
        .map(Finding::rule);
  }

  /** For somebody who wants to know what Windows will do, and nothing else. */
  public String conclusion() {
    if (lost.isPresent()) {
      return "The disk was lost in the middle (%s): look into that first.".formatted(lost.get());
    }
    Optional<Rule> worst = broken().filter(Rule::isForWindows).min(WHAT_HAPPENS);
    if (worst.isPresent() && worst.get().isNeeded()) {
      String why = "%s (%s)".formatted(worst.get().otherwise(), worst.get().id());
      return switch (worst.get().effect()) {
        case WRONG_DATA ->
            "Do not let Windows offload copies on this disk, they can hold wrong data: %s."
                .formatted(why);
        case NEVER_OFFLOADED ->
            "Windows will not offload copies on this disk, it will read and write them: %s."
                .formatted(why);
        default ->
            "Windows will try to offload copies on this disk, and end up reading and writing: %s."
                .formatted(why);
      };
    }
    String remarks =
        worst.isEmpty()
            ? ""
            : " Not as it should be, but no obstacle: %s."
                .formatted(
                    String.join(", ", broken().filter(Rule::isForWindows).map(Rule::id).toList()));
    return (hasWritten
            ? "Windows will offload copies on this disk, and they are right."
            : "Windows will offload copies on this disk. Whether they are right was not checked:"
                + " name a range that may be overwritten with --scratch.")
        + remarks;
  }
}
