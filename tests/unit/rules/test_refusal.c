/* Refusals as servers word them, each with the reason that must come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/refusal.h"
#include "tests/support/session_builder.h"

#define MAIL    REFUSAL_MAIL
#define RCPT    REFUSAL_RCPT
#define DATA    REFUSAL_DATA
#define BODY    REFUSAL_CONTENT
#define CONNECT REFUSAL_CONNECT
#define SURE    CONFIDENCE_CERTAIN
#define LIKELY  CONFIDENCE_LIKELY
#define MAYBE   CONFIDENCE_POSSIBLE

/* clang-format off */
static const struct {
    enum refusal_step step;
    const char *reply;
    enum refusal_reason reason;
    enum confidence confidence;
    enum block_list list;
} rows[] = {
    /* recipients */
    { RCPT, "550 5.1.1 <x@y>: Recipient address rejected: User unknown in local recipient table", REASON_RECIPIENT_UNKNOWN, SURE, 0 },
    { RCPT, "450 4.1.1 <x@y>: Recipient address rejected: User unknown in local recipient table", REASON_RECIPIENT_UNKNOWN, SURE, 0 },
    { RCPT, "450 4.1.1 <x@y>: Recipient address rejected: unverified address: Address verification in progress", REASON_RECIPIENT_UNKNOWN, MAYBE, 0 },
    { RCPT, "550 5.1.1 <x@y>... User unknown", REASON_RECIPIENT_UNKNOWN, SURE, 0 },
    { RCPT, "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550 5.1.1 unnecessary spaces. - gsmtp", REASON_RECIPIENT_UNKNOWN, SURE, 0 },
    { RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", REASON_RECIPIENT_UNKNOWN, SURE, 0 },
    { RCPT, "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [x.prod.protection.outlook.com]", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 sorry, no mailbox here by that name (#5.1.1)", REASON_RECIPIENT_UNKNOWN, SURE, 0 },
    { RCPT, "550 User <bob> unknown", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "550 Unrouteable address", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "550 No such user here", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "550 5.0.0 <x@y> 5.1.1 no such user", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "550 Invalid recipient: <x@y>", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "554 delivery error: dd This user doesn't have a yahoo.com account (x@y) [0]", REASON_RECIPIENT_UNKNOWN, LIKELY, 0 },
    { RCPT, "450 4.1.2 <x@y>: Recipient address rejected: Domain not found", REASON_RECIPIENT_DOMAIN, SURE, 0 },
    { RCPT, "556 no mail here", REASON_RECIPIENT_DOMAIN, MAYBE, 0 },
    { RCPT, "551 try <z@w>", REASON_RECIPIENT_UNKNOWN, MAYBE, 0 },
    { RCPT, "550 5.2.1 The email account that you tried to reach is disabled.", REASON_RECIPIENT_DISABLED, SURE, 0 },
    { RCPT, "452-4.2.2 The email account that you tried to reach is over quota.\n452 4.2.2 gsmtp", REASON_MAILBOX_FULL, SURE, 0 },
    { RCPT, "552 5.2.2 <x@y>: Recipient address rejected: Mailbox is full", REASON_MAILBOX_FULL, SURE, 0 },
    { RCPT, "552 5.2.2 no", REASON_MAILBOX_FULL, SURE, 0 },
    { RCPT, "552 Quota exceeded", REASON_MAILBOX_FULL, SURE, 0 },
    { RCPT, "452 Mailbox full", REASON_MAILBOX_FULL, LIKELY, 0 },
    { RCPT, "552 no", REASON_MAILBOX_FULL, MAYBE, 0 },
    { BODY, "552 5.2.2 <x@y> Quota exceeded (mailbox for user is full)", REASON_MAILBOX_FULL, SURE, 0 },
    { RCPT, "452 4.5.3 Error: too many recipients", REASON_RECIPIENTS_LIMIT, SURE, 0 },
    { RCPT, "452 too many recipients", REASON_RECIPIENTS_LIMIT, LIKELY, 0 },
    { RCPT, "550 5.5.3 no", REASON_RECIPIENTS_LIMIT, SURE, 0 },
    { RCPT, "452 4.3.1 Insufficient system storage", REASON_SYSTEM, SURE, 0 },
    { RCPT, "452 no", REASON_NONE, CONFIDENCE_NONE, 0 },
    /* relaying */
    { RCPT, "554 5.7.1 <x@y>: Relay access denied", REASON_RELAY, SURE, 0 },
    { RCPT, "550 5.7.1 <x@y>... Relaying denied. IP name lookup failed [192.0.2.1]", REASON_RELAY, SURE, 0 },
    { RCPT, "550 relay not permitted", REASON_RELAY, LIKELY, 0 },
    { RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", REASON_RELAY, SURE, 0 },
    { RCPT, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", REASON_RELAY, SURE, 0 },
    { RCPT, "550 5.7.1 Unable to relay", REASON_RELAY, SURE, 0 },
    { RCPT, "550 5.7.64 TenantAttribution; Relay Access Denied", REASON_RELAY, SURE, 0 },
    { RCPT, "550-Please turn on SMTP Authentication in your mail client.\n550 192.0.2.1 is not permitted to relay through this server without authentication.", REASON_RELAY, LIKELY, 0 },
    { RCPT, "513 Relaying denied.", REASON_RELAY, LIKELY, 0 },
    /* what the server asks for */
    { MAIL, "530 5.7.0 Must issue a STARTTLS command first", REASON_TLS, SURE, 0 },
    { MAIL, "550 5.7.1 Authentication required", REASON_LOGIN, SURE, 0 },
    { MAIL, "530 5.7.57 Client not authenticated to send mail.", REASON_LOGIN, SURE, 0 },
    { MAIL, "400 STARTTLS is required first.", REASON_TLS, LIKELY, 0 },
    { RCPT, "553 5.7.1 <a@b>: Sender address rejected: not logged in", REASON_LOGIN, SURE, 0 },
    /* senders */
    { RCPT, "553 5.7.1 <a@b>: Sender address rejected: not owned by user bob", REASON_SENDER, SURE, 0 },
    { MAIL, "450 4.1.8 <a@b>: Sender address rejected: Domain not found", REASON_SENDER, SURE, 0 },
    { MAIL, "553 5.1.8 <a@b>... Domain of sender address a@b does not exist", REASON_SENDER, SURE, 0 },
    { RCPT, "550 Sender verify failed", REASON_SENDER, LIKELY, 0 },
    { MAIL, "550 5.1.1 user unknown", REASON_SENDER, SURE, 0 },
    { RCPT, "550 5.1.0 <a@b>: Sender address rejected: User unknown in virtual mailbox table", REASON_SENDER, LIKELY, 0 },
    { MAIL, "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)", REASON_SENDER, SURE, 0 },
    { BODY, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", REASON_SENDER, SURE, 0 },
    { RCPT, "550 5.7.23 <x@y>: Recipient address rejected: Message rejected due to: SPF fail - not authorized.", REASON_SENDER_CHECKS, SURE, 0 },
    { BODY, "550-5.7.26 Unauthenticated email from example.org is not accepted due to\n550 5.7.26 domain's DMARC policy.", REASON_SENDER_CHECKS, SURE, 0 },
    { BODY, "550 5.7.509 Access denied, sending domain example.org does not pass DMARC verification", REASON_SENDER_CHECKS, SURE, 0 },
    { BODY, "550 5.7.1 Message not authenticated (DKIM)", REASON_SENDER_CHECKS, SURE, 0 },
    /* the client */
    { RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1", REASON_BLOCKLIST, SURE, BLOCK_LIST_SPAMHAUS_ZEN },
    { CONNECT, "554 Blocked - see http://www.spamcop.net/bl.shtml?192.0.2.1", REASON_BLOCKLIST, LIKELY, BLOCK_LIST_SPAMCOP },
    { RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using b.barracudacentral.org", REASON_BLOCKLIST, SURE, BLOCK_LIST_BARRACUDA },
    { RCPT, "550 5.7.1 rejected because 192.0.2.1 is in a black list at dnsbl.sorbs.net", REASON_BLOCKLIST, SURE, BLOCK_LIST_SORBS },
    { CONNECT, "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", REASON_BLOCKLIST, LIKELY, BLOCK_LIST_PROOFPOINT },
    { MAIL, "550 5.7.1 blocked, see https://csi.cloudmark.com/reset-request/?ip=192.0.2.1", REASON_BLOCKLIST, SURE, BLOCK_LIST_CLOUDMARK },
    { MAIL, "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", REASON_CLIENT, SURE, 0 },
    { RCPT, "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", REASON_CLIENT, SURE, 0 },
    { RCPT, "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", REASON_CLIENT_NAME, SURE, 0 },
    { BODY, "550 5.7.25 no", REASON_CLIENT_NAME, SURE, 0 },
    { RCPT, "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", REASON_CLIENT_NAME, LIKELY, 0 },
    { RCPT, "450 4.7.1 <c>: Helo command rejected: Host not found", REASON_CLIENT_NAME, SURE, 0 },
    { CONNECT, "554 Your IP is on our blacklist", REASON_LISTED, LIKELY, 0 },
    { RCPT, "554 5.7.1 Sender address [a@b] blocked using dbl.spamhaus.org", REASON_SENDER, SURE, BLOCK_LIST_SPAMHAUS_DBL },
    { BODY, "554 5.7.1 a link is listed in multi.surbl.org", REASON_DOMAIN_LIST, SURE, BLOCK_LIST_SURBL },
    /* limits, greylisting */
    { RCPT, "450 4.2.0 <x@y>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/y.html", REASON_GREYLIST, LIKELY, 0 },
    { RCPT, "451 4.7.1 Greylisting in action, please come back in 00:05:00", REASON_GREYLIST, SURE, 0 },
    { BODY, "451 4.7.1 Greylisted; please try again in 300 seconds.", REASON_GREYLIST, SURE, 0 },
    { RCPT, "451 Temporary local problem - please try later", REASON_SYSTEM, LIKELY, 0 },
    { BODY, "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail\n421 4.7.28 gsmtp", REASON_RATE, SURE, 0 },
    { MAIL, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", REASON_RATE, SURE, 0 },
    { MAIL, "450 4.7.1 Error: too much mail from 192.0.2.1", REASON_RATE, SURE, 0 },
    { RCPT, "450 4.7.1 Error: too many recipients from 192.0.2.1", REASON_RATE, SURE, 0 },
    { MAIL, "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", REASON_RATE, SURE, 0 },
    { CONNECT, "421 4.7.0 mx Error: too many connections from 192.0.2.1", REASON_RATE, SURE, 0 },
    { RCPT, "550 5.4.5 Daily user sending quota exceeded", REASON_RATE, SURE, 0 },
    { MAIL, "421 4.7.0 mx Error: too many errors", REASON_ERROR_LIMIT, SURE, 0 },
    /* the message */
    { BODY, "554 5.7.1 Message rejected as spam by Content Filtering.", REASON_SPAM, SURE, 0 },
    { BODY, "554 spam", REASON_SPAM, LIKELY, 0 },
    { BODY, "550-5.7.1 [192.0.2.1] Our system has detected that this message is likely\n550 5.7.1 unsolicited mail.", REASON_SPAM, SURE, 0 },
    { BODY, "554 5.7.1 virus Eicar-Test-Signature found", REASON_VIRUS, SURE, 0 },
    { BODY, "550 This message contains malware (Win.Test.EICAR)", REASON_VIRUS, LIKELY, 0 },
    { BODY, "552 5.3.4 Message size exceeds fixed limit", REASON_SIZE, SURE, 0 },
    { MAIL, "552 5.3.4 Message size exceeds fixed limit", REASON_SIZE, SURE, 0 },
    { MAIL, "552 Message size exceeds maximum permitted", REASON_SIZE, SURE, 0 },
    { BODY, "552 no", REASON_SIZE, MAYBE, 0 },
    { BODY, "554 5.6.1 NUL byte not allowed", REASON_FORMAT, SURE, 0 },
    { BODY, "550 5.7.1 missing header From", REASON_FORMAT, MAYBE, 0 },
    { BODY, "451 4.3.0 Error: queue file write error", REASON_SYSTEM, SURE, 0 },
    { BODY, "550 Administrative prohibition", REASON_POLICY, LIKELY, 0 },
    { BODY, "550 5.7.1 no", REASON_POLICY, MAYBE, 0 },
    { BODY, "554 no", REASON_NONE, CONFIDENCE_NONE, 0 },
    /* syntax */
    { RCPT, "501 5.1.3 Bad recipient address syntax", REASON_ADDRESS_SYNTAX, SURE, 0 },
    { RCPT, "501 Error: Bad recipient address syntax", REASON_ADDRESS_SYNTAX, SURE, 0 },
    { MAIL, "555 5.5.4 Unsupported option: FOO=bar", REASON_PARAMETER, SURE, 0 },
    { DATA, "554 5.5.0 Error: SMTP protocol synchronization", REASON_PIPELINING, LIKELY, 0 },
    /* signs that contradict each other, and what is no sign */
    { RCPT, "550 5.1.1 client blocked using zen.spamhaus.org", REASON_RECIPIENT_UNKNOWN, MAYBE, BLOCK_LIST_SPAMHAUS_ZEN },
    { RCPT, "550 5.2.2 no such user", REASON_MAILBOX_FULL, MAYBE, 0 },
    { RCPT, "550 5.6.0 no such user", REASON_RECIPIENT_UNKNOWN, MAYBE, 0 },
    { RCPT, "550 <spam@spamhaus.example>: no", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 spam@example.org: no", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 bob@spamhaus.org: no", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 virus.example.org says no", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 anti-virus.example.org says no", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 unspammable", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 <unclosed spam", REASON_SPAM, LIKELY, 0 },
    { RCPT, "550 ", REASON_NONE, CONFIDENCE_NONE, 0 },
    { RCPT, "550 s", REASON_NONE, CONFIDENCE_NONE, 0 },
};
/* clang-format on */

static struct session *refused(const char *reply)
{
    const struct step steps[] = { { NULL, "220 mx", 0 }, { "RCPT TO:<b@c>", reply, 0 } };

    return session_build(steps, 2, PROTOCOL_SMTP);
}

static const struct reply *reply_of(const struct session *session)
{
    return session->items[session->item_count - 1].reply;
}

static void every_refusal_has_its_reason(void **state)
{
    bool is_right = true;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = refused(rows[i].reply);
        struct refusal got = refusal_classify(reply_of(session), rows[i].step, 0);
        if (got.reason != rows[i].reason || got.confidence != rows[i].confidence
            || got.list != rows[i].list) {
            print_message("%s: \"%s\" %s, list %d\n", rows[i].reply, reason_of(got.reason)->words,
                          confidence_name(got.confidence), (int)got.list);
            is_right = false;
        }
        session_free(session);
    }
    assert_true(is_right);
}

static void what_cannot_be_is_not_said(void **state)
{
    struct session *session = refused("550 5.7.57 Client not authenticated: relay access denied");

    (void)state;
    assert_int_equal(refusal_classify(reply_of(session), RCPT, 0).reason, REASON_LOGIN);
    assert_int_equal(refusal_classify(reply_of(session), RCPT, reason_bit(REASON_LOGIN)).reason,
                     REASON_RELAY);
    session_free(session);
}

/* Every phrase that stands in the table is found where it stands alone, whatever else begins like it. */
static void every_phrase_is_found(void **state)
{
    static const char *const texts[] = {
#define PAIR(a, b)
#define PHRASE(text, reason) text,
#define LISTED(text, list)   text,
#include "rules/refusal_phrases.def"
#undef PAIR
#undef PHRASE
#undef LISTED
    };
    static const uint64_t bits[] = {
#define PAIR(a, b)
#define PHRASE(text, reason) UINT64_C(1) << REASON_##reason,
#define LISTED(text, list)   UINT64_C(1) << REASON_BLOCKLIST | UINT64_C(1) << REASON_DOMAIN_LIST,
#include "rules/refusal_phrases.def"
#undef PAIR
#undef PHRASE
#undef LISTED
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char line[128] = "550 (";
        size_t len = strlen(texts[i]);
        strcat(line, texts[i]);
        for (char *p = line; *p; p++)
            *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        strcpy(line + 5 + len - (texts[i][len - 1] == '*'), texts[i][len - 1] == '*' ? "xyz" : ")");
        struct session *session = refused(line);
        if (!(refusal_signs_of(reply_of(session)).reasons & bits[i]))
            fail_msg("\"%s\" is not found", texts[i]);
        session_free(session);
    }
}

/* In a heap copy of exact size, so that one octet too far is seen. */
static void every_truncation_is_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t len = 0; len + 4 <= strlen(rows[i].reply); len++) {
            uint8_t *copy = malloc(len ? len : 1);
            assert_non_null(copy);
            memcpy(copy, rows[i].reply + 4, len);
            struct bytes line = { copy, len };
            struct reply reply = { .code = 550, .lines = &line, .line_count = 1 };
            (void)refusal_classify(&reply, rows[i].step, 0);
            (void)refusal_delay_seconds(&reply);
            free(copy);
        }
}

static void a_delay_is_read_with_its_unit(void **state)
{
    static const struct {
        const char *reply;
        uint64_t seconds;
    } delays[] = {
        { "450 Greylisted for 300 seconds", 300 },
        { "450 Greylisted for 5 minutes", 300 },
        { "450 come back in 00:05:30", 330 },
        { "450 wait 1 hour", 3600 },
        { "450 wait 90s", 90 },
        { "450 wait 2min.", 120 },
        { "450 4.7.1 [192.0.2.1] greylisted", 0 },
        { "450 see id 123456 or 12 seats", 0 },
        { "450 wait 123456789012345678901 seconds", 0 },
        { "450 wait 0:05", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        struct session *session = refused(delays[i].reply);
        if (refusal_delay_seconds(reply_of(session)) != delays[i].seconds)
            fail_msg("%s: %llu", delays[i].reply,
                     (unsigned long long)refusal_delay_seconds(reply_of(session)));
        session_free(session);
    }
}

static void tables_are_complete(void **state)
{
    (void)state;
    for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        const struct reason *reason = reason_of((enum refusal_reason)i);
        bool is_general =
            reason->command_rule == RULE_COMMAND_REFUSED || reason->content_rule == RULE_MESSAGE_REFUSED;
        assert_non_null(rule_of(reason->command_rule));
        assert_non_null(rule_of(reason->content_rule));
        assert_true(reason->words[0] && reason->subjects[0]);
        assert_true(!is_general || reason->advice[0]);
    }
    assert_int_equal(reason_of((enum refusal_reason)99)->command_rule, RULE_COMMAND_REFUSED);
    for (unsigned i = BLOCK_LIST_NONE + 1; i < BLOCK_LIST_COUNT; i++)
        assert_non_null(block_list_name((enum block_list)i));
    assert_null(block_list_name(BLOCK_LIST_NONE));
    assert_null(block_list_name((enum block_list)999));
    assert_false(block_list_is_of_domains((enum block_list)999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_has_its_reason), cmocka_unit_test(what_cannot_be_is_not_said),
        cmocka_unit_test(every_phrase_is_found),        cmocka_unit_test(a_delay_is_read_with_its_unit),
        cmocka_unit_test(every_truncation_is_survived), cmocka_unit_test(tables_are_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
