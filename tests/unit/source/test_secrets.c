#include "source/secrets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "source/interfaces.h"

/* Blocks in either byte order. */
struct image {
    struct buf octets;
    bool is_big;
};

static void put(struct image *image, uint64_t number, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        buf_append_u8(&image->octets, (uint8_t)(number >> 8 * (image->is_big ? len - 1 - i : i)));
}

static void put_padded(struct image *image, struct bytes text)
{
    buf_append(&image->octets, text);
    for (size_t n = text.len; n % 4; n++)
        buf_append_u8(&image->octets, 0);
}

static size_t padded(size_t len)
{
    return (len + 3) / 4 * 4;
}

static void put_section(struct image *image, struct bytes comment)
{
    size_t len = 28 + (comment.len ? 4 + padded(comment.len) + 4 : 0);

    put(image, 0x0a0d0d0a, 4);
    put(image, len, 4);
    put(image, 0x1a2b3c4d, 4);
    put(image, 1, 2);
    put(image, 0, 2);
    put(image, UINT64_MAX, 8);
    if (comment.len) {
        put(image, 1, 2);
        put(image, comment.len, 2);
        put_padded(image, comment);
        put(image, 0, 4);
    }
    put(image, len, 4);
}

static void put_secrets(struct image *image, uint32_t type, struct bytes secrets)
{
    size_t len = 20 + padded(secrets.len);

    put(image, 10, 4);
    put(image, len, 4);
    put(image, type, 4);
    put(image, secrets.len, 4);
    put_padded(image, secrets);
    put(image, len, 4);
}

struct heard {
    struct buf text;
    unsigned ends;
};

static void take(void *ctx, struct bytes text, bool is_last)
{
    struct heard *heard = ctx;

    buf_append(&heard->text, text);
    heard->ends += is_last;
    if (is_last)
        buf_append_u8(&heard->text, '|');
}

/* What the sink is told of the image, passed on `step` octets at a time, each in a copy of exact size. */
static void pass(const struct image *image, size_t step, struct heard *heard)
{
    const struct secret_sink sink = { .ctx = heard, .take = take };
    struct interfaces *interfaces = interfaces_new(&sink);
    struct bytes rest = buf_bytes(&image->octets);

    assert_non_null(interfaces);
    *heard = (struct heard){ .ends = 0 };
    buf_init(&heard->text, MIB);
    while (rest.len > 0) {
        struct bytes part = bytes_slice(rest, 0, step);
        uint8_t *copy = malloc(part.len);
        assert_non_null(copy);
        memcpy(copy, part.ptr, part.len);
        interfaces_pass(interfaces, copy, part.len);
        free(copy);
        rest = bytes_from(rest, part.len);
    }
    interfaces_free(interfaces);
}

static void must_hear(const struct image *image, struct bytes expected)
{
    static const size_t steps[] = { SIZE_MAX / 2, 1, 5, 17 };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct heard heard;
        pass(image, steps[i], &heard);
        assert_true(bytes_equal(buf_bytes(&heard.text), expected));
        buf_release(&heard.text);
    }
}

static void secrets_and_comments_are_handed_out(void **state)
{
    (void)state;
    for (int is_big = 0; is_big < 2; is_big++) {
        struct image image = { .is_big = is_big };
        buf_init(&image.octets, MIB);
        put_section(&image, BYTES("a comment of 23 octets."));
        put_secrets(&image, 0x544c534b, BYTES("CLIENT_RANDOM 1\n"));
        put_secrets(&image, 0x57474b4c, BYTES("of another kind"));
        put_secrets(&image, 0x544c534b, BYTES("x"));
        put_secrets(&image, 0x544c534b, BYTES(""));
        put_section(&image, BYTES(""));
        put_secrets(&image, 0x544c534b, BYTES("behind"));
        must_hear(&image, BYTES("a comment of 23 octets.|CLIENT_RANDOM 1\n|x||behind|"));
        buf_release(&image.octets);
    }
}

/* More than is held at once comes in pieces, and nothing of it is lost. */
static void a_large_block_comes_in_pieces(void **state)
{
    enum { LARGE = 3 * LIMIT_TLS_SECRETS_BLOCK + 5 };
    struct image image = { .is_big = false };
    uint8_t *text = calloc(1, LARGE);
    struct heard heard;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < LARGE; i++)
        text[i] = (uint8_t)('a' + i % 26);
    buf_init(&image.octets, MIB);
    put_section(&image, BYTES(""));
    put_secrets(&image, 0x544c534b, (struct bytes){ text, LARGE });
    pass(&image, 1000, &heard);
    assert_int_equal(heard.text.len, LARGE + 1);
    assert_memory_equal(heard.text.ptr, text, LARGE);
    assert_int_equal(heard.ends, 1);
    buf_release(&heard.text);
    buf_release(&image.octets);
    free(text);
}

/* Lengths that do not fit, and ends anywhere. */
static void what_is_damaged_is_harmless(void **state)
{
    (void)state;
    for (size_t wrong = 0; wrong < 120; wrong++) {
        struct image image = { .is_big = wrong % 2 };
        struct heard heard;
        buf_init(&image.octets, MIB);
        put_section(&image, BYTES("comment"));
        put_secrets(&image, 0x544c534b, BYTES("secrets of 21 octets."));
        put_section(&image, BYTES(""));
        if (wrong < image.octets.len)
            image.octets.ptr[wrong] ^= 0xff;
        pass(&image, 3, &heard);
        buf_release(&heard.text);
        image.octets.len -= wrong < image.octets.len ? wrong : 0;
        pass(&image, 7, &heard);
        buf_release(&heard.text);
        buf_release(&image.octets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_and_comments_are_handed_out),
        cmocka_unit_test(a_large_block_comes_in_pieces),
        cmocka_unit_test(what_is_damaged_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
