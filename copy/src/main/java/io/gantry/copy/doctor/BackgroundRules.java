package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.WriteRules.same;

import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.util.List;

/**
 * What can be asked of a copy, and done to it, while it runs. The copy goes on in the background
 * (IMMED), so that there is time for it; where it has ended before anybody could ask, which is what
 * a target does that shares blocks, nothing can be said of these rules.
 */
final class BackgroundRules {
  private static final String RESULT = "SPC-4 RECEIVE ROD TOKEN INFORMATION";

  /** Long enough for a target that moves bytes to be asked in the middle. */
  private static final long MOST_BYTES = 32L << 20;

  private static final String ENDED = "the copy had ended before anybody could ask";

  private BackgroundRules() {}

  /**
   * A copy from the second block of the source half to the beginning of the other, so that a target
   * which shares what lies alike has to move bytes; it runs, or did so a moment ago.
   *
   * @param content what is copied
   * @param report what was told of it at first
   */
  private record Running(int list, byte[] content, Report report) {
    int blocks(Bench bench) {
      return content.length / bench.blockBytes();
    }
  }

  static List<Rule> rules() {
    return List.of(
        new Rule(
            "T14",
            "the list identifier of an operation that runs is busy",
            "SPC-4 LIST IDENTIFIER, 05h/00h/16h",
            Effect.NONE,
            "an operation takes the place of another, and the result of one of them is lost",
            BackgroundRules::identifierIsBusy),
        new Rule(
            "T15",
            "a copy in the background tells that it runs, and then that it has ended",
            RESULT + ", COPY OPERATION STATUS 12h or 10h",
            Effect.NONE,
            "who waits for it waits for ever, or not at all",
            BackgroundRules::tellsThatItRuns),
        new Rule(
            "T16",
            "a copy that is aborted has ended when that is answered, and tells how far it came",
            "SPC-4 COPY OPERATION ABORT; COPY OPERATION STATUS 60h, completion status 40h",
            Effect.NONE,
            "who has given a copy up does not know what is written",
            BackgroundRules::canBeAborted));
  }

  /** Starts one. */
  private static Running start(Bench bench) throws IOException, UnmetException {
    long most = DiscoveryRules.limits(bench).u64(4 + 20);
    long blocks = Math.min(bench.half() - 1, MOST_BYTES / bench.blockBytes());
    blocks = most <= 0 ? blocks : Math.min(most, blocks);
    byte[] content = bench.fill(bench.source() + 1, (int) blocks);
    bench.fill(bench.destination() + blocks - 1, 1);
    byte[] token = bench.token(Bytes.range(bench.source() + 1, blocks));
    int list = bench.nextList();
    byte[] parameters = Bytes.useList(1, 0, token, Bytes.range(bench.destination(), blocks));
    Answer started = bench.useWith(list, parameters);
    if (started.says(5, 0x24) || started.says(5, 0x26)) {
      throw UnmetException.notOffered("IMMED answers " + started.describe());
    }
    WriteRules.requireGood(started);
    Report report = bench.report(list);
    if (!report.answer().isGood() || report.isFinished()) {
      throw UnmetException.notChecked(ENDED + ": " + report.describe());
    }
    return new Running(list, content, report);
  }

  private static Verdict identifierIsBusy(Bench bench) throws IOException, UnmetException {
    Running copy = start(bench);
    Answer again = bench.populate(copy.list, PopulateRules.some(bench));
    // A copy has ended when its last block is there; one that is not there was not the last.
    int last = copy.blocks(bench) - 1;
    Verdict there = same(bench, bench.destination() + last, bench.part(copy.content, last, 1));
    TokenLifeRules.awaitEnd(bench, copy.list);
    if (again.isGood() && there.kind() == Verdict.Kind.MET) {
      return Verdict.notChecked(ENDED);
    }
    return Verdict.refused(again, 5, 0x00, 0x16);
  }

  private static Verdict tellsThatItRuns(Bench bench) throws IOException, UnmetException {
    Running copy = start(bench);
    Report first = copy.report;
    Report last = TokenLifeRules.awaitEnd(bench, copy.list);
    boolean runs =
        (first.status() == 0x12 || first.status() == 0x10)
            && first.completion() == 0
            && first.senseLength() == 0
            && first.tokensLength() == 0
            && first.delay() != 0xFFFF_FFFEL
            && first.units() == 0xF1
            && first.count() <= copy.blocks(bench);
    if (!runs || !last.isSuccess() || last.count() != copy.blocks(bench)) {
      return Verdict.notMet("tells %s, then %s".formatted(first.describe(), last.describe()));
    }
    return same(bench, bench.destination(), copy.content);
  }

  private static Verdict canBeAborted(Bench bench) throws IOException, UnmetException {
    DiscoveryRules.requireListed(bench, "83h/1Ch");
    Running copy = start(bench);
    Answer aborted = bench.send(Bytes.copyOperationAbort(copy.list), new byte[0]);
    Report report = bench.report(copy.list);
    boolean ended = report.isSuccess() && report.count() == copy.blocks(bench);
    if (ended && (aborted.isGood() || aborted.says(5, 0x24, 0))) {
      return Verdict.notChecked("the copy had ended before it could be aborted");
    }
    boolean told =
        aborted.isGood()
            && report.answer().isGood()
            && report.status() == 0x60
            && report.completion() == 0x40
            && report.count() < copy.blocks(bench);
    if (!told) {
      TokenLifeRules.awaitEnd(bench, copy.list); // or it goes on beneath the next rules
      return Verdict.notMet("answers %s, then %s".formatted(aborted.describe(), report.describe()));
    }
    int count = (int) report.count();
    Verdict same =
        count == 0
            ? Verdict.met("")
            : same(bench, bench.destination(), bench.part(copy.content, 0, count));
    return same.kind() == Verdict.Kind.MET
        ? Verdict.met("ended behind %d of %d blocks".formatted(count, copy.blocks(bench)))
        : same;
  }
}
