package io.gantry.repository;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Every Java file is formatted by google-java-format. {@code -Dfix} rewrites those that are not.
 */
class FormattingTest {

  private static final boolean FIX = System.getProperty("fix") != null;

  @Test
  void everyJavaFileIsFormatted() throws IOException {
    Formatter formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    List<String> unformatted = new ArrayList<>();
    for (Path file : SourceTree.files(".java")) {
      String source = SourceTree.read(file);
      try {
        String formatted =
            formatter.formatSource(
                RemoveUnusedImports.removeUnusedImports(
                    ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.GOOGLE)));
        if (!formatted.equals(source)) {
          if (FIX) {
            Files.writeString(file, formatted);
          } else {
            unformatted.add(SourceTree.name(file));
          }
        }
      } catch (FormatterException e) {
        unformatted.add(SourceTree.name(file) + ": " + e.getMessage());
      }
    }
    assertThat(unformatted)
        .as(
            "mvn test -pl cli -am -Dfix -Dtest=FormattingTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false")
        .isEmpty();
  }
}
