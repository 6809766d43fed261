package io.gantry.sim;

import static io.gantry.sim.Mutation.both;
import static io.gantry.sim.Mutation.field;
import static io.gantry.sim.Mutation.first;
import static io.gantry.sim.Mutation.instead;
import static io.gantry.sim.Mutation.last;
import static io.gantry.sim.Mutation.store;
import static io.gantry.sim.Mutation.without;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each rule that the pool's safety rests on, broken in turn: the simulation must notice, with a
 * seed of those that the unbroken pool passes. Which one that is stands in {@code
 * target/mutations.txt}.
 */
@Timeout(600)
class MutationTest {
  private static final ClassDesc MEDIUM = store("Medium");
  private static final ClassDesc AREA = store("Medium$Area");
  private static final ClassDesc FUTURE = ClassDesc.of("java.util.concurrent.CompletableFuture");
  private static final ClassDesc BIT_SET = ClassDesc.of("java.util.BitSet");
  private static final ClassDesc METADATA = store("Metadata");
  private static final ClassDesc ROUND = store("Metadata$Round");
  private static final ClassDesc CHECKPOINTS = store("Checkpoints");
  private static final ClassDesc CHECKPOINT = store("Checkpoints$Checkpoint");

  static Stream<Mutation> mutations() {
    return Stream.of(
        new Mutation(
            "chunks are not synced before the journal names them",
            "Metadata$Round",
            "commit",
            instead("sync", MutationTest::done)),
        new Mutation(
            "chunks are synced after the journal names them",
            "Metadata$Round",
            "commit",
            both(instead("sync", MutationTest::done), last(MutationTest::syncChunks))),
        new Mutation(
            "the commit does not wait for the sync", "Metadata$Round", "commit", without("await")),
        new Mutation(
            "a reference is given up at once",
            "Metadata",
            "change",
            instead(
                "apply",
                code ->
                    code.aload(0)
                        .aload(1)
                        .invokevirtual(
                            METADATA,
                            "replay",
                            MethodTypeDesc.of(ConstantDescs.CD_void, store("JournalRecord"))))),
        new Mutation(
            "references are given up while earlier I/O goes on",
            "Epochs",
            "awaitEarlier",
            first(CodeBuilder::return_)),
        new Mutation(
            "freezing does not wait for writes in flight",
            "Pool",
            "alone",
            both(without("lock"), without("unlock"))),
        new Mutation(
            "chunks in shared pages are written in place",
            "PageTable",
            "getOwned",
            field(Opcode.GETFIELD, "references", code -> code.pop().iconst_1())),
        new Mutation(
            "shared chunks are written in place",
            "PageTable",
            "getOwned",
            instead("references", CodeBuilder::iconst_1)),
        new Mutation(
            "a copy on write is not made again if the chunk has changed",
            "Volume",
            "isCurrent",
            first(code -> code.iconst_1().ireturn())),
        new Mutation(
            "a checkpoint does not save what changes under it",
            "Pages",
            "saveIfUnwritten",
            first(CodeBuilder::return_)),
        new Mutation(
            "the root names pages that are not synced",
            "Checkpoints",
            "write",
            instead("sync", MutationTest::done)),
        new Mutation(
            "slots are used again before the root has changed",
            "Pages",
            "change",
            field(
                Opcode.GETFIELD,
                "vacated",
                code -> code.getfield(store("Pages"), "freeSlots", BIT_SET))),
        new Mutation(
            "the journal is trimmed before the root has changed",
            "Checkpoints",
            "writeCatalog",
            first(MutationTest::trim)),
        new Mutation(
            "a checkpoint says that the journal goes on too early",
            "Metadata$Round",
            "commit$",
            field(
                Opcode.PUTFIELD,
                "beforeCheckpoint",
                code ->
                    code.pop()
                        .iconst_0()
                        .putfield(METADATA, "beforeCheckpoint", ConstantDescs.CD_int))),
        new Mutation(
            "a checkpoint says that the journal goes on too late",
            "Metadata$Round",
            "writeIfBegun",
            instead(
                "journalEnd",
                code ->
                    code.aload(0)
                        .getfield(ROUND, "this$0", METADATA)
                        .getfield(METADATA, "medium", MEDIUM)
                        .invokeinterface(MEDIUM, "journalEnd", LONG_GETTER)
                        .loadConstant(4096L)
                        .ladd())),
        new Mutation(
            "a torn frame of the journal passes",
            "Journal",
            "crc",
            first(code -> code.iconst_0().ireturn())),
        new Mutation(
            "a damaged page passes", "PageImage", "crc", first(code -> code.iconst_0().ireturn())),
        new Mutation(
            "an old image of a page passes",
            "CheckpointReader",
            "link",
            field(
                Opcode.GETFIELD,
                "stamp",
                code -> code.pop().lload(1).loadConstant(0xFFFFL).land())),
        new Mutation(
            "a token that ends under a checkpoint is not saved",
            "Checkpoints",
            "dropping",
            first(CodeBuilder::return_)));
  }

  private static final MethodTypeDesc LONG_GETTER = MethodTypeDesc.of(ConstantDescs.CD_long);

  static void done(CodeBuilder code) {
    code.aconst_null()
        .invokestatic(
            FUTURE, "completedFuture", MethodTypeDesc.of(FUTURE, ConstantDescs.CD_Object));
  }

  private static void syncChunks(CodeBuilder code) {
    code.aload(0)
        .getfield(ROUND, "this$0", METADATA)
        .getfield(METADATA, "medium", MEDIUM)
        .getstatic(AREA, "CHUNKS", AREA)
        .invokeinterface(MEDIUM, "sync", MethodTypeDesc.of(FUTURE, AREA))
        .invokestatic(MEDIUM, "await", MethodTypeDesc.of(ConstantDescs.CD_void, FUTURE), true);
  }

  private static void trim(CodeBuilder code) {
    code.aload(0)
        .getfield(CHECKPOINTS, "medium", MEDIUM)
        .aload(1)
        .getfield(CHECKPOINT, "journalPosition", ConstantDescs.CD_long)
        .invokeinterface(
            MEDIUM, "trimJournal", MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutations")
  void theSimulationNoticesABrokenRule(Mutation mutation) throws Exception {
    mustBeNoticed(mutation, "Simulation", SimulationTest.ROUNDS, SimulationTest.SEEDS);
  }

  /**
   * Runs a simulation with a broken rule.
   *
   * @param simulation class that has {@code run(seed, rounds)}
   */
  static void mustBeNoticed(Mutation mutation, String simulation, int rounds, int seeds)
      throws Exception {
    Method run =
        mutation
            .loader()
            .loadClass("io.gantry.sim." + simulation)
            .getMethod("run", long.class, int.class);
    for (long seed = 0; seed < seeds; seed++) {
      try {
        Object _ = run.invoke(null, seed, rounds);
      } catch (InvocationTargetException e) {
        note("%s | %d | %s".formatted(mutation.rule(), seed, e.getCause()));
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
          if (cause instanceof LinkageError) {
            throw e; // the mutant does not even load
          }
        }
        return;
      }
    }
    note(mutation.rule() + " | -");
    fail("%d lives go on as if nothing were wrong", seeds);
  }

  private static void note(String line) throws IOException {
    Files.writeString(
        Path.of("target", "mutations.txt"),
        line.lines().findFirst().orElse("") + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
