/* Verdicts: what servers really answered, session by session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replay/replay.h"
#include "tests/support/session_builder.h"

enum { STEPS_MAX = 14 };

#define BANNER                                                                                               \
    {                                                                                                        \
        NULL, "220 mx ESMTP", 0                                                                              \
    }
#define EHLO                                                                                                 \
    {                                                                                                        \
        "EHLO c.example",                                                                                    \
            "250-mx\n250-PIPELINING\n250-SIZE 1000\n250-CHUNKING\n250-BINARYMIME\n250-ETRN\n"                \
            "250-STARTTLS\n250-AUTH PLAIN LOGIN\n250 8BITMIME",                                              \
            0                                                                                                \
    }
#define EHLO_XCLIENT                                                                                         \
    {                                                                                                        \
        "EHLO c.example", "250-mx\n250 XCLIENT NAME", 0                                                      \
    }
#define HELO                                                                                                 \
    {                                                                                                        \
        "HELO c.example", "250 mx", 0                                                                        \
    }
#define MAIL                                                                                                 \
    {                                                                                                        \
        "MAIL FROM:<a@example.org>", "250 ok", 0                                                             \
    }
#define RCPT                                                                                                 \
    {                                                                                                        \
        "RCPT TO:<b@example.net>", "250 ok", 0                                                               \
    }
#define QUIT                                                                                                 \
    {                                                                                                        \
        "QUIT", "221 bye", 0                                                                                 \
    }
#define LOGIN_ASKED                                                                                          \
    { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },                                                                 \
    {                                                                                                        \
        "Ym9i", "334 UGFzc3dvcmQ6", 0                                                                        \
    }
#define GAP                                                                                                  \
    {                                                                                                        \
        "", NULL, STEP_GAP_CLIENT                                                                            \
    }

struct scenario {
    const char *name;
    enum protocol protocol;
    struct step steps[STEPS_MAX];
    const char *verdicts; /* of each command: "ok", "misordered/nested-mail", "consequence/nested-mail<3" */
};

static const struct scenario scenarios[] = {
    { "a message",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "354 go", 0 }, { "x\r\n", "250 queued as 1", 0 }, QUIT },
      "ok ok ok ok ok" },
    { "MAIL before any greeting, refused and accepted",
      PROTOCOL_SMTP,
      { BANNER, { "MAIL FROM:<a@b>", "503 hello first", 0 }, MAIL, RCPT, { "RSET", "250 ok", 0 }, MAIL },
      "misordered/no-greeting tolerated/no-greeting ok ok tolerated/no-greeting" },
    { "MAIL after a refused EHLO is its consequence",
      PROTOCOL_SMTP,
      { BANNER,
        { "EHLO", "501 argument", 0 },
        { "MAIL FROM:<a@b>", "503 hello first", 0 },
        { "RCPT TO:<a@b>", "503 need MAIL", 0 } },
      "refused consequence/no-greeting<1 consequence/rcpt-without-mail<1" },
    { "nested MAIL refused leaves the first envelope",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        RCPT,
        { "MAIL FROM:<x@y>", "503 nested", 0 },
        { "DATA", "354 go", 0 },
        { "x", "250 ok", 0 },
        MAIL },
      "ok ok ok misordered/nested-mail ok ok" },
    { "nested MAIL with other codes",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "MAIL FROM:<x@y>", "502 no", 0 },
        { "MAIL FROM:<x@y>", "421 no", 0 },
        { "MAIL FROM:<x@y>", "530 no", 0 } },
      "ok ok misordered/nested-mail misordered/nested-mail misordered/nested-mail" },
    { "nested MAIL let pass clears the recipients",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, MAIL, { "DATA", "503 need RCPT", 0 } },
      "ok ok ok tolerated/nested-mail consequence/data-without-rcpt<4" },
    { "nested MAIL let pass keeps the recipients",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, MAIL, { "DATA", "354 go", 0 }, { "x", "250 ok", 0 } },
      "ok ok ok tolerated/nested-mail ok" },
    { "DATA without recipients behind a nested MAIL that had none to keep",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, MAIL, { "DATA", "354 go", 0 }, { "x", "554 no valid recipients", 0 } },
      "ok ok tolerated/nested-mail tolerated/data-without-rcpt" },
    { "the cascade behind a refused MAIL",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        { "MAIL FROM:<a@b>", "550 no", 0 },
        { "RCPT TO:<a@b>", "503 need MAIL", 0 },
        { "DATA", "503 need RCPT", 0 },
        { "RSET", "250 ok", 0 },
        { "RCPT TO:<a@b>", "503 need MAIL", 0 } },
      "ok refused consequence/rcpt-without-mail<2 consequence/data-without-mail<2 ok "
      "misordered/rcpt-without-mail" },
    { "a cascade that the server lets pass is tolerated",
      PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 }, RCPT },
      "ok refused tolerated/rcpt-without-mail" },
    { "all recipients refused: the first is the cause",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "RCPT TO:<a@b>", "550 no", 0 },
        { "RCPT TO:<c@d>", "451 no", 0 },
        { "DATA", "554 no valid recipients", 0 },
        { "MAIL FROM:<x@y>", "503 nested", 0 } },
      "ok ok refused refused consequence/data-without-rcpt<3 consequence/nested-mail<3" },
    { "one recipient accepted: DATA is in order",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "RCPT TO:<a@b>", "550 no", 0 },
        RCPT,
        { "DATA", "354 go", 0 },
        { "x", "250 ok", 0 } },
      "ok ok refused ok ok" },
    { "354 without recipients",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "RCPT TO:<a@b>", "550 no", 0 },
        { "DATA", "354 go", 0 },
        { "", "554 no valid recipients", 0 },
        MAIL },
      "ok ok refused tolerated/data-without-rcpt ok" },
    { "a refused DATA leaves the transaction open",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 later", 0 }, { "MAIL FROM:<x@y>", "503 nested", 0 } },
      "ok ok ok refused consequence/nested-mail<4" },
    { "content ends its transaction whatever the reply",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "354 go", 0 }, { "x", "554 spam", 0 }, MAIL },
      "ok ok ok ok ok" },
    { "no transaction at all",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        { "RCPT TO:<a@b>", "503 no", 0 },
        { "DATA", "554 no", 0 },
        { "BDAT 3 LAST", "503 no", 0 } },
      "ok misordered/rcpt-without-mail misordered/data-without-mail misordered/bdat-without-mail" },
    { "syntax errors out of order are misordered",
      PROTOCOL_SMTP,
      { BANNER, EHLO, { "RCPT", "501 syntax", 0 }, { "DATA x", "501 syntax", 0 } },
      "ok misordered/rcpt-without-mail misordered/data-without-mail" },
    { "a second EHLO is in order, and ends the transaction",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, EHLO, { "RCPT TO:<a@b>", "503 need MAIL", 0 }, { "EHLO c", "503 already", 0 } },
      "ok ok ok misordered/rcpt-without-mail contradicted" },
    { "a refused EHLO inside a transaction changes nothing",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "EHLO", "501 argument", 0 }, RCPT },
      "ok ok refused ok" },
    { "always legal commands",
      PROTOCOL_SMTP,
      { BANNER,
        { "NOOP", "250 ok", 0 },
        { "HELP", "214 x", 0 },
        { "VRFY a", "252 x", 0 },
        { "EXPN a", "502 x", 0 },
        { "RSET", "503 no", 0 },
        { "WHAT", "500 x", 0 },
        { "WHAT", "503 x", 0 } },
      "ok ok ok refused contradicted refused contradicted" },
    { "AUTH before EHLO, after HELO, twice and in a transaction",
      PROTOCOL_SMTP,
      { BANNER,
        { "AUTH PLAIN AGEAYg==", "503 no", 0 },
        HELO,
        { "AUTH PLAIN AGEAYg==", "503 no", 0 },
        EHLO,
        MAIL,
        { "AUTH PLAIN AGEAYg==", "503 no", 0 },
        { "RSET", "250 ok", 0 },
        { "AUTH PLAIN AGEAYg==", "235 ok", 0 },
        { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
      "misordered/auth-before-ehlo ok misordered/esmtp-after-helo ok ok misordered/auth-in-transaction ok ok "
      "misordered/auth-after-auth" },
    { "extensions after HELO follow from a refused EHLO, not from another HELO",
      PROTOCOL_SMTP,
      { BANNER,
        HELO,
        { "HELO c", "503 already identified", 0 },
        { "AUTH PLAIN AGEAYg==", "503 no", 0 },
        { "EHLO c", "503 already identified", 0 },
        { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
      "ok contradicted misordered/esmtp-after-helo contradicted consequence/esmtp-after-helo<4" },
    { "RCPT let pass without MAIL, and DATA not",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        RCPT,
        { "DATA", "503 MAIL expected", 0 },
        MAIL,
        RCPT,
        { "DATA", "354 go", 0 },
        { "x", "250 ok", 0 } },
      "ok tolerated/rcpt-without-mail consequence<2 ok ok ok" },
    { "AUTH is judged by how its exchange ended",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        LOGIN_ASKED,
        { "eA==", "535 no", 0 },
        { "MAIL FROM:<a@b>", "530 authenticate", 0 },
        LOGIN_ASKED,
        { "eQ==", "235 ok", 0 },
        MAIL },
      "ok refused refused<2 ok ok" },
    { "AUTH accepted in a transaction is tolerated, though it ends badly",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 },
        { "Ym9i", "535 no", 0 },
        { "RCPT TO:<a@b>", "503 Use MAIL before RCPT", 0 },
        MAIL },
      "ok ok tolerated/auth-in-transaction consequence<3 ok" },
    { "AUTH in a transaction that keeps the envelope",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "AUTH PLAIN AGEAYg==", "535 no", 0 },
        RCPT,
        { "MAIL FROM:<a@b>", "503 nested", 0 } },
      "ok ok misordered/auth-in-transaction ok misordered/nested-mail" },
    { "what is not offered",
      PROTOCOL_SMTP,
      { BANNER,
        { "EHLO c", "250-mx\n250 AUTH PLAIN", 0 },
        { "STARTTLS", "502 no", 0 },
        { "AUTH LOGIN", "504 no", 0 },
        { "ETRN x", "250 ok", 0 },
        MAIL,
        RCPT,
        { "BDAT 3 LAST", "500 no", 0 } },
      "ok misordered/starttls-not-offered misordered/auth-mechanism-not-offered "
      "tolerated/extension-not-offered ok "
      "ok misordered/bdat-not-offered" },
    { "no AUTH offered, and the old spelling of the offer",
      PROTOCOL_SMTP,
      { BANNER,
        { "EHLO c", "250 mx", 0 },
        { "AUTH PLAIN AGEAYg==", "503 not enabled", 0 },
        { "EHLO c", "250-mx\n250 AUTH=LOGIN PLAIN", 0 },
        { "AUTH PLAIN AGEAYg==", "235 ok", 0 } },
      "ok misordered/auth-not-offered ok ok" },
    { "STARTTLS forgets the greeting",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        { "STARTTLS", "220 go", 0 },
        { "", NULL, STEP_TLS },
        { "MAIL FROM:<a@b>", "503 hello", 0 },
        { "AUTH PLAIN AGEAYg==", "503 no", 0 },
        { "RCPT TO:<a@b>", "503 no", 0 },
        { "STARTTLS", "554 active", 0 } },
      "ok ok misordered/starttls-no-new-ehlo misordered/starttls-no-new-ehlo consequence/rcpt-without-mail<3 "
      "misordered/starttls-twice" },
    { "STARTTLS in a transaction drops it",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        { "STARTTLS", "220 go", 0 },
        { "", NULL, STEP_TLS },
        { "RCPT TO:<a@b>", "503 no", 0 } },
      "ok ok tolerated/starttls-in-transaction consequence/rcpt-without-mail<3" },
    { "STARTTLS after AUTH is in order",
      PROTOCOL_SMTP,
      { BANNER, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, { "STARTTLS", "220 go", 0 } },
      "ok ok ok" },
    { "STARTTLS and ETRN before EHLO",
      PROTOCOL_SMTP,
      { BANNER, { "ETRN x", "503 hello", 0 }, { "STARTTLS", "220 go", 0 } },
      "misordered/no-greeting tolerated/no-greeting" },
    { "ETRN and XCLIENT in a transaction",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "ETRN x", "503 no", 0 }, { "XCLIENT NAME=x", "503 no", 0 } },
      "ok ok misordered/etrn-in-transaction misordered/xclient-in-transaction" },
    { "XCLIENT begins anew",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO_XCLIENT,
        { "XCLIENT NAME=x", "220 mx", 0 },
        { "MAIL FROM:<a@b>", "503 hello", 0 },
        EHLO,
        MAIL },
      "ok ok misordered/no-greeting ok ok" },
    { "chunks",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        RCPT,
        { "BDAT 3", "250 ok", 0 },
        { "NOOP", "250 ok", 0 },
        { "BDAT 0 LAST", "250 ok", 0 },
        { "BDAT 3 LAST", "503 no", 0 },
        MAIL },
      "ok ok ok ok ok ok misordered/bdat-after-last ok" },
    { "commands between chunks",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        RCPT,
        { "BDAT 3", "250 ok", 0 },
        { "RCPT TO:<a@b>", "250 ok", 0 },
        { "MAIL FROM:<a@b>", "503 no", 0 },
        { "DATA", "503 no", 0 },
        { "BDAT 3 LAST", "250 ok", 0 } },
      "ok ok ok ok tolerated/bdat-interrupted misordered/bdat-interrupted misordered/bdat-data-mix ok" },
    { "DATA between chunks would not have ended the message, RSET would",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        RCPT,
        { "BDAT 3", "250 ok", 0 },
        { "DATA", "503 no", 0 },
        { "MAIL FROM:<a@b>", "503 no", 0 },
        { "RSET", "451 later", 0 },
        { "MAIL FROM:<a@b>", "503 no", 0 } },
      "ok ok ok ok misordered/bdat-data-mix misordered/bdat-interrupted refused "
      "consequence/bdat-interrupted<7" },
    { "EHLO between chunks ends the message",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "BDAT 3", "250 ok", 0 }, EHLO, { "DATA", "503 need RCPT", 0 } },
      "ok ok ok ok ok misordered/data-without-mail" },
    { "a refused chunk demands RSET",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        MAIL,
        RCPT,
        { "BDAT 3", "452 full", 0 },
        { "BDAT 3 LAST", "503 no", 0 },
        { "MAIL FROM:<a@b>", "503 no", 0 },
        { "RSET", "250 ok", 0 },
        MAIL },
      "ok ok ok refused consequence/bdat-after-error<4 consequence/rset-required<4 ok ok" },
    { "behind a refused LAST one server has reset and another has not",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "BDAT 3 LAST", "554 no valid recipients", 0 }, MAIL, RCPT },
      "ok ok misordered/bdat-without-rcpt tolerated/rset-required ok" },
    { "BDAT to a server that does not know it leaves the transaction alone",
      PROTOCOL_SMTP,
      { BANNER,
        { "EHLO c", "250 mx", 0 },
        MAIL,
        RCPT,
        { "BDAT 3 LAST", "500 unknown", 0 },
        { "DATA", "354 go", 0 },
        { "x", "250 ok", 0 } },
      "ok ok ok misordered/bdat-not-offered ok" },
    { "a server that does not know AUTH has dropped no envelope for it",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "AUTH PLAIN AGEAYg==", "500 what", 0 }, { "DATA", "503 need MAIL", 0 } },
      "ok ok ok misordered/auth-in-transaction contradicted" },
    { "one that tried it may have",
      PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "AUTH PLAIN AGEAYg==", "535 no", 0 }, { "DATA", "503 need MAIL", 0 } },
      "ok ok ok misordered/auth-in-transaction consequence<4" },
    { "RCPT before MAIL to a server that keeps it, and asks for no greeting",
      PROTOCOL_SMTP,
      { BANNER, RCPT, MAIL, { "DATA", "354 go", 0 }, { "x", "250 ok", 0 } },
      "tolerated/rcpt-without-mail tolerated/no-greeting tolerated/data-without-rcpt" },
    { "and to one that forgets it",
      PROTOCOL_SMTP,
      { BANNER, RCPT, MAIL, { "DATA", "503 no recipients", 0 } },
      "tolerated/rcpt-without-mail tolerated/no-greeting misordered/data-without-rcpt" },
    { "what is not offered is wrong whatever was refused before",
      PROTOCOL_SMTP,
      { BANNER,
        { "EHLO c", "250 mx", 0 },
        MAIL,
        { "RCPT TO:<a@b>", "550 no", 0 },
        { "BDAT 3 LAST", "502 unknown", 0 },
        { "DATA", "503 no recipients", 0 },
        { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
      "ok ok refused misordered/bdat-without-rcpt consequence/data-without-rcpt<3 "
      "misordered/auth-in-transaction" },
    { "but not what an EHLO that was refused would have offered",
      PROTOCOL_SMTP,
      { BANNER,
        { "HELO c", "250 mx", 0 },
        { "EHLO c", "550 no", 0 },
        MAIL,
        { "RCPT TO:<a@b>", "550 no", 0 },
        { "BDAT 3 LAST", "502 unknown", 0 },
        { "RSET", "250 ok", 0 } },
      "ok refused ok refused consequence/bdat-without-rcpt<4 ok" },
    { "BINARYMIME needs BDAT",
      PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b> BODY=BINARYMIME", "250 ok", 0 }, RCPT, { "DATA", "503 no", 0 } },
      "ok ok ok misordered/binarymime-data" },
    { "nothing behind QUIT",
      PROTOCOL_SMTP,
      { BANNER, EHLO, QUIT, { "NOOP", "250 ok", 0 }, { "QUIT", NULL, 0 } },
      "ok ok tolerated/command-after-quit unanswered/command-after-quit" },
    { "a refused connection",
      PROTOCOL_SMTP,
      { { NULL, "554 no service", 0 }, { "EHLO c", "503 no", 0 }, { "NOOP", "250 ok", 0 }, QUIT },
      "misordered/command-after-refusal tolerated/command-after-refusal ok" },
    { "LMTP",
      PROTOCOL_LMTP,
      { BANNER,
        { "EHLO c", "500 no", 0 },
        { "LHLO c", "250 mx", 0 },
        MAIL,
        RCPT,
        RCPT,
        { "DATA", "354 go", 0 },
        { "x", "250 a\r550 b", 0 },
        MAIL },
      "misordered/lmtp-greeting-mismatch ok ok ok ok ok ok" },
    { "LHLO to an SMTP server",
      PROTOCOL_SMTP,
      { BANNER, { "LHLO c", "500 unknown", 0 }, { "MAIL FROM:<a@b>", "503 hello", 0 } },
      "misordered/lmtp-greeting-mismatch consequence/no-greeting<1" },
    { "an early talker is judged behind the greeting",
      PROTOCOL_SMTP,
      { { "EHLO c", "250 mx", STEP_EARLY }, { NULL, "220 mx", 0 }, MAIL },
      "ok ok" },
    { "a greeting inside TLS behind a client that did not wait for it",
      PROTOCOL_SMTP,
      { { "", NULL, STEP_TLS }, { "EHLO c", "250 mx", STEP_EARLY }, { NULL, "220 mx", 0 }, MAIL },
      "ok ok" },
    { "the same, where bytes of the server are missing before the greeting",
      PROTOCOL_SMTP,
      { { "", NULL, STEP_GAP_SERVER },
        { "EHLO c", "250 mx", STEP_EARLY },
        { "", NULL, STEP_GAP_SERVER },
        { NULL, "220 mx", 0 },
        MAIL },
      "ok undecided" },
    { "the server contradicts itself",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        { "MAIL FROM:<a@b>", "503 Bad sequence of commands", 0 },
        MAIL,
        RCPT,
        { "DATA", "554 5.5.1 Error: no valid recipients", 0 },
        { "RSET", "250 ok", 0 },
        MAIL,
        { "RCPT TO:<a@b>", "503 5.5.1 need MAIL command", 0 },
        MAIL },
      "ok contradicted ok ok contradicted ok ok contradicted ok" },
    { "the lines of a message behind a refused DATA have no place",
      PROTOCOL_SMTP,
      { BANNER,
        EHLO,
        { "DATA", "503 no", 0 },
        { "Subject: x", "500 no", STEP_BODY_LINE },
        { "MAIL from me", "503 no", STEP_BODY_LINE },
        { "", "500 no", STEP_BODY_LINE } },
      "ok misordered/data-without-mail refused contradicted refused" },
    { "without a reply",
      PROTOCOL_SMTP,
      { BANNER, EHLO, { "RCPT TO:<a@b>", NULL, 0 }, { "NOOP", NULL, 0 } },
      "ok unanswered/rcpt-without-mail unanswered" },
};

struct played {
    struct session *session;
    struct arena arena;
    struct replay replay;
};

static void play(struct played *p, struct session *session)
{
    p->session = session;
    arena_init(&p->arena, NULL, LIMIT_ANALYSIS_BYTES);
    assert_true(replay_session(session, &p->arena, &p->replay));
    assert_int_equal(p->replay.judgement_count, session->command_count);
}

static void release(struct played *p)
{
    arena_release(&p->arena);
    session_free(p->session);
}

static void describe(const struct judgement *judgement, char *text, size_t size)
{
    int len = snprintf(text, size, "%s", verdict_name(judgement->verdict));

    if (judgement->misorder != MISORDER_NONE)
        len += snprintf(text + len, size - (size_t)len, "/%s", misorder_id(judgement->misorder));
    if (judgement->cause)
        (void)snprintf(text + len, size - (size_t)len, "<%u", (unsigned)judgement->cause);
}

static void expect_verdicts(const char *name, const struct replay *replay, const char *expected)
{
    for (size_t i = 0; i < replay->judgement_count; i++) {
        char text[128];
        size_t len = strcspn(expected, " ");
        describe(&replay->judgements[i], text, sizeof text);
        if (strlen(text) != len || memcmp(text, expected, len) != 0)
            fail_msg("%s: command %zu is %s, not %.*s", name, i + 1, text, (int)len, expected);
        expected += len + (expected[len] == ' ');
    }
    assert_string_equal(expected, "");
}

static size_t count_steps(const struct step *steps)
{
    size_t count = 0;

    while (count < STEPS_MAX && (steps[count].send || steps[count].reply || steps[count].flags))
        count++;
    return count;
}

static void every_scenario_gets_its_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const struct scenario *scenario = &scenarios[i];
        struct played p;
        play(&p, session_build(scenario->steps, count_steps(scenario->steps), scenario->protocol));
        expect_verdicts(scenario->name, &p.replay, scenario->verdicts);
        release(&p);
    }
}

static void is_weaker(const char *name, size_t n, enum verdict whole, enum verdict cut)
{
    if (cut != whole && cut != VERDICT_UNDECIDED && cut != VERDICT_UNANSWERED)
        fail_msg("%s: command %zu was %s and became %s", name, n, verdict_name(whole), verdict_name(cut));
}

/* The same session with a hole of the client or the server before step `at`, where the step before it is
 * lost. */
static void play_with_hole(const struct scenario *scenario, size_t count, size_t at, unsigned side)
{
    struct step steps[STEPS_MAX + 1];
    struct played whole, cut;
    size_t skipped = 0;

    memcpy(steps, scenario->steps, at * sizeof steps[0]);
    steps[at] = (struct step){ "", NULL, side };
    memcpy(steps + at + 1, scenario->steps + at + 1, (count - at - 1) * sizeof steps[0]);
    play(&whole, session_build(scenario->steps, count, scenario->protocol));
    struct session *session = session_build(steps, count, scenario->protocol);
    session->is_midstream = at == 0;
    play(&cut, session);
    skipped = whole.replay.judgement_count - cut.replay.judgement_count;
    for (size_t i = 0; i < cut.replay.judgement_count; i++) {
        size_t line = session->items == NULL ? 0 : i;
        const struct item *item = replay_command(&cut.replay, (uint32_t)i + 1);
        for (size_t j = i; j <= i + skipped; j++) /* the lost step was a command before or behind it */
            if (bytes_equal(replay_command(&whole.replay, (uint32_t)j + 1)->as.command.line,
                            item->as.command.line)) {
                line = j;
                if (replay_command(&whole.replay, (uint32_t)j + 1)->at.time_ns >= item->at.time_ns)
                    break;
            }
        if (whole.replay.judgements[line].misorder == MISORDER_COMMAND_AFTER_QUIT)
            continue; /* a NOOP tells nothing of a QUIT that was lost */
        is_weaker(scenario->name, line + 1, whole.replay.judgements[line].verdict,
                  cut.replay.judgements[i].verdict);
    }
    release(&whole);
    release(&cut);
}

static bool step_is_plain_command(const struct scenario *scenario, size_t at)
{
    const struct step *before = at ? &scenario->steps[at - 1] : NULL;
    const struct step *step = &scenario->steps[at];

    if (!step->send || step->flags || strncmp(step->send, "DATA", 4) == 0
        || strncmp(step->send, "AUTH", 4) == 0)
        return false;
    return !before || !before->reply || before->reply[0] != '3';
}

/* A command that the capture lost makes verdicts behind it weaker, never other. */
static void a_hole_only_weakens_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        size_t count = count_steps(scenarios[i].steps);
        for (size_t at = 1; at < count; at++) {
            if (!step_is_plain_command(&scenarios[i], at))
                continue;
            play_with_hole(&scenarios[i], count, at, STEP_GAP_CLIENT);
            play_with_hole(&scenarios[i], count, at, STEP_GAP_SERVER);
        }
    }
}

static void events_behind_a_hole_make_the_phase_known_again(void **state)
{
    static const struct scenario rows[] = {
        { "MAIL opens",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            GAP,
            { "RCPT TO:<a@b>", "503 no", 0 },
            MAIL,
            { "MAIL FROM:<a@b>", "503 no", 0 },
            RCPT,
            { "DATA", "354 go", 0 },
            { "x", "250 ok", 0 },
            { "RCPT TO:<a@b>", "503 no", 0 } },
          "ok undecided undecided misordered/nested-mail ok ok misordered/rcpt-without-mail" },
        { "RSET closes",
          PROTOCOL_SMTP,
          { BANNER, EHLO, GAP, { "RSET", "250 ok", 0 }, { "DATA", "503 no", 0 }, MAIL },
          "ok ok misordered/data-without-mail ok" },
        { "EHLO renews the offer but not AUTH",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            GAP,
            { "AUTH PLAIN AGEAYg==", "503 no", 0 },
            EHLO,
            { "AUTH PLAIN AGEAYg==", "503 no", 0 },
            { "STARTTLS", "220 go", 0 },
            { "MAIL FROM:<a@b>", "503 no", 0 } },
          "ok undecided ok undecided ok misordered/starttls-no-new-ehlo" },
        { "an authentication is not forgotten",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            { "AUTH PLAIN AGEAYg==", "235 ok", 0 },
            GAP,
            EHLO,
            { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
          "ok ok ok misordered/auth-after-auth" },
        { "what ends an exchange with a hole in it may end another",
          PROTOCOL_SMTP,
          { BANNER, EHLO, LOGIN_ASKED, GAP, { "eA==", "535 no", 0 } },
          "ok undecided" },
        { "but not a hole behind it",
          PROTOCOL_SMTP,
          { BANNER, EHLO, LOGIN_ASKED, { "eA==", "535 no", 0 }, GAP, { "NOOP", "250 ok", 0 } },
          "ok refused ok" },
        { "AUTH in a transaction, of a client that may not have said EHLO, or have been authenticated",
          PROTOCOL_SMTP,
          { BANNER,
            GAP,
            MAIL,
            { "AUTH PLAIN AGEAYg==", "503 no", 0 },
            EHLO,
            MAIL,
            { "AUTH PLAIN AGEAYg==", "503 no", 0 },
            { "DATA", "503 no", 0 },
            { "AUTH PLAIN AGEAYg==", "503 no", 0 } },
          "undecided undecided ok ok misordered/auth-in-transaction misordered/data-without-rcpt undecided" },
        { "recipients that a MAIL behind a hole may have kept, and an AUTH that may have dropped them",
          PROTOCOL_SMTP,
          { BANNER, EHLO, GAP, MAIL, { "AUTH PLAIN AGEAYg==", "535 no", 0 }, { "DATA", "503 no", 0 } },
          "ok undecided misordered/auth-in-transaction undecided" },
        { "an envelope that a MAIL behind a hole may have dropped",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            GAP,
            MAIL,
            { "RCPT TO:<a@b>", "503 need MAIL", 0 },
            { "RSET", "250 ok", 0 },
            MAIL,
            { "RCPT TO:<a@b>", "503 need MAIL", 0 } },
          "ok undecided undecided ok ok contradicted" },
        { "and the next MAIL, which is nested for those that kept it",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            GAP,
            MAIL,
            { "RCPT TO:<a@b>", "503 need MAIL", 0 },
            { "MAIL FROM:<a@b>", "550 no", 0 } },
          "ok undecided undecided undecided" },
        { "a greeting that was not captured stays unknown",
          PROTOCOL_SMTP,
          { BANNER, GAP, MAIL, RCPT, { "RSET", "250 ok", 0 }, MAIL, EHLO, MAIL },
          "undecided ok ok undecided ok ok" },
        { "inside a content nothing is lost",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            MAIL,
            RCPT,
            { "", NULL, STEP_GAP_CONTENT },
            { "DATA", "354 go", 0 },
            { "x", "250 ok", 0 } },
          "ok ok ok ok" },
        { "503 and NOOP behind a hole",
          PROTOCOL_SMTP,
          { BANNER,
            EHLO,
            GAP,
            { "NOOP", "250 ok", 0 },
            { "NOOP", "503 no", 0 },
            { "MAIL FROM:<a@b>", "503 no", 0 },
            QUIT },
          "ok ok undecided undecided ok" },
        { "a torn line",
          PROTOCOL_SMTP,
          { BANNER, EHLO, GAP, { "M:<a@b>", "250 ok", STEP_AFTER_GAP }, { "MAIL FROM:<a@b>", "503 no", 0 } },
          "ok undecided undecided" },
        { "a refused connection stays refused",
          PROTOCOL_SMTP,
          { { NULL, "554 no", 0 }, GAP, { "EHLO c", "503 no", 0 } },
          "misordered/command-after-refusal" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct played p;
        play(&p, session_build(rows[i].steps, count_steps(rows[i].steps), rows[i].protocol));
        expect_verdicts(rows[i].name, &p.replay, rows[i].verdicts);
        release(&p);
    }
}

static void a_session_picked_up_midstream_is_undecided_until_it_begins_anew(void **state)
{
    struct played p;

    (void)state;
    play(&p, SESSION_OF(MAIL, RCPT, { "DATA", "354 go", 0 }, { "x", "250 ok", 0 }, RCPT, MAIL, EHLO, MAIL));
    assert_true(p.session->is_midstream);
    expect_verdicts("midstream", &p.replay, "undecided ok ok tolerated/rcpt-without-mail undecided ok ok");
    release(&p);
}

static void without_a_reply_the_end_of_the_session_decides(void **state)
{
    static const struct {
        enum close_kind closed;
        uint64_t missing;
        enum verdict verdict;
    } rows[] = {
        { CLOSE_FIN, 0, VERDICT_UNANSWERED },     { CLOSE_RESET, 0, VERDICT_UNANSWERED },
        { CLOSE_TIMEOUT, 0, VERDICT_UNANSWERED }, { CLOSE_END_OF_CAPTURE, 0, VERDICT_UNDECIDED },
        { CLOSE_FIN, 10, VERDICT_UNDECIDED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", NULL, 0 });
        struct played p;
        session->closed = rows[i].closed;
        session->side[SIDE_SERVER].missing_bytes = rows[i].missing;
        play(&p, session);
        assert_int_equal(p.replay.judgements[1].verdict, rows[i].verdict);
        release(&p);
    }
}

/* Who has responded, and closed without waiting for the end of it, is not seen to be refused; who did not
 * respond has given up. */
static void an_exchange_may_end_behind_the_capture(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool is_end_seen = i & 1, has_responded = i & 2;
        struct session *session =
            has_responded
                ? SESSION_OF(BANNER, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "dQ==", NULL, 0 })
                : SESSION_OF(BANNER, EHLO, { "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 });
        struct played p;
        session->side[SIDE_CLIENT].fin_ns = session->end_ns;
        session->side[SIDE_SERVER].fin_ns = is_end_seen ? session->end_ns : 0;
        play(&p, session);
        assert_int_equal(p.replay.judgements[1].verdict,
                         has_responded && !is_end_seen ? VERDICT_UNDECIDED : VERDICT_OK);
        release(&p);
    }
}

static void one_direction_alone_decides_nothing(void **state)
{
    struct session *session =
        SESSION_OF({ "EHLO c", NULL, 0 }, { "MAIL FROM:<a@b>", NULL, 0 }, { "DATA", NULL, 0 });
    struct played p;

    (void)state;
    session->is_midstream = false;
    session->one_sided = SIDE_CLIENT;
    play(&p, session);
    expect_verdicts("client only", &p.replay, "undecided undecided undecided");
    release(&p);
}

static void the_envelope_is_told(void **state)
{
    struct played p;

    (void)state;
    play(&p, SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@example.org> SIZE=77 BODY=8BITMIME", "250 ok", 0 },
                        RCPT, { "RCPT TO:<no@example.net>", "550 no", 0 }, { "DATA", "354 go", 0 },
                        { "body\r\n", "250 2.0.0 Ok: queued as 4ABC", 0 }, MAIL, { "RSET", "250 ok", 0 }));
    assert_int_equal(p.replay.transaction_count, 2);
    const struct transaction *first = &p.replay.transactions[0];
    assert_int_equal(first->mail_command, 2);
    assert_true(bytes_equal(first->mail_from, BYTES("a@example.org")));
    assert_int_equal(first->recipient_count, 2);
    assert_int_equal(first->accepted_count, 1);
    assert_int_equal(first->recipients[1].reply->code, 550);
    assert_int_equal(first->declared_size, 77);
    assert_int_equal(first->size_limit, 1000);
    assert_true(first->is_8bitmime && !first->is_binarymime);
    assert_int_equal(first->message, 1);
    assert_true(first->is_accepted);
    assert_int_equal(first->verdict, VERDICT_OK);
    assert_true(bytes_equal(first->queue_id, BYTES("4ABC")));
    assert_ptr_equal(replay_transaction_of(&p.replay, 0), first);
    assert_int_equal(p.replay.transactions[1].message, 0);
    assert_int_equal(p.replay.judgements[2].transaction, 1);
    release(&p);
}

static void lmtp_gives_each_accepted_recipient_its_reply(void **state)
{
    static const struct step steps[] = { BANNER,
                                         { "LHLO c", "250 mx", 0 },
                                         MAIL,
                                         RCPT,
                                         { "RCPT TO:<no@x>", "550 no", 0 },
                                         RCPT,
                                         { "DATA", "354 go", 0 },
                                         { "x", "250 first\r452 second", 0 } };
    struct played p;

    (void)state;
    play(&p, session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_LMTP));
    const struct transaction *transaction = &p.replay.transactions[0];
    assert_int_equal(transaction->recipients[0].final->code, 250);
    assert_null(transaction->recipients[1].final);
    assert_int_equal(transaction->recipients[2].final->code, 452);
    assert_int_equal(transaction->reply->code, 452); /* the worst */
    assert_int_equal(transaction->verdict, VERDICT_REFUSED);
    release(&p);
}

static void chunks_make_one_message(void **state)
{
    struct played p;

    (void)state;
    play(&p, SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "BDAT 3", "250 ok", 0 },
                        { "BDAT 4 LAST", "250 2.0.0 Ok: 7 bytes queued as 9F00AA11", 0 }, MAIL, RCPT,
                        { "BDAT 3", "452 full", 0 }, { "RSET", "250 ok", 0 }));
    assert_int_equal(p.session->message_count, 2);
    assert_int_equal(p.replay.transaction_count, 2);
    assert_int_equal(p.replay.transactions[0].verdict, VERDICT_OK);
    assert_true(bytes_equal(p.replay.transactions[0].queue_id, BYTES("9F00AA11")));
    assert_int_equal(p.replay.transactions[1].verdict, VERDICT_REFUSED);
    release(&p);
}

static void a_message_without_its_reply_is_unanswered(void **state)
{
    struct played p;

    (void)state;
    play(&p,
         SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "DATA", "354 go", 0 }, { "half", NULL, STEP_UNFINISHED }));
    assert_int_equal(p.replay.transactions[0].verdict, VERDICT_UNANSWERED);
    assert_false(p.replay.transactions[0].is_accepted);
    release(&p);
}

static void the_facts_stand_beside_the_verdict(void **state)
{
    struct played p;

    (void)state;
    play(&p, SESSION_OF(BANNER, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 }, HELO, MAIL));
    const struct judgement *mail = &p.replay.judgements[3];
    assert_true(mail->is_authenticated);
    assert_true(mail->is_helo);
    assert_true(mail->has_offer);
    assert_int_equal(mail->offered, 0);
    assert_int_equal(mail->greeting_command, 3);
    assert_int_equal(mail->phase, PHASE_READY);
    assert_true(p.replay.judgements[1].offered & extension_bit(EXTENSION_STARTTLS));
    assert_string_equal(phase_name(p.replay.last_phase), "mail");
    assert_non_null(p.replay.greeting);
    release(&p);
}

static void whether_the_client_could_see_the_cause_is_told(void **state)
{
    struct played p;

    (void)state;
    play(&p, SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", "550 no", 0 },
                        { "RCPT TO:<a@b>", "503 no", STEP_PIPELINED }, { "DATA", "503 no", 0 }));
    assert_int_equal(p.replay.judgements[2].verdict, VERDICT_CONSEQUENCE);
    assert_false(p.replay.judgements[2].could_see_cause);
    assert_int_equal(p.replay.judgements[3].verdict, VERDICT_CONSEQUENCE);
    assert_true(p.replay.judgements[3].could_see_cause);
    release(&p);
}

static void a_full_arena_is_told_or_survived(void **state)
{
    struct session *session =
        SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "DATA", "354 go", 0 }, { "x", "250 ok", 0 });

    (void)state;
    for (size_t limit = 0; limit < 16384; limit += 512) {
        struct arena arena;
        struct replay replay;
        arena_init(&arena, NULL, limit);
        if (replay_session(session, &arena, &replay))
            expect_verdicts("full arena", &replay, "ok ok ok ok");
        arena_release(&arena);
    }
    session_free(session);
}

static void every_verdict_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(verdict_name((enum verdict)i), verdict_name((enum verdict)j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_gets_its_verdicts),
        cmocka_unit_test(a_hole_only_weakens_verdicts),
        cmocka_unit_test(events_behind_a_hole_make_the_phase_known_again),
        cmocka_unit_test(a_session_picked_up_midstream_is_undecided_until_it_begins_anew),
        cmocka_unit_test(without_a_reply_the_end_of_the_session_decides),
        cmocka_unit_test(an_exchange_may_end_behind_the_capture),
        cmocka_unit_test(one_direction_alone_decides_nothing),
        cmocka_unit_test(the_envelope_is_told),
        cmocka_unit_test(lmtp_gives_each_accepted_recipient_its_reply),
        cmocka_unit_test(chunks_make_one_message),
        cmocka_unit_test(a_message_without_its_reply_is_unanswered),
        cmocka_unit_test(the_facts_stand_beside_the_verdict),
        cmocka_unit_test(whether_the_client_could_see_the_cause_is_told),
        cmocka_unit_test(a_full_arena_is_told_or_survived),
        cmocka_unit_test(every_verdict_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
