package io.gantry.cli;

import io.gantry.server.DaemonContact;
import io.gantry.server.PoolView;
import io.gantry.server.VolumeRequest;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Talks to a daemon's REST interface. */
final class DaemonClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final JsonMapper JSON = new JsonMapper();

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final URI base;
  private final String token;
  private final String whatToDo;

  /** Which daemon: options that every administrative command has. */
  static final class Options {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        defaultValue = "gantry-data",
        description = "Data directory of the daemon (default: ${DEFAULT-VALUE}).")
    private Path data;

    @ArgGroup(exclusive = false)
    private @Nullable Remote remote;

    private static final class Remote {
      @Option(
          names = "--server",
          paramLabel = "URL",
          required = true,
          description = "REST interface of a daemon elsewhere, as in http://127.0.0.1:8260.")
      private URI server;

      @Option(
          names = "--token-file",
          paramLabel = "FILE",
          required = true,
          description = "File that holds that daemon's token.")
      private Path tokenFile;
    }

    /**
     * Finds the daemon.
     *
     * @throws Failure if none runs; says how to start one
     */
    DaemonClient connect() throws IOException {
      if (remote != null) {
        try {
          String token = Files.readString(remote.tokenFile).strip();
          return new DaemonClient(remote.server, token, "check --server");
        } catch (NoSuchFileException e) {
          throw new Failure(remote.tokenFile + ": no such file", e);
        }
      }
      String start = "start it: gantry serve --data " + data;
      DaemonContact contact =
          DaemonContact.read(data)
              .orElseThrow(() -> new Failure("no daemon serves %s; %s".formatted(data, start)));
      return new DaemonClient(URI.create("http://" + contact.http()), contact.token(), start);
    }
  }

  private DaemonClient(URI base, String token, String whatToDo) {
    this.base = base;
    this.token = token;
    this.whatToDo = whatToDo;
  }

  List<VolumeView> volumes() throws IOException {
    return List.of(JSON.readValue(send("GET", "volumes", null), VolumeView[].class));
  }

  VolumeView volume(String name) throws IOException {
    return JSON.readValue(send("GET", path(name), null), VolumeView.class);
  }

  VolumeView create(VolumeRequest request) throws IOException {
    return JSON.readValue(send("POST", "volumes", request), VolumeView.class);
  }

  void delete(String name) throws IOException {
    send("DELETE", path(name), null);
  }

  PoolView pool() throws IOException {
    return JSON.readValue(send("GET", "pool", null), PoolView.class);
  }

  private static String path(String name) {
    return "volumes/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private String send(String method, String path, @Nullable Object body) throws IOException {
    BodyPublisher publisher =
        body == null
            ? BodyPublishers.noBody()
            : BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
    HttpRequest request =
        HttpRequest.newBuilder(base.resolve("/api/v1/" + path))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .method(method, publisher)
            .build();
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      if (response.statusCode() >= 400) {
        throw new Failure(errorOf(response));
      }
      return response.body();
    } catch (ConnectException e) {
      throw new Failure("the daemon at %s does not answer; %s".formatted(base, whatToDo), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", e);
    }
  }

  private String errorOf(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body()).path("error").asString();
    } catch (JacksonException e) {
      return "%s answers with HTTP status %d and no reason".formatted(base, response.statusCode());
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
