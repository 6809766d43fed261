package io.gantry.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * How to reach a running daemon: the content of {@code daemon.json} in its data directory, which
 * only its owner can read.
 *
 * @param http where the REST interface listens
 * @param iscsi where initiators connect to
 * @param target the iSCSI name of the target
 * @param token what every REST request must carry
 * @param pid the daemon's process
 */
public record DaemonContact(HostPort http, HostPort iscsi, String target, String token, long pid) {
  private static final String FILE = "daemon.json";
  private static final int TOKEN_BYTES = 32;
  private static final JsonMapper JSON = new JsonMapper();

  /** A token that nobody can guess. */
  static String newToken(SecureRandom random) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * What the daemon of a data directory left there; empty if none runs, or one that was killed has
   * not been followed by another.
   */
  public static Optional<DaemonContact> read(Path data) throws IOException {
    Path file = data.resolve(FILE);
    try {
      return Optional.of(JSON.readValue(Files.readString(file), DaemonContact.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JacksonException e) {
      throw new IOException(file + ": is damaged; restart the daemon to write it again", e);
    }
  }

  /** As {@link #read}, but only if a process of that number runs. */
  public static Optional<DaemonContact> readRunning(Path data) throws IOException {
    return read(data).filter(contact -> ProcessHandle.of(contact.pid()).isPresent());
  }

  /** Writes the file, at once and for the owner's eyes only. */
  void write(Path data) throws IOException {
    Path unfinished = data.resolve(FILE + ".new");
    Files.deleteIfExists(unfinished);
    try (FileChannel channel =
        FileChannel.open(
            unfinished,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      channel.write(ByteBuffer.wrap(JSON.writeValueAsBytes(this)));
    }
    Files.move(unfinished, data.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }

  static void remove(Path data) throws IOException {
    Files.deleteIfExists(data.resolve(FILE));
  }
}
