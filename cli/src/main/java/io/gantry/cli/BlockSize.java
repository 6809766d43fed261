package io.gantry.cli;

import io.gantry.server.VolumeRequest;
import io.gantry.server.VolumeView;
import picocli.CommandLine;

/**
 * The blocks of a volume, as people say them: 512, 512e or 4096.
 *
 * @param bytes of a logical block
 * @param physicalBytes of a physical one
 */
record BlockSize(int bytes, int physicalBytes) {

  /** For options. */
  static final class Converter implements CommandLine.ITypeConverter<BlockSize> {
    @Override
    public BlockSize convert(String text) {
      return switch (text) {
        case "512" -> new BlockSize(512, 512);
        case "512e" -> new BlockSize(512, 4096);
        case "4096" -> new BlockSize(4096, 4096);
        default ->
            throw new CommandLine.TypeConversionException(
                "'%s' is no block size: 512, 512e or 4096".formatted(text));
      };
    }
  }

  /** A request for a volume with such blocks. */
  VolumeRequest request(String name, long sizeBytes) {
    return new VolumeRequest(name, sizeBytes, bytes, physicalBytes);
  }

  /** The blocks of a volume, for people. */
  static String human(VolumeView volume) {
    boolean alike = volume.physicalBlockBytes() == volume.blockBytes();
    return alike
        ? Size.human(volume.blockBytes())
        : "%s, %s physical"
            .formatted(Size.human(volume.blockBytes()), Size.human(volume.physicalBlockBytes()));
  }
}
