package io.gantry.copy.doctor;

import static io.gantry.copy.doctor.Bench.SOME;

import io.gantry.copy.doctor.Rule.Check;
import io.gantry.copy.doctor.Rule.Effect;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Making tokens: POPULATE TOKEN (SBC-4). Nothing here writes. */
final class PopulateRules {
  private static final String CLAUSE = "SBC-4 POPULATE TOKEN";

  /** WHCP CopyOffload; Windows' CopyOffloadMaxTargetDuration. */
  static final Duration LONGEST = Duration.ofSeconds(4);

  private static final long NO_LIMIT = 0xffff_ffffL;

  private PopulateRules() {}

  static List<Rule> rules() {
    return List.of(
        new Rule(
            "P1",
            "a token can be made as Windows asks for it",
            CLAUSE + "; Windows' class driver",
            Effect.FALLS_BACK,
            "no token, no offload",
            bench -> {
              byte[] list = Bytes.populateList(0, 0, 0, some(bench));
              return Verdict.good(
                  bench.send(Bytes.populateToken(bench.nextList(), list.length), list));
            }),
        new Rule(
            "P2",
            "that takes less than four seconds for 64 MiB",
            "WHCP CopyOffload",
            Effect.FALLS_BACK,
            "Windows gives up commands that take longer",
            bench -> {
              long blocks =
                  Math.min(bench.blocks() - bench.readable(), (64L << 20) / bench.blockBytes());
              long most = DiscoveryRules.limits(bench).u64(4 + 20);
              blocks = most == 0 || Long.compareUnsigned(most, blocks) >= 0 ? blocks : most;
              Answer made = bench.populate(bench.nextList(), Bytes.range(bench.readable(), blocks));
              return made.isGood()
                  ? Verdict.of(made.took().compareTo(LONGEST) < 0, took(made.took()))
                  : Verdict.notMet("answers " + made.describe());
            }),
        new Rule(
            "P3",
            "ranges past the end are refused as such",
            CLAUSE,
            Effect.MISLED,
            "Windows expects STATUS_NONEXISTENT_SECTOR",
            bench ->
                Verdict.refused(
                    bench.populate(bench.nextList(), Bytes.range(bench.blocks() - 1, 2)),
                    5,
                    0x21,
                    0)),
        new Rule(
            "P4",
            "too many ranges are refused as such",
            CLAUSE + "; WHCP CopyOffload",
            Effect.MISLED,
            "Windows expects STATUS_TOO_MANY_SEGMENT_DESCRIPTORS",
            bench -> {
              int most = DiscoveryRules.limits(bench).u16(4 + 10);
              if (most == 0 || most > 4000 || most + 1 > bench.blocks()) {
                return Verdict.notOffered("there is no limit that could be exceeded here");
              }
              return Verdict.refused(
                  bench.populate(bench.nextList(), singles(bench.readable(), most + 1)),
                  5,
                  0x26,
                  8);
            }),
        new Rule(
            "P5",
            "as many ranges as the limit says are taken",
            CLAUSE + ", MAXIMUM RANGE DESCRIPTORS",
            Effect.FALLS_BACK,
            "Windows sends as many as the limit allows, up to 64",
            bench -> {
              int most = DiscoveryRules.limits(bench).u16(4 + 10);
              int count = (int) Math.min(most == 0 ? 64 : Math.min(most, 64), bench.blocks());
              int list = bench.nextList();
              Answer made = bench.populate(list, singles(bench.readable(), count));
              return made.isGood()
                  ? Verdict.of(
                      bench.report(list).count() == count,
                      "%d ranges, %d blocks".formatted(count, bench.report(list).count()))
                  : Verdict.notMet("%d ranges: %s".formatted(count, made.describe()));
            }),
        new Rule(
            "P6",
            "a lifetime beyond the maximum is refused",
            CLAUSE + ", INACTIVITY TIMEOUT; WHCP CopyOffload",
            Effect.MISLED,
            "Windows would believe that the token lives as long as it asked for",
            bench -> {
              long most = DiscoveryRules.limits(bench).u32(4 + 12);
              if (most == 0 || most == NO_LIMIT) {
                return Verdict.notOffered("the lifetime is not limited");
              }
              byte[] list = Bytes.populateList(0, most + 1, 0, some(bench));
              return Verdict.refused(bench.populateWith(bench.nextList(), list), 5, 0x26, 0);
            }),
        new Rule(
            "P7",
            "more than the longest transfer is refused",
            CLAUSE + "; WHCP CopyOffload",
            Effect.MISLED,
            "Windows expects to hear of it",
            bench -> {
              long most = DiscoveryRules.limits(bench).u64(4 + 20);
              if (most <= 0 || most >= NO_LIMIT || most + 1 > bench.blocks()) {
                return Verdict.notOffered("there is no limit that could be exceeded here");
              }
              return Verdict.refused(
                  bench.populate(bench.nextList(), Bytes.range(0, most + 1)), 5, 0x26, 0);
            }),
        new Rule(
            "P8",
            "ranges that overlap are refused",
            CLAUSE,
            Effect.NONE,
            "it is not defined what such a token holds",
            bench ->
                Verdict.refused(
                    bench.populate(
                        bench.nextList(),
                        Bytes.range(bench.readable(), SOME),
                        Bytes.range(bench.readable() + SOME - 1, SOME)),
                    5,
                    0x26,
                    0)),
        new Rule(
            "P9",
            "an empty parameter list does nothing, and is no error",
            CLAUSE + ", PARAMETER LIST LENGTH",
            Effect.NONE,
            "",
            bench -> Verdict.good(bench.populateWith(bench.nextList(), new byte[0]))),
        new Rule(
            "P10",
            "a parameter list that is cut in its header is refused",
            CLAUSE,
            Effect.MISLED,
            "Windows expects STATUS_DATA_OVERRUN",
            bench ->
                Verdict.refused(
                    bench.populateWith(bench.nextList(), Bytes.of("001e 0000 00000000")),
                    5,
                    0x1A,
                    0)),
        new Rule(
            "P11",
            "a data length without room for a range is refused",
            CLAUSE + ", POPULATE TOKEN DATA LENGTH",
            Effect.NONE,
            "",
            invalidList("001d 00 00 00000000 00000000 0000 0010")),
        new Rule(
            "P12",
            "a range descriptor length without room for a range is refused",
            CLAUSE + ", BLOCK DEVICE RANGE DESCRIPTOR LENGTH",
            Effect.NONE,
            "",
            invalidList("001e 00 00 00000000 00000000 0000 000f")),
        new Rule(
            "P13",
            "a range of no blocks is passed over",
            CLAUSE + ", NUMBER OF LOGICAL BLOCKS",
            Effect.NONE,
            "",
            bench -> {
              int list = bench.nextList();
              Answer made =
                  bench.populate(list, Bytes.range(bench.readable() + 2L * SOME, 0), some(bench));
              return made.isGood()
                  ? Verdict.of(
                      bench.report(list).count() == SOME,
                      "%d blocks".formatted(bench.report(list).count()))
                  : Verdict.notMet("answers " + made.describe());
            }),
        new Rule(
            "P14",
            "ranges behind the end of the parameter list are passed over",
            CLAUSE + ", PARAMETER LIST LENGTH",
            Effect.NONE,
            "",
            bench -> {
              byte[] two =
                  Bytes.populateList(
                      0, 0, 0, some(bench), Bytes.range(bench.readable() + 2L * SOME, SOME));
              int list = bench.nextList();
              byte[] cut = Arrays.copyOf(two, two.length - 16);
              Answer made = bench.populateWith(list, cut);
              return made.isGood()
                  ? Verdict.of(
                      bench.report(list).count() == SOME,
                      "%d blocks".formatted(bench.report(list).count()))
                  : Verdict.notMet("answers " + made.describe());
            }),
        new Rule(
            "P15",
            "the default point-in-time type can be asked for",
            CLAUSE + ", RTV and ROD TYPE",
            Effect.NONE,
            "",
            asked(0x0080_0000)),
        new Rule(
            "P16",
            "any point-in-time type can be asked for, and the token tells which it is",
            CLAUSE + ", ROD TYPE 0080FFFFh",
            Effect.NONE,
            "",
            bench -> {
              if (!DiscoveryRules.rodTypes(bench, 1).contains(0x0080_FFFF)) {
                return Verdict.notOffered("page 8Fh does not list 0080FFFFh");
              }
              byte[] token = bench.tokenWith(Bytes.populateList(2, 0, 0x0080_FFFFL, some(bench)));
              int type = ByteBuffer.wrap(token).getInt(0);
              return Verdict.of(
                  type >= 0x0080_0000 && type <= 0x0080_0003, "type %08Xh".formatted(type));
            }),
        new Rule(
            "P17",
            "a type that does not exist is refused",
            CLAUSE + ", ROD TYPE",
            Effect.NONE,
            "",
            bench -> {
              byte[] list = Bytes.populateList(2, 0, 0x42, some(bench));
              return Verdict.refused(bench.populateWith(bench.nextList(), list), 5, 0x26, 0);
            }),
        new Rule(
            "P18",
            "a type is passed over where RTV does not say that it is one",
            CLAUSE + ", RTV",
            Effect.FALLS_BACK,
            "Windows never sets RTV, and some initiators leave bytes behind",
            bench -> {
              byte[] list = Bytes.populateList(0, 0, 0x42, some(bench));
              return Verdict.good(bench.populateWith(bench.nextList(), list));
            }),
        new Rule(
            "P19",
            "a list identifier can be used again, and stands for the newer operation",
            "SPC-4 LIST IDENTIFIER",
            Effect.FALLS_BACK,
            "Windows counts its identifiers round",
            bench -> {
              int list = bench.nextList();
              Answer first = bench.populate(list, some(bench));
              Answer second = bench.populate(list, Bytes.range(bench.readable(), 2L * SOME));
              if (!first.isGood() || !second.isGood()) {
                return Verdict.notMet("answers %s".formatted(second.describe()));
              }
              long count = bench.report(list).count();
              return Verdict.of(count == 2L * SOME, "%d blocks".formatted(count));
            }),
        new Rule(
            "P20",
            "an unknown service action is refused",
            "SPC-4 EXTENDED COPY, SERVICE ACTION",
            Effect.NONE,
            "",
            bench -> {
              Answer answer =
                  bench.send(Bytes.of("83 1f 0000000000000000 00000000 0000"), new byte[0]);
              return Verdict.of(answer.isUnknownCommand(), "answers " + answer.describe());
            }),
        new Rule(
            "P21",
            "a refused lifetime is pointed at",
            CLAUSE + ", byte 4; SPC-4 sense data, FIELD POINTER",
            Effect.NONE,
            "",
            bench -> {
              long most = DiscoveryRules.limits(bench).u32(4 + 12);
              if (most == 0 || most == NO_LIMIT) {
                return Verdict.notOffered("the lifetime is not limited");
              }
              byte[] list = Bytes.populateList(0, most + 1, 0, some(bench));
              return Verdict.pointed(bench.populateWith(bench.nextList(), list), 4, 4);
            }),
        new Rule(
            "P22",
            "a refused type is pointed at",
            CLAUSE + ", byte 8; SPC-4 sense data, FIELD POINTER",
            Effect.NONE,
            "",
            bench -> {
              byte[] list = Bytes.populateList(2, 0, 0x42, some(bench));
              return Verdict.pointed(bench.populateWith(bench.nextList(), list), 8, 4);
            }),
        new Rule(
            "P23",
            "ranges that are refused since they overlap are pointed at",
            CLAUSE + ", from byte 14 on; SPC-4 sense data, FIELD POINTER",
            Effect.NONE,
            "",
            bench ->
                Verdict.pointed(
                    bench.populate(
                        bench.nextList(),
                        Bytes.range(bench.readable(), SOME),
                        Bytes.range(bench.readable() + SOME - 1, SOME)),
                    14,
                    34)));
  }

  static byte[] some(Bench bench) {
    return Bytes.range(bench.readable(), SOME);
  }

  /** One range for each block. */
  static byte[][] singles(long lba, int count) {
    byte[][] ranges = new byte[count][];
    for (int i = 0; i < count; i++) {
      ranges[i] = Bytes.range(lba + i, 1);
    }
    return ranges;
  }

  private static Check invalidList(String header) {
    return bench ->
        Verdict.refused(
            bench.populateWith(bench.nextList(), Bytes.of(header, some(bench))), 5, 0x26, 0);
  }

  /** Makes a token of a type, and looks whether it is of it. */
  private static Check asked(int type) {
    return bench -> {
      if (!DiscoveryRules.rodTypes(bench, 1).contains(type)) {
        return Verdict.notOffered("page 8Fh does not list %08Xh".formatted(type));
      }
      byte[] token =
          bench.tokenWith(Bytes.populateList(2, 0, Integer.toUnsignedLong(type), some(bench)));
      int made = ByteBuffer.wrap(token).getInt(0);
      return Verdict.of(made == type, "type %08Xh".formatted(made));
    };
  }

  static String took(Duration duration) {
    return "%.1f ms".formatted(duration.toNanos() / 1e6);
  }
}
