package io.gantry.scsi;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The parameter list of EXTENDED COPY (SPC-4 6.4.2, 6.5): a header of one of two formats, CSCD
 * descriptors and segment descriptors. Inline data, which only tape segments and ROD CSCD
 * descriptors use, are not decoded.
 *
 * <p>A CSCD descriptor ID counts the 32-byte places from byte 16 of the list on, so the first
 * descriptor has the ID 0 in the one format, and 1 in the other, whose header takes the place 0.
 *
 * @param format which of the two commands
 * @param listIdentifier names the operation on its I_T nexus; 8 bits in the format LID1
 * @param usage what is kept for who asks for the operation by its list identifier
 * @param priority 0 for the highest to 7; other commands have 1
 * @param sequentialStriped STR: most of the segments are sequential
 * @param immediate IMMED: answer before the copy is done; only in the format LID4
 * @param senseWithGood G_SENSE: GOOD comes with sense data; only in the format LID4
 * @param cscds the logical units that take part
 * @param segments what to do, in this order
 */
public record ExtendedCopyList(
    Format format,
    int listIdentifier,
    Usage usage,
    int priority,
    boolean sequentialStriped,
    boolean immediate,
    boolean senseWithGood,
    List<Cscd> cscds,
    List<CopySegment> segments) {

  /** The two formats. */
  public enum Format {
    LID1,
    LID4
  }

  /** LIST ID USAGE. */
  public enum Usage {
    /** Held data and status are kept. */
    HOLD(0),
    /** Held data may be discarded. */
    DISCARD(2),
    /** There is no list identifier. */
    NONE(3);

    private final int code;

    Usage(int code) {
      this.code = code;
    }
  }

  /** CSCD descriptors lie at this byte plus 32 times their ID. */
  private static final int CSCD_BASE = 16;

  private static final int LIST_FORMAT = 0x01;
  private static final int HEADER_CSCD_TYPE = 0xFF;

  public static final Layout LID1 =
      Layout.bigEndian("EXTENDED COPY(LID1) parameter list", "SPC-4 6.5", 16);
  private static final Layout.Field IDENTIFIER_1 = LID1.uint(0, 1, "LIST IDENTIFIER", "", "");
  private static final Layout.Field STR = LID1.bits(1, 5, 5, "STR", "sequential striped");
  private static final Layout.Field USAGE =
      LID1.bits(1, 4, 3, "LIST ID USAGE", "0: hold results, 2: may discard, 3: no identifier");
  private static final Layout.Field PRIORITY = LID1.bits(1, 2, 0, "PRIORITY", "0: the highest");
  private static final Layout.Field CSCDS_1 =
      LID1.uint(2, 2, "CSCD DESCRIPTOR LIST LENGTH", "bytes", "");
  private static final Layout.Field SEGMENTS_1 =
      LID1.uint(8, 4, "SEGMENT DESCRIPTOR LIST LENGTH", "bytes", "");
  private static final Layout.Field INLINE_1 = LID1.uint(12, 4, "INLINE DATA LENGTH", "bytes", "");

  // Byte 1 is the same in both formats.
  public static final Layout LID4 =
      Layout.bigEndian("EXTENDED COPY(LID4) parameter list", "SPC-4 6.4.2", 48);
  private static final Layout.Field LIST_FORMAT_4 =
      LID4.uint(0, 1, "PARAMETER LIST FORMAT", "", "01h");
  private static final Layout.Field HEADER_CSCD_LENGTH =
      LID4.uint(2, 2, "HEADER CSCD DESCRIPTOR LIST LENGTH", "bytes", "0020h");
  private static final Layout.Field G_SENSE =
      LID4.bits(15, 1, 1, "G_SENSE", "GOOD comes with sense data");
  private static final Layout.Field IMMED = LID4.bits(15, 0, 0, "IMMED", "answer first");
  private static final Layout.Field HEADER_CSCD =
      LID4.uint(16, 1, "HEADER CSCD DESCRIPTOR TYPE CODE", "", "FFh");
  private static final Layout.Field IDENTIFIER_4 = LID4.uint(20, 4, "LIST IDENTIFIER", "", "");
  private static final Layout.Field CSCDS_4 =
      LID4.uint(42, 2, "CSCD DESCRIPTOR LIST LENGTH", "bytes", "");
  private static final Layout.Field SEGMENTS_4 =
      LID4.uint(44, 2, "SEGMENT DESCRIPTOR LIST LENGTH", "bytes", "");
  private static final Layout.Field INLINE_4 = LID4.uint(46, 2, "INLINE DATA LENGTH", "bytes", "");

  public ExtendedCopyList {
    cscds = List.copyOf(cscds);
    segments = List.copyOf(segments);
  }

  /**
   * A list of the format LID1 for a copy between two disks, as most initiators send it.
   *
   * @param listIdentifier 0 to 255
   */
  public static ExtendedCopyList between(
      int listIdentifier,
      CscdDescriptor source,
      CscdDescriptor destination,
      List<CopySegment> segments) {
    return new ExtendedCopyList(
        Format.LID1,
        listIdentifier,
        Usage.DISCARD,
        1,
        false,
        false,
        false,
        List.of(source, destination),
        segments);
  }

  /** The ID of the first CSCD descriptor. */
  public int firstCscd() {
    return firstCscd(format);
  }

  private static int firstCscd(Format format) {
    return format == Format.LID1 ? 0 : 1;
  }

  /** The CSCD descriptor of an ID; empty if the list has none. */
  public Optional<Cscd> cscd(int id) {
    int index = id - firstCscd();
    return index < 0 || index >= cscds.size() ? Optional.empty() : Optional.of(cscds.get(index));
  }

  /** The byte of the list at which the CSCD descriptor of an ID begins. */
  public static int cscdOffset(int id) {
    return CSCD_BASE + id * Cscd.LENGTH;
  }

  /** The byte of the list at which a segment descriptor begins. */
  public int segmentOffset(int index) {
    return segments.stream()
        .limit(index)
        .mapToInt(CopySegment::length)
        .reduce(cscdOffset(firstCscd() + cscds.size()), Integer::sum);
  }

  /** The bytes. */
  public ByteBuffer encode() {
    int cscdBytes = cscds.size() * Cscd.LENGTH;
    int segmentBytes = segments.stream().mapToInt(CopySegment::length).sum();
    int at = cscdOffset(firstCscd());
    ByteBuffer b = ByteBuffer.allocate(at + cscdBytes + segmentBytes);
    STR.set(b, 0, sequentialStriped);
    USAGE.set(b, 0, usage.code);
    PRIORITY.set(b, 0, priority);
    if (format == Format.LID1) {
      IDENTIFIER_1.set(b, 0, listIdentifier);
      CSCDS_1.set(b, 0, cscdBytes);
      SEGMENTS_1.set(b, 0, segmentBytes);
    } else {
      LIST_FORMAT_4.set(b, 0, LIST_FORMAT);
      HEADER_CSCD_LENGTH.set(b, 0, Cscd.LENGTH);
      G_SENSE.set(b, 0, senseWithGood);
      IMMED.set(b, 0, immediate);
      HEADER_CSCD.set(b, 0, HEADER_CSCD_TYPE);
      IDENTIFIER_4.set(b, 0, Integer.toUnsignedLong(listIdentifier));
      CSCDS_4.set(b, 0, cscdBytes);
      SEGMENTS_4.set(b, 0, segmentBytes);
    }
    for (Cscd cscd : cscds) {
      cscd.encode(b, at);
      at += Cscd.LENGTH;
    }
    for (CopySegment segment : segments) {
      CopySegmentCodec.encode(segment, b, at);
      at += segment.length();
    }
    return b;
  }

  /**
   * Reads a list.
   *
   * @param limits of the copy manager; a list that is beyond them is refused
   */
  public static Decoded<ExtendedCopyList> decode(
      Format format, ByteBuffer list, CopyOperatingParameters limits) {
    ByteBuffer b = list.slice();
    boolean one = format == Format.LID1;
    int headerBytes = cscdOffset(firstCscd(format));
    if (b.remaining() < headerBytes) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    Optional<Sense> refusal = refuseHeader(format, b);
    if (refusal.isPresent()) {
      return new Decoded.Invalid<>(refusal.get());
    }
    int cscdBytes = (one ? CSCDS_1 : CSCDS_4).getInt(b, 0);
    long segmentBytes = (one ? SEGMENTS_1 : SEGMENTS_4).get(b, 0);
    long inlineBytes = (one ? INLINE_1 : INLINE_4).get(b, 0);
    if (cscdBytes % Cscd.LENGTH != 0) {
      return invalid(one ? 2 : 42);
    }
    if (cscdBytes + segmentBytes > limits.maximumListBytes()) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    if (cscdBytes / Cscd.LENGTH > limits.maximumCscds()) {
      return new Decoded.Invalid<>(Sense.TOO_MANY_TARGET_DESCRIPTORS.at(one ? 2 : 42));
    }
    if (inlineBytes > limits.maximumInlineBytes()) {
      return new Decoded.Invalid<>(Sense.INLINE_DATA_LENGTH_EXCEEDED.at(one ? 12 : 46));
    }
    if (headerBytes + cscdBytes + segmentBytes + inlineBytes > b.remaining()) {
      return new Decoded.Invalid<>(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    List<Cscd> cscds = new ArrayList<>();
    int at = headerBytes;
    for (; at < headerBytes + cscdBytes; at += Cscd.LENGTH) {
      switch (Cscd.decode(b, at)) {
        case Decoded.Invalid<? extends Cscd>(Sense sense) -> {
          return new Decoded.Invalid<>(sense);
        }
        case Decoded.Valid<? extends Cscd>(Cscd cscd) -> cscds.add(cscd);
      }
    }
    List<CopySegment> segments = new ArrayList<>();
    int end = at + (int) segmentBytes;
    while (at < end) {
      if (segments.size() == limits.maximumSegments()) {
        return new Decoded.Invalid<>(Sense.TOO_MANY_SEGMENT_DESCRIPTORS.at(at));
      }
      switch (CopySegmentCodec.decode(b, at, end)) {
        case Decoded.Invalid<CopySegment>(Sense sense) -> {
          return new Decoded.Invalid<>(sense);
        }
        case Decoded.Valid<CopySegment>(CopySegment segment) -> {
          segments.add(segment);
          at += segment.length();
        }
      }
    }
    return new Decoded.Valid<>(
        new ExtendedCopyList(
            format,
            (one ? IDENTIFIER_1 : IDENTIFIER_4).getInt(b, 0),
            usage(b),
            PRIORITY.getInt(b, 0),
            STR.isSet(b, 0),
            !one && IMMED.isSet(b, 0),
            !one && G_SENSE.isSet(b, 0),
            cscds,
            segments));
  }

  private static Usage usage(ByteBuffer b) {
    return switch (USAGE.getInt(b, 0)) {
      case 0 -> Usage.HOLD;
      case 2 -> Usage.DISCARD;
      default -> Usage.NONE;
    };
  }

  private static <T> Decoded<T> invalid(int at) {
    return new Decoded.Invalid<>(Sense.INVALID_FIELD_IN_PARAMETER_LIST.at(at));
  }

  /** Why the fixed part is not well-formed, if it is not. */
  private static Optional<Sense> refuseHeader(Format format, ByteBuffer b) {
    Sense invalid = Sense.INVALID_FIELD_IN_PARAMETER_LIST;
    if (format == Format.LID4) {
      if (LIST_FORMAT_4.getInt(b, 0) != LIST_FORMAT) {
        return Optional.of(invalid.at(0));
      }
      if (HEADER_CSCD_LENGTH.getInt(b, 0) != Cscd.LENGTH) {
        return Optional.of(invalid.at(2));
      }
      if (HEADER_CSCD.getInt(b, 0) != HEADER_CSCD_TYPE) {
        return Optional.of(invalid.at(16));
      }
    }
    if (USAGE.getInt(b, 0) == 1) {
      return Optional.of(invalid.at(1));
    }
    boolean unnamed = usage(b) == Usage.NONE;
    if (unnamed && format == Format.LID1 && IDENTIFIER_1.isSet(b, 0)) {
      return Optional.of(invalid.at(0));
    }
    if (format == Format.LID4) {
      if (unnamed && IDENTIFIER_4.isSet(b, 0)) {
        return Optional.of(invalid.at(20));
      }
      // The bits are in the list, but the standard calls it a fault of the CDB (SPC-4 6.4.2).
      if (IMMED.isSet(b, 0) && (unnamed || G_SENSE.isSet(b, 0))) {
        return Optional.of(Sense.INVALID_FIELD_IN_CDB);
      }
    }
    return Optional.empty();
  }
}
