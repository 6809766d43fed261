package io.gantry.cli;

import io.gantry.dsm.Disk;
import io.gantry.dsm.IoctlResult;
import io.gantry.dsm.Structures;
import io.gantry.scsi.Layout;
import io.gantry.scsi.ScsiDevice;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "dsm",
    description = "Windows data-set management, byte for byte.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DsmCommand.Ioctl.class, DsmCommand.Describe.class})
final class DsmCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which? ioctl or describe");
  }

  @Command(
      name = "ioctl",
      description = {
        "Send a device control request to a disk, as Windows' disk class driver gets it.",
        "Standard input is the input buffer, standard output the output buffer. The last line on"
            + " standard error is the status: 'STATUS_SUCCESS 0x00000000 16 bytes'. Exit code 0"
            + " only on success."
      },
      footer = {
        "",
        "Example:",
        "  gantry dsm ioctl iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0 \\",
        "    < request > answer"
      })
  static final class Ioctl implements Callable<Integer> {
    /** No request that Windows takes is anywhere near as long. */
    private static final int MAXIMUM_BYTES = 16 << 20;

    @Spec private CommandSpec spec;

    @Parameters(
        paramLabel = "URL",
        converter = CopyCommand.LocationConverter.class,
        description = "The disk: iscsi://HOST:PORT/TARGET/LUN or pool:DIR/VOLUME.")
    private Location disk;

    @Option(
        names = "--code",
        paramLabel = "CODE",
        defaultValue = "0x2D9404",
        description = "Control code (default: ${DEFAULT-VALUE}, manage data-set attributes).")
    private String code;

    @Option(
        names = "--output-length",
        paramLabel = "N",
        defaultValue = "65536",
        description = "Bytes of the output buffer (default: ${DEFAULT-VALUE}).")
    private int outputLength;

    @Override
    public Integer call() throws IOException {
      int controlCode = parseCode();
      if (outputLength < 0 || outputLength > MAXIMUM_BYTES) {
        throw new ParameterException(
            spec.commandLine(), "--output-length is 0 to %,d".formatted(MAXIMUM_BYTES));
      }
      byte[] input = System.in.readNBytes(MAXIMUM_BYTES + 1);
      if (input.length > MAXIMUM_BYTES) {
        throw new Failure("standard input: is longer than %,d bytes".formatted(MAXIMUM_BYTES));
      }
      try (Devices devices = new Devices();
          ScsiDevice device = devices.open(disk)) {
        IoctlResult result = Disk.attach(device).control(controlCode, input, outputLength);
        System.out.write(result.output());
        System.out.flush();
        spec.commandLine().getErr().println(result);
        spec.commandLine().getErr().flush();
        return result.status().isSuccess() ? 0 : 1;
      }
    }

    private int parseCode() {
      try {
        long value = Long.decode(code);
        if (value >= 0 && value <= 0xFFFF_FFFFL) {
          return (int) value;
        }
      } catch (NumberFormatException e) {
        // as for a number that is none
      }
      throw new ParameterException(
          spec.commandLine(),
          "'%s' is no control code: write 32 bits, as in 0x2D9404".formatted(code));
    }
  }

  @Command(
      name = "describe",
      description = "Show the layout of a structure, or list the structures.",
      footer = {"", "Example:", "  gantry dsm describe DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS"})
  static final class Describe implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
        paramLabel = "STRUCTURE",
        arity = "0..1",
        description = "Windows' name, in any case. Without it: all names.")
    private @Nullable String name;

    @Mixin private JsonOption format;

    @Override
    public Integer call() throws IOException {
      PrintWriter out = spec.commandLine().getOut();
      if (name == null) {
        list(out);
      } else {
        describe(out, find(name));
      }
      out.flush();
      return 0;
    }

    private static Layout find(String name) throws Failure {
      return Structures.all().values().stream()
          .filter(layout -> layout.name().equalsIgnoreCase(name))
          .findFirst()
          .orElseThrow(() ->
              new Failure(
                  "no structure is called '%s'; 'gantry dsm describe' lists them".formatted(name)));
    }

    /** A field, for programs; the number of bits is 0 for strings of bytes. */
    record FieldView(
        String name,
        int offset,
        int width,
        int lowBit,
        int bitCount,
        String order,
        String unit,
        String meaning) {
      static FieldView of(Layout.Field field) {
        return new FieldView(
            field.name(),
            field.offset(),
            field.width(),
            field.lowBit(),
            field.bitCount(),
            field.order().toString(),
            field.unit(),
            field.meaning());
      }
    }

    private void list(PrintWriter out) {
      if (format.json) {
        Terminal.printJson(out, Structures.all().keySet());
        return;
      }
      Terminal.Table table = new Terminal.Table("STRUCTURE", ">BYTES", "DECLARED IN");
      Structures.all()
          .values()
          .forEach(layout -> table.row(layout.name(), layout.sizeBytes(), layout.source()));
      table.print(out, "");
    }

    private void describe(PrintWriter out, Layout layout) {
      if (format.json) {
        Terminal.printJson(out, layout.fields().stream().map(FieldView::of).toList());
      } else {
        out.print(Structures.describe(layout));
      }
    }
  }
}
