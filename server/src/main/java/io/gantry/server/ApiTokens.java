package io.gantry.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * The tokens by which people and programs prove to the REST interface who they are, in {@code
 * api-tokens.json} of the data directory, which only its owner can read. The file has digests, not
 * tokens: see {@link Secret}.
 *
 * <p>Besides there is the daemon's own token, for administrators of this machine, which is new at
 * each start and in nobody's list.
 */
final class ApiTokens {
  /** The name of the daemon's own token. */
  static final String LOCAL = "local";

  private static final String FILE = "api-tokens.json";
  private static final int MAXIMUM = 1000;

  /**
   * A token that is kept.
   *
   * @param digest of the token
   * @param created ISO 8601
   * @param expires ISO 8601; null for never
   */
  record Entry(String name, Role role, String digest, String created, @Nullable String expires) {
    boolean isValid(Instant now) {
      return expires == null || now.isBefore(Instant.parse(expires));
    }
  }

  private final Path file;
  private final InstantSource clock;
  private final SecureRandom random;
  private final String localDigest;

  /** By digest, in the order in which they were made; replaced as a whole. */
  private volatile Map<String, Entry> entries;

  private ApiTokens(
      Path file,
      InstantSource clock,
      SecureRandom random,
      String localDigest,
      Map<String, Entry> entries) {
    this.file = file;
    this.clock = clock;
    this.random = random;
    this.localDigest = localDigest;
    this.entries = entries;
  }

  /**
   * Reads them.
   *
   * @param local the daemon's own token
   * @throws IOException if the file cannot be read or is damaged
   */
  static ApiTokens open(Path data, String local, InstantSource clock, SecureRandom random)
      throws IOException {
    Path file = data.resolve(FILE);
    Map<String, Entry> entries = new LinkedHashMap<>();
    try {
      for (Entry entry : RestFormat.JSON.readValue(Files.readString(file), Entry[].class)) {
        entries.put(entry.digest(), entry);
      }
    } catch (NoSuchFileException e) {
      // none was made yet
    } catch (JacksonException e) {
      throw new IOException(
          file + ": is damaged; restore it, or delete it and create the tokens anew", e);
    }
    return new ApiTokens(file, clock, random, Secret.digest(local), entries);
  }

  /** Who has this token; empty if nobody does, or not any more. */
  Optional<Caller> find(String token) {
    return findDigest(Secret.digest(token));
  }

  /** Who has the token of this digest. */
  Optional<Caller> findDigest(String digest) {
    if (digest.equals(localDigest)) {
      return Optional.of(new Caller(LOCAL, Role.ADMIN, digest, null));
    }
    return Optional.ofNullable(entries.get(digest))
        .filter(entry -> entry.isValid(clock.instant()))
        .map(entry -> new Caller(entry.name(), entry.role(), digest, null));
  }

  /** All, also those that have expired, oldest first. */
  List<Entry> list() {
    return List.copyOf(entries.values());
  }

  /**
   * Makes a token.
   *
   * @param expires null for never
   * @return the token, which is kept nowhere
   * @throws Refusal if the name is taken, or there are too many
   */
  synchronized String create(String name, Role role, @Nullable Instant expires) throws IOException {
    if (name.equals(LOCAL) || named(name).isPresent()) {
      throw Refusal.conflict(
          "there is an API token '%s' already; revoke it or choose another name".formatted(name));
    }
    if (entries.size() >= MAXIMUM) {
      throw Refusal.conflict("there are %d API tokens already; revoke some".formatted(MAXIMUM));
    }
    String token = Secret.make(random);
    Entry entry =
        new Entry(
            name,
            role,
            Secret.digest(token),
            clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(),
            expires == null ? null : expires.toString());
    Map<String, Entry> more = new LinkedHashMap<>(entries);
    more.put(entry.digest(), entry);
    write(more);
    return token;
  }

  /**
   * Ends a token.
   *
   * @return false if there is none of this name
   */
  synchronized boolean revoke(String name) throws IOException {
    Optional<Entry> entry = named(name);
    if (entry.isEmpty()) {
      return false;
    }
    Map<String, Entry> fewer = new LinkedHashMap<>(entries);
    fewer.remove(entry.get().digest());
    write(fewer);
    return true;
  }

  private Optional<Entry> named(String name) {
    return entries.values().stream().filter(entry -> entry.name().equals(name)).findFirst();
  }

  private void write(Map<String, Entry> changed) throws IOException {
    PrivateFile.replace(file, RestFormat.JSON.writeValueAsBytes(changed.values()));
    entries = changed;
  }
}
