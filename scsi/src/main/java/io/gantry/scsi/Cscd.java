package io.gantry.scsi;

import java.nio.ByteBuffer;

/**
 * A CSCD descriptor of EXTENDED COPY: names a logical unit that is a copy source or destination.
 */
public sealed interface Cscd permits CscdDescriptor, Ipv4CscdDescriptor {
  /** Bytes of a descriptor. */
  int LENGTH = 32;

  /** What the logical unit is to be; 0 for a disk. */
  int peripheralDeviceType();

  /** PAD: a part of a block is completed with zeros, or given up. */
  boolean pad();

  /** DISK BLOCK LENGTH; 0 lets the copy manager find it out. */
  int blockLengthBytes();

  /** Writes the descriptor at a place of a parameter list. */
  void encode(ByteBuffer b, int at);

  /** Reads the descriptor at a place of a parameter list. */
  static Decoded<? extends Cscd> decode(ByteBuffer b, int at) {
    return switch (b.get(at) & 0xff) {
      case CscdDescriptor.TYPE -> CscdDescriptor.decode(b, at);
      case Ipv4CscdDescriptor.TYPE -> Ipv4CscdDescriptor.decode(b, at);
      default -> new Decoded.Invalid<>(Sense.UNSUPPORTED_TARGET_DESCRIPTOR_TYPE.at(at));
    };
  }
}
