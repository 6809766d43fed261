package io.gantry.target;

import io.gantry.scsi.DeviceIdentification;
import io.gantry.scsi.RodToken;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Token;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Turns the pool's tokens into ROD tokens and back.
 *
 * <p>The first 256 bytes of a ROD token say what it is; the other 256 are a MAC over them under the
 * pool's secret key. So nobody can make or change a token, and any token that was ever given out
 * can be told from a forged one without a list. What it says in clear is what the standard wants
 * there: a random number, the logical unit that made it, how many bytes it stands for, how large
 * blocks are, and the target's name; no address.
 */
final class RodTokens {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int EXTENSION_LENGTH = RodToken.LENGTH - RodToken.SIGNED_LENGTH;

  /** Types of tokens that this copy manager makes, and takes back. */
  private static final Set<Integer> OWN_TYPES =
      Set.of(
          RodToken.TYPE_ACCESS_UPON_REFERENCE,
          RodToken.TYPE_POINT_IN_TIME,
          RodToken.TYPE_POINT_IN_TIME_CHANGE_VULNERABLE,
          RodToken.TYPE_POINT_IN_TIME_PERSISTENT);

  private final Pool pool;
  private final String targetName;
  private final SecretKeySpec key;

  RodTokens(Pool pool, String targetName) {
    this.pool = pool;
    this.targetName = targetName;
    this.key = new SecretKeySpec(pool.secretKey(), ALGORITHM);
  }

  private static int type(Token.Terms terms) {
    return switch (terms.kind()) {
      case POINT_IN_TIME ->
          terms.persistent() ? RodToken.TYPE_POINT_IN_TIME_PERSISTENT : RodToken.TYPE_POINT_IN_TIME;
      case CHANGE_VULNERABLE -> RodToken.TYPE_POINT_IN_TIME_CHANGE_VULNERABLE;
      case REFERENCE -> RodToken.TYPE_ACCESS_UPON_REFERENCE;
    };
  }

  /** The 512 bytes for a token. */
  byte[] encode(Token token) {
    byte[] bytes = unsigned(token);
    System.arraycopy(sign(bytes), 0, bytes, RodToken.SIGNED_LENGTH, EXTENSION_LENGTH);
    return bytes;
  }

  /** The ROD management token of a token: nothing that lets anybody use it. */
  byte[] management(Token token) {
    return Arrays.copyOf(unsigned(token), RodToken.MANAGEMENT_LENGTH);
  }

  private byte[] unsigned(Token token) {
    return new RodToken(
            type(token.terms()),
            token.number(),
            VitalProductData.naa(pool.id(), token.volumeId()),
            token.lengthBytes(),
            token.blockBytes(),
            targetName,
            new byte[EXTENSION_LENGTH])
        .encode();
  }

  private byte[] sign(byte[] token) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      ByteBuffer signature = ByteBuffer.allocate(EXTENSION_LENGTH);
      for (byte part = 0; signature.hasRemaining(); part++) {
        mac.update(token, 0, RodToken.SIGNED_LENGTH);
        mac.update(part);
        signature.put(mac.doFinal());
      }
      return signature.array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }

  /** What became of a ROD token that an initiator sent. */
  sealed interface Resolved {
    /** Stands for zeros, without end. */
    record Zero() implements Resolved {}

    /** Stands for what a live token of the pool stands for. */
    record Live(Token token) implements Resolved {}

    /** Is not accepted. */
    record Refused(Sense sense) implements Resolved {}
  }

  /** Finds the token that a ROD token's 512 bytes stand for (SPC-4 5.17.6.5). */
  Resolved resolve(byte[] bytes) {
    if (!RodToken.hasValidLength(bytes)) {
      return new Resolved.Refused(Sense.INVALID_TOKEN_LENGTH);
    }
    int type = RodToken.type(bytes);
    if (type == RodToken.TYPE_ZERO) {
      return new Resolved.Zero();
    }
    if (!OWN_TYPES.contains(type)) {
      return new Resolved.Refused(Sense.UNSUPPORTED_TOKEN_TYPE);
    }
    byte[] extension = Arrays.copyOfRange(bytes, RodToken.SIGNED_LENGTH, RodToken.LENGTH);
    if (!MessageDigest.isEqual(extension, sign(bytes))) { // in constant time
      return new Resolved.Refused(
          isRemote(bytes) ? Sense.REMOTE_TOKEN_USAGE_NOT_SUPPORTED : Sense.TOKEN_CORRUPT);
    }
    long number = RodToken.identifier(bytes);
    return pool.token(number)
        .map(this::current)
        .orElseGet(() -> new Resolved.Refused(why(pool.ended(number))));
  }

  /** Whether a token would be accepted. */
  boolean isValid(Token token) {
    return current(token) instanceof Resolved.Live;
  }

  /** A token that lives, unless it is one that ends with a change, and there was one. */
  private Resolved current(Token token) {
    if (token.terms().kind() == Token.Kind.CHANGE_VULNERABLE && !pool.isUnchanged(token)) {
      pool.end(token, Token.End.CANCELLED);
    } else if (token.terms().kind() == Token.Kind.REFERENCE
        && pool.volume(token.volumeId()).isEmpty()) {
      pool.end(token, Token.End.REVOKED);
    } else {
      return new Resolved.Live(token);
    }
    return new Resolved.Refused(why(pool.ended(token.number())));
  }

  private static Sense why(Optional<Token.End> end) {
    return end.map(known ->
            switch (known) {
              case EXPIRED -> Sense.TOKEN_EXPIRED;
              case DELETED -> Sense.TOKEN_DELETED;
              case REVOKED -> Sense.TOKEN_REVOKED;
              case CANCELLED -> Sense.TOKEN_CANCELLED;
            })
        .orElse(Sense.TOKEN_UNKNOWN);
  }

  /** Whether a token that is not ours says clearly that it is another target's. */
  private boolean isRemote(byte[] bytes) {
    byte[] theirs = RodToken.targetDescriptor(bytes);
    byte[] ours = DeviceIdentification.targetDeviceDesignator(targetName);
    int end = 4 + (theirs[3] & 0xff);
    boolean wellFormed =
        Arrays.equals(theirs, 0, 3, ours, 0, 3)
            && end <= theirs.length
            && IntStream.range(end, theirs.length).allMatch(i -> theirs[i] == 0);
    return wellFormed && !name(theirs, end).isEmpty() && !name(theirs, end).equals(targetName);
  }

  private static String name(byte[] descriptor, int end) {
    return new String(descriptor, 4, end - 4, StandardCharsets.UTF_8).replace("\0", "");
  }
}
