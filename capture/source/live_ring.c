/* How large a ring the kernel has given: where memory is short libpcap asks for less and less, and tells
 * nobody. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "source/live.h"

/* "7f54a000-7f54b000 rw-s 00000000 00:09 9237251   socket:[9237251]" (proc(5)). */
static uint64_t bytes_of_line(const char *line, uint64_t inode)
{
    uint64_t begin, end, number;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*x %*x:%*x %" SCNu64, &begin, &end, &number) != 3)
        return 0;
    return number == inode && strstr(line, "socket:[") ? end - begin : 0;
}

uint64_t live_ring_bytes(int fd)
{
    char line[512];
    uint64_t bytes = 0;
    struct stat status;
    FILE *maps = fstat(fd, &status) == 0 ? fopen("/proc/self/maps", "re") : NULL;

    while (maps && fgets(line, sizeof line, maps))
        bytes += bytes_of_line(line, status.st_ino);
    if (maps)
        (void)fclose(maps);
    return bytes;
}
