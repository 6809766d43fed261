package io.gantry.copy.doctor;

import io.gantry.copy.doctor.Rule.Effect;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a logical unit says of itself before anything is copied. */
final class DiscoveryRules {
  private static final int LIMITS_LENGTH = 36;

  /** Windows gives up a token that it cannot use within some seconds. */
  private static final int SECONDS_MIN = 10;

  private static final long WINDOWS_COMMAND_BYTES = 64L << 20;

  private DiscoveryRules() {}

  static List<Rule> rules() {
    return List.of(
        new Rule(
            "D1",
            "it is a disk",
            "SPC-4 INQUIRY, PERIPHERAL DEVICE TYPE; Windows' class driver",
            Effect.NEVER_OFFLOADED,
            "Windows offloads to disks only",
            bench -> {
              Answer inquiry = bench.ask(Bytes.inquiry(36), 36);
              return Verdict.of(
                  inquiry.isGood() && inquiry.data().length > 0 && inquiry.data()[0] == 0,
                  "peripheral qualifier and device type %02Xh".formatted(inquiry.u8(0)));
            }),
        new Rule(
            "D2",
            "the list of VPD pages ascends",
            "SPC-4 VPD page 00h; Windows' class driver",
            Effect.NEVER_OFFLOADED,
            "Windows does not trust a list that is not sorted, and uses no optional feature at all",
            DiscoveryRules::pagesAscend),
        new Rule(
            "D3",
            "the list of VPD pages has 8Fh, third-party copy",
            "SBC-4 POPULATE TOKEN; WHCP CopyOffload",
            Effect.NEVER_OFFLOADED,
            "the disk does not say that it knows tokens",
            bench -> {
              List<Integer> codes = listedPages(bench);
              return Verdict.of(codes.contains(0x8F), "lists " + hex(codes));
            }),
        new Rule(
            "D4",
            "page 8Fh begins with the ROD token limits, 36 bytes",
            "SPC-4 VPD page 8Fh; Windows' class driver",
            Effect.NEVER_OFFLOADED,
            "Windows reads the first descriptor only, and that must be this one",
            DiscoveryRules::beginsWithLimits),
        new Rule(
            "D5",
            "a token lives long enough",
            "SPC-4 VPD page 8Fh, DEFAULT and MAXIMUM INACTIVITY TIMEOUT",
            Effect.FALLS_BACK,
            "tokens can be gone before Windows uses them",
            DiscoveryRules::tokenLife),
        new Rule(
            "D6",
            "one command can copy 64 MiB",
            "SPC-4 VPD page 8Fh, MAXIMUM TOKEN TRANSFER SIZE",
            Effect.SLOWER,
            "Windows needs more commands than the one for 64 MiB that it would send",
            DiscoveryRules::transferSize),
        new Rule(
            "D7",
            "the optimal transfer is not longer than the longest",
            "SPC-4 VPD page 8Fh, OPTIMAL TRANSFER COUNT",
            Effect.SLOWER,
            "limits that contradict each other lead to commands that are cut",
            bench -> {
              Answer limits = limits(bench);
              long most = limits.u64(4 + 20);
              long optimal = limits.u64(4 + 28);
              return Verdict.of(
                  most == 0 || Long.compareUnsigned(optimal, most) <= 0,
                  "optimal %,d, longest %,d blocks".formatted(optimal, most));
            }),
        new Rule(
            "D8",
            "one command takes several ranges",
            "SPC-4 VPD page 8Fh, MAXIMUM RANGE DESCRIPTORS",
            Effect.SLOWER,
            "fragmented files need a command for each fragment",
            bench -> {
              int most = limits(bench).u16(4 + 10);
              return Verdict.of(most != 1, most == 0 ? "no limit" : "%d ranges".formatted(most));
            }),
        new Rule(
            "D9",
            "page B0h, block limits, is there",
            "SBC-4 VPD page B0h; WHCP CopyOffload",
            Effect.SLOWER,
            "Windows does not learn which transfers suit the disk",
            bench -> {
              Answer page = bench.page(0xB0);
              boolean listed = listedPages(bench).contains(0xB0);
              return Verdict.of(
                  listed && page.isGood() && page.u8(1) == 0xB0,
                  listed ? "is there" : "is not listed");
            }),
        new Rule(
            "D10",
            "INQUIRY says that third-party copies are supported (3PC)",
            "SPC-4 INQUIRY, 3PC",
            Effect.EXPECTED,
            "Windows does not look at it, but ddpt and others do not try",
            bench -> {
              Answer inquiry = bench.ask(Bytes.inquiry(36), 36);
              return Verdict.of(
                  (inquiry.u8(5) & 8) != 0, "byte 5 is %02Xh".formatted(inquiry.u8(5)));
            }),
        new Rule(
            "D11",
            "descriptors of page 8Fh ascend, each of a multiple of 4 bytes",
            "SPC-4 VPD page 8Fh",
            Effect.NONE,
            "readers that look for a descriptor can miss it",
            DiscoveryRules::descriptorsAscend),
        new Rule(
            "D12",
            "page 8Fh lists the commands that tokens need",
            "SPC-4 VPD page 8Fh, supported commands; SBC-4 POPULATE TOKEN",
            Effect.EXPECTED,
            "Windows does not look there; who does finds no offload",
            DiscoveryRules::listsCommands),
        new Rule(
            "D13",
            "page 8Fh lists a point-in-time ROD type that tokens are made of",
            "SPC-4 VPD page 8Fh, supported ROD types",
            Effect.NONE,
            "nothing tells what a token stands for",
            bench -> {
              List<Integer> out = rodTypes(bench, 1);
              return Verdict.of(
                  out.stream().anyMatch(type -> (type & 0xffff_0000) == 0x0080_0000),
                  "tokens of type " + hex8(out));
            }),
        new Rule(
            "D14",
            "page 8Fh lists the zero ROD token as one that is taken",
            "SPC-4 VPD page 8Fh, supported ROD types; SBC-4 block device zero ROD token",
            Effect.NONE,
            "initiators do not know that zeros can be copied without a source",
            bench -> {
              List<Integer> in = rodTypes(bench, 2);
              return Verdict.of(in.contains(0xFFFF_0001), "takes " + hex8(in));
            }),
        new Rule(
            "D15",
            "page 8Fh has ROD token features and general copy operations",
            "SPC-4 VPD page 8Fh",
            Effect.NONE,
            "limits on lifetime and concurrency are not told",
            bench -> {
              var found = descriptors(bench.copyPage()).keySet();
              return Verdict.of(
                  found.contains(0x0106) && found.contains(0x8001), "has " + hex4(found));
            }),
        supported("D16", "POPULATE TOKEN", 0x83, 0x10),
        supported("D17", "WRITE USING TOKEN", 0x83, 0x11),
        supported("D18", "RECEIVE ROD TOKEN INFORMATION", 0x84, 0x07),
        new Rule(
            "D19",
            "page 83h names the logical unit",
            "SPC-4 VPD page 83h, association 0, designator type 2, 3 or 8",
            Effect.EXPECTED,
            "Windows cannot tell whether two paths lead to one disk, for MPIO and clusters",
            DiscoveryRules::namesItself),
        new Rule(
            "D20",
            "a thin disk says that what is unmapped reads as zeros",
            "SBC-3 READ CAPACITY(16), LBPME and LBPRZ; VPD page B2h; Windows' class driver",
            Effect.EXPECTED,
            "Windows refuses trims that are to leave zeros (STATUS_TRIM_READ_ZERO_NOT_SUPPORTED)",
            DiscoveryRules::thinReadsZeros));
  }

  /**
   * A rule that REPORT SUPPORTED OPERATION CODES (SPC-4 REPORT SUPPORTED OPERATION CODES) knows a
   * command.
   */
  private static Rule supported(String id, String command, int opcode, int action) {
    return new Rule(
        id,
        "REPORT SUPPORTED OPERATION CODES knows " + command,
        "SPC-4 REPORT SUPPORTED OPERATION CODES, SUPPORT",
        Effect.EXPECTED,
        "Windows does not ask; tools that do take it for missing",
        bench -> {
          // Reporting options 011b: one command, with its service action if it has any.
          byte[] cdb =
              Bytes.of("a3 0c 03 %02x".formatted(opcode), Bytes.u16(action), "00000040 0000");
          Answer answer = bench.ask(cdb, 64);
          return answer.isGood()
              ? Verdict.of((answer.u8(1) & 7) == 3, "SUPPORT is %d".formatted(answer.u8(1) & 7))
              : Verdict.notOffered("the question is not answered: " + answer.describe());
        });
  }

  private static Verdict namesItself(Bench bench) throws IOException {
    Answer page = bench.ask(Bytes.page(0x83, 1024), 1024);
    int end = Math.min(page.data().length, 4 + page.u16(2));
    for (int at = 4; at + 4 <= end; at += 4 + page.u8(at + 3)) {
      int type = page.u8(at + 1) & 0x0f;
      boolean isUnits = (page.u8(at + 1) & 0x30) == 0;
      if (isUnits && (type == 2 || type == 3 || type == 8) && page.u8(at + 3) > 0) {
        return Verdict.met("designator of type %d, %d bytes".formatted(type, page.u8(at + 3)));
      }
    }
    return Verdict.notMet(page.isGood() ? "there is none in it" : "page 83h: " + page.describe());
  }

  private static Verdict thinReadsZeros(Bench bench) throws IOException {
    Answer capacity = bench.ask(Bytes.of("9e 10 0000000000000000 00000020 00 00"), 32);
    if ((capacity.u8(14) & 0x80) == 0) {
      return Verdict.notOffered("it is not thin: READ CAPACITY(16) has no LBPME");
    }
    boolean isListed = listedPages(bench).contains(0xB2);
    boolean zeros = (capacity.u8(14) & 0x40) != 0;
    int page = (bench.page(0xB2).u8(5) >> 2) & 7;
    return Verdict.of(
        isListed && zeros && page != 0,
        "LBPRZ is %d in READ CAPACITY(16), %d in page B2h%s"
            .formatted(zeros ? 1 : 0, page, isListed ? "" : ", which is not listed"));
  }

  private static List<Integer> listedPages(Bench bench) throws IOException {
    Answer list = bench.page(0x00);
    List<Integer> codes = new ArrayList<>();
    int end = Math.min(list.data().length, 4 + list.u16(2));
    for (int at = 4; at < end; at++) {
      codes.add(list.u8(at));
    }
    return codes;
  }

  private static Verdict pagesAscend(Bench bench) throws IOException {
    List<Integer> codes = listedPages(bench);
    if (codes.isEmpty() || codes.getFirst() != 0) {
      return Verdict.notMet("the list does not begin with 00h: " + hex(codes));
    }
    for (int i = 1; i < codes.size(); i++) {
      if (codes.get(i) <= codes.get(i - 1)) {
        return Verdict.notMet("%02Xh is out of order in %s".formatted(codes.get(i), hex(codes)));
      }
    }
    return Verdict.met(hex(codes));
  }

  private static Verdict beginsWithLimits(Bench bench) throws IOException {
    Answer page = bench.page(0x8F);
    if (!page.isGood()) {
      return Verdict.notMet("page 8Fh: " + page.describe());
    }
    boolean begins =
        page.u16(2) >= LIMITS_LENGTH
            && page.u16(4) == 0
            && page.u16(6) == 0x20
            && page.data().length >= 4 + LIMITS_LENGTH;
    return Verdict.of(
        begins,
        "page length %d, first descriptor %04Xh of %d bytes"
            .formatted(page.u16(2), page.u16(4), 4 + page.u16(6)));
  }

  /** Page 8Fh, whose limits are where Windows looks for them. */
  static Answer limits(Bench bench) throws IOException, UnmetException {
    if (beginsWithLimits(bench).kind() != Verdict.Kind.MET) {
      throw UnmetException.notOffered("page 8Fh tells no limits");
    }
    return bench.page(0x8F);
  }

  private static Verdict tokenLife(Bench bench) throws IOException, UnmetException {
    Answer limits = limits(bench);
    long most = limits.u32(4 + 12);
    long usual = limits.u32(4 + 16);
    String found =
        "%,d s without use, at most %s"
            .formatted(usual, most == 0 ? "without limit" : "%,d s".formatted(most));
    return Verdict.of(usual >= SECONDS_MIN && (most == 0 || usual <= most), found);
  }

  private static Verdict transferSize(Bench bench) throws IOException, UnmetException {
    long most = limits(bench).u64(4 + 20);
    if (most == 0) {
      return Verdict.met("no limit");
    }
    boolean enough = Long.compareUnsigned(most, WINDOWS_COMMAND_BYTES / bench.blockBytes()) >= 0;
    return Verdict.of(enough, "%s blocks".formatted(Long.toUnsignedString(most)));
  }

  /** Where each descriptor of page 8Fh begins, by its type. */
  private static Map<Integer, Integer> descriptors(Answer page) {
    Map<Integer, Integer> found = new TreeMap<>();
    int end = Math.min(page.data().length, 4 + page.u16(2));
    for (int at = 4; at + 4 <= end; at += 4 + page.u16(at + 2)) {
      found.putIfAbsent(page.u16(at), at);
    }
    return found;
  }

  private static Verdict descriptorsAscend(Bench bench) throws IOException, UnmetException {
    Answer page = bench.copyPage();
    int end = Math.min(page.data().length, 4 + page.u16(2));
    int last = -1;
    int at = 4;
    while (at + 4 <= end) {
      int type = page.u16(at);
      int length = 4 + page.u16(at + 2);
      if (type <= last || length % 4 != 0) {
        return Verdict.notMet("%04Xh of %d bytes behind %04Xh".formatted(type, length, last));
      }
      last = type;
      at += length;
    }
    return Verdict.of(at == end, hex4(descriptors(page).keySet()));
  }

  private static Verdict listsCommands(Bench bench) throws IOException, UnmetException {
    Answer page = bench.copyPage();
    Integer start = descriptors(page).get(0x0001);
    if (start == null) {
      return Verdict.notMet("there is no descriptor 0001h");
    }
    List<String> listed = listedCommands(page, start);
    return Verdict.of(
        listed.containsAll(List.of("83h/10h", "83h/11h", "84h/07h")), String.join(" ", listed));
  }

  private static List<String> listedCommands(Answer page, int start) {
    List<String> listed = new ArrayList<>();
    int end = Math.min(page.data().length, start + 5 + page.u8(start + 4));
    for (int at = start + 5; at + 2 <= end; at += 2 + page.u8(at + 1)) {
      for (int i = 0; i < page.u8(at + 1); i++) {
        listed.add("%02Xh/%02Xh".formatted(page.u8(at), page.u8(at + 2 + i)));
      }
    }
    return listed;
  }

  /** Ends a check of a command that page 8Fh does not list, such as {@code 83h/1Ch}. */
  static void requireListed(Bench bench, String command) throws IOException, UnmetException {
    Answer page = bench.copyPage();
    Integer start = descriptors(page).get(0x0001);
    if (start == null || !listedCommands(page, start).contains(command)) {
      throw UnmetException.notOffered("page 8Fh does not list " + command);
    }
  }

  /** REMOTE TOKENS of descriptor 0106h: 0 for none; 4 takes them; 6 makes them, too. */
  static int remoteTokens(Bench bench) throws IOException, UnmetException {
    Answer page = bench.copyPage();
    Integer start = descriptors(page).get(0x0106);
    return start == null ? 0 : page.u8(start + 4) & 0x0f;
  }

  /**
   * ROD types of descriptor 0108h.
   *
   * @param flag 1: TOKEN_OUT, 2: TOKEN_IN
   */
  static List<Integer> rodTypes(Bench bench, int flag) throws IOException, UnmetException {
    Answer page = bench.copyPage();
    Integer start = descriptors(page).get(0x0108);
    if (start == null) {
      throw UnmetException.notOffered("page 8Fh tells no ROD types");
    }
    List<Integer> types = new ArrayList<>();
    int end = start + 8 + page.u16(start + 6);
    for (int at = start + 8; at + 64 <= end; at += 64) {
      if ((page.u8(at + 4) & flag) != 0) {
        types.add((int) page.u32(at));
      }
    }
    return types;
  }

  private static String hex(List<Integer> codes) {
    return String.join(" ", codes.stream().map("%02X"::formatted).toList());
  }

  private static String hex4(Iterable<Integer> codes) {
    List<String> words = new ArrayList<>();
    codes.forEach(code -> words.add("%04Xh".formatted(code)));
    return String.join(" ", words);
  }

  private static String hex8(List<Integer> codes) {
    return String.join(" ", codes.stream().map("%08Xh"::formatted).toList());
  }
}
