/* XOAUTH2 and OAUTHBEARER: the shapes of their documents, of JSON errors and of tokens. */
#include "messages.h"

#define JWT                                                                                                  \
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9."                                                                  \
    "eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLyIsInN1YiI6IjQyIiwiYXVkIjpbInNtdHAiLCJpbWFwIl0sImV4cCI6MTcwMDAwMD" \
    "AwMCwibmJmIjoxNjk5OTkwMDAwLjUsImlhdCI6MTY5OTk5MDAwMCwic2NwIjpbIk1haWwuU2VuZCIsIlNNVFAuU2VuZCJdfQ."      \
    "c2lnbmF0dXJl"
#define CLAIMS                                                                                               \
    "alg=RS256 exp=1700000000 nbf=1699990000 iat=1699990000 aud=smtp imap iss=https://idp.example/ sub=42 "  \
    "scope=Mail.Send SMTP.Send token-kind=JWT"
#define GOOGLE_ERROR                                                                                         \
    "eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ=="

static const struct message_row both_rows[] = {
    { "the error of Google", SIDE_SERVER, "base64:" GOOGLE_ERROR,
      "status=400 schemes=Bearer scope=https://mail.google.com/", NULL },
    { "the error of Dovecot", SIDE_SERVER,
      "base64:eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJtYWlsIn0=",
      "status=401 schemes=bearer scope=mail", NULL },
    { "the error of RFC 7628", SIDE_SERVER,
      "base64:"
      "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOi"
      "JodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=",
      "status=invalid_token scope=example_scope "
      "openid-configuration=https://example.com/.well-known/openid-configuration",
      NULL },
    { "a number and a list", SIDE_SERVER,
      "{\"status\":401,\"schemes\":[\"bearer\",\"mac\",7],\"scope\":null}", "status=401 schemes=bearer mac",
      NULL },
    { "no JSON", SIDE_SERVER, "bad token", "", "no JSON object" },
    { "a list", SIDE_SERVER, "[1]", "", "no JSON object" },
    { "go ahead", SIDE_SERVER, "", "", NULL },
    { "a dummy", SIDE_CLIENT, "base64:AQ==", "dummy=\\x01", NULL },
    { "nothing", SIDE_CLIENT, "", "", "empty" },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBzZWNyZXQ=", "message:11", "0x01" },
};

static const struct message_row xoauth2_rows[] = {
    { "as documented", SIDE_CLIENT,
      "base64:dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LlRPS0VOAQE=",
      "username=someuser@example.com token:10 auth-scheme=Bearer token-kind=opaque", NULL },
    { "a JWT", SIDE_CLIENT, "user=u@example.com\1auth=Bearer " JWT "\1\1",
      "username=u@example.com token:248 auth-scheme=Bearer " CLAIMS, NULL },
    { "a JWT without a signature", SIDE_CLIENT,
      "user=u\1auth=bearer "
      "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL291dGxvb2suZXhhbXBsZSIsImV4cCI6MSwic2NvcGUiOiJhI"
      "GIifQ.\1\1",
      "username=u token:95 auth-scheme=Bearer alg=none exp=1 aud=https://outlook.example scope=a b "
      "token-kind=JWT",
      NULL },
    { "claims that cannot be read", SIDE_CLIENT, "user=u\1auth=Bearer eyJhbGciOiJub25lIn0.x.y\1\1",
      "username=u token:23 auth-scheme=Bearer alg=none token-kind=JWT", NULL },
    { "^A in two letters", SIDE_CLIENT,
      "base64:dXNlcj11QGV4YW1wbGUuY29tXkFhdXRoPUJlYXJlciB0XkFeQQ==", "message:37", "0x01" },
    { "no scheme", SIDE_CLIENT, "base64:dXNlcj11QGV4YW1wbGUuY29tAWF1dGg9dAEB",
      "username=u@example.com token:1", "no scheme" },
    { "an unknown scheme", SIDE_CLIENT, "user=u\1auth=hunter2 token\1\1", "username=u token:13",
      "no scheme" },
    { "another scheme", SIDE_CLIENT, "user=u\1auth=Basic dTpw\1\1",
      "username=u token:4 auth-scheme=Basic token-kind=opaque", "not Bearer" },
    { "no token", SIDE_CLIENT, "user=u\1auth=Bearer \1\1",
      "username=u token:0 auth-scheme=Bearer token-kind=opaque", "token is empty" },
    { "no user", SIDE_CLIENT, "user=\1auth=Bearer t\1\1",
      "username= token:1 auth-scheme=Bearer token-kind=opaque", "user name is empty" },
    { "one octet 0x01 at the end", SIDE_CLIENT, "user=u\1auth=Bearer t\1",
      "username=u token:1 auth-scheme=Bearer token-kind=opaque", "two octets" },
    { "a line end behind", SIDE_CLIENT, "user=u\1auth=Bearer t\1\1\n",
      "username=u token:1 auth-scheme=Bearer token-kind=opaque", "two octets" },
    { "no octet at all", SIDE_CLIENT, "user=u auth=Bearer t", "message:20", "0x01" },
    { "a space for the first", SIDE_CLIENT, "user=u auth=Bearer t\1\1", "message:22", "0x01" },
    { "a token in the user name", SIDE_CLIENT, "user=u auth=Bearer t\1auth=Bearer t\1\1", "message:36",
      "0x01" },
    { "the token first", SIDE_CLIENT, "auth=Bearer t\1user=u\1\1", "message:22", "0x01" },
};

static const struct message_row oauthbearer_rows[] = {
    { "the example of RFC 7628", SIDE_CLIENT,
      "base64:"
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c210cC5leGFtcGxlLmNvbQFwb3J0PTU4NwFhdXRoPUJlYXJlciBUT0tFTgEB",
      "cbind-flag=n authzid=user@example.com host=smtp.example.com port=587 token:5 auth-scheme=Bearer "
      "token-kind=opaque",
      NULL },
    { "a JWT alone", SIDE_CLIENT, "n,,\1auth=Bearer " JWT "\1\1",
      "cbind-flag=n token:248 auth-scheme=Bearer " CLAIMS, NULL },
    { "an escaped name", SIDE_CLIENT, "n,a=a=2Cb=3Dc,\1auth=Bearer t\1\1",
      "cbind-flag=n authzid=a,b=c token:1 auth-scheme=Bearer token-kind=opaque", NULL },
    { "a name that is not escaped", SIDE_CLIENT, "n,a=a=b,\1auth=Bearer t\1\1", "message:24", "0x01" },
    { "no end", SIDE_CLIENT, "n,,\1auth=Bearer t\1",
      "cbind-flag=n token:1 auth-scheme=Bearer token-kind=opaque", "two octets" },
    { "no scheme", SIDE_CLIENT, "n,,\1auth=t\1\1", "cbind-flag=n token:1", "no scheme" },
    { "as XOAUTH2", SIDE_CLIENT, "user=u\1auth=Bearer t\1\1", "message:22", "n,a=NAME" },
    { "^A in two letters", SIDE_CLIENT, "n,a=u,^Aauth=Bearer t^A^A", "message:25", "0x01" },
    { "a host with the token inside", SIDE_CLIENT, "n,,\1host=h auth=Bearer t\1\1", "message:26", "0x01" },
    { "a host with one token inside and one behind", SIDE_CLIENT,
      "n,,\1host=h auth=Bearer t\1auth=Bearer t\1\1", "message:40", "0x01" },
    { "no token", SIDE_CLIENT, "n,,\1host=h\1\1", "message:12", "auth=Bearer" },
};

static void errors_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("XOAUTH2", both_rows);
    MESSAGES_HOLD("OAUTHBEARER", both_rows);
}

static void tokens_of_xoauth2_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("XOAUTH2", xoauth2_rows);
}

static void tokens_of_oauthbearer_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("OAUTHBEARER", oauthbearer_rows);
}

static void an_error_is_answered_by_an_empty_line(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LlRPS0VOAQE=",
                  "334 " GOOGLE_ERROR, 0 },
                { "", "535-5.7.8 no\n535 5.7.8 no", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];
    struct sasl_result result = sasl_result_of(session, exchange);

    assert_int_equal(exchange->step_count, 3);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 0);
    }
    assert_true(session->items[2].as.command.is_secret);
    assert_int_equal(result.outcome, SASL_FAILURE);
    assert_bytes(result.identity, "someuser@example.com");
    assert_nowhere_shown(session, "ya29.TOKEN");
    session_free(session);
}

static void the_identity_of_oauthbearer_is_in_its_header(void **state)
{
    (void)state;
    struct session *session = DECODED(
        { "AUTH OAUTHBEARER", "334 ", 0 },
        { "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c210cC5leGFtcGxlLmNvbQFwb3J0PTU4NwFhdXRoPUJlYXJlciBUT0tFTgEB",
          "334 " GOOGLE_ERROR, 0 },
        { "AQ==", "535 5.7.8 no", 0 });
    struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);

    assert_bytes(result.identity, "user@example.com");
    assert_bytes(result.authorization_identity, "user@example.com");
    assert_false(session->exchanges[0].steps[3].is_secret);
    assert_nowhere_shown(session, "TOKEN");
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_read_as_they_say),
        cmocka_unit_test(tokens_of_xoauth2_read_as_they_say),
        cmocka_unit_test(tokens_of_oauthbearer_read_as_they_say),
        cmocka_unit_test(an_error_is_answered_by_an_empty_line),
        cmocka_unit_test(the_identity_of_oauthbearer_is_in_its_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
