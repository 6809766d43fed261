package io.gantry.server;

import io.helidon.http.Status;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Answers only to names of this server.
 *
 * <p>A web page of anybody may have its own name lead to 127.0.0.1 (DNS rebinding); to the browser,
 * the daemon on this machine is then a part of that page. Such a request has the page's name in
 * {@code Host}. Addresses cannot be led elsewhere, nor can {@code localhost}. Under TLS no check is
 * needed: the certificate says who this is.
 *
 * @param configured how the address to listen on is written in the settings
 */
record OwnNames(String configured) {
  private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[^]]+]");

  void check(FilterChain chain, ServerRequest request, ServerResponse response) {
    if (request.isSecure() || isOwn(request.authority())) {
      chain.proceed();
      return;
    }
    RestFormat.protect(response);
    RestFormat.sendError(
        response,
        Status.create(421, "Misdirected Request"),
        "this is not what the Host header says; ask by an address or localhost, or use TLS");
  }

  private boolean isOwn(String authority) {
    String host = authority.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
    return host.equals("localhost")
        || host.equals(configured.toLowerCase(Locale.ROOT))
        || ADDRESS.matcher(host).matches();
  }
}
