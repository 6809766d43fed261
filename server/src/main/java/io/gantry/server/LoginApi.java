package io.gantry.server;

import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;

/** Who one is, and how a browser logs in and out. */
record LoginApi(Authentication authentication) {

  void bind(RestApi api) {
    api.bindStream(Endpoint.LOGIN, this::logIn);
    api.bindStream(Endpoint.LOGOUT, this::logOut);
    api.bind(Endpoint.ME, request -> MeView.of(request.caller()));
  }

  private void logIn(RestRequest request, ServerResponse response) {
    String token = request.body(LoginRequest.class).token();
    if (token == null) {
      throw Refusal.bad("token is missing");
    }
    Caller caller = authentication.logIn(token, request.http(), response);
    RestFormat.send(response, Status.OK_200, MeView.of(caller));
  }

  private void logOut(RestRequest request, ServerResponse response) {
    authentication.logOut(request.caller(), request.http(), response);
    response.status(Status.NO_CONTENT_204).send();
  }
}
