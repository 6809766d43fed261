package io.gantry.dsm;

import io.gantry.scsi.Layout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * The Windows structures of data-set management, by their Windows names. All of them are laid out
 * alike on 32-bit and 64-bit Windows: none has a pointer, and both align 8-byte numbers to 8.
 */
public final class Structures {
  static final Structure TOKEN =
      Structure.of(OffloadToken.LAYOUT)
          .named(
              "TokenType",
              Map.of(
                  Integer.toUnsignedLong(OffloadToken.TYPE_ZERO_DATA),
                  "STORAGE_OFFLOAD_TOKEN_TYPE_ZERO_DATA"));
  static final Structure RANGE = Structure.of(DataSetRange.LAYOUT).signed("StartingOffset");
  static final Structure INPUT =
      Structure.of(ManageDataSetAttributes.LAYOUT).named("Action", actions()).flags("Flags");
  static final Structure OUTPUT =
      Structure.of(ManageDataSetAttributesOutput.LAYOUT).named("Action", actions()).flags("Flags");
  private static final Structure READ_PARAMETERS = Structure.of(OffloadReadParameters.LAYOUT);
  private static final Structure WRITE_PARAMETERS =
      Structure.of(OffloadWriteParameters.LAYOUT).nested("Token", TOKEN);
  private static final Structure READ_OUTPUT =
      Structure.of(OffloadReadOutput.LAYOUT).nested("Token", TOKEN);
  private static final Structure WRITE_OUTPUT = Structure.of(OffloadWriteOutput.LAYOUT);
  private static final Structure ALLOCATION_PARAMETERS = Structure.of(AllocationParameters.LAYOUT);
  private static final Structure PROVISIONING_V1 =
      Structure.of(ProvisioningState.LAYOUT)
          .repeats("SlabAllocationBitMap", "SlabAllocationBitMapLength");
  private static final Structure PROVISIONING_V2 =
      Structure.of(ProvisioningState.LAYOUT_V2)
          .repeats("SlabAllocationBitMap", "SlabAllocationBitMapLength");
  private static final Structure NOTIFICATION =
      Structure.of(NotificationParameters.LAYOUT)
          .guid("FileTypeID")
          .repeats("FileTypeID", "NumFileTypeIDs");
  private static final Structure FREE_SPACE = Structure.of(FreeSpace.LAYOUT);
  private static final Structure SCRUB_V1 = Structure.of(RefusedLayouts.SCRUB_OUTPUT);
  private static final Structure SCRUB =
      Structure.of(ScrubOutput.LAYOUT).nested("ParityExtent", RANGE);
  private static final Structure RANGE_ATTRIBUTES = Structure.of(RangeErrorInfo.PART_LAYOUT);
  private static final Structure RANGE_ERRORS =
      Structure.of(RangeErrorInfo.LAYOUT)
          .nested("Ranges", RANGE_ATTRIBUTES)
          .repeats("Ranges", "NumberOfRangesReturned");
  private static final Structure REPAIR_PARAMETERS =
      Structure.of(RefusedLayouts.REPAIR_PARAMETERS)
          .repeats("RepairCopies", "NumberOfRepairCopies");
  private static final Structure REPAIR_OUTPUT =
      Structure.of(RefusedLayouts.REPAIR_OUTPUT).nested("ParityExtent", RANGE);
  private static final Structure TIERING_INPUT =
      Structure.of(RefusedLayouts.TIERING_INPUT)
          .guid("TierIds")
          .repeats("TierIds", "NumberOfTierIds");
  private static final Structure TIER_REGION =
      Structure.of(RefusedLayouts.TIER_REGION).guid("TierId");
  private static final Structure TIERING_OUTPUT =
      Structure.of(RefusedLayouts.TIERING_OUTPUT)
          .nested("Regions", TIER_REGION)
          .repeats("Regions", "NumberOfRegionsReturned");
  private static final Structure TOPOLOGY_ID = Structure.of(RefusedLayouts.TOPOLOGY_ID);
  private static final Structure PHYSICAL_RANGE =
      Structure.of(RefusedLayouts.PHYSICAL_RANGE).signed("StartAddress");
  private static final Structure PHYSICAL_ADDRESSES =
      Structure.of(RefusedLayouts.PHYSICAL_ADDRESSES)
          .nested("Ranges", PHYSICAL_RANGE)
          .repeats("Ranges", "NumberOfRangesReturned");
  private static final Structure ZONES_PARAMETERS =
      Structure.of(RefusedLayouts.REPORT_ZONES_PARAMETERS);
  private static final Structure ZONE = Structure.of(RefusedLayouts.ZONE);
  private static final Structure ZONES =
      Structure.of(RefusedLayouts.REPORT_ZONES_DATA)
          .nested("ZoneDescriptors", ZONE)
          .repeats("ZoneDescriptors", "ZoneCount");
  private static final Structure LOST_PARAMETERS =
      Structure.of(RefusedLayouts.LOST_QUERY_PARAMETERS);
  private static final Structure LOST_OUTPUT =
      Structure.of(RefusedLayouts.LOST_QUERY_OUTPUT).repeats("BitMap");
  private static final Structure CONVERSION =
      Structure.of(RefusedLayouts.CONVERSION_OUTPUT).guid("Source");
  private static final Structure PREFER_LOCAL_REPAIR =
      Structure.of(RefusedLayouts.PREFER_LOCAL_REPAIR);
  private static final Structure NV_CACHE_PRIORITY = Structure.of(RefusedLayouts.NV_CACHE_PRIORITY);
  private static final Structure QUERY =
      Structure.of(PropertyQuery.LAYOUT)
          .named("PropertyId", properties())
          .named("QueryType", Map.of(0L, "PropertyStandardQuery", 1L, "PropertyExistsQuery"))
          .repeats("AdditionalParameters");

  private static final SequencedMap<String, Structure> ALL =
      byName(
          INPUT,
          RANGE,
          OUTPUT,
          READ_PARAMETERS,
          WRITE_PARAMETERS,
          TOKEN,
          READ_OUTPUT,
          WRITE_OUTPUT,
          NOTIFICATION,
          ALLOCATION_PARAMETERS,
          PROVISIONING_V1,
          PROVISIONING_V2,
          FREE_SPACE,
          SCRUB_V1,
          SCRUB,
          RANGE_ERRORS,
          RANGE_ATTRIBUTES,
          QUERY,
          Structure.of(PropertyDescriptors.HEADER),
          Structure.of(PropertyDescriptors.DEVICE).repeats("RawDeviceProperties"),
          Structure.of(PropertyDescriptors.ALIGNMENT),
          Structure.of(PropertyDescriptors.SEEK_PENALTY),
          Structure.of(PropertyDescriptors.TRIM),
          Structure.of(PropertyDescriptors.PROVISIONING),
          Structure.of(CopyOffloadDescriptor.LAYOUT),
          Structure.of(FileOffload.READ_INPUT),
          Structure.of(FileOffload.READ_OUTPUT).nested("Token", TOKEN),
          Structure.of(FileOffload.WRITE_INPUT).nested("Token", TOKEN),
          Structure.of(FileOffload.WRITE_OUTPUT),
          REPAIR_PARAMETERS,
          REPAIR_OUTPUT,
          TIERING_INPUT,
          TIERING_OUTPUT,
          TIER_REGION,
          NV_CACHE_PRIORITY,
          TOPOLOGY_ID,
          PHYSICAL_ADDRESSES,
          PHYSICAL_RANGE,
          ZONES_PARAMETERS,
          ZONES,
          ZONE,
          LOST_PARAMETERS,
          LOST_OUTPUT,
          CONVERSION,
          PREFER_LOCAL_REPAIR);

  private Structures() {}

  private static SequencedMap<String, Structure> byName(Structure... structures) {
    SequencedMap<String, Structure> all = new LinkedHashMap<>();
    for (Structure structure : structures) {
      all.put(structure.name(), structure);
    }
    return Collections.unmodifiableSequencedMap(all);
  }

  private static Map<Long, String> actions() {
    Map<Long, String> names = new TreeMap<>();
    for (DsmAction action : DsmAction.values()) {
      names.put(Integer.toUnsignedLong(action.value()), action.windowsName());
    }
    return names;
  }

  private static Map<Long, String> properties() {
    Map<Long, String> names = new TreeMap<>();
    for (StorageProperty property : StorageProperty.values()) {
      names.put((long) property.id(), property.windowsName());
    }
    return names;
  }

  /** All structures, in the order in which a reader meets them. */
  public static SequencedMap<String, Structure> all() {
    return ALL;
  }

  /** The structure with a name, in any case. */
  public static Optional<Structure> find(String name) {
    return ALL.values().stream()
        .filter(structure -> structure.name().equalsIgnoreCase(name))
        .findFirst();
  }

  /** The structure of an action's parameter block; empty if it has none. */
  static Optional<Structure> parametersOf(DsmAction action) {
    return Optional.ofNullable(
        switch (action) {
          case NOTIFICATION -> NOTIFICATION;
          case OFFLOAD_READ -> READ_PARAMETERS;
          case OFFLOAD_WRITE -> WRITE_PARAMETERS;
          case ALLOCATION -> ALLOCATION_PARAMETERS;
          case REPAIR -> REPAIR_PARAMETERS;
          case TIERING_QUERY -> TIERING_INPUT;
          case NV_CACHE_CHANGE_PRIORITY -> NV_CACHE_PRIORITY;
          case REPORT_ZONES -> ZONES_PARAMETERS;
          case LOST_QUERY -> LOST_PARAMETERS;
          default -> null;
        });
  }

  /**
   * The structures that an action's block of results may be, the usual one first; none if it has no
   * block behind a header.
   */
  static List<Structure> resultsOf(DsmAction action) {
    return switch (action) {
      case ALLOCATION -> List.of(PROVISIONING_V2, PROVISIONING_V1);
      case REPAIR -> List.of(REPAIR_OUTPUT);
      case SCRUB -> List.of(SCRUB, SCRUB_V1);
      case TIERING_QUERY -> List.of(TIERING_OUTPUT);
      case TOPOLOGY_ID_QUERY -> List.of(TOPOLOGY_ID);
      case GET_PHYSICAL_ADDRESSES -> List.of(PHYSICAL_ADDRESSES);
      case REPORT_ZONES -> List.of(ZONES);
      case GET_RANGE_ERROR_INFO -> List.of(RANGE_ERRORS);
      case LOST_QUERY -> List.of(LOST_OUTPUT);
      case GET_FREE_SPACE -> List.of(FREE_SPACE);
      case CONVERSION_QUERY -> List.of(CONVERSION);
      case QUERY_PREFER_LOCAL_REPAIR -> List.of(PREFER_LOCAL_REPAIR);
      default -> List.of();
    };
  }

  /** Of the structures that a block of results may be, the one that it is; empty if none. */
  static Optional<Structure> resultOf(DsmAction action, ByteBuffer block) {
    List<Structure> possible = resultsOf(action);
    if (action == DsmAction.ALLOCATION && block.remaining() >= ProvisioningState.V1) {
      long version = block.slice().order(ByteOrder.LITTLE_ENDIAN).getInt(4);
      return Optional.of(version == ProvisioningState.V2 ? PROVISIONING_V2 : PROVISIONING_V1);
    }
    return possible.stream()
        .filter(structure -> structure.leastBytes() <= block.remaining())
        .findFirst()
        .or(() -> possible.stream().findFirst());
  }

  /**
   * A structure as a table for people: a line on the whole, then one on each field and on each gap
   * that C's alignment leaves, ends included.
   */
  public static String describe(Structure structure) {
    Layout layout = structure.layout();
    StringBuilder text = new StringBuilder();
    text.append(
        "%s (%s): %d bytes, aligned to %d; alike on 32-bit and 64-bit Windows%n%n"
            .formatted(
                layout.name(), layout.source(), layout.sizeBytes(), layout.alignmentBytes()));
    text.append(line("offset", "size", "type", "field", "unit", "meaning"));
    int end = 0;
    for (Layout.Field field : layout.fields()) {
      text.append(gap(end, field.offset()));
      text.append(
          line(
              field.offset(),
              field.width(),
              type(structure, field),
              field.name(),
              field.unit(),
              field.meaning()));
      end = field.offset() + field.width();
    }
    return text.append(gap(end, layout.sizeBytes())).toString();
  }

  private static String gap(int from, int to) {
    return from < to ? line(from, to - from, "", "(padding)", "", "") : "";
  }

  private static String line(Object... columns) {
    return "%6s  %4s  %-8s  %-34s  %-7s  %s%n".formatted(columns).replaceAll(" +(\\R)", "$1");
  }

  private static String type(Structure structure, Layout.Field field) {
    if (structure.kind(field) instanceof Structure.Kind.Guid) {
      return "GUID";
    }
    if (field.isOpaque()) {
      return "u8[%d]".formatted(field.width());
    }
    if (field.bitCount() != 8 * field.width()) {
      return field.bitCount() == 1
          ? "bit %d".formatted(field.lowBit())
          : "bits %d-%d".formatted(field.lowBit(), field.lowBit() + field.bitCount() - 1);
    }
    boolean swapped = field.order() == ByteOrder.BIG_ENDIAN && field.width() > 1;
    boolean signed = structure.kind(field) instanceof Structure.Kind.Signed;
    return "%s%d%s".formatted(signed ? "i" : "u", field.bitCount(), swapped ? " be" : "");
  }
}
