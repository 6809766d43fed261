package io.gantry.server;

import io.gantry.store.NoSpaceException;
import io.gantry.store.Pool;
import io.gantry.store.PoolLimits;
import io.gantry.store.PoolStatistics;
import io.gantry.store.Snapshot;
import io.gantry.store.Token;
import io.gantry.store.Usage;
import io.gantry.store.Volume;
import io.gantry.target.CopyFaults;
import io.gantry.target.PhysicalBlocks;
import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.DirectHandler.TransportResponse;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * The REST interface.
 *
 * <pre>
 * GET    /api/v1/pool             PoolView
 * GET    /api/v1/volumes          [VolumeView]
 * POST   /api/v1/volumes          VolumeRequest -> 201 VolumeView
 * GET    /api/v1/volumes/{name}   VolumeView
 * PATCH  /api/v1/volumes/{name}   VolumeChange -> VolumeView
 * DELETE /api/v1/volumes/{name}   204
 * POST   /api/v1/volumes/{name}/clones       CloneRequest -> 201 VolumeView
 * GET    /api/v1/volumes/{name}/snapshots    [SnapshotView]
 * POST   /api/v1/volumes/{name}/snapshots    SnapshotRequest -> 201 SnapshotView
 * DELETE /api/v1/volumes/{name}/snapshots/{snapshot}            204
 * POST   /api/v1/volumes/{name}/snapshots/{snapshot}/rollback   VolumeView
 * GET    /api/v1/tokens           [TokenView], oldest first; ?from=SERIAL&limit=N, at most 1000
 * DELETE /api/v1/tokens/{id}      204
 * GET    /api/v1/sessions         [SessionView], oldest first
 * DELETE /api/v1/sessions/{id}    204
 * GET    /api/v1/access           AccessView
 * POST   /api/v1/access/reload    200 AccessView: reads users and rules again
 * GET    /api/v1/volumes/{name}/faults       FaultView
 * PUT    /api/v1/volumes/{name}/faults       FaultView -> FaultView
 * DELETE /api/v1/volumes/{name}/faults       204: nothing goes wrong any more
 * GET    /api/v1/copies           CopiesView, newest first
 * DELETE /api/v1/copies/{id}      204: it stops where it is
 * </pre>
 *
 * Every request carries {@code Authorization: Bearer TOKEN}. What goes wrong answers with {@code
 * {"error": "..."}}, a sentence for people.
 */
final class RestApi {
  private static final System.Logger LOG = System.getLogger(RestApi.class.getName());
  private static final Set<Integer> BLOCK_BYTES = Set.of(512, 4096);
  private static final byte[] NOTHING = {};
  private static final String VOLUMES = "/api/v1/volumes";
  private static final String VOLUME = VOLUMES + "/{name}";
  private static final String SNAPSHOTS = VOLUME + "/snapshots";
  private static final String SNAPSHOT = SNAPSHOTS + "/{snapshot}";

  private static final int MAXIMUM_TOKENS = 1000;
  private static final int MAXIMUM_RANGES = 10_000;
  private static final Pattern TOKEN_ID = Pattern.compile("[0-9a-f]{16}");
  private static final Pattern SESSION_ID = Pattern.compile("[0-9]{1,5}");
  private static final Pattern COPY_ID = Pattern.compile("[0-9]{1,18}");

  /** The pool's own limit. */
  private static final long MAXIMUM_SIZE_BYTES = 1L << 50;

  /** Takes what VolumeRequest says and nothing that only looks like it. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(
              LogicalType.Textual,
              config ->
                  config
                      .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
          .build();

  private final Pool pool;
  private final ScrubJob scrub;
  private final SessionApi sessions;
  private final CopyApi copies;
  private final HostPort portal;
  private final String targetName;
  private final byte[] authorization;

  RestApi(
      Pool pool,
      ScrubJob scrub,
      SessionApi sessions,
      CopyApi copies,
      HostPort portal,
      String targetName,
      String token) {
    this.pool = pool;
    this.scrub = scrub;
    this.sessions = sessions;
    this.copies = copies;
    this.portal = portal;
    this.targetName = targetName;
    this.authorization = ("Bearer " + token).getBytes(StandardCharsets.UTF_8);
  }

  /** Something the client must hear about. */
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Status status;

    Refusal(Status status, String message) {
      super(message);
      this.status = status;
    }
  }

  void route(HttpRouting.Builder routing) {
    routing
        .addFilter(this::authenticate)
        .get("/api/v1/pool", (_, response) -> send(response, Status.OK_200, poolView()))
        .get("/api/v1/pool/scrub", (_, response) -> send(response, Status.OK_200, scrub.view()))
        .post("/api/v1/pool/scrub", this::startScrub)
        .delete("/api/v1/pool/scrub", this::stopScrub)
        .get(
            VOLUMES,
            (_, response) ->
                send(response, Status.OK_200, pool.volumes().stream().map(this::view).toList()))
        .post(VOLUMES, this::create)
        .get(VOLUME, (request, response) -> send(response, Status.OK_200, view(named(request))))
        .patch(VOLUME, this::change)
        .delete(VOLUME, this::delete)
        .get(VOLUME + "/map", this::map)
        .post(VOLUME + "/clones", this::cloneVolume)
        .get(SNAPSHOTS, this::snapshots)
        .post(SNAPSHOTS, this::createSnapshot)
        .delete(SNAPSHOT, this::deleteSnapshot)
        .post(SNAPSHOT + "/rollback", this::rollBack)
        .get("/api/v1/tokens", this::tokens)
        .delete("/api/v1/tokens/{id}", this::revoke)
        .get(
            "/api/v1/sessions", (_, response) -> send(response, Status.OK_200, sessions.sessions()))
        .delete("/api/v1/sessions/{id}", this::dropSession)
        .get("/api/v1/access", (_, response) -> send(response, Status.OK_200, sessions.access()))
        .post("/api/v1/access/reload", this::reloadAccess)
        .get(
            VOLUME + "/faults",
            (request, response) -> send(response, Status.OK_200, copies.faults(named(request))))
        .put(VOLUME + "/faults", this::setFaults)
        .delete(VOLUME + "/faults", this::clearFaults)
        .get("/api/v1/copies", (_, response) -> send(response, Status.OK_200, copies.view()))
        .delete("/api/v1/copies/{id}", this::cancelCopy)
        .any((request, _) -> refuseRoute(request))
        .error(Refusal.class, (_, response, e) -> sendError(response, e.status, e.getMessage()))
        .error(JacksonException.class, RestApi::refuseJson)
        .error(NoSpaceException.class, RestApi::sendNoSpace)
        .error(IllegalArgumentException.class, RestApi::refuseArgument)
        .error(Exception.class, RestApi::sendFailure);
  }

  /** What the web server refuses by itself is told in the same form. */
  static DirectHandlers refusals() {
    DirectHandler inJson =
        (_, _, status, headers, message) -> {
          headers.contentType(MediaTypes.APPLICATION_JSON);
          return TransportResponse.builder()
              .status(status)
              .headers(headers)
              .keepAlive(false)
              .entity(JSON.writeValueAsBytes(error(reason(status, message))))
              .build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (EventType event : EventType.values()) {
      handlers.addHandler(event, inJson);
    }
    return handlers.build();
  }

  private static String reason(Status status, @Nullable String message) {
    if (status.code() == Status.REQUEST_ENTITY_TOO_LARGE_413.code()) {
      return "the body is longer than any request needs to be";
    }
    return message == null || message.isEmpty() ? status.reasonPhrase() : message;
  }

  private static Map<String, String> error(@Nullable String message) {
    return Map.of("error", String.valueOf(message));
  }

  private void authenticate(FilterChain chain, ServerRequest request, ServerResponse response) {
    byte[] given =
        request
            .headers()
            .first(HeaderNames.AUTHORIZATION)
            .orElse("")
            .getBytes(StandardCharsets.UTF_8);
    if (MessageDigest.isEqual(given, authorization)) { // in constant time
      chain.proceed();
    } else {
      response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
      sendError(
          response,
          Status.UNAUTHORIZED_401,
          "send the token of the data directory's daemon.json: Authorization: Bearer TOKEN");
    }
  }

  private PoolView poolView() throws IOException {
    PoolStatistics statistics = pool.statistics();
    PoolLimits limits = statistics.limits();
    return new PoolView(
        statistics.chunkBytes(),
        statistics.capacityBytes(),
        statistics.usedBytes(),
        statistics.sharedBytes(),
        statistics.pinnedBytes(),
        statistics.freeBytes(),
        statistics.volumes(),
        statistics.tokens(),
        limits.tokens(),
        limits.tokensOfOwner(),
        limits.pinned().toString(),
        limits.pinnedOfOwner().toString(),
        limits.low().toString(),
        limits.used().toString(),
        statistics.journalBytes(),
        statistics.checkpoint(),
        statistics.checkpointMillis() == 0
            ? null
            : Instant.ofEpochMilli(statistics.checkpointMillis()).toString(),
        statistics.warnings(),
        targetName,
        portal.toString());
  }

  private void startScrub(ServerRequest request, ServerResponse response) {
    long rate = number(request, "bytesPerSecond", 0, Long.MAX_VALUE, 0);
    if (!scrub.start(rate)) {
      throw new Refusal(Status.CONFLICT_409, "a scrub is running already; stop it first");
    }
    send(response, Status.ACCEPTED_202, scrub.view());
  }

  private void stopScrub(ServerRequest request, ServerResponse response) {
    scrub.stop();
    send(response, Status.ACCEPTED_202, scrub.view());
  }

  private void map(ServerRequest request, ServerResponse response) throws IOException {
    Volume volume = named(request);
    long from = number(request, "from", 0, volume.sizeBytes(), 0);
    int limit = (int) number(request, "limit", 1, MAXIMUM_RANGES, MAXIMUM_RANGES);
    send(
        response,
        Status.OK_200,
        volume.ranges(from, limit).stream()
            .map(range ->
                new RangeView(
                    range.offset(), range.length(), range.state().name().toLowerCase(Locale.ROOT)))
            .toList());
  }

  private VolumeView view(Volume volume) {
    Usage usage = volume.usage();
    return new VolumeView(
        volume.name(),
        volume.lun(),
        volume.sizeBytes(),
        volume.blockBytes(),
        PhysicalBlocks.of(pool, volume),
        usage.mappedBytes(),
        usage.uniqueBytes(),
        volume.readOnly(),
        String.valueOf(copies.faults(volume).description()),
        "iscsi://%s/%s/%d".formatted(portal, targetName, volume.lun()));
  }

  private Volume named(ServerRequest request) {
    String name = request.path().pathParameters().get("name");
    if (request.path().rawPath().contains(";")) {
      refuseRoute(request); // or ";..." would be cut off, and another volume meant
    }
    return pool.volume(name)
        .orElseThrow(() ->
            new Refusal(
                Status.NOT_FOUND_404,
                "there is no volume '%s'; 'gantry volume list' shows those there are"
                    .formatted(name)));
  }

  private static <T> T body(ServerRequest request, Class<T> type) {
    byte[] body = request.content().hasEntity() ? request.content().as(byte[].class) : NOTHING;
    T value = JSON.readValue(body, type);
    if (value == null) {
      throw new Refusal(Status.BAD_REQUEST_400, "the body is null");
    }
    return value;
  }

  private void create(ServerRequest request, ServerResponse response) throws IOException {
    VolumeRequest wanted = body(request, VolumeRequest.class);
    int blockBytes =
        wanted.blockBytes() == 0 ? VolumeRequest.USUAL_BLOCK_BYTES : wanted.blockBytes();
    require(
        wanted.name() != null && VolumeRequest.isName(wanted.name()),
        "'%s' is no name for a volume: 1 to 64 letters, digits, dots, dashes and underscores"
            .formatted(wanted.name()));
    require(
        BLOCK_BYTES.contains(blockBytes),
        "%d is no block size: 512 or 4096 bytes".formatted(blockBytes));
    require(
        wanted.sizeBytes() > 0
            && wanted.sizeBytes() <= MAXIMUM_SIZE_BYTES
            && wanted.sizeBytes() % blockBytes == 0,
        "%,d bytes is no size for a volume: a multiple of its block size, %d, and not more than 1 PiB"
            .formatted(wanted.sizeBytes(), blockBytes));
    int physical = wanted.physicalBlockBytes();
    require(
        physical == 0
            || (Integer.bitCount(physical) == 1 && physical >= blockBytes && physical <= 64 << 10),
        "%d is no size for physical blocks: a power of two from %d to 65536"
            .formatted(physical, blockBytes));
    send(response, Status.CREATED_201, view(createVolume(wanted, blockBytes)));
  }

  /** Looks for the name and takes it in one step, whoever else creates one. */
  private synchronized Volume createVolume(VolumeRequest wanted, int blockBytes)
      throws IOException {
    if (pool.volume(wanted.name()).isPresent()) {
      throw new Refusal(
          Status.CONFLICT_409,
          "there is a volume '%s' already; choose another name".formatted(wanted.name()));
    }
    Volume volume = pool.createVolume(wanted.name(), wanted.sizeBytes(), blockBytes);
    if (wanted.physicalBlockBytes() != 0) {
      PhysicalBlocks.set(pool, volume, wanted.physicalBlockBytes());
      pool.flush();
    }
    return volume;
  }

  private synchronized void delete(ServerRequest request, ServerResponse response)
      throws IOException {
    pool.deleteVolume(named(request));
    response.status(Status.NO_CONTENT_204).send();
  }

  private synchronized void change(ServerRequest request, ServerResponse response)
      throws IOException {
    Volume volume = named(request);
    VolumeChange change = body(request, VolumeChange.class);
    if (change.sizeBytes() != null) {
      pool.resizeVolume(volume, change.sizeBytes(), Boolean.TRUE.equals(change.force()));
    }
    if (change.readOnly() != null) {
      pool.protectVolume(volume, change.readOnly());
    }
    if (change.name() != null) {
      requireName(change.name());
      pool.renameVolume(volume, change.name());
    }
    send(response, Status.OK_200, view(volume));
  }

  private synchronized void cloneVolume(ServerRequest request, ServerResponse response)
      throws IOException {
    Volume source = named(request);
    CloneRequest wanted = body(request, CloneRequest.class);
    requireName(wanted.name());
    Volume made =
        wanted.snapshot() == null
            ? pool.cloneVolume(source, wanted.name())
            : pool.cloneSnapshot(snapshot(source, wanted.snapshot()), wanted.name());
    PhysicalBlocks.set(pool, made, PhysicalBlocks.of(pool, source));
    pool.flush();
    send(response, Status.CREATED_201, view(made));
  }

  private static void requireName(@Nullable String name) {
    require(
        name != null && VolumeRequest.isName(name),
        "'%s' is no name: 1 to 64 letters, digits, dots, dashes and underscores".formatted(name));
  }

  private void snapshots(ServerRequest request, ServerResponse response) {
    Volume volume = named(request);
    send(
        response,
        Status.OK_200,
        pool.snapshots(volume).stream().map(snapshot -> view(volume, snapshot)).toList());
  }

  private SnapshotView view(Volume volume, Snapshot snapshot) {
    Usage usage = pool.usage(snapshot);
    return new SnapshotView(
        volume.name(),
        snapshot.name(),
        snapshot.created().toString(),
        snapshot.sizeBytes(),
        usage.mappedBytes(),
        usage.uniqueBytes());
  }

  private Snapshot snapshot(Volume volume, String name) {
    return pool.snapshot(volume, name)
        .orElseThrow(() ->
            new Refusal(
                Status.NOT_FOUND_404,
                "volume '%s' has no snapshot '%s'; 'gantry snapshot list' shows those there are"
                    .formatted(volume.name(), name)));
  }

  private Snapshot namedSnapshot(ServerRequest request) {
    return snapshot(named(request), request.path().pathParameters().get("snapshot"));
  }

  private synchronized void createSnapshot(ServerRequest request, ServerResponse response)
      throws IOException {
    Volume volume = named(request);
    SnapshotRequest wanted = body(request, SnapshotRequest.class);
    requireName(wanted.name());
    send(response, Status.CREATED_201, view(volume, pool.createSnapshot(volume, wanted.name())));
  }

  private synchronized void deleteSnapshot(ServerRequest request, ServerResponse response)
      throws IOException {
    pool.deleteSnapshot(namedSnapshot(request));
    response.status(Status.NO_CONTENT_204).send();
  }

  private synchronized void rollBack(ServerRequest request, ServerResponse response)
      throws IOException {
    Volume volume = named(request);
    pool.rollBack(volume, namedSnapshot(request));
    send(response, Status.OK_200, view(volume));
  }

  private void tokens(ServerRequest request, ServerResponse response) {
    long from = number(request, "from", 0, Long.MAX_VALUE, 0);
    int limit = (int) number(request, "limit", 1, MAXIMUM_TOKENS, MAXIMUM_TOKENS);
    send(response, Status.OK_200, pool.tokens(from, limit).stream().map(this::view).toList());
  }

  private TokenView view(Token token) {
    Usage usage = pool.usage(token);
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

  /** A number of the query. */
  private static long number(
      ServerRequest request, String name, long least, long most, long otherwise) {
    Optional<String> text = request.query().first(name).asOptional();
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text.get());
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // as for one that is out of bounds
    }
    throw new Refusal(
        Status.BAD_REQUEST_400,
        "%s is '%s': a number from %d to %d is needed".formatted(name, text.get(), least, most));
  }

  private void revoke(ServerRequest request, ServerResponse response) throws IOException {
    String id = request.path().pathParameters().get("id");
    Token token =
        (TOKEN_ID.matcher(id).matches()
                ? pool.token(Long.parseUnsignedLong(id, 16))
                : Optional.<Token>empty())
            .orElseThrow(() ->
                new Refusal(
                    Status.NOT_FOUND_404,
                    "there is no token '%s'; 'gantry token list' shows those there are"
                        .formatted(id)));
    pool.end(token, Token.End.REVOKED);
    pool.flush();
    response.status(Status.NO_CONTENT_204).send();
  }

  private void dropSession(ServerRequest request, ServerResponse response) {
    String id = request.path().pathParameters().get("id");
    if (!SESSION_ID.matcher(id).matches() || !sessions.drop(Integer.parseInt(id))) {
      throw new Refusal(
          Status.NOT_FOUND_404,
          "there is no session '%s'; 'gantry session list' shows those there are".formatted(id));
    }
    response.status(Status.NO_CONTENT_204).send();
  }

  private void reloadAccess(ServerRequest request, ServerResponse response) {
    try {
      send(response, Status.OK_200, sessions.reload());
    } catch (IOException e) {
      throw new Refusal(Status.CONFLICT_409, String.valueOf(e.getMessage()));
    }
  }

  private void setFaults(ServerRequest request, ServerResponse response) {
    Volume volume = named(request);
    copies.setFaults(volume, body(request, FaultView.class).faults());
    send(response, Status.OK_200, copies.faults(volume));
  }

  private void clearFaults(ServerRequest request, ServerResponse response) {
    copies.setFaults(named(request), CopyFaults.NONE);
    response.status(Status.NO_CONTENT_204).send();
  }

  private void cancelCopy(ServerRequest request, ServerResponse response) {
    String id = request.path().pathParameters().get("id");
    if (!COPY_ID.matcher(id).matches() || !copies.cancel(Long.parseLong(id))) {
      throw new Refusal(
          Status.NOT_FOUND_404,
          "no copy '%s' runs; 'gantry copies list' shows those that do".formatted(id));
    }
    response.status(Status.NO_CONTENT_204).send();
  }

  private static void refuseArgument(
      ServerRequest request, ServerResponse response, IllegalArgumentException e) {
    sendError(response, Status.CONFLICT_409, e.getMessage());
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new Refusal(Status.BAD_REQUEST_400, message);
    }
  }

  private static void refuseRoute(ServerRequest request) {
    Method method = request.prologue().method();
    String path = request.path().path();
    throw new Refusal(Status.NOT_FOUND_404, "there is no %s %s".formatted(method, path));
  }

  private static void refuseJson(
      ServerRequest request, ServerResponse response, JacksonException e) {
    sendError(
        response,
        Status.BAD_REQUEST_400,
        "the body is not what is asked for; " + VolumeRequest.FORM);
  }

  private static void sendNoSpace(
      ServerRequest request, ServerResponse response, NoSpaceException e) {
    sendError(response, Status.INSUFFICIENT_STORAGE_507, e.getMessage());
  }

  private static void sendFailure(ServerRequest request, ServerResponse response, Exception e) {
    LOG.log(System.Logger.Level.ERROR, request.path().path(), e);
    sendError(response, Status.INTERNAL_SERVER_ERROR_500, "the daemon failed: " + e.getMessage());
  }

  private static void sendError(ServerResponse response, Status status, @Nullable String message) {
    send(response, status, error(message));
  }

  private static void send(ServerResponse response, Status status, Object body) {
    response.status(status).headers().contentType(MediaTypes.APPLICATION_JSON);
    response.send(JSON.writeValueAsBytes(body));
  }
}
