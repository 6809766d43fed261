package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.Bench.SOME;
import static io.gantry.copy.doctor.PopulateRules.some;

import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Asking for results: RECEIVE ROD TOKEN INFORMATION (SPC-4 RECEIVE ROD TOKEN INFORMATION) and its
 * relatives.
 */
final class ReportRules {
  private static final String CLAUSE = "SPC-4 RECEIVE ROD TOKEN INFORMATION";
  private static final String WINDOWS = CLAUSE + "; Windows' class driver";

  private ReportRules() {}

  static List<Rule> rules() {
    return List.of(
        new Rule(
            "R1",
            "the operation has ended when its command has",
            WINDOWS + ", COPY OPERATION STATUS",
            Effect.FALLS_BACK,
            "Windows asks once, and does not wait",
            bench -> {
              Report report = populated(bench);
              return Verdict.of(report.isSuccess(), report.describe());
            }),
        new Rule(
            "R2",
            "blocks are counted in blocks",
            WINDOWS + ", TRANSFER COUNT UNITS",
            Effect.WRONG_DATA,
            "Windows takes the count for blocks, whatever the unit",
            bench -> {
              Report report = populated(bench);
              return Verdict.of(report.units() == 0xF1, "units %02Xh".formatted(report.units()));
            }),
        new Rule(
            "R3",
            "the count is exact",
            WINDOWS + ", TRANSFER COUNT",
            Effect.WRONG_DATA,
            "Windows takes the token for as much as the count says",
            bench -> {
              Report report = populated(bench);
              return Verdict.of(
                  report.count() == SOME, "%d of %d blocks".formatted(report.count(), SOME));
            }),
        new Rule(
            "R4",
            "one token comes, in 514 bytes",
            WINDOWS + ", ROD TOKEN DESCRIPTORS LENGTH",
            Effect.FALLS_BACK,
            "Windows sees no token in anything else",
            bench -> {
              Report report = populated(bench);
              return Verdict.of(
                  report.tokensLength() == 514 && report.tokenId() == 0,
                  "descriptors of %d bytes, identifier %04Xh"
                      .formatted(report.tokensLength(), report.tokenId()));
            }),
        new Rule(
            "R5",
            "no segments are counted, and the length of the sense data fits",
            WINDOWS,
            Effect.FALLS_BACK,
            "Windows finds the token behind the sense data",
            bench -> {
              Report report = populated(bench);
              return Verdict.of(
                  report.segments() == 0
                      && report.senseField() % 4 == 0
                      && report.senseLength() <= report.senseField(),
                  "%d segments, sense data of %d in %d bytes"
                      .formatted(report.segments(), report.senseLength(), report.senseField()));
            }),
        new Rule(
            "R6",
            "the available data are those that there are",
            CLAUSE + ", AVAILABLE DATA",
            Effect.NONE,
            "initiators ask for too little, or for ever",
            bench -> {
              Report report = populated(bench);
              int expected = 32 + report.senseField() + 514;
              return Verdict.of(
                  report.available() == expected,
                  "%d of %d bytes".formatted(report.available(), expected));
            }),
        new Rule(
            "R7",
            "the answer names the service action and how it ended",
            CLAUSE + ", RESPONSE TO SERVICE ACTION, EXTENDED COPY COMPLETION STATUS",
            Effect.NONE,
            "",
            bench -> {
              Report report = populated(bench);
              return Verdict.of(
                  report.action() == 0x10 && report.completion() == 0,
                  "service action %02Xh, status %02Xh"
                      .formatted(report.action(), report.completion()));
            }),
        new Rule(
            "R8",
            "an ended operation asks nobody to come again",
            CLAUSE + ", ESTIMATED STATUS UPDATE DELAY",
            Effect.NONE,
            "initiators wait for nothing",
            bench -> {
              long delay = populated(bench).delay();
              return Verdict.of(delay == 0xFFFF_FFFEL, "%08Xh".formatted(delay));
            }),
        new Rule(
            "R9",
            "an answer that was lost can be asked for again",
            "SPC-4 allows less; Windows' class driver repeats the command",
            Effect.SLOWER,
            "a lost answer costs the token, and Windows begins anew",
            bench -> {
              int list = populate(bench);
              Report first = bench.report(list);
              Report second = bench.report(list);
              return second.answer().isGood()
                  ? Verdict.of(
                      second.hasToken() && Arrays.equals(first.token(), second.token()),
                      "the second answer is " + second.describe())
                  : Verdict.notMet("the second time it answers " + second.describe());
            }),
        new Rule(
            "R10",
            "an answer that was cut short is not the last",
            CLAUSE + ", ALLOCATION LENGTH",
            Effect.SLOWER,
            "who asks for the length first loses the token",
            bench -> {
              int list = populate(bench);
              Answer cut = bench.ask(Bytes.receiveRodTokenInformation(list, 36), 36);
              if (!cut.isGood() || cut.data().length > 36) {
                return Verdict.notMet("36 bytes: " + cut.describe());
              }
              Report whole = bench.report(list);
              return Verdict.of(
                  whole.hasToken() && cut.u32(0) == whole.available(),
                  "then it answers " + whole.describe());
            }),
        new Rule(
            "R11",
            "an unknown list identifier is refused as such",
            CLAUSE + "; Windows' class driver",
            Effect.MISLED,
            "Windows expects STATUS_INVALID_INITIATOR_TARGET_PATH",
            bench -> Verdict.refused(bench.report(0x7fff_fff0).answer(), 5, 0x24, 0)),
        new Rule(
            "R12",
            "a result belongs to the nexus that asked for the operation",
            "SPC-4 LIST IDENTIFIER",
            Effect.NONE,
            "other hosts can fetch a token that is not theirs",
            bench -> {
              int list = populate(bench);
              return Verdict.refused(bench.second().report(list).answer(), 5, 0x24, 0);
            }),
        new Rule(
            "R13",
            "two hosts can use the same list identifier at once",
            "SPC-4 LIST IDENTIFIER",
            Effect.WRONG_DATA,
            "one host gets the token of another",
            bench -> {
              int list = bench.nextList();
              Answer mine = bench.populate(list, some(bench));
              Answer other =
                  bench.second().populate(list, Bytes.range(bench.readable(), 2L * SOME));
              if (!mine.isGood() || !other.isGood()) {
                return Verdict.notChecked(
                    "answers %s and %s".formatted(mine.describe(), other.describe()));
              }
              Report report = bench.report(list);
              return Verdict.of(
                  report.count() == SOME && bench.second().report(list).count() == 2L * SOME,
                  "%d of %d blocks".formatted(report.count(), SOME));
            }),
        new Rule(
            "R14",
            "RECEIVE COPY STATUS(LID4) tells the same",
            "SPC-4 RECEIVE COPY STATUS(LID4); SBC-4 requires it with POPULATE TOKEN",
            Effect.NONE,
            "ddpt with prefer_rcs fails",
            bench -> {
              int list = populate(bench);
              Answer answer = bench.ask(Bytes.receiveCopyStatus4(list, 255), 255);
              if (answer.isUnknownCommand()) {
                return Verdict.notOffered("answers " + answer.describe());
              }
              if (!answer.isGood()) {
                return Verdict.notMet("answers " + answer.describe());
              }
              Report report = new Report(answer);
              return Verdict.of(
                  report.available() == 28 + report.senseField()
                      && report.action() == 0x10
                      && report.isSuccess()
                      && report.units() == 0xF1
                      && report.count() == SOME,
                  "%d bytes, %s".formatted(report.available(), report.describe()));
            }),
        new Rule(
            "R15",
            "a token has the length that it must have, and is of the type it says",
            "SPC-4 ROD tokens, ROD TOKEN LENGTH",
            Effect.FALLS_BACK,
            "Windows hands on tokens of 512 bytes, and the zero token is known by this header",
            bench -> {
              byte[] token = bench.token(some(bench));
              ByteBuffer b = ByteBuffer.wrap(token);
              return Verdict.of(
                  (b.getShort(6) & 0xffff) == 0x01F8 && b.getInt(0) != 0,
                  "type %08Xh, length %04Xh".formatted(b.getInt(0), b.getShort(6)));
            }),
        new Rule(
            "R16",
            "a token can be told from all others, and not guessed",
            "SPC-4 ROD tokens, EXTENDED ROD TOKEN DATA",
            Effect.NONE,
            "whoever guesses a token reads another's data",
            bench -> {
              byte[] first = bench.token(some(bench));
              byte[] second = bench.token(some(bench));
              int differing = 0;
              for (int i = 96; i < 512; i++) {
                differing += Integer.bitCount((first[i] ^ second[i]) & 0xff);
              }
              // 256 random bits differ in 128, give or take four times eight.
              return Verdict.of(
                  differing >= 96,
                  "two tokens of the same blocks differ in %d bits".formatted(differing));
            }),
        new Rule(
            "R17",
            "REPORT ALL ROD TOKENS lists a token that lives",
            "SPC-4 REPORT ALL ROD TOKENS",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = bench.token(some(bench));
              int room = 1 << 20;
              Answer answer = bench.ask(Bytes.reportAllRodTokens(room), room);
              if (answer.isUnknownCommand()) {
                return Verdict.notOffered("answers " + answer.describe());
              }
              byte[] head = Arrays.copyOf(token, 96);
              for (int at = 8; at + 96 <= answer.data().length; at += 96) {
                if (Arrays.equals(head, answer.slice(at, 96))) {
                  return Verdict.of(
                      answer.u32(0) % 96 == 4, "%d bytes available".formatted(answer.u32(0)));
                }
              }
              return Verdict.notMet("%d bytes without it".formatted(answer.data().length));
            }),
        new Rule(
            "R18",
            "a result that is asked for with no room for it is given up",
            CLAUSE + ", ALLOCATION LENGTH 0",
            Effect.NONE,
            "",
            bench -> {
              int list = populate(bench);
              Answer none = bench.ask(Bytes.receiveRodTokenInformation(list, 0), 0);
              return none.isGood()
                  ? Verdict.refused(bench.report(list).answer(), 5, 0x24, 0)
                  : Verdict.notMet("answers " + none.describe());
            }),
        new Rule(
            "R19",
            "a token that is not the zero token is not taken for it",
            "STORAGE_OFFLOAD_TOKEN, TokenType and TokenIdLength",
            Effect.WRONG_DATA,
            "Windows takes the range for zeros",
            bench -> {
              byte[] token = bench.token(some(bench));
              boolean zero = ByteBuffer.wrap(token).getInt(0) == 0xFFFF_0001;
              byte[] blocks = zero ? bench.read(bench.readable(), SOME) : new byte[0];
              return Verdict.of(
                  Arrays.equals(blocks, new byte[blocks.length]),
                  "type %08Xh".formatted(ByteBuffer.wrap(token).getInt(0)));
            }));
  }

  private static int populate(Bench bench) throws IOException, UnmetException {
    int list = bench.nextList();
    Answer made = bench.populate(list, some(bench));
    if (!made.isGood()) {
      throw UnmetException.notChecked("no token can be made: " + made.describe());
    }
    return list;
  }

  private static Report populated(Bench bench) throws IOException, UnmetException {
    Report report = bench.report(populate(bench));
    if (!report.answer().isGood()) {
      throw UnmetException.notChecked("nothing is reported: " + report.describe());
    }
    return report;
  }
}
