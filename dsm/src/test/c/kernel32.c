/*
 * Stands in for kernel32.dll where there is none: a shared library with the three functions that
 * the foreign function interface is bound to. Errors are left in errno. It checks what it is
 * passed, so that an argument in the wrong place or of the wrong width shows.
 *
 * The one device is \\.\PhysicalDrive7. A request's answer is in its input: error, number of bytes
 * returned, and those bytes.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

typedef void *HANDLE;
typedef uint32_t DWORD;
typedef int32_t BOOL;
typedef uint16_t WCHAR;

static int device;
static int opened;

HANDLE CreateFileW(const WCHAR *name, DWORD access, DWORD share, void *security, DWORD disposition,
                   DWORD flags, HANDLE template_file) {
  static const char expected[] = "\\\\.\\PhysicalDrive7";
  for (unsigned i = 0; i < sizeof(expected); i++) {
    if (name[i] != (WCHAR)expected[i]) {
      errno = 2; /* ERROR_FILE_NOT_FOUND */
      return (HANDLE)(intptr_t)-1;
    }
  }
  if (access != 0xC0000000 || share != 3 || security || disposition != 3 || flags ||
      template_file) {
    errno = 87; /* ERROR_INVALID_PARAMETER */
    return (HANDLE)(intptr_t)-1;
  }
  opened++;
  return &device;
}

BOOL DeviceIoControl(HANDLE handle, DWORD code, void *in, DWORD in_length, void *out,
                     DWORD out_length, DWORD *returned, void *overlapped) {
  DWORD answer[2];
  if (handle != &device || !opened || code != 0x002D9404 || overlapped || in_length < 8) {
    errno = 6; /* ERROR_INVALID_HANDLE */
    return 0;
  }
  memcpy(answer, in, sizeof(answer));
  DWORD length = answer[1] < out_length ? answer[1] : out_length;
  memcpy(out, (char *)in + 8, length);
  *returned = length;
  errno = (int)answer[0];
  return answer[0] == 0 ? 0x100 : 0; /* any BOOL but 0 is true */
}

BOOL CloseHandle(HANDLE handle) {
  if (handle != &device || !opened) {
    errno = 6;
    return 0;
  }
  opened--;
  return 1;
}
