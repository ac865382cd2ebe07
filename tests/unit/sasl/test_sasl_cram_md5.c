/* CRAM-MD5: the example of RFC 2195 section 2, and answers that break its grammar. */
#include "exchanges.h"

#define CHALLENGE "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"

static void the_example_of_rfc_2195_decodes(void **state)
{
    (void)state;
    struct session *session =
        DECODED({ "AUTH CRAM-MD5", "334 " CHALLENGE, 0 },
                { "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "235 2.7.0 ok", 0 });

    assert_public(session, 0, "challenge", "<1896.697170952@postoffice.reston.mci.net>");
    assert_public(session, 1, "username", "tim");
    assert_secret(session, 1, "digest", "b913a602c7eda7a495b4e6e7334d3890");
    assert_null(session->exchanges[0].steps[1].malformed);
    assert_bytes(sasl_result_of(session, &session->exchanges[0]).identity, "tim");
    assert_nowhere_shown(session, "b913a602c7eda7a495b4e6e7334d3890");
    session_free(session);
}

struct answer {
    const char *name, *text;
    const char *identity; /* "": not shown */
};

static const struct answer answers[] = {
    { "upper-case digest", "tim B913A602C7EDA7A495B4E6E7334D3890", "tim" },
    { "a name with blanks", "tim the great b913a602c7eda7a495b4e6e7334d3890", "tim the great" },
    { "a password in clear", "tim tanstaaftanstaaf", "" },
    { "31 digits", "tim b913a602c7eda7a495b4e6e7334d389", "" },
    { "33 digits", "tim b913a602c7eda7a495b4e6e7334d38900", "" },
    { "no name", " b913a602c7eda7a495b4e6e7334d3890", "" },
    { "no blank", "timb913a602c7eda7a495b4e6e7334d3890", "" },
    { "a digest that is none", "tim z913a602c7eda7a495b4e6e7334d3890", "" },
};

static void answers_are_read_or_hidden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct buf sent;
        print_message("%s\n", answers[i].name);
        buf_init(&sent, 1024);
        assert_true(base64_encode(bytes_of(answers[i].text), &sent) && buf_append_u8(&sent, 0));
        struct session *session =
            DECODED({ "AUTH CRAM-MD5", "334 " CHALLENGE, 0 }, { (const char *)sent.ptr, "535 no", 0 });
        struct sasl_result result = sasl_result_of(session, &session->exchanges[0]);
        assert_bytes(result.identity, answers[i].identity);
        assert_true(session->exchanges[0].steps[1].is_secret);
        assert_int_equal(session->exchanges[0].steps[1].malformed != NULL, i != 1);
        if (!answers[i].identity[0])
            assert_nowhere_shown(session, "tim");
        session_free(session);
        buf_release(&sent);
    }
}

static void challenges_that_are_no_message_ids_are_told(void **state)
{
    (void)state;
    struct session *session = DECODED({ "AUTH CRAM-MD5", "334 VXNlcm5hbWU6", 0 }, { "*", "501 no", 0 });

    assert_non_null(session->exchanges[0].steps[0].malformed);
    assert_false(session->exchanges[0].steps[0].is_secret);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_2195_decodes),
        cmocka_unit_test(answers_are_read_or_hidden),
        cmocka_unit_test(challenges_that_are_no_message_ids_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
