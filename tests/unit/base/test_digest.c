/* Digests against published vectors (FIPS 180-4 examples, RFC 4231 case 2). */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include "base/escape.h"
#include "base/limits.h"

static void assert_hex(const uint8_t *digest, size_t len, const char *expected)
{
    struct buf hex;

    buf_init(&hex, 200);
    assert_true(escape_hex((struct bytes){ digest, len }, &hex));
    assert_true(bytes_equal(buf_bytes(&hex), bytes_of(expected)));
    buf_release(&hex);
}

static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void one_shot_digests_are_those_of_the_standards(void **state)
{
    (void)state;
    uint8_t out[DIGEST_SHA256_LEN];

    digest_sha256(BYTES("abc"), out);
    assert_hex(out, sizeof out, abc);
    digest_sha256((struct bytes){ NULL, 0 }, out);
    assert_hex(out, sizeof out, empty);
    digest_sha1(BYTES("abc"), out);
    assert_hex(out, DIGEST_SHA1_LEN, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digest_sha1((struct bytes){ NULL, 0 }, out);
    assert_hex(out, DIGEST_SHA1_LEN, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

/* As many as the pool holds come back, whatever they were left with; more are made and freed. */
static void a_pool_hands_out_what_was_given_back(void **state)
{
    (void)state;
    struct digest_pool *pool = digest_pool_new();
    struct digest *digests[LIMIT_POOL_DIGESTS + 2];
    uint8_t out[DIGEST_SHA256_LEN];

    assert_non_null(pool);
    for (size_t i = 0; i < LIMIT_POOL_DIGESTS + 2; i++) {
        digests[i] = digest_pool_take(pool);
        assert_non_null(digests[i]);
        digest_start(digests[i]);
        digest_update(digests[i], BYTES("left behind"));
    }
    for (size_t i = 0; i < LIMIT_POOL_DIGESTS + 2; i++)
        digest_pool_give(pool, digests[i]);
    struct digest *again = digest_pool_take(pool);
    assert_ptr_equal(again, digests[LIMIT_POOL_DIGESTS - 1]);
    digest_start(again);
    digest_update(again, BYTES("abc"));
    digest_finish(again, out);
    assert_hex(out, sizeof out, abc);
    digest_pool_give(pool, again);
    digest_pool_give(pool, NULL);
    digest_pool_free(pool);
    again = digest_pool_take(NULL);
    digest_pool_give(NULL, again);
    digest_pool_free(NULL);
}

static void a_digest_does_not_depend_on_the_pieces_and_begins_anew(void **state)
{
    (void)state;
    struct digest *digest = digest_new();
    uint8_t out[DIGEST_SHA256_LEN];

    assert_non_null(digest);
    for (size_t cut = 0; cut <= 3; cut++) {
        digest_start(digest);
        digest_update(digest, bytes_slice(BYTES("abc"), 0, cut));
        digest_update(digest, (struct bytes){ NULL, 0 });
        digest_update(digest, bytes_from(BYTES("abc"), cut));
        digest_finish(digest, out);
        assert_hex(out, sizeof out, abc);
    }
    digest_start(digest);
    digest_update(digest, BYTES("left behind"));
    digest_start(digest);
    digest_finish(digest, out);
    assert_hex(out, sizeof out, empty);
    digest_free(digest);
    digest_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_shot_digests_are_those_of_the_standards),
        cmocka_unit_test(a_pool_hands_out_what_was_given_back),
        cmocka_unit_test(a_digest_does_not_depend_on_the_pieces_and_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
