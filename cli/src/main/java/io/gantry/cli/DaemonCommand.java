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

  /** Prints a volume: its URL last, for scripts that take the last line. */
  void print(VolumeView volume, String what) {
    if (json()) {
      Terminal.printJson(out(), volume);
    } else {
      out().println(what);
      out().println(volume.url());
    }
  }

  /** Copies between a volume and a file over iSCSI, as any initiator would. */
  CopyResult copy(CopyEnd source, CopyEnd destination) throws IOException {
    try (ProgressLine progress = ProgressLine.onStandardError()) {
      return new Copier(source, destination, progress, System::nanoTime)
          .run(CopyRequest.everything(CopyMethod.RW));
    }
  }

  static ScsiDevice open(VolumeView volume) throws IOException {
    return Devices.open(IscsiUrl.parse(volume.url()));
  }
}
