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
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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
      @Key(
              meaning = "what the initiator calls itself in CHAP",
              form = "text",
              example = "\"hyperv1\"",
              reload = true)
          @Nullable String name,
      @Key(
              meaning = "its secret; the file must not be readable for everybody then",
              form = "12 to 255 bytes of text",
              example = "\"a secret of twelve bytes\"",
              reload = true,
              secret = true)
          @Nullable String secret,
      @Key(
              meaning = "a file that has it, instead",
              form = "path",
              example = "\"hyperv1.secret\"",
              reload = true)
          @Nullable String secretFile,
      @Key(
              meaning = "what the target calls itself if the initiator wants a proof, too",
              form = "text",
              example = "\"gantry\"",
              reload = true)
          @Nullable String targetName,
      @Key(
              meaning = "the secret for that",
              form = "12 to 255 bytes of text",
              example = "\"another one, not the same\"",
              reload = true,
              secret = true)
          @Nullable String targetSecret,
      @Key(
              meaning = "a file that has it, instead",
              form = "path",
              example = "\"gantry.secret\"",
              reload = true)
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
      @Key(
              meaning = "who meets the rule: iSCSI names; not there: all",
              form = "patterns with `*`",
              example = "[\"iqn.1991-05.com.microsoft:*\"]",
              reload = true)
          @Nullable List<String> initiators,
      @Key(
              meaning = "and who they have proved to be",
              form = "names of users",
              example = "[\"hyperv1\"]",
              reload = true)
          @Nullable List<String> users,
      @Key(
              meaning = "and where they come from",
              form = "ranges of addresses",
              example = "[\"192.0.2.0/24\", \"::1\"]",
              reload = true)
          @Nullable List<String> addresses,
      @Key(
              meaning = "which volumes it is about; not there: all",
              form = "patterns with `*`",
              example = "[\"vm-*\"]",
              reload = true)
          @Nullable List<String> volumes,
      @Key(
              meaning = "what they may do with these",
              form = "`read-write`, `read-only` or `none`",
              initial = "\"read-write\"",
              example = "\"read-only\"",
              reload = true)
          @Nullable String access) {}

  /**
   * The table {@code [redirect]} of a configuration file.
   *
   * @param address where the target is now
   * @param permanent whether initiators should forget the old address
   */
  record Redirect(
      @Key(
              meaning = "where the target is now: initiators are sent there",
              form = "HOST:PORT",
              example = "\"192.0.2.7:3260\"",
              reload = true)
          @Nullable HostPort address,
      @Key(
              meaning = "whether they should forget this one",
              form = "`true` or `false`",
              example = "true",
              reload = true)
          @Nullable Boolean permanent) {}

  /**
   * Puts together what a configuration file says.
   *
   * @param origin for messages, and for paths within the file
   * @throws IOException if something in it cannot be; the message names it and tells no secret
   */
  static AccessSettings of(
      Configuration.Origin origin,
      @Nullable List<User> users,
      @Nullable List<Rule> rules,
      @Nullable Redirect redirect)
      throws IOException {
    List<AccessUser> known = new ArrayList<>();
    for (User user : orEmpty(users)) {
      known.add(user(origin, user, known.size()));
    }
    List<AccessRule> ordered = new ArrayList<>();
    for (Rule rule : orEmpty(rules)) {
      ordered.add(rule(origin, rule, ordered.size()));
    }
    try {
      return new AccessSettings(new AccessPolicy(known, ordered), redirection(origin, redirect));
    } catch (IllegalArgumentException e) {
      throw origin.refuse(orEmpty(rules).isEmpty() ? "user" : "access", message(e));
    }
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  private static @Nullable Redirection redirection(
      Configuration.Origin origin, @Nullable Redirect redirect) throws IOException {
    if (redirect == null) {
      return null;
    }
    if (redirect.address == null) {
      throw origin.refuse(
          "redirect", "[redirect] needs an address, as in address = \"192.0.2.7:3260\"");
    }
    return new Redirection(Boolean.TRUE.equals(redirect.permanent), redirect.address.toString());
  }

  private static AccessUser user(Configuration.Origin origin, User user, int index)
      throws IOException {
    String path = "user[%d]".formatted(index);
    if (user.name == null) {
      throw origin.refuse(path, "[[user]] number %d needs a name".formatted(index + 1));
    }
    Path file = origin.requireFile(); // the only place where users can be
    String where = "%s: [[user]] '%s'".formatted(origin.at(path), user.name);
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
      PrivateFile.requirePrivate(file, where + " has its " + key + " here");
      return text;
    }
    if (inFile == null) {
      return null;
    }
    Path path = file.resolveSibling(inFile);
    try {
      PrivateFile.requirePrivate(path, "it holds a secret");
      return Files.readString(path, StandardCharsets.UTF_8).stripTrailing();
    } catch (NoSuchFileException e) {
      throw new IOException("%s: there is no %sFile %s".formatted(where, key, path), e);
    }
  }

  private static AccessRule rule(Configuration.Origin origin, Rule rule, int index)
      throws IOException {
    try {
      return new AccessRule(
          orEmpty(rule.initiators).stream().map(NamePattern::new).toList(),
          new HashSet<>(orEmpty(rule.users)),
          orEmpty(rule.addresses).stream().map(AddressRange::parse).toList(),
          orEmpty(rule.volumes).stream().map(NamePattern::new).toList(),
          access(rule.access));
    } catch (IllegalArgumentException e) {
      throw origin.refuse(
          "access[%d]".formatted(index),
          "[[access]] number %d: %s".formatted(index + 1, e.getMessage()));
    }
  }

  private static String message(IllegalArgumentException e) {
    return String.valueOf(e.getMessage());
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
