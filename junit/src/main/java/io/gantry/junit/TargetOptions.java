package io.gantry.junit;

import io.gantry.store.Pool;
import io.gantry.target.Access;
import io.gantry.target.AccessPolicy;
import io.gantry.target.AccessRule;
import io.gantry.target.AccessUser;
import io.gantry.target.CopyFaults;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link TestTarget} is made of.
 *
 * @param volumes how many volumes it has at first
 * @param sizeBytes of each
 * @param blockBytes of a logical block, 512 or 4096
 * @param chunkBytes a power of two from 16 KiB to 1 MiB
 * @param access what initiators may do with the volumes
 * @param login as whom they have to log in, by CHAP; null: they need not
 * @param faults what goes wrong with copies from the beginning
 */
public record TargetOptions(
    int volumes,
    long sizeBytes,
    int blockBytes,
    int chunkBytes,
    Access access,
    @Nullable Login login,
    CopyFaults faults) {

  /** A user of the target, and the secret of 12 bytes or more that goes with it. */
  public record Login(String user, String secret) {
    public Login {
      var _ = AccessUser.of(user, secret, null, null); // or it says what is wrong
    }

    AccessUser account() {
      return AccessUser.of(user, secret, null, null);
    }
  }

  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([KMGT]?)");

  /** One volume of 64 MiB and blocks of 512 bytes, open to this machine. */
  public static final TargetOptions STANDARD =
      new TargetOptions(
          1, 64 << 20, 512, Pool.DEFAULT_CHUNK, Access.READ_WRITE, null, CopyFaults.NONE);

  public TargetOptions {
    if (volumes < 0 || volumes > 1024) {
      throw new IllegalArgumentException("%d volumes are not 0 to 1024".formatted(volumes));
    }
  }

  /** The same with so many volumes of such a size. */
  public TargetOptions withVolumes(int number, long bytesOfEach) {
    return new TargetOptions(number, bytesOfEach, blockBytes, chunkBytes, access, login, faults);
  }

  /** The same with other rights for initiators. */
  public TargetOptions withAccess(Access rights, @Nullable Login as) {
    return new TargetOptions(volumes, sizeBytes, blockBytes, chunkBytes, rights, as, faults);
  }

  /** The same with other faults. */
  public TargetOptions withFaults(CopyFaults wanted) {
    return new TargetOptions(volumes, sizeBytes, blockBytes, chunkBytes, access, login, wanted);
  }

  /**
   * What an annotation says.
   *
   * @throws IllegalArgumentException if it says what cannot be; names the value
   */
  static TargetOptions of(GantryTarget wanted) {
    if (wanted.user().isEmpty() != wanted.secret().isEmpty()) {
      throw new IllegalArgumentException("a user needs a secret, and a secret a user");
    }
    return new TargetOptions(
        wanted.volumes(),
        size(wanted.size()),
        wanted.blockBytes(),
        wanted.chunkBytes(),
        wanted.access(),
        wanted.user().isEmpty() ? null : new Login(wanted.user(), wanted.secret()),
        faults(wanted.faults()));
  }

  private static CopyFaults faults(GantryTarget.Faults wanted) {
    return new CopyFaults(
        wanted.expireTokens(),
        wanted.truncateBlocks() < 0
            ? OptionalLong.empty()
            : OptionalLong.of(wanted.truncateBlocks()),
        wanted.loseAnswers(),
        wanted.status() < 0 ? OptionalInt.empty() : OptionalInt.of(wanted.status()),
        Duration.ofMillis(wanted.delayMillis()));
  }

  private static long size(String text) {
    Matcher matcher = SIZE.matcher(text.toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no size: write 4096, 512K, 64M or 2T".formatted(text));
    }
    int shift = matcher.group(2).isEmpty() ? 0 : 10 * (1 + "KMGT".indexOf(matcher.group(2)));
    return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
  }

  AccessPolicy policy() {
    if (login == null && access == Access.READ_WRITE) {
      return AccessPolicy.DEFAULT;
    }
    Set<String> users = login == null ? Set.of() : Set.of(login.user());
    AccessRule rule = new AccessRule(List.of(), users, List.of(), List.of(), access);
    return new AccessPolicy(login == null ? List.of() : List.of(login.account()), List.of(rule));
  }
}
