package io.gantry.target;

import io.gantry.scsi.RodToken;
import io.gantry.scsi.Sense;
import io.gantry.store.Pool;
import io.gantry.store.Token;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntFunction;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Turns the pool's tokens into ROD tokens and back.
 *
 * <p>The first 256 bytes of a ROD token say what it is; the other 256 are a MAC over them under the
 * pool's secret key. So nobody can make or change a token, and any token that was ever given out
 * can be told from a forged one without a list.
 */
final class RodTokens {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int EXTENSION_LENGTH = RodToken.LENGTH - RodToken.SIGNED_LENGTH;

  private final Pool pool;
  private final String targetName;
  private final SecretKeySpec key;

  RodTokens(Pool pool, String targetName) {
    this.pool = pool;
    this.targetName = targetName;
    this.key = new SecretKeySpec(pool.secretKey(), ALGORITHM);
  }

  /** The 512 bytes for a token. */
  byte[] encode(Token token, IntFunction<byte[]> naaOfVolume) {
    byte[] bytes =
        new RodToken(
                RodToken.TYPE_POINT_IN_TIME,
                token.number(),
                naaOfVolume.apply(token.volumeId()),
                token.lengthBytes(),
                token.blockBytes(),
                targetName,
                new byte[EXTENSION_LENGTH])
            .encode();
    System.arraycopy(sign(bytes), 0, bytes, RodToken.SIGNED_LENGTH, EXTENSION_LENGTH);
    return bytes;
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

    /** Stands for what a live token of the pool holds. */
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
    if (type != RodToken.TYPE_POINT_IN_TIME) {
      return new Resolved.Refused(Sense.UNSUPPORTED_TOKEN_TYPE);
    }
    byte[] extension = Arrays.copyOfRange(bytes, RodToken.SIGNED_LENGTH, RodToken.LENGTH);
    if (!MessageDigest.isEqual(extension, sign(bytes))) {
      return new Resolved.Refused(Sense.TOKEN_CORRUPT);
    }
    long number = RodToken.identifier(bytes);
    Optional<Token> live = pool.token(number);
    if (live.isPresent()) {
      return new Resolved.Live(live.get());
    }
    return new Resolved.Refused(
        pool.ended(number)
            .map(end ->
                switch (end) {
                  case EXPIRED -> Sense.TOKEN_EXPIRED;
                  case DELETED -> Sense.TOKEN_DELETED;
                  case REVOKED -> Sense.TOKEN_REVOKED;
                })
            .orElse(Sense.TOKEN_UNKNOWN));
  }
}
