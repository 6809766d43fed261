package io.gantry.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the REST interface encrypts and proves who it is. */
@NullUnmarked
class TlsTest {
  private static final HostPort ANY = new HostPort("127.0.0.1", 0);

  @TempDir private Path directory;

  private Path write(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    Files.deleteIfExists(file);
    PrivateFile.replace(file, content.getBytes(StandardCharsets.US_ASCII));
    return file;
  }

  private static X509Certificate parse(Path file) throws Exception {
    try (InputStream in = Files.newInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static SSLContext trusting(Path certificate) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("it", parse(certificate));
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private static int ask(Daemon daemon, SSLContext trust) throws Exception {
    try (HttpClient http = HttpClient.newBuilder().sslContext(trust).build()) {
      return http.send(
              HttpRequest.newBuilder(
                      URI.create("https://%s/api/v1/me".formatted(daemon.contact().http())))
                  .header("Authorization", "Bearer " + daemon.contact().token())
                  .build(),
              BodyHandlers.ofString())
          .statusCode();
    }
  }

  @Test
  void itsOwnCertificate() throws Exception {
    Path data = directory.resolve("data");
    DaemonSettings settings = DaemonSettings.of(data, ANY, ANY).withTls(TlsSettings.SELF_SIGNED);
    String fingerprint;
    try (Daemon daemon = Daemon.start(settings)) {
      X509Certificate made = parse(data.resolve("tls-certificate.pem"));
      made.verify(made.getPublicKey());
      made.checkValidity();
      fingerprint = daemon.contact().fingerprint();
      assertThat(fingerprint)
          .isEqualTo(Fingerprint.of(made))
          .matches("[0-9A-F]{2}(:[0-9A-F]{2}){31}");
      assertThat(daemon.contact().url()).hasScheme("https");
      assertThat(ask(daemon, trusting(data.resolve("tls-certificate.pem")))).isEqualTo(200);
      assertThatThrownBy(() -> ask(daemon, SSLContext.getDefault()))
          .isInstanceOf(SSLException.class);
      for (String name : List.of("tls-key.pem", "tls-certificate.pem")) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(name))))
            .isEqualTo("rw-------");
      }
    }
    try (Daemon again = Daemon.start(settings)) {
      assertThat(again.contact().fingerprint()).isEqualTo(fingerprint); // as clients know it
    }
  }

  /** The names and addresses of a certificate are those that it was made for. */
  @Test
  void aCertificateNamesItsHosts() throws Exception {
    SelfSigned made =
        SelfSigned.make(
            List.of("storage.example", "192.0.2.10", "2001:db8::10"),
            Instant.now(),
            new SecureRandom());
    X509Certificate read =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(
                    new ByteArrayInputStream(
                        made.certificate().getBytes(StandardCharsets.US_ASCII)));
    read.verify(read.getPublicKey());
    assertThat(read.getSubjectX500Principal().getName()).isEqualTo("CN=storage.example");
    assertThat(read.getVersion()).isEqualTo(3);
    assertThat(read.getSubjectAlternativeNames())
        .containsExactlyInAnyOrder(
            List.of(2, "storage.example"),
            List.of(7, "192.0.2.10"),
            List.of(7, "2001:db8:0:0:0:0:0:10"));
    assertThat(made.toString()).doesNotContain("PRIVATE");
  }

  /** OpenSSL reads what was made here. */
  @Test
  void otherProgramsReadTheCertificate() throws Exception {
    SelfSigned made =
        SelfSigned.make(List.of("storage.example", "::1"), Instant.now(), new SecureRandom());
    Path certificate = write("c.pem", made.certificate());
    Path key = write("k.pem", made.key());
    Process openssl;
    try {
      openssl =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "openssl x509 -in %1$s -noout -text -fingerprint -sha256 && openssl verify -CAfile %1$s %1$s && openssl pkey -in %2$s -pubout"
                      .formatted(certificate, key))
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      throw new org.opentest4j.TestAbortedException("no shell here", e);
    }
    String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    org.junit.jupiter.api.Assumptions.assumeFalse(said.contains("not found"), "no openssl here");
    assertThat(openssl.waitFor()).as(said).isZero();
    assertThat(said)
        .contains("ecdsa-with-SHA256", "DNS:storage.example", "prime256v1", "c.pem: OK")
        .contains(Fingerprint.of(parse(certificate)));
  }

  @Test
  void pemFilesAndTheirReplacement() throws Exception {
    SelfSigned one = SelfSigned.make(List.of("127.0.0.1"), Instant.now(), new SecureRandom());
    SelfSigned two = SelfSigned.make(List.of("127.0.0.1"), Instant.now(), new SecureRandom());
    Path certificate = write("c.pem", one.certificate());
    write("k.pem", one.key());
    Path config =
        write(
            "gantry.toml",
            "data = \"%s\"\niscsi = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\n[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n"
                .formatted(directory.resolve("data")));
    try (Daemon daemon = Daemon.start(Configuration.of(config), _ -> {})) {
      SSLContext first = trusting(certificate);
      assertThat(ask(daemon, first)).isEqualTo(200);
      write("c.pem", two.certificate());
      assertThatThrownBy(daemon::reload).hasMessageContaining("the private key is another's");
      assertThat(ask(daemon, first)).isEqualTo(200);
      write("k.pem", two.key());
      daemon.reload();
      assertThat(ask(daemon, trusting(certificate))).isEqualTo(200);
      assertThatThrownBy(() -> ask(daemon, trusting(write("old.pem", one.certificate()))))
          .isInstanceOf(SSLException.class);
    }
  }

  @Test
  void pkcs12() throws Exception {
    SelfSigned made = SelfSigned.make(List.of("127.0.0.1"), Instant.now(), new SecureRandom());
    Path certificate = write("c.pem", made.certificate());
    ServerIdentity identity =
        ServerIdentity.open(
            new TlsSettings(false, certificate, write("k.pem", made.key()), null, null),
            directory,
            "127.0.0.1");
    assertThat(identity.fingerprint()).isEqualTo(Fingerprint.of(parse(certificate)));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    byte[] key =
        java.util.Base64.getMimeDecoder().decode(made.key().replaceAll("-----[A-Z ]*-----", ""));
    store.setKeyEntry(
        "x",
        java.security.KeyFactory.getInstance("EC")
            .generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(key)),
        "swordfish".toCharArray(),
        new X509Certificate[] {parse(certificate)});
    Path file = directory.resolve("s.p12");
    try (var out = Files.newOutputStream(file)) {
      store.store(out, "swordfish".toCharArray());
    }
    TlsSettings tls = new TlsSettings(false, null, null, file, write("password", "swordfish\n"));
    try (Daemon daemon =
        Daemon.start(DaemonSettings.of(directory.resolve("data"), ANY, ANY).withTls(tls))) {
      assertThat(ask(daemon, trusting(certificate))).isEqualTo(200);
    }
    write("password", "sailfish");
    assertThatThrownBy(() -> ServerIdentity.open(tls, directory, "127.0.0.1"))
        .hasMessageContaining("s.p12: is no PKCS#12 file, or has another password");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void newVersionsAreSpoken(String version) throws Exception {
    assertThat(version(version)).isEqualTo(version);
  }

  /** A client that speaks nothing newer than TLS 1.1, byte by byte: ours would not do it. */
  @Test
  void oldVersionsAreNot() throws Exception {
    try (Daemon daemon =
            Daemon.start(
                DaemonSettings.of(directory.resolve("data"), ANY, ANY)
                    .withTls(TlsSettings.SELF_SIGNED));
        Socket socket =
            new Socket(InetAddress.getLoopbackAddress(), daemon.contact().http().port())) {
      ByteBuffer hello = ByteBuffer.allocate(5 + 4 + 2 + 32 + 1 + 2 + 4 + 2);
      hello.put((byte) 22).putShort((short) 0x0301).putShort((short) 47); // RFC 4346 6.2.1
      hello.put((byte) 1).put((byte) 0).putShort((short) 43); // ClientHello, RFC 4346 7.4.1.2
      hello.putShort((short) 0x0302).put(new byte[32]).put((byte) 0); // TLS 1.1, random, no session
      hello.putShort((short) 4).putShort((short) 0xC00A).putShort((short) 0x002F);
      hello.put((byte) 1).put((byte) 0); // no compression
      socket.getOutputStream().write(hello.array());
      byte[] alert = socket.getInputStream().readNBytes(7);
      assertThat(alert[0]).isEqualTo((byte) 21);
      assertThat(alert[5]).isEqualTo((byte) 2); // fatal
      assertThat(alert[6]).isEqualTo((byte) 70); // protocol_version
    }
  }

  private String version(String version) throws Exception {
    Path data = directory.resolve("data");
    try (Daemon daemon =
            Daemon.start(DaemonSettings.of(data, ANY, ANY).withTls(TlsSettings.SELF_SIGNED));
        SSLSocket socket =
            (SSLSocket)
                trusting(data.resolve("tls-certificate.pem"))
                    .getSocketFactory()
                    .createSocket("127.0.0.1", daemon.contact().http().port())) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {version});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return socket.getSession().getProtocol();
    }
  }

  /** Tokens are not sent where others listen. */
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0:0", "[::]:0"})
  void othersReachItByTlsOnly(String address) throws Exception {
    DaemonSettings plain =
        DaemonSettings.of(directory.resolve("data"), ANY, HostPort.parse(address));
    assertThatThrownBy(() -> Daemon.start(plain))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tls = \"self-signed\"")
        .hasMessageContaining("--http 127.0.0.1:8260");
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @Test
  void whatIsWrongWithFilesIsSaid() throws Exception {
    SelfSigned made = SelfSigned.make(List.of("x"), Instant.now(), new SecureRandom());
    Path certificate = write("c.pem", made.certificate());
    Path key = write("k.pem", made.key());
    record Case(Path certificate, Path key, String message) {}
    Path open = write("open.pem", made.key());
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    for (Case one :
        List.of(
            new Case(directory.resolve("none"), key, "none: there is no such file"),
            new Case(certificate, directory.resolve("none"), "none: there is no such file"),
            new Case(certificate, open, "open.pem: everybody on this machine can read"),
            new Case(certificate, certificate, "openssl pkcs8 -topk8"),
            new Case(
                certificate,
                write("old.pem", made.key().replace("PRIVATE KEY", "EC PRIVATE KEY")),
                "openssl pkcs8 -topk8"),
            new Case(write("empty.pem", ""), key, "empty.pem: has no certificate"))) {
      assertThatThrownBy(() ->
              ServerIdentity.open(
                  new TlsSettings(false, one.certificate, one.key, null, null), directory, "x"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(one.message);
    }
  }
}
