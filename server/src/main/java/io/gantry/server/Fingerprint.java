package io.gantry.server;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** What people compare instead of certificates. */
public final class Fingerprint {
  private Fingerprint() {}

  /** SHA-256 of a certificate: {@code AB:CD:...}, as openssl and browsers show it. */
  public static String of(X509Certificate certificate) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
    } catch (CertificateEncodingException | NoSuchAlgorithmException e) {
      throw new IllegalArgumentException("a certificate that cannot be encoded", e);
    }
  }
}
