package io.gantry.cli;

import picocli.CommandLine.Option;

/** The option that makes a command speak to programs. */
final class JsonOption {
  @Option(names = "--json", description = "Print JSON, for programs.")
  boolean json;
}
