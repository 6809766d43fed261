package io.gantry.store;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A token was made. */
@Name("gantry.TokenCreated")
@Label("Token created")
@Category("Gantry")
@Description("A token that stands for ranges of a volume")
@StackTrace(false)
@SuppressWarnings("unused") // flight recorder reads the fields
final class TokenCreatedEvent extends Event {
  @Label("Token")
  @Description("As 'gantry token list' shows it; no secret")
  String token = "";

  @Label("Volume")
  String volume = "";

  @Label("Owner")
  @Description("The initiator, with its user if it has proved to be one")
  String owner = "";

  @Label("Length")
  @DataAmount
  long length;

  @Label("Kind")
  String kind = "";

  /** Tells the flight recorder, if it wants to know. */
  static void of(Token token, Volume volume) {
    TokenCreatedEvent event = new TokenCreatedEvent();
    if (event.shouldCommit()) {
      event.token = "%016x".formatted(token.number());
      event.volume = volume.name();
      event.owner = token.terms().owner();
      event.length = token.lengthBytes();
      event.kind = token.terms().kind().name();
      event.commit();
    }
  }
}
