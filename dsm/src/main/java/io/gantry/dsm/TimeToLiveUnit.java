package io.gantry.dsm;

/**
 * What {@code TimeToLive} of an offload read counts. Windows' documentation says milliseconds;
 * Windows' class driver hands the number unchanged to the target, which counts seconds.
 */
public enum TimeToLiveUnit {
  /** As the class driver does it. */
  SECONDS(1),
  /** As the documentation has it; what is not a whole second is rounded up. */
  MILLISECONDS(1000);

  private final int perSecond;

  TimeToLiveUnit(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Seconds that a target is asked for. */
  long toSeconds(int timeToLive) {
    return Math.ceilDiv(Integer.toUnsignedLong(timeToLive), perSecond);
  }
}
