package io.gantry.server;

import io.gantry.target.Access;
import io.gantry.target.AccessPolicy;
import io.gantry.target.AccessRule;
import io.gantry.target.AccessUser;
import io.gantry.target.AddressRange;
import io.gantry.target.IscsiOptions.Redirection;
import io.gantry.target.NamePattern;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may use the volumes, and where the target has gone if it has.
 *
 * @param policy users and rules
 * @param redirection where initiators are sent, or null
 */
public record AccessSettings(AccessPolicy policy, @Nullable Redirection redirection) {

  /** For this machine only. */
  public static final AccessSettings DEFAULTS = new AccessSettings(AccessPolicy.DEFAULT, null);

  /**
   * A table {@code [[user]]} of a configuration file. Each secret is there or in a file, whose path
   * counts from the configuration file.
   *
   * @param name what the initiator calls itself in CHAP
   * @param secret of the initiator
   * @param secretFile has it
   * @param targetName what the target calls itself when the initiator wants a proof; null for none
   * @param targetSecret of the target
   * @param targetSecretFile has it
   */
  record User(
      @Nullable String name,
      @Nullable String secret,
      @Nullable String secretFile,
      @Nullable String targetName,
      @Nullable String targetSecret,
      @Nullable String targetSecretFile) {

    /** Without secrets. */
    @Override
    public String toString() {
      return "User[" + name + "]";
    }
  }

  /**
   * A table {@code [[access]]} of a configuration file; what it does not say is no condition.
   *
   * @param initiators patterns of iSCSI names
   * @param users names of users
   * @param addresses ranges of addresses
   * @param volumes patterns of names of volumes
   * @param access read-write (if it is not there), read-only or none
   */
  record Rule(
      @Nullable List<String> initiators,
      @Nullable List<String> users,
      @Nullable List<String> addresses,
      @Nullable List<String> volumes,
      @Nullable String access) {}

  /**
   * The table {@code [redirect]} of a configuration file.
   *
   * @param address where the target is now
   * @param permanent whether initiators should forget the old address
   */
  record Redirect(@Nullable HostPort address, @Nullable Boolean permanent) {}

  /**
   * Puts together what a configuration file says.
   *
   * @param file for messages, and for paths within it
   * @throws IOException if something in it cannot be; the message names it and tells no secret
   */
  static AccessSettings of(
      Path file,
      @Nullable List<User> users,
      @Nullable List<Rule> rules,
      @Nullable Redirect redirect)
      throws IOException {
    List<AccessUser> known = new ArrayList<>();
    for (User user : orEmpty(users)) {
      known.add(user(file, user, known.size() + 1));
    }
    List<AccessRule> ordered = new ArrayList<>();
    for (Rule rule : orEmpty(rules)) {
      ordered.add(rule(file, rule, ordered.size() + 1));
    }
    try {
      return new AccessSettings(new AccessPolicy(known, ordered), redirection(file, redirect));
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  private static @Nullable Redirection redirection(Path file, @Nullable Redirect redirect)
      throws IOException {
    if (redirect == null) {
      return null;
    }
    if (redirect.address == null) {
      throw new IOException(
          file + ": [redirect] needs an address, as in address = \"192.0.2.7:3260\"");
    }
    return new Redirection(Boolean.TRUE.equals(redirect.permanent), redirect.address.toString());
  }

  private static AccessUser user(Path file, User user, int number) throws IOException {
    if (user.name == null) {
      throw new IOException("%s: [[user]] number %d needs a name".formatted(file, number));
    }
    String where = "%s: [[user]] '%s'".formatted(file, user.name);
    String secret = secret(file, where, "secret", user.secret, user.secretFile);
    String targetSecret =
        secret(file, where, "targetSecret", user.targetSecret, user.targetSecretFile);
    if (secret == null) {
      throw new IOException(where + ": needs secret or secretFile");
    }
    if ((user.targetName == null) != (targetSecret == null)) {
      throw new IOException(
          "%s: mutual CHAP needs targetName and targetSecret (or targetSecretFile), or neither"
              .formatted(where));
    }
    try {
      return AccessUser.of(user.name, secret, user.targetName, targetSecret);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s".formatted(where, e.getMessage()), e);
    }
  }

  private static @Nullable String secret(
      Path file, String where, String key, @Nullable String text, @Nullable String inFile)
      throws IOException {
    if (text != null && inFile != null) {
      throw new IOException("%s: has both %s and %sFile; take one out".formatted(where, key, key));
    }
    if (text != null) {
      requirePrivate(file, where + " has its " + key + " here");
      return text;
    }
    if (inFile == null) {
      return null;
    }
    Path path = file.resolveSibling(inFile);
    try {
      requirePrivate(path, "it holds a secret");
      return Files.readString(path, StandardCharsets.UTF_8).stripTrailing();
    } catch (NoSuchFileException e) {
      throw new IOException("%s: there is no %sFile %s".formatted(where, key, path), e);
    }
  }

  /** Refuses a file with secrets that everybody on the machine can read. */
  private static void requirePrivate(Path file, String why) throws IOException {
    if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (permissions.contains(PosixFilePermission.OTHERS_READ)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          "%s: everybody on this machine can read or change this file, and %s; run: chmod 600 %s"
              .formatted(file, why, file));
    }
  }

  private static AccessRule rule(Path file, Rule rule, int number) throws IOException {
    try {
      return new AccessRule(
          orEmpty(rule.initiators).stream().map(NamePattern::new).toList(),
          new HashSet<>(orEmpty(rule.users)),
          orEmpty(rule.addresses).stream().map(AddressRange::parse).toList(),
          orEmpty(rule.volumes).stream().map(NamePattern::new).toList(),
          access(rule.access));
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "%s: [[access]] number %d: %s".formatted(file, number, e.getMessage()), e);
    }
  }

  private static Access access(@Nullable String text) {
    return switch (text) {
      case null -> Access.READ_WRITE;
      case "read-write" -> Access.READ_WRITE;
      case "read-only" -> Access.READ_ONLY;
      case "none" -> Access.NONE;
      default ->
          throw new IllegalArgumentException(
              "access is '%s'; it can be read-write, read-only or none".formatted(text));
    };
  }
}
