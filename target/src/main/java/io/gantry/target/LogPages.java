package io.gantry.target;

import io.gantry.scsi.PrimaryCdb;
import io.gantry.scsi.ScsiRequest;
import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.SpaceLevel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/** Log pages of a logical unit (SPC-4 7.3, SBC-3 6.3): what it can tell truly, and no more. */
final class LogPages {
  private static final int SUPPORTED = 0x00;
  private static final int PROVISIONING = 0x0C;
  private static final int EXCEPTIONS = 0x2F;
  private static final List<Integer> PAGES = List.of(SUPPORTED, PROVISIONING, EXCEPTIONS);

  private static final int ALL_SUBPAGES = 0xFF;
  private static final int SPF = 0x40;

  /** FORMAT AND LINKING: a list in binary format. */
  private static final int BINARY_LIST = 0x03;

  /** SCOPE: the resource is shared with other logical units. */
  private static final int SHARED = 2;

  private static final int NO_TEMPERATURE = 0xFF;

  private LogPages() {}

  /**
   * A log parameter.
   *
   * @param value what is behind the parameter's header
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Parameter(int code, byte[] value) {}

  /** LOG SENSE. */
  static ScsiResponse sense(PrimaryCdb.LogSense c, ScsiRequest request, Pool pool) {
    if (!PAGES.contains(c.page())) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(2));
    }
    if (c.subpage() != 0 && c.subpage() != ALL_SUBPAGES) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(3));
    }
    boolean withSubpages = c.subpage() == ALL_SUBPAGES;
    if (c.page() == SUPPORTED || withSubpages) {
      return c.parameterPointer() == 0
          ? CommandData.answer(request, c.allocation(), list(c.page(), withSubpages))
          : ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(5));
    }
    List<Parameter> parameters =
        (c.page() == PROVISIONING ? provisioning(pool.spaceLevel()) : exceptions())
            .stream().filter(parameter -> parameter.code >= c.parameterPointer()).toList();
    if (parameters.isEmpty()) {
      return ScsiResponse.check(Sense.INVALID_FIELD_IN_CDB.at(5));
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Parameter parameter : parameters) {
      ByteBuffer header = ByteBuffer.allocate(4).putShort((short) parameter.code);
      header.put((byte) BINARY_LIST).put((byte) parameter.value.length);
      body.writeBytes(header.array());
      body.writeBytes(parameter.value);
    }
    return CommandData.answer(request, c.allocation(), page(c.page(), 0, body.toByteArray()));
  }

  /** Supported log pages and subpages; with a page code, those of that page. */
  private static byte[] list(int page, boolean withSubpages) {
    ByteArrayOutputStream codes = new ByteArrayOutputStream();
    for (int code : PAGES) {
      if (page == SUPPORTED || page == code) {
        codes.write(code);
        if (withSubpages) {
          codes.write(0);
        }
      }
    }
    if (page == SUPPORTED && withSubpages) {
      codes.reset();
      codes.writeBytes(new byte[] {SUPPORTED, 0, SUPPORTED, (byte) ALL_SUBPAGES});
      PAGES.stream().skip(1).forEach(code -> codes.writeBytes(new byte[] {code.byteValue(), 0}));
    }
    return page(page, withSubpages ? ALL_SUBPAGES : 0, codes.toByteArray());
  }

  private static byte[] page(int code, int subpage, byte[] body) {
    ByteBuffer b = ByteBuffer.allocate(4 + body.length);
    b.put((byte) (code | (subpage == 0 ? 0 : SPF))).put((byte) subpage);
    return b.putShort((short) body.length).put(body).array();
  }

  /** Space of the pool, which all its logical units share, in threshold units. */
  private static List<Parameter> provisioning(SpaceLevel level) {
    return List.of(
        resource(SpaceThresholds.AVAILABLE, level.availableBytes()),
        resource(SpaceThresholds.USED, level.usedBytes()));
  }

  private static Parameter resource(int code, long bytes) {
    long units = Math.min(bytes / SpaceThresholds.UNIT_BYTES, 0xffff_ffffL);
    return new Parameter(
        code, ByteBuffer.allocate(8).putInt((int) units).put((byte) SHARED).array());
  }

  /** No informational exception, and no thermometer; many have a threshold in the last byte. */
  private static List<Parameter> exceptions() {
    byte none = (byte) NO_TEMPERATURE;
    return List.of(new Parameter(0, new byte[] {0, 0, none, none}));
  }
}
