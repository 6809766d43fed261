package io.gantry.target;

import java.util.SortedMap;

/**
 * What commands did since the target was started. Sums only grow, but where somebody is forgotten.
 *
 * @param total of all volumes, those included that are gone
 * @param volumes of each volume that there is, by its number
 * @param initiators of each initiator, by its iSCSI name. At most {@value #INITIATORS}: when there
 *     are more, those without a session are forgotten, who came first first; and if all have one,
 *     what the others do counts for {@value #OTHERS}
 */
public record IoStatistics(
    IoTally total, SortedMap<Integer, IoTally> volumes, SortedMap<String, IoTally> initiators) {
  public static final int INITIATORS = 64;

  /** No iSCSI name. */
  public static final String OTHERS = "other";
}
