#include "tls/tls_observer.h"

/* Handshakes of OpenSSL with itself, each as pieces: a side, two octets of length, the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILE_MOST = 65536 };

struct expected {
    const char *file;
    enum tls_progress progress;
    uint16_t offered_version;
    uint16_t version;
    uint16_t cipher;
    const char *sni;
    const char *alpn;
    bool is_resumed;
    int alert_from; /* -1: none */
    uint8_t alert;
    const char *subject; /* NULL: no certificate is to be seen */
    unsigned chain_length;
    unsigned name_count;
    bool is_self_signed;
    bool is_other_name;
};

/* clang-format off */
static const struct expected rows[] = {
    { "tls12", TLS_PROGRESS_DONE, 0x303, 0x303, 0xc02c, "mx.example", "", false, -1, 0, "CN=mx.example", 2, 2, false, false },
    { "tls12-resumed", TLS_PROGRESS_DONE, 0x303, 0x303, 0xc02c, "mx.example", "", true, -1, 0, NULL, 0, 0, false, false },
    { "tls12-alpn", TLS_PROGRESS_DONE, 0x303, 0x303, 0xc02c, "", "smtp", false, -1, 0, "CN=mx.example", 2, 2, false, false },
    { "tls12-other-name", TLS_PROGRESS_DONE, 0x303, 0x303, 0xc02c, "other.example", "", false, -1, 0, "CN=mx.example", 2, 2,
      false, true },
    { "tls12-self-signed", TLS_PROGRESS_DONE, 0x303, 0x303, 0xc02c, "", "", false, -1, 0, "CN=self.example", 1, 0, true,
      false },
    { "tls12-unknown-issuer", TLS_PROGRESS_BEGUN, 0x303, 0x303, 0xc02c, "mx.example", "", false, TLS_CLIENT, 48,
      "CN=mx.example", 2, 2, false, false },
    { "tls12-no-cipher", TLS_PROGRESS_BEGUN, 0x303, 0, 0, "", "", false, TLS_SERVER, 40, NULL, 0, 0, false, false },
    { "tls13", TLS_PROGRESS_DONE, 0x304, 0x304, 0x1302, "mx.example", "", false, -1, 0, NULL, 0, 0, false, false },
    { "tls13-retry", TLS_PROGRESS_DONE, 0x304, 0x304, 0x1302, "", "", false, -1, 0, NULL, 0, 0, false, false },
    { "tls13-unknown-issuer", TLS_PROGRESS_BEGUN, 0x304, 0x304, 0x1302, "mx.example", "", false, TLS_CLIENT, 48, NULL, 0, 0,
      false, false },
    { "no-version", TLS_PROGRESS_BEGUN, 0x303, 0, 0, "mx.example", "", false, TLS_SERVER, 70, NULL, 0, 0, false, false },
    { "tls10", TLS_PROGRESS_DONE, 0x301, 0x301, 0xc00a, "", "", false, -1, 0, "CN=mx.example", 2, 2, false, false },
    { "tls12-broken-chain", TLS_PROGRESS_DONE, 0x303, 0x303, 0xc02c, "", "", false, -1, 0, "CN=mx.example", 3, 2, false,
      false },
    { "cleartext", TLS_PROGRESS_LOST, 0, 0, 0, "", "", false, -1, 0, NULL, 0, 0, false, false },
};
/* clang-format on */

enum { ROWS = sizeof rows / sizeof rows[0] };

static bool feed_bytes(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    return tls_observer_feed(observer, from, &(struct stream_chunk){ .data = data, .acked = UINT64_MAX });
}

static struct bytes load(const char *name, uint8_t *to)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", SEEDS, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(to, 1, FILE_MOST, file);
    (void)fclose(file);
    return (struct bytes){ to, len };
}

/* Feeds the first `most` octets of what both sides said, `step` at a time, each in a copy of exact size. */
static void feed(struct tls_observer *observer, struct bytes file, size_t most, size_t step)
{
    struct reader r = reader_over(file);

    while (r.at < file.len && most > 0) {
        enum tls_side side = read_u8(&r) ? TLS_SERVER : TLS_CLIENT;
        size_t len = read_be16(&r);
        struct bytes data = bytes_slice(read_bytes(&r, len), 0, most);
        most -= data.len;
        for (size_t at = 0; at < data.len; at += step) {
            struct bytes part = bytes_slice(data, at, step);
            uint8_t *copy = malloc(part.len);
            assert_non_null(copy);
            memcpy(copy, part.ptr, part.len);
            (void)feed_bytes(observer, side, (struct bytes){ copy, part.len });
            free(copy);
        }
    }
}

/* How much the first `pieces` of a file hold. */
static size_t length_of(struct bytes file, unsigned pieces)
{
    struct reader r = reader_over(file);
    size_t sum = 0;

    while (pieces-- > 0) {
        (void)read_u8(&r);
        size_t len = read_be16(&r);
        sum += read_bytes(&r, len).len;
    }
    return sum;
}

static bool text_is(const struct tls_text *text, const char *expected)
{
    return bytes_equal((struct bytes){ text->text, text->len }, bytes_of(expected));
}

static void compare_certificate(const struct tls_seen_certificate *certificate, const struct expected *row)
{
    assert_true(text_is(&certificate->subject, row->subject));
    assert_true(
        text_is(&certificate->issuer, row->is_self_signed ? row->subject : "CN=Example CA,O=Example"));
    assert_int_equal(certificate->chain_length, row->chain_length);
    assert_int_equal(certificate->name_count, row->name_count);
    if (row->name_count)
        assert_true(text_is(&certificate->names[1], "mail.example"));
    assert_int_equal(certificate->is_self_signed, row->is_self_signed);
    assert_int_equal(certificate->is_other_name, row->is_other_name);
    assert_int_equal(certificate->is_chain_broken, row->chain_length == 3); /* the leaf was sent twice */
    assert_true(text_is(&certificate->key_type, "EC"));
    assert_int_equal(certificate->key_bits, 256);
    assert_true(certificate->not_before_s > 1700000000);
    assert_int_equal(certificate->not_after_s, certificate->not_before_s + UINT64_C(3000) * 86400);
}

static void compare(const struct tls_seen *seen, const struct expected *row)
{
    assert_int_equal(seen->progress, row->progress);
    assert_int_equal(seen->offered_version, row->offered_version);
    assert_int_equal(seen->version, row->version);
    assert_int_equal(seen->cipher, row->cipher);
    assert_true(bytes_equal((struct bytes){ seen->sni, seen->sni_len }, bytes_of(row->sni)));
    assert_true(bytes_equal((struct bytes){ seen->alpn, seen->alpn_len }, bytes_of(row->alpn)));
    assert_int_equal(seen->is_resumed, row->is_resumed);
    assert_int_equal(seen->alert_count, row->alert_from >= 0);
    if (row->alert_from >= 0) {
        assert_int_equal(seen->alerts[0].from, row->alert_from);
        assert_int_equal(seen->alerts[0].level, 2);
        assert_int_equal(seen->alerts[0].description, row->alert);
    }
    assert_false(seen->has_sealed_alert);
    assert_int_equal(seen->certificate != NULL, row->subject != NULL);
    if (row->subject)
        compare_certificate(seen->certificate, row);
}

static void handshakes_are_told_however_they_are_cut(void **state)
{
    static const size_t steps[] = { FILE_MOST, 1, 7 };
    static uint8_t memory[FILE_MOST];

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            struct budget budget;
            budget_init(&budget, SIZE_MAX / 2);
            struct tls_certificates *certificates = tls_certificates_new(&budget, NULL);
            assert_non_null(certificates);
            struct tls_observer *observer = tls_observer_new(
                &(struct tls_options){ .certificates = certificates, .budget = &budget }, NULL);
            assert_non_null(observer);
            feed(observer, load(rows[i].file, memory), SIZE_MAX, steps[s]);
            compare(tls_observer_seen(observer), &rows[i]);
            tls_observer_free(observer);
            tls_certificates_free(certificates);
            assert_int_equal(budget.used_bytes, 0);
        }
}

static void what_is_cut_off_is_not_done(void **state)
{
    static uint8_t memory[FILE_MOST];
    struct bytes file = load("tls12", memory);

    (void)state;
    size_t hello = length_of(file, 1), flight = length_of(file, 2);
    for (size_t most = 0; most <= flight; most++) { /* both hellos, and what comes with the server's */
        struct tls_observer *observer = tls_observer_new(&(struct tls_options){ 0 }, NULL);
        feed(observer, file, most, FILE_MOST);
        const struct tls_seen *seen = tls_observer_seen(observer);
        assert_int_equal(seen->progress, most < hello ? TLS_PROGRESS_NONE : TLS_PROGRESS_BEGUN);
        if (most < hello)
            assert_int_equal(seen->sni_len, 0);
        tls_observer_free(observer);
    }
    tls_observer_free(NULL);
}

static void a_hole_ends_the_watch(void **state)
{
    static uint8_t memory[FILE_MOST];
    struct tls_observer *observer = tls_observer_new(&(struct tls_options){ 0 }, NULL);

    (void)state;
    feed(observer, load("tls12", memory), 300, FILE_MOST);
    (void)tls_observer_hole(observer, TLS_CLIENT, &(struct stream_hole){ .length = 1 });
    assert_false(feed_bytes(observer, TLS_SERVER, BYTES("\x15\x03\x03\x00\x02\x02\x28")));
    assert_int_equal(tls_observer_seen(observer)->progress, TLS_PROGRESS_LOST);
    assert_int_equal(tls_observer_seen(observer)->alert_count, 0);
    tls_observer_free(observer);
}

/* In TLS 1.3 a client that has its keys seals its alert, which is shorter than any Finished. */
static void a_sealed_alert_shows_by_its_length(void **state)
{
    static const uint8_t alert[5 + 19] = { 23, 3, 3, 0, 19 }, finished[5 + 53] = { 23, 3, 3, 0, 53 };
    static uint8_t memory[FILE_MOST];

    (void)state;
    for (int is_alert = 0; is_alert < 2; is_alert++) {
        struct tls_observer *observer = tls_observer_new(&(struct tls_options){ 0 }, NULL);
        struct bytes file = load("tls13", memory);
        feed(observer, file, length_of(file, 2), FILE_MOST);
        (void)feed_bytes(observer, TLS_CLIENT,
                         is_alert ? (struct bytes){ alert, sizeof alert }
                                  : (struct bytes){ finished, sizeof finished });
        const struct tls_seen *seen = tls_observer_seen(observer);
        assert_int_equal(seen->progress, is_alert ? TLS_PROGRESS_BEGUN : TLS_PROGRESS_DONE);
        assert_int_equal(seen->has_sealed_alert, is_alert);
        assert_int_equal(seen->sealed_alert, TLS_CLIENT);
        tls_observer_free(observer);
    }
}

/* Messages of a handshake have a ceiling, and so have alerts. */
static void what_has_no_end_is_given_up(void **state)
{
    static const uint8_t head[] = { 22, 3, 1, 0x40, 0, 11, 0xff, 0xff, 0xff };
    static const uint8_t record[] = { 22, 3, 1, 0x40, 0 };
    static uint8_t zeros[0x4000];
    struct tls_observer *observer = tls_observer_new(&(struct tls_options){ 0 }, NULL);
    bool goes_on = feed_bytes(observer, TLS_SERVER, (struct bytes){ head, sizeof head });

    (void)state;
    assert_true(goes_on);
    (void)feed_bytes(observer, TLS_SERVER, (struct bytes){ zeros, 0x4000 - 4 });
    for (unsigned i = 0; i < 4 && goes_on; i++) {
        (void)feed_bytes(observer, TLS_SERVER, (struct bytes){ record, sizeof record });
        goes_on = feed_bytes(observer, TLS_SERVER, (struct bytes){ zeros, 0x4000 });
    }
    assert_false(goes_on);
    tls_observer_free(observer);
    observer = tls_observer_new(&(struct tls_options){ 0 }, NULL);
    for (unsigned i = 0; i < 3 * LIMIT_TLS_ALERTS; i++)
        (void)feed_bytes(observer, TLS_SERVER, BYTES("\x15\x03\x03\x00\x02\x01\x5a"));
    assert_int_equal(tls_observer_seen(observer)->alert_count, LIMIT_TLS_ALERTS);
    tls_observer_free(observer);
}

/* One that was seen before is told like one that was not, for each name that is asked for. */
static void certificates_are_remembered_with_the_name(void **state)
{
    static const char *const files[] = { "tls12",           "tls12-other-name",   "tls12-self-signed",
                                         "tls12",           "tls12-broken-chain", "tls12-unknown-issuer",
                                         "tls12-other-name" };
    static uint8_t memory[FILE_MOST];
    struct budget budget;

    (void)state;
    budget_init(&budget, SIZE_MAX / 2);
    struct tls_certificates *certificates = tls_certificates_new(&budget, NULL);
    for (size_t i = 0; i < 3 * sizeof files / sizeof files[0]; i++) {
        const char *name = files[i % (sizeof files / sizeof files[0])];
        struct tls_observer *observer =
            tls_observer_new(&(struct tls_options){ .certificates = certificates }, NULL);
        feed(observer, load(name, memory), SIZE_MAX, FILE_MOST);
        for (size_t row = 0; row < ROWS; row++)
            if (strcmp(rows[row].file, name) == 0)
                compare(tls_observer_seen(observer), &rows[row]);
        tls_observer_free(observer);
    }
    assert_true(budget.used_bytes > 0);
    tls_certificates_free(certificates);
    assert_int_equal(budget.used_bytes, 0);
    tls_certificates_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_are_told_however_they_are_cut),
        cmocka_unit_test(certificates_are_remembered_with_the_name),
        cmocka_unit_test(what_is_cut_off_is_not_done),
        cmocka_unit_test(a_hole_ends_the_watch),
        cmocka_unit_test(a_sealed_alert_shows_by_its_length),
        cmocka_unit_test(what_has_no_end_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
