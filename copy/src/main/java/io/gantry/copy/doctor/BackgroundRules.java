package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.WriteRules.same;

import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.util.List;

/**
 * What can be asked of a copy, and done to it, while it runs: in the background (IMMED), or with a
 * command that waits for its end. Where it has ended before anybody could ask, which is what a
 * target does that shares blocks, nothing can be said of these rules.
 */
final class BackgroundRules {
  private static final String RESULT = "SPC-4 RECEIVE ROD TOKEN INFORMATION";

  /** Long enough for a target that moves bytes to be asked in the middle. */
  private static final long MOST_BYTES = 32L << 20;

  /** Times that a copy is asked whether it runs already. */
  private static final int LOOKS_MAX = 20_000;

  private static final String ENDED = "the copy had ended before anybody could ask";

  private BackgroundRules() {}

  /**
   * A copy from the second block of the source half to the beginning of the other, so that a target
   * which shares what lies alike has to move bytes.
   *
   * @param content what is copied
   */
  private record Copy(int list, byte[] token, byte[] content) {
    int blocks(Bench bench) {
      return content.length / bench.blockBytes();
    }

    byte[] parameters(Bench bench, int flags) throws UnmetException {
      return Bytes.useList(flags, 0, token, Bytes.range(bench.destination(), blocks(bench)));
    }
  }

  /**
   * One that runs, or did so a moment ago.
   *
   * @param report what was told of it at first
   */
  private record Running(Copy copy, Report report) {}

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
            BackgroundRules::canBeAborted),
        new Rule(
            "T17",
            "a command that waits for a copy which is aborted is told so",
            "SPC-4 COPY OPERATION ABORT, 0Ah/2Fh/02h",
            Effect.NONE,
            "who waits for it takes the copy for complete, or for broken",
            BackgroundRules::tellsWhoWaits));
  }

  private static Copy prepare(Bench bench) throws IOException, UnmetException {
    long most = DiscoveryRules.limits(bench).u64(4 + 20);
    long blocks = Math.min(bench.half() - 1, MOST_BYTES / bench.blockBytes());
    blocks = most <= 0 ? blocks : Math.min(most, blocks);
    byte[] content = bench.fill(bench.source() + 1, (int) blocks);
    bench.fill(bench.destination() + blocks - 1, 1);
    byte[] token = bench.token(Bytes.range(bench.source() + 1, blocks));
    return new Copy(bench.nextList(), token, content);
  }

  /** Starts one in the background. */
  private static Running start(Bench bench) throws IOException, UnmetException {
    Copy copy = prepare(bench);
    Answer started = bench.useWith(copy.list, copy.parameters(bench, 1));
    if (started.says(5, 0x24) || started.says(5, 0x26)) {
      throw UnmetException.notOffered("IMMED answers " + started.describe());
    }
    WriteRules.requireGood(started);
    Report report = bench.report(copy.list);
    if (!report.answer().isGood() || report.isFinished()) {
      throw UnmetException.notChecked(ENDED + ": " + report.describe());
    }
    return new Running(copy, report);
  }

  private static Verdict identifierIsBusy(Bench bench) throws IOException, UnmetException {
    Copy copy = start(bench).copy;
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
    Running running = start(bench);
    Copy copy = running.copy;
    Report first = running.report;
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
    Copy copy = start(bench).copy;
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
    return endedInTheMiddle(bench, copy, report);
  }

  /** Whether what is said to be written is. */
  private static Verdict endedInTheMiddle(Bench bench, Copy copy, Report report)
      throws IOException, UnmetException {
    int count = (int) report.count();
    Verdict same =
        count == 0
            ? Verdict.met("")
            : same(bench, bench.destination(), bench.part(copy.content, 0, count));
    return same.kind() == Verdict.Kind.MET
        ? Verdict.met("ended behind %d of %d blocks".formatted(count, copy.blocks(bench)))
        : same;
  }

  private static Verdict tellsWhoWaits(Bench bench) throws IOException, UnmetException {
    DiscoveryRules.requireListed(bench, "83h/1Ch");
    Copy copy = prepare(bench);
    byte[] parameters = copy.parameters(bench, 0);
    Bench.Pending waiting =
        bench.sendBeside(Bytes.writeUsingToken(copy.list, parameters.length), parameters);
    boolean runs = false;
    for (int looks = 0; !runs && !waiting.hasEnded() && looks < LOOKS_MAX; looks++) {
      Report report = bench.report(copy.list); // unknown as long as the copy has not begun
      runs = report.answer().isGood() && !report.isFinished();
    }
    if (!runs) {
      waiting.await();
      return Verdict.notChecked(ENDED);
    }
    Answer aborted = bench.send(Bytes.copyOperationAbort(copy.list), new byte[0]);
    Answer answer = waiting.await();
    if (aborted.says(5, 0x24, 0) && answer.isGood()) {
      return Verdict.notChecked("the copy had ended before it could be aborted");
    }
    Report report = bench.report(copy.list);
    return aborted.isGood() && answer.says(0xA, 0x2F, 2) && report.status() == 0x60
        ? endedInTheMiddle(bench, copy, report)
        : Verdict.notMet(
            "answers %s, and to who waits %s; then %s"
                .formatted(aborted.describe(), answer.describe(), report.describe()));
  }
}
