package io.gantry.copy;

import io.gantry.scsi.ScsiDevice;
import java.io.IOException;

/** Makes another I_T nexus with a logical unit. */
@FunctionalInterface
public interface Connector {
  ScsiDevice connect() throws IOException;
}
