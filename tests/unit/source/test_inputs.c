/* Several inputs as one traffic: order of time, rotation, folders, descriptors. */
#include "capture_writer.h"

#include "base/timestamp.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 300 };

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

/* A capture whose packets lie at the given seconds; {0} ends them. */
static struct place put_capture(const char *name, const uint32_t *seconds)
{
    struct image image = { 0 };

    pcap_begin(&image, 0xa1b2c3d4u, 1);
    for (uint32_t n = 0; seconds[n]; n++)
        pcap_packet(&image, (struct moment){ seconds[n], 0 }, n + 1);
    struct place place = folder_put(&folder, name, image_bytes(&image));
    image_release(&image);
    return place;
}

static struct source *open_paths(const char *const *paths, size_t count)
{
    struct source_options options = { 0 };
    struct source *source = source_open(paths, count, &options, NULL);

    assert_non_null(source);
    return source;
}

static void packets_come_in_order_of_time_and_ties_in_order_of_inputs(void **state)
{
    static const uint32_t a[] = { 10, 20, 20, 40, 0 }, b[] = { 5, 20, 30, 0 }, c[] = { 20, 20, 50, 0 };
    static const struct {
        uint32_t input, second;
        uint64_t number;
    } expect[] = { { 1, 5, 1 },  { 0, 10, 1 }, { 0, 20, 2 }, { 0, 20, 3 }, { 1, 20, 2 },
                   { 2, 20, 1 }, { 2, 20, 2 }, { 1, 30, 3 }, { 0, 40, 4 }, { 2, 50, 3 } };

    (void)state;
    struct place places[] = { put_capture("a", a), put_capture("b", b), put_capture("c", c) };
    const char *paths[] = { places[0].path, places[1].path, places[2].path };
    struct source *source = open_paths(paths, 3);
    struct packet packet;
    for (size_t i = 0; i < sizeof expect / sizeof expect[0]; i++) {
        assert_true(source_next(source, &packet));
        assert_int_equal(packet.input, expect[i].input);
        assert_int_equal(packet.number, expect[i].number);
        assert_int_equal(packet.time_ns, expect[i].second * NS_PER_SECOND);
        assert_true(packet_is(packet.data, (uint32_t)packet.number));
    }
    assert_false(source_next(source, &packet));
    source_free(source);
}

/* A packet that lies behind in its own file does not disturb the order of that file. */
static void a_capture_that_steps_back_in_time_keeps_its_own_order(void **state)
{
    static const uint32_t a[] = { 10, 8, 30, 0 }, b[] = { 9, 11, 0 };
    static const uint32_t expect[] = { 9, 10, 8, 11, 30 };

    (void)state;
    struct place places[] = { put_capture("a", a), put_capture("b", b) };
    const char *paths[] = { places[0].path, places[1].path };
    struct source *source = open_paths(paths, 2);
    struct packet packet;
    for (size_t i = 0; i < 5; i++) {
        assert_true(source_next(source, &packet));
        assert_int_equal(packet.time_ns, expect[i] * NS_PER_SECOND);
    }
    source_free(source);
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count;
}

/* MANY captures of four packets; the first packet of each is `step` seconds after that of the one before. */
static void put_many(uint32_t step)
{
    char name[32];

    for (uint32_t i = 0; i < MANY; i++) {
        struct image image = { 0 }, packed = { 0 };
        pcap_make(&image, 1000 + i * step, 1, 4);
        image_pack(&packed, (enum packing)(i % PACK_COUNT), image_bytes(&image));
        (void)snprintf(name, sizeof name, "rotated.%04u", MANY - 1 - i); /* names against the order of time */
        (void)folder_put(&folder, name, image_bytes(&packed));
        image_release(&image);
        image_release(&packed);
    }
}

static void read_many_with_few_descriptors(void)
{
    struct rlimit old, low;
    struct packet packet;
    uint64_t count = 0, last = 0;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = (struct rlimit){ .rlim_cur = 64, .rlim_max = old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    const char *path = folder.path;
    struct source *source = open_paths(&path, 1);
    assert_int_equal(source_input_count(source), MANY);
    while (source_next(source, &packet)) {
        count++;
        assert_true(packet.time_ns >= last);
        last = packet.time_ns;
        assert_true(packet_is(packet.data, (uint32_t)packet.number));
        if (count % 100 == 0)
            assert_true(open_descriptors() < 50);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(count, 4 * MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(source_input(source, i)->is_complete);
        assert_int_equal(source_input(source, i)->packets, 4);
    }
    source_free(source);
}

static void three_hundred_rotated_files_need_few_descriptors(void **state)
{
    (void)state;
    put_many(4);
    read_many_with_few_descriptors();
}

static void three_hundred_files_of_the_same_time_need_few_descriptors(void **state)
{
    (void)state;
    put_many(0);
    read_many_with_few_descriptors();
}

/* Rotation that goes on while the files are read must not mix two of them up. */
static void a_file_replaced_while_it_waits_is_not_mixed_up(void **state)
{
    struct packet packet;
    uint64_t count = 0;

    (void)state;
    put_many(0);
    const char *path = folder.path;
    struct source *source = open_paths(&path, 1);
    assert_true(source_next(source, &packet));
    struct image other = { 0 };
    pcap_make(&other, 500, 1, 9);
    for (uint32_t i = 200; i < MANY; i++) {
        char name[32], moved[256], place[256];
        (void)snprintf(name, sizeof name, "rotated.%04u", i);
        struct place fresh = folder_put(&folder, "fresh", image_bytes(&other));
        (void)snprintf(place, sizeof place, "%s/%s", folder.path, name);
        (void)snprintf(moved, sizeof moved, "%s", fresh.path);
        assert_int_equal(rename(moved, place), 0);
    }
    while (source_next(source, &packet)) {
        count++;
        assert_true(packet_is(packet.data, (uint32_t)packet.number));
        if (packet.input >= 200 && packet.time_ns >= 1000 * NS_PER_SECOND)
            fail_msg("octets of the file that is gone");
    }
    assert_int_equal(count, 4 * 200 - 1 + 9 * (MANY - 200));
    source_free(source);
    image_release(&other);
}

/* The last of 40 inputs opens its file for each read: what is there under its name later is another file. */
static void a_file_replaced_while_it_is_read_ends_with_a_message(void **state)
{
    static const uint32_t seconds[] = { 5, 0 };
    struct image image = { 0 };
    const char *paths[40];
    struct packet packet;
    uint64_t count = 0;

    (void)state;
    pcap_make(&image, 1000, 1, 10000); /* more than one buffer */
    struct place small = put_capture("small", seconds);
    struct place large = folder_put(&folder, "large", image_bytes(&image));
    struct place other = folder_put(&folder, "other", image_bytes(&image));
    for (size_t i = 0; i < 40; i++)
        paths[i] = i < 39 ? small.path : large.path;
    struct source *source = open_paths(paths, 40);
    for (size_t i = 0; i < 40; i++)
        assert_true(source_next(source, &packet));
    assert_int_equal(packet.input, 39);
    assert_int_equal(rename(other.path, large.path), 0);
    while (source_next(source, &packet))
        count++;
    assert_true(count > 1000 && count < 9999);
    assert_true(source_input(source, 39)->is_failed);
    assert_non_null(strstr(source_input(source, 39)->problem, large.path));
    source_free(source);
    image_release(&image);
}

static void a_folder_gives_its_captures_by_name_and_passes_over_the_rest(void **state)
{
    static const uint32_t seconds[] = { 10, 0 };
    char inner[256];

    (void)state;
    (void)put_capture("b.txt", seconds); /* content decides, never the name */
    (void)put_capture("a", seconds);
    (void)put_capture(".hidden", seconds);
    (void)folder_put(&folder, "c.pcap", bytes_of("only called so\n"));
    (void)folder_put(&folder, "d", bytes_of("{\"type\":\"recording\"}\n"));
    (void)folder_put(&folder, "empty.pcap", (struct bytes){ NULL, 0 });
    (void)snprintf(inner, sizeof inner, "%s/inner", folder.path);
    assert_int_equal(mkdir(inner, 0700), 0);
    (void)snprintf(inner, sizeof inner, "%s/fifo", folder.path);
    assert_int_equal(mkfifo(inner, 0600), 0); /* would wait for a writer for ever */
    for (int slash = 0; slash < 2; slash++) {
        char path[256], expect[3][256];
        (void)snprintf(path, sizeof path, "%s%s", folder.path, slash ? "/" : "");
        const char *paths[] = { path };
        struct source *source = open_paths(paths, 1);
        assert_int_equal(source_input_count(source), 3);
        for (size_t i = 0; i < 3; i++) {
            static const char *const names[] = { "a", "b.txt", "d" };
            (void)snprintf(expect[i], sizeof expect[i], "%s/%s", folder.path, names[i]);
            assert_string_equal(source_input(source, i)->path, expect[i]);
            assert_false(source_input(source, i)->is_failed);
        }
        source_free(source);
    }
}

static void a_folder_without_captures_is_told(void **state)
{
    struct packet packet;

    (void)state;
    (void)folder_put(&folder, "note", bytes_of("nothing here\n"));
    const char *path = folder.path;
    struct source *source = open_paths(&path, 1);
    assert_false(source_next(source, &packet));
    assert_int_equal(source_input_count(source), 1);
    assert_true(source_input(source, 0)->is_failed);
    assert_non_null(strstr(source_input(source, 0)->problem, "no capture"));
    assert_non_null(strstr(source_input(source, 0)->problem, folder.path));
    source_free(source);
}

static void what_cannot_even_be_unpacked_is_told_also_inside_a_folder(void **state)
{
    struct image text = { 0 };

    (void)state;
    image_pack(&text, PACK_GZIP, bytes_of("a log that was rotated\n"));
    (void)folder_put(&folder, "a.log.gz", image_bytes(&text));
    (void)folder_put(&folder, "b.pcap.gz", bytes_slice(image_bytes(&text), 0, 11));
    const char *path = folder.path;
    struct source *source = open_paths(&path, 1);
    assert_int_equal(source_input_count(source), 1);
    assert_non_null(strstr(source_input(source, 0)->problem, "b.pcap.gz: gzip: compressed data ends early"));
    source_free(source);
    image_release(&text);
}

static void captures_and_recordings_mix(void **state)
{
    static const uint32_t seconds[] = { 10, 11, 0 };
    struct packet packet;
    struct bytes line;
    uint32_t input;

    (void)state;
    struct place first = folder_put(&folder, "r1", bytes_of("{\"type\":\"stats\",\"n\":1}\n"));
    struct place second = put_capture("p", seconds);
    struct place third = folder_put(&folder, "r2", bytes_of("{\"type\":\"stats\",\"n\":2}\n"));
    const char *paths[] = { first.path, second.path, third.path };
    struct source *source = open_paths(paths, 3);
    assert_true(source_next(source, &packet));
    assert_int_equal(packet.input, 1);
    assert_true(source_next(source, &packet));
    assert_false(source_next(source, &packet));
    assert_true(source_next_line(source, &line, &input));
    assert_int_equal(input, 0);
    assert_true(source_next_line(source, &line, &input));
    assert_int_equal(input, 2);
    assert_false(source_next_line(source, &line, &input));
    source_free(source);
}

/* A last line without its end is one: it is all that a program wrote before it was stopped. */
static void lines_of_logs_are_handed_out(void **state)
{
    struct bytes line;
    uint32_t input;

    (void)state;
    struct place log = folder_put(&folder, "log", bytes_of("220 mx ESMTP\r\n\nQUIT"));
    struct place recording = folder_put(&folder, "rec", bytes_of("{\"type\":\"stats\",\"n\":1}\n"));
    const char *paths[] = { recording.path, log.path };
    struct source *source = open_paths(paths, 2);
    assert_string_equal(source_input(source, 1)->format, "log");
    assert_true(source_next_log_line(source, &line, &input));
    assert_int_equal(input, 1);
    assert_true(bytes_equal(line, BYTES("220 mx ESMTP\r")));
    assert_true(source_next_log_line(source, &line, &input));
    assert_int_equal(line.len, 0);
    assert_true(source_next_log_line(source, &line, &input));
    assert_true(bytes_equal(line, BYTES("QUIT")));
    assert_false(source_next_log_line(source, &line, &input));
    assert_true(source_input(source, 1)->is_complete);
    source_free(source);
}

/* The keys of an object have no order; those of a log may be called as an event's. */
static void objects_are_told_apart(void **state)
{
    static const struct {
        const char *text, *format;
    } rows[] = {
        { "{\"host\":\"a\",\"schema\":1,\"type\":\"recording\"}\n", "recording" },
        { "{ \"type\" : \"recording\", \"schema\" : 1 }\n", "recording" },
        { "{\"line\":\"QUIT\",\"session\":\"6dc8\",\"type\":\"command\"}\n", "recording" },
        { "{\"type\":\"open\",\"session\":\"6dc8", "recording" },
        { "{\"ty", "recording" },
        { "{\"type\":\"stdout\",\"log\":\"220 mx\"}\n", "log" },
        { "{\"log\":\"220 mx\",\"type\":\"stdout\"}\n", "log" },
        { "{\n\"type\": \"recording\"\n}\n", "log" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place file = folder_put(&folder, "o", bytes_of(rows[i].text));
        const char *paths[] = { file.path };
        struct source *source = open_paths(paths, 1);
        assert_string_equal(source_input(source, 0)->format, rows[i].format);
        source_free(source);
    }
}

/* "e" with an accent, a pair of surrogates, and half of one. */
static void wide_text_is_handed_out_in_utf8(void **state)
{
    static const uint8_t little[] = { 0xff, 0xfe, '2',  0,    0xe9, 0,    '\n', 0,
                                      0x3d, 0xd8, 0x00, 0xde, 0x00, 0xdc, 'x' };
    static const uint8_t big[] = { 0xfe, 0xff, 0, '2', 0, 0xe9, 0, '\n', 0xd8, 0x3d, 0xde, 0x00, 0xdc, 0x00 };
    static const struct bytes files[] = { { little, sizeof little }, { big, sizeof big } };
    struct bytes line;
    uint32_t input;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct place log = folder_put(&folder, i ? "big" : "little", files[i]);
        const char *paths[] = { log.path };
        struct source *source = open_paths(paths, 1);
        assert_string_equal(source_input(source, 0)->format, "log");
        assert_true(source_next_log_line(source, &line, &input));
        assert_true(bytes_equal(line, BYTES("\xef\xbb\xbf"
                                            "2\xc3\xa9")));
        assert_true(source_next_log_line(source, &line, &input));
        assert_true(bytes_equal(line, BYTES("\xf0\x9f\x98\x80?")));
        assert_false(source_next_log_line(source, &line, &input));
        source_free(source);
    }
}

static bool begins_with_greeting(struct bytes head)
{
    return bytes_equal(bytes_slice(head, 0, 4), BYTES("220 "));
}

/* Which texts of a folder are logs, the one who opens it says. */
static void logs_of_a_folder_are_asked_for(void **state)
{
    const struct source_options options = { .is_log = begins_with_greeting, .follows = true };

    (void)state;
    struct place log = folder_put(&folder, "b", bytes_of("220 mx ESMTP\n"));
    (void)folder_put(&folder, "a", bytes_of("hello, world\n"));
    const char *paths[] = { folder.path };
    struct source *source = source_open(paths, 1, &options, NULL);
    assert_non_null(source);
    assert_int_equal(source_input_count(source), 1);
    assert_string_equal(source_input(source, 0)->path, log.path);
    source_free(source);
}

static void one_damaged_input_does_not_stop_the_others(void **state)
{
    static const uint32_t early[] = { 10, 11, 12, 0 }, late[] = { 20, 21, 0 };
    struct packet packet;
    uint64_t count = 0;

    (void)state;
    struct place good = put_capture("good", late);
    struct place bad = put_capture("bad", early);
    struct image image = { 0 };
    pcap_make(&image, 10, 1, 3);
    image.ptr[24 + 16 + packet_length(1) + 8 + 3] = 0x7f; /* the length of packet 2 */
    bad = folder_put(&folder, "bad", image_bytes(&image));
    image_release(&image);
    const char *paths[] = { good.path, bad.path };
    struct source *source = open_paths(paths, 2);
    while (source_next(source, &packet))
        count++;
    assert_int_equal(count, 3);
    assert_true(source_input(source, 0)->is_complete);
    assert_true(source_input(source, 1)->is_failed);
    assert_non_null(strstr(source_input(source, 1)->problem, "packet 2"));
    source_free(source);
}

static void stopping_early_leaves_nothing_behind(void **state)
{
    struct packet packet;

    (void)state;
    put_many(0);
    size_t before = open_descriptors();
    const char *path = folder.path;
    struct source *source = open_paths(&path, 1);
    assert_true(source_next(source, &packet));
    assert_false(source_input(source, 0)->is_complete);
    source_free(source);
    assert_int_equal(open_descriptors(), before);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(packets_come_in_order_of_time_and_ties_in_order_of_inputs),
        WITH_FOLDER(a_capture_that_steps_back_in_time_keeps_its_own_order),
        WITH_FOLDER(three_hundred_rotated_files_need_few_descriptors),
        WITH_FOLDER(three_hundred_files_of_the_same_time_need_few_descriptors),
        WITH_FOLDER(a_file_replaced_while_it_waits_is_not_mixed_up),
        WITH_FOLDER(a_file_replaced_while_it_is_read_ends_with_a_message),
        WITH_FOLDER(a_folder_gives_its_captures_by_name_and_passes_over_the_rest),
        WITH_FOLDER(a_folder_without_captures_is_told),
        WITH_FOLDER(what_cannot_even_be_unpacked_is_told_also_inside_a_folder),
        WITH_FOLDER(lines_of_logs_are_handed_out),
        WITH_FOLDER(objects_are_told_apart),
        WITH_FOLDER(wide_text_is_handed_out_in_utf8),
        WITH_FOLDER(logs_of_a_folder_are_asked_for),
        WITH_FOLDER(captures_and_recordings_mix),
        WITH_FOLDER(one_damaged_input_does_not_stop_the_others),
        WITH_FOLDER(stopping_early_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
