/* DIGEST-MD5: the example of RFC 2831 section 4, and what breaks the grammar. */
#include "messages.h"

#define CHALLENGE                                                                                            \
    "cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIixhbGdvcml0aG09bWQ1LX" \
    "Nlc3MsY2hhcnNldD11dGYtOA=="
#define RESPONSE                                                                                             \
    "Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25jZT0iT0E2TUc5dEVRR2" \
    "0yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNv" \
    "bSIscmVzcG9uc2U9ZDM4OGRhZDkwZDRiYmQ3NjBhMTUyMzIxZjIxNDNhZjcscW9wPWF1dGg="
#define RSPAUTH "cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA=="

#define HEX32 "d388dad90d4bbd760a152321f2143af7"
#define TAIL  "cnonce=c,nc=00000001,digest-uri=\"smtp/h\",response=" HEX32

static const struct message_row rows[] = {
    { "the challenge of the example", SIDE_SERVER, "base64:" CHALLENGE,
      "realm=elwood.innosoft.com nonce=OA6MG9tEQGm2hh qop=auth charset=utf-8 algorithm=md5-sess", NULL },
    { "its response", SIDE_CLIENT, "base64:" RESPONSE,
      "username=chris realm=elwood.innosoft.com nonce=OA6MG9tEQGm2hh cnonce=OA6MHXh6VqTrRk nc=00000001 "
      "qop=auth "
      "digest-uri=imap/elwood.innosoft.com response:32 charset=utf-8",
      NULL },
    { "its end", SIDE_SERVER, "base64:" RSPAUTH, "rspauth:32", NULL },
    { "several realms", SIDE_SERVER, "realm=\"a\",realm=\"b\",nonce=\"n\",algorithm=md5-sess,realm=\"c\"",
      "realm=a nonce=n algorithm=md5-sess realm-2=b realm-3=c", NULL },
    { "blanks and empty elements", SIDE_SERVER, " , nonce = \"n\" ,, algorithm=md5-sess, ",
      "nonce=n algorithm=md5-sess", NULL },
    { "all directives", SIDE_SERVER,
      "nonce=\"n\",qop=\"auth,auth-int,auth-conf\",cipher=\"rc4,3des\",maxbuf=65536,stale=true,algorithm=md5-"
      "sess,x=y",
      "nonce=n qop=auth,auth-int,auth-conf stale=true max-buffer=65536 algorithm=md5-sess cipher=rc4,3des",
      NULL },
    { "two nonces", SIDE_SERVER, "nonce=a,nonce=b,algorithm=md5-sess", "nonce=a algorithm=md5-sess",
      "nonce stands more than once" },
    { "no nonce", SIDE_SERVER, "realm=\"a\",algorithm=md5-sess", "realm=a algorithm=md5-sess",
      "without nonce" },
    { "no algorithm", SIDE_SERVER, "nonce=\"a\"", "nonce=a", "without algorithm" },
    { "no list", SIDE_SERVER, "Username:", "", "no list" },
    { "quoted pairs", SIDE_CLIENT, "username=\"a\\\"b\\\\c,d\",nonce=\"n\"," TAIL,
      "username=a\"b\\c,d nonce=n cnonce=c nc=00000001 digest-uri=smtp/h response:32", NULL },
    { "upper-case names", SIDE_CLIENT, "USERNAME=\"a\",NONCE=\"n\"," TAIL,
      "username=a nonce=n cnonce=c nc=00000001 digest-uri=smtp/h response:32", NULL },
    { "authzid, layer and cipher", SIDE_CLIENT,
      "username=\"a\",nonce=\"n\",authzid=\"b\",qop=auth-conf,cipher=rc4,maxbuf=4096," TAIL,
      "username=a nonce=n cnonce=c nc=00000001 qop=auth-conf digest-uri=smtp/h response:32 max-buffer=4096 "
      "cipher=rc4 authzid=b",
      NULL },
    { "an empty realm", SIDE_CLIENT, "username=\"a\",realm=\"\",nonce=\"n\"," TAIL,
      "username=a realm= nonce=n cnonce=c nc=00000001 digest-uri=smtp/h response:32", NULL },
    { "no user name", SIDE_CLIENT, "nonce=\"n\"," TAIL,
      "nonce=n cnonce=c nc=00000001 digest-uri=smtp/h response:32", "without username" },
    { "two responses", SIDE_CLIENT, "username=\"a\",nonce=\"n\",response=x," TAIL,
      "username=a nonce=n cnonce=c nc=00000001 digest-uri=smtp/h response:1",
      "response stands more than once" },
    { "a response in upper case", SIDE_CLIENT,
      "username=\"a\",nonce=n,cnonce=c,nc=00000001,digest-uri=\"smtp/"
      "h\",response=D388DAD90D4BBD760A152321F2143AF7",
      "username=a nonce=n cnonce=c nc=00000001 digest-uri=smtp/h response:32", "lower-case" },
    { "a short count", SIDE_CLIENT,
      "username=\"a\",nonce=n,cnonce=c,nc=1,digest-uri=\"smtp/h\",response=" HEX32,
      "username=a nonce=n cnonce=c nc=1 digest-uri=smtp/h response:32", "eight digits" },
    { "an open quote", SIDE_CLIENT, "username=\"a,nonce=n", "message:19", "list of directives" },
    { "a comma in no quotes", SIDE_CLIENT, "username=a b,nonce=n", "message:20", "list of directives" },
    { "a password", SIDE_CLIENT, "hunter2", "message:7", "list of directives" },
    { "password=", SIDE_CLIENT, "password=hunter2", "", "without username" },
    { "nothing", SIDE_CLIENT, "", "", "empty answer" },
    { "go ahead", SIDE_SERVER, "", "", NULL },
};

static void messages_read_as_they_say(void **state)
{
    (void)state;
    MESSAGES_HOLD("DIGEST-MD5", rows);
}

static void the_example_of_rfc_2831_reads(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH DIGEST-MD5", "334 " CHALLENGE, 0 },
                                      { RESPONSE, "334 " RSPAUTH, 0 }, { "", "235 2.7.0 ok", 0 });
    const struct sasl_exchange *exchange = &session->exchanges[0];
    struct sasl_result result = sasl_result_of(session, exchange);

    assert_int_equal(exchange->step_count, 4);
    for (size_t i = 0; i < exchange->step_count; i++) {
        assert_null(exchange->steps[i].malformed);
        assert_int_equal(exchange->steps[i].is_secret, i == 1 || i == 2);
    }
    assert_bytes(result.identity, "chris");
    assert_int_equal(result.outcome, SASL_SUCCESS);
    assert_nowhere_shown(session, HEX32);
    assert_nowhere_shown(session, "ea40f60335c427b5527b84dbabcdfffd");
    session_free(session);
}

static void what_is_not_known_is_not_shown(void **state)
{
    (void)state;
    struct session *session = /* password=hunter2 */
        DECODED({ "AUTH DIGEST-MD5", "334 " CHALLENGE, 0 }, { "cGFzc3dvcmQ9aHVudGVyMg==", "535 no", 0 });

    assert_true(session->exchanges[0].steps[1].is_secret);
    assert_nowhere_shown(session, "hunter2");
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_read_as_they_say),
        cmocka_unit_test(the_example_of_rfc_2831_reads),
        cmocka_unit_test(what_is_not_known_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
