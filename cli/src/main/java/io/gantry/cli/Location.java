package io.gantry.cli;

import io.gantry.initiator.IscsiUrl;
import java.nio.file.Path;

/** Where blocks or bytes are: what the arguments SRC, DST and URL name. */
sealed interface Location {

  /** As the user wrote it, without a password. */
  String name();

  /** A logical unit behind an iSCSI portal: {@code iscsi://host:port/target/lun}. */
  record Iscsi(IscsiUrl url, String name) implements Location {}

  /** A volume of a pool that no daemon serves, opened in this process: {@code pool:DIR/VOLUME}. */
  record PoolVolume(Path directory, String volume, String name) implements Location {}

  /** A file or a block device of the operating system. */
  record File(Path path, String name) implements Location {}

  /**
   * Reads a location.
   *
   * @throws IllegalArgumentException if it looks like a URL but is none that is known
   */
  static Location parse(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("an empty name is no place to copy from or to");
    }
    if (text.startsWith("iscsi://")) {
      IscsiUrl url = IscsiUrl.parse(text);
      return new Iscsi(url, url.toString());
    }
    if (text.startsWith("pool:")) {
      String name = text.substring("pool:".length());
      Path path = name.isEmpty() ? Path.of("") : Main.path(name);
      Path volume = path.getFileName();
      Path directory = path.getParent();
      if (volume == null || directory == null) {
        throw new IllegalArgumentException(
            "'%s' is no volume: write pool:DIR/VOLUME".formatted(text));
      }
      return new PoolVolume(directory, volume.toString(), text);
    }
    if (text.matches("[A-Za-z][A-Za-z0-9+.-]*://.*")) {
      throw new IllegalArgumentException(
          "'%s': write iscsi://HOST:PORT/TARGET/LUN, pool:DIR/VOLUME or a file".formatted(text));
    }
    return new File(Main.path(text), text);
  }
}
