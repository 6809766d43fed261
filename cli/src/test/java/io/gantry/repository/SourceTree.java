package io.gantry.repository;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The files of this repository, as the tests about the repository itself see them. */
final class SourceTree {
  private static final Set<String> NOT_SOURCES = Set.of(".git", ".idea", "gantry-data");

  /** The directory that holds the root pom: tests run in their module's directory. */
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private SourceTree() {}

  /** Every source file whose name ends so, sorted. */
  static List<Path> files(String... endings) {
    try (Stream<Path> children = Files.list(ROOT)) {
      return children
          .filter(SourceTree::isSource)
          .flatMap(SourceTree::below)
          .filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isSource(Path path) {
    String name = path.getFileName().toString();
    // Maven builds in the directory target beside a pom; there are a module and a package, too.
    return name.equals("target")
        ? Files.exists(path.resolve("pom.xml")) || !Files.exists(path.resolveSibling("pom.xml"))
        : !NOT_SOURCES.contains(name);
  }

  private static Stream<Path> below(Path path) {
    if (!Files.isDirectory(path)) {
      return Stream.of(path);
    }
    try (Stream<Path> children = Files.list(path)) {
      return children.filter(SourceTree::isSource).toList().stream().flatMap(SourceTree::below);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For messages: the path from the root. */
  static String name(Path file) {
    return ROOT.relativize(file).toString();
  }
}
