package io.gantry.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Which build this is: what {@code gantry --version} says, and a report of a fault should. */
final class Version implements IVersionProvider {
  private static final Properties BUILD = read();

  private static Properties read() {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("build.properties")) {
      if (in != null) { // run from classes that Maven did not make
        properties.load(in);
      }
      return properties;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The version's number. */
  static String number() {
    return BUILD.getProperty("version", "unknown");
  }

  /** The commit that it was built from; ends with {@code -dirty} if files differed from it. */
  static String commit() {
    String commit = BUILD.getProperty("commit", "");
    return commit.isBlank() || commit.contains("$") ? "unknown" : commit;
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "gantry %s (commit %s)".formatted(number(), commit()),
      "Java %s by %s, %s %s"
          .formatted(
              Runtime.version(),
              System.getProperty("java.vendor"),
              System.getProperty("os.name"),
              System.getProperty("os.arch"))
    };
  }
}
