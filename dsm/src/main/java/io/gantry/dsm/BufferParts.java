package io.gantry.dsm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The structures in a buffer and where they are. Most buffers hold one; an input of data-set
 * management holds a header, perhaps a parameter block, and ranges; an output with a header holds
 * that and a block of results. The header says where, and may lie.
 *
 * @param parts from the header on, in the order of their meaning
 * @param faults what the header says of which there is nothing
 */
record BufferParts(List<Part> parts, List<String> faults) {

  /**
   * A structure in the buffer.
   *
   * @param offset of its first byte
   * @param length bytes that are its, whatever its size
   */
  record Part(Structure structure, int offset, int length) {
    int end() {
      return offset + length;
    }
  }

  /** The parts of a buffer that begins with a structure. */
  static BufferParts of(Structure structure, byte[] bytes) {
    List<Part> parts = new ArrayList<>();
    List<String> faults = new ArrayList<>();
    boolean hasBlocks = structure == Structures.INPUT || structure == Structures.OUTPUT;
    int own = hasBlocks ? structure.layout().sizeBytes() : bytes.length;
    parts.add(new Part(structure, 0, Math.min(own, bytes.length)));
    if (hasBlocks && bytes.length >= own) {
      if (structure == Structures.INPUT) {
        input(bytes, parts, faults);
      } else {
        output(bytes, parts, faults);
      }
    }
    return new BufferParts(parts, faults);
  }

  private static void input(byte[] bytes, List<Part> parts, List<String> faults) {
    ManageDataSetAttributes header = ManageDataSetAttributes.decode(ByteBuffer.wrap(bytes), 0);
    Structure parameters =
        DsmAction.of(header.action()).flatMap(Structures::parametersOf).orElse(null);
    long parametersAt = header.parameterBlockOffset();
    long parametersLength = header.parameterBlockLength();
    if (parameters != null && parametersLength > 0) {
      add(parts, faults, "ParameterBlock", parameters, parametersAt, parametersLength, bytes);
    }
    int step = DataSetRange.LAYOUT.sizeBytes();
    long at = header.dataSetRangesOffset();
    long end = at + header.dataSetRangesLength();
    if (end > bytes.length) {
      faults.add(beyond("DataSetRanges", at, header.dataSetRangesLength(), bytes));
    }
    for (; at + step <= Math.min(end, bytes.length); at += step) {
      parts.add(new Part(Structures.RANGE, (int) at, step));
    }
  }

  private static void output(byte[] bytes, List<Part> parts, List<String> faults) {
    ManageDataSetAttributesOutput header = ManageDataSetAttributesOutput.decode(bytes);
    DsmAction action = DsmAction.of(header.action()).orElse(DsmAction.NONE);
    long at = header.outputBlockOffset();
    long length = header.outputBlockLength();
    if (length == 0 || Structures.resultsOf(action).isEmpty()) {
      return;
    }
    int from = (int) Math.min(at, bytes.length);
    int there = (int) Math.min(length, bytes.length - from);
    Structure result =
        Structures.resultOf(action, ByteBuffer.wrap(bytes, from, there).slice()).orElseThrow();
    add(parts, faults, "OutputBlock", result, at, length, bytes);
  }

  private static void add(
      List<Part> parts,
      List<String> faults,
      String what,
      Structure structure,
      long at,
      long length,
      byte[] bytes) {
    if (at + length > bytes.length) {
      faults.add(beyond(what, at, length, bytes));
    }
    if (at < bytes.length) {
      parts.add(new Part(structure, (int) at, (int) Math.min(length, bytes.length - at)));
    }
  }

  private static String beyond(String what, long at, long length, byte[] bytes) {
    return "%sOffset %d and %sLength %d reach past the %d bytes that there are"
        .formatted(what, at, what, length, bytes.length);
  }
}
