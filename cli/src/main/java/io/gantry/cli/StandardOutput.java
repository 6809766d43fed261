package io.gantry.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Standard output that remembers why it could not be written. {@link PrintStream} keeps that to
 * itself, so what a full disk has cut off would pass for whole.
 */
final class StandardOutput extends OutputStream {
  /** As shells say it of SIGPIPE, by which other programs end when nobody reads on. */
  static final int EXIT_CODE_UNREAD = 141;

  private final OutputStream out;
  private volatile @Nullable IOException problem;

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  /** Puts it in the place of {@link System#out}. */
  static StandardOutput install() {
    StandardOutput output = new StandardOutput(new FileOutputStream(FileDescriptor.out));
    System.setOut(new PrintStream(new BufferedOutputStream(output), true, System.out.charset()));
    return output;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      problem = e;
      throw e;
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  /**
   * How the process is to end, after all was flushed.
   *
   * @param ofCommand what the command says
   * @param err where it is told that not all was written
   */
  int exitCode(int ofCommand, PrintStream err) {
    IOException e = problem;
    if (e == null) {
      return ofCommand;
    }
    String reason = String.valueOf(e.getMessage());
    if (reason.toLowerCase(Locale.ROOT).contains("broken pipe")) {
      return EXIT_CODE_UNREAD; // who reads has seen enough
    }
    err.printf("gantry: standard output: %s; not all of it was written%n", reason);
    return ofCommand == 0 ? 1 : ofCommand;
  }
}
