package io.gantry.target;

import io.gantry.scsi.Cdb;
import io.gantry.scsi.Command;
import io.gantry.scsi.Decoded;
import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Mode pages of a logical unit (SPC-4 7.5, SBC-3 6.4): one set for all nexuses, current values and
 * saved ones. Safe for use by several threads.
 */
final class ModePages {
  /*
   * What commands look at on their way are volatile fields, which change when a MODE SELECT was
   * found good as a whole. Saved values are an attribute of the volume, so they survive a restart:
   * the pages one behind the other, as on the wire. Of a page that has another length there than
   * here, the default values hold.
   */
  static final String ATTRIBUTE = "scsi.mode-pages";

  private static final int ALL_PAGES = 0x3F;
  private static final int ALL_SUBPAGES = 0xFF;
  private static final int DPO_AND_FUA = 0x10;
  private static final int WRITE_PROTECTED = 0x80;
  private static final int PS = 0x80;
  private static final int SPF = 0x40;

  // PC, SPC-4 6.13.1
  private static final int CHANGEABLE = 1;
  private static final int DEFAULT = 2;
  private static final int SAVED = 3;

  /**
   * A page.
   *
   * @param initial its default values, header and all
   * @param mask which bits a MODE SELECT may change
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Page(byte[] initial, byte[] mask) {
    int code() {
      return initial[0] & 0x3F;
    }

    int subpage() {
      return (initial[0] & SPF) == 0 ? 0 : initial[1];
    }

    int headerLength() {
      return (initial[0] & SPF) == 0 ? 2 : 4;
    }

    boolean isMeant(int code, int subpage) {
      return (code == ALL_PAGES || code == code())
          && (subpage == ALL_SUBPAGES || subpage == subpage());
    }
  }

  /** Errors are corrected as a disk does (AWRE, ARRE); thresholds are armed by LBPERE. */
  private static final Page ERROR_RECOVERY =
      new Page(page(0x01, 0x0A, 2, 0xC0), page(0x01, 0x0A, 7, 0x80));

  /** There is a volatile write cache (WCE); SYNCHRONIZE CACHE and FUA empty it. */
  private static final Page CACHING =
      new Page(page(0x08, 0x12, 2, 0x04), page(0x08, 0x12, 2, 0x05));

  /** Aborted tasks answer TASK ABORTED (TAS), tasks may be reordered. D_SENSE, SWP. */
  private static final Page CONTROL =
      new Page(page(0x0A, 0x0A, 3, 0x10, 5, 0x40), page(0x0A, 0x0A, 2, 0x04, 4, 0x08));

  /** The clock is set by other means (TCMOS) until SET TIMESTAMP sets it (SCSIP). */
  private static final Page CONTROL_EXTENSION =
      new Page(subpage(0x0A, 0x01, 0x1C, 4, 0x06), subpage(0x0A, 0x01, 0x1C));

  /** No failure predictions (DEXCPT). */
  private static final Page EXCEPTIONS = new Page(page(0x1C, 0x0A, 2, 0x08), page(0x1C, 0x0A));

  private static final Page PROVISIONING =
      new Page(
          subpage(
              0x1C,
              0x02,
              12 + 8 * SpaceThresholds.COUNT,
              16,
              SpaceThresholds.DECREASING,
              17,
              SpaceThresholds.AVAILABLE,
              24,
              SpaceThresholds.INCREASING,
              25,
              SpaceThresholds.USED),
          subpage(
              0x1C,
              0x02,
              12 + 8 * SpaceThresholds.COUNT,
              4,
              1,
              16,
              0x80,
              20,
              0xFF,
              21,
              0xFF,
              22,
              0xFF,
              23,
              0xFF,
              24,
              0x80,
              28,
              0xFF,
              29,
              0xFF,
              30,
              0xFF,
              31,
              0xFF));

  private static final List<Page> PAGES =
      List.of(ERROR_RECOVERY, CACHING, CONTROL, CONTROL_EXTENSION, EXCEPTIONS, PROVISIONING);

  private final Pool pool;
  private final Volume volume;

  // Guarded by this.
  private byte[][] current;
  private byte[][] saved;

  private volatile boolean writeThrough;
  private volatile boolean readThrough;
  private volatile boolean softwareProtected;
  private volatile boolean descriptorSense;
  private volatile SpaceThresholds thresholds = SpaceThresholds.NONE;

  /** The pages of a volume, as they were saved. */
  ModePages(Pool pool, Volume volume) {
    this.pool = pool;
    this.volume = volume;
    this.saved = restored(pool.attribute(volume, ATTRIBUTE));
    this.current = copy(saved);
    look();
  }

  private static byte[] page(int code, int length, int... offsetsAndValues) {
    return filled(new byte[] {(byte) code, (byte) length}, length, offsetsAndValues);
  }

  private static byte[] subpage(int code, int subpage, int length, int... offsetsAndValues) {
    byte[] header = {(byte) (SPF | code), (byte) subpage, (byte) (length >> 8), (byte) length};
    return filled(header, length, offsetsAndValues);
  }

  private static byte[] filled(byte[] header, int length, int... offsetsAndValues) {
    byte[] bytes = Arrays.copyOf(header, header.length + length);
    for (int i = 0; i < offsetsAndValues.length; i += 2) {
      bytes[offsetsAndValues[i]] = (byte) offsetsAndValues[i + 1];
    }
    return bytes;
  }

  private static byte[][] defaults() {
    return PAGES.stream().map(page -> page.initial.clone()).toArray(byte[][]::new);
  }

  private static byte[][] copy(byte[][] pages) {
    return Arrays.stream(pages).map(byte[]::clone).toArray(byte[][]::new);
  }

  private static byte[][] restored(byte[] attribute) {
    byte[][] values = defaults();
    ByteBuffer list = ByteBuffer.wrap(attribute);
    while (list.hasRemaining()) {
      Decoded<Sent> sent = next(list);
      if (sent instanceof Decoded.Valid<Sent>(Sent s)) {
        values[s.index] = s.values;
      } else {
        break; // written by a version that had other pages
      }
    }
    return values;
  }

  private byte[] value(Page page) {
    return current[PAGES.indexOf(page)];
  }

  /** Works out what the current values mean. */
  private void look() {
    int caching = value(CACHING)[2];
    writeThrough = (caching & 0x04) == 0;
    readThrough = (caching & 0x01) != 0;
    descriptorSense = (value(CONTROL)[2] & 0x04) != 0;
    softwareProtected = (value(CONTROL)[4] & 0x08) != 0;
    boolean armed = (value(ERROR_RECOVERY)[7] & 0x80) != 0;
    thresholds = armed ? SpaceThresholds.decode(value(PROVISIONING)) : SpaceThresholds.NONE;
  }

  /** WCE=0: a write is on stable storage before it is answered. */
  boolean writeThrough() {
    return writeThrough;
  }

  /** RCD=1: what a read returns is on stable storage before it is answered. */
  boolean readThrough() {
    return readThrough;
  }

  /** SWP=1: no writes. */
  boolean softwareProtected() {
    return softwareProtected;
  }

  /** D_SENSE=1: sense data are in descriptor format. */
  boolean descriptorSense() {
    return descriptorSense;
  }

  /** What the initiators want to be told of the pool's space. */
  SpaceThresholds thresholds() {
    return thresholds;
  }

  /**
   * Answers MODE SENSE(6) or (10).
   *
   * @param readOnly whether who asks may not write, whoever else may
   */
  synchronized ScsiResponse sense(Cdb.ModeSense c, ScsiRequest request, boolean readOnly) {
    boolean six = c.command() == Command.MODE_SENSE_6;
    int header = six ? 4 : 8;
    ByteBuffer data = ByteBuffer.allocate(512).position(header);
    if (!c.disableBlockDescriptors()) {
      putBlockDescriptor(data, c.longAddresses());
    }
    int descriptors = data.position() - header;
    boolean codeKnown = c.page() == ALL_PAGES;
    for (int i = 0; i < PAGES.size(); i++) {
      Page page = PAGES.get(i);
      codeKnown |= c.page() == page.code();
      if (page.isMeant(c.page(), c.subpage())) {
        byte[] value =
            switch (c.pageControl()) {
              case CHANGEABLE -> page.mask;
              case DEFAULT -> page.initial;
              case SAVED -> saved[i];
              default -> current[i];
            };
        data.put(value);
        data.put(data.position() - value.length, (byte) (PS | value[0]));
      }
    }
    boolean sensible = c.page() != ALL_PAGES || c.subpage() == 0 || c.subpage() == ALL_SUBPAGES;
    if (data.position() == header + descriptors || !sensible) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(codeKnown ? 3 : 2));
    }
    int length = data.position();
    boolean writable = !volume.readOnly() && !softwareProtected && !readOnly;
    int device = DPO_AND_FUA | (writable ? 0 : WRITE_PROTECTED);
    if (six) {
      data.put(0, (byte) (length - 1)).put(2, (byte) device).put(3, (byte) descriptors);
    } else {
      data.putShort(0, (short) (length - 2)).put(3, (byte) device);
      data.put(4, (byte) (descriptors == 16 ? 1 : 0)).putShort(6, (short) descriptors);
    }
    return CommandData.answer(request, c.allocation(), Arrays.copyOf(data.array(), length));
  }

  private long blocks() {
    return volume.sizeBytes() / volume.blockBytes();
  }

  // SBC-3 6.4.2
  private void putBlockDescriptor(ByteBuffer data, boolean longAddresses) {
    if (longAddresses) {
      data.putLong(blocks()).putInt(0).putInt(volume.blockBytes());
    } else {
      data.putInt((int) Math.min(blocks(), 0xffff_ffffL)).putInt(volume.blockBytes());
    }
  }

  /**
   * What a MODE SELECT sent.
   *
   * @param index of the page in {@link #PAGES}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sent(int index, byte[] values) {}

  /** Reads the page at a buffer's position, and leaves the position behind it. */
  private static Decoded<Sent> next(ByteBuffer list) {
    int at = list.position();
    boolean hasSubpage = (list.get(at) & SPF) != 0;
    int header = hasSubpage ? 4 : 2;
    if (list.remaining() < header) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    int length = hasSubpage ? list.getShort(at + 2) & 0xffff : list.get(at + 1) & 0xff;
    int code = list.get(at) & 0x3F;
    int subpage = hasSubpage ? list.get(at + 1) & 0xff : 0;
    for (int i = 0; i < PAGES.size(); i++) {
      Page page = PAGES.get(i);
      if (page.code() == code && page.subpage() == subpage && page.headerLength() == header) {
        if (length != page.initial.length - header) {
          return invalid(at + header - 1);
        }
        if (list.remaining() < header + length) {
          return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
        }
        byte[] values = new byte[header + length];
        list.get(values);
        values[0] &= 0x7F; // PS is reserved here
        return new Decoded.Valid<>(new Sent(i, values));
      }
    }
    return invalid(at);
  }

  private static Decoded<Sent> invalid(int at) {
    return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at));
  }

  /**
   * Carries MODE SELECT(6) or (10) out: all of it, or nothing.
   *
   * @return whether anything has changed, or why not
   */
  synchronized Decoded<Boolean> select(PrimaryCdb.ModeSelect c, ScsiRequest request)
      throws IOException {
    ByteBuffer list = CommandData.parameterList(request, c.parameterListLength()).slice();
    if (c.parameterListLength() == 0) {
      return new Decoded.Valid<>(false);
    }
    boolean six = c.command() == Command.MODE_SELECT_6;
    int header = six ? 4 : 8;
    if (list.remaining() < c.parameterListLength() || list.remaining() < header) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    int descriptors = six ? list.get(3) & 0xff : list.getShort(6) & 0xffff;
    boolean longOnes = !six && (list.get(4) & 1) != 0;
    Optional<Sense> refusal = checkDescriptor(list, header, descriptors, longOnes);
    if (refusal.isPresent()) {
      return new Decoded.Invalid<>(refusal.get());
    }
    list.position(header + descriptors);
    byte[][] next = copy(current);
    while (list.hasRemaining()) {
      int at = list.position();
      switch (next(list)) {
        case Decoded.Invalid<Sent>(Sense sense) -> {
          return new Decoded.Invalid<>(sense);
        }
        case Decoded.Valid<Sent>(Sent sent) -> {
          byte[] mask = PAGES.get(sent.index).mask;
          for (int i = PAGES.get(sent.index).headerLength(); i < mask.length; i++) {
            if (((sent.values[i] ^ current[sent.index][i]) & ~mask[i]) != 0) {
              return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at + i));
            }
          }
          next[sent.index] = sent.values;
        }
      }
    }
    if (c.savePages()) {
      pool.setAttribute(volume, ATTRIBUTE, joined(next));
      saved = copy(next);
    }
    boolean changed = !Arrays.deepEquals(next, current);
    current = next;
    look();
    return new Decoded.Valid<>(changed);
  }

  /** A block descriptor may only say what is so: neither size can be set (SBC-3 6.4.2). */
  private Optional<Sense> checkDescriptor(ByteBuffer list, int header, int length, boolean isLong) {
    if (length == 0) {
      return Optional.empty();
    }
    if (length != (isLong ? 16 : 8)) {
      int at = header == 4 ? 3 : 6;
      return Optional.of(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at));
    }
    if (list.remaining() < header + length) {
      return Optional.of(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    long count = isLong ? list.getLong(header) : list.getInt(header) & 0xffff_ffffL;
    int blockBytes = isLong ? list.getInt(header + 12) : list.getInt(header + 4) & 0xffffff;
    boolean same = count == 0 || count == blocks() || (!isLong && count == 0xffff_ffffL);
    if (!same) {
      return Optional.of(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(header));
    }
    return blockBytes == volume.blockBytes()
        ? Optional.empty()
        : Optional.of(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(header + (isLong ? 12 : 5)));
  }

  private static byte[] joined(byte[][] pages) {
    int length = Arrays.stream(pages).mapToInt(page -> page.length).sum();
    ByteBuffer b = ByteBuffer.allocate(length);
    Arrays.stream(pages).forEach(b::put);
    return b.array();
  }
}
