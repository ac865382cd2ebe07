/* GSS-SPNEGO (RFC 4178), with NTLM and Kerberos inside. */
#include "messages.h"

#define SPNEGO_NTLM "YDAGBisGAQUFAqAmMCSgDjAMBgorBgEEAYI3AgIKohIEEE5UTE1TU1AAAQAAAAKCAAA="
#define SPNEGO_CHALLENGE                                                                                     \
    "oT8wPaADCgEBoQwGCisGAQQBgjcCAgqiKAQmTlRMTVNTUAACAAAABgAGACAAAAACggAAASNFZ4mrze9ET01BSU4="
#define SPNEGO_ANSWER                                                                                        \
    "oYGfMIGcooGFBIGCTlRMTVNTUAADAAAAGAAYAFIAAAAYABgAagAAAAYABgBAAAAABAAEAEYAAAAIAAgASgAAAAAAAACCAAAAAoIA"   \
    "AERPTUFJTlVTRVJDT01QVVRFUpje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fEMBHzApiirTXs5k8WMxxEvb7ZJ4QflKMSBBBNTU1N"   \
    "TU1NTU1NTU1NTU1N"
#define SPNEGO_END    "oRswGaADCgEAoxIEEE5OTk5OTk5OTk5OTk5OTk4="
#define SPNEGO_SIGNED "YDAGBisGAQUFAqAmMCSgDjAMBgorBgEEAYI3AgIKoxIEEE1NTU1NTU1NTU1NTU1NTU0="
#define SPNEGO_REJECT "oQcwBaADCgEC"
#define SPNEGO_KERBEROS                                                                                      \
    "YIIBDQYGKwYBBQUCoIIBATCB/qApMCcGCSqGSIL3EgECAgYJKoZIhvcSAQICBgorBgEEAYI3AgIKBgNVBAOigdAEgc1ggcoGCSqG"   \
    "SIb3EgECAgEAboG6MIG3oAMCAQWhAwIBDqIHAwUAIAAAAKN3YXUwc6ADAgEFoQ0bC0VYQU1QTEUuT1JHoiMwIaADAgEDoRowGBsE"   \
    "c210cBsQbWFpbC5leGFtcGxlLm9yZ6M4MDagAwIBEqEDAgEDoioEKFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRUVFRU"   \
    "VFRUVFSkKTAnoAMCARKiIAQeQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
#define SPNEGO_OPAQUE "oQ0wC6IJBAdodW50ZXIy"

static const struct message_row rows[] = {
    { "NTLM offered", SIDE_CLIENT, "base64:" SPNEGO_NTLM,
      "negotiation=offer mechanisms=NTLM ntlm-message=negotiate flags=OEM NTLM ALWAYS_SIGN", NULL },
    { "NTLM challenged", SIDE_SERVER, "base64:" SPNEGO_CHALLENGE,
      "negotiation=accept-incomplete gss-mechanism=NTLM ntlm-message=challenge target=DOMAIN flags=OEM NTLM "
      "ALWAYS_SIGN server-challenge=0123456789abcdef",
      NULL },
    { "NTLM answered", SIDE_CLIENT, "base64:" SPNEGO_ANSWER,
      "negotiation=goes on ntlm-message=authenticate nt-response:24 lm-response:24 domain=DOMAIN "
      "username=USER workstation=COMPUTER flags=OEM NTLM ALWAYS_SIGN ntlm-version=NTLMv1 checksum:16",
      NULL },
    { "done", SIDE_SERVER, "base64:" SPNEGO_END, "negotiation=accept-completed checksum:16", NULL },
    { "rejected", SIDE_SERVER, "base64:" SPNEGO_REJECT, "negotiation=reject", NULL },
    { "Kerberos offered", SIDE_CLIENT, "base64:" SPNEGO_KERBEROS,
      "negotiation=offer mechanisms=Kerberos Kerberos NTLM unknown kerberos-message=AP-REQ ticket:189 "
      "realm=EXAMPLE.ORG service=smtp/mail.example.org encryption=aes256-cts-hmac-sha1-96 key-version=3 "
      "mutual=requested",
      NULL },
    { "something else inside", SIDE_CLIENT, "base64:" SPNEGO_OPAQUE, "negotiation=goes on token:7", NULL },
    { "an offer with a checksum", SIDE_CLIENT, "base64:" SPNEGO_SIGNED,
      "negotiation=offer mechanisms=NTLM checksum:16", NULL },
    { "bare NTLM", SIDE_CLIENT,
      "base64:TlRMTVNTUAABAAAAAoIAAA==", "ntlm-message=negotiate flags=OEM NTLM ALWAYS_SIGN", NULL },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBzZWNyZXQ=", "message:11", "no token" },
    { "nothing", SIDE_CLIENT, "", "", NULL },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("GSS-SPNEGO", rows);
}

static void a_whole_exchange_reads(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH GSS-SPNEGO " SPNEGO_NTLM, "334 " SPNEGO_CHALLENGE, 0 },
                                      { SPNEGO_ANSWER, "334 " SPNEGO_END, 0 }, { "", "235 2.7.0 ok", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];

    assert_int_equal(exchange->step_count, 5);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 2 || i == 3);
    }
    assert_true(session->items[3].reply->is_redacted);
    assert_bytes(sasl_result_of(session, exchange).identity, "USER");
    assert_nowhere_shown(session, "MMMMMMMMMMMM");
    assert_nowhere_shown(session, "NNNNNNNNNNNN");
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
