/* NTLM: the exchange of MS-SMTPNTLM section 4, the values of MS-NLMP section 4.2, and what is damaged. */
#include "messages.h"

#define V2                                                                                                   \
    "TlRMTVNTUAADAAAAGAAYAGwAAABUAFQAhAAAAAwADABIAAAACAAIAFQAAAAQABAAXAAAABAAEADYAAAANYKI4goAYUoAAAAPRABv"   \
    "AG0AYQBpAG4AVQBzAGUAcgBDAE8ATQBQAFUAVABFAFIAhsNQl6yc7BAlVHZKV8zMGaqqqqqqqqqqaM0KuFHlHJaqvJJ76+9qHAEB"   \
    "AAAAAAAAAAAAAAAAAACqqqqqqqqqqgAAAAACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAAAAAAAVVVVVVVVVVVV"   \
    "VVVVVVVVVQ=="
#define V2B                                                                                                  \
    "TlRMTVNTUAADAAAAGAAYAIIAAACiAKIAmgAAAAwADABYAAAADgAOAGQAAAAQABAAcgAAAAAAAAA8AQAANYKI4goAYUoAAAAPERER"   \
    "EREREREREREREREREUQAbwBtAGEAaQBuANwAcwBlAHIArCA92ADeQwBPAE0AUABVAFQARQBSAAAAAAAAAAAAAAAAAAAAAAAAAAAA"   \
    "AAAAAGjNCrhR5RyWqrySe+vvahwBAQAAAAAAAAAAbcZHF9oBqqqqqqqqqqoAAAAAAgAMAEQAbwBtAGEAaQBuAAEADABTAGUAcgB2"   \
    "AGUAcgAHAAgABQBtxkcX2gEGAAQAAgAAAAoAEABaWlpaWlpaWlpaWlpaWlpaCQAiAFMATQBUAFAALwBtAGEAaQBsAC4AZQB4AGEA"   \
    "bQBwAGwAZQAAAAAAAAAAAA=="
#define V1                                                                                                   \
    "TlRMTVNTUAADAAAAGAAYAGQAAAAYABgAfAAAAAwADABAAAAACAAIAEwAAAAQABAAVAAAAAAAAACUAAAANYKI4kQAbwBtAGEAaQBu"   \
    "AFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fEMBHzApiirTXs5k8WMxxEvb7ZJ4QflA=="
#define OEM                                                                                                  \
    "TlRMTVNTUAADAAAAGAAYAFIAAAAYABgAagAAAAYABgBAAAAABAAEAEYAAAAIAAgASgAAAAAAAACCAAAAAoIAAERPTUFJTlVTRVJD"   \
    "T01QVVRFUpje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fEMBHzApiirTXs5k8WMxxEvb7ZJ4QflA=="
#define OLD_OEM                                                                                              \
    "TlRMTVNTUAADAAAAGAAYAEYAAAAYABgAXgAAAAYABgA0AAAABAAEADoAAAAIAAgAPgAAAERPTUFJTlVTRVJDT01QVVRFUpje97h/"   \
    "iKpdr+Lfd5aIoXLe8Rx9XM3vE2fEMBHzApiirTXs5k8WMxxEvb7ZJ4QflA=="
#define OLD_WIDE                                                                                             \
    "TlRMTVNTUAADAAAAGAAYAGAAAAAYABgAeAAAAAwADAA8AAAACAAIAEgAAAAQABAAUAAAAAAAAACQAAAARABvAG0AYQBpAG4AVQBz"   \
    "AGUAcgBDAE8ATQBQAFUAVABFAFIAmN73uH+Iql2v4t93loihct7xHH1cze8TZ8QwEfMCmKKtNezmTxYzHES9vtknhB+U"
#define ANONYMOUS                                                                                            \
    "TlRMTVNTUAADAAAAAQABAGgAAAAAAAAAaQAAAAAAAABYAAAAAAAAAFgAAAAQABAAWAAAAAAAAABpAAAANYKI4goAYUoAAAAPERER"   \
    "EREREREREREREREREUMATwBNAFAAVQBUAEUAUgAA"
#define LM                                                                                                   \
    "TlRMTVNTUAADAAAAGAAYAHwAAAAAAAAAlAAAAAwADABYAAAACAAIAGQAAAAQABAAbAAAAAAAAACUAAAANYKI4goAYUoAAAAPERER"   \
    "EREREREREREREREREUQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vEw=="
#define ODD_LENGTH                                                                                           \
    "TlRMTVNTUAADAAAAGAAYAHwAAAAeAB4AlAAAAAwADABYAAAACAAIAGQAAAAQABAAbAAAAAAAAACyAAAANYKI4goAYUoAAAAPERER"   \
    "EREREREREREREREREUQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE0JC"   \
    "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQg=="
#define OVERLAP                                                                                              \
    "TlRMTVNTUAADAAAAGAAYAHwAAAAYABgAlAAAAAwADABYAAAACAAIAJQAAAAQABAAbAAAAAAAAACsAAAANYKI4goAYUoAAAAPERER"   \
    "EREREREREREREREREUQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fE"   \
    "MBHzApiirTXs5k8WMxxEvb7ZJ4QflA=="
#define OUTSIDE                                                                                              \
    "TlRMTVNTUAADAAAAGAAYAHwAAAAYABgAlAAAAAwADABYAAAACAAIAIgTAAAQABAAbAAAAAAAAACsAAAANYKI4goAYUoAAAAPERER"   \
    "EREREREREREREREREUQAbwBtAGEAaQBuAFUAcwBlAHIAQwBPAE0AUABVAFQARQBSAJje97h/iKpdr+Lfd5aIoXLe8Rx9XM3vE2fE"   \
    "MBHzApiirTXs5k8WMxxEvb7ZJ4QflA=="
#define NEGOTIATE_FULL  "TlRMTVNTUAABAAAABzIAAgYABgAwAAAACAAIACgAAAAGAbEdAAAAD0NPTVBVVEVSRE9NQUlO"
#define NEGOTIATE_SHORT "TlRMTVNTUAABAAAAAoIAAA=="
#define CHALLENGE_SHORT "TlRMTVNTUAACAAAABgAGACAAAAACggAAASNFZ4mrze9ET01BSU4="
#define NEGOTIATE       "TlRMTVNTUAABAAAAt4II4gAAAAAAAAAAAAAAAAAAAAAFAs4OAAAADw=="
#define CHALLENGE                                                                                            \
    "TlRMTVNTUAACAAAAFgAWADgAAAA1goriYo7ENUsXagIAAAAAAAAAAGwAbABOAAAABQLODgAAAA9FAFgAQwBIAC0AQwBMAEkALQA2"   \
    "ADYAAgAWAEUAWABDAEgALQBDAEwASQAtADYANgABABYARQBYAEMASAAtAEMATABJAC0ANgA2AAQAFgBlAHgAYwBoAC0AYwBsAGkA"   \
    "LQA2ADYAAwAWAGUAeABjAGgALQBjAGwAaQAtADYANgAAAAAA"
#define AUTHENTICATE                                                                                         \
    "TlRMTVNTUAADAAAAGAAYAHwAAAAYABgAlAAAABYAFgBIAAAACAAIAF4AAAAWABYAZgAAABAAEACsAAAANYKI4gUCzg4AAAAPZQB4"   \
    "AGMAaAAtAGMAbABpAC0ANgA2AHQAZQBzAHQARQBYAEMASAAtAEMATABJAC0ANgA2AIqeV65hhASwAAAAAAAAAAAAAAAAAAAAAHZH"   \
    "DVfwTU5ci0RY04eRmWy0/VWZfIfjsqdUu2WmxYUKy83PyyxzbA8="

#define NEARLY_ESS                                                                                           \
    "TlRMTVNTUAADAAAAGAAYAE4AAAAYABgAZgAAAAIAAgBAAAAACAAIAEIAAAAEAAQASgAAAAAAAAB+AAAAAYIAAEQAVQBzAGUAcgBQ"   \
    "AEMAqqqqqqqqqqoBAAAAAAAAAAAAAAAAAAAAZ8QwEfMCmKKtNezmTxYzHES9vtknhB+U"
#define NT_ALONE                                                                                             \
    "TlRMTVNTUAADAAAAAAAAAE4AAAAYABgATgAAAAIAAgBAAAAACAAIAEIAAAAEAAQASgAAAAAAAABmAAAAAYIAAEQAVQBzAGUAcgBQ"   \
    "AEMAZ8QwEfMCmKKtNezmTxYzHES9vtknhB+U"
#define PAIRS_CUT "TlRMTVNTUAACAAAAAAAAADAAAAABgoIAASNFZ4mrze8AAAAAAAAAAAgACAAwAAAAAgAJAEEAQgA="
#define BLOB_CUT                                                                                             \
    "TlRMTVNTUAADAAAAGAAYAE4AAAAyADIAZgAAAAIAAgBAAAAACAAIAEIAAAAEAAQASgAAAAAAAACYAAAAAYIAAEQAVQBzAGUAcgBQ"   \
    "AEMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAUFBQUFBQUFBQUFBQUFBQUAEBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAFoA"   \
    "QQA="

static const struct message_row rows[] = {
    { "negotiate", SIDE_CLIENT, "base64:" NEGOTIATE,
      "ntlm-message=negotiate flags=UNICODE OEM REQUEST_TARGET SIGN SEAL LM_KEY NTLM ALWAYS_SIGN "
      "EXTENDED_SESSIONSECURITY VERSION 128 KEY_EXCH 56 os-version=5.2.3790",
      NULL },
    { "challenge", SIDE_SERVER, "base64:" CHALLENGE,
      "ntlm-message=challenge target=EXCH-CLI-66 flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN "
      "TARGET_TYPE_SERVER EXTENDED_SESSIONSECURITY TARGET_INFO VERSION 128 KEY_EXCH 56 "
      "server-challenge=628ec4354b176a02 os-version=5.2.3790 nb-domain=EXCH-CLI-66 nb-computer=EXCH-CLI-66 "
      "dns-domain=exch-cli-66 dns-computer=exch-cli-66",
      NULL },
    { "authenticate", SIDE_CLIENT, "base64:" AUTHENTICATE,
      "ntlm-message=authenticate nt-response:24 lm-response:24 session-key:16 domain=exch-cli-66 "
      "username=test workstation=EXCH-CLI-66 flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN "
      "EXTENDED_SESSIONSECURITY TARGET_INFO VERSION 128 KEY_EXCH 56 os-version=5.2.3790 "
      "ntlm-version=NTLMv1-ESS",
      NULL },
    { "NTLMv2", SIDE_CLIENT, "base64:" V2,
      "ntlm-message=authenticate nt-response:84 lm-response:24 session-key:16 domain=Domain username=User "
      "workstation=COMPUTER flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN EXTENDED_SESSIONSECURITY "
      "TARGET_INFO VERSION 128 KEY_EXCH 56 os-version=10.0.19041 ntlm-version=NTLMv2 nb-domain=Domain "
      "nb-computer=Server",
      NULL },
    { "NTLMv2 with time and target", SIDE_CLIENT, "base64:" V2B,
      "ntlm-message=authenticate nt-response:162 lm-response:24 domain=Domain username=Üser€😀 "
      "workstation=COMPUTER flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN EXTENDED_SESSIONSECURITY "
      "TARGET_INFO VERSION 128 KEY_EXCH 56 os-version=10.0.19041 mic=present ntlm-version=NTLMv2 "
      "client-time=2023-11-14T22:13:20.000000000Z nb-domain=Domain nb-computer=Server "
      "timestamp=2023-11-14T22:13:20.000000500Z channel-bindings=present target-name=SMTP/mail.example",
      NULL },
    { "NTLMv1", SIDE_CLIENT, "base64:" V1,
      "ntlm-message=authenticate nt-response:24 lm-response:24 domain=Domain username=User "
      "workstation=COMPUTER flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN EXTENDED_SESSIONSECURITY "
      "TARGET_INFO VERSION 128 KEY_EXCH 56 ntlm-version=NTLMv1",
      NULL },
    { "in a code page", SIDE_CLIENT, "base64:" OEM,
      "ntlm-message=authenticate nt-response:24 lm-response:24 domain=DOMAIN username=USER "
      "workstation=COMPUTER flags=OEM NTLM ALWAYS_SIGN ntlm-version=NTLMv1",
      NULL },
    { "without flags, in a code page", SIDE_CLIENT, "base64:" OLD_OEM,
      "ntlm-message=authenticate nt-response:24 lm-response:24 domain=DOMAIN username=USER "
      "workstation=COMPUTER ntlm-version=NTLMv1",
      NULL },
    { "without flags, in UTF-16", SIDE_CLIENT, "base64:" OLD_WIDE,
      "ntlm-message=authenticate nt-response:24 lm-response:24 domain=Domain username=User "
      "workstation=COMPUTER ntlm-version=NTLMv1",
      NULL },
    { "an LM response of zeros but one", SIDE_CLIENT, "base64:" NEARLY_ESS,
      "ntlm-message=authenticate nt-response:24 lm-response:24 domain=D username=User workstation=PC "
      "flags=UNICODE "
      "NTLM ALWAYS_SIGN ntlm-version=NTLMv1",
      NULL },
    { "no LM response", SIDE_CLIENT, "base64:" NT_ALONE,
      "ntlm-message=authenticate nt-response:24 domain=D username=User workstation=PC flags=UNICODE NTLM "
      "ALWAYS_SIGN ntlm-version=NTLMv1",
      NULL },
    { "target information cut short", SIDE_SERVER, "base64:" PAIRS_CUT, NULL, "target information" },
    { "an NTLMv2 response cut short", SIDE_CLIENT, "base64:" BLOB_CUT, NULL, "NTLMv2 response is cut" },
    { "anonymous", SIDE_CLIENT, "base64:" ANONYMOUS,
      "ntlm-message=authenticate lm-response:1 workstation=COMPUTER flags=UNICODE REQUEST_TARGET SIGN SEAL "
      "NTLM ALWAYS_SIGN EXTENDED_SESSIONSECURITY TARGET_INFO VERSION 128 KEY_EXCH 56 os-version=10.0.19041 "
      "mic=present ntlm-version=anonymous",
      NULL },
    { "LM alone", SIDE_CLIENT, "base64:" LM,
      "ntlm-message=authenticate lm-response:24 domain=Domain username=User workstation=COMPUTER "
      "flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN EXTENDED_SESSIONSECURITY TARGET_INFO VERSION "
      "128 KEY_EXCH 56 os-version=10.0.19041 mic=present ntlm-version=LM",
      NULL },
    { "a length that no response has", SIDE_CLIENT, "base64:" ODD_LENGTH,
      "ntlm-message=authenticate nt-response:30 lm-response:24 domain=Domain username=User "
      "workstation=COMPUTER flags=UNICODE REQUEST_TARGET SIGN SEAL NTLM ALWAYS_SIGN EXTENDED_SESSIONSECURITY "
      "TARGET_INFO VERSION 128 KEY_EXCH 56 os-version=10.0.19041 mic=present",
      "this length" },
    { "a name out of the response", SIDE_CLIENT, "base64:" OVERLAP, "message:172", "points to where" },
    { "a name from outside", SIDE_CLIENT, "base64:" OUTSIDE, "message:172", "points to where" },
    { "negotiate with names", SIDE_CLIENT, "base64:" NEGOTIATE_FULL,
      "ntlm-message=negotiate domain=DOMAIN workstation=COMPUTER flags=UNICODE OEM REQUEST_TARGET NTLM "
      "OEM_DOMAIN_SUPPLIED OEM_WORKSTATION_SUPPLIED VERSION os-version=6.1.7601",
      NULL },
    { "negotiate cut to its flags", SIDE_CLIENT, "base64:" NEGOTIATE_SHORT,
      "ntlm-message=negotiate flags=OEM NTLM ALWAYS_SIGN", NULL },
    { "challenge of an old server", SIDE_SERVER, "base64:" CHALLENGE_SHORT,
      "ntlm-message=challenge target=DOMAIN flags=OEM NTLM ALWAYS_SIGN server-challenge=0123456789abcdef",
      NULL },
    { "a challenge of the client", SIDE_CLIENT, "base64:" CHALLENGE_SHORT, "message:38", "not due here" },
    { "a negotiate of the server", SIDE_SERVER, "base64:" NEGOTIATE, "", "not due here" },
    { "ntlm supported, in base64", SIDE_SERVER, "ntlm supported", "prompt=ntlm supported", NULL },
    { "go ahead", SIDE_SERVER, "", "", NULL },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBzZWNyZXQ=", "message:11", "begin with" },
    { "nothing", SIDE_CLIENT, "", "", "begin with" },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("NTLM", rows);
}

static void the_exchange_of_the_protocol_reads(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH NTLM", "334 ntlm supported", 0 }, { NEGOTIATE, "334 " CHALLENGE, 0 },
                { AUTHENTICATE, "535 5.7.3 Authentication unsuccessful", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];
    struct sasl_result result = sasl_result_of(session, exchange);

    assert_int_equal(exchange->step_count, 4);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 3);
    }
    assert_public(session, 0, "prompt", "ntlm supported");
    assert_bytes(result.identity, "test");
    assert_int_equal(result.authorization_identity.len, 0);
    assert_int_equal(result.outcome, SASL_FAILURE);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(the_exchange_of_the_protocol_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
