package io.gantry.sim;

import static io.gantry.sim.Mutation.both;
import static io.gantry.sim.Mutation.first;
import static io.gantry.sim.Mutation.instead;
import static io.gantry.sim.Mutation.without;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.CodeBuilder;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokens are made and redeemed in many lives; and with the rules that they rest on broken. */
@Timeout(1200)
class OffloadSimulationTest {
  static final int ROUNDS = 6;
  static final int SEEDS = Integer.getInteger("offload.seeds", 30);

  private static final LongAdder LIVES = new LongAdder();
  private static final LongAdder CRASHES = new LongAdder();
  private static final LongAdder OPERATIONS = new LongAdder();

  static LongStream seeds() {
    Long given = Long.getLong("seed");
    long first = Long.getLong("offload.first", 0);
    return given != null ? LongStream.of(given) : LongStream.range(first, first + SEEDS);
  }

  @ParameterizedTest(name = "-Dseed={0}")
  @MethodSource("seeds")
  void copiesAreWhatTheyShouldBeWhateverHappens(long seed) {
    OffloadSimulation.Report report = OffloadSimulation.run(seed, ROUNDS);
    LIVES.increment();
    CRASHES.add(report.crashes());
    OPERATIONS.add(report.operations());
  }

  @AfterAll
  static void tell() {
    System.out.printf(
        "OffloadSimulationTest: %s lives, %s crashes, %s operations%n", LIVES, CRASHES, OPERATIONS);
  }

  @Test
  void aSeedIsARun() {
    for (long seed = 0; seed < 3; seed++) {
      OffloadSimulation.Report report = OffloadSimulation.run(seed, ROUNDS);
      assertThat(OffloadSimulation.run(seed, ROUNDS)).isEqualTo(report);
    }
  }

  static Stream<Mutation> mutations() {
    return Stream.of(
        new Mutation(
            "shared chunks are written in place",
            "PageTable",
            "getOwned",
            instead("references", CodeBuilder::iconst_1)),
        new Mutation(
            "a forged token is as good as any",
            "target.RodTokens",
            "resolve",
            instead("isEqual", CodeBuilder::iconst_1)),
        new Mutation(
            "every copy begins at the first block of the token",
            "target.TokenWrite",
            "run",
            instead("offsetBlocks", CodeBuilder::lconst_0)),
        new Mutation(
            "who may only read may redeem",
            "target.UnitNexus",
            "isReadOnly",
            first(code -> code.iconst_0().ireturn())),
        new Mutation(
            "a flush is answered before it is done",
            "target.UnitBlocks",
            "flushed",
            WireMutationTest.answerAtOnce()),
        new Mutation(
            "freezing does not wait for writes in flight",
            "Pool",
            "alone",
            both(without("lock"), without("unlock"))),
        new Mutation(
            "what a token is vulnerable to does not end it",
            "target.RodTokens",
            "current",
            instead("isUnchanged", CodeBuilder::iconst_1)),
        new Mutation("a copy is no use of its token", "TokenSet", "endCopy", without("used")),
        new Mutation(
            "a copy in the background goes on whatever its initiator may do",
            "target.CopyManager",
            "mayGoOn",
            first(code -> code.iconst_1().ireturn())),
        new Mutation(
            "COPY OPERATION ABORT is answered before the copy has ended",
            "target.CopyManager",
            "abort",
            instead("ended", MutationTest::done)),
        new Mutation(
            "nobody finds a copy that goes on",
            "target.CopyOperations",
            "begin",
            instead("putIfAbsent", CodeBuilder::aconst_null)),
        new Mutation(
            "copies to and from other units pass their reservations",
            "target.LogicalUnit",
            "reach",
            instead("allow", CodeBuilder::iconst_1)),
        new Mutation(
            "rules that change do not count for who is there",
            "target.PoolTarget",
            "access",
            without("forEach")),
        new Mutation(
            "a sanitize overwrites what tokens name",
            "Erasure",
            "collect",
            instead("references", CodeBuilder::iconst_1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mutations")
  void theSimulationNoticesABrokenRule(Mutation mutation) throws Exception {
    MutationTest.mustBeNoticed(mutation, "OffloadSimulation", ROUNDS, SEEDS);
  }
}
