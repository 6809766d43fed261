package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * {@code FSCTL_OFFLOAD_READ} and {@code FSCTL_OFFLOAD_WRITE} (MS-FSCC 2.3.41 to 2.3.44) on a file
 * that is a whole disk: no directory, nothing sparse, compressed or locked, and valid up to its
 * end. It checks as NTFS does (MS-FSA 2.1.5.10.20, .21) and hands the rest to the disk.
 *
 * <p>Times to live are milliseconds here; the disk gets them in whole seconds, rounded up.
 */
final class FileOffload {
  static final Layout READ_INPUT =
      Layout.littleEndian("FSCTL_OFFLOAD_READ_INPUT", "MS-FSCC 2.3.41", 32, 8);
  private static final Layout.Field READ_SIZE = READ_INPUT.uint(0, 4, "Size", "bytes", "32");

  static {
    READ_INPUT.uint(4, 4, "Flags", "", "0");
  }

  private static final Layout.Field TIME_TO_LIVE =
      READ_INPUT.uint(8, 4, "TokenTimeToLive", "ms", "0: the storage's default");

  static {
    READ_INPUT.uint(12, 4, "Reserved", "", "0");
  }

  private static final Layout.Field READ_OFFSET = READ_INPUT.uint(16, 8, "FileOffset", "bytes", "");
  private static final Layout.Field READ_LENGTH = READ_INPUT.uint(24, 8, "CopyLength", "bytes", "");

  static final Layout READ_OUTPUT =
      Layout.littleEndian("FSCTL_OFFLOAD_READ_OUTPUT", "MS-FSCC 2.3.42", 528, 8);
  private static final Layout.Field READ_OUTPUT_SIZE =
      READ_OUTPUT.uint(0, 4, "Size", "bytes", "528");

  static {
    READ_OUTPUT.uint(4, 4, "Flags", "", "1: all zeros beyond the range");
  }

  private static final Layout.Field TRANSFER_LENGTH =
      READ_OUTPUT.uint(8, 8, "TransferLength", "bytes", "that the token stands for");
  private static final Layout.Field READ_TOKEN =
      READ_OUTPUT.bytes(16, OffloadToken.LENGTH, "Token", "STORAGE_OFFLOAD_TOKEN");

  static final Layout WRITE_INPUT =
      Layout.littleEndian("FSCTL_OFFLOAD_WRITE_INPUT", "MS-FSCC 2.3.43", 544, 8);
  private static final Layout.Field WRITE_SIZE = WRITE_INPUT.uint(0, 4, "Size", "bytes", "544");

  static {
    WRITE_INPUT.uint(4, 4, "Flags", "", "0");
  }

  private static final Layout.Field WRITE_OFFSET =
      WRITE_INPUT.uint(8, 8, "FileOffset", "bytes", "");
  private static final Layout.Field WRITE_LENGTH =
      WRITE_INPUT.uint(16, 8, "CopyLength", "bytes", "");
  private static final Layout.Field TRANSFER_OFFSET =
      WRITE_INPUT.uint(24, 8, "TransferOffset", "bytes", "where to start in the token's data");
  private static final Layout.Field WRITE_TOKEN =
      WRITE_INPUT.bytes(32, OffloadToken.LENGTH, "Token", "STORAGE_OFFLOAD_TOKEN");

  static final Layout WRITE_OUTPUT =
      Layout.littleEndian("FSCTL_OFFLOAD_WRITE_OUTPUT", "MS-FSCC 2.3.44", 16, 8);
  private static final Layout.Field WRITE_OUTPUT_SIZE =
      WRITE_OUTPUT.uint(0, 4, "Size", "bytes", "16");

  static {
    WRITE_OUTPUT.uint(4, 4, "Flags", "", "0");
  }

  private static final Layout.Field LENGTH_WRITTEN =
      WRITE_OUTPUT.uint(8, 8, "LengthWritten", "bytes", "");

  private final Disk disk;

  /** The file that is all of {@code disk}. */
  FileOffload(Disk disk) {
    this.disk = disk.withTimeToLiveIn(TimeToLiveUnit.MILLISECONDS);
  }

  /** FSCTL_OFFLOAD_READ. */
  IoctlResult read(byte[] input, int outputCapacity) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(input);
    NtStatus refusal = lengths(input, READ_INPUT, outputCapacity, READ_OUTPUT);
    if (!refusal.isSuccess()) {
      return IoctlResult.of(refusal);
    }
    long offset = READ_OFFSET.get(in, 0);
    long length = READ_LENGTH.get(in, 0);
    if (READ_SIZE.get(in, 0) != READ_INPUT.sizeBytes() || !isRange(offset, length)) {
      return IoctlResult.of(NtStatus.INVALID_PARAMETER);
    }
    if (length == 0) {
      return readOutput(0, OffloadToken.zeroData());
    }
    if (offset >= sizeBytes()) {
      return IoctlResult.of(NtStatus.END_OF_FILE);
    }
    DataSetRange range = new DataSetRange(offset, Math.min(length, sizeBytes() - offset));
    OffloadReadResult result = disk.offloadRead(List.of(range), TIME_TO_LIVE.getInt(in, 0));
    OffloadToken token = result.token();
    return result.status().isSuccess() && token != null
        ? readOutput(result.lengthProtected(), token)
        : IoctlResult.of(result.status());
  }

  private static IoctlResult readOutput(long length, OffloadToken token) {
    ByteBuffer output = ByteBuffer.allocate(READ_OUTPUT.sizeBytes());
    READ_OUTPUT_SIZE.set(output, 0, READ_OUTPUT.sizeBytes());
    TRANSFER_LENGTH.set(output, 0, length);
    READ_TOKEN.setBytes(output, 0, token.bytes());
    return new IoctlResult(NtStatus.SUCCESS, output.array());
  }

  /** FSCTL_OFFLOAD_WRITE. */
  IoctlResult write(byte[] input, int outputCapacity) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(input);
    NtStatus refusal = lengths(input, WRITE_INPUT, outputCapacity, WRITE_OUTPUT);
    if (!refusal.isSuccess()) {
      return IoctlResult.of(refusal);
    }
    long offset = WRITE_OFFSET.get(in, 0);
    long length = WRITE_LENGTH.get(in, 0);
    long transferOffset = TRANSFER_OFFSET.get(in, 0);
    if (WRITE_SIZE.get(in, 0) != WRITE_INPUT.sizeBytes()
        || !isRange(offset, length)
        || !isRange(transferOffset, length)) {
      return IoctlResult.of(NtStatus.INVALID_PARAMETER);
    }
    if (length == 0) {
      return writeOutput(0);
    }
    if (offset >= sizeBytes()) {
      return IoctlResult.of(NtStatus.END_OF_FILE);
    }
    DataSetRange range = new DataSetRange(offset, Math.min(length, sizeBytes() - offset));
    OffloadToken token = new OffloadToken(WRITE_TOKEN.getBytes(in, 0));
    OffloadWriteResult result = disk.offloadWrite(token, transferOffset, List.of(range));
    return result.status().isSuccess()
        ? writeOutput(result.lengthCopied())
        : IoctlResult.of(result.status());
  }

  private static IoctlResult writeOutput(long length) {
    ByteBuffer output = ByteBuffer.allocate(WRITE_OUTPUT.sizeBytes());
    WRITE_OUTPUT_SIZE.set(output, 0, WRITE_OUTPUT.sizeBytes());
    LENGTH_WRITTEN.set(output, 0, length);
    return new IoctlResult(NtStatus.SUCCESS, output.array());
  }

  private NtStatus lengths(byte[] input, Layout in, int outputCapacity, Layout out) {
    if (disk.copyOffloadLimits().isEmpty()) {
      return NtStatus.NOT_SUPPORTED;
    }
    return input.length >= in.sizeBytes() && outputCapacity >= out.sizeBytes()
        ? NtStatus.SUCCESS
        : NtStatus.BUFFER_TOO_SMALL;
  }

  /** Whether both are whole blocks and their sum is still a 63-bit offset. */
  private boolean isRange(long offset, long length) {
    int block = disk.capacity().blockLengthBytes();
    return offset >= 0
        && length >= 0
        && offset + length >= 0
        && offset % block == 0
        && length % block == 0;
  }

  private long sizeBytes() {
    return disk.capacity().sizeBytes();
  }
}
