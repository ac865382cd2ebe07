/* The size of a ring is read from the kernel's own account of it. */
#include "source/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <fcntl.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, BLOCKS = 3, FRAME = 2048 };

static void a_ring_is_as_large_as_what_is_mapped_of_it(void **state)
{
    (void)state;
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0)
        skip(); /* that takes CAP_NET_RAW */
    const struct tpacket_req request = { .tp_block_size = BLOCK,
                                         .tp_block_nr = BLOCKS,
                                         .tp_frame_size = FRAME,
                                         .tp_frame_nr = BLOCK / FRAME * BLOCKS };
    assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request), 0);
    assert_int_equal(live_ring_bytes(fd), 0);
    void *ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(ring != MAP_FAILED);
    assert_int_equal(live_ring_bytes(fd), (size_t)BLOCK * BLOCKS);
    (void)munmap(ring, (size_t)BLOCK * BLOCKS);
    (void)close(fd);
}

static void what_has_no_ring_has_none(void **state)
{
    (void)state;
    int fd = open("/proc/self/maps", O_RDONLY);

    assert_int_equal(live_ring_bytes(fd), 0);
    assert_int_equal(live_ring_bytes(-1), 0);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_is_as_large_as_what_is_mapped_of_it),
        cmocka_unit_test(what_has_no_ring_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
