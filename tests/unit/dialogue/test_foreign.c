/* What is no SMTP, from its bytes on the wire to what is found: in whole segments, and octet by octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue/dialogue.h"
#include "tests/support/scenarios.h"

enum { TALK_MAX = 10 };

#define SAYS(side, text)                                                                                     \
    {                                                                                                        \
        side, text, sizeof(text) - 1, false                                                                  \
    }
/* Sent before anything of the other side had come. */
#define SAYS_BLINDLY(side, text)                                                                             \
    {                                                                                                        \
        side, text, sizeof(text) - 1, true                                                                   \
    }
#define CLIENT       SIDE_CLIENT
#define SERVER       SIDE_SERVER
#define HELLO        "\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03"
#define SERVER_HELLO "\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03"
#define PROXY_V2     "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\1\1\1\2"

struct talk {
    enum side side;
    const char *text;
    size_t len;
    bool is_blind;
};

/* clang-format off */
static const struct conversation {
    const char *name;
    uint16_t port;
    struct talk talk[TALK_MAX];
    enum foreign_protocol foreign;
    enum side foreign_from;
    enum rule_id finding; /* RULE_NONE: a near miss, none of those in `watched` */
    bool is_tls;
} conversations[] = {
    { "a browser", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "GET / HTTP/1.1\r\n"), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_HTTP, CLIENT, RULE_NOT_SMTP, false },
    { "a browser that does not wait", 25, { SAYS(CLIENT, "POST / HTTP/1.1\r\nHost: x\r\n\r\n"),
        SAYS_BLINDLY(SERVER, "220 mx\r\n"), SAYS(SERVER, "221 no\r\n") }, FOREIGN_HTTP, CLIENT, RULE_NOT_SMTP, false },
    { "CONNECT, which the server does not know", 25, { SAYS(CLIENT, "CONNECT x:25 HTTP/1.1\r\n\r\n"),
        SAYS(SERVER, "220 mx\r\n"), SAYS(SERVER, "500 what\r\n") }, FOREIGN_HTTP, CLIENT, RULE_NOT_SMTP, false },
    { "SIP", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "OPTIONS sip:nm SIP/2.0\r\n") },
      FOREIGN_SIP, CLIENT, RULE_NOT_SMTP, false },
    { "POP3", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "CAPA\r\n"), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_POP3, CLIENT, RULE_NOT_SMTP, false },
    { "NNTP", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "CAPABILITIES\r\n"), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_NNTP, CLIENT, RULE_NOT_SMTP, false },
    { "USER", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "USER bob\r\n"), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_POP3_OR_FTP, CLIENT, RULE_NOT_SMTP, false },
    { "IMAP", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "a1 CAPABILITY\r\n"), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_IMAP, CLIENT, RULE_NOT_SMTP, false },
    { "SSH", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "SSH-2.0-x\r\n") }, FOREIGN_SSH, CLIENT, RULE_NOT_SMTP, false },
    { "Redis", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "*1\r\n$4\r\nPING\r\n") },
      FOREIGN_REDIS, CLIENT, RULE_NOT_SMTP, false },
    { "options of Telnet, without a line end", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\xff\xfb\x1f") },
      FOREIGN_TELNET, CLIENT, RULE_NOT_SMTP, false },
    { "RDP", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\3\0\0\x0b\6\xe0\0\0\0\0\0") },
      FOREIGN_RDP, CLIENT, RULE_NOT_SMTP, false },
    { "SMB", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\0\0\0\x2f\xffSMB\x72") },
      FOREIGN_SMB, CLIENT, RULE_NOT_SMTP, false },
    { "SOCKS, not answered", 25, { SAYS(CLIENT, "\5\1\0"), SAYS(SERVER, "220 mx\r\n") },
      FOREIGN_SOCKS, CLIENT, RULE_NOT_SMTP, false },
    { "SOCKS 5, without its server", 25, { SAYS(CLIENT, "\5\1\0"), SAYS(CLIENT, "\5\1\0\3\2mx\0\31"),
        SAYS(CLIENT, "EHLO c\r\nAUTH LOGIN\r\n") }, FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "SOCKS 5 with a name, without its server", 25, { SAYS(CLIENT, "\5\1\2\1\1a\1b\5\1\0\1\xc0\0\2\31\0\31EHLO c\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "SOCKS 4, without its server", 25, { SAYS(CLIENT, "\4\1\0\31\xc0\0\2\31u\0EHLO c\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "CONNECT, without its server", 25, { SAYS(CLIENT, "CONNECT mx:25 HTTP/1.1\r\n\r\nEHLO c\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "CONNECT, and no SMTP behind it", 25, { SAYS(CLIENT, "CONNECT mx:25 HTTP/1.1\r\n\r\nwhat\r\nEHLO c\r\n") },
      FOREIGN_HTTP, CLIENT, RULE_NOT_SMTP, false },
    { "something binary", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\1\2\3\4") },
      FOREIGN_BINARY, CLIENT, RULE_NOT_SMTP, false },
    { "a web server that was sent EHLO", 25, { SAYS_BLINDLY(CLIENT, "EHLO c\r\n"), SAYS(SERVER, "HTTP/1.1 400 no\r\n") },
      FOREIGN_HTTP, SERVER, RULE_NOT_SMTP, false },
    { "a mark of byte order before EHLO", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\xef\xbb\xbf" "EHLO c\r\n"),
        SAYS(SERVER, "500 what\r\n") }, FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "GET as a later word", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "EHLO c\r\n"), SAYS(SERVER, "250 mx\r\n"),
        SAYS(CLIENT, "GET / HTTP/1.1\r\n"), SAYS(SERVER, "500 what\r\n") }, FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "empty lines", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\r\n"), SAYS(SERVER, "500 what\r\n"),
        SAYS(CLIENT, "\r\n"), SAYS(SERVER, "500 what\r\n") }, FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "TLS before the greeting", 587, { SAYS(CLIENT, HELLO), SAYS_BLINDLY(SERVER, "220 mx\r\n"), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_TLS_ON_PLAIN_PORT, false },
    { "TLS behind the greeting", 587, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, HELLO), SAYS(SERVER, "500 what\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_TLS_ON_PLAIN_PORT, false },
    { "an old ClientHello", 587, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "\x80\x2e\1\3\1\0\x15") },
      FOREIGN_TLS, CLIENT, RULE_TLS_ON_PLAIN_PORT, false },
    { "TLS behind STARTTLS", 587, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "STARTTLS\r\n"), SAYS(SERVER, "220 go\r\n"),
        SAYS(CLIENT, HELLO), SAYS(SERVER, SERVER_HELLO "\n250 x\n"), SAYS(CLIENT, "\x17\x03\x03\0\1x") },
      FOREIGN_NONE, SIDE_NONE, RULE_NONE, true },
    { "plain SMTP, answered with an alert", 465, { SAYS(CLIENT, "EHLO c\r\n"), SAYS(SERVER, "\x15\3\1\0\2\2\x46") },
      FOREIGN_NONE, SIDE_NONE, RULE_PLAIN_ON_TLS_PORT, true },
    { "commands with STARTTLS", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "STARTTLS\r\nRSET\r\n"), SAYS(SERVER, "220 go\r\n"),
        SAYS(CLIENT, HELLO), SAYS(SERVER, SERVER_HELLO) }, FOREIGN_NONE, SIDE_NONE, RULE_STARTTLS_INJECTION, true },
    { "a piece of a line before the handshake", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "STARTTLS\r\n"),
        SAYS(SERVER, "220 go\r\n"), SAYS(CLIENT, "RSET" HELLO), SAYS(SERVER, SERVER_HELLO) },
      FOREIGN_NONE, SIDE_NONE, RULE_STARTTLS_INJECTION, true },
    { "a reply behind the 220", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "STARTTLS\r\n"),
        SAYS(SERVER, "220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n"), SAYS(CLIENT, HELLO), SAYS(SERVER, SERVER_HELLO) },
      FOREIGN_NONE, SIDE_NONE, RULE_STARTTLS_RESPONSE_INJECTION, true },
    { "a server that cannot do TLS after all", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "STARTTLS\r\n"),
        SAYS(SERVER, "220 go\r\n"), SAYS(CLIENT, HELLO), SAYS(SERVER, "454 no\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "PROXY, expected", 25, { SAYS(CLIENT, "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n"), SAYS(SERVER, "220 mx\r\n"),
        SAYS(CLIENT, "EHLO c\r\n"), SAYS(SERVER, "250 mx\r\n") }, FOREIGN_NONE, SIDE_NONE, RULE_PROXY_HEADER, false },
    { "PROXY in its binary form, cut short", 25, { SAYS(SERVER, "220 mx\r\n"),
        SAYS(CLIENT, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\n") }, FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "PROXY behind the greeting", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "PROXY UNKNOWN\r\n"),
        SAYS(SERVER, "502 what\r\n"), SAYS(CLIENT, "EHLO c\r\n"), SAYS(SERVER, "250 mx\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_PROXY_HEADER, false },
    { "PROXY in its binary form behind the greeting", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, PROXY_V2),
        SAYS(SERVER, "500 what\r\n500 what\r\n"), SAYS(CLIENT, "EHLO c\r\n"), SAYS(SERVER, "250 mx\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_PROXY_HEADER, false },
    { "the message before its 354", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "EHLO c\r\n"),
        SAYS(SERVER, "250-mx\r\n250 PIPELINING\r\n"), SAYS(CLIENT, "MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\nx\r\n.\r\n"),
        SAYS(SERVER, "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_PIPELINING_VIOLATION, false },
    { "the message behind its 354", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "EHLO c\r\n"),
        SAYS(SERVER, "250-mx\r\n250 PIPELINING\r\n"), SAYS(CLIENT, "MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\n"),
        SAYS(SERVER, "250 ok\r\n250 ok\r\n354 go\r\n"), SAYS(CLIENT, "x\r\n.\r\nRSET\r\nMAIL FROM:<a@b>\r\n"),
        SAYS(SERVER, "250 ok\r\n250 ok\r\n250 ok\r\n") }, FOREIGN_NONE, SIDE_NONE, RULE_NONE, false },
    { "responses before their 334", 25, { SAYS(SERVER, "220 mx\r\n"), SAYS(CLIENT, "EHLO c\r\n"),
        SAYS(SERVER, "250-mx\r\n250-PIPELINING\r\n250 AUTH LOGIN\r\n"), SAYS(CLIENT, "AUTH LOGIN\r\nYm9i\r\nYm9i\r\n"),
        SAYS(SERVER, "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 ok\r\n") },
      FOREIGN_NONE, SIDE_NONE, RULE_AUTH_PIPELINED, false },
};
/* clang-format on */

static const enum rule_id watched[] = {
    RULE_NOT_SMTP,     RULE_TLS_ON_PLAIN_PORT,    RULE_PLAIN_ON_TLS_PORT, RULE_STARTTLS_INJECTION,
    RULE_PROXY_HEADER, RULE_PIPELINING_VIOLATION, RULE_AUTH_PIPELINED,    RULE_STARTTLS_RESPONSE_INJECTION,
    RULE_REPLY_DESYNC, RULE_COMMAND_AFTER_QUIT,
};

static void keep(void *ctx, struct session *session)
{
    *(struct session **)ctx = session;
}

/* A side that says nothing is not captured. */
static uint64_t packets_of(const struct conversation *row, enum side side)
{
    uint64_t packets = 0;

    for (size_t i = 0; i < TALK_MAX && row->talk[i].text; i++)
        packets += row->talk[i].side == side;
    return packets;
}

/* Both sides in pieces of at most `piece` octets. */
static struct session *hold(const struct conversation *row, size_t piece)
{
    struct session *session = NULL;
    struct dialogue_options options = { .sink = { .ctx = &session, .ended = keep } };
    struct flow_info flow = {
        .serial = 1,
        .end = { { { 4, { 192, 0, 2, 1 } }, 4000 }, { { 4, { 192, 0, 2, 25 } }, row->port } },
        .side = { { .packets = packets_of(row, SIDE_CLIENT), .saw_syn = true },
                  { .packets = packets_of(row, SIDE_SERVER), .saw_syn = true } },
        .close = FLOW_CLOSE_END_OF_CAPTURE,
        .closed_by = -1,
    };
    struct dialogue *dialogue = dialogue_new(&options, &flow, 0);
    uint64_t offset[2] = { 0, 0 }, number = 0;

    assert_non_null(dialogue);
    for (size_t i = 0; i < TALK_MAX && row->talk[i].text; i++) {
        const struct talk *talk = &row->talk[i];
        uint64_t acked = talk->is_blind ? 0 : offset[!talk->side];
        for (size_t at = 0; at < talk->len; at += piece) {
            uint8_t *copy = NULL;
            struct bytes part =
                bytes_slice((struct bytes){ (const uint8_t *)talk->text, talk->len }, at, piece);
            number++;
            copy = malloc(part.len); /* of exact size: a read behind it is caught */
            assert_non_null(copy);
            memcpy(copy, part.ptr, part.len);
            dialogue_data(dialogue, talk->side,
                          &(struct stream_chunk){ .data = { copy, part.len },
                                                  .offset = offset[talk->side],
                                                  .acked = acked,
                                                  .time_ns = number * 1000000,
                                                  .number = number });
            free(copy);
            offset[talk->side] += part.len;
        }
    }
    assert_true(dialogue_end(dialogue, &flow));
    assert_non_null(session);
    return session;
}

static void judge(const struct conversation *row, struct session *session)
{
    struct analyzer *analyzer = new_analyzer();

    if (session->foreign != row->foreign || session->foreign_from != row->foreign_from)
        fail_msg("%s: taken for %s", row->name, foreign_protocol_name(session->foreign));
    if (session->is_tls != row->is_tls)
        fail_msg("%s: TLS is %d", row->name, session->is_tls);
    struct analysis *analysis = analysis_new(analyzer, session);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        if ((find_finding(analysis, watched[i]) != NULL) != (watched[i] == row->finding))
            fail_msg("%s: %s is %s", row->name, rule_of(watched[i])->id,
                     watched[i] == row->finding ? "missing" : "raised");
    analysis_free(analysis);
    analyzer_free(analyzer);
}

static void every_conversation_is_taken_for_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++)
        judge(&conversations[i], hold(&conversations[i], SIZE_MAX / 2));
}

static void however_it_is_cut(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 24; piece++)
        for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++)
            judge(&conversations[i], hold(&conversations[i], piece));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_conversation_is_taken_for_what_it_is),
        cmocka_unit_test(however_it_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
