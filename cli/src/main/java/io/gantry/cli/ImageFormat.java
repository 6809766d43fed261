package io.gantry.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** How a disk's bytes are laid out in a file. */
enum ImageFormat {
  /** As on the disk. */
  RAW("raw", ""),
  /** QEMU's. */
  QCOW2("qcow2", "compat=1.1"),
  /**
   * Of Virtual PC and older Hyper-V; the size is kept to the byte, and not rounded to cylinders.
   */
  VHD("vpc", "subformat=dynamic,force_size=on"),
  /** Hyper-V's. */
  VHDX("vhdx", "subformat=dynamic");

  private static final int COOKIE_BYTES = 8;

  /** Where a VHD of fixed size has its cookie: in a footer of this length. */
  private static final int VHD_FOOTER_BYTES = 512;

  private static final String VHD_COOKIE = "conectix";

  private final String qemuName;
  private final String creationOptions;

  ImageFormat(String qemuName, String creationOptions) {
    this.qemuName = qemuName;
    this.creationOptions = creationOptions;
  }

  /** What qemu-img calls it. */
  String qemuName() {
    return qemuName;
  }

  /** qemu-img's options that make a file of it. */
  List<String> creationOptions() {
    return creationOptions.isEmpty() ? List.of() : List.of("-o", creationOptions);
  }

  /** What a file begins or ends with says; raw if nothing does. */
  static ImageFormat of(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      String start = text(channel, 0);
      if (start.startsWith("QFI\u00fb")) {
        return QCOW2;
      }
      if (start.equals("vhdxfile")) {
        return VHDX;
      }
      boolean isVhd =
          start.equals(VHD_COOKIE)
              || text(channel, channel.size() - VHD_FOOTER_BYTES).equals(VHD_COOKIE);
      return isVhd ? VHD : RAW;
    }
  }

  private static String text(FileChannel channel, long position) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(COOKIE_BYTES);
    if (position >= 0) {
      int read = channel.read(bytes, position);
      return new String(bytes.array(), 0, Math.max(0, read), StandardCharsets.ISO_8859_1);
    }
    return "";
  }

  /** What a file's name says; raw if it says nothing. */
  static ImageFormat ofName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    for (ImageFormat format : values()) {
      if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    return RAW;
  }

  /** For people. */
  @Override
  public String toString() {
    return this == RAW || this == QCOW2 ? name().toLowerCase(Locale.ROOT) : name();
  }
}
