package io.gantry.server;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
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
 * @param fingerprint SHA-256 of the certificate of the REST interface; null if it has no TLS
 */
public record DaemonContact(
    HostPort http,
    HostPort iscsi,
    String target,
    String token,
    long pid,
    @Nullable String fingerprint) {
  private static final String FILE = "daemon.json";
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  /**
   * What the daemon of a data directory left there; empty if none runs, or one that was killed has
   * not been followed by another.
   */
  public static Optional<DaemonContact> read(Path data) throws IOException {
    Path file = data.resolve(FILE);
    try {
      return Optional.of(JSON.readValue(Files.readAllBytes(file), DaemonContact.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (FileSystemException e) {
      throw e;
    } catch (JacksonException | IOException e) { // of a directory, not even its name is told
      throw new IOException(file + ": is damaged; restart the daemon to write it again", e);
    }
  }

  /** Where the REST interface is. */
  public URI url() {
    return URI.create((fingerprint == null ? "http://" : "https://") + http);
  }

  /** As {@link #read}, but only if a process of that number runs. */
  public static Optional<DaemonContact> readRunning(Path data) throws IOException {
    return read(data).filter(contact -> ProcessHandle.of(contact.pid()).isPresent());
  }

  void write(Path data) throws IOException {
    PrivateFile.replace(data.resolve(FILE), JSON.writeValueAsBytes(this));
  }

  static void remove(Path data) throws IOException {
    Files.deleteIfExists(data.resolve(FILE));
  }
}
