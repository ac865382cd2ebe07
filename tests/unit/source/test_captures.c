/* One capture: every format and byte order, every place where it can be cut, and what is no capture at all.
 */
#include "capture_writer.h"

#include "base/limits.h"
#include "base/timestamp.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct folder folder;

static int set_up(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

/* Reads to the end; packets must be 1, 2, 3 ... of capture_writer. */
static uint64_t read_all(struct source *source)
{
    struct packet packet;
    uint64_t count = 0;

    while (source_next(source, &packet)) {
        count++;
        assert_int_equal(packet.number, count);
        assert_true(packet_is(packet.data, (uint32_t)count));
        assert_int_equal(packet.wire_length, packet.data.len + 5);
    }
    assert_false(source_next(source, &packet)); /* stays at the end */
    return count;
}

/* Several times what is read ahead at once, so that records lie across its end. */
static void packets_come_together_as_they_come_alone(void **state)
{
    enum { COUNT = 20000, MOST = 7 };
    static const char *const filters[] = { NULL, "len >= 55" };
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, COUNT);
    image.len -= 3; /* the last one is torn */
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        const char *path = place.path;
        struct source_options options = { .filter = filters[i] };
        struct source *alone = source_open(&path, 1, &options, NULL),
                      *together = source_open(&path, 1, &options, NULL);
        struct packet expect, some[MOST];
        size_t count, most = 0;
        while ((count = source_next_some(together, some, MOST)) > 0) {
            assert_true(count <= MOST);
            most = count > most ? count : most;
            for (size_t n = 0; n < count; n++) {
                assert_true(source_next(alone, &expect));
                assert_int_equal(some[n].number, expect.number);
                assert_int_equal(some[n].time_ns, expect.time_ns);
                assert_int_equal(some[n].wire_length, expect.wire_length);
                assert_int_equal(some[n].dlt, expect.dlt);
                assert_true(packet_is(some[n].data, (uint32_t)some[n].number));
            }
        }
        assert_false(source_next(alone, &expect));
        assert_int_equal(most, filters[i] ? 1 : MOST);
        assert_int_equal(source_input(together, 0)->packets, source_input(alone, 0)->packets);
        assert_int_equal(source_input(together, 0)->last_ns, source_input(alone, 0)->last_ns);
        assert_true(source_input(together, 0)->is_torn);
        source_free(alone);
        source_free(together);
    }
    image_release(&image);
}

/* clang-format off */
static const struct magic_case {
    const char *name;
    uint32_t magic;
    bool is_big;
    uint32_t fraction;
    uint64_t expect_ns;
} magics[] = {
    { "microseconds", 0xa1b2c3d4u, false, 123456, 1700000000123456000u },
    { "microseconds, swapped", 0xa1b2c3d4u, true, 123456, 1700000000123456000u },
    { "nanoseconds", 0xa1b23c4du, false, 123456789, 1700000000123456789u },
    { "nanoseconds, swapped", 0xa1b23c4du, true, 123456789, 1700000000123456789u },
};
/* clang-format on */

static void every_magic_number_of_pcap_is_read_to_the_nanosecond(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        struct image image = { .is_big = magics[i].is_big };
        struct packet packet;
        pcap_begin(&image, magics[i].magic, 1);
        pcap_packet(&image, (struct moment){ 1700000000, magics[i].fraction }, 1);
        struct place place = folder_put(&folder, "a", image_bytes(&image));
        struct source *source = source_over(place.path);
        if (!source_next(source, &packet) || packet.time_ns != magics[i].expect_ns)
            fail_msg("%s", magics[i].name);
        assert_true(packet_is(packet.data, 1));
        assert_int_equal(packet.dlt, 1);
        assert_false(source_next(source, &packet));
        const struct input_facts *facts = source_input(source, 0);
        assert_string_equal(facts->format, "pcap");
        assert_true(facts->is_complete);
        assert_string_equal(facts->problem, "");
        assert_int_equal(facts->bytes, image.len);
        assert_int_equal(facts->size, image.len);
        assert_int_equal(facts->snaplen, 65535);
        source_free(source);
        image_release(&image);
    }
}

/* Kuznetzov's modified header carries eight more octets: interface, protocol, packet type. */
static void the_modified_pcap_of_old_linux_is_read(void **state)
{
    static const uint8_t extra[8] = { 1, 0, 0, 0, 8, 0, 0, 0 };
    struct image image = { 0 };

    (void)state;
    pcap_begin(&image, 0xa1b2cd34u, 1);
    for (uint32_t n = 1; n <= 3; n++) {
        struct image one = { 0 };
        pcap_packet(&one, (struct moment){ 100 + n, 5 }, n);
        image_add(&image, one.ptr, 16);
        image_add(&image, extra, 8);
        image_add(&image, one.ptr + 16, one.len - 16);
        image_release(&one);
    }
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), 3);
    assert_true(source_input(source, 0)->is_complete);
    source_free(source);
    image_release(&image);
}

static void magic_numbers_that_libpcap_refuses_end_in_a_message(void **state)
{
    static const uint32_t refused[] = { 0xa1b234cdu, 0xa12b3c4du, 0xa1e2cb12u, 0xa1b2c3cbu };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct image image = { 0 };
        pcap_begin(&image, refused[i], 1);
        struct place place = folder_put(&folder, "a", image_bytes(&image));
        struct source *source = source_over(place.path);
        assert_int_equal(read_all(source), 0);
        assert_true(source_input(source, 0)->is_failed);
        assert_non_null(strstr(source_input(source, 0)->problem, place.path));
        source_free(source);
        image_release(&image);
    }
}

/* clang-format off */
static const struct resolution_case {
    const char *name;
    uint8_t resolution;
    uint64_t ticks;
    uint64_t expect_ns;
} resolutions[] = {
    { "the default is microseconds", 0, 1700000000123456u, 1700000000123456000u },
    { "milliseconds", 3, 1700000000123u, 1700000000123000000u },
    { "nanoseconds", 9, 1700000000123456789u, 1700000000123456789u },
    { "powers of two", 0x80 | 20, 1700000000ull << 20 | 1u << 19, 1700000000500000000u },
};
/* clang-format on */

static void pcapng_is_read_in_both_byte_orders_and_every_resolution(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof resolutions / sizeof resolutions[0]); i++) {
        const struct resolution_case *row = &resolutions[i / 2];
        struct image image = { .is_big = i % 2 };
        struct packet packet;
        ng_section(&image);
        ng_interface(&image, 1, 65535, row->resolution);
        ng_packet(&image, 0, row->ticks, 1);
        struct place place = folder_put(&folder, "a", image_bytes(&image));
        struct source *source = source_over(place.path);
        if (!source_next(source, &packet) || packet.time_ns != row->expect_ns)
            fail_msg("%s", row->name);
        assert_true(packet_is(packet.data, 1));
        assert_false(source_next(source, &packet));
        assert_string_equal(source_input(source, 0)->format, "pcapng");
        assert_true(source_input(source, 0)->is_complete);
        source_free(source);
        image_release(&image);
    }
}

static void absurd_times_do_not_overflow(void **state)
{
    struct image image = { 0 };
    struct packet packet;

    (void)state;
    ng_section(&image);
    ng_interface(&image, 1, 65535, 1); /* tenths of a second: up to 58 thousand million years */
    ng_packet(&image, 0, UINT64_MAX, 1);
    ng_packet(&image, 0, UINT64_MAX / 2, 2);
    ng_packet(&image, 0, 10, 3);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.time_ns, 0);
    assert_true(source_next(source, &packet));
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.time_ns, NS_PER_SECOND);
    source_free(source);
    image_release(&image);
}

struct cut {
    uint64_t packets;
    bool is_whole; /* nothing of a further record is there */
};

/* What a capture of pcap_make still holds when it is cut. */
static struct cut cut_pcap(size_t len)
{
    struct cut cut = { 0, len == 24 };

    for (size_t at = 24; at < len && !cut.is_whole; cut.packets++) {
        size_t next = at + 16 + packet_length((uint32_t)cut.packets + 1);
        if (next > len)
            return cut;
        at = next;
        if (at == len)
            cut.is_whole = true;
    }
    return cut;
}

static void check_cut(const struct input_facts *facts, struct cut expect, uint64_t got, size_t len)
{
    if (got != expect.packets || facts->packets != got || facts->is_failed
        || facts->is_torn == expect.is_whole || facts->is_complete != expect.is_whole)
        fail_msg("cut at %zu: %llu packets, expected %llu; torn %d, failed %d: %s", len,
                 (unsigned long long)got, (unsigned long long)expect.packets, facts->is_torn,
                 facts->is_failed, facts->problem);
}

static void a_capture_cut_anywhere_gives_what_is_whole_and_says_torn(void **state)
{
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 6);
    for (size_t len = 0; len <= image.len; len++) {
        struct place place = folder_put(&folder, "a", bytes_slice(image_bytes(&image), 0, len));
        struct source *source = source_over(place.path);
        uint64_t got = read_all(source);
        const struct input_facts *facts = source_input(source, 0);
        assert_non_null(
            strstr(len < image.len && !facts->is_complete ? facts->problem : place.path, place.path));
        if (len < 24) {
            assert_true(facts->is_failed); /* not even a header */
            assert_int_equal(got, 0);
        } else {
            check_cut(facts, cut_pcap(len), got, len);
        }
        source_free(source);
    }
    image_release(&image);
}

static void a_pcapng_cut_anywhere_gives_what_is_whole_and_says_torn(void **state)
{
    struct image image = { 0 };
    size_t ends[8];

    (void)state;
    ng_section(&image);
    ng_interface(&image, 1, 65535, 0);
    ends[0] = image.len;
    for (uint32_t n = 1; n <= 5; n++) {
        ng_packet(&image, 0, 1000000u * n, n);
        ends[n] = image.len;
    }
    for (size_t len = 0; len <= image.len; len++) {
        struct cut expect = { 0, false };
        for (uint32_t n = 0; n <= 5; n++) {
            expect.packets = ends[n] <= len ? n : expect.packets;
            expect.is_whole = expect.is_whole || ends[n] == len;
        }
        struct place place = folder_put(&folder, "a", bytes_slice(image_bytes(&image), 0, len));
        struct source *source = source_over(place.path);
        uint64_t got = read_all(source);
        if (len < ends[0])
            assert_true(source_input(source, 0)->is_failed);
        else
            check_cut(source_input(source, 0), expect, got, len);
        source_free(source);
    }
    image_release(&image);
}

static void a_header_alone_is_a_capture_without_packets(void **state)
{
    struct image image = { 0 };

    (void)state;
    pcap_begin(&image, 0xa1b2c3d4u, 1);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), 0);
    assert_true(source_input(source, 0)->is_complete);
    assert_string_equal(source_input(source, 0)->problem, "");
    source_free(source);
    image_release(&image);
}

/* clang-format off */
static const struct garble_case {
    const char *name;
    size_t in_packet; /* offset in the header of packet 3 */
    uint32_t value;
} garbles[] = {
    { "a length beyond any packet", 8, 0x7fffffffu },
    { "a negative length", 8, 0xffffffffu },
    { "a length that runs into the end, larger than on the wire", 8, 200000 },
};
/* clang-format on */

static void garbage_in_the_middle_is_damage_and_not_a_torn_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof garbles / sizeof garbles[0]; i++) {
        struct image image = { 0 };
        pcap_make(&image, 1000, 1, 50);
        size_t at = 24 + 16 + packet_length(1) + 16 + packet_length(2) + garbles[i].in_packet;
        for (size_t k = 0; k < 4; k++)
            image.ptr[at + k] = (uint8_t)(garbles[i].value >> 8 * k);
        struct place place = folder_put(&folder, "a", image_bytes(&image));
        struct source *source = source_over(place.path);
        const struct input_facts *facts = source_input(source, 0);
        if (read_all(source) != 2 || !facts->is_failed || facts->is_torn
            || !strstr(facts->problem, "packet 3"))
            fail_msg("%s: %s", garbles[i].name, facts->problem);
        source_free(source);
        image_release(&image);
    }
}

/* libpcap cuts it to what the file announced; what comes before and behind is read as if nothing were odd. */
static void a_packet_beyond_the_snap_length_is_cut_and_the_next_one_read(void **state)
{
    enum { SNAP = 65535, LONG = SNAP + 9 };
    struct image image = { 0 };
    struct packet packet;
    uint8_t *octets = calloc(1, LONG);

    (void)state;
    assert_non_null(octets);
    pcap_make(&image, 1000, 1, 2000); /* more than is read at once */
    for (unsigned i = 0; i < 2; i++) {
        image_u32(&image, 1);
        image_u32(&image, 2);
        image_u32(&image, i ? 7 : LONG);
        image_u32(&image, i ? 8 : LONG);
        image_add(&image, octets, i ? 7 : LONG);
    }
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    for (uint32_t n = 1; n <= 2000; n++)
        assert_true(source_next(source, &packet) && packet_is(packet.data, n));
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.data.len, SNAP);
    assert_int_equal(packet.wire_length, LONG);
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.number, 2002);
    assert_int_equal(packet.data.len, 7);
    assert_int_equal(packet.wire_length, 8);
    assert_int_equal(packet.time_ns, 1000002000u);
    assert_false(source_next(source, &packet));
    assert_true(source_input(source, 0)->is_complete);
    assert_int_equal(source_input(source, 0)->bytes, image.len);
    source_free(source);
    image_release(&image);
    free(octets);
}

static void zeros_that_a_crash_left_are_damage(void **state)
{
    static const uint8_t zeros[512];
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 5);
    image_add(&image, zeros, sizeof zeros);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), 5);
    assert_true(source_input(source, 0)->is_failed);
    assert_non_null(strstr(source_input(source, 0)->problem, "packet 6"));
    source_free(source);
    image_release(&image);
}

static void a_garbled_block_length_of_pcapng_is_damage(void **state)
{
    struct image image = { 0 };

    (void)state;
    ng_section(&image);
    ng_interface(&image, 1, 65535, 0);
    ng_packet(&image, 0, 1, 1);
    size_t at = image.len + 4;
    for (uint32_t n = 2; n < 40; n++)
        ng_packet(&image, 0, n, n);
    image.ptr[at + 2] = 0x7f; /* eight megabytes more */
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), 1);
    assert_true(source_input(source, 0)->is_failed);
    source_free(source);
    image_release(&image);
}

/* As mergecap writes it: Ethernet, cooked, raw IP (101 in files, another number in memory), and back. */
static void interfaces_may_differ_in_link_type_and_snap_length(void **state)
{
    /* One whose DLT_* is another number comes last, and first. */
    static const uint16_t types[2][3] = { { 1, 113, 101 }, { 101, 1, 101 } };
    static const int expected[2][3] = { { DLT_EN10MB, DLT_LINUX_SLL, DLT_RAW },
                                        { DLT_RAW, DLT_EN10MB, DLT_RAW } };
    struct packet packet;

    (void)state;
    for (int run = 0; run < 4; run++) {
        const uint16_t *link_types = types[run / 2];
        const int *expect = expected[run / 2];
        struct image image = { .is_big = run % 2 };
        ng_section(&image);
        for (uint32_t i = 0; i < 3; i++) {
            ng_interface(&image, link_types[i], 65535 - i, i == 1 ? 9 : 0);
            ng_packet(&image, i, 1000, i + 1); /* described only when it is needed */
        }
        for (uint32_t n = 4; n <= 40000; n++)
            ng_packet(&image, n % 3, n, n);
        struct place place = folder_put(&folder, "a", image_bytes(&image));
        struct source *source = source_over(place.path);
        for (uint32_t n = 1; n <= 40000; n++) {
            assert_true(source_next(source, &packet));
            assert_true(packet_is(packet.data, n));
            assert_int_equal(packet.dlt, expect[n <= 3 ? n - 1 : n % 3]);
        }
        assert_false(source_next(source, &packet));
        assert_true(source_input(source, 0)->is_complete);
        assert_int_equal(source_input(source, 0)->snaplen, 65535);
        source_free(source);
        image_release(&image);
    }
}

static void a_new_section_counts_its_interfaces_anew(void **state)
{
    struct image image = { 0 };
    struct packet packet;

    (void)state;
    ng_section(&image);
    ng_interface(&image, 1, 65535, 0);
    ng_interface(&image, 113, 65535, 0);
    ng_packet(&image, 0, 1, 1);
    ng_section(&image);
    ng_interface(&image, 113, 1500, 0);
    ng_packet(&image, 0, 2, 2);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.dlt, DLT_EN10MB);
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.dlt, DLT_LINUX_SLL);
    assert_false(source_next(source, &packet));
    assert_true(source_input(source, 0)->is_complete);
    source_free(source);
    image_release(&image);
}

static void a_filter_is_compiled_for_every_link_type(void **state)
{
    static const uint8_t ip[20] = { 0x45, [9] = 17 }; /* UDP */
    struct source_options options = { .filter = "udp" };
    struct image image = { 0 };
    struct packet packet;

    (void)state;
    ng_section(&image);
    ng_interface(&image, 1, 65535, 0);
    ng_packet(&image, 0, 1, 1);
    ng_interface(&image, 101, 65535, 0);
    ng_packet(&image, 1, 2, 45); /* 20 octets */
    memcpy(image.ptr + image.len - 24, ip, sizeof ip);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    const char *path = place.path;
    struct source *source = source_open(&path, 1, &options, NULL);
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.number, 2);
    assert_int_equal(packet.dlt, DLT_RAW);
    assert_false(source_next(source, &packet));
    assert_true(source_input(source, 0)->is_complete);
    source_free(source);
    image_release(&image);
}

/* libpcap remembers every interface: a few packed octets could ask for gigabytes. */
static void a_flood_of_interfaces_ends_with_a_message(void **state)
{
    struct image image = { 0 };

    (void)state;
    ng_section(&image);
    ng_interface(&image, 1, 65535, 0);
    ng_packet(&image, 0, 1, 1);
    for (size_t i = 0; i < LIMIT_INTERFACES; i++)
        ng_interface(&image, 1, 65535, 0);
    ng_packet(&image, 0, 1, 2);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), 1);
    assert_true(source_input(source, 0)->is_failed);
    assert_non_null(strstr(source_input(source, 0)->problem, "more interfaces"));
    source_free(source);
    image_release(&image);
}

static void a_file_of_more_link_types_than_there_is_room_for_is_told(void **state)
{
    struct image image = { 0 };

    (void)state;
    ng_section(&image);
    for (uint32_t i = 0; i <= LIMIT_LINK_TYPES; i++) {
        ng_interface(&image, (uint16_t)(200 + i), 65535, 0);
        ng_packet(&image, i, i, i + 1);
    }
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), LIMIT_LINK_TYPES);
    assert_true(source_input(source, 0)->is_failed);
    assert_non_null(strstr(source_input(source, 0)->problem, "link types"));
    source_free(source);
    image_release(&image);
}

/* clang-format off */
static const struct stranger_case {
    const char *name;
    struct bytes content;
    const char *expect;
} strangers[] = {
    { "empty", { NULL, 0 }, "empty" },
    { "octets", { (const uint8_t *)"root:x:0:0\n\x01\x02\x03more that goes on\n", 33 }, "neither a capture" },
    { "one octet", { (const uint8_t *)"x", 1 }, "neither a capture" },
    { "three octets of a magic number", { (const uint8_t *)"\xd4\xc3\xb2", 3 }, "neither a capture" },
    { "the start of gzip", { (const uint8_t *)"\x1f\x8b", 2 }, "ends early" },
    { "gzip of nonsense", { (const uint8_t *)"\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12 }, "damaged" },
    { "zstd of nonsense", { (const uint8_t *)"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14 }, "zstd" },
    { "lz4 of nonsense", { (const uint8_t *)"\x04\x22\x4d\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14 }, "damaged" },
    { "old lz4", { (const uint8_t *)"\x02\x21\x4c\x18\x05\x00\x00\x00hello", 13 }, "lz4 -dc" },
};
/* clang-format on */

static void what_is_no_capture_is_told_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct place place = folder_put(&folder, "a", strangers[i].content);
        struct source *source = source_over(place.path);
        const struct input_facts *facts = source_input(source, 0);
        if (read_all(source) != 0 || !facts->is_failed || facts->is_complete
            || !strstr(facts->problem, strangers[i].expect) || !strstr(facts->problem, place.path))
            fail_msg("%s: %s", strangers[i].name, facts->problem);
        source_free(source);
    }
}

static void a_missing_file_is_told_and_the_others_are_read(void **state)
{
    struct image image = { 0 };
    struct source_options options = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 4);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    const char *paths[] = { "/nowhere/at-all.pcap", place.path };
    struct source *source = source_open(paths, 2, &options, NULL);
    assert_int_equal(read_all(source), 4);
    assert_true(source_input(source, 0)->is_failed);
    assert_string_equal(source_input(source, 0)->path, "/nowhere/at-all.pcap");
    assert_non_null(strstr(source_input(source, 0)->problem, "No such file"));
    assert_true(source_input(source, 1)->is_complete);
    source_free(source);
    image_release(&image);
}

static void what_may_not_be_read_is_told_also_inside_a_folder(void **state)
{
    struct image image = { 0 };

    (void)state;
    if (geteuid() == 0)
        skip(); /* root may read everything */
    pcap_make(&image, 1000, 1, 1);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    assert_int_equal(chmod(place.path, 0), 0);
    const char *const paths[] = { place.path, folder.path };
    for (size_t i = 0; i < 2; i++) {
        struct source *source = source_over(paths[i]);
        assert_true(source_input(source, 0)->is_failed);
        assert_non_null(strstr(source_input(source, 0)->problem, "Permission denied"));
        source_free(source);
    }
    image_release(&image);
}

/* A child writes `image` to standard input, `step` octets at a time. */
static pid_t feed_stdin(const struct image *image, size_t step, int *saved)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        for (size_t at = 0; at < image->len; at += step) {
            size_t len = image->len - at < step ? image->len - at : step;
            if (write(ends[1], image->ptr + at, len) != (ssize_t)len)
                _exit(1);
        }
        _exit(0);
    }
    *saved = dup(STDIN_FILENO);
    (void)close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    return child;
}

static void standard_input_is_read_in_any_pieces_packed_or_not(void **state)
{
    static const size_t steps[] = { 1, 7, 16, 4096 };
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 20);
    for (int packing = PACK_NONE; packing < PACK_COUNT; packing++)
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            struct image packed = { 0 };
            int saved, status;
            image_pack(&packed, (enum packing)packing, image_bytes(&image));
            pid_t child = feed_stdin(&packed, steps[i], &saved);
            struct source *source = source_over("-");
            assert_int_equal(read_all(source), 20);
            const struct input_facts *facts = source_input(source, 0);
            assert_true(facts->is_complete);
            assert_string_equal(facts->path, "-");
            assert_int_equal(facts->size, 0); /* not known */
            assert_int_equal(facts->bytes, packed.len);
            source_free(source);
            assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
            (void)close(saved);
            assert_int_equal(waitpid(child, &status, 0), child);
            image_release(&packed);
        }
    image_release(&image);
}

static void progress_ends_where_the_file_does(void **state)
{
    struct image image = { 0 };
    uint64_t done, total;

    (void)state;
    pcap_make(&image, 1000, 1, 20);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    struct source *source = source_over(place.path);
    assert_int_equal(read_all(source), 20);
    source_progress(source, &done, &total);
    assert_int_equal(done, image.len);
    assert_int_equal(total, image.len);
    source_free(source);
    image_release(&image);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(packets_come_together_as_they_come_alone),
        WITH_FOLDER(every_magic_number_of_pcap_is_read_to_the_nanosecond),
        WITH_FOLDER(the_modified_pcap_of_old_linux_is_read),
        WITH_FOLDER(magic_numbers_that_libpcap_refuses_end_in_a_message),
        WITH_FOLDER(pcapng_is_read_in_both_byte_orders_and_every_resolution),
        WITH_FOLDER(absurd_times_do_not_overflow),
        WITH_FOLDER(a_capture_cut_anywhere_gives_what_is_whole_and_says_torn),
        WITH_FOLDER(a_pcapng_cut_anywhere_gives_what_is_whole_and_says_torn),
        WITH_FOLDER(a_header_alone_is_a_capture_without_packets),
        WITH_FOLDER(garbage_in_the_middle_is_damage_and_not_a_torn_end),
        WITH_FOLDER(a_packet_beyond_the_snap_length_is_cut_and_the_next_one_read),
        WITH_FOLDER(zeros_that_a_crash_left_are_damage),
        WITH_FOLDER(a_garbled_block_length_of_pcapng_is_damage),
        WITH_FOLDER(interfaces_may_differ_in_link_type_and_snap_length),
        WITH_FOLDER(a_new_section_counts_its_interfaces_anew),
        WITH_FOLDER(a_filter_is_compiled_for_every_link_type),
        WITH_FOLDER(a_flood_of_interfaces_ends_with_a_message),
        WITH_FOLDER(a_file_of_more_link_types_than_there_is_room_for_is_told),
        WITH_FOLDER(what_is_no_capture_is_told_in_words),
        WITH_FOLDER(a_missing_file_is_told_and_the_others_are_read),
        WITH_FOLDER(what_may_not_be_read_is_told_also_inside_a_folder),
        WITH_FOLDER(standard_input_is_read_in_any_pieces_packed_or_not),
        WITH_FOLDER(progress_ends_where_the_file_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
