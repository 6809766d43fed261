package io.gantry.iscsi;

/**
 * What a login agreed on. Lengths are in bytes.
 *
 * @param sendDataSegmentMax longest data segment that the peer takes
 * @param receiveDataSegmentMax longest data segment that this side takes
 * @param burstMax longest sequence of Data-In, or of Data-Out that one R2T asks for
 * @param firstBurstMax most data of a write that are sent unasked; at most {@code burstMax}
 * @param initialR2T whether unsolicited Data-Out are forbidden
 * @param immediateData whether a command may carry data
 * @param outstandingR2TMax most R2Ts open for one command
 * @param time2WaitSeconds how long to wait before connecting again
 * @param time2RetainSeconds how long tasks outlive their connection
 * @param headerDigest whether headers carry a CRC32C
 * @param dataDigest whether data segments do
 */
public record SessionParameters(
    int sendDataSegmentMax,
    int receiveDataSegmentMax,
    int burstMax,
    int firstBurstMax,
    boolean initialR2T,
    boolean immediateData,
    int outstandingR2TMax,
    int time2WaitSeconds,
    int time2RetainSeconds,
    boolean headerDigest,
    boolean dataDigest) {

  /** The same after the peer has declared another length of data segments. */
  public SessionParameters withSendDataSegmentMax(int bytes) {
    return new SessionParameters(
        bytes,
        receiveDataSegmentMax,
        burstMax,
        firstBurstMax,
        initialR2T,
        immediateData,
        outstandingR2TMax,
        time2WaitSeconds,
        time2RetainSeconds,
        headerDigest,
        dataDigest);
  }
}
