/* The disguise of pcapng interfaces: the same however the file is cut on its way. */
#include "capture_writer.h"

#include "base/limits.h"
#include "source/interfaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void make_mixed(struct image *image)
{
    ng_section(image);
    ng_interface(image, 1, 96, 0);
    ng_packet(image, 0, 1, 1);
    ng_interface(image, 0x0271, 1500, 9);
    ng_packet(image, 1, 2, 2);
    ng_packet(image, 7, 3, 3); /* of an interface that is not there */
    ng_packet(image, 0, 4, 4);
}

static const uint16_t expected[] = { 1, 0x0271, 1, 1 };

static void pass_in_pieces(struct image *image, size_t piece)
{
    struct interfaces *interfaces = interfaces_new(NULL);
    bool is_usual;

    assert_non_null(interfaces);
    for (size_t at = 0; at < image->len; at += piece) {
        size_t len = image->len - at < piece ? image->len - at : piece;
        uint8_t *exact = malloc(len); /* so that a sanitizer sees one octet too far */
        assert_non_null(exact);
        memcpy(exact, image->ptr + at, len);
        interfaces_pass(interfaces, exact, len);
        memcpy(image->ptr + at, exact, len);
        free(exact);
    }
    for (uint64_t n = 1; n <= 4; n++) {
        assert_int_equal(interfaces_link_type(interfaces, n, &is_usual), expected[n - 1]);
        assert_int_equal(is_usual, n != 2);
    }
    assert_int_equal(interfaces_snaplen(interfaces), 96);
    assert_false(interfaces_are_too_many(interfaces));
    interfaces_free(interfaces);
}

static void the_cut_of_the_file_does_not_matter(void **state)
{
    (void)state;
    for (int is_big = 0; is_big < 2; is_big++) {
        struct image whole = { .is_big = is_big };
        make_mixed(&whole);
        size_t len = whole.len;
        pass_in_pieces(&whole, len);
        for (size_t piece = 1; piece < len; piece++) {
            struct image image = { .is_big = is_big };
            make_mixed(&image);
            pass_in_pieces(&image, piece);
            assert_memory_equal(image.ptr, whole.ptr, len);
            image_release(&image);
        }
        image_release(&whole);
    }
}

static void only_link_type_and_snap_length_of_interfaces_change(void **state)
{
    struct image before = { 0 }, after = { 0 }, expect = { 0 };

    (void)state;
    make_mixed(&before);
    make_mixed(&after);
    pass_in_pieces(&after, after.len);
    size_t first = 28,
           second = first + 20 + 32 + 24; /* offsets of the two interfaces; packet 1 is 21, padded */
    image_add(&expect, before.ptr, before.len);
    for (int i = 0; i < 2; i++) {
        uint8_t *at = expect.ptr + (i ? second : first);
        at[8] = 1;
        at[9] = 0;
        for (size_t k = 0; k < 4; k++)
            at[12 + k] = (uint8_t)((uint32_t)LIMIT_SNAPLEN >> 8 * k);
    }
    assert_memory_equal(after.ptr, expect.ptr, expect.len);
    image_release(&before);
    image_release(&after);
    image_release(&expect);
}

static void any_octets_pass_without_harm(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct image image = { .is_big = round % 2 };
        struct interfaces *interfaces = interfaces_new(NULL);
        bool is_usual;
        assert_non_null(interfaces);
        make_mixed(&image);
        for (int i = 0; i < 5; i++) {
            seed = seed * 1664525u + 1013904223u;
            image.ptr[(seed >> 8) % image.len] = (uint8_t)(seed >> 24);
        }
        interfaces_pass(interfaces, image.ptr, image.len);
        for (uint64_t n = 1; n <= 4; n++)
            (void)interfaces_link_type(interfaces, n, &is_usual);
        interfaces_free(interfaces);
        image_release(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cut_of_the_file_does_not_matter),
        cmocka_unit_test(only_link_type_and_snap_length_of_interfaces_change),
        cmocka_unit_test(any_octets_pass_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
