/* Captures and recordings inside gzip, zstd and lz4: members in a row, cuts at every octet, bombs. */
#include "capture_writer.h"

#include "source/decompress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>

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

static uint64_t read_all(struct source *source)
{
    struct packet packet;
    uint64_t count = 0;

    while (source_next(source, &packet)) {
        count++;
        assert_true(packet_is(packet.data, (uint32_t)count));
    }
    return count;
}

static struct source *source_of(struct bytes content)
{
    struct place place = folder_put(&folder, "a", content);

    return source_over(place.path);
}

static void every_packing_is_recognised_by_content_around_either_format(void **state)
{
    (void)state;
    for (int packing = PACK_NONE; packing < PACK_COUNT; packing++)
        for (int format = 0; format < 2; format++) {
            struct image image = { 0 }, packed = { 0 };
            if (format == 0) {
                pcap_make(&image, 1000, 1, 3000);
            } else {
                ng_section(&image);
                ng_interface(&image, 1, 65535, 9);
                for (uint32_t n = 1; n <= 3000; n++)
                    ng_packet(&image, 0, n, n);
            }
            image_pack(&packed, (enum packing)packing, image_bytes(&image));
            struct source *source = source_of(image_bytes(&packed));
            assert_int_equal(read_all(source), 3000);
            const struct input_facts *facts = source_input(source, 0);
            assert_true(facts->is_complete);
            assert_string_equal(facts->format, format ? "pcapng" : "pcap");
            if (packing == PACK_NONE)
                assert_null(facts->compression);
            else
                assert_string_equal(facts->compression, packing_name((enum packing)packing));
            assert_int_equal(facts->bytes, packed.len); /* as stored */
            assert_int_equal(facts->size, packed.len);
            source_free(source);
            image_release(&image);
            image_release(&packed);
        }
}

/* Cut into `parts` members of which the first holds only five octets. */
static void pack_in_parts(struct image *out, enum packing packing, struct bytes plain, size_t parts)
{
    size_t at = 0;

    for (size_t i = 0; i < parts; i++) {
        size_t len = i == 0 ? 5 : i + 1 == parts ? plain.len - at : plain.len / parts;
        image_pack(out, packing, bytes_slice(plain, at, len));
        at += len;
    }
}

static void members_in_a_row_are_one_stream(void **state)
{
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 500);
    for (int packing = PACK_GZIP; packing < PACK_COUNT; packing++) {
        struct image packed = { 0 };
        pack_in_parts(&packed, (enum packing)packing, image_bytes(&image), 9);
        image_pack(&packed, (enum packing)packing,
                   (struct bytes){ (const uint8_t *)"", 0 }); /* an empty one */
        struct source *source = source_of(image_bytes(&packed));
        assert_int_equal(read_all(source), 500);
        assert_true(source_input(source, 0)->is_complete);
        source_free(source);
        image_release(&packed);
    }
    image_release(&image);
}

static void add_skippable(struct image *image, uint32_t len)
{
    static const uint8_t content[64];

    image_u32(image, 0x184d2a5eu);
    image_u32(image, len);
    image_add(image, content, len);
}

static void skippable_frames_are_passed_over(void **state)
{
    static const uint32_t lengths[] = { 4, 0, 60 }; /* pzstd's, none, and more than is peeked at */
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 50);
    for (int packing = PACK_ZSTD; packing <= PACK_LZ4; packing++)
        for (size_t i = 0; i < (packing == PACK_ZSTD ? 3u : 2u); i++) {
            struct image packed = { 0 };
            add_skippable(&packed, lengths[i]);
            image_pack(&packed, (enum packing)packing, bytes_slice(image_bytes(&image), 0, 100));
            add_skippable(&packed, lengths[i]);
            image_pack(&packed, (enum packing)packing, bytes_from(image_bytes(&image), 100));
            add_skippable(&packed, lengths[i]);
            struct source *source = source_of(image_bytes(&packed));
            assert_int_equal(read_all(source), 50);
            assert_true(source_input(source, 0)->is_complete);
            source_free(source);
            image_release(&packed);
        }
    image_release(&image);
}

/* Whatever could be unpacked is handed out, never more, and the rest is told as damage. */
static void a_packed_capture_cut_anywhere_is_damaged_and_gives_what_is_whole(void **state)
{
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 60);
    for (int packing = PACK_GZIP; packing < PACK_COUNT; packing++) {
        struct image packed = { 0 };
        uint64_t before = 0;
        image_pack(&packed, (enum packing)packing, image_bytes(&image));
        for (size_t len = 1; len < packed.len; len++) {
            struct source *source = source_of(bytes_slice(image_bytes(&packed), 0, len));
            uint64_t got = read_all(source);
            const struct input_facts *facts = source_input(source, 0);
            if (got < before || got > 60 || !facts->is_failed || facts->is_torn || facts->is_complete
                || !facts->problem[0])
                fail_msg("%s cut at %zu of %zu: %llu packets, %s", packing_name((enum packing)packing), len,
                         packed.len, (unsigned long long)got, facts->problem);
            before = got;
            source_free(source);
        }
        image_release(&packed);
    }
    image_release(&image);
}

/* A cut in the middle of a large block: what a library had unpacked already must not stay inside it. */
static void what_a_cut_stream_holds_back_is_handed_out(void **state)
{
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 20000);
    for (int packing = PACK_GZIP; packing < PACK_COUNT; packing++) {
        struct image packed = { 0 };
        image_pack(&packed, (enum packing)packing, image_bytes(&image));
        size_t first = packed.len;
        image_pack(&packed, (enum packing)packing, image_bytes(&image));
        for (size_t more = 0; more < 40; more++) { /* all of the first member, some of the second */
            struct source *source = source_of(bytes_slice(image_bytes(&packed), 0, first + more));
            struct packet packet;
            uint64_t count = 0;
            while (count < 20000 && source_next(source, &packet))
                count++;
            if (count != 20000)
                fail_msg("%s and %zu octets: %llu packets", packing_name((enum packing)packing), more,
                         (unsigned long long)count);
            source_free(source);
        }
        image_release(&packed);
    }
    image_release(&image);
}

static void one_wrong_octet_never_crashes_and_never_passes_for_a_torn_end(void **state)
{
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 20);
    for (int packing = PACK_GZIP; packing < PACK_COUNT; packing++) {
        struct image packed = { 0 };
        image_pack(&packed, (enum packing)packing, image_bytes(&image));
        for (size_t at = 0; at < packed.len; at++) {
            struct packet packet;
            packed.ptr[at] ^= 0xff;
            struct source *source = source_of(image_bytes(&packed));
            while (source_next(source, &packet))
                ;
            assert_false(source_input(source, 0)->is_torn);
            source_free(source);
            packed.ptr[at] ^= 0xff;
        }
        image_release(&packed);
    }
    image_release(&image);
}

static void what_follows_is_told_but_padding_is_not(void **state)
{
    static const uint8_t zeros[1000];
    struct image image = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 20);
    for (int packing = PACK_GZIP; packing < PACK_COUNT; packing++) {
        struct image packed = { 0 };
        image_pack(&packed, (enum packing)packing, image_bytes(&image));
        image_add(&packed, "and more that is something else", 31);
        struct source *source = source_of(image_bytes(&packed));
        assert_int_equal(read_all(source), 20);
        assert_true(source_input(source, 0)->is_failed);
        assert_non_null(strstr(source_input(source, 0)->problem, "something else follows"));
        source_free(source);
        image_release(&packed);
    }
    struct image padded = { 0 };
    image_pack(&padded, PACK_GZIP, image_bytes(&image));
    image_add(&padded, zeros, sizeof zeros);
    image_pack(&padded, PACK_GZIP, (struct bytes){ (const uint8_t *)"", 0 });
    struct source *source = source_of(image_bytes(&padded));
    assert_int_equal(read_all(source), 20);
    assert_true(source_input(source, 0)->is_complete);
    source_free(source);
    image_release(&padded);
    image_release(&image);
}

/* A capture with a torn end that was packed afterwards: the stream is whole, the capture is not. */
static void a_torn_capture_inside_a_whole_stream_is_told(void **state)
{
    struct image image = { 0 }, packed = { 0 };

    (void)state;
    pcap_make(&image, 1000, 1, 20);
    image_pack(&packed, PACK_GZIP, bytes_slice(image_bytes(&image), 0, image.len - 3));
    struct source *source = source_of(image_bytes(&packed));
    assert_int_equal(read_all(source), 19);
    assert_true(source_input(source, 0)->is_failed);
    source_free(source);
    image_release(&image);
    image_release(&packed);
}

/* A recording of one line of 256 MiB, in a file of less than 2 MiB. */
static void a_bomb_costs_no_memory(void **state)
{
    enum { PART = 4 * 1024 * 1024, PARTS = 64 };
    struct rusage before, after;
    struct bytes line;
    uint32_t input;

    (void)state;
    uint8_t *blanks = malloc(PART);
    assert_non_null(blanks);
    memset(blanks, ' ', PART);
    for (int packing = PACK_GZIP; packing < PACK_COUNT; packing++) {
        struct image part = { 0 }, packed = { 0 };
        image_pack(&part, (enum packing)packing, (struct bytes){ blanks, PART });
        image_pack(&packed, (enum packing)packing, bytes_of("{\"type\":\"stats\""));
        for (int i = 0; i < PARTS; i++)
            image_add(&packed, part.ptr, part.len);
        assert_true(packed.len < 2 * 1024 * 1024);
        assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
        struct source *source = source_of(image_bytes(&packed));
        assert_false(source_next_line(source, &line, &input));
        assert_true(source_input(source, 0)->is_torn); /* its end never came */
        assert_int_equal(source_input(source, 0)->bytes, packed.len);
        source_free(source);
        assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
        assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
        image_release(&part);
        image_release(&packed);
    }
    free(blanks);
}

static const char lines[] = "{\"type\":\"recording\"}\n{\"a\":1}\n\n{\"b\":2}\n";

static void recordings_are_handed_out_line_by_line(void **state)
{
    static const char *const expect[] = { "{\"type\":\"recording\"}", "{\"a\":1}", "", "{\"b\":2}" };

    (void)state;
    for (int packing = PACK_NONE; packing < PACK_COUNT; packing++) {
        struct image packed = { 0 };
        struct bytes line;
        uint32_t input;
        struct packet packet;
        image_pack(&packed, (enum packing)packing, bytes_of(lines));
        struct source *source = source_of(image_bytes(&packed));
        assert_false(source_next(source, &packet));
        for (size_t i = 0; i < sizeof expect / sizeof expect[0]; i++) {
            assert_true(source_next_line(source, &line, &input));
            assert_int_equal(input, 0);
            assert_true(bytes_equal(line, bytes_of(expect[i])));
        }
        assert_false(source_next_line(source, &line, &input));
        assert_string_equal(source_input(source, 0)->format, "recording");
        assert_true(source_input(source, 0)->is_complete);
        assert_int_equal(source_input(source, 0)->bytes, packed.len);
        source_free(source);
        image_release(&packed);
    }
}

static size_t count_lines(struct source *source)
{
    struct bytes line;
    uint32_t input;
    size_t count = 0;

    while (source_next_line(source, &line, &input))
        count++;
    return count;
}

static void a_recording_cut_anywhere_keeps_its_whole_lines(void **state)
{
    struct bytes all = bytes_of(lines);

    (void)state;
    for (size_t len = 1; len <= all.len; len++) {
        size_t whole = 0;
        for (size_t i = 0; i < len; i++)
            whole += all.ptr[i] == '\n';
        struct source *source = source_of(bytes_slice(all, 0, len));
        assert_int_equal(count_lines(source), whole);
        const struct input_facts *facts = source_input(source, 0);
        assert_false(facts->is_failed);
        assert_int_equal(facts->is_torn, all.ptr[len - 1] != '\n');
        assert_int_equal(facts->is_complete, !facts->is_torn);
        assert_int_equal(facts->problem[0] != 0, facts->is_torn);
        source_free(source);
    }
}

static void a_packed_recording_cut_short_has_failed(void **state)
{
    struct image image = { 0 }, packed = { 0 };

    (void)state;
    for (int i = 0; i < 5000; i++)
        image_add(&image, lines, sizeof lines - 1);
    image_pack(&packed, PACK_GZIP, image_bytes(&image));
    struct source *source = source_of(bytes_slice(image_bytes(&packed), 0, packed.len / 2));
    assert_true(count_lines(source) > 5000);
    assert_true(source_input(source, 0)->is_failed);
    assert_false(source_input(source, 0)->is_torn);
    source_free(source);
    image_release(&image);
    image_release(&packed);
}

static void a_line_that_the_reader_rejects_does_not_end_the_recording(void **state)
{
    struct bytes line;
    uint32_t input;

    (void)state;
    struct source *source = source_of(bytes_of(lines));
    assert_true(source_next_line(source, &line, &input));
    source_note_problem(source, input, true, "line 1 is no event");
    source_note_problem(source, input, true, "the first one stays");
    assert_int_equal(count_lines(source), 3);
    const struct input_facts *facts = source_input(source, 0);
    assert_true(facts->is_failed);
    assert_false(facts->is_complete);
    assert_non_null(strstr(facts->problem, "line 1 is no event"));
    assert_int_equal(count_lines(source), 0);
    source_free(source);
}

static void a_line_longer_than_any_event_is_skipped(void **state)
{
    enum { LONG = 17 * 1024 * 1024 };
    struct image image = { 0 };
    uint8_t *filler = malloc(LONG);
    struct bytes line;
    uint32_t input;

    (void)state;
    assert_non_null(filler);
    memset(filler, 'x', LONG);
    image_add(&image, "{\"type\":\"stats\"}\n", 17);
    image_add(&image, filler, LONG);
    image_add(&image, "\n{\"b\":2}\n", 9);
    free(filler);
    struct source *source = source_of(image_bytes(&image));
    assert_true(source_next_line(source, &line, &input));
    assert_true(source_next_line(source, &line, &input));
    assert_true(bytes_equal(line, BYTES("{\"b\":2}")));
    assert_false(source_next_line(source, &line, &input));
    assert_true(source_input(source, 0)->is_failed);
    assert_true(source_input(source, 0)->problem[0]);
    source_free(source);
    image_release(&image);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_bomb_costs_no_memory), /* first: the peak of the others must not hide its own */
        WITH_FOLDER(every_packing_is_recognised_by_content_around_either_format),
        WITH_FOLDER(members_in_a_row_are_one_stream),
        WITH_FOLDER(skippable_frames_are_passed_over),
        WITH_FOLDER(a_packed_capture_cut_anywhere_is_damaged_and_gives_what_is_whole),
        WITH_FOLDER(what_a_cut_stream_holds_back_is_handed_out),
        WITH_FOLDER(one_wrong_octet_never_crashes_and_never_passes_for_a_torn_end),
        WITH_FOLDER(what_follows_is_told_but_padding_is_not),
        WITH_FOLDER(a_torn_capture_inside_a_whole_stream_is_told),
        WITH_FOLDER(recordings_are_handed_out_line_by_line),
        WITH_FOLDER(a_recording_cut_anywhere_keeps_its_whole_lines),
        WITH_FOLDER(a_packed_recording_cut_short_has_failed),
        WITH_FOLDER(a_line_that_the_reader_rejects_does_not_end_the_recording),
        WITH_FOLDER(a_line_longer_than_any_event_is_skipped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
