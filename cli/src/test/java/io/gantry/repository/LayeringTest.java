package io.gantry.repository;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may use whom. */
class LayeringTest {

  private static final Set<String> EVERYTHING = Set.of("*");

  /**
   * Module, and the modules that it may import.
   *
   * <p>THE SHAPE OF THE WHOLE PROGRAM IS IN THESE LINES. A new arrow here is a decision about the
   * architecture: argue for it in ARCHITECTURE.md before you draw it. Most wishes for one go away
   * when the caller passes in what it wanted to fetch.
   */
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("scsi", Set.of()),
          Map.entry("iscsi", Set.of()),
          Map.entry("dsm", Set.of("scsi")),
          Map.entry("store", Set.of()),
          Map.entry("target", Set.of("scsi", "iscsi", "store")),
          Map.entry("initiator", Set.of("scsi", "iscsi")),
          Map.entry("copy", Set.of("scsi", "dsm")),
          Map.entry("junit", Set.of("scsi", "dsm", "store", "target", "initiator")),
          Map.entry("server", Set.of("target", "store")),
          Map.entry("sim", EVERYTHING),
          Map.entry("cli", EVERYTHING));

  /** Modules that may ask the machine for the time; the others are handed a clock. */
  private static final Set<String> MAY_READ_CLOCKS = Set.of("server", "cli");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.gantry");

  @Test
  void everyModuleIsInTheTable() {
    Stream<String> modules =
        CLASSES.stream().map(type -> type.getPackageName().split("\\.", -1)[2]).distinct();
    assertThat(modules).isNotEmpty().allSatisfy(name -> assertThat(MAY_IMPORT).containsKey(name));
  }

  @Test
  void modulesImportOnlyWhatTheTableSays() {
    MAY_IMPORT.forEach((module, others) -> {
      if (!others.equals(EVERYTHING)) {
        Stream<String> allowed = Stream.concat(others.stream(), Stream.of(module));
        DescribedPredicate<JavaClass> ours = resideInAPackage("io.gantry..");
        classes()
            .that(resideInAPackage(packagesOf(module)))
            .should(
                onlyDependOnClassesThat(
                    DescribedPredicate.not(ours)
                        .or(
                            JavaClass.Predicates.resideInAnyPackage(
                                allowed.map(LayeringTest::packagesOf).toArray(String[]::new)))))
            .as("%s may import %s".formatted(module, others))
            .allowEmptyShould(true)
            .check(CLASSES);
      }
    });
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.gantry.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void clocksArePassedIn() {
    noClasses()
        .that(resideOutside(MAY_READ_CLOCKS))
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .because("a run must be repeatable from its seed: take a clock in the constructor")
        .check(CLASSES);
  }

  @Test
  void randomnessIsPassedIn() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(Random.class, ThreadLocalRandom.class)
        .orShould()
        .callMethod(Math.class, "random")
        .because(
            "a run must be repeatable from its seed: take a RandomGenerator in the constructor")
        .check(CLASSES);
  }

  private static String packagesOf(String module) {
    return "io.gantry." + module + "..";
  }

  private static DescribedPredicate<JavaClass> resideOutside(Set<String> modules) {
    List<String> packages = modules.stream().map(LayeringTest::packagesOf).toList();
    return DescribedPredicate.not(
        JavaClass.Predicates.resideInAnyPackage(packages.toArray(String[]::new)));
  }
}
