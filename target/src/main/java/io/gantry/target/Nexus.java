package io.gantry.target;

/**
 * An I_T nexus: one initiator port talking to one target port (RFC 7143 4.4.1). Results of copies
 * and unit attentions hang on it.
 *
 * @param initiatorPort initiator name and ISID, {@code iqn...,i,0x00023d000001}
 * @param targetPort target name and portal group, {@code iqn...,t,0x0001}
 */
public record Nexus(String initiatorPort, String targetPort) {

  /** The initiator's iSCSI name: what its port is called without the ISID. */
  public String initiatorName() {
    int isid = initiatorPort.indexOf(",i,");
    return isid < 0 ? initiatorPort : initiatorPort.substring(0, isid);
  }
}
