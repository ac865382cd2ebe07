/* GSSAPI: tokens of Kerberos, and the two wrapped messages of RFC 4752. */
#include "messages.h"

#define REQUEST                                                                                              \
    "YIHKBgkqhkiG9xIBAgIBAG6BujCBt6ADAgEFoQMCAQ6iBwMFACAAAACjd2F1MHOgAwIBBaENGwtFWEFNUExFLk9SR6IjMCGgAwIB"   \
    "A6EaMBgbBHNtdHAbEG1haWwuZXhhbXBsZS5vcmejODA2oAMCARKhAwIBA6IqBChUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRU"   \
    "VFRUVFRUVFRUVFRUpCkwJ6ADAgESoiAEHkFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ=="
#define RC4                                                                                                  \
    "YIHKBgkqhkiG9xIBAgIBAG6BujCBt6ADAgEFoQMCAQ6iBwMFACAAAACjd2F1MHOgAwIBBaENGwtFWEFNUExFLk9SR6IjMCGgAwIB"   \
    "A6EaMBgbBHNtdHAbEG1haWwuZXhhbXBsZS5vcmejODA2oAMCARehAwIBA6IqBChUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRU"   \
    "VFRUVFRUVFRUVFRUpCkwJ6ADAgEXoiAEHkFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ=="
#define REPLY "YDwGCSqGSIb3EgECAgIAby0wK6ADAgEFoQMCAQ+iHzAdoAMCARKiFgQUUlJSUlJSUlJSUlJSUlJSUlJSUlI="
#define FAILURE                                                                                              \
    "YGwGCSqGSIb3EgECAgMAfl0wW6ADAgEFoQMCAR6kERgPMjAyMzExMTQyMjEzMjBapQMCAQemAwIBJakNGwtFWEFNUExFLk9SR6oj"   \
    "MCGgAwIBA6EaMBgbBHNtdHAbEG1haWwuZXhhbXBsZS5vcmc="
#define OFFER         "BQQF/wAMAAAAAAAAAAAAAQcAEABDQ0NDQ0NDQ0NDQ0M="
#define OFFER_TURNED  "BQQF/wAMAAwAAAAAAAAAAUNDQ0NDQ0NDQ0NDQwcAEAA="
#define CHOICE        "BQQE/wAMAAAAAAAAAAAAAQEAAABhbGljZUNDQ0NDQ0NDQ0NDQw=="
#define CHOICE_TURNED "BQQE/wAMABwAAAAAAAAAAUNDQ0NDQ0MCACAAYWxpY2VDQ0NDQw=="
#define SEALED        "BQQG/wAAABwAAAAAAAAAAVNTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NT"
#define SHORT         "BQQE/wAMAAAAAAAAAAAAAQEAQ0NDQ0NDQ0NDQ0ND"

static const struct message_row rows[] = {
    { "a request", SIDE_CLIENT, "base64:" REQUEST,
      "gss-mechanism=Kerberos kerberos-message=AP-REQ ticket:189 realm=EXAMPLE.ORG "
      "service=smtp/mail.example.org encryption=aes256-cts-hmac-sha1-96 key-version=3 mutual=requested",
      NULL },
    { "a request under rc4", SIDE_CLIENT, "base64:" RC4,
      "gss-mechanism=Kerberos kerberos-message=AP-REQ ticket:189 realm=EXAMPLE.ORG "
      "service=smtp/mail.example.org encryption=rc4-hmac key-version=3 mutual=requested",
      NULL },
    { "a reply", SIDE_SERVER, "base64:" REPLY, "gss-mechanism=Kerberos kerberos-message=AP-REP", NULL },
    { "an error", SIDE_SERVER, "base64:" FAILURE,
      "gss-mechanism=Kerberos kerberos-message=KRB-ERROR error=KRB_AP_ERR_SKEW server-time=20231114221320Z "
      "realm=EXAMPLE.ORG service=smtp/mail.example.org",
      NULL },
    { "an offer of layers", SIDE_SERVER, "base64:" OFFER,
      "wrapped=readable layers=none integrity confidentiality max-buffer=4096", NULL },
    { "an offer, turned", SIDE_SERVER, "base64:" OFFER_TURNED,
      "wrapped=readable layers=none integrity confidentiality max-buffer=4096", NULL },
    { "a choice", SIDE_CLIENT, "base64:" CHOICE,
      "wrapped=readable layer=none max-buffer=0 authzid=alice checksum:12", NULL },
    { "a choice, turned", SIDE_CLIENT, "base64:" CHOICE_TURNED,
      "wrapped=readable layer=integrity max-buffer=8192 authzid=alice checksum:12", NULL },
    { "an encrypted choice", SIDE_CLIENT, "base64:" SEALED, "wrapped=encrypted message:44", NULL },
    { "an encrypted offer", SIDE_SERVER, "base64:" SEALED, "wrapped=encrypted", NULL },
    { "a choice of two octets", SIDE_CLIENT, "base64:" SHORT, "wrapped=readable message:2", "four octets" },
    { "a reply of the client", SIDE_CLIENT, "base64:" REPLY, "gss-mechanism=Kerberos message:49",
      "not due here" },
    { "SPNEGO", SIDE_CLIENT, "base64:YAoGBisGAQUFAqAA", "gss-mechanism=SPNEGO message:12", "Kerberos alone" },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBzZWNyZXQ=", "message:11", "no token" },
    { "nothing", SIDE_CLIENT, "", "", NULL },
    { "nothing of the server", SIDE_SERVER, "", "", NULL },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("GSSAPI", rows);
}

static void a_whole_exchange_reads(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH GSSAPI " REQUEST, "334 " REPLY, 0 }, { "", "334 " OFFER, 0 },
                                      { CHOICE_TURNED, "235 2.7.0 ok", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];
    struct sasl_result result = sasl_result_of(session, exchange);

    assert_int_equal(exchange->step_count, 5);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 0 || i == 4);
    }
    assert_bytes(result.identity, "alice");
    assert_bytes(result.authorization_identity, "alice");
    assert_int_equal(result.outcome, SASL_SUCCESS);
    assert_nowhere_shown(session, "TTTTTTTTTTTTTTTT");
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(a_whole_exchange_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
