#include "tls/tls_fingerprint.h"

/* Fingerprints that others have published.  JA4: the outputs that FoxIO keeps for its captures
 * (FoxIO-LLC/ja4, python/test/testdata/NAME.json), from whose JA4_ro, the lists as they were sent, the hello
 * is made again.  JA3: the examples in the description by its authors (salesforce/ja3, README.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/* Lists in hexadecimal, with anything between the numbers. */
struct vector {
    const char *name;
    uint16_t version;
    const char *supported; /* versions */
    const char *ciphers;
    const char *extensions;
    const char *groups;
    const char *formats;
    const char *signatures;
    const char *alpn;
    const char *ja3; /* NULL: the source does not tell it */
    const char *ja4;
};

static const struct vector vectors[] = {
    { .name = "sigalg-grease.pcapng",
      .version = 0x303,
      .supported = "2a2a,0304,0303",
      .ciphers = "baba,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
      .extensions =
          "4a4a,fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012,eaea",
      .signatures = "5a5a,0904,0905,0906,0403,0804,0401,0503,0805,0501,0806,0601",
      .alpn = "h2",
      .ja4 = "t13d1517h2_8daaf6152771_cb7bf5808d99" },
    { .name = "badcurveball.pcap",
      .version = 0x303,
      .supported = "0304,0303",
      .ciphers = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035,000a",
      .extensions = "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,0015",
      .signatures = "0403,0804,0401,0503,0805,0501,0806,0601,0201",
      .alpn = "h2",
      .ja4 = "t13d1615h2_46e7e9700bed_45f260be83e2" },
    { .name = "salesforce/ja3, with extensions",
      .version = 0x301,
      .ciphers = "002f 0035 0005 000a c009 c00a c013 c014 0032 0038 0013 0004",
      .extensions = "0000 000a 000b",
      .groups = "0017 0018 0019",
      .formats = "00",
      .ja3 = "ada70206e40642a3e4461f35503241d5" },
    { .name = "salesforce/ja3, without",
      .version = 0x301,
      .ciphers = "0004 0005 000a 0009 0064 0062 0003 0006 0013 0012 0063",
      .extensions = "",
      .ja3 = "de350869b8c85de67a350c8d186f11e6" },
};

static void put_numbers(struct buf *out, const char *list, unsigned octets)
{
    for (const char *at = list; at && *at;) {
        char *end;
        unsigned long number = strtoul(at, &end, 16);
        if (octets == 2)
            buf_append_u8(out, (uint8_t)(number >> 8));
        buf_append_u8(out, (uint8_t)number);
        at = *end ? end + 1 : end;
    }
}

static void put_be16(struct buf *out, size_t number)
{
    buf_append_u8(out, (uint8_t)(number >> 8));
    buf_append_u8(out, (uint8_t)number);
}

/* `octets` of length, then what `body` holds, which is empty again. */
static void put_sized(struct buf *out, struct buf *body, unsigned octets)
{
    if (octets == 2)
        buf_append_u8(out, (uint8_t)(body->len >> 8));
    buf_append_u8(out, (uint8_t)body->len);
    buf_append(out, buf_bytes(body));
    buf_clear(body);
}

static void put_body(const struct vector *vector, unsigned type, struct buf *body)
{
    struct buf list;

    buf_init(&list, 4096);
    if (type == 10 || type == 13) {
        put_numbers(&list, type == 10 ? vector->groups : vector->signatures, 2);
        put_sized(body, &list, 2);
    } else if (type == 11) {
        put_numbers(&list, vector->formats, 1);
        put_sized(body, &list, 1);
    } else if (type == 43) {
        put_numbers(&list, vector->supported, 2);
        put_sized(body, &list, 1);
    } else if (type == 16) {
        put_be16(body, strlen(vector->alpn) + 1);
        buf_append(&list, bytes_of(vector->alpn));
        put_sized(body, &list, 1);
    }
    buf_release(&list);
}

static void put_extensions(const struct vector *vector, struct buf *out)
{
    struct buf types, body;

    buf_init(&types, 4096);
    buf_init(&body, 4096);
    put_numbers(&types, vector->extensions, 2);
    for (size_t i = 0; i < types.len; i += 2) {
        unsigned type = (unsigned)(types.ptr[i] << 8 | types.ptr[i + 1]);
        put_be16(out, type);
        put_body(vector, type, &body);
        put_sized(out, &body, 2);
    }
    buf_release(&types);
    buf_release(&body);
}

static void put_hello(const struct vector *vector, struct buf *out)
{
    static const uint8_t random[32] = { 0 };
    struct buf part;

    buf_init(&part, 4096);
    put_be16(out, vector->version);
    buf_append(out, (struct bytes){ random, sizeof random });
    buf_append_u8(out, 0); /* session id */
    put_numbers(&part, vector->ciphers, 2);
    put_sized(out, &part, 2);
    buf_append(out, BYTES("\1\0")); /* compression */
    put_extensions(vector, &part);
    put_sized(out, &part, 2);
    buf_release(&part);
}

static void others_say_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *vector = &vectors[i];
        struct tls_fingerprints made;
        struct buf hello;
        buf_init(&hello, 8192);
        put_hello(vector, &hello);
        assert_true(tls_fingerprint(buf_bytes(&hello), &made));
        if (vector->ja3 && strcmp(made.ja3, vector->ja3) != 0)
            fail_msg("%s: JA3 %s", vector->name, made.ja3);
        if (vector->ja4 && strcmp(made.ja4, vector->ja4) != 0)
            fail_msg("%s: JA4 %s", vector->name, made.ja4);
        buf_release(&hello);
    }
}

/* JA4's description names the values (FoxIO-LLC/ja4, technical_details/JA4.md). */
static void the_first_part_tells_what_was_offered(void **state)
{
    static const struct {
        struct vector vector;
        const char *begin;
    } rows[] = {
        { { .version = 0x303, .ciphers = "c02f", .extensions = "" }, "t12i010000_" },
        { { .version = 0x302, .ciphers = "c02f", .extensions = "0000" }, "t11d010100_" },
        { { .version = 0x303, .ciphers = "c02f", .extensions = "002b", .supported = "0303,0304,fafa" },
          "t13i010100_" },
        { { .version = 0x303, .ciphers = "c02f", .extensions = "0010", .alpn = "http/1.1" }, "t12i0101h1_" },
        { { .version = 0x303, .ciphers = "c02f", .extensions = "0010", .alpn = "\xab" }, "t12i0101ab_" },
        { { .version = 0x303, .ciphers = "c02f", .extensions = "0010", .alpn = "\xab\xcd" }, "t12i0101ad_" },
        { { .version = 0x303, .ciphers = "c02f", .extensions = "0010", .alpn = "0\xab" }, "t12i01013b_" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_fingerprints made;
        struct buf hello;
        buf_init(&hello, 8192);
        put_hello(&rows[i].vector, &hello);
        assert_true(tls_fingerprint(buf_bytes(&hello), &made));
        if (strncmp(made.ja4, rows[i].begin, strlen(rows[i].begin)) != 0)
            fail_msg("%zu: %s", i, made.ja4);
        buf_release(&hello);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_say_the_same),
        cmocka_unit_test(the_first_part_tells_what_was_offered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
