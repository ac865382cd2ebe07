/* Messages under the name of another mechanism, or of none. */
#include "messages.h"

#include <stdio.h>

/* First messages as they stand on the wire, in base64. */
static const struct {
    enum side from;
    const char *base64, *name; /* NULL: not known */
} rows[] = {
    { SIDE_CLIENT, "TlRMTVNTUAABAAAAt4II4gAAAAAAAAAAAAAAAAAAAAAFAs4OAAAADw==", "NTLM negotiate" },
    { SIDE_SERVER, "TlRMTVNTUAACAAAA", "NTLM challenge" },
    { SIDE_CLIENT, "TlRMTVNTUAADAAAA", "NTLM authenticate" },
    { SIDE_CLIENT, "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LlRPS0VOAQE=", "XOAUTH2" },
    { SIDE_CLIENT, "dXNlcjE=", NULL }, /* user1 */
    { SIDE_CLIENT, "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c210cA==", "OAUTHBEARER" },
    { SIDE_CLIENT, "AQ==", "OAUTHBEARER dummy" },
    { SIDE_CLIENT, "biwsbj11c2VyLHI9YWJj", "SCRAM client-first" },
    { SIDE_CLIENT, "eSwsbj11c2VyLHI9YWJj", "SCRAM client-first" },
    { SIDE_CLIENT, "cD10bHMtdW5pcXVlLCxuPXVzZXIscj1hYmM=", "SCRAM client-first" },
    { SIDE_SERVER, "cj1hYmMscz1BQUFBLGk9NDA5Ng==", "SCRAM server-first" },
    { SIDE_CLIENT, "Yz1iaXdzLHI9YWJjLHA9QUFBQQ==", "SCRAM client-final" },
    { SIDE_SERVER, "dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9", "SCRAM server-final" },
    { SIDE_SERVER, "ZT1pbnZhbGlkLXByb29m", "SCRAM error" },
    { SIDE_SERVER, "cmVhbG09ImEiLG5vbmNlPSJiIg==", "DIGEST-MD5 challenge" },
    { SIDE_SERVER, "bm9uY2U9ImIi", "DIGEST-MD5 challenge" },
    { SIDE_CLIENT, "dXNlcm5hbWU9ImNocmlzIg==", "DIGEST-MD5 response" },
    { SIDE_CLIENT, "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMi", "DIGEST-MD5 response" },
    { SIDE_SERVER, "cnNwYXV0aD1lYTQwZjYw", "DIGEST-MD5 rspauth" },
    { SIDE_SERVER, "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+", "CRAM-MD5 challenge" },
    { SIDE_SERVER, "eyJzdGF0dXMiOiI0MDAifQ==", "JSON" },
    { SIDE_CLIENT, "ZXlKaGJHY2k=", "JWT" },
    { SIDE_SERVER, "b3RwLW1kNSA0OTkga2UxMjM0IGV4dA==", "OTP challenge" },
    { SIDE_CLIENT, "YBwGCSqGSIb3EgECAgEAbg4wDKADAgEFoQMCAQ4=", "Kerberos" },
    { SIDE_CLIENT, "YIIAFQYGKwYBBQUCoAswCaAHMAUGA1UEAw==", "SPNEGO" },
    { SIDE_CLIENT, "YAUGA1UEAw==", "unknown" },
    { SIDE_CLIENT, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "PLAIN" },
    { SIDE_CLIENT, "dGltAHRhbnN0YWFm", NULL }, /* one NUL */
    { SIDE_CLIENT, "dGltAAA=", NULL },
    { SIDE_CLIENT, "Kg==", "cancel" },
    { SIDE_CLIENT, "", NULL },
    { SIDE_CLIENT, "YA==", NULL },
    { SIDE_CLIENT, "YP8GCQ==", NULL },
    { SIDE_SERVER, "VXNlcm5hbWU6", NULL },
};

/* In an exchange of a mechanism that nobody knows. */
static const struct sasl_field *looks_of(struct session *session, size_t step)
{
    return field_of(session, step, "looks-like");
}

static void messages_are_known_by_their_beginning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reply[128];
        bool is_client = rows[i].from == SIDE_CLIENT;
        print_message("%s\n", rows[i].base64);
        (void)snprintf(reply, sizeof reply, "334 %s", is_client ? "" : rows[i].base64);
        struct session *session =
            DECODED({ "AUTH X-NEW", reply, 0 }, { is_client ? rows[i].base64 : "", "535 no", 0 });
        const struct sasl_field *field = looks_of(session, is_client);
        assert_int_equal(field != NULL, rows[i].name != NULL);
        if (field)
            assert_bytes(field->value, rows[i].name);
        assert_int_equal(session->exchanges[0].steps[1].is_secret, is_client && rows[i].base64[0]);
        session_free(session);
    }
}

static void what_a_mechanism_refuses_is_looked_at(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH LOGIN", "334 VXNlcm5hbWU6", 0 }, { "AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "535 no", 0 });
    assert_public(session, 1, "looks-like", "PLAIN");
    assert_nowhere_shown(session, "tanstaaf");
    session_free(session);

    session = DECODED({ "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "235 ok", 0 });
    assert_null(looks_of(session, 0));
    session_free(session);
}

static void an_echo_of_a_recognised_message_is_found(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH X-NEW", "334 ", 0 }, { "ZXlKaGJHY2k=", "535 what is eyJhbGci?", 0 });

    assert_true(session->items[3].reply->is_redacted);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_known_by_their_beginning),
        cmocka_unit_test(what_a_mechanism_refuses_is_looked_at),
        cmocka_unit_test(an_echo_of_a_recognised_message_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
