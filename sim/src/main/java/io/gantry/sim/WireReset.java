package io.gantry.sim;

import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.sim.History.Operation;

/** A task management function, from its request to its answer, or to the end of its session. */
record WireReset(int function, WireUnit unit, WireInitiator by, Operation operation) {

  /** Whether it may be what ended a command of some initiator. */
  boolean mayEnd(WireCommand command, WireInitiator of) {
    boolean others =
        function == TaskManagementRequest.CLEAR_TASK_SET
            || function == TaskManagementRequest.LOGICAL_UNIT_RESET
            || function == TaskManagementRequest.TARGET_WARM_RESET;
    boolean there =
        function == TaskManagementRequest.TARGET_WARM_RESET || unit.equals(command.unit);
    return others && there && !by.equals(of) && !operation.wasOver(command.operation.begin);
  }

  @Override
  public String toString() {
    return "function %d on LUN %d".formatted(function, unit.lun());
  }
}
