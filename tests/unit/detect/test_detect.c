/* What is said on a port that nobody calls SMTP's, in whatever order its segments come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "detect/detect.h"

enum { SEGMENTS_MOST = 8 };

struct spoken {
    int from; /* 0: the client */
    int64_t offset;
    const char *payload;
};

static const struct row {
    const char *name;
    struct spoken spoken[SEGMENTS_MOST];
    enum detect_verdict verdict; /* with the last of them */
} rows[] = {
    { "a greeting that says its protocol", { { 1, 0, "220 mx ESMTP\r\n" } }, DETECT_SMTP },
    { "a greeting that may be that of FTP", { { 1, 0, "220 mx\r\n" } }, DETECT_UNDECIDED },
    { "and is", { { 1, 0, "220 mx\r\n" }, { 0, 0, "USER a\r\n" } }, DETECT_OTHER },
    { "and is not", { { 1, 0, "220 mx\r\n" }, { 0, 0, "EHLO c\r\n" } }, DETECT_SMTP },
    { "a greeting cut in two", { { 1, 0, "220 mx ES" }, { 1, 9, "MTP\r\n" } }, DETECT_SMTP },
    { "and its second half first", { { 1, 9, "MTP\r\n" }, { 1, 0, "220 mx ES" } }, DETECT_SMTP },
    { "a command in pieces, last ones first",
      { { 0, 4, " c\r\n" }, { 0, 2, "LO" }, { 0, 1, "H" }, { 0, 0, "E" } },
      DETECT_SMTP },
    { "a command in pieces, and one of them missing",
      { { 0, 4, " c\r\n" }, { 0, 2, "LO" }, { 0, 0, "E" } },
      DETECT_UNDECIDED },
    { "what went before the first that was seen",
      { { 0, 0, "LO c\r\n" }, { 0, -2, "EH" }, { 0, -2, "EHLO c\r\n" } },
      DETECT_SMTP },
    { "another protocol", { { 0, 0, "GET / HTTP/1.1\r\n" } }, DETECT_OTHER },
    { "octets that are no text", { { 0, 0, "\001\002\003" } }, DETECT_OTHER },
    { "far behind the begin", { { 0, INT64_MAX - 9, "EH" }, { 0, INT64_MIN, "LO" } }, DETECT_UNDECIDED },
};

/* IPv4 and TCP without options: for nDPI, which looks at headers alone here. */
static const uint8_t headers[40] = { 0x45, 0, 0, 40,  0, 0, 0, 0,    64,   6,    0,    0,          192,
                                     0,    2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0x02, 0x4c, [32] = 0x50 };

static void segments_tell_in_any_order(void **state)
{
    const struct detect_options options = { .port_count = 0 };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct detector *detector = detector_new(&options, NULL, &err);
        struct detect_state *known = NULL;
        enum detect_verdict verdict = DETECT_UNDECIDED;
        int client = -1;
        assert_non_null(detector);
        for (size_t s = 0; s < SEGMENTS_MOST && rows[i].spoken[s].payload; s++) {
            const struct spoken *spoken = &rows[i].spoken[s];
            struct detect_input input = { .ip_packet = { headers, sizeof headers },
                                          .payload = bytes_of(spoken->payload),
                                          .offset = spoken->offset,
                                          .port = { 40000, 588 },
                                          .from = spoken->from };
            if (verdict != DETECT_UNDECIDED)
                fail_msg("%s: decided too early", rows[i].name);
            verdict = detect_feed(detector, &known, &input, &client);
        }
        if (verdict != rows[i].verdict || (verdict == DETECT_SMTP && client != 0))
            fail_msg("%s: verdict %d, client %d", rows[i].name, (int)verdict, client);
        detect_state_free(detector, known);
        detector_free(detector);
    }
}

/* A flow that says nothing in many segments costs no more than a look at each until it is given up. */
static void who_says_nothing_is_given_up(void **state)
{
    const struct detect_options options = { .port_count = 0 };
    struct err err;
    struct detector *detector = detector_new(&options, NULL, &err);
    struct detect_state *known = NULL;
    enum detect_verdict verdict = DETECT_UNDECIDED;
    unsigned segments = 0;
    int client;

    (void)state;
    for (; verdict == DETECT_UNDECIDED && segments < 2000; segments++) {
        struct detect_input input = { .ip_packet = { headers, sizeof headers },
                                      .payload = BYTES("word"),
                                      .offset = segments * 4,
                                      .port = { 40000, 588 },
                                      .from = 0 };
        verdict = detect_feed(detector, &known, &input, &client);
    }
    assert_int_equal(verdict, DETECT_OTHER);
    assert_true(segments < 200);
    detector_free(detector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_tell_in_any_order),
        cmocka_unit_test(who_says_nothing_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
