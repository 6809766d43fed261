package io.gantry.server;

import io.gantry.store.Pool;
import io.gantry.store.Token;
import io.gantry.store.Usage;
import io.gantry.store.UsageMeter;
import io.gantry.store.Volume;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the REST interface tells of copy offload tokens, and how it ends them. */
record TokenApi(Pool pool) {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{16}");

  void bind(RestApi api) {
    api.bind(Endpoint.TOKENS, this::list);
    api.bind(Endpoint.REVOKE_TOKEN, this::revoke);
  }

  private List<TokenView> list(RestRequest request) {
    UsageMeter meter = pool.meter();
    return pool.tokens(request.number("from"), (int) request.number("limit")).stream()
        .map(token -> view(token, meter.of(token)))
        .toList();
  }

  private TokenView view(Token token, Usage usage) {
    Token.Terms terms = token.terms();
    return new TokenView(
        "%016x".formatted(token.number()),
        token.serial(),
        pool.volume(token.volumeId()).map(Volume::name).orElse(""),
        Instant.ofEpochMilli(terms.createdMillis()).toString(),
        token.lengthBytes(),
        usage.mappedBytes(),
        usage.uniqueBytes(),
        terms.inactivityTimeoutMillis() / 1000,
        terms.lifetimeMillis() / 1000,
        pool.remainingMillis(token) / 1000,
        terms.persistent(),
        terms.kind().name().toLowerCase(Locale.ROOT),
        terms.owner());
  }

  private @Nullable Object revoke(RestRequest request) throws IOException {
    String id = request.parameter("id");
    Token token =
        (ID.matcher(id).matches()
                ? pool.token(Long.parseUnsignedLong(id, 16))
                : Optional.<Token>empty())
            .orElseThrow(() ->
                Refusal.notFound(
                    "there is no token '%s'; 'gantry token list' shows those there are"
                        .formatted(id)));
    pool.end(token, Token.End.REVOKED);
    pool.flush();
    request.tell(EventType.TOKEN_REVOKED, "token %s".formatted(id), "id", id);
    return null;
  }
}
