#include "tls/tls_derive.h"

/* Against the vectors of RFC 8448, and those published for the PRF of TLS 1.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tls/tls_opener.h"

static size_t octets(const char *hex, uint8_t *to)
{
    size_t n = 0;

    for (unsigned value; sscanf(hex + 2 * n, "%2x", &value) == 1; n++)
        to[n] = (uint8_t)value;
    return n;
}

struct prf_row {
    const char *hash, *secret, *seed, *output;
};

static const struct prf_row prf_rows[] = {
    { "SHA256", "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
      "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022"
      "f7"
      "077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66" },
    { "SHA384", "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
      "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb"
      "40"
      "0fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa"
      "0d"
      "31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f" },
};

static void the_prf_is_that_of_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof prf_rows / sizeof prf_rows[0]; i++) {
        uint8_t secret[64], seed[64], expected[256], got[256];
        size_t secret_len = octets(prf_rows[i].secret, secret), seed_len = octets(prf_rows[i].seed, seed);
        size_t len = octets(prf_rows[i].output, expected);
        for (size_t cut = 0; cut <= seed_len; cut += seed_len / 2) {
            const struct tls_prf prf = { .hash = prf_rows[i].hash,
                                         .secret = { secret, secret_len },
                                         .label = "test label",
                                         .seed = { { seed, cut }, { seed + cut, seed_len - cut } } };
            assert_true(tls_prf(&prf, got, len));
            assert_memory_equal(got, expected, len);
        }
    }
}

struct expand_row {
    const char *secret, *key, *iv;
};

static const struct expand_row expand_rows[] = {
    { "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "3fce516009c21727d0f2e4e86ee403bc",
      "5d313eb2671276ee13000b30" },
    { "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", "dbfaa693d1762c5b666af5d950258d01",
      "5bd3c71b836e0b76bb73265f" },
    { "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5", "17422dda596ed5d9acd890e3c63f5051",
      "5b78923dee08579033e523d9" },
};

static void keys_are_those_of_rfc_8448(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expand_rows / sizeof expand_rows[0]; i++) {
        uint8_t secret[64], expected[32], got[32];
        struct bytes from = { secret, octets(expand_rows[i].secret, secret) };
        size_t len = octets(expand_rows[i].key, expected);
        assert_true(tls_expand("SHA256", from, "key", got, len));
        assert_memory_equal(got, expected, len);
        len = octets(expand_rows[i].iv, expected);
        assert_true(tls_expand("SHA256", from, "iv", got, len));
        assert_memory_equal(got, expected, len);
    }
    assert_false(tls_expand("no such hash", BYTES("secret"), "key", (uint8_t[16]){ 0 }, 16));
}

/* The client's record of data in RFC 8448 3, with each of its octets changed once. */
static void the_record_of_rfc_8448_opens(void **state)
{
    static const char sealed[] = "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b"
                                 "46b395bd54a9a20441e2b62974e1f"
                                 "5a6292a2977014bd1e3deae63aeebb21694915e4";
    struct tls_opener_keys keys = { .suite = tls_suite_find(0x1301), .version = TLS_VERSION_13 };
    struct tls_record record;
    struct tls_opened opened;
    static uint8_t octets_of[128], room[TLS_RECORD_MOST];
    size_t len = octets(sealed, octets_of);

    (void)state;
    (void)octets(expand_rows[2].key, keys.key);
    (void)octets(expand_rows[2].iv, keys.iv);
    struct tls_opener *opener = tls_opener_new(&keys, NULL);
    assert_non_null(opener);
    for (size_t wrong = 0; wrong <= len; wrong++) {
        if (wrong < len)
            octets_of[wrong] ^= 0x10;
        memcpy(record.header, octets_of, TLS_HEADER_BYTES);
        record.body = (struct bytes){ octets_of + TLS_HEADER_BYTES, len - TLS_HEADER_BYTES };
        record.block_before = NULL;
        assert_int_equal(tls_opener_open(opener, 0, &record, room, &opened), wrong == len);
        if (wrong < len)
            octets_of[wrong] ^= 0x10;
    }
    assert_int_equal(opened.type, 23);
    assert_int_equal(opened.data.len, 50);
    for (uint8_t i = 0; i < 50; i++)
        assert_int_equal(opened.data.ptr[i], i);
    assert_false(tls_opener_open(opener, 1, &record, room, &opened));
    for (size_t short_len = 0; short_len < len - TLS_HEADER_BYTES; short_len++) {
        record.body.len = short_len;
        assert_false(tls_opener_open(opener, 0, &record, room, &opened));
    }
    tls_opener_free(opener);
    tls_opener_free(NULL);
}

static void suites_are_found_by_their_numbers(void **state)
{
    unsigned count = 0;

    (void)state;
    for (uint32_t number = 0; number <= UINT16_MAX; number++) {
        const struct tls_suite *suite = tls_suite_find((uint16_t)number);
        if (!suite)
            continue;
        count++;
        assert_int_equal(suite->number, number);
        struct tls_opener_keys keys = { .suite = suite, .version = TLS_VERSION_12 };
        struct tls_opener *opener = tls_opener_new(&keys, NULL); /* libcrypto has them all */
        assert_non_null(opener);
        tls_opener_free(opener);
    }
    assert_true(count > 150);
    assert_null(tls_suite_find(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prf_is_that_of_the_vectors),
        cmocka_unit_test(keys_are_those_of_rfc_8448),
        cmocka_unit_test(the_record_of_rfc_8448_opens),
        cmocka_unit_test(suites_are_found_by_their_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
