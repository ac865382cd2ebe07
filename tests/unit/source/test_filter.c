/* BPF filters: what they let through, and what is said of one that is wrong. */
#include "capture_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

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

static struct source *open_filtered(const char *path, const char *filter, struct err *err)
{
    struct source_options options = { .filter = filter };

    return source_open(&path, 1, &options, err);
}

static struct place put_forty(void)
{
    struct image image = { 0 };

    pcap_make(&image, 1000, 1, 40);
    struct place place = folder_put(&folder, "a", image_bytes(&image));
    image_release(&image);
    return place;
}

static void a_filter_selects_and_packet_numbers_count_all(void **state)
{
    struct packet packet;
    uint64_t expect = 30; /* packet_length(30) is 50 */

    (void)state;
    struct place place = put_forty();
    struct source *source = open_filtered(place.path, "ether[0] >= 0 and len >= 55", NULL);
    while (source_next(source, &packet)) {
        assert_int_equal(packet.number, expect);
        assert_true(packet_is(packet.data, (uint32_t)expect));
        expect++;
    }
    assert_int_equal(expect, 41);
    assert_int_equal(source_input(source, 0)->packets, 40);
    assert_true(source_input(source, 0)->is_complete);
    source_free(source);
}

static void a_filter_that_lets_nothing_through_leaves_a_whole_input(void **state)
{
    struct packet packet;

    (void)state;
    struct place place = put_forty();
    struct source *source = open_filtered(place.path, "len >= 60000", NULL);
    assert_false(source_next(source, &packet));
    assert_int_equal(source_input(source, 0)->packets, 40);
    assert_true(source_input(source, 0)->is_complete);
    source_free(source);
}

/* clang-format off */
static const struct wrong_case {
    const char *filter;
    size_t at;
} wrongs[] = {
    { "prot 25", 0 },
    { "tcp port 25 or prot 26", 15 },
    { "tcp port 25 and", 15 },
    { "tcp  port 99999999", 10 },
    { "host 192.0.2.1 and (tcp port 25", 31 },
    { "tcp[tcpflags] & (tcp-syn|tcp-ack) !! 0", 34 },
    { "ether host 1.2.3.4", 11 },
    { "net 192.0.2.0 mask 1.2.3.4.5", 19 },
    { "src port 25 && dst prt 26", 19 },
    { "(tcp or udp) and ((port 25) or) port 26", 28 },
    { "tcp\nport\t25 ornot", 12 },
    { ")", 0 },
};
/* clang-format on */

static void a_wrong_filter_is_told_with_its_place_before_any_file_is_opened(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct err err = { 0 };
        assert_null(open_filtered("/nowhere", wrongs[i].filter, &err));
        if (err.code != ERR_USAGE || err.at != wrongs[i].at || !strstr(err.text, "^"))
            fail_msg("%s: at %llu: %s", wrongs[i].filter, (unsigned long long)err.at, err.text);
        const char *shown = strchr(err.text, '\n') + 3, *caret = strchr(shown, '\n') + 3;
        assert_int_equal(strcspn(caret, "^"), wrongs[i].at);
        if (wrongs[i].filter[wrongs[i].at])
            assert_int_equal(shown[wrongs[i].at], wrongs[i].filter[wrongs[i].at]);
    }
}

static void the_place_is_shown_also_in_a_very_long_filter(void **state)
{
    char filter[2000] = "";
    struct err err = { 0 };

    (void)state;
    for (size_t i = 0; i < 45; i++)
        (void)strcat(filter, "tcp port 25 or ");
    (void)strcat(filter, "nonsense 7");
    assert_null(open_filtered("/nowhere", filter, &err));
    assert_int_equal(err.at, 45 * 15);
    const char *shown = strchr(err.text, '\n') + 3, *caret = strchr(shown, '\n') + 3;
    assert_memory_equal(shown + strcspn(caret, "^"), "nonsense", 8);
}

static void a_filter_on_what_only_other_links_have_is_judged_by_the_input(void **state)
{
    struct err err = { 0 };
    struct packet packet;

    (void)state;
    struct place place = put_forty();
    struct source *source = open_filtered(place.path, "type mgt", &err);
    assert_non_null(source); /* 802.11 has it */
    assert_false(source_next(source, &packet));
    assert_true(source_input(source, 0)->is_failed); /* Ethernet has not */
    assert_non_null(strstr(source_input(source, 0)->problem, "filter"));
    source_free(source);
}

static void an_empty_filter_lets_all_through(void **state)
{
    struct packet packet;
    uint64_t count = 0;

    (void)state;
    struct place place = put_forty();
    struct source *source = open_filtered(place.path, "", NULL);
    while (source_next(source, &packet))
        count++;
    assert_int_equal(count, 40);
    source_free(source);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_filter_selects_and_packet_numbers_count_all),
        WITH_FOLDER(a_filter_that_lets_nothing_through_leaves_a_whole_input),
        cmocka_unit_test(a_wrong_filter_is_told_with_its_place_before_any_file_is_opened),
        cmocka_unit_test(the_place_is_shown_also_in_a_very_long_filter),
        WITH_FOLDER(a_filter_on_what_only_other_links_have_is_judged_by_the_input),
        WITH_FOLDER(an_empty_filter_lets_all_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
