package io.gantry.copy.conformance;

import io.gantry.copy.conformance.Rule.Effect;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Tries rules on a logical unit, one after the other. */
public final class Examination {
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
   * Tries all of the rules. If the logical unit is lost in the middle, the rest of them is not
   * tested.
   *
   * @param listener hears of each rule when it was tried
   */
  public static Examination run(List<Rule> rules, Bench bench, Consumer<Finding> listener) {
    List<Finding> findings = new ArrayList<>();
    Optional<String> lost = Optional.empty();
    for (Rule rule : rules) {
      Verdict verdict;
      if (lost.isPresent()) {
        verdict = Verdict.notTested("the logical unit was lost before");
      } else {
        try {
          verdict = rule.check().run(bench);
        } catch (UnmetException e) {
          verdict = Verdict.notTested(String.valueOf(e.getMessage()));
        } catch (IOException e) {
          lost = Optional.of(String.valueOf(e.getMessage()));
          verdict = Verdict.notTested("the logical unit was lost here: " + e.getMessage());
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
  public long count(Verdict.Kind kind) {
    return findings.stream().filter(finding -> finding.verdict().kind() == kind).count();
  }

  /** Whether no rule is broken, and the logical unit was there to the end. */
  public boolean isPassed() {
    return lost.isEmpty() && count(Verdict.Kind.NOT_MET) == 0;
  }

  /** For somebody who wants to know what Windows will do, and nothing else. */
  public String conclusion() {
    if (lost.isPresent()) {
      return "The disk was lost in the middle (%s): look into that first.".formatted(lost.get());
    }
    Optional<Finding> worst =
        findings.stream()
            .filter(finding -> finding.verdict().kind() == Verdict.Kind.NOT_MET)
            .filter(finding -> finding.rule().isForWindows())
            .min(Comparator.comparing(finding -> finding.rule().effect()));
    if (worst.isEmpty()) {
      return hasWritten
          ? "Windows can offload copies on this disk, and they are right."
          : "Windows will offload copies on this disk. Whether they are right was not tried: name a"
              + " range that may be overwritten with --scratch.";
    }
    Rule rule = worst.get().rule();
    return switch (rule.effect()) {
      case WRONG_DATA ->
          "Do not let Windows offload copies on this disk, they can hold wrong data: %s."
              .formatted(rule.otherwise());
      case NEVER_OFFLOADED ->
          "Windows does not offload copies on this disk, it reads and writes them: %s."
              .formatted(rule.otherwise());
      case FALLS_BACK ->
          "Windows tries to offload copies on this disk, and some end in reading and writing: %s."
              .formatted(rule.otherwise());
      case MISLED ->
          "Windows can offload copies on this disk, but is misled when something goes wrong: %s."
              .formatted(rule.otherwise());
      case SLOWER, NONE ->
          "Windows can offload copies on this disk, slower than it could: %s."
              .formatted(rule.otherwise());
    };
  }

  /** Whether Windows' copies are in danger of holding wrong bytes. */
  public boolean isDangerous() {
    return findings.stream()
        .anyMatch(finding ->
            finding.verdict().kind() == Verdict.Kind.NOT_MET
                && finding.rule().effect() == Effect.WRONG_DATA);
  }
}
