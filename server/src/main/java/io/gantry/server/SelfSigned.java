package io.gantry.server;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Makes a certificate that signs itself: ECDSA on P-256, for ten years. Java has no public
 * interface for that, and what is needed of X.509 is little.
 *
 * @param certificate PEM
 * @param key PEM, PKCS#8
 */
record SelfSigned(String certificate, String key) {
  private static final Duration LIFETIME = Duration.ofDays(3650);
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OCTET_STRING = 0x04;
  private static final int OBJECT = 0x06;
  private static final int UTF8_STRING = 0x0C;
  private static final int GENERALIZED_TIME = 0x18;
  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;

  /** 1.2.840.10045.4.3.2, ecdsa-with-SHA256 (RFC 5758 3.2). */
  private static final byte[] ECDSA_WITH_SHA256 =
      der(SEQUENCE, der(OBJECT, bytes(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02)));

  private static final byte[] COMMON_NAME = der(OBJECT, bytes(0x55, 0x04, 0x03)); // 2.5.4.3
  private static final byte[] ALTERNATIVE = der(OBJECT, bytes(0x55, 0x1D, 0x11)); // 2.5.29.17
  private static final byte[] CONSTRAINTS = der(OBJECT, bytes(0x55, 0x1D, 0x13)); // 2.5.29.19
  private static final byte[] TRUE = bytes(0x01, 0x01, 0xFF);

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  /**
   * Makes one.
   *
   * @param hosts names and numbers of the machine, the first one its main name
   */
  static SelfSigned make(List<String> hosts, Instant now, SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair pair = generator.generateKeyPair();
      byte[] body = body(hosts, now, pair.getPublic().getEncoded(), new BigInteger(127, random));
      return new SelfSigned(
          pem("CERTIFICATE", certificate(body, pair.getPrivate(), random)),
          pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has ECDSA on P-256", e);
    }
  }

  private static byte[] certificate(byte[] body, PrivateKey key, SecureRandom random)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key, random);
    signature.update(body);
    return der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, bytes(0), signature.sign()));
  }

  /** TBSCertificate, RFC 5280 4.1. */
  private static byte[] body(List<String> hosts, Instant now, byte[] key, BigInteger serial) {
    byte[] name =
        der(
            SEQUENCE,
            der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, utf8(hosts.getFirst())))));
    byte[] extensions =
        der(
            SEQUENCE,
            der(SEQUENCE, ALTERNATIVE, der(OCTET_STRING, alternatives(hosts))),
            // It may sign itself, so that it can be given to clients as their authority.
            der(SEQUENCE, CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE))));
    return der(
        SEQUENCE,
        der(0xA0, der(INTEGER, bytes(2))), // version 3
        der(INTEGER, serial.add(BigInteger.ONE).toByteArray()),
        ECDSA_WITH_SHA256,
        name,
        der(
            SEQUENCE,
            der(GENERALIZED_TIME, utf8(TIME.format(now.minus(Duration.ofDays(1))))),
            der(GENERALIZED_TIME, utf8(TIME.format(now.plus(LIFETIME))))),
        name,
        key,
        der(0xA3, extensions));
  }

  /** RFC 5280 4.2.1.6: dNSName or iPAddress. */
  private static byte[] alternatives(List<String> hosts) {
    byte[][] names =
        hosts.stream()
            .map(host ->
                ADDRESS.matcher(host).matches() ? der(0x87, address(host)) : der(0x82, utf8(host)))
            .toArray(byte[][]::new);
    return der(SEQUENCE, names);
  }

  private static byte[] address(String host) {
    try {
      return InetAddress.getByName(host).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(host + " is no address", e);
    }
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length);
    }
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String pem(String label, byte[] content) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content));
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "SelfSigned[]";
  }
}
