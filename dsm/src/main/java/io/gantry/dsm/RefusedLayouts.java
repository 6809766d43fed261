package io.gantry.dsm;

import io.gantry.scsi.Layout;

/**
 * Structures of actions that a SCSI disk refuses: Storage Spaces' redundancy and tiers, zones,
 * persistent memory. They are here so that buffers can be read and written.
 */
final class RefusedLayouts {
  private static final String SOURCE = "winioctl.h";

  static final Layout REPAIR_PARAMETERS = layout("DEVICE_DSM_REPAIR_PARAMETERS", 12, 4);
  static final Layout REPAIR_OUTPUT = layout("DEVICE_DSM_REPAIR_OUTPUT", 16, 8);
  static final Layout SCRUB_OUTPUT = layout("DEVICE_DATA_SET_SCRUB_OUTPUT", 24, 8);
  static final Layout CONVERSION_OUTPUT = layout("DEVICE_DSM_CONVERSION_OUTPUT", 20, 4);
  static final Layout PREFER_LOCAL_REPAIR =
      layout("DEVICE_DSM_QUERY_PREFER_LOCAL_REPAIR_OUTPUT", 8, 4);
  static final Layout TOPOLOGY_ID = layout("DEVICE_DSM_TOPOLOGY_ID_QUERY_OUTPUT", 24, 8);
  static final Layout LOST_QUERY_PARAMETERS = layout("DEVICE_DSM_LOST_QUERY_PARAMETERS", 16, 8);
  static final Layout LOST_QUERY_OUTPUT = layout("DEVICE_DSM_LOST_QUERY_OUTPUT", 24, 8);
  static final Layout TIERING_INPUT = layout("DEVICE_DSM_TIERING_QUERY_INPUT", 32, 4);
  static final Layout TIERING_OUTPUT = layout("DEVICE_DSM_TIERING_QUERY_OUTPUT", 64, 8);
  static final Layout TIER_REGION = layout("STORAGE_TIER_REGION", 32, 8);
  static final Layout NV_CACHE_PRIORITY =
      layout("DEVICE_DSM_NVCACHE_CHANGE_PRIORITY_PARAMETERS", 8, 4);
  static final Layout PHYSICAL_ADDRESSES = layout("DEVICE_DSM_PHYSICAL_ADDRESSES_OUTPUT", 32, 8);
  static final Layout PHYSICAL_RANGE = layout("DEVICE_STORAGE_ADDRESS_RANGE", 16, 8);
  static final Layout REPORT_ZONES_PARAMETERS = layout("DEVICE_DSM_REPORT_ZONES_PARAMETERS", 8, 4);
  static final Layout REPORT_ZONES_DATA = layout("DEVICE_DSM_REPORT_ZONES_DATA", 48, 8);
  static final Layout ZONE = layout("STORAGE_ZONE_DESCRIPTOR", 32, 8);

  static {
    REPAIR_PARAMETERS.uint(0, 4, "NumberOfRepairCopies", "", "that follow");
    REPAIR_PARAMETERS.uint(4, 4, "SourceCopy", "", "");
    REPAIR_PARAMETERS.uint(8, 4, "RepairCopies", "", "repeats");

    REPAIR_OUTPUT.bytes(0, 16, "ParityExtent", "DEVICE_DATA_SET_RANGE");

    SCRUB_OUTPUT.uint(0, 8, "BytesProcessed", "bytes", "looked at");
    SCRUB_OUTPUT.uint(8, 8, "BytesRepaired", "bytes", "whole again");
    SCRUB_OUTPUT.uint(16, 8, "BytesFailed", "bytes", "cannot be read");

    CONVERSION_OUTPUT.uint(0, 4, "Version", "", "");
    CONVERSION_OUTPUT.bytes(4, 16, "Source", "GUID");

    PREFER_LOCAL_REPAIR.uint(0, 4, "Version", "", "");
    PREFER_LOCAL_REPAIR.uint(4, 1, "PreferLocalRepair", "", "1: yes");

    TOPOLOGY_ID.uint(0, 8, "TopologyRangeBytes", "bytes", "");
    TOPOLOGY_ID.bytes(8, 16, "TopologyId", "");

    LOST_QUERY_PARAMETERS.uint(0, 4, "Version", "", "16");
    LOST_QUERY_PARAMETERS.uint(8, 8, "Granularity", "bytes", "of a bit");

    LOST_QUERY_OUTPUT.uint(0, 4, "Version", "", "");
    LOST_QUERY_OUTPUT.uint(4, 4, "Size", "bytes", "that the whole range needs");
    LOST_QUERY_OUTPUT.uint(8, 8, "Alignment", "bytes", "");
    LOST_QUERY_OUTPUT.uint(16, 4, "NumberOfBits", "", "");
    LOST_QUERY_OUTPUT.uint(20, 4, "BitMap", "", "1: lost; repeats");

    TIERING_INPUT.uint(0, 4, "Version", "", "");
    TIERING_INPUT.uint(4, 4, "Size", "bytes", "");
    TIERING_INPUT.uint(8, 4, "Flags", "", "");
    TIERING_INPUT.uint(12, 4, "NumberOfTierIds", "", "that follow");
    TIERING_INPUT.bytes(16, 16, "TierIds", "GUID; repeats");

    TIERING_OUTPUT.uint(0, 4, "Version", "", "");
    TIERING_OUTPUT.uint(4, 4, "Size", "bytes", "");
    TIERING_OUTPUT.uint(8, 4, "Flags", "", "");
    TIERING_OUTPUT.uint(12, 4, "Reserved", "", "0");
    TIERING_OUTPUT.uint(16, 8, "Alignment", "bytes", "");
    TIERING_OUTPUT.uint(24, 4, "TotalNumberOfRegions", "", "that there are");
    TIERING_OUTPUT.uint(28, 4, "NumberOfRegionsReturned", "", "that follow");
    TIERING_OUTPUT.bytes(32, 32, "Regions", "STORAGE_TIER_REGION; repeats");

    TIER_REGION.bytes(0, 16, "TierId", "GUID");
    TIER_REGION.uint(16, 8, "Offset", "bytes", "");
    TIER_REGION.uint(24, 8, "Length", "bytes", "");

    NV_CACHE_PRIORITY.uint(0, 4, "Size", "bytes", "8");
    NV_CACHE_PRIORITY.uint(4, 1, "TargetPriority", "", "");
    NV_CACHE_PRIORITY.bytes(5, 3, "Reserved", "0");

    PHYSICAL_ADDRESSES.uint(0, 4, "Version", "", "1");
    PHYSICAL_ADDRESSES.uint(4, 4, "Flags", "", "");
    PHYSICAL_ADDRESSES.uint(8, 4, "TotalNumberOfRanges", "", "that there are");
    PHYSICAL_ADDRESSES.uint(12, 4, "NumberOfRangesReturned", "", "that follow");
    PHYSICAL_ADDRESSES.bytes(16, 16, "Ranges", "DEVICE_STORAGE_ADDRESS_RANGE; repeats");

    PHYSICAL_RANGE.uint(0, 8, "StartAddress", "", "-1: an error of the memory");
    PHYSICAL_RANGE.uint(8, 8, "LengthInBytes", "bytes", "");

    REPORT_ZONES_PARAMETERS.uint(0, 4, "Size", "bytes", "8");
    REPORT_ZONES_PARAMETERS.uint(4, 1, "ReportOption", "", "");
    REPORT_ZONES_PARAMETERS.uint(5, 1, "Partial", "", "1: count only what is returned");
    REPORT_ZONES_PARAMETERS.bytes(6, 2, "Reserved", "0");

    REPORT_ZONES_DATA.uint(0, 4, "Size", "bytes", "");
    REPORT_ZONES_DATA.uint(4, 4, "ZoneCount", "", "that follow");
    REPORT_ZONES_DATA.uint(8, 4, "Attributes", "", "0: zones differ, 1: all are alike...");
    REPORT_ZONES_DATA.uint(12, 4, "Reserved0", "", "0");
    REPORT_ZONES_DATA.bytes(16, 32, "ZoneDescriptors", "STORAGE_ZONE_DESCRIPTOR; repeats");

    ZONE.uint(0, 4, "Size", "bytes", "32");
    ZONE.uint(4, 4, "ZoneType", "", "");
    ZONE.uint(8, 4, "ZoneCondition", "", "0 conventional, 1 empty, 2 and 3 open, 4 closed...");
    ZONE.uint(12, 1, "ResetWritePointerRecommend", "", "1: yes");
    ZONE.bytes(13, 3, "Reserved0", "0");
    ZONE.uint(16, 8, "ZoneSize", "bytes", "");
    ZONE.uint(24, 8, "WritePointerOffset", "bytes", "");
  }

  private RefusedLayouts() {}

  private static Layout layout(String name, int sizeBytes, int alignmentBytes) {
    return Layout.littleEndian(name, SOURCE, sizeBytes, alignmentBytes);
  }
}
