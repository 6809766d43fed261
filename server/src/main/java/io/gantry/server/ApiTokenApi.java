package io.gantry.server;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** The tokens of the REST interface itself. */
record ApiTokenApi(ApiTokens tokens, InstantSource clock) {

  void bind(RestApi api) {
    api.bind(Endpoint.API_TOKENS, _ -> tokens.list().stream().map(ApiTokenView::of).toList());
    api.bind(Endpoint.CREATE_API_TOKEN, this::create);
    api.bind(Endpoint.REVOKE_API_TOKEN, this::revoke);
  }

  private ApiTokenMade create(RestRequest request) throws IOException {
    ApiTokenRequest wanted = request.body(ApiTokenRequest.class);
    String name = wanted.name();
    if (name == null || !VolumeRequest.isName(name)) {
      throw Refusal.bad(
          "'%s' is no name: 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
              .formatted(name));
    }
    Role role =
        Role.named(wanted.role())
            .orElseThrow(() ->
                Refusal.bad(
                    "role is '%s': it can be viewer, operator or admin".formatted(wanted.role())));
    Instant expires = expires(wanted.expires());
    String token = tokens.create(name, role, expires);
    request.tell(
        EventType.API_TOKEN_CREATED,
        "API token %s, %s".formatted(name, role.text()),
        "name",
        name,
        "role",
        role.text(),
        "expires",
        expires == null ? null : expires.toString());
    return new ApiTokenMade(name, role.text(), expires == null ? null : expires.toString(), token);
  }

  private @Nullable Instant expires(@Nullable String text) {
    if (text == null) {
      return null;
    }
    try {
      Instant expires = Instant.parse(text);
      Refusal.require(
          expires.isAfter(clock.instant()), "expires is %s, which is over".formatted(expires));
      return expires;
    } catch (DateTimeException e) {
      throw Refusal.bad("expires is '%s': write it as 2027-01-31T12:00:00Z".formatted(text));
    }
  }

  private @Nullable Object revoke(RestRequest request) throws IOException {
    String name = request.parameter("name");
    if (!tokens.revoke(name)) {
      throw Refusal.notFound(
          "there is no API token '%s'; 'gantry api-token list' shows those there are"
              .formatted(name));
    }
    request.tell(EventType.API_TOKEN_REVOKED, "API token %s".formatted(name), "name", name);
    return null;
  }
}
