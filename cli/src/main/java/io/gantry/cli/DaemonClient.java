package io.gantry.cli;

import io.gantry.server.AccessView;
import io.gantry.server.ApiTokenMade;
import io.gantry.server.ApiTokenRequest;
import io.gantry.server.ApiTokenView;
import io.gantry.server.CloneRequest;
import io.gantry.server.ConfigView;
import io.gantry.server.CopiesView;
import io.gantry.server.DaemonContact;
import io.gantry.server.EventView;
import io.gantry.server.FaultView;
import io.gantry.server.PoolView;
import io.gantry.server.RangeView;
import io.gantry.server.ReloadView;
import io.gantry.server.ScrubView;
import io.gantry.server.SessionView;
import io.gantry.server.SnapshotRequest;
import io.gantry.server.SnapshotView;
import io.gantry.server.StatisticsView;
import io.gantry.server.TokenView;
import io.gantry.server.VolumeChange;
import io.gantry.server.VolumeRequest;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Talks to a daemon's REST interface. */
final class DaemonClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern TOKEN_ID = Pattern.compile("[0-9a-f]{16}");
  private static final Pattern TOKEN = Pattern.compile("[!-~]{1,1024}");
  private static final int MAXIMUM_TOKEN_FILE = 4096;

  private final HttpClient http;
  private final URI base;
  private final String token;
  private final String whatToDo;

  /** Which daemon: options that every administrative command has. */
  static final class Options {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        defaultValue = "${env:GANTRY_DATA:-${sys:gantry.data:-gantry-data}}",
        description =
            "Data directory of the daemon (default: that of GANTRY_DATA, else ${DEFAULT-VALUE}).")
    private Path data;

    @ArgGroup(exclusive = false)
    private @Nullable Remote remote;

    private static final class Remote {
      @Option(
          names = "--server",
          paramLabel = "URL",
          required = true,
          converter = ServerConverter.class,
          description = "A daemon elsewhere: https://HOST:PORT of its REST interface.")
      private URI server;

      @Option(
          names = "--token-file",
          paramLabel = "FILE",
          required = true,
          description = "File that holds a token for that daemon ('gantry api-token create').")
      private Path tokenFile;

      @Option(
          names = "--ca-file",
          paramLabel = "FILE",
          description = "PEM file of who signed its certificate, if Java does not know that.")
      private @Nullable Path caFile;

      @Option(
          names = "--fingerprint",
          paramLabel = "SHA256",
          description = "SHA-256 of its certificate, as 'gantry serve' prints it, instead.")
      private @Nullable String fingerprint;

      private @Nullable SSLContext trust() throws IOException {
        if (caFile != null && fingerprint != null) {
          throw new Failure("give --ca-file or --fingerprint, not both");
        }
        return fingerprint != null
            ? TlsTrust.inFingerprint(fingerprint)
            : caFile != null ? TlsTrust.inFile(caFile) : null;
      }
    }

    /**
     * Finds the daemon.
     *
     * @throws Failure if none runs; says how to start one
     */
    DaemonClient connect() throws IOException {
      if (remote != null) {
        return new DaemonClient(
            remote.server, readToken(remote.tokenFile), "check --server", remote.trust());
      }
      String start = "start it: gantry serve --data " + data;
      DaemonContact contact =
          DaemonContact.read(data)
              .orElseThrow(() -> new Failure("no daemon serves %s; %s".formatted(data, start)));
      return new DaemonClient(
          contact.url(),
          contact.token(),
          start,
          contact.fingerprint() == null ? null : TlsTrust.inFingerprint(contact.fingerprint()));
    }

    private static String readToken(Path file) throws IOException {
      if (Files.isDirectory(file)) {
        throw new Failure(file + ": is a directory, not a file");
      }
      byte[] bytes;
      try (InputStream in = Files.newInputStream(file)) {
        bytes = in.readNBytes(MAXIMUM_TOKEN_FILE);
      }
      String token = new String(bytes, StandardCharsets.ISO_8859_1).strip();
      if (!TOKEN.matcher(token).matches()) {
        throw new Failure(
            file
                + ": holds no token; 'gantry api-token create' makes one, and another is the value"
                + " of 'token' in the daemon's daemon.json");
      }
      return token;
    }
  }

  static final class ServerConverter implements ITypeConverter<URI> {
    private static final Pattern THIS_MACHINE =
        Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\]");

    private static boolean isOnlyAddress(URI uri) {
      return uri.getUserInfo() == null
          && (uri.getPath().isEmpty() || uri.getPath().equals("/"))
          && uri.getQuery() == null
          && uri.getFragment() == null;
    }

    @Override
    public URI convert(String value) {
      try {
        URI uri = new URI(value);
        String host = uri.getHost();
        if (host != null && isOnlyAddress(uri)) {
          if ("https".equals(uri.getScheme())) {
            return uri;
          }
          if ("http".equals(uri.getScheme())) {
            if (THIS_MACHINE.matcher(host).matches()) {
              return uri;
            }
            throw new TypeConversionException(
                "'%s': a token would go over the network for everybody to read; write https://"
                    .formatted(value));
          }
        }
      } catch (URISyntaxException e) {
        // as for any other text that is none
      }
      throw new TypeConversionException(
          "'%s' is no server: write https://HOST:PORT, or http://127.0.0.1:PORT".formatted(value));
    }
  }

  private DaemonClient(URI base, String token, String whatToDo, @Nullable SSLContext trust) {
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(TIMEOUT);
    if (trust != null) {
      builder.sslContext(trust);
    }
    this.http = builder.build();
    this.base = base;
    this.token = token;
    this.whatToDo = whatToDo;
  }

  List<VolumeView> volumes() throws IOException {
    return List.of(send("GET", "volumes", null, VolumeView[].class));
  }

  VolumeView volume(String name) throws IOException {
    return send("GET", path(name), null, VolumeView.class);
  }

  VolumeView create(VolumeRequest request) throws IOException {
    return send("POST", "volumes", request, VolumeView.class);
  }

  List<RangeView> map(String name, long from) throws IOException {
    return List.of(send("GET", path(name) + "/map?from=" + from, null, RangeView[].class));
  }

  ScrubView scrub() throws IOException {
    return send("GET", "pool/scrub", null, ScrubView.class);
  }

  ScrubView startScrub(long bytesPerSecond) throws IOException {
    String query = "?bytesPerSecond=" + bytesPerSecond;
    return send("POST", "pool/scrub" + query, null, ScrubView.class);
  }

  void stopScrub() throws IOException {
    var _ = exchange("DELETE", "pool/scrub", null);
  }

  void delete(String name) throws IOException {
    var _ = exchange("DELETE", path(name), null);
  }

  VolumeView change(String name, VolumeChange change) throws IOException {
    return send("PATCH", path(name), change, VolumeView.class);
  }

  VolumeView clone(String name, CloneRequest request) throws IOException {
    return send("POST", path(name) + "/clones", request, VolumeView.class);
  }

  List<SnapshotView> snapshots(String volume) throws IOException {
    return List.of(send("GET", path(volume) + "/snapshots", null, SnapshotView[].class));
  }

  SnapshotView createSnapshot(String volume, String name) throws IOException {
    SnapshotRequest request = new SnapshotRequest(name);
    return send("POST", path(volume) + "/snapshots", request, SnapshotView.class);
  }

  void deleteSnapshot(String volume, String name) throws IOException {
    var _ = exchange("DELETE", path(volume, name), null);
  }

  VolumeView rollBack(String volume, String name) throws IOException {
    return send("POST", path(volume, name) + "/rollback", null, VolumeView.class);
  }

  /** All tokens, fetched piece by piece. */
  List<TokenView> tokens() throws IOException {
    List<TokenView> all = new ArrayList<>();
    long from = 0;
    while (true) {
      TokenView[] some = send("GET", "tokens?from=" + from, null, TokenView[].class);
      if (some.length == 0) {
        return all;
      }
      all.addAll(List.of(some));
      from = all.getLast().serial() + 1;
    }
  }

  void revoke(String id) throws IOException {
    if (!TOKEN_ID.matcher(id).matches()) {
      throw new Failure("'%s' is no token's id; 'gantry token list' shows them all".formatted(id));
    }
    var _ = exchange("DELETE", "tokens/" + id, null);
  }

  List<SessionView> sessions() throws IOException {
    return List.of(send("GET", "sessions", null, SessionView[].class));
  }

  void dropSession(int id) throws IOException {
    var _ = exchange("DELETE", "sessions/" + id, null);
  }

  FaultView faults(String volume) throws IOException {
    return send("GET", path(volume) + "/faults", null, FaultView.class);
  }

  FaultView setFaults(String volume, FaultView faults) throws IOException {
    return send("PUT", path(volume) + "/faults", faults, FaultView.class);
  }

  void clearFaults(String volume) throws IOException {
    var _ = exchange("DELETE", path(volume) + "/faults", null);
  }

  CopiesView copies() throws IOException {
    return send("GET", "copies", null, CopiesView.class);
  }

  void cancelCopy(long id) throws IOException {
    var _ = exchange("DELETE", "copies/" + id, null);
  }

  AccessView access() throws IOException {
    return send("GET", "access", null, AccessView.class);
  }

  AccessView reloadAccess() throws IOException {
    return send("POST", "access/reload", null, AccessView.class);
  }

  StatisticsView statistics() throws IOException {
    return send("GET", "statistics", null, StatisticsView.class);
  }

  ApiTokenMade createApiToken(ApiTokenRequest request) throws IOException {
    return send("POST", "api-tokens", request, ApiTokenMade.class);
  }

  List<ApiTokenView> apiTokens() throws IOException {
    return List.of(send("GET", "api-tokens", null, ApiTokenView[].class));
  }

  void revokeApiToken(String name) throws IOException {
    if (!VolumeRequest.isName(name)) {
      throw new Failure(
          "'%s' is no name of an API token; 'gantry api-token list' shows them all"
              .formatted(name));
    }
    var _ = exchange("DELETE", "api-tokens/" + name, null);
  }

  /** The newest events, oldest first. */
  List<EventView> events(int limit) throws IOException {
    return List.of(send("GET", "events?limit=" + limit, null, EventView[].class));
  }

  /**
   * What happens after an event, until the server ends the stream or nobody wants to know more.
   *
   * @param last its id; 0 for what happens from now on
   * @param reader whether it wants the next
   * @return the id of the last event that came
   * @throws Failure if the server does not answer
   */
  long follow(long last, Predicate<EventView> reader) throws IOException {
    HttpRequest.Builder request = request("events").header("Accept", "text/event-stream");
    if (last != 0) {
      request.header("Last-Event-ID", Long.toString(last));
    }
    HttpResponse<Stream<String>> response = send(request.build(), BodyHandlers.ofLines());
    long newest = last;
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() >= 400) {
        throw new Failure(errorOf(response.statusCode(), lines.collect(Collectors.joining())));
      }
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.startsWith("data: ")) {
          EventView event = JSON.readValue(line.substring("data: ".length()), EventView.class);
          newest = event.id();
          if (!reader.test(event)) {
            return newest;
          }
        }
      }
    } catch (UncheckedIOException e) {
      return newest; // the stream broke; whether the server is still there shows the next time
    }
    return newest;
  }

  ConfigView config() throws IOException {
    return send("GET", "config", null, ConfigView.class);
  }

  ReloadView reloadConfig() throws IOException {
    return send("POST", "config/reload", null, ReloadView.class);
  }

  PoolView pool() throws IOException {
    return send("GET", "pool", null, PoolView.class);
  }

  private static String path(String name) throws Failure {
    if (!VolumeRequest.isName(name)) {
      throw new Failure(
          "'%s' is no name of a volume; 'gantry volume list' shows them all".formatted(name));
    }
    return "volumes/" + name;
  }

  private static String path(String volume, String snapshot) throws Failure {
    if (!VolumeRequest.isName(snapshot)) {
      throw new Failure(
          "'%s' is no name of a snapshot; 'gantry snapshot list' shows them all"
              .formatted(snapshot));
    }
    return path(volume) + "/snapshots/" + snapshot;
  }

  private <T> T send(String method, String path, @Nullable Object body, Class<T> type)
      throws IOException {
    try {
      return JSON.readValue(exchange(method, path, body), type);
    } catch (JacksonException e) {
      throw notADaemon(e);
    }
  }

  private Failure notADaemon(Exception e) {
    return new Failure("what answers at %s is no gantry daemon; %s".formatted(base, whatToDo), e);
  }

  private String exchange(String method, String path, @Nullable Object body) throws IOException {
    BodyPublisher publisher =
        body == null
            ? BodyPublishers.noBody()
            : BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
    HttpResponse<String> response =
        send(request(path).method(method, publisher).build(), BodyHandlers.ofString());
    if (response.statusCode() >= 400) {
      throw new Failure(errorOf(response.statusCode(), response.body()));
    }
    return response.body();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve("/api/v1/" + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json");
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler) throws IOException {
    try {
      return http.send(request, handler);
    } catch (ConnectException e) {
      throw new Failure("the daemon at %s does not answer; %s".formatted(base, whatToDo), e);
    } catch (SSLException e) {
      if (String.valueOf(e.getMessage()).contains("plaintext")) {
        throw new Failure("the daemon at %s speaks no TLS; write http://".formatted(base), e);
      }
      throw new Failure(
          "%s cannot be trusted: %s; give --ca-file, or --fingerprint as 'gantry serve' printed it"
              .formatted(base, e.getMessage()),
          e);
    } catch (HttpTimeoutException e) {
      throw new Failure(
          "the daemon at %s did not answer for %d s".formatted(base, TIMEOUT.toSeconds()), e);
    } catch (ProtocolException e) {
      throw notADaemon(e);
    } catch (IOException e) {
      throw new Failure(
          "the connection to the daemon at %s broke: %s".formatted(base, e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", e);
    }
  }

  private String errorOf(int status, String body) {
    try {
      if (status == 401) {
        return "the daemon at %s does not know the token; %s".formatted(base, whatToDo);
      }
      String error = JSON.readTree(body).path("error").asString();
      if (!error.isBlank()) {
        return error;
      }
    } catch (JacksonException e) {
      // as for a body without a reason: something else than a daemon may answer
    }
    return "%s answers with HTTP status %d and no reason; %s".formatted(base, status, whatToDo);
  }

  @Override
  public void close() {
    http.close();
  }
}
