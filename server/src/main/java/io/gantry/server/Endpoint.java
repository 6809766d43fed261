package io.gantry.server;

import static io.gantry.server.Role.ADMIN;
import static io.gantry.server.Role.ANYONE;
import static io.gantry.server.Role.OPERATOR;
import static io.gantry.server.Role.VIEWER;
import static io.helidon.http.Method.DELETE;
import static io.helidon.http.Method.GET;
import static io.helidon.http.Method.PATCH;
import static io.helidon.http.Method.POST;
import static io.helidon.http.Method.PUT;

import io.helidon.http.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What can be asked of the daemon by HTTP. This table is all there is: {@link RestApi} serves its
 * rows and nothing else, and lets in to each who has at least its role.
 */
@SuppressWarnings("ImmutableEnumChecker") // Method and List.of are, they only do not say so
enum Endpoint {
  LOGIN(
      POST,
      "/api/v1/login",
      ANYONE,
      200,
      LoginRequest.class,
      MeView.class,
      "Logs a browser in by a token: sets a cookie"),
  LOGOUT(POST, "/api/v1/logout", VIEWER, 204, null, null, "Ends the login of a browser"),
  ME(GET, "/api/v1/me", VIEWER, 200, null, MeView.class, "Who asks"),
  API_TOKENS(
      GET,
      "/api/v1/api-tokens",
      ADMIN,
      200,
      null,
      ApiTokenView[].class,
      "The tokens of this interface, oldest first"),
  CREATE_API_TOKEN(
      POST,
      "/api/v1/api-tokens",
      ADMIN,
      201,
      ApiTokenRequest.class,
      ApiTokenMade.class,
      "Makes a token of this interface; the only answer that has it"),
  REVOKE_API_TOKEN(
      DELETE,
      "/api/v1/api-tokens/{name}",
      ADMIN,
      204,
      null,
      null,
      "Ends a token of this interface, and the logins made with it"),

  OPEN_API(
      GET,
      "/api/v1/openapi.json",
      VIEWER,
      200,
      null,
      Map.class,
      "All of this for programs, OpenAPI 3.1"),
  POOL(GET, "/api/v1/pool", VIEWER, 200, null, PoolView.class, "What is in the pool"),
  SCRUB(GET, "/api/v1/pool/scrub", VIEWER, 200, null, ScrubView.class, "How the scrub goes"),
  START_SCRUB(
      POST,
      "/api/v1/pool/scrub",
      OPERATOR,
      202,
      null,
      ScrubView.class,
      "Reads everything and compares it with its checksums",
      new Query("bytesPerSecond", 0, Long.MAX_VALUE, 0, "how fast at most; 0: no limit")),
  STOP_SCRUB(DELETE, "/api/v1/pool/scrub", OPERATOR, 202, null, ScrubView.class, "Stops the scrub"),

  STATISTICS(
      GET,
      "/api/v1/statistics",
      VIEWER,
      200,
      null,
      StatisticsView.class,
      "What went on since the start, for whoever polls"),
  HISTORY(
      GET,
      "/api/v1/statistics/history",
      VIEWER,
      200,
      null,
      HistoryView.class,
      "What went on lately, point by point, for charts",
      new Query("minutes", 1, 60, 5, "how far back; up to 5 by the second, more by ten seconds"),
      new Query("lun", -1, Integer.MAX_VALUE, -1, "of which volume; -1: of all together"),
      new Query("after", 0, Long.MAX_VALUE - 1, 0, "the number of the last point that is known")),

  METRICS(GET, "/metrics", VIEWER, 200, null, null, "What Prometheus scrapes, in its text format"),
  LIVE(GET, "/health/live", ANYONE, 200, null, HealthView.class, "Whether the daemon lives"),
  READY(
      GET,
      "/health/ready",
      ANYONE,
      200,
      null,
      HealthView.class,
      "Whether hosts can be served; 503 and what is down if not"),

  VOLUMES(GET, "/api/v1/volumes", VIEWER, 200, null, VolumeView[].class, "All volumes"),
  CREATE_VOLUME(
      POST,
      "/api/v1/volumes",
      OPERATOR,
      201,
      VolumeRequest.class,
      VolumeView.class,
      "Makes a volume"),
  VOLUME(GET, "/api/v1/volumes/{name}", VIEWER, 200, null, VolumeView.class, "One volume"),
  CHANGE_VOLUME(
      PATCH,
      "/api/v1/volumes/{name}",
      OPERATOR,
      200,
      VolumeChange.class,
      VolumeView.class,
      "Gives a volume another size or name, or makes it read-only"),
  DELETE_VOLUME(
      DELETE,
      "/api/v1/volumes/{name}",
      OPERATOR,
      204,
      null,
      null,
      "Deletes a volume and its snapshots"),
  MAP(
      GET,
      "/api/v1/volumes/{name}/map",
      VIEWER,
      200,
      null,
      RangeView[].class,
      "Which ranges of a volume are holes, its own, or shared",
      new Query("from", 0, Long.MAX_VALUE, 0, "offset in bytes to begin at"),
      new Query("limit", 1, 10_000, 10_000, "how many ranges at most")),
  SHARING(
      GET,
      "/api/v1/volumes/{name}/sharing",
      VIEWER,
      200,
      null,
      SharingView.class,
      "Which parts of a volume are its own, and which are shared with whom",
      new Query("cells", 1, 4096, 1024, "how many parts to tell of at most")),
  CLONE_VOLUME(
      POST,
      "/api/v1/volumes/{name}/clones",
      OPERATOR,
      201,
      CloneRequest.class,
      VolumeView.class,
      "Makes a volume that shares everything with this one or a snapshot of it"),
  FAULTS(
      GET,
      "/api/v1/volumes/{name}/faults",
      VIEWER,
      200,
      null,
      FaultView.class,
      "What goes wrong with copies of a volume on purpose"),
  SET_FAULTS(
      PUT,
      "/api/v1/volumes/{name}/faults",
      ADMIN,
      200,
      FaultView.class,
      FaultView.class,
      "Makes something go wrong on purpose"),
  CLEAR_FAULTS(
      DELETE,
      "/api/v1/volumes/{name}/faults",
      OPERATOR,
      204,
      null,
      null,
      "Nothing goes wrong on purpose any more"),

  SNAPSHOTS(
      GET,
      "/api/v1/volumes/{name}/snapshots",
      VIEWER,
      200,
      null,
      SnapshotView[].class,
      "The snapshots of a volume, oldest first"),
  CREATE_SNAPSHOT(
      POST,
      "/api/v1/volumes/{name}/snapshots",
      OPERATOR,
      201,
      SnapshotRequest.class,
      SnapshotView.class,
      "Makes a snapshot"),
  DELETE_SNAPSHOT(
      DELETE,
      "/api/v1/volumes/{name}/snapshots/{snapshot}",
      OPERATOR,
      204,
      null,
      null,
      "Deletes a snapshot"),
  ROLL_BACK(
      POST,
      "/api/v1/volumes/{name}/snapshots/{snapshot}/rollback",
      OPERATOR,
      200,
      null,
      VolumeView.class,
      "Gives a volume the content of a snapshot"),

  TOKENS(
      GET,
      "/api/v1/tokens",
      VIEWER,
      200,
      null,
      TokenView[].class,
      "The copy offload tokens that are alive, oldest first",
      new Query("from", 0, Long.MAX_VALUE, 0, "serial number to begin at"),
      new Query("limit", 1, 1000, 1000, "how many at most")),
  REVOKE_TOKEN(
      DELETE, "/api/v1/tokens/{id}", OPERATOR, 204, null, null, "Ends a copy offload token"),

  COPIES(
      GET,
      "/api/v1/copies",
      VIEWER,
      200,
      null,
      CopiesView.class,
      "Copies that run and the last that ended, newest first"),
  CANCEL_COPY(DELETE, "/api/v1/copies/{id}", OPERATOR, 204, null, null, "Stops a copy where it is"),

  SESSIONS(
      GET,
      "/api/v1/sessions",
      VIEWER,
      200,
      null,
      SessionView[].class,
      "The iSCSI sessions, oldest first"),
  DROP_SESSION(DELETE, "/api/v1/sessions/{id}", OPERATOR, 204, null, null, "Ends an iSCSI session"),
  EVENTS(
      GET,
      "/api/v1/events",
      VIEWER,
      200,
      null,
      EventView[].class,
      "The newest events, oldest first; a stream of them for who accepts text/event-stream",
      new Query("limit", 1, 1000, 100, "how many at most")),
  ACCESS(
      GET,
      "/api/v1/access",
      VIEWER,
      200,
      null,
      AccessView.class,
      "Which initiators may use which volumes"),
  CONFIG(
      GET,
      "/api/v1/config",
      ADMIN,
      200,
      null,
      ConfigView.class,
      "The settings, and where each comes from; without secrets"),
  RELOAD_CONFIG(
      POST,
      "/api/v1/config/reload",
      ADMIN,
      200,
      null,
      ReloadView.class,
      "Reads the configuration again, and puts in force what needs no restart"),
  RELOAD_ACCESS(
      POST,
      "/api/v1/access/reload",
      ADMIN,
      200,
      null,
      AccessView.class,
      "Reads users and rules of initiators again from the configuration file");

  /**
   * A number in the query.
   *
   * @param name of the parameter
   * @param least the smallest that is taken
   * @param most the largest
   * @param otherwise what it is if it is not there
   * @param meaning for people
   */
  record Query(String name, long least, long most, long otherwise, String meaning) {}

  private final Method method;
  private final String path;
  private final Role role;
  private final int status;
  private final @Nullable Class<?> body;
  private final @Nullable Class<?> answer;
  private final String summary;
  private final List<Query> queries;

  Endpoint(
      Method method,
      String path,
      Role role,
      int status,
      @Nullable Class<?> body,
      @Nullable Class<?> answer,
      String summary,
      Query... queries) {
    this.method = method;
    this.path = path;
    this.role = role;
    this.status = status;
    this.body = body;
    this.answer = answer;
    this.summary = summary;
    this.queries = List.of(queries);
  }

  Method method() {
    return method;
  }

  /** With parameters in braces. */
  String path() {
    return path;
  }

  /** The least that is needed. */
  Role role() {
    return role;
  }

  /** The HTTP status of success. */
  int status() {
    return status;
  }

  /** What the request's body is; null for none. */
  @Nullable Class<?> body() {
    return body;
  }

  /** What is answered; null for nothing, or for something that is not JSON. */
  @Nullable Class<?> answer() {
    return answer;
  }

  String summary() {
    return summary;
  }

  List<Query> queries() {
    return queries;
  }

  Optional<Query> query(String name) {
    return queries.stream().filter(query -> query.name().equals(name)).findFirst();
  }
}
