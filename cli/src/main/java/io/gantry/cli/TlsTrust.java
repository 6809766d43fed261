package io.gantry.cli;

import io.gantry.server.Fingerprint;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Whom the client of a daemon trusts, other than those whom Java does. */
final class TlsTrust {
  private static final Pattern FINGERPRINT = Pattern.compile("[0-9A-F]{2}(:[0-9A-F]{2}){31}");

  private TlsTrust() {}

  /**
   * Certificates that somebody signed whose own are in a PEM file. The name must be right, too.
   *
   * @throws IOException if there are none in it
   */
  static SSLContext inFile(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca-" + trusted.size(), one);
      }
      if (trusted.size() == 0) {
        throw new Failure(file + ": has no certificate; PEM is wanted");
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trusted);
      return context(factory.getTrustManagers());
    } catch (GeneralSecurityException e) {
      throw new Failure("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * The one certificate of this SHA-256, whatever name is in it and whoever signed it.
   *
   * @throws Failure if it is no fingerprint
   */
  static SSLContext inFingerprint(String text) throws Failure {
    String wanted = text.toUpperCase(Locale.ROOT);
    if (!FINGERPRINT.matcher(wanted).matches()) {
      throw new Failure(
          "'%s' is no fingerprint: write 32 bytes as AB:CD:..., as 'gantry serve' prints them"
              .formatted(text));
    }
    return context(new TrustManager[] {new Pinned(wanted)});
  }

  private static SSLContext context(TrustManager[] trust) throws Failure {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new Failure("TLS is not to be had: " + e.getMessage(), e);
    }
  }

  private static final class Pinned extends X509ExtendedTrustManager {
    private final String wanted;

    Pinned(String wanted) {
      this.wanted = wanted;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
      String found = Fingerprint.of(chain[0]);
      if (!found.equals(wanted)) {
        throw new CertificateException(
            "its certificate has the fingerprint %s, not %s".formatted(found, wanted));
      }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("this is a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
        throws CertificateException {
      throw new CertificateException("this is a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
        throws CertificateException {
      throw new CertificateException("this is a client");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
