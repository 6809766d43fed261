package io.gantry.sim;

import static io.gantry.sim.Mutation.field;
import static io.gantry.sim.Mutation.first;
import static io.gantry.sim.Mutation.instead;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** As {@link MutationTest}, with the rules that sessions and their commands rest on. */
@Timeout(600)
class WireMutationTest {
  private static final ClassDesc FUTURE = ClassDesc.of("java.util.concurrent.CompletableFuture");

  static Stream<Mutation> mutations() {
    return Stream.of(
        new Mutation(
            "a function is answered before what it aborts has ended",
            "target.TaskSet",
            "abort",
            instead("allOf", MutationTest::done)),
        new Mutation(
            "a login does not wait for the session that it replaces",
            "target.IscsiConnection",
            "terminate",
            field(Opcode.GETFIELD, "ended", popAnd(MutationTest::done))),
        new Mutation(
            "a session whose connection is gone has ended before its commands",
            "target.TaskSet",
            "end",
            field(Opcode.GETFIELD, "drained", popAnd(MutationTest::done))),
        new Mutation(
            "a logout is answered before the commands have ended",
            "target.IscsiSession",
            "logOut",
            instead("end", MutationTest::done)),
        new Mutation(
            "what had to keep its order begins after the end of the session",
            "target.TaskSet",
            "submitHeld",
            field(Opcode.GETFIELD, "ended", popAnd(CodeBuilder::iconst_0))),
        new Mutation(
            "nobody is told of an abort by another",
            "target.TaskSet",
            "drop",
            field(Opcode.GETFIELD, "answerAborted", popAnd(CodeBuilder::iconst_0))),
        new Mutation(
            "a write begins before its data are there",
            "target.WriteTransfer",
            "isComplete",
            first(code -> code.iconst_1().ireturn())),
        new Mutation(
            "a flush is answered before it is done",
            "target.UnitBlocks",
            "flushed",
            answerAtOnce()));
  }

  /** The answer that is the method's first parameter. */
  static Supplier<CodeTransform> answerAtOnce() {
    return first(code ->
        code.aload(1)
            .invokestatic(
                FUTURE, "completedFuture", MethodTypeDesc.of(FUTURE, ConstantDescs.CD_Object))
            .areturn());
  }

  private static Consumer<CodeBuilder> popAnd(Consumer<CodeBuilder> then) {
    return code -> then.accept(code.pop());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutations")
  void theSimulationNoticesABrokenRule(Mutation mutation) throws Exception {
    MutationTest.mustBeNoticed(
        mutation, "WireSimulation", WireSimulationTest.ROUNDS, WireSimulationTest.SEEDS);
  }
}
