package io.gantry.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/** The signal SIGHUP, where there is one: daemons read their configuration again. */
final class HangUp {
  private HangUp() {}

  /**
   * Has something done, on a thread of its own, whenever the signal comes.
   *
   * <p>By reflection: the class is in every JDK, but the compiler warns of it and cannot be told
   * not to.
   */
  static void handle(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler toAction =
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  action.run();
                  yield null;
                }
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" ->
                    System.identityHashCode(arguments[0]) == System.identityHashCode(proxy);
                default -> "HangUp";
              };
      var _ =
          signal
              .getMethod("handle", signal, handler)
              .invoke(
                  null,
                  signal.getConstructor(String.class).newInstance("HUP"),
                  Proxy.newProxyInstance(
                      HangUp.class.getClassLoader(), new Class<?>[] {handler}, toAction));
    } catch (ReflectiveOperationException e) {
      System.getLogger(HangUp.class.getName())
          .log(System.Logger.Level.WARNING, "SIGHUP does not reload the configuration here", e);
    }
  }
}
