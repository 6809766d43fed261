package io.gantry.target;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A login that made no session. */
@Name("gantry.LoginRefused")
@Label("Login refused")
@Category("Gantry")
@Description("An iSCSI login that made no session; redirections are none of these")
@StackTrace(false)
@SuppressWarnings("unused") // flight recorder reads the fields
final class LoginRefusedEvent extends Event {
  @Label("Address")
  String address = "";

  @Label("Reason")
  @Description("As the label of gantry_logins_refused_total")
  String reason = "";

  @Label("Problem")
  @Description("For people; parts of it may be the initiator's words")
  String problem = "";

  /** Tells the flight recorder, if it wants to know. */
  static void of(String address, String reason, String problem) {
    LoginRefusedEvent event = new LoginRefusedEvent();
    if (event.shouldCommit()) {
      event.address = address;
      event.reason = reason;
      event.problem = problem;
      event.commit();
    }
  }
}
