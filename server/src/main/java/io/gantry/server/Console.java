package io.gantry.server;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Serves the files of the web console: a page that asks the REST interface as any other client
 * does. Nobody needs a token for them, for there is no secret in them.
 *
 * <p>The files that there are were read at the start and stand in a table under their paths; a path
 * that is not in it is not looked for anywhere. Every answer of the daemon, of the REST interface
 * too, tells the browser to run nothing but these files, to show them in nobody's frame, and to
 * tell nobody where it was.
 */
final class Console {
  private static final String PREACT = "META-INF/resources/webjars/preact/10.26.4/dist/";

  /** Files beside this class, in {@code console/}. */
  static final List<String> FILES =
      List.of(
          "access.js",
          "actions.js",
          "addressmap.js",
          "api.js",
          "apitokens.js",
          "chart.js",
          "charts.js",
          "console.css",
          "copies.js",
          "dialog.js",
          "events.js",
          "faults.js",
          "format.js",
          "history.js",
          "icon.svg",
          "index.html",
          "login.js",
          "main.js",
          "overview.js",
          "sessions.js",
          "state.js",
          "table.js",
          "theme.js",
          "tokens.js",
          "volume.js",
          "volumes.js",
          "widgets.js");

  private static final Map<String, String> TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  /**
   * Trusted types: no text becomes a program or markup in the page, whatever a volume is called.
   */
  private static final String POLICY =
      "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " font-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

  private static final Map<HeaderName, String> HEADERS =
      Map.of(
          HeaderNames.create("Content-Security-Policy"), POLICY,
          HeaderNames.create("X-Content-Type-Options"), "nosniff",
          HeaderNames.create("X-Frame-Options"), "DENY",
          HeaderNames.create("Referrer-Policy"), "no-referrer",
          HeaderNames.create("Cross-Origin-Opener-Policy"), "same-origin",
          HeaderNames.create("Cross-Origin-Resource-Policy"), "same-origin",
          HeaderNames.create("Permissions-Policy"),
              "camera=(), microphone=(), geolocation=(), payment=(), usb=()");

  private final Map<String, Asset> assets = new HashMap<>();

  /**
   * A file.
   *
   * @param etag of its content; quoted, as in the header
   */
  private record Asset(String contentType, byte[] content, byte[] zipped, String etag) {
    String etag(boolean isZipped) {
      return isZipped ? etag.substring(0, etag.length() - 1) + "-gz\"" : etag;
    }
  }

  Console() {
    for (String file : FILES) {
      assets.put("/" + file, read(Console.class.getResourceAsStream("console/" + file), file));
    }
    assets.put("/", read(Console.class.getResourceAsStream("console/index.html"), "index.html"));
    String preact = PREACT + "preact.module.js";
    assets.put(
        "/lib/preact.js", read(Console.class.getClassLoader().getResourceAsStream(preact), preact));
  }

  private static Asset read(@Nullable InputStream stream, String name) {
    if (stream == null) {
      throw new IllegalStateException("the program is incomplete: it has no " + name);
    }
    try (stream) {
      byte[] content = stream.readAllBytes();
      ByteArrayOutputStream zipped = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
        gzip.write(content);
      }
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
      String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      if (type == null) {
        throw new IllegalStateException("no content type for " + name);
      }
      String etag = '"' + HexFormat.of().formatHex(Arrays.copyOf(hash, 16)) + '"';
      return new Asset(type, content, zipped.toByteArray(), etag);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has SHA-256
    }
  }

  /** Goes behind all other routes, for there is nothing else then. */
  void route(HttpRouting.Builder routing) {
    routing
        .addFilter(this::filter)
        .any((request, response) ->
            RestFormat.sendError(
                response,
                Status.NOT_FOUND_404,
                "there is no %s %s"
                    .formatted(request.prologue().method(), request.path().rawPath())));
  }

  private void filter(FilterChain chain, ServerRequest request, ServerResponse response) {
    HEADERS.forEach(response::header);
    Method method = request.prologue().method();
    Asset asset =
        method.equals(Method.GET) || method.equals(Method.HEAD)
            ? assets.get(request.path().rawPath())
            : null;
    if (asset == null) {
      response.header(HeaderNames.CACHE_CONTROL, "no-store");
      chain.proceed();
    } else {
      serve(asset, request, response, method.equals(Method.HEAD));
    }
  }

  /** The browser keeps it and asks each time whether it is still so. */
  private static void serve(
      Asset asset, ServerRequest request, ServerResponse response, boolean headOnly) {
    boolean zip = has(request, HeaderNames.ACCEPT_ENCODING, "gzip");
    String etag = asset.etag(zip);
    response.header(HeaderNames.CACHE_CONTROL, "no-cache");
    response.header(HeaderNames.VARY, "Accept-Encoding");
    response.header(HeaderNames.ETAG, etag);
    if (has(request, HeaderNames.IF_NONE_MATCH, etag)) {
      response.status(Status.NOT_MODIFIED_304).send();
      return;
    }
    response.header(HeaderNames.CONTENT_TYPE, asset.contentType);
    if (zip) {
      response.header(HeaderNames.CONTENT_ENCODING, "gzip");
    }
    if (headOnly) {
      response.send();
    } else {
      response.send(zip ? asset.zipped : asset.content);
    }
  }

  /** Whether a header is a list with an element. */
  private static boolean has(ServerRequest request, HeaderName name, String element) {
    return Arrays.stream(request.headers().first(name).orElse("").split(",", -1))
        .map(text -> text.strip().replaceFirst("^W/", "").replaceFirst(";.*", ""))
        .anyMatch(element::equals);
  }
}
