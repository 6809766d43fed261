/*
 * What only mingw-w64's winioctl.h has: the descriptor of logical block provisioning as of Windows
 * 8.1. It cannot be included together with ntddstor.h. See layouts.c for how it is used.
 */
#define _WIN32_WINNT 0x0603
#include <stddef.h>
#include <windows.h>
#include <winioctl.h>

#define LAYOUT(structure, field, offset, size) \
  asm volatile("\n->layout " #structure " " field " %c0 %c1" : : "i"(offset), "i"(size))
#define STRUCTURE(s)                               \
  LAYOUT(s, "sizeof", 0, sizeof(s));               \
  LAYOUT(s, "alignof", 0, _Alignof(s))
#define FIELD(s, f) LAYOUT(s, #f, offsetof(s, f), sizeof(((s *)0)->f))
#define GOLDEN(name, type) \
  const type __attribute__((section(".gold." #name), used)) name

void layouts(void) {
  /* Its bit fields have no offset in C; output_lb_provisioning shows where they are. */
  STRUCTURE(DEVICE_LB_PROVISIONING_DESCRIPTOR);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, Version);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, Size);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, Reserved1);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, OptimalUnmapGranularity);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, UnmapGranularityAlignment);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, MaxUnmapLbaCount);
  FIELD(DEVICE_LB_PROVISIONING_DESCRIPTOR, MaxUnmapBlockDescriptorCount);
}

GOLDEN(output_lb_provisioning, DEVICE_LB_PROVISIONING_DESCRIPTOR) = {
  .Version = sizeof(DEVICE_LB_PROVISIONING_DESCRIPTOR),
  .Size = sizeof(DEVICE_LB_PROVISIONING_DESCRIPTOR), .ThinProvisioningEnabled = 1,
  .ThinProvisioningReadZeros = 1, .AnchorSupported = 0, .UnmapGranularityAlignmentValid = 1,
  .GetFreeSpaceSupported = 1, .MapSupported = 0, .OptimalUnmapGranularity = 0x10000,
  .UnmapGranularityAlignment = 0x1000, .MaxUnmapLbaCount = 0xFFFFFFFF,
  .MaxUnmapBlockDescriptorCount = 256,
};

void sizes(void) {
  asm volatile("\n->size output_lb_provisioning %c0" : : "i"(sizeof(output_lb_provisioning)));
}
