/* Sessions judged together get what each would get alone, also where one is judged by what another has left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/run.h"
#include "tests/support/scenarios.h"

enum { SESSIONS = 67, TOLD_MOST = 4096 }; /* no multiple of those judged together */

/* Of a few clients: guessed passwords, one message twice, a refused one that comes back, PIPECONNECT before
 * and after it was offered. */
static struct session *session_of(struct run *run, unsigned n)
{
    static const char *const logins[] = { "AUTH PLAIN AGJvYgBhMQ==", "AUTH PLAIN AGJvYgBhMg==",
                                          "AUTH PLAIN AGJvYgBhMw==", "AUTH PLAIN AGJvYgBhNA==",
                                          "AUTH PLAIN AGJvYgBhNQ==" };
    struct session *session;

    if (n % 4 == 0)
        session = SESSION_OF(BANNER, EHLO, { logins[n / 4 % 5], "535 5.7.8 no", 0 }, QUIT);
    else if (n % 4 == 1)
        session = SESSION_OF(BANNER, EHLO, MAIL,
                             { "RCPT TO:<b@c>", n < 40 ? "450 4.2.0 later" : "250 2.1.5 ok", 0 }, QUIT);
    else if (n % 4 == 2)
        session = SESSION_OF(BANNER, { "EHLO x", "250-y\n250-PIPELINING\n250 PIPECONNECT", 0 },
                             { "MAIL FROM:<a@b>", "250 ok", n % 8 == 6 ? STEP_PIPELINED : 0 }, QUIT);
    else
        session = SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "250 ok", 0 },
                             { "RCPT TO:<x@far.example>", "554 5.7.1 Relay access denied", 0 }, QUIT);
    return run_place(run, session, n % 4 == 2 ? 50 + n / 8 : n % 4, n * 10);
}

/* Of each session its rules, commands and causes, in a line. */
static void tell(const struct analysis *analysis, char out[TOLD_MOST])
{
    size_t at = strlen(out);

    for (size_t i = 0; i < analysis->finding_count && at < TOLD_MOST - 100; i++) {
        const struct finding *f = &analysis->findings[i];
        at += (size_t)snprintf(out + at, TOLD_MOST - at, "%u:%s<%u %.*s\n", (unsigned)f->command,
                               rule_of(f->rule)->id, (unsigned)f->cause_command,
                               (int)(f->detail.len < 50 ? f->detail.len : 50),
                               f->detail.len ? (const char *)f->detail.ptr : "");
    }
    out[at] = '\0';
}

static void judge(size_t together, char (*told)[TOLD_MOST])
{
    struct run run;

    run_begin(&run, NULL);
    for (unsigned n = 0; n < SESSIONS;) {
        struct session *sessions[ANALYSES_TOGETHER];
        struct analysis *analyses[ANALYSES_TOGETHER];
        size_t count = 0;
        for (; count < together && n + count < SESSIONS; count++)
            sessions[count] = session_of(&run, n + (unsigned)count);
        analyses_new(run.analyzer, sessions, count, analyses);
        for (size_t i = 0; i < count; i++, n++) {
            assert_non_null(analyses[i]);
            told[n][0] = '\0';
            tell(analyses[i], told[n]);
            analysis_free(analyses[i]);
        }
    }
    run_end(&run);
}

static void each_gets_what_it_would_get_alone(void **state)
{
    static char alone[SESSIONS][TOLD_MOST], together[SESSIONS][TOLD_MOST];
    size_t over_sessions = 0;

    (void)state;
    judge(1, alone);
    judge(ANALYSES_TOGETHER, together);
    for (unsigned n = 0; n < SESSIONS; n++) {
        assert_string_equal(alone[n], together[n]);
        over_sessions += strstr(alone[n], "brute-force") != NULL;
        over_sessions += strstr(alone[n], "open-relay-attempt") != NULL;
        over_sessions += n % 8 == 6 && !strstr(alone[n], "pipelining-violation");
    }
    assert_true(over_sessions > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gets_what_it_would_get_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
