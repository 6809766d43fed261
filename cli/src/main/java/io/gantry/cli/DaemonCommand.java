package io.gantry.cli;

import io.gantry.copy.Copier;
import io.gantry.copy.CopyEnd;
import io.gantry.copy.CopyMethod;
import io.gantry.copy.CopyRequest;
import io.gantry.copy.CopyResult;
import io.gantry.initiator.IscsiUrl;
import io.gantry.scsi.ScsiDevice;
import io.gantry.server.VolumeView;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** An administrative command: finds the daemon, and speaks to people or programs. */
abstract class DaemonCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DaemonClient.Options daemon;
  @Mixin private JsonOption format;

  abstract void run(DaemonClient client) throws IOException;

  @Override
  public Integer call() throws IOException {
    try (DaemonClient client = daemon.connect()) {
      run(client);
    }
    out().flush();
    return 0;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  boolean json() {
    return format.json;
  }

  /** Writes what was printed; whether somebody is still there who reads it. */
  boolean isRead() {
    return !out().checkError();
  }

  /** Prints a value for programs, on one line if it is one of many. */
  void print(Object value, boolean oneOfMany) {
    if (oneOfMany) {
      out().println(Terminal.jsonLine(value));
    } else {
      Terminal.printJson(out(), value);
    }
  }

  /** Prints a volume: its URL last, for scripts that take the last line. */
  void print(VolumeView volume, String what) {
    if (json()) {
      Terminal.printJson(out(), volume);
    } else {
      out().println(what);
      out().println(volume.url());
    }
  }

  /** Says what was done to what: {@code deleted golden}, or an object of one field. */
  void done(String what, Object to) {
    if (json()) {
      Terminal.printJson(out(), Map.of(what, to));
    } else {
      out().println(what + " " + to);
    }
  }

  /** Something long. */
  interface Work {
    void run(ProgressLine progress, Interrupts interrupts) throws IOException;
  }

  /**
   * Does something that a signal may interrupt; the process ends after it has cleaned up and said
   * what follows.
   */
  void interruptibly(Work work, String whatFollows) throws IOException {
    try (Interrupts interrupts = new Interrupts()) {
      try (ProgressLine progress = ProgressLine.onStandardError()) {
        work.run(progress, interrupts);
      } catch (IOException e) {
        if (!interrupts.happened()) {
          throw e;
        }
        // Here and not in Main, for the process ends as soon as the hook does.
        Main.complain(spec.commandLine(), "%s; %s".formatted(e.getMessage(), whatFollows));
      }
    }
  }

  /** Copies between a volume and a file over iSCSI, as any initiator would. */
  static CopyResult copy(
      CopyEnd source, CopyEnd destination, ProgressLine progress, Interrupts interrupts)
      throws IOException {
    Copier copier = new Copier(source, destination, progress, System::nanoTime);
    interrupts.onSignal(copier::stop);
    return copier.run(CopyRequest.everything(CopyMethod.RW));
  }

  static ScsiDevice open(VolumeView volume) throws IOException {
    return Devices.open(IscsiUrl.parse(volume.url()));
  }
}
