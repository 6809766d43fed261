package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.Bench.SOME;
import static io.gantry.copy.doctor.WriteRules.same;
import static io.gantry.copy.doctor.WriteRules.useOnce;

import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** How tokens live and end, copies in the background, and who may copy. */
final class TokenLifeRules {
  /** As short as a lifetime can be asked for. */
  private static final Duration LIFETIME = Duration.ofSeconds(1);

  /** Targets look at their clocks now and then. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final Duration STEP = Duration.ofMillis(500);
  private static final int WRITE_EXCLUSIVE = 1;
  private static final int EXCLUSIVE_ACCESS = 3;
  static final long KEY = 0x6761_6E74_7279L; // "gantry"

  /** What a host is answered while another one holds a reservation. */
  private record Reserved(Answer populated, Answer used) {}

  private TokenLifeRules() {}

  static List<Rule> rules() {
    return List.of(
        new Rule(
            "T1",
            "a token that is deleted with its use is gone, and is told from one that never was",
            "SBC-4 WRITE USING TOKEN, DEL_TKN; SPC-4 ROD tokens, 05h/23h/09h",
            Effect.NONE,
            "",
            bench -> {
              bench.fill(bench.source(), SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              byte[] list = Bytes.useList(2, 0, token, Bytes.range(bench.destination(), SOME));
              Answer used = bench.useWith(bench.nextList(), list);
              WriteRules.requireGood(used);
              return Verdict.refused(useOnce(bench, token), 5, 0x23, 9);
            }),
        new Rule(
            "T2",
            "a token that is not used for its lifetime expires, and says so",
            "SPC-4 ROD tokens, inactivity timeout; 05h/23h/07h",
            Effect.NONE,
            "tokens pin space for ever",
            TokenLifeRules::expires),
        new Rule(
            "T3",
            "a token that is used lives on",
            "SPC-4 ROD tokens, inactivity timeout",
            Effect.FALLS_BACK,
            "long copies lose their token in the middle",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              byte[] token =
                  bench.tokenWith(Bytes.populateList(0, 2, 0, Bytes.range(bench.source(), SOME)));
              for (int i = 0; i < 4; i++) {
                bench.sleep(Duration.ofSeconds(1));
                Answer used = useOnce(bench, token);
                if (!used.isGood()) {
                  return Verdict.notMet(
                      "used every second, after %d s: %s".formatted(i + 1, used.describe()));
                }
              }
              return same(bench, bench.destination(), content);
            }),
        new Rule(
            "T4",
            "a change-vulnerable token ends when its source is written",
            "SPC-4 ROD tokens, ROD type 00800001h; 05h/23h/08h, 06h or 04h",
            Effect.NONE,
            "the copy holds a mixture",
            bench -> {
              byte[] token = tokenOf(bench, 0x0080_0001);
              bench.fill(bench.source() + 1, 1);
              // Cancelled or revoked, as the copy manager sees it; unknown if it keeps no record.
              return Verdict.refused(useOnce(bench, token), 5, 0x23, List.of(8, 6, 4));
            }),
        new Rule(
            "T5",
            "a persistent token is a point in time, too",
            "SPC-4 ROD tokens, ROD type 00800002h",
            Effect.NONE,
            "what is written to the source later gets into the copy",
            bench -> {
              byte[] token = tokenOf(bench, 0x0080_0002);
              byte[] before = bench.read(bench.source(), SOME);
              bench.fill(bench.source(), SOME);
              Answer used = useOnce(bench, token);
              WriteRules.requireGood(used);
              return same(bench, bench.destination(), before);
            }),
        new Rule(
            "T6",
            "a token for access upon reference stands for what is there when it is used",
            "SPC-4 ROD tokens, ROD type 00010000h",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = tokenOf(bench, 0x0001_0000);
              byte[] after = bench.fill(bench.source(), SOME);
              Answer used = useOnce(bench, token);
              WriteRules.requireGood(used);
              return same(bench, bench.destination(), after);
            }),
        new Rule(
            "T7",
            "operations can run in the background (IMMED), and end",
            "SBC-4 POPULATE TOKEN, WRITE USING TOKEN, IMMED; WHCP CopyOffload",
            Effect.NONE,
            "",
            TokenLifeRules::inTheBackground),
        new Rule(
            "T8",
            "there is nothing to abort where nothing runs",
            "SPC-4 COPY OPERATION ABORT",
            Effect.NONE,
            "",
            bench -> {
              DiscoveryRules.requireListed(bench, "83h/1Ch");
              Answer answer = bench.send(Bytes.copyOperationAbort(0x7fff_fff1), new byte[0]);
              return Verdict.refused(answer, 5, 0x24, 0);
            }),
        new Rule(
            "T9",
            "who may not write the destination cannot copy to it",
            "SPC-4 persistent reservations",
            Effect.WRONG_DATA,
            "a cluster's disk is overwritten by a host that has lost it",
            bench -> {
              Answer used = reserved(bench, WRITE_EXCLUSIVE).used;
              return Verdict.of(used.isConflict(), "answers " + used.describe());
            }),
        new Rule(
            "T10",
            "who may read the source can make a token of it",
            "SPC-4 persistent reservations",
            Effect.FALLS_BACK,
            "hosts of a cluster cannot offload",
            bench -> Verdict.good(reserved(bench, WRITE_EXCLUSIVE).populated)),
        new Rule(
            "T11",
            "who may not read the source cannot make a token of it",
            "SPC-4 persistent reservations",
            Effect.NONE,
            "a host reads what it must not",
            bench -> {
              Answer populated = reserved(bench, EXCLUSIVE_ACCESS).populated;
              return Verdict.of(populated.isConflict(), "answers " + populated.describe());
            }),
        new Rule(
            "T12",
            "an operation that has ended cannot be aborted, and its result stays",
            "SPC-4 COPY OPERATION ABORT",
            Effect.NONE,
            "",
            bench -> {
              DiscoveryRules.requireListed(bench, "83h/1Ch");
              int list = bench.nextList();
              Answer made = bench.populate(list, PopulateRules.some(bench));
              Answer aborted = bench.send(Bytes.copyOperationAbort(list), new byte[0]);
              return made.isGood() && aborted.says(5, 0x24, 0)
                  ? Verdict.of(
                      bench.report(list).hasToken(), "then " + bench.report(list).describe())
                  : Verdict.notMet("answers " + aborted.describe());
            }),
        new Rule(
            "T13",
            "after a restart of the target a token holds what it held, or is refused as a token",
            "SPC-4 ROD tokens, 05h/23h; Windows' class driver",
            Effect.WRONG_DATA,
            "a host that goes on after the restart copies something else",
            TokenLifeRules::restarted));
  }

  private static Verdict restarted(Bench bench) throws IOException, UnmetException {
    byte[] before = bench.fill(bench.source(), SOME);
    byte[] token = bench.token(Bytes.range(bench.source(), SOME));
    byte[] there = bench.fill(bench.destination(), SOME);
    bench.restart();
    bench.fill(bench.source(), SOME);
    Answer used = useOnce(bench, token);
    if (used.isGood()) {
      Verdict same = same(bench, bench.destination(), before);
      return same.kind() == Verdict.Kind.MET
          ? Verdict.met("it holds what it held: " + same.found())
          : same;
    }
    Verdict untouched = same(bench, bench.destination(), there);
    return untouched.kind() == Verdict.Kind.MET ? Verdict.refused(used, 5, 0x23) : untouched;
  }

  /** A token of a type of some blocks that have been written. */
  private static byte[] tokenOf(Bench bench, int type) throws IOException, UnmetException {
    if (!DiscoveryRules.rodTypes(bench, 1).contains(type)) {
      throw UnmetException.notOffered("page 8Fh does not list ROD type %08Xh".formatted(type));
    }
    bench.fill(bench.source(), SOME);
    return bench.tokenWith(
        Bytes.populateList(2, 0, Integer.toUnsignedLong(type), Bytes.range(bench.source(), SOME)));
  }

  private static Verdict expires(Bench bench) throws IOException, UnmetException {
    bench.fill(bench.source(), SOME);
    byte[] list = Bytes.populateList(0, LIFETIME.toSeconds(), 0, Bytes.range(bench.source(), SOME));
    // Each try uses a token of its own, for a use begins its lifetime anew.
    Answer used = useOnce(bench, bench.tokenWith(list));
    WriteRules.requireGood(used);
    for (Duration wait = LIFETIME.plus(STEP);
        wait.compareTo(PATIENCE) < 0;
        wait = wait.multipliedBy(2)) {
      byte[] token = bench.tokenWith(list);
      bench.sleep(wait);
      used = useOnce(bench, token);
      if (!used.isGood()) {
        return Verdict.refused(used, 5, 0x23, 7);
      }
    }
    return Verdict.notMet("a token of one second lives for " + PATIENCE.toSeconds() / 2 + " s");
  }

  private static Verdict inTheBackground(Bench bench) throws IOException, UnmetException {
    byte[] content = bench.fill(bench.source(), SOME);
    int list = bench.nextList();
    byte[] parameters = Bytes.populateList(1, 0, 0, Bytes.range(bench.source(), SOME));
    Answer started = bench.populateWith(list, parameters);
    if (started.says(5, 0x24) || started.says(5, 0x26)) {
      return Verdict.notOffered("answers " + started.describe());
    }
    Report made = awaitEnd(bench, list);
    if (!started.isGood() || !made.isSuccess() || !made.hasToken()) {
      return Verdict.notMet("answers %s, then %s".formatted(started.describe(), made.describe()));
    }
    int second = bench.nextList();
    byte[] use = Bytes.useList(1, 0, made.token(), Bytes.range(bench.destination(), SOME));
    Answer using = bench.useWith(second, use);
    Report used = awaitEnd(bench, second);
    if (!using.isGood() || !used.isSuccess() || used.count() != SOME) {
      return Verdict.notMet("answers %s, then %s".formatted(using.describe(), used.describe()));
    }
    return same(bench, bench.destination(), content);
  }

  static Report awaitEnd(Bench bench, int list) throws IOException, UnmetException {
    Report report = bench.report(list);
    for (Duration waited = Duration.ZERO;
        report.answer().isGood() && !report.isFinished() && waited.compareTo(PATIENCE) < 0;
        waited = waited.plus(STEP)) {
      bench.sleep(STEP);
      report = bench.report(list);
    }
    return report;
  }

  /** READ KEYS of PERSISTENT RESERVE IN. */
  static Answer readKeys(Bench bench) throws IOException, UnmetException {
    Answer keys = bench.ask(Bytes.of("5e 00 0000000000 0100 00"), 256);
    if (!keys.isGood()) {
      throw UnmetException.notOffered("there are no persistent reservations: " + keys.describe());
    }
    return keys;
  }

  static void requireNoKeys(Bench bench) throws IOException, UnmetException {
    if (readKeys(bench).u32(4) != 0) {
      throw UnmetException.notChecked("others have registered keys, which are left alone");
    }
  }

  /** Lets another host reserve the logical unit, and tries. */
  private static Reserved reserved(Bench bench, int type) throws IOException, UnmetException {
    bench.fill(bench.source(), SOME);
    byte[] token = bench.token(Bytes.range(bench.source(), SOME));
    Bench other = bench.second();
    requireNoKeys(other);
    Answer registered = reserve(other, 0x00, 0, 0, KEY);
    if (!registered.isGood()) {
      throw UnmetException.notChecked("no key can be registered: " + registered.describe());
    }
    try {
      Answer made = reserve(other, 0x01, type, KEY, 0);
      if (!made.isGood()) {
        throw UnmetException.notChecked("nothing can be reserved: " + made.describe());
      }
      Answer populated = bench.populate(bench.nextList(), Bytes.range(bench.source(), SOME));
      Answer used = useOnce(bench, token);
      return new Reserved(populated, used);
    } finally {
      reserve(other, 0x03, 0, KEY, 0); // CLEAR
    }
  }

  /** PERSISTENT RESERVE OUT. */
  private static Answer reserve(Bench bench, int action, int type, long key, long actionKey)
      throws IOException {
    byte[] cdb = Bytes.of("5f", new byte[] {(byte) action, (byte) type}, "0000 00000018 00");
    return bench.send(cdb, Bytes.of(Bytes.u64(key), Bytes.u64(actionKey), "0000000000000000"));
  }
}
