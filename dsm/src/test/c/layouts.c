/*
 * The Windows side of the golden files: structures, constants and input buffers as a Windows
 * compiler lays them out. The program is never run. make-golden compiles it and reads the answers
 * off the assembly (lines that begin with "->") and the object file (sections that begin with
 * ".gold"), so that any Linux machine with mingw-w64 can make them.
 *
 * Everything comes from mingw-w64's ntddstor.h, devioctl.h and ntstatus.h (winioctl.h has older
 * and fewer declarations of the same). They lack the actions after DrtDisable and their structures,
 * the NTSTATUS values that came with Windows 8, and the FSCTL_OFFLOAD control codes; the last are
 * declared below. What only winioctl.h has is in provisioning.c.
 */
#include <stddef.h>
#include <windef.h>
#define WIN32_NO_STATUS
#include <winnt.h>
#include <winternl.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <devioctl.h>
#include <ntddstor.h>

/* Control codes that ntifs.h / winioctl.h define; CTL_CODE is the header's own. */
#ifndef FSCTL_OFFLOAD_READ
#define FSCTL_OFFLOAD_READ CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 153, METHOD_BUFFERED, FILE_READ_ACCESS)
#define FSCTL_OFFLOAD_WRITE CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 154, METHOD_BUFFERED, FILE_WRITE_ACCESS)
#endif
#ifndef FSCTL_FILE_LEVEL_TRIM
#define FSCTL_FILE_LEVEL_TRIM CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 130, METHOD_BUFFERED, FILE_WRITE_DATA)
#endif

/* ---- layouts ------------------------------------------------------------------------------- */

#define LAYOUT(structure, field, offset, size) \
  asm volatile("\n->layout " #structure " " field " %c0 %c1" : : "i"(offset), "i"(size))
#define STRUCTURE(s)                               \
  LAYOUT(s, "sizeof", 0, sizeof(s));               \
  LAYOUT(s, "alignof", 0, _Alignof(s))
#define FIELD(s, f) LAYOUT(s, #f, offsetof(s, f), sizeof(((s *)0)->f))

void layouts(void) {
  STRUCTURE(DEVICE_MANAGE_DATA_SET_ATTRIBUTES);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, Size);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, Action);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, Flags);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, ParameterBlockOffset);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, ParameterBlockLength);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, DataSetRangesOffset);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES, DataSetRangesLength);

  STRUCTURE(DEVICE_DATA_SET_RANGE);
  FIELD(DEVICE_DATA_SET_RANGE, StartingOffset);
  FIELD(DEVICE_DATA_SET_RANGE, LengthInBytes);

  STRUCTURE(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, Size);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, Action);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, Flags);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, OperationStatus);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, ExtendedError);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, TargetDetailedError);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, ReservedStatus);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, OutputBlockOffset);
  FIELD(DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT, OutputBlockLength);

  STRUCTURE(DEVICE_DSM_OFFLOAD_READ_PARAMETERS);
  FIELD(DEVICE_DSM_OFFLOAD_READ_PARAMETERS, Flags);
  FIELD(DEVICE_DSM_OFFLOAD_READ_PARAMETERS, TimeToLive);
  FIELD(DEVICE_DSM_OFFLOAD_READ_PARAMETERS, Reserved);

  STRUCTURE(DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS);
  FIELD(DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS, Flags);
  FIELD(DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS, Reserved);
  FIELD(DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS, TokenOffset);
  FIELD(DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS, Token);

  STRUCTURE(STORAGE_OFFLOAD_TOKEN);
  FIELD(STORAGE_OFFLOAD_TOKEN, TokenType);
  FIELD(STORAGE_OFFLOAD_TOKEN, Reserved);
  FIELD(STORAGE_OFFLOAD_TOKEN, TokenIdLength);
  FIELD(STORAGE_OFFLOAD_TOKEN, Token);

  STRUCTURE(STORAGE_OFFLOAD_READ_OUTPUT);
  FIELD(STORAGE_OFFLOAD_READ_OUTPUT, OffloadReadFlags);
  FIELD(STORAGE_OFFLOAD_READ_OUTPUT, Reserved);
  FIELD(STORAGE_OFFLOAD_READ_OUTPUT, LengthProtected);
  FIELD(STORAGE_OFFLOAD_READ_OUTPUT, TokenLength);
  FIELD(STORAGE_OFFLOAD_READ_OUTPUT, Token);

  STRUCTURE(STORAGE_OFFLOAD_WRITE_OUTPUT);
  FIELD(STORAGE_OFFLOAD_WRITE_OUTPUT, OffloadWriteFlags);
  FIELD(STORAGE_OFFLOAD_WRITE_OUTPUT, Reserved);
  FIELD(STORAGE_OFFLOAD_WRITE_OUTPUT, LengthCopied);

  STRUCTURE(STORAGE_PROPERTY_QUERY);
  FIELD(STORAGE_PROPERTY_QUERY, PropertyId);
  FIELD(STORAGE_PROPERTY_QUERY, QueryType);
  FIELD(STORAGE_PROPERTY_QUERY, AdditionalParameters);

  STRUCTURE(DEVICE_COPY_OFFLOAD_DESCRIPTOR);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, Version);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, Size);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, MaximumTokenLifetime);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, DefaultTokenLifetime);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, MaximumTransferSize);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, OptimalTransferCount);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, MaximumDataDescriptors);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, MaximumTransferLengthPerDescriptor);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, OptimalTransferLengthPerDescriptor);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, OptimalTransferLengthGranularity);
  FIELD(DEVICE_COPY_OFFLOAD_DESCRIPTOR, Reserved);

  STRUCTURE(DEVICE_DSM_NOTIFICATION_PARAMETERS);
  FIELD(DEVICE_DSM_NOTIFICATION_PARAMETERS, Size);
  FIELD(DEVICE_DSM_NOTIFICATION_PARAMETERS, Flags);
  FIELD(DEVICE_DSM_NOTIFICATION_PARAMETERS, NumFileTypeIDs);
  FIELD(DEVICE_DSM_NOTIFICATION_PARAMETERS, FileTypeID);

  STRUCTURE(DEVICE_DATA_SET_LB_PROVISIONING_STATE);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, Size);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, Version);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, SlabSizeInBytes);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, SlabOffsetDeltaInBytes);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, SlabAllocationBitMapBitCount);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, SlabAllocationBitMapLength);
  FIELD(DEVICE_DATA_SET_LB_PROVISIONING_STATE, SlabAllocationBitMap);

  STRUCTURE(DEVICE_DATA_SET_SCRUB_OUTPUT);
  FIELD(DEVICE_DATA_SET_SCRUB_OUTPUT, BytesProcessed);
  FIELD(DEVICE_DATA_SET_SCRUB_OUTPUT, BytesRepaired);
  FIELD(DEVICE_DATA_SET_SCRUB_OUTPUT, BytesFailed);

  STRUCTURE(STORAGE_DESCRIPTOR_HEADER);
  FIELD(STORAGE_DESCRIPTOR_HEADER, Version);
  FIELD(STORAGE_DESCRIPTOR_HEADER, Size);

  STRUCTURE(STORAGE_DEVICE_DESCRIPTOR);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, Version);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, Size);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, DeviceType);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, DeviceTypeModifier);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, RemovableMedia);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, CommandQueueing);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, VendorIdOffset);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, ProductIdOffset);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, ProductRevisionOffset);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, SerialNumberOffset);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, BusType);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, RawPropertiesLength);
  FIELD(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties);

  STRUCTURE(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, Version);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, Size);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, BytesPerCacheLine);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, BytesOffsetForCacheAlignment);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, BytesPerLogicalSector);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, BytesPerPhysicalSector);
  FIELD(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR, BytesOffsetForSectorAlignment);

  STRUCTURE(DEVICE_SEEK_PENALTY_DESCRIPTOR);
  FIELD(DEVICE_SEEK_PENALTY_DESCRIPTOR, Version);
  FIELD(DEVICE_SEEK_PENALTY_DESCRIPTOR, Size);
  FIELD(DEVICE_SEEK_PENALTY_DESCRIPTOR, IncursSeekPenalty);

  STRUCTURE(DEVICE_TRIM_DESCRIPTOR);
  FIELD(DEVICE_TRIM_DESCRIPTOR, Version);
  FIELD(DEVICE_TRIM_DESCRIPTOR, Size);
  FIELD(DEVICE_TRIM_DESCRIPTOR, TrimEnabled);
}

/* ---- constants ----------------------------------------------------------------------------- */

#define CONSTANT(name, value) \
  asm volatile("\n->constant " name " %c0" : : "i"((unsigned)(value)))
#define CONTROL_CODE(c) CONSTANT("ControlCode " #c, c)
#define ACTION(java, windows) CONSTANT("DsmAction " #java, DeviceDsmAction_##windows)
#define FLAG(f) CONSTANT("DsmFlag " #f, DEVICE_DSM_FLAG_##f)
#define STATUS(s) CONSTANT("NtStatus " #s, STATUS_##s)

void constants(void) {
  CONTROL_CODE(IOCTL_STORAGE_QUERY_PROPERTY);
  CONTROL_CODE(IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES);
  CONTROL_CODE(FSCTL_FILE_LEVEL_TRIM);
  CONTROL_CODE(FSCTL_OFFLOAD_READ);
  CONTROL_CODE(FSCTL_OFFLOAD_WRITE);

  ACTION(NONE, None);
  ACTION(TRIM, Trim);
  ACTION(NOTIFICATION, Notification);
  ACTION(OFFLOAD_READ, OffloadRead);
  ACTION(OFFLOAD_WRITE, OffloadWrite);
  ACTION(ALLOCATION, Allocation);
  ACTION(REPAIR, Repair);
  ACTION(SCRUB, Scrub);
  ACTION(DRT_QUERY, DrtQuery);
  ACTION(DRT_CLEAR, DrtClear);
  ACTION(DRT_DISABLE, DrtDisable);

  FLAG(ENTIRE_DATA_SET_RANGE);
  FLAG(TRIM_NOT_FS_ALLOCATED);
  FLAG(ALLOCATION_CONSOLIDATEABLE_ONLY);
  FLAG(SCRUB_SKIP_IN_SYNC);

  CONSTANT("OffloadReadOutput RANGE_TRUNCATED", STORAGE_OFFLOAD_READ_RANGE_TRUNCATED);
  CONSTANT("OffloadWriteOutput RANGE_TRUNCATED", STORAGE_OFFLOAD_WRITE_RANGE_TRUNCATED);
  CONSTANT("OffloadWriteOutput TOKEN_INVALID", STORAGE_OFFLOAD_TOKEN_INVALID);
  CONSTANT("OffloadToken TYPE_ZERO_DATA", STORAGE_OFFLOAD_TOKEN_TYPE_ZERO_DATA);
  CONSTANT("StorageProperty DEVICE", StorageDeviceProperty);
  CONSTANT("StorageProperty ACCESS_ALIGNMENT", StorageAccessAlignmentProperty);
  CONSTANT("StorageProperty SEEK_PENALTY", StorageDeviceSeekPenaltyProperty);
  CONSTANT("StorageProperty TRIM", StorageDeviceTrimProperty);
  CONSTANT("StorageProperty LB_PROVISIONING", StorageDeviceLBProvisioningProperty);
  CONSTANT("StorageProperty COPY_OFFLOAD", StorageDeviceCopyOffloadProperty);
  CONSTANT("PropertyQuery STANDARD", PropertyStandardQuery);
  CONSTANT("PropertyQuery EXISTS", PropertyExistsQuery);

  STATUS(SUCCESS);
  STATUS(PENDING);
  STATUS(BUFFER_OVERFLOW);
  STATUS(DEVICE_BUSY);
  STATUS(UNSUCCESSFUL);
  STATUS(INVALID_PARAMETER);
  STATUS(NO_SUCH_DEVICE);
  STATUS(INVALID_DEVICE_REQUEST);
  STATUS(END_OF_FILE);
  STATUS(NONEXISTENT_SECTOR);
  STATUS(ACCESS_DENIED);
  STATUS(BUFFER_TOO_SMALL);
  STATUS(DATA_OVERRUN);
  STATUS(DATA_ERROR);
  STATUS(FILE_LOCK_CONFLICT);
  STATUS(INSUFFICIENT_RESOURCES);
  STATUS(DEVICE_DATA_ERROR);
  STATUS(MEDIA_WRITE_PROTECTED);
  STATUS(DEVICE_NOT_READY);
  STATUS(IO_TIMEOUT);
  STATUS(NOT_SUPPORTED);
  STATUS(FILE_DELETED);
  STATUS(FILE_CLOSED);
  STATUS(INVALID_LEVEL);
  STATUS(IO_DEVICE_ERROR);
  STATUS(RETRY);
  STATUS(BEYOND_VDL);
}

/* ---- input buffers ------------------------------------------------------------------------- */

/* A buffer is a struct, so that the compiler puts in the padding between its blocks. */
#define GOLDEN(name, type) \
  const type __attribute__((section(".gold." #name), used)) name

typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DSM_OFFLOAD_READ_PARAMETERS Parameters;
  DEVICE_DATA_SET_RANGE Ranges[1];
} READ_ONE;

typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DSM_OFFLOAD_READ_PARAMETERS Parameters;
  DEVICE_DATA_SET_RANGE Ranges[3];
} READ_THREE;

typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS Parameters;
  DEVICE_DATA_SET_RANGE Ranges[1];
} WRITE_ONE;

/* Ranges before parameters: the blocks may come in either order. */
typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DATA_SET_RANGE Ranges[2];
  DEVICE_DSM_OFFLOAD_WRITE_PARAMETERS Parameters;
} WRITE_TWO_RANGES_FIRST;

#define HEADER(type, action)                                        \
  {                                                                 \
    .Size = sizeof(DEVICE_MANAGE_DATA_SET_ATTRIBUTES),              \
    .Action = (action),                                             \
    .ParameterBlockOffset = offsetof(type, Parameters),             \
    .ParameterBlockLength = sizeof(((type *)0)->Parameters),        \
    .DataSetRangesOffset = offsetof(type, Ranges),                  \
    .DataSetRangesLength = sizeof(((type *)0)->Ranges),             \
  }

#define READ_BUFFER(name, type, ttl, ...)                           \
  GOLDEN(name, type) = {                                            \
    .Header = HEADER(type, DeviceDsmAction_OffloadRead),            \
    .Parameters = {.TimeToLive = (ttl)},                            \
    .Ranges = {__VA_ARGS__},                                        \
  }

/* Byte i of Token is i * 7 + 3, so that any slip shows. */
#define B(i) (UCHAR)((i) * 7 + 3)
#define B8(i) B(i), B(i + 1), B(i + 2), B(i + 3), B(i + 4), B(i + 5), B(i + 6), B(i + 7)
#define B64(i) \
  B8(i), B8(i + 8), B8(i + 16), B8(i + 24), B8(i + 32), B8(i + 40), B8(i + 48), B8(i + 56)
#define PATTERN                                                                              \
  {                                                                                          \
    .TokenType = {0x00, 0x80, 0x00, 0x00}, .TokenIdLength = {0x01, 0xF8},                    \
    .Token = {B64(0), B64(64), B64(128), B64(192), B64(256), B64(320), B64(384), B8(448),    \
              B8(456), B8(464), B8(472), B8(480), B8(488), B8(496)},                         \
  }

/* The bytes that MAKE_ZERO_TOKEN assigns; a macro of assignments cannot initialise a constant. */
#define ZERO_TOKEN {.TokenType = {0xff, 0xff, 0x00, 0x01}, .TokenIdLength = {0x01, 0xf8}}

#define WRITE_BUFFER(name, type, offset, token, ...)                \
  GOLDEN(name, type) = {                                            \
    .Header = HEADER(type, DeviceDsmAction_OffloadWrite),           \
    .Parameters = {.TokenOffset = (offset), .Token = token},        \
    .Ranges = {__VA_ARGS__},                                        \
  }

READ_BUFFER(read_one_range, READ_ONE, 0, {0x100000, 0x200000});
READ_BUFFER(read_three_ranges, READ_THREE, 30, {0x400000, 0x10000}, {0, 512}, {0x800000, 0x1000});
READ_BUFFER(read_past_end, READ_ONE, 0, {0x3FFFFE00, 1024});
READ_BUFFER(read_misaligned_offset, READ_ONE, 0, {513, 512});
READ_BUFFER(read_misaligned_length, READ_ONE, 0, {512, 511});
READ_BUFFER(read_no_bytes, READ_ONE, 0, {512, 0});
READ_BUFFER(read_negative_offset, READ_ONE, 0, {-512, 512});
WRITE_BUFFER(write_token_offset_0, WRITE_ONE, 0, PATTERN, {0x100000, 0x200000});
WRITE_BUFFER(write_token_offset_64k, WRITE_ONE, 0x10000, PATTERN, {0x100000, 0x200000});
WRITE_BUFFER(write_token_offset_513, WRITE_ONE, 513, PATTERN, {0x100000, 0x200000});
WRITE_BUFFER(write_zero_token, WRITE_ONE, 0, ZERO_TOKEN, {0x100000, 0x200000});
WRITE_BUFFER(write_two_ranges_first, WRITE_TWO_RANGES_FIRST, 0x200, PATTERN,
             {0x200000, 0x1000}, {0x100000, 0x2000});

GOLDEN(read_short_parameters, READ_ONE) = {
  .Header = {sizeof(DEVICE_MANAGE_DATA_SET_ATTRIBUTES), DeviceDsmAction_OffloadRead, 0,
             offsetof(READ_ONE, Parameters), 8, offsetof(READ_ONE, Ranges),
             sizeof(DEVICE_DATA_SET_RANGE)},
  .Ranges = {{0x100000, 0x200000}},
};
GOLDEN(read_entire_disk, READ_ONE) = {
  .Header = {sizeof(DEVICE_MANAGE_DATA_SET_ATTRIBUTES), DeviceDsmAction_OffloadRead,
             DEVICE_DSM_FLAG_ENTIRE_DATA_SET_RANGE, offsetof(READ_ONE, Parameters),
             sizeof(DEVICE_DSM_OFFLOAD_READ_PARAMETERS), 0, 0},
};
GOLDEN(unknown_action, READ_ONE) = {
  .Header = HEADER(READ_ONE, 0x7777),
  .Ranges = {{0x100000, 0x200000}},
};
GOLDEN(trim_one_range, READ_ONE) = {
  .Header = HEADER(READ_ONE, DeviceDsmAction_Trim),
  .Ranges = {{0x100000, 0x200000}},
};
GOLDEN(query_copy_offload, STORAGE_PROPERTY_QUERY) = {
  .PropertyId = StorageDeviceCopyOffloadProperty, .QueryType = PropertyStandardQuery,
};

#define QUERY(name, property) \
  GOLDEN(query_##name, STORAGE_PROPERTY_QUERY) = { \
    .PropertyId = property, .QueryType = PropertyStandardQuery, \
  }
QUERY(device, StorageDeviceProperty);
QUERY(access_alignment, StorageAccessAlignmentProperty);
QUERY(seek_penalty, StorageDeviceSeekPenaltyProperty);
QUERY(trim, StorageDeviceTrimProperty);
QUERY(lb_provisioning, StorageDeviceLBProvisioningProperty);

/* Requests without parameters. */
typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DATA_SET_RANGE Ranges[1];
} RANGES_ONE;

typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DATA_SET_RANGE Ranges[3];
} RANGES_THREE;

#define RANGES_HEADER(type, action, flags)                                            \
  {sizeof(DEVICE_MANAGE_DATA_SET_ATTRIBUTES), (DEVICE_DATA_MANAGEMENT_SET_ACTION)(action), \
   (flags), 0, 0, offsetof(type, Ranges), sizeof(((type *)0)->Ranges)}
#define RANGES_BUFFER(name, type, action, flags, ...) \
  GOLDEN(name, type) = {.Header = RANGES_HEADER(type, action, flags), .Ranges = {__VA_ARGS__}}
#define ENTIRE_DISK(name, action)                                                        \
  GOLDEN(name, DEVICE_MANAGE_DATA_SET_ATTRIBUTES) = {                                    \
    sizeof(DEVICE_MANAGE_DATA_SET_ATTRIBUTES), (DEVICE_DATA_MANAGEMENT_SET_ACTION)(action), \
    DEVICE_DSM_FLAG_ENTIRE_DATA_SET_RANGE, 0, 0, 0, 0,                                   \
  }

/* Actions that the header does not know yet. */
#define GetRangeErrorInfo 0x80000018
#define WriteZeroes 0x00000019
#define GetFreeSpace 0x8000001B

RANGES_BUFFER(trim_three_ranges, RANGES_THREE, DeviceDsmAction_Trim, 0, {0x400000, 0x10000},
              {0, 512}, {0x800000, 0x1000});
RANGES_BUFFER(trim_not_allocated, RANGES_ONE, DeviceDsmAction_Trim,
              DEVICE_DSM_FLAG_TRIM_NOT_FS_ALLOCATED, {0x100000, 0x200000});
ENTIRE_DISK(trim_entire_disk, DeviceDsmAction_Trim);
RANGES_BUFFER(allocation_one_range, RANGES_ONE, DeviceDsmAction_Allocation, 0,
              {0x100000, 0x200000});
ENTIRE_DISK(allocation_entire_disk, DeviceDsmAction_Allocation);
RANGES_BUFFER(scrub_one_range, RANGES_ONE, DeviceDsmAction_Scrub, 0, {0x100000, 0x200000});
RANGES_BUFFER(range_errors_one_range, RANGES_ONE, GetRangeErrorInfo, 0, {0x100000, 0x200000});
RANGES_BUFFER(write_zeroes_one_range, RANGES_ONE, WriteZeroes, 0, {0x100000, 0x200000});
ENTIRE_DISK(free_space_entire_disk, GetFreeSpace);

typedef struct {
  DEVICE_MANAGE_DATA_SET_ATTRIBUTES Header;
  DEVICE_DSM_NOTIFICATION_PARAMETERS Parameters;
  DEVICE_DATA_SET_RANGE Ranges[1];
} NOTIFICATION_ONE;
GOLDEN(notification_begin, NOTIFICATION_ONE) = {
  .Header = HEADER(NOTIFICATION_ONE, DeviceDsmAction_Notification),
  .Parameters = {sizeof(DEVICE_DSM_NOTIFICATION_PARAMETERS), DEVICE_DSM_NOTIFY_FLAG_BEGIN, 1,
                 {{0x0d0a64a1, 0x38fc, 0x4db8, {0x9f, 0xe7, 0x3f, 0x43, 0x52, 0xcd, 0x7c, 0x5c}}}},
  .Ranges = {{0x100000, 0x200000}},
};

/* Outputs, for the decoders. */
typedef struct {
  DEVICE_DATA_SET_LB_PROVISIONING_STATE State;
  ULONG MoreBits[1];
} PROVISIONING_40_SLABS;
GOLDEN(output_provisioning_state, PROVISIONING_40_SLABS) = {
  /* 36 bytes with the bitmap's second word: C would count padding, too. */
  .State = {.Size = 36, .Version = sizeof(DEVICE_DATA_SET_LB_PROVISIONING_STATE),
            .SlabSizeInBytes = 0x10000, .SlabOffsetDeltaInBytes = 0x8000,
            .SlabAllocationBitMapBitCount = 40, .SlabAllocationBitMapLength = 2,
            .SlabAllocationBitMap = {0x80000005}},
  .MoreBits = {0x81},
};
GOLDEN(output_device, STORAGE_DEVICE_DESCRIPTOR) = {
  .Version = sizeof(STORAGE_DEVICE_DESCRIPTOR), .Size = 0x50, .DeviceType = 1,
  .DeviceTypeModifier = 2, .RemovableMedia = 1, .CommandQueueing = 1, .VendorIdOffset = 0x30,
  .ProductIdOffset = 0x38, .ProductRevisionOffset = 0x40, .SerialNumberOffset = 0x48,
  .BusType = BusTypeiScsi, .RawPropertiesLength = 1, .RawDeviceProperties = {0xA5},
};
GOLDEN(output_access_alignment, STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR) = {
  .Version = sizeof(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR),
  .Size = sizeof(STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR), .BytesPerLogicalSector = 512,
  .BytesPerPhysicalSector = 4096, .BytesOffsetForSectorAlignment = 3584,
};
GOLDEN(output_seek_penalty, DEVICE_SEEK_PENALTY_DESCRIPTOR) = {
  sizeof(DEVICE_SEEK_PENALTY_DESCRIPTOR), sizeof(DEVICE_SEEK_PENALTY_DESCRIPTOR), FALSE,
};
GOLDEN(output_trim, DEVICE_TRIM_DESCRIPTOR) = {
  sizeof(DEVICE_TRIM_DESCRIPTOR), sizeof(DEVICE_TRIM_DESCRIPTOR), TRUE,
};
GOLDEN(output_read, STORAGE_OFFLOAD_READ_OUTPUT) = {
  .OffloadReadFlags = STORAGE_OFFLOAD_READ_RANGE_TRUNCATED, .LengthProtected = 0x123456789A00,
  .TokenLength = STORAGE_OFFLOAD_MAX_TOKEN_LENGTH, .Token = PATTERN,
};
GOLDEN(output_write, STORAGE_OFFLOAD_WRITE_OUTPUT) = {
  .OffloadWriteFlags = STORAGE_OFFLOAD_WRITE_RANGE_TRUNCATED | STORAGE_OFFLOAD_TOKEN_INVALID,
  .LengthCopied = 0x123456789A00,
};
GOLDEN(output_wrapper, DEVICE_MANAGE_DATA_SET_ATTRIBUTES_OUTPUT) = {
  36, DeviceDsmAction_Allocation, 3, 4, 5, 6, 7, 40, 48,
};
GOLDEN(token_zero, STORAGE_OFFLOAD_TOKEN) = ZERO_TOKEN;
GOLDEN(output_copy_offload, DEVICE_COPY_OFFLOAD_DESCRIPTOR) = {
  .Version = 1, .Size = sizeof(DEVICE_COPY_OFFLOAD_DESCRIPTOR), .MaximumTokenLifetime = 600,
  .DefaultTokenLifetime = 60, .MaximumTransferSize = 0x100000000, .OptimalTransferCount = 0x20000,
  .MaximumDataDescriptors = 64, .MaximumTransferLengthPerDescriptor = 0x10000,
  .OptimalTransferLengthPerDescriptor = 0x2000, .OptimalTransferLengthGranularity = 8,
};

#define BUFFER(name) asm volatile("\n->size " #name " %c0" : : "i"(sizeof(name)))

void sizes(void) {
  BUFFER(read_one_range);
  BUFFER(read_three_ranges);
  BUFFER(read_past_end);
  BUFFER(read_misaligned_offset);
  BUFFER(read_misaligned_length);
  BUFFER(read_no_bytes);
  BUFFER(read_negative_offset);
  BUFFER(write_token_offset_0);
  BUFFER(write_token_offset_64k);
  BUFFER(write_token_offset_513);
  BUFFER(write_zero_token);
  BUFFER(write_two_ranges_first);
  BUFFER(read_short_parameters);
  BUFFER(read_entire_disk);
  BUFFER(unknown_action);
  BUFFER(trim_one_range);
  BUFFER(query_copy_offload);
  BUFFER(output_read);
  BUFFER(output_write);
  BUFFER(output_wrapper);
  BUFFER(token_zero);
  BUFFER(output_copy_offload);
  BUFFER(query_device);
  BUFFER(query_access_alignment);
  BUFFER(query_seek_penalty);
  BUFFER(query_trim);
  BUFFER(query_lb_provisioning);
  BUFFER(trim_three_ranges);
  BUFFER(trim_not_allocated);
  BUFFER(trim_entire_disk);
  BUFFER(allocation_one_range);
  BUFFER(allocation_entire_disk);
  BUFFER(scrub_one_range);
  BUFFER(range_errors_one_range);
  BUFFER(write_zeroes_one_range);
  BUFFER(free_space_entire_disk);
  BUFFER(notification_begin);
  BUFFER(output_device);
  BUFFER(output_access_alignment);
  BUFFER(output_seek_penalty);
  BUFFER(output_trim);
  asm volatile("\n->size output_provisioning_state %c0" : : "i"(36));
}
