package io.gantry.server;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How the REST interface and the console prove who they are, and encrypt.
 *
 * @param selfSigned whether the daemon makes its own certificate
 * @param certificate PEM file of the certificate, then those that lead to an authority; or null
 * @param key PEM file of its private key (PKCS#8); or null
 * @param keystore PKCS#12 file that has both; or null
 * @param passwordFile has the keystore's password; or null
 */
public record TlsSettings(
    boolean selfSigned,
    @Nullable Path certificate,
    @Nullable Path key,
    @Nullable Path keystore,
    @Nullable Path passwordFile) {

  /** The daemon makes its own certificate. */
  public static final TlsSettings SELF_SIGNED = new TlsSettings(true, null, null, null, null);

  public TlsSettings {
    boolean pem = certificate != null && key != null && keystore == null && passwordFile == null;
    boolean store = keystore != null && passwordFile != null && certificate == null && key == null;
    boolean own =
        selfSigned
            && certificate == null
            && key == null
            && keystore == null
            && passwordFile == null;
    if (!own && (selfSigned || !(pem || store))) {
      throw new IllegalArgumentException(
          "tls is \"self-signed\", or has certificate and key, or keystore and passwordFile");
    }
  }

  /**
   * The table {@code [tls]} of a configuration file, or the text {@code tls = "self-signed"}. Paths
   * count from the configuration file.
   *
   * @param certificate as {@link TlsSettings#certificate}
   * @param key as {@link TlsSettings#key}
   * @param keystore as {@link TlsSettings#keystore}
   * @param passwordFile as {@link TlsSettings#passwordFile}
   */
  record Tls(
      boolean selfSigned,
      @Key(
              meaning = "PEM file: the certificate, then those that lead to an authority",
              form = "path",
              example = "\"/etc/gantry/tls.pem\"",
              reload = true)
          @Nullable Path certificate,
      @Key(
              meaning = "PEM file of the certificate's private key (PKCS#8, not encrypted)",
              form = "path",
              example = "\"/etc/gantry/tls.key\"",
              reload = true)
          @Nullable Path key,
      @Key(
              meaning = "PKCS#12 file that has both, instead",
              form = "path",
              example = "\"/etc/gantry/tls.p12\"",
              reload = true)
          @Nullable Path keystore,
      @Key(
              meaning = "file that holds the keystore's password",
              form = "path",
              example = "\"/etc/gantry/tls.password\"",
              reload = true)
          @Nullable Path passwordFile) {

    @JsonCreator
    static Tls ofText(String text) {
      if (!text.equals("self-signed")) {
        throw new IllegalArgumentException(
            "'%s' can be \"self-signed\", or a table [tls]".formatted(text));
      }
      return new Tls(true, null, null, null, null);
    }

    @JsonCreator
    static Tls ofTable(
        @JsonProperty("certificate") @Nullable Path certificate,
        @JsonProperty("key") @Nullable Path key,
        @JsonProperty("keystore") @Nullable Path keystore,
        @JsonProperty("passwordFile") @Nullable Path passwordFile) {
      return new Tls(false, certificate, key, keystore, passwordFile);
    }

    TlsSettings settings(Configuration.Origin origin) {
      return new TlsSettings(
          selfSigned,
          origin.resolve(certificate),
          origin.resolve(key),
          origin.resolve(keystore),
          origin.resolve(passwordFile));
    }
  }
}
