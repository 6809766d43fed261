package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.Bench.SOME;
import static io.gantry.copy.doctor.WriteRules.same;

import io.gantry.copy.doctor.Rule.Check;
import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** EXTENDED COPY, in both of its formats, which ESXi and sg_xcopy use, and Windows does not. */
final class ExtendedCopyRules {
  private static final String LID1 = "SPC-4 EXTENDED COPY(LID1)";
  private static final String LID4 = "SPC-4 EXTENDED COPY(LID4)";

  private ExtendedCopyRules() {}

  /** A rule that does not apply where there is no EXTENDED COPY. */
  private static Rule rule(String id, String title, String clause, Check check) {
    return new Rule(
        id,
        title,
        clause,
        Effect.NONE,
        "",
        bench -> {
          Answer parameters = bench.ask(Bytes.operatingParameters(512), 512);
          return parameters.isGood()
              ? check.run(bench)
              : Verdict.notOffered("there is no EXTENDED COPY: " + parameters.describe());
        });
  }

  static List<Rule> rules() {
    return List.of(
        rule(
            "X1",
            "the operating parameters say how long they are, and what is implemented",
            "SPC-4 RECEIVE COPY OPERATING PARAMETERS, AVAILABLE DATA",
            bench -> {
              Answer answer = bench.ask(Bytes.operatingParameters(512), 512);
              List<String> codes = implemented(bench);
              return Verdict.of(
                  answer.u32(0) == 40 + answer.u8(43)
                      && codes.contains("02")
                      && codes.contains("E4"),
                  "%d bytes, descriptors %s".formatted(answer.u32(0), String.join(" ", codes)));
            }),
        rule(
            "X2",
            "blocks are copied",
            LID1 + ", segment descriptor 02h",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              Answer answer = lid1(bench, "00", itself(bench), blocks(bench, SOME));
              return answer.isGood()
                  ? same(bench, bench.destination(), content)
                  : Verdict.notMet("answers " + answer.describe());
            }),
        rule(
            "X3",
            "several segments are done in their order",
            LID1,
            bench -> {
              if (bench.ask(Bytes.operatingParameters(512), 512).u16(10) < 3) {
                return Verdict.notOffered("a command has one or two segments at most");
              }
              byte[] content = bench.fill(bench.source(), 2 * SOME);
              long from = bench.source();
              long to = bench.destination();
              byte[] segments =
                  Bytes.of(
                      segment(SOME, from, to),
                      segment(SOME, from + SOME, to + 2L * SOME),
                      segment(1, from, to + 2L * SOME));
              Answer answer = lid1(bench, "00", itself(bench), segments);
              if (!answer.isGood()) {
                return Verdict.notMet("answers " + answer.describe());
              }
              byte[] last = bench.part(content, SOME, SOME);
              System.arraycopy(content, 0, last, 0, bench.blockBytes());
              return same(bench, to + 2L * SOME, last);
            }),
        rule(
            "X4",
            "an empty parameter list does nothing, and is no error",
            LID1 + ", PARAMETER LIST LENGTH",
            bench -> Verdict.good(bench.send(Bytes.extendedCopy(0, 0), new byte[0]))),
        rule(
            "X5",
            "a parameter list that is cut is refused",
            LID1,
            bench -> {
              byte[] list = list1("00", itself(bench), blocks(bench, SOME));
              byte[] cut = Arrays.copyOf(list, list.length - 4);
              return Verdict.refused(
                  bench.send(Bytes.extendedCopy(0, cut.length), cut), 5, 0x1A, 0);
            }),
        rule(
            "X6",
            "a length that is no multiple of a CSCD descriptor's is refused",
            LID1 + ", CSCD DESCRIPTOR LIST LENGTH",
            bench -> {
              byte[] list = list1("00", itself(bench), blocks(bench, SOME));
              System.arraycopy(Bytes.u16(33), 0, list, 2, 2);
              return Verdict.refused(
                  bench.send(Bytes.extendedCopy(0, list.length), list), 5, 0x26, 0);
            }),
        rule(
            "X7",
            "an unknown CSCD descriptor is refused as such",
            LID1 + ", 05h/26h/07h",
            bench -> {
              byte[] cscd = itself(bench);
              cscd[0] = (byte) 0xEF;
              return Verdict.refused(lid1(bench, "00", cscd, blocks(bench, SOME)), 5, 0x26, 7);
            }),
        rule(
            "X8",
            "an unknown segment descriptor is refused as such",
            LID1 + ", 05h/26h/09h",
            bench -> {
              byte[] segment = blocks(bench, SOME);
              segment[0] = 0x7F;
              return Verdict.refused(lid1(bench, "00", itself(bench), segment), 5, 0x26, 9);
            }),
        rule(
            "X9",
            "a CSCD descriptor that is not in the list cannot be reached",
            LID1 + ", 0Ah/08h/04h",
            bench -> {
              byte[] segment = blocks(bench, SOME);
              segment[7] = 5;
              return Verdict.refused(lid1(bench, "00", itself(bench), segment), 0xA, 0x08, 4);
            }),
        rule(
            "X10",
            "a logical unit that nobody knows is not taken for another",
            LID1 + ", 0Ah/0Dh/02h",
            bench -> {
              byte[] cscd = itself(bench);
              cscd[23] ^= 0x55;
              byte[] there = bench.fill(bench.destination(), SOME);
              Answer answer = lid1(bench, "00", cscd, blocks(bench, SOME));
              Verdict untouched = same(bench, bench.destination(), there);
              boolean refused = answer.says(0xA, 0x0D, 2) || answer.says(0xA, 0x08, 4);
              return untouched.kind() == Verdict.Kind.MET
                  ? Verdict.of(refused, "answers " + answer.describe())
                  : untouched;
            }),
        rule(
            "X11",
            "blocks past the end are refused while copying",
            LID1 + ", COPY ABORTED",
            bench -> {
              bench.destination();
              byte[] segment = segment(2, bench.source(), bench.blocks() - 1);
              Answer answer = lid1(bench, "00", itself(bench), segment);
              return Verdict.of(answer.hasKey(0xA), "answers " + answer.describe());
            }),
        rule(
            "X12",
            "inline data that are too long are refused as such",
            LID1 + ", 05h/26h/0Bh",
            bench -> {
              Answer parameters = bench.ask(Bytes.operatingParameters(512), 512);
              if (parameters.u32(20) != 0) {
                return Verdict.notOffered("inline data are taken");
              }
              byte[] list = Bytes.of(list1("00", itself(bench), blocks(bench, SOME)), "00000000");
              System.arraycopy(Bytes.u32(4), 0, list, 12, 4);
              return Verdict.refused(
                  bench.send(Bytes.extendedCopy(0, list.length), list), 5, 0x26, 0x0B);
            }),
        rule(
            "X13",
            "a list identifier where there is to be none is refused",
            LID1 + ", LIST ID USAGE 11b",
            bench -> {
              Answer answer = lid1(bench, "18", itself(bench), blocks(bench, SOME));
              boolean isTaken =
                  (bench.ask(Bytes.operatingParameters(512), 512).u8(4) & 1) != 0; // SNLID
              return !isTaken && answer.isGood()
                  ? Verdict.notOffered("11b is not taken (SNLID), and counts as 10b")
                  : Verdict.refused(answer, 5, 0x26, 0);
            }),
        rule(
            "X14",
            "a reserved use of the list identifier is refused",
            LID1 + ", LIST ID USAGE 01b",
            bench ->
                Verdict.refused(lid1(bench, "08", itself(bench), blocks(bench, SOME)), 5, 0x26, 0)),
        rule(
            "X15",
            "too many CSCD descriptors are refused as such",
            LID1 + ", 05h/26h/06h",
            bench -> {
              int most = bench.ask(Bytes.operatingParameters(512), 512).u16(8);
              if (most > 1000) {
                return Verdict.notOffered("there is no limit that could be exceeded here");
              }
              byte[][] many = new byte[most + 1][];
              Arrays.fill(many, itself(bench));
              Answer answer = lid1(bench, "00", Bytes.of((Object[]) many), blocks(bench, SOME));
              // The list may be too long before there are too many in it.
              return Verdict.of(
                  answer.says(5, 0x26, 6) || answer.says(5, 0x1A, 0),
                  "answers " + answer.describe());
            }),
        rule(
            "X16",
            "too many segment descriptors are refused as such",
            LID1 + ", 05h/26h/08h",
            bench -> {
              int most = bench.ask(Bytes.operatingParameters(512), 512).u16(10);
              if (most > 2000) {
                return Verdict.notOffered("there is no limit that could be exceeded here");
              }
              byte[][] many = new byte[most + 1][];
              Arrays.fill(many, blocks(bench, 0));
              Answer answer = lid1(bench, "00", itself(bench), Bytes.of((Object[]) many));
              return Verdict.of(
                  answer.says(5, 0x26, 8) || answer.says(5, 0x1A, 0),
                  "answers " + answer.describe());
            }),
        rule(
            "X17",
            "the result can be asked for",
            "SPC-4 RECEIVE COPY STATUS(LID1)",
            bench -> {
              Answer copied = lid1(bench, "00", itself(bench), blocks(bench, SOME));
              if (!copied.isGood()) {
                return Verdict.notChecked("EXTENDED COPY answers " + copied.describe());
              }
              Answer status = bench.ask(Bytes.receiveCopyStatus1(1, 12), 12);
              return status.isGood()
                  ? Verdict.of(
                      status.u32(0) == 8 && (status.u8(4) & 0x7f) == 1 && status.u16(5) == 1,
                      "%d bytes, status %02Xh, %d segments"
                          .formatted(status.u32(0), status.u8(4) & 0x7f, status.u16(5)))
                  : Verdict.notMet("answers " + status.describe());
            }),
        rule(
            "X18",
            "the first logical unit of the long format has the number 1",
            LID4 + ", CSCD descriptor IDs",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              byte[] segment = blocks(bench, SOME);
              segment[5] = 1;
              segment[7] = 1;
              Answer answer = lid4(bench, "01 00", itself(bench), segment);
              if (answer.isUnknownCommand()) {
                return Verdict.notOffered("answers " + answer.describe());
              }
              return answer.isGood()
                  ? same(bench, bench.destination(), content)
                  : Verdict.notMet("answers " + answer.describe());
            }),
        rule(
            "X19",
            "an unknown format of the long list is refused",
            LID4 + ", PARAMETER LIST FORMAT",
            bench -> {
              bench.destination();
              Answer answer = lid4(bench, "02 00", itself(bench), blocks(bench, SOME));
              return answer.says(5, 0x20) || answer.says(5, 0x24)
                  ? Verdict.notOffered("answers " + answer.describe())
                  : Verdict.refused(answer, 5, 0x26, 0);
            }),
        rule(
            "X20",
            "a ROD CSCD descriptor is refused as unknown where it is not listed",
            "SPC-4 RECEIVE COPY OPERATING PARAMETERS; EXTENDED COPY(LID1), 05h/26h/07h",
            bench -> {
              if (implemented(bench).contains("FE")) {
                return Verdict.notOffered("it is listed: ROD CSCD descriptors are taken");
              }
              // Producer FFFFh, which is this copy manager; ROD TYPE, a point in time.
              byte[] rod = Arrays.copyOf(Bytes.of("fe 00 0000 ffff 0000 00800000"), 32);
              byte[] cscds = Bytes.of(itself(bench), rod);
              return Verdict.refused(lid1(bench, "00", cscds, blocks(bench, SOME)), 5, 0x26, 7);
            }),
        rule(
            "X21",
            "why a copy failed can be asked for",
            "SPC-4 RECEIVE COPY FAILURE DETAILS(LID1)",
            bench -> {
              bench.destination();
              byte[] segment = segment(2, bench.source(), bench.blocks() - 1);
              Answer failed = lid1(bench, "00", itself(bench), segment);
              if (failed.isGood()) {
                return Verdict.notChecked("a copy past the end answers GOOD");
              }
              Answer details = bench.ask(Bytes.receiveCopyFailureDetails(1, 512), 512);
              boolean fixed = (details.u8(60) & 0x7e) == 0x70;
              int key = (fixed ? details.u8(62) : details.u8(61)) & 0x0f;
              return details.isGood()
                  ? Verdict.of(
                      details.u8(56) == 2
                          && details.u16(58) > 0
                          && details.u32(0) == 56 + details.u16(58)
                          && failed.hasKey(key),
                      "%d bytes, status %02Xh, sense data of %d bytes, sense key %X"
                          .formatted(details.u32(0), details.u8(56), details.u16(58), key))
                  : Verdict.notMet("answers " + details.describe());
            }),
        rule(
            "X22",
            "of a copy that went well there are no details to be told",
            "SPC-4 RECEIVE COPY FAILURE DETAILS(LID1), AVAILABLE DATA",
            bench -> {
              Answer copied = lid1(bench, "00", itself(bench), blocks(bench, SOME));
              if (!copied.isGood()) {
                return Verdict.notChecked("EXTENDED COPY answers " + copied.describe());
              }
              Answer details = bench.ask(Bytes.receiveCopyFailureDetails(1, 512), 512);
              return details.isGood()
                  ? Verdict.of(details.u32(0) == 0, "%d bytes".formatted(details.u32(0)))
                  : Verdict.notMet("answers " + details.describe());
            }),
        rule(
            "X23",
            "a reservation key is registered, and unregistered, by a segment",
            LID1 + ", segment descriptor 14h",
            ExtendedCopyRules::registersKey));
  }

  private static Verdict registersKey(Bench bench) throws IOException, UnmetException {
    bench.destination(); // it changes nothing that is written there, but it is not only asking
    if (!implemented(bench).contains("14")) {
      return Verdict.notOffered("segment descriptor 14h is not listed");
    }
    TokenLifeRules.requireNoKeys(bench);
    Answer registered = lid1(bench, "00", itself(bench), keySegment(0, TokenLifeRules.KEY));
    Answer keys = TokenLifeRules.readKeys(bench);
    boolean isThere = keys.u32(4) == 8 && keys.u64(8) == TokenLifeRules.KEY;
    Answer gone = lid1(bench, "00", itself(bench), keySegment(TokenLifeRules.KEY, 0));
    long left = TokenLifeRules.readKeys(bench).u32(4);
    return Verdict.of(
        registered.isGood() && isThere && gone.isGood() && left == 0,
        "answers %s with %d bytes of keys, then %s with %d"
            .formatted(registered.describe(), keys.u32(4), gone.describe(), left));
  }

  /** Codes of segment and CSCD descriptors that the copy manager knows. */
  private static List<String> implemented(Bench bench) throws IOException {
    Answer answer = bench.ask(Bytes.operatingParameters(512), 512);
    return List.of(hex(answer.slice(44, answer.u8(43))).split(" "));
  }

  /** Segment descriptor 14h, for the first CSCD descriptor. */
  private static byte[] keySegment(long key, long actionKey) {
    return Bytes.of("14 00 0018 0000 0000", Bytes.u64(key), Bytes.u64(actionKey), "00000000");
  }

  private static String hex(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte each : bytes) {
      text.append("%02X ".formatted(each));
    }
    return text.toString().strip();
  }

  /** A segment from the source half to the destination half; tests nothing without them. */
  private static byte[] blocks(Bench bench, int count) throws UnmetException {
    return segment(count, bench.source(), bench.destination());
  }

  /** Segment descriptor 02h of blocks, both ends the first CSCD descriptor. */
  private static byte[] segment(int count, long from, long to) {
    return Bytes.of("02 00 0018 0000 0000 0000", Bytes.u16(count), Bytes.u64(from), Bytes.u64(to));
  }

  /** The identification CSCD descriptor of the logical unit itself. */
  private static byte[] itself(Bench bench) throws IOException, UnmetException {
    Answer page = bench.ask(Bytes.page(0x83, 1024), 1024);
    int end = Math.min(page.data().length, 4 + page.u16(2));
    for (int at = 4; at + 4 <= end; at += 4 + page.u8(at + 3)) {
      int association = (page.u8(at + 1) >> 4) & 3;
      int type = page.u8(at + 1) & 0x0f;
      int length = page.u8(at + 3);
      if (association == 0 && type == 3 && length <= 20 && at + 4 + length <= end) {
        byte[] designator = Arrays.copyOf(page.slice(at + 4, length), 20);
        return Bytes.of(
            "e4 00 0000",
            new byte[] {(byte) (page.u8(at) & 0x0f), 3, 0, (byte) length},
            designator,
            Bytes.u32(bench.blockBytes()));
      }
    }
    throw UnmetException.notChecked("page 83h has no NAA designator of the logical unit");
  }

  /** The short list, list identifier 1. */
  private static byte[] list1(String usage, byte[] cscds, byte[] segments) {
    return Bytes.of(
        "01",
        usage,
        Bytes.u16(cscds.length),
        "00000000",
        Bytes.u32(segments.length),
        "00000000",
        cscds,
        segments);
  }

  private static Answer lid1(Bench bench, String usage, byte[] cscds, byte[] segments)
      throws IOException {
    byte[] list = list1(usage, cscds, segments);
    return bench.send(Bytes.extendedCopy(0, list.length), list);
  }

  /**
   * The long list.
   *
   * @param start format, and how the list identifier is used
   */
  private static Answer lid4(Bench bench, String start, byte[] cscds, byte[] segments)
      throws IOException {
    byte[] list =
        Bytes.of(
            start,
            "0020 0000000000000000000000 00 ff 000000",
            Bytes.u32(bench.nextList()),
            "000000000000000000000000000000000000",
            Bytes.u16(cscds.length),
            Bytes.u16(segments.length),
            "0000",
            cscds,
            segments);
    return bench.send(Bytes.extendedCopy(1, list.length), list);
  }
}
