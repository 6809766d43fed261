package io.gantry.target;

import static io.gantry.iscsi.TargetPdu.TaskManagementResponse.FUNCTION_COMPLETE;
import static io.gantry.iscsi.TargetPdu.TaskManagementResponse.FUNCTION_NOT_SUPPORTED;
import static io.gantry.iscsi.TargetPdu.TaskManagementResponse.FUNCTION_SUCCEEDED;
import static io.gantry.iscsi.TargetPdu.TaskManagementResponse.LUN_DOES_NOT_EXIST;
import static io.gantry.iscsi.TargetPdu.TaskManagementResponse.TASK_DOES_NOT_EXIST;
import static io.gantry.iscsi.TargetPdu.TaskManagementResponse.TASK_REASSIGN_NOT_SUPPORTED;

import io.gantry.iscsi.InitiatorPdu.TaskManagementRequest;
import io.gantry.scsi.Lun;
import java.util.concurrent.CompletableFuture;

/**
 * Task management functions of one session (RFC 7143 11.5, RFC 7144 4.1; SAM-5 7). What they end is
 * all that came before them: commands of one connection come in order.
 *
 * <p>A function is answered when nothing that it ended can change a disk any more.
 */
final class TaskManager {
  private final TaskSet tasks;
  private final TargetPath path;

  TaskManager(TaskSet tasks) {
    this.tasks = tasks;
    this.path = tasks.path();
  }

  /** Carries a function out; completes with the response code, on any thread. */
  CompletableFuture<Integer> carryOut(TaskManagementRequest request) {
    int unit = Lun.decode(request.lun());
    return switch (request.function()) {
      case TaskManagementRequest.ABORT_TASK ->
          tasks.contains(request.referencedTag())
              ? complete(tasks.abortTask(request.referencedTag()))
              : answer(TASK_DOES_NOT_EXIST);
      case TaskManagementRequest.ABORT_TASK_SET ->
          path.hasUnit(request.lun())
              ? complete(tasks.abort(unit, false))
              : answer(LUN_DOES_NOT_EXIST);
      case TaskManagementRequest.CLEAR_TASK_SET ->
          path.hasUnit(request.lun())
              ? complete(path.clearTaskSet(request.lun()))
              : answer(LUN_DOES_NOT_EXIST);
      case TaskManagementRequest.LOGICAL_UNIT_RESET ->
          path.hasUnit(request.lun())
              ? complete(path.resetUnit(request.lun()))
              : answer(LUN_DOES_NOT_EXIST);
      case TaskManagementRequest.TARGET_WARM_RESET, TaskManagementRequest.TARGET_COLD_RESET ->
          complete(path.resetTarget());
      case TaskManagementRequest.TASK_REASSIGN -> answer(TASK_REASSIGN_NOT_SUPPORTED);
      case TaskManagementRequest.QUERY_TASK -> found(tasks.contains(request.referencedTag()));
      case TaskManagementRequest.QUERY_TASK_SET ->
          path.hasUnit(request.lun()) ? found(tasks.hasTasks(unit)) : answer(LUN_DOES_NOT_EXIST);
      case TaskManagementRequest.NEXUS_RESET -> complete(path.resetNexus());
      case TaskManagementRequest.QUERY_ASYNCHRONOUS_EVENT ->
          path.hasUnit(request.lun())
              ? found(path.hasAttention(request.lun()))
              : answer(LUN_DOES_NOT_EXIST);
      default -> answer(FUNCTION_NOT_SUPPORTED);
    };
  }

  private static CompletableFuture<Integer> complete(CompletableFuture<?> done) {
    return done.thenApply(_ -> FUNCTION_COMPLETE);
  }

  private static CompletableFuture<Integer> found(boolean found) {
    return answer(found ? FUNCTION_SUCCEEDED : FUNCTION_COMPLETE);
  }

  private static CompletableFuture<Integer> answer(int response) {
    return CompletableFuture.completedFuture(response);
  }
}
