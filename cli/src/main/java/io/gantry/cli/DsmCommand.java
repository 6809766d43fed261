package io.gantry.cli;

import io.gantry.dsm.BufferReader;
import io.gantry.dsm.BufferWriter;
import io.gantry.dsm.Disk;
import io.gantry.dsm.FieldException;
import io.gantry.dsm.IoctlResult;
import io.gantry.dsm.Structure;
import io.gantry.dsm.Structures;
import io.gantry.scsi.Layout;
import io.gantry.scsi.ScsiDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
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
    subcommands = {
      DsmCommand.Ioctl.class,
      DsmCommand.Describe.class,
      DsmCommand.Decode.class,
      DsmCommand.Encode.class
    })
final class DsmCommand {
  /** Input that nobody types; what Windows takes is nowhere near as long. */
  private static final int MAXIMUM_INPUT = 64 << 20;

  private static Structure find(String name) throws Failure {
    return Structures.find(name)
        .orElseThrow(() ->
            new Failure(
                "no structure is called '%s'; 'gantry dsm describe' lists them".formatted(name)));
  }

  /** A file, or standard input for none. */
  private static byte[] read(@Nullable Path file) throws IOException {
    String name = nameOf(file);
    if (file != null && Files.isDirectory(file)) {
      throw new Failure(name + ": is a directory, not a file");
    }
    byte[] bytes;
    try (InputStream in = file == null ? System.in : Files.newInputStream(file)) {
      bytes = in.readNBytes(MAXIMUM_INPUT + 1);
    } catch (NoSuchFileException e) {
      throw new Failure("%s: no such file".formatted(name), e);
    }
    if (bytes.length > MAXIMUM_INPUT) {
      throw new Failure("%s: is longer than %,d bytes".formatted(name, MAXIMUM_INPUT));
    }
    return bytes;
  }

  private static String nameOf(@Nullable Path file) {
    return file == null ? "standard input" : file.toString();
  }

  @Command(
      name = "ioctl",
      description = {
        "Send a device control request to a disk, as Windows' disk class driver gets it.",
        "Standard input is the input buffer, standard output the output buffer. The last line on"
            + " standard error is the status: 'STATUS_SUCCESS 0x00000000 16 bytes'."
      },
      exitCodeList = {
        "0:the disk answered with success",
        "1:it answered with another status, or could not be reached",
        "2:wrong usage"
      },
      footer = {
        "",
        "Examples:",
        "  gantry dsm ioctl iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0 \\",
        "    < request > answer",
        "  gantry dsm encode trim.json \\",
        "    | gantry dsm ioctl iscsi://127.0.0.1/iqn.2026-11.io.gantry:default/0"
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
          .forEach(structure ->
              table.row(
                  structure.name(), structure.layout().sizeBytes(), structure.layout().source()));
      table.print(out, "");
    }

    private void describe(PrintWriter out, Structure structure) {
      if (format.json) {
        Terminal.printJson(out, structure.layout().fields().stream().map(FieldView::of).toList());
      } else {
        out.print(Structures.describe(structure));
      }
    }
  }

  @Command(
      name = "decode",
      description = {
        "Show what is in a buffer.",
        "It may be binary, hexadecimal digits, or what WinDbg's db, dd or dq print. Behind"
            + " DEVICE_MANAGE_DATA_SET_ATTRIBUTES come its parameter block and ranges, behind"
            + " DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT the action's result.",
        "With --json, what 'gantry dsm encode' makes the same bytes of."
      },
      footer = {
        "",
        "Examples:",
        "  gantry dsm decode DEVICE_MANAGE_DATA_SET_ATTRIBUTES request",
        "  gantry dsm decode STORAGE_OFFLOAD_READ_OUTPUT --json < answer"
      })
  static final class Decode implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
        index = "0",
        paramLabel = "STRUCTURE",
        description = "What the buffer begins with: Windows' name, in any case.")
    private String name;

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "FILE",
        description = "Where the buffer is; standard input if not given.")
    private @Nullable Path file;

    @Mixin private JsonOption format;

    @Override
    public Integer call() throws IOException {
      Structure structure = find(name);
      byte[] bytes = DumpInput.parse(nameOf(file), read(file));
      PrintWriter out = spec.commandLine().getOut();
      if (format.json) {
        try {
          Terminal.printJson(out, BufferReader.read(structure, bytes));
        } catch (FieldException e) {
          throw new Failure("%s: %s".formatted(nameOf(file), e.getMessage()), e);
        }
      } else {
        out.print(BufferReader.describe(structure, bytes));
      }
      out.flush();
      return 0;
    }
  }

  @Command(
      name = "encode",
      description = {
        "Make a buffer of JSON: an object of structures by name, each an object of fields.",
        "What is left out is 0 or follows from the rest, as offsets, lengths and sizes do. Numbers"
            + " may be strings with 0x; bytes are strings of hexadecimal digits."
      },
      footer = {
        "",
        "Example: a trim of 2 MiB from 1 MiB on",
        "  gantry dsm encode <<END > trim",
        "  {\"DEVICE_MANAGE_DATA_SET_ATTRIBUTES\": {\"Action\": \"DeviceDsmAction_Trim\"},",
        "   \"DEVICE_DATA_SET_RANGE\": [",
        "     {\"StartingOffset\": \"0x100000\", \"LengthInBytes\": \"0x200000\"}]}",
        "  END"
      })
  static final class Encode implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
        arity = "0..1",
        paramLabel = "FILE",
        description = "Where the JSON is; standard input if not given.")
    private @Nullable Path file;

    @Option(
        names = "--hex",
        description = "Write hexadecimal digits, 16 bytes to a line, instead of the bytes.")
    private boolean hex;

    @Override
    public Integer call() throws IOException {
      byte[] bytes;
      try {
        bytes = BufferWriter.write(JsonInput.object(nameOf(file), read(file)));
      } catch (FieldException e) {
        throw new Failure("%s: %s".formatted(nameOf(file), e.getMessage()), e);
      }
      if (hex) {
        PrintWriter out = spec.commandLine().getOut();
        HexFormat digits = HexFormat.ofDelimiter(" ");
        for (int at = 0; at < bytes.length; at += 16) {
          out.println(digits.formatHex(bytes, at, Math.min(bytes.length, at + 16)));
        }
        out.flush();
      } else {
        System.out.write(bytes);
        System.out.flush();
      }
      return 0;
    }
  }
}
