package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.Bench.SOME;

import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Using tokens: WRITE USING TOKEN (SBC-4). All of this writes to the scratch range. */
final class WriteRules {
  private static final String CLAUSE = "SBC-4 WRITE USING TOKEN";

  /** Ranges that Windows sends at most. */
  private static final int MANY = 64;

  private static final String ZERO_TOKEN = "ffff0001 0000 01f8";

  /** Where a ROD token says which target made it: a designation descriptor. */
  private static final int TARGET_DESCRIPTOR = 128;

  /** Remote; or, for who knows the tokens that it has made and no others, unknown or corrupt. */
  private static final List<Integer> NOT_FROM_HERE = List.of(2, 4, 5, 0);

  private WriteRules() {}

  static List<Rule> rules() {
    return List.of(
        new Rule(
            "W1",
            "a token can be used as Windows does it, in less than four seconds",
            CLAUSE + "; WHCP CopyOffload",
            Effect.FALLS_BACK,
            "offload writes fail",
            bench -> {
              bench.fill(bench.source(), SOME);
              Answer used = copy(bench, bench.destination());
              return used.isGood()
                  ? Verdict.of(
                      used.took().compareTo(PopulateRules.LONGEST) < 0,
                      PopulateRules.took(used.took()))
                  : Verdict.notMet("answers " + used.describe());
            }),
        new Rule(
            "W2",
            "what is copied is what was there",
            CLAUSE,
            Effect.WRONG_DATA,
            "GOOD is answered, and the bytes are not those of the source",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              bench.fill(bench.destination(), SOME);
              Answer used = copy(bench, bench.destination());
              requireGood(used);
              return same(bench, bench.destination(), content);
            }),
        new Rule(
            "W3",
            "nothing else is written",
            CLAUSE,
            Effect.WRONG_DATA,
            "blocks next to a copy are lost",
            bench -> {
              bench.fill(bench.source(), SOME);
              byte[] around = bench.fill(bench.destination(), 3 * SOME);
              Answer used = copy(bench, bench.destination() + SOME);
              requireGood(used);
              Verdict before = same(bench, bench.destination(), bench.part(around, 0, SOME));
              return before.kind() == Verdict.Kind.MET
                  ? same(bench, bench.destination() + 2L * SOME, bench.part(around, 2 * SOME, SOME))
                  : before;
            }),
        new Rule(
            "W4",
            "a token holds what was there when it was made",
            "SPC-4 ROD tokens, point in time copy RODs; Windows' documentation",
            Effect.WRONG_DATA,
            "what is written to the source later gets into the copy",
            WriteRules::pointInTime),
        new Rule(
            "W5",
            "the offset into the token counts",
            CLAUSE + ", OFFSET INTO ROD",
            Effect.WRONG_DATA,
            "Windows copies large files by one token, piece by piece",
            bench -> {
              byte[] content = bench.fill(bench.source(), 4 * SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), 4L * SOME));
              Answer used =
                  bench.use(bench.nextList(), 3, token, Bytes.range(bench.destination(), SOME));
              requireGood(used);
              return same(bench, bench.destination(), bench.part(content, 3, SOME));
            }),
        new Rule(
            "W6",
            "ranges are joined and scattered in their order",
            CLAUSE + ", block device range descriptors",
            Effect.WRONG_DATA,
            "fragmented files are mixed up",
            WriteRules::rangesInOrder),
        new Rule(
            "W7",
            "a copy onto a part of its own source is right",
            "SPC-4 ROD tokens",
            Effect.WRONG_DATA,
            "the copy reads what it has just written",
            bench -> {
              byte[] content = bench.fill(bench.source(), 4 * SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), 3L * SOME));
              Answer used =
                  bench.use(
                      bench.nextList(),
                      0,
                      token,
                      Bytes.range(bench.source() + SOME / 2, 3L * SOME));
              requireGood(used);
              return same(bench, bench.source() + SOME / 2, bench.part(content, 0, 3 * SOME));
            }),
        new Rule(
            "W8",
            "a token can be used again",
            CLAUSE + ", DEL_TKN",
            Effect.FALLS_BACK,
            "Windows uses a token for every piece of a file",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              requireGood(
                  bench.use(bench.nextList(), 0, token, Bytes.range(bench.destination(), SOME)));
              Answer again =
                  bench.use(
                      bench.nextList(),
                      0,
                      token,
                      Bytes.range(bench.destination() + 2L * SOME, SOME));
              return again.isGood()
                  ? same(bench, bench.destination() + 2L * SOME, content)
                  : Verdict.notMet("the second time it answers " + again.describe());
            }),
        new Rule(
            "W9",
            "what is longer than the token is not said to be copied",
            CLAUSE + "; Windows' class driver",
            Effect.WRONG_DATA,
            "Windows believes that blocks were copied that were not",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              byte[] behind = bench.fill(bench.destination(), 2 * SOME);
              Answer used = useTwice(bench);
              if (used.isGood() || used.information().orElse(0) > SOME) {
                return Verdict.notMet("answers " + used.describe());
              }
              Verdict copied =
                  used.says(0xA, 0x0D, 4)
                      ? same(bench, bench.destination(), content)
                      : Verdict.met("");
              return copied.kind() == Verdict.Kind.MET
                  ? same(bench, bench.destination() + SOME, bench.part(behind, SOME, SOME))
                  : copied;
            }),
        new Rule(
            "W25",
            "a copy that was cut is told as one, with the count",
            CLAUSE + ", 0Ah/0Dh/04h and INFORMATION; Windows' class driver",
            Effect.MISLED,
            "Windows does not go on where the copy ended",
            bench -> {
              bench.fill(bench.source(), SOME);
              Answer used = useTwice(bench);
              boolean cut = used.says(0xA, 0x0D, 4) || used.says(0xB, 0x0D, 4);
              return Verdict.of(
                  cut && used.information().orElse(-1) == SOME,
                  "answers %s, wanted Ah/0Dh/04h and %d".formatted(used.describe(), SOME));
            }),
        new Rule(
            "W10",
            "a result says how much was copied",
            "SPC-4 RECEIVE ROD TOKEN INFORMATION",
            Effect.MISLED,
            "Windows asks for it when a command has failed",
            bench -> {
              bench.fill(bench.source(), SOME);
              int list = bench.nextList();
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              requireGood(bench.use(list, 0, token, Bytes.range(bench.destination(), SOME)));
              Report report = bench.report(list);
              return Verdict.of(
                  report.answer().isGood()
                      && report.isSuccess()
                      && report.units() == 0xF1
                      && report.count() == SOME
                      && report.action() == 0x11
                      && report.tokensLength() == 0,
                  report.describe());
            }),
        new Rule(
            "W11",
            "a token that nobody made is refused, and nothing is written",
            CLAUSE,
            Effect.WRONG_DATA,
            "anything is written from anywhere",
            bench -> {
              byte[] there = bench.fill(bench.destination(), SOME);
              Answer used = useOnce(bench, foreignToken(bench));
              return used.isGood()
                  ? Verdict.notMet("answers GOOD")
                  : same(bench, bench.destination(), there);
            }),
        new Rule(
            "W26",
            "such a refusal says that it is for the token",
            CLAUSE + ", 05h/23h; Windows' class driver",
            Effect.MISLED,
            "Windows tries again with the same token instead of reading and writing",
            bench -> Verdict.refused(useOnce(bench, foreignToken(bench)), 5, 0x23)),
        new Rule(
            "W12",
            "a token that was changed by one bit is refused",
            "SPC-4 ROD tokens",
            Effect.NONE,
            "tokens can be forged",
            bench -> {
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              token[500] ^= 1;
              return Verdict.refused(useOnce(bench, token), 5, 0x23);
            }),
        new Rule(
            "W13",
            "a token of another length is refused as such",
            CLAUSE + ", 05h/23h/0Ah",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              token[7] = (byte) 0xF0;
              return Verdict.refused(useOnce(bench, token), 5, 0x23, 0x0A);
            }),
        new Rule(
            "W14",
            "a token of a type that does not exist is refused as such",
            CLAUSE + ", 05h/23h/01h",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              System.arraycopy(Bytes.of("00000042"), 0, token, 0, 4);
              return Verdict.refused(useOnce(bench, token), 5, 0x23, 0x01);
            }),
        new Rule(
            "W15",
            "the zero token makes zeros",
            "SBC-4 block device zero ROD token; STORAGE_OFFLOAD_TOKEN_TYPE_ZERO_DATA",
            Effect.FALLS_BACK,
            "Windows makes large files of zeros by it",
            bench -> {
              bench.fill(bench.destination(), SOME);
              Answer used = useOnce(bench, zeroToken());
              return used.isGood()
                  ? same(bench, bench.destination(), new byte[SOME * bench.blockBytes()])
                  : Verdict.notMet("answers " + used.describe());
            }),
        new Rule(
            "W16",
            "the zero token has no end, and its bytes from 8 on do not count",
            "SBC-4 block device zero ROD token",
            Effect.NONE,
            "",
            bench -> {
              bench.fill(bench.destination(), SOME);
              byte[] token = zeroToken();
              Arrays.fill(token, 17, 512, (byte) 0xA5);
              Answer used =
                  bench.use(
                      bench.nextList(), 1L << 40, token, Bytes.range(bench.destination(), SOME));
              return used.isGood()
                  ? same(bench, bench.destination(), new byte[SOME * bench.blockBytes()])
                  : Verdict.notMet("answers " + used.describe());
            }),
        new Rule(
            "W17",
            "ranges past the end are refused as such",
            CLAUSE,
            Effect.MISLED,
            "Windows expects STATUS_NONEXISTENT_SECTOR",
            bench ->
                Verdict.refused(
                    bench.use(bench.nextList(), 0, zeroToken(), outside(bench)), 5, 0x21, 0)),
        new Rule(
            "W18",
            "too many ranges are refused as such",
            CLAUSE + "; WHCP CopyOffload",
            Effect.MISLED,
            "Windows expects STATUS_TOO_MANY_SEGMENT_DESCRIPTORS",
            bench -> {
              int most = DiscoveryRules.limits(bench).u16(4 + 10);
              if (most == 0 || most + 1 > bench.half() || most > 4000) {
                return Verdict.notOffered("there is no limit that could be exceeded here");
              }
              return Verdict.refused(
                  bench.use(
                      bench.nextList(),
                      0,
                      zeroToken(),
                      PopulateRules.singles(bench.destination(), most + 1)),
                  5,
                  0x26,
                  8);
            }),
        new Rule(
            "W19",
            "ranges that overlap are refused",
            CLAUSE,
            Effect.NONE,
            "",
            bench ->
                Verdict.refused(
                    bench.use(
                        bench.nextList(),
                        0,
                        zeroToken(),
                        Bytes.range(bench.destination(), SOME),
                        Bytes.range(bench.destination() + SOME - 1, SOME)),
                    5,
                    0x26,
                    0)),
        new Rule(
            "W20",
            "an offset at the end of the token is refused",
            CLAUSE + ", OFFSET INTO ROD",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              Answer used =
                  bench.use(bench.nextList(), SOME, token, Bytes.range(bench.destination(), 1));
              return Verdict.refused(used, 5, 0x26, 0);
            }),
        new Rule(
            "W21",
            "a parameter list that is cut in its header is refused",
            CLAUSE,
            Effect.MISLED,
            "Windows expects STATUS_DATA_OVERRUN",
            bench -> {
              bench.destination();
              byte[] list = Arrays.copyOf(Bytes.useList(0, 0, zeroToken()), 500);
              return Verdict.refused(bench.useWith(bench.nextList(), list), 5, 0x1A, 0);
            }),
        new Rule(
            "W22",
            "an empty parameter list does nothing, and is no error",
            CLAUSE + ", PARAMETER LIST LENGTH",
            Effect.NONE,
            "",
            bench -> {
              bench.destination();
              return Verdict.good(bench.useWith(bench.nextList(), new byte[0]));
            }),
        new Rule(
            "W23",
            "a data length without room for a range is refused",
            CLAUSE + ", WRITE USING TOKEN DATA LENGTH",
            Effect.NONE,
            "",
            bench -> {
              byte[] list =
                  Bytes.useList(0, 0, zeroToken(), Bytes.range(bench.destination(), SOME));
              System.arraycopy(Bytes.u16(0x0225), 0, list, 0, 2);
              return Verdict.refused(bench.useWith(bench.nextList(), list), 5, 0x26, 0);
            }),
        new Rule(
            "W24",
            "a token can be used by another host",
            "Windows' documentation of live migration and MPIO",
            Effect.SLOWER,
            "copies between two hosts, and after a path has failed, begin anew",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              Bench other = bench.second();
              Answer used =
                  other.use(other.nextList(), 0, token, Bytes.range(bench.destination(), SOME));
              return used.isGood()
                  ? same(bench, bench.destination(), content)
                  : Verdict.notMet("answers " + used.describe());
            }),
        new Rule(
            "W27",
            "the result of a copy that was cut has the status 03h",
            "SPC-4 RECEIVE ROD TOKEN INFORMATION, COPY OPERATION STATUS; Windows' class driver",
            Effect.MISLED,
            "Windows takes 04h for a failure and forgets what was copied",
            bench -> {
              bench.fill(bench.source(), SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              int list = bench.nextList();
              bench.use(list, 0, token, Bytes.range(bench.destination(), 2L * SOME));
              Report report = bench.report(list);
              return Verdict.of(
                  report.answer().isGood()
                      && report.status() == 3
                      && report.units() == 0xF1
                      && report.count() == SOME,
                  report.describe());
            }),
        new Rule(
            "W28",
            "many ranges are joined and scattered in any order",
            CLAUSE + ", block device range descriptors",
            Effect.WRONG_DATA,
            "fragmented files are mixed up",
            WriteRules::manyRanges),
        new Rule(
            "W29",
            "a refused offset is pointed at",
            CLAUSE + ", byte 8; SPC-4 sense data, FIELD POINTER",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              Answer used =
                  bench.use(bench.nextList(), SOME, token, Bytes.range(bench.destination(), 1));
              return Verdict.pointed(used, 8, 8);
            }),
        new Rule(
            "W30",
            "a range of no blocks is passed over",
            CLAUSE + ", NUMBER OF LOGICAL BLOCKS",
            Effect.NONE,
            "",
            bench -> {
              byte[] content = bench.fill(bench.source(), SOME);
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              Answer used =
                  bench.use(
                      bench.nextList(),
                      0,
                      token,
                      Bytes.range(bench.destination() + 2L * SOME, 0),
                      Bytes.range(bench.destination(), SOME));
              return used.isGood()
                  ? same(bench, bench.destination(), content)
                  : Verdict.notMet("answers " + used.describe());
            }),
        new Rule(
            "W31",
            "a token that names another target is refused for that, or as unknown or corrupt",
            "SPC-4 ROD tokens, TARGET DEVICE DESCRIPTOR; 05h/23h/02h, 04h, 05h or 00h",
            Effect.NONE,
            "",
            bench -> {
              byte[] token = bench.token(Bytes.range(bench.source(), SOME));
              int length = token[TARGET_DESCRIPTOR + 3] & 0xff;
              if (length < 12 || length > 124) {
                return Verdict.notOffered("tokens here do not name their target");
              }
              token[TARGET_DESCRIPTOR + 4 + 8] ^= 1; // a digit of the date of an iSCSI name
              return Verdict.refused(useOnce(bench, token), 5, 0x23, NOT_FROM_HERE);
            }),
        new Rule(
            "W32",
            "a token of another target is refused, or copied right where page 8Fh takes such"
                + " tokens",
            "SPC-4 VPD page 8Fh, ROD token features, REMOTE TOKENS; 05h/23h/02h",
            Effect.WRONG_DATA,
            "the copy holds what was never in its source",
            WriteRules::foreign));
  }

  private static Verdict foreign(Bench bench) throws IOException, UnmetException {
    byte[] there = bench.fill(bench.destination(), SOME);
    requireGood(copy(bench, bench.destination() + SOME)); // tokens of its own it does take
    Bench.Foreign token = bench.foreignToken();
    int blocks = token.content().length / bench.blockBytes();
    Answer used =
        bench.use(bench.nextList(), 0, token.token(), Bytes.range(bench.destination(), blocks));
    if (DiscoveryRules.remoteTokens(bench) != 0) {
      return used.isGood()
          ? same(bench, bench.destination(), token.content())
          : Verdict.of(used.says(5, 0x23) && !used.says(5, 0x23, 2), "answers " + used.describe());
    }
    Verdict untouched = same(bench, bench.destination(), there);
    return untouched.kind() == Verdict.Kind.MET
        ? Verdict.refused(used, 5, 0x23, NOT_FROM_HERE)
        : untouched;
  }

  /** A block behind the last; only where writing is allowed, for a target might not look. */
  private static byte[] outside(Bench bench) throws UnmetException {
    bench.destination();
    return Bytes.range(bench.blocks(), 1);
  }

  static byte[] zeroToken() {
    return Arrays.copyOf(Bytes.of(ZERO_TOKEN), 512);
  }

  /** Copies some blocks from the beginning of the source half. */
  private static Answer copy(Bench bench, long to) throws IOException, UnmetException {
    byte[] token = bench.token(Bytes.range(bench.source(), SOME));
    return bench.use(bench.nextList(), 0, token, Bytes.range(to, SOME));
  }

  static Answer useOnce(Bench bench, byte[] token) throws IOException, UnmetException {
    return bench.use(bench.nextList(), 0, token, Bytes.range(bench.destination(), SOME));
  }

  static void requireGood(Answer used) throws UnmetException {
    if (!used.isGood()) {
      throw UnmetException.notChecked("WRITE USING TOKEN answers " + used.describe());
    }
  }

  /** Whether blocks hold a content. */
  static Verdict same(Bench bench, long lba, byte[] content) throws IOException, UnmetException {
    int difference = Arrays.mismatch(content, bench.read(lba, content.length / bench.blockBytes()));
    return difference < 0
        ? Verdict.met("every byte is right")
        : Verdict.notMet(
            "block %d of %d is wrong"
                .formatted(difference / bench.blockBytes(), content.length / bench.blockBytes()));
  }

  private static Verdict pointInTime(Bench bench) throws IOException, UnmetException {
    byte[] before = bench.fill(bench.source(), SOME);
    byte[] token = bench.token(Bytes.range(bench.source(), SOME));
    bench.fill(bench.source() + 2, SOME / 2);
    Answer used = useOnce(bench, token);
    if (used.says(5, 0x23)) {
      return Verdict.met("a write to the source ends the token: " + used.describe());
    }
    requireGood(used);
    return same(bench, bench.destination(), before);
  }

  private static Verdict rangesInOrder(Bench bench) throws IOException, UnmetException {
    if (DiscoveryRules.limits(bench).u16(4 + 10) == 1) {
      return Verdict.notOffered("a command takes one range only");
    }
    byte[] content = bench.fill(bench.source(), 4 * SOME);
    byte[] token =
        bench.token(
            Bytes.range(bench.source() + 20, 5),
            Bytes.range(bench.source(), 3),
            Bytes.range(bench.source() + 10, 4));
    byte[] joined =
        Bytes.of(bench.part(content, 20, 5), bench.part(content, 0, 3), bench.part(content, 10, 4));
    Answer used =
        bench.use(
            bench.nextList(),
            0,
            token,
            Bytes.range(bench.destination() + 40, 2),
            Bytes.range(bench.destination(), 10));
    requireGood(used);
    Verdict first = same(bench, bench.destination() + 40, bench.part(joined, 0, 2));
    return first.kind() == Verdict.Kind.MET
        ? same(bench, bench.destination(), bench.part(joined, 2, 10))
        : first;
  }

  /** Every second block of the source half, backwards, to every second of the other, forwards. */
  private static Verdict manyRanges(Bench bench) throws IOException, UnmetException {
    int most = DiscoveryRules.limits(bench).u16(4 + 10);
    int count = most == 0 ? MANY : Math.min(most, MANY);
    byte[] content = bench.fill(bench.source(), 2 * MANY);
    byte[] there = bench.fill(bench.destination(), 2 * MANY);
    byte[][] from = new byte[count][];
    byte[][] to = new byte[count][];
    int blockBytes = bench.blockBytes();
    for (int i = 0; i < count; i++) {
      from[i] = Bytes.range(bench.source() + 2L * (count - 1 - i), 1);
      to[i] = Bytes.range(bench.destination() + 2L * i, 1);
      System.arraycopy(
          content, 2 * (count - 1 - i) * blockBytes, there, 2 * i * blockBytes, blockBytes);
    }
    requireGood(bench.use(bench.nextList(), 0, bench.token(from), to));
    return same(bench, bench.destination(), there);
  }

  /** Asks for twice as many blocks as the token of the first ones of the source half has. */
  private static Answer useTwice(Bench bench) throws IOException, UnmetException {
    byte[] token = bench.token(Bytes.range(bench.source(), SOME));
    return bench.use(bench.nextList(), 0, token, Bytes.range(bench.destination(), 2L * SOME));
  }

  /** The header of a token that there is, and nothing else of it. */
  private static byte[] foreignToken(Bench bench) throws IOException, UnmetException {
    byte[] token = bench.token(Bytes.range(bench.source(), SOME));
    Arrays.fill(token, 8, 512, (byte) 0x5A);
    return token;
  }
}
