package io.gantry.target;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * The places for connections that have not logged in yet. Who is in the lobby has proved nothing,
 * so there are few places, and one address cannot take them all. Safe for use by several threads.
 */
final class Lobby {

  /** Each may hold 16 KiB of login text and a receive buffer of at most 256 KiB: 34 MiB in all. */
  static final int PLACES = 128;

  /** A host may start many machines at once, and each logs in for itself. */
  static final int PLACES_PER_ADDRESS = 64;

  private final int places;
  private final int placesPerAddress;
  private final Map<InetAddress, Integer> taken = new HashMap<>();
  private int takenInAll;

  Lobby(int places, int placesPerAddress) {
    this.places = places;
    this.placesPerAddress = placesPerAddress;
  }

  /** Takes a place, if there is one for this address. */
  synchronized boolean enter(InetAddress address) {
    int count = taken.getOrDefault(address, 0);
    if (takenInAll == places || count == placesPerAddress) {
      return false;
    }
    taken.put(address, count + 1);
    takenInAll++;
    return true;
  }

  /** Gives a place back. */
  synchronized void leave(InetAddress address) {
    taken.merge(address, -1, (a, b) -> a + b == 0 ? null : a + b);
    takenInAll--;
  }

  /** How many are in the lobby. */
  synchronized int taken() {
    return takenInAll;
  }
}
