/* SCRAM: the examples of RFC 5802 section 5 and RFC 7677 section 3, and what breaks the grammar. */
#include "messages.h"

#define FIRST_1 "base64:biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM"
#define CHALLENGE_1                                                                                          \
    "cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng=="
#define FINAL_1                                                                                              \
    "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0" \
    "hJNFRzPQ=="
#define SIGNATURE_1 "dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9"
#define FIRST_256   "base64:biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8="
#define CHALLENGE_256                                                                                        \
    "base64:cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1V" \
    "FamI2Z1E9PSxpPTQwOTY="
#define FINAL_256                                                                                            \
    "base64:Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0l" \
    "rNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ=="

static const struct message_row rows[] = {
    { "client-first", SIDE_CLIENT, FIRST_1, "cbind-flag=n username=user nonce=fyko+d2lbbFgONRv9qkxdawL",
      NULL },
    { "server-first", SIDE_SERVER, "base64:" CHALLENGE_1,
      "nonce=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j salt=QSXCR+Q6sek8bf92 iterations=4096", NULL },
    { "client-final", SIDE_CLIENT, "base64:" FINAL_1,
      "proof:28 nonce=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j cbind-header=n,,", NULL },
    { "server-final", SIDE_SERVER, "base64:" SIGNATURE_1, "server-signature:28", NULL },
    { "256 client-first", SIDE_CLIENT, FIRST_256, "cbind-flag=n username=user nonce=rOprNGfwEbeRWgbNEkqO",
      NULL },
    { "256 server-first", SIDE_SERVER, CHALLENGE_256,
      "nonce=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0 salt=W22ZaJ0SNY7soEsUEjb6gQ== "
      "iterations=4096",
      NULL },
    { "256 client-final", SIDE_CLIENT, FINAL_256,
      "proof:44 nonce=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0 cbind-header=n,,", NULL },
    { "256 server-final", SIDE_SERVER,
      "base64:dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==", "server-signature:44",
      NULL },
    { "error", SIDE_SERVER, "base64:ZT1pbnZhbGlkLXByb29m", "error=invalid-proof", NULL },
    { "tls-unique", SIDE_CLIENT, "base64:cD10bHMtdW5pcXVlLCxuPXVzZXIscj1hYmM=",
      "cbind-flag=p cbind-type=tls-unique username=user nonce=abc", NULL },
    { "tls-exporter", SIDE_CLIENT, "base64:cD10bHMtZXhwb3J0ZXIsLG49dXNlcixyPWFiYw==",
      "cbind-flag=p cbind-type=tls-exporter username=user nonce=abc", NULL },
    { "not offered", SIDE_CLIENT, "base64:eSwsbj11c2VyLHI9YWJj", "cbind-flag=y username=user nonce=abc",
      NULL },
    { "authzid", SIDE_CLIENT, "n,a=other,n=user,r=abc", "cbind-flag=n authzid=other username=user nonce=abc",
      NULL },
    { "escapes", SIDE_CLIENT, "n,a=a=3Db,n=x=2Cy=3dz,r=abc",
      "cbind-flag=n authzid=a=b username=x,y=z nonce=abc", NULL },
    { "a bare equals sign", SIDE_CLIENT, "n,,n=a=b,r=abc", "message:14", "=2C" },
    { "an escape cut short", SIDE_CLIENT, "n,,n=a=2,r=abc", "message:14", "=2C" },
    { "no name", SIDE_CLIENT, "n,,n=,r=abc", "message:11", "=2C" },
    { "a blank nonce", SIDE_CLIENT, "n,,n=user,r=a b", "message:15", "n=name,r=nonce" },
    { "no nonce", SIDE_CLIENT, "n,,n=user", "message:9", "n=name,r=nonce" },
    { "nonce first", SIDE_CLIENT, "n,,r=abc,n=user", "message:15", "n=name,r=nonce" },
    { "no header", SIDE_CLIENT, "n=user,r=abc", "message:12", "begins with" },
    { "another flag", SIDE_CLIENT, "x,,n=user,r=abc", "message:15", "begins with" },
    { "a binding without a name", SIDE_CLIENT, "p=,,n=user,r=abc", "message:16", "begins with" },
    { "an odd binding", SIDE_CLIENT, "p=a b,,n=user,r=abc", "message:19", "begins with" },
    { "an authzid without a=", SIDE_CLIENT, "n,other,n=user,r=abc", "message:20", "begins with" },
    { "mandatory extension", SIDE_CLIENT, "n,,m=x,n=user,r=abc", "message:19", "mandatory" },
    { "extension", SIDE_CLIENT, "n,,n=user,r=abc,t=secret",
      "cbind-flag=n username=user nonce=abc extensions:8", NULL },
    { "a PLAIN message", SIDE_CLIENT, "base64:AHRpbQBzZWNyZXQ=", "message:11", "begins with" },
    { "binding data", SIDE_CLIENT, "c=cD10bHMtdW5pcXVlLCwBAgME,r=abc,p=AAAA",
      "proof:4 nonce=abc cbind-header=p=tls-unique,, cbind-data-length=4", NULL },
    { "final with an extension", SIDE_CLIENT, "c=biws,r=abc,t=x,p=AAAA", "proof:4 nonce=abc cbind-header=n,,",
      NULL },
    { "c= not in base64", SIDE_CLIENT, "c=n,,,r=abc,p=AAAA", "message:18", "c=binding" },
    { "c= of something else", SIDE_CLIENT, "c=AAAA,r=abc,p=AAAA", "proof:4 nonce=abc", "first message" },
    { "no proof", SIDE_CLIENT, "c=biws,r=abc", "message:12", "p=proof" },
    { "a proof in hexadecimal", SIDE_CLIENT, "c=biws,r=abc,p=00ff0", "proof:5 nonce=abc cbind-header=n,,",
      "not base64" },
    { "behind the proof", SIDE_CLIENT, "c=biws,r=abc,p=AAAA,x=y", "message:23", "p=proof" },
    { "no iterations", SIDE_SERVER, "r=abc,s=AAAA", "", "i=iterations" },
    { "iterations of none", SIDE_SERVER, "r=abc,s=AAAA,i=0", "nonce=abc salt=AAAA iterations=0", "count" },
    { "iterations no number", SIDE_SERVER, "r=abc,s=AAAA,i=x", "nonce=abc salt=AAAA iterations=x", "count" },
    { "a salt not in base64", SIDE_SERVER, "r=abc,s=AAA,i=1", "nonce=abc salt=AAA iterations=1", "salt" },
    { "nothing of the server", SIDE_SERVER, "", "", NULL },
    { "nothing of the client", SIDE_CLIENT, "", "", "empty" },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("SCRAM-SHA-1", rows);
    MESSAGES_HOLD("SCRAM-SHA-256-PLUS", rows);
}

static void the_exchange_of_rfc_5802_reads(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH SCRAM-SHA-1", "334 ", 0 },
                { "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 " CHALLENGE_1, 0 },
                { FINAL_1, "334 " SIGNATURE_1, 0 }, { "", "235 2.7.0 ok", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];
    struct sasl_result result = sasl_result_of(session, exchange);

    assert_int_equal(exchange->step_count, 6);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 3 || i == 4);
    }
    assert_bytes(result.identity, "user");
    assert_int_equal(result.authorization_identity.len, 0);
    assert_int_equal(result.outcome, SASL_SUCCESS);
    session_free(session);
}

static void an_empty_answer_belongs_to_the_last_message(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH SCRAM-SHA-1", "334 ", 0 },
                { "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM", "334 " CHALLENGE_1, 0 },
                { "", "535 5.7.8 no", 0 });

    assert_non_null(session->exchanges[0].steps[3].malformed);
    assert_false(session->exchanges[0].steps[3].is_secret);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(the_exchange_of_rfc_5802_reads),
        cmocka_unit_test(an_empty_answer_belongs_to_the_last_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
