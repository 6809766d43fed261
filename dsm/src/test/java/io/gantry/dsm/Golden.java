package io.gantry.dsm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The files that src/test/c/make-golden made with a Windows compiler. */
final class Golden {
  private Golden() {}

  static byte[] bytes(String name) {
    return read(name + ".bin");
  }

  static List<String> lines(String name) {
    return new String(read(name), StandardCharsets.US_ASCII).lines().toList();
  }

  private static byte[] read(String file) {
    try (InputStream stream = Golden.class.getResourceAsStream("/golden/" + file)) {
      if (stream == null) {
        throw new IllegalArgumentException("no golden file " + file);
      }
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
