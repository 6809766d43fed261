package io.gantry.server;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificate and key by which the REST interface proves who it is. They can be replaced while
 * it serves: who connects afterwards sees the new ones.
 */
final class ServerIdentity {
  private static final String ALIAS = "gantry";
  private static final Pattern PEM_KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END");
  private static final List<String> ALGORITHMS = List.of("EC", "RSA", "Ed25519", "Ed448");

  /** A key and its certificates, that of the key first. */
  private record Credentials(PrivateKey key, X509Certificate[] chain) {}

  private final TlsSettings settings;
  private final Path data;
  private volatile Credentials credentials;

  private ServerIdentity(TlsSettings settings, Path data, Credentials credentials) {
    this.settings = settings;
    this.data = data;
    this.credentials = credentials;
  }

  /**
   * Reads certificate and key, or makes them the first time if they are to be its own.
   *
   * @param host where it listens
   * @throws IOException if they cannot be read or do not belong together; names the file
   */
  static ServerIdentity open(TlsSettings settings, Path data, String host) throws IOException {
    if (settings.selfSigned()) {
      makeIfMissing(data, host);
    }
    return new ServerIdentity(settings, data, read(settings, data));
  }

  /**
   * Reads them again.
   *
   * @throws IOException as {@link #open}; the old ones stay then
   */
  void reload() throws IOException {
    credentials = read(settings, data);
  }

  private static Path ownCertificate(Path data) {
    return data.resolve("tls-certificate.pem");
  }

  private static Path ownKey(Path data) {
    return data.resolve("tls-key.pem");
  }

  private static void makeIfMissing(Path data, String host) throws IOException {
    if (Files.exists(ownCertificate(data)) && Files.exists(ownKey(data))) {
      return;
    }
    Set<String> hosts = new LinkedHashSet<>();
    try {
      hosts.add(InetAddress.getLocalHost().getHostName());
    } catch (UnknownHostException e) {
      // it has no name
    }
    if (!InetAddress.getByName(host).isAnyLocalAddress()) {
      hosts.add(host);
    }
    hosts.addAll(List.of("localhost", "127.0.0.1", "::1"));
    SelfSigned made = SelfSigned.make(List.copyOf(hosts), Instant.now(), new SecureRandom());
    PrivateFile.replace(ownKey(data), made.key().getBytes(StandardCharsets.US_ASCII));
    PrivateFile.replace(
        ownCertificate(data), made.certificate().getBytes(StandardCharsets.US_ASCII));
  }

  private static Credentials read(TlsSettings settings, Path data) throws IOException {
    Path certificate = settings.selfSigned() ? ownCertificate(data) : settings.certificate();
    Path key = settings.selfSigned() ? ownKey(data) : settings.key();
    Path at = certificate != null ? certificate : settings.keystore();
    try {
      Credentials read =
          certificate != null && key != null
              ? new Credentials(pemKey(key), chain(certificate))
              : fromKeystore(settings.keystore(), settings.passwordFile());
      requirePair(read, String.valueOf(at));
      return read;
    } catch (NoSuchFileException e) {
      throw new IOException(e.getFile() + ": there is no such file, which tls needs", e);
    } catch (GeneralSecurityException e) {
      throw new IOException("%s: %s".formatted(at, e.getMessage()), e);
    }
  }

  private static X509Certificate[] chain(Path file) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      X509Certificate[] chain =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toArray(X509Certificate[]::new);
      if (chain.length == 0) {
        throw new IOException(file + ": has no certificate; PEM is wanted");
      }
      return chain;
    }
  }

  private static PrivateKey pemKey(Path file) throws IOException, GeneralSecurityException {
    PrivateFile.requirePrivate(file, "it holds a private key");
    Matcher pem = PEM_KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!pem.find() || !pem.group(1).equals("PRIVATE KEY")) {
      throw new IOException(
          "%s: has no key in the form that is wanted; run: openssl pkcs8 -topk8 -nodes -in %s"
              .formatted(file, file));
    }
    byte[] encoded;
    try {
      encoded = Base64.getMimeDecoder().decode(pem.group(2));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": is damaged", e);
    }
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (InvalidKeySpecException e) {
        // then it is of another
      }
    }
    throw new IOException(file + ": is no key for RSA, ECDSA or EdDSA");
  }

  private static Credentials fromKeystore(@Nullable Path file, @Nullable Path passwordFile)
      throws IOException, GeneralSecurityException {
    if (file == null || passwordFile == null) {
      throw new IOException("tls needs certificate and key, or keystore and passwordFile");
    }
    PrivateFile.requirePrivate(passwordFile, "it holds a password");
    char[] password =
        Files.readString(passwordFile, StandardCharsets.UTF_8).stripTrailing().toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(file))) {
      store.load(in, password);
    } catch (IOException e) {
      throw new IOException(file + ": is no PKCS#12 file, or has another password", e);
    }
    for (String alias : Collections.list(store.aliases())) {
      if (store.getKey(alias, password) instanceof PrivateKey key) {
        Certificate[] chain = store.getCertificateChain(alias);
        X509Certificate[] all = new X509Certificate[chain.length];
        System.arraycopy(chain, 0, all, 0, chain.length);
        return new Credentials(key, all);
      }
    }
    throw new IOException(file + ": has no private key");
  }

  /** A key that is not the certificate's would show only when somebody connects. */
  private static void requirePair(Credentials read, String file)
      throws IOException, GeneralSecurityException {
    PublicKey shown = read.chain[0].getPublicKey();
    String algorithm =
        switch (shown.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> "EdDSA";
        };
    byte[] sample = {1, 2, 3, 4};
    boolean pair;
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(read.key);
      signer.update(sample);
      byte[] signature = signer.sign();
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(shown);
      verifier.update(sample);
      pair = verifier.verify(signature);
    } catch (java.security.InvalidKeyException | java.security.SignatureException e) {
      pair = false;
    }
    if (!pair) {
      throw new IOException(file + ": the private key is another's, not that of the certificate");
    }
  }

  /** What people compare. */
  String fingerprint() {
    return Fingerprint.of(credentials.chain[0]);
  }

  /** For servers. */
  SSLContext context() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {new Manager()}, null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS is not to be had: " + e.getMessage(), e);
    }
  }

  /** Hands out the credentials of the moment. */
  private final class Manager extends X509ExtendedKeyManager {
    private @Nullable String aliasFor(String keyType) {
      return keyType.equals(credentials.key.getAlgorithm())
              || keyType.startsWith(credentials.key.getAlgorithm() + "_")
              || (keyType.startsWith("Ed") && credentials.key.getAlgorithm().startsWith("Ed"))
          ? ALIAS
          : null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      String alias = aliasFor(keyType);
      return alias == null ? null : new String[] {alias};
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return aliasFor(keyType);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return aliasFor(keyType);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return credentials.chain.clone();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return credentials.key;
    }
  }
}
