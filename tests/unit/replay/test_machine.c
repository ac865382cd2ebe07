/* The table of the reference machine, walked against this test's own copy of the order that RFC 5321, 2033,
 * 3030, 3207, 4954 and 1985 lay down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "replay/machine.h"

static void every_cell_of_the_table_is_filled(void **state)
{
    (void)state;
    for (unsigned phase = PHASE_UNKNOWN + 1; phase < PHASE_COUNT; phase++)
        for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
            const struct edge *edge = machine_edge((enum phase)phase, (enum verb)verb);
            if (edge->kind == EDGE_UNSET)
                fail_msg("%s %s", phase_name((enum phase)phase), verb_name((enum verb)verb));
            assert_true(edge->next != PHASE_UNKNOWN);
            assert_int_equal(edge->kind == EDGE_MISORDERED, edge->misorder != MISORDER_NONE);
        }
}

/* One letter a phase: c onnected, R efused, g reeted, t ls-greeted, y ready, m ail, r cpt, b dat, d one,
 * f ailed, x closed. */
static enum phase phase_of(char letter)
{
    static const char letters[] = "cRgtymrbdfx";
    static const enum phase phases[] = { PHASE_CONNECTED, PHASE_REFUSED,     PHASE_GREETED, PHASE_TLS_GREETED,
                                         PHASE_READY,     PHASE_MAIL,        PHASE_RCPT,    PHASE_BDAT,
                                         PHASE_BDAT_DONE, PHASE_BDAT_FAILED, PHASE_CLOSED };
    const char *hit = strchr(letters, letter);

    assert_non_null(hit);
    return phases[hit - letters];
}

struct fact {
    const char *from; /* in each of these phases */
    enum verb verb;
    const char *finding; /* NULL: in order */
    char to;             /* '=': stays */
};

static const struct fact facts[] = {
    /* RFC 5321 4.1.1.1, 4.1.4: EHLO at any time; it ends a transaction, also behind BDAT */
    { "cgtymrbdf", VERB_EHLO, NULL, 'y' },
    { "cgtymrbdf", VERB_HELO, NULL, 'y' },
    { "cgtymrbdf", VERB_LHLO, NULL, 'y' },
    /* RFC 5321 3.3: MAIL */
    { "cg", VERB_MAIL, "no-greeting", 'm' },
    { "t", VERB_MAIL, "starttls-no-new-ehlo", 'm' },
    { "yd", VERB_MAIL, NULL, 'm' },
    { "mr", VERB_MAIL, "nested-mail", 'm' },
    { "b", VERB_MAIL, "bdat-interrupted", 'm' },
    { "f", VERB_MAIL, "rset-required", 'm' },
    /* its obsolete kin */
    { "yd", VERB_SEND, NULL, 'm' },
    { "mr", VERB_SOML, "nested-mail", 'm' },
    { "cg", VERB_SAML, "no-greeting", 'm' },
    /* RCPT */
    { "cgtyd", VERB_RCPT, "rcpt-without-mail", 'r' },
    { "mr", VERB_RCPT, NULL, 'r' },
    { "b", VERB_RCPT, "bdat-interrupted", 'b' },
    { "f", VERB_RCPT, "rset-required", 'f' },
    /* DATA: the content follows its 354, and moves the phase */
    { "cgtyd", VERB_DATA, "data-without-mail", '=' },
    { "m", VERB_DATA, "data-without-rcpt", '=' },
    { "r", VERB_DATA, NULL, '=' },
    { "b", VERB_DATA, "bdat-data-mix", '=' },
    { "f", VERB_DATA, "rset-required", '=' },
    /* RFC 3030 2: BDAT */
    { "cgty", VERB_BDAT, "bdat-without-mail", 'b' },
    { "m", VERB_BDAT, "bdat-without-rcpt", 'b' },
    { "rb", VERB_BDAT, NULL, 'b' },
    { "d", VERB_BDAT, "bdat-after-last", 'b' },
    { "f", VERB_BDAT, "bdat-after-error", 'b' },
    { "rb", VERB_BURL, NULL, 'b' },
    /* RFC 5321 4.1.1.5: RSET, everywhere, to the phase without a transaction */
    { "ymrbdf", VERB_RSET, NULL, 'y' },
    { "cgt", VERB_RSET, NULL, '=' },
    /* RFC 5321 4.1.4: at any time, and without effect */
    { "cgtymrbdf", VERB_NOOP, NULL, '=' },
    { "cgtymrbdf", VERB_HELP, NULL, '=' },
    { "cgtymrbdf", VERB_VRFY, NULL, '=' },
    { "cgtymrbdf", VERB_EXPN, NULL, '=' },
    { "cRgtymrbdfx", VERB_UNKNOWN, NULL, '=' },
    { "cRgtymrbdf", VERB_QUIT, NULL, 'x' },
    /* RFC 4954 4: AUTH */
    { "cg", VERB_AUTH, "auth-before-ehlo", '=' },
    { "t", VERB_AUTH, "starttls-no-new-ehlo", '=' },
    { "yd", VERB_AUTH, NULL, '=' },
    { "mrbf", VERB_AUTH, "auth-in-transaction", '=' },
    /* RFC 3207 4: STARTTLS */
    { "cg", VERB_STARTTLS, "no-greeting", 't' },
    { "yd", VERB_STARTTLS, NULL, 't' },
    { "mrbf", VERB_STARTTLS, "starttls-in-transaction", 't' },
    /* RFC 1985 5, RFC 2645: ETRN, ATRN, TURN */
    { "cg", VERB_ETRN, "no-greeting", '=' },
    { "t", VERB_ETRN, "starttls-no-new-ehlo", '=' },
    { "yd", VERB_ETRN, NULL, '=' },
    { "mrbf", VERB_ETRN, "etrn-in-transaction", '=' },
    { "mrbf", VERB_ATRN, "etrn-in-transaction", '=' },
    { "mrbf", VERB_TURN, "etrn-in-transaction", '=' },
    /* XCLIENT_README: XCLIENT begins anew */
    { "yd", VERB_XCLIENT, NULL, 'g' },
    { "mrbf", VERB_XCLIENT, "xclient-in-transaction", 'g' },
    { "yd", VERB_XFORWARD, NULL, '=' },
    { "mrbf", VERB_XFORWARD, "xclient-in-transaction", '=' },
    /* RFC 5321 3.1 and 4.1.1.10 */
    { "R", VERB_EHLO, "command-after-refusal", 'y' },
    { "R", VERB_MAIL, "command-after-refusal", 'm' },
    { "R", VERB_NOOP, "command-after-refusal", '=' },
    { "R", VERB_RSET, "command-after-refusal", '=' },
    { "x", VERB_EHLO, "command-after-quit", 'y' },
    { "x", VERB_QUIT, "command-after-quit", '=' },
    { "x", VERB_NOOP, "command-after-quit", '=' },
};

static void check_fact(const struct fact *fact, enum phase phase)
{
    const struct edge *edge = machine_edge(phase, fact->verb);
    enum phase next = fact->to == '=' ? phase : phase_of(fact->to);

    if (edge->kind != (fact->finding ? EDGE_MISORDERED : EDGE_ALLOWED)
        || (fact->finding && strcmp(misorder_id(edge->misorder), fact->finding) != 0))
        fail_msg("%s in %s: %s", verb_name(fact->verb), phase_name(phase),
                 edge->misorder ? misorder_id(edge->misorder) : "allowed");
    if (edge->next != next)
        fail_msg("%s in %s leads to %s", verb_name(fact->verb), phase_name(phase), phase_name(edge->next));
}

static void the_table_agrees_with_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        for (const char *from = facts[i].from; *from; from++)
            check_fact(&facts[i], phase_of(*from));
}

static void an_unknown_phase_decides_nothing_that_depends_on_order(void **state)
{
    static const enum verb dependent[] = { VERB_MAIL,     VERB_RCPT, VERB_DATA,    VERB_BDAT,    VERB_AUTH,
                                           VERB_STARTTLS, VERB_ETRN, VERB_XCLIENT, VERB_XFORWARD };

    (void)state;
    for (size_t i = 0; i < sizeof dependent / sizeof dependent[0]; i++)
        assert_int_equal(machine_edge(PHASE_UNKNOWN, dependent[i])->kind, EDGE_UNSET);
    assert_int_equal(machine_edge(PHASE_UNKNOWN, VERB_EHLO)->next, PHASE_READY);
    assert_int_equal(machine_edge(PHASE_UNKNOWN, VERB_RSET)->next, PHASE_READY);
    assert_int_equal(machine_edge(PHASE_UNKNOWN, VERB_MAIL)->next, PHASE_MAIL);
}

static void every_phase_has_a_name_and_every_misorder_an_id_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PHASE_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(phase_name((enum phase)i), phase_name((enum phase)j));
    for (unsigned i = 1; i < MISORDER_COUNT; i++)
        for (unsigned j = 1; j < i; j++)
            assert_string_not_equal(misorder_id((enum misorder)i), misorder_id((enum misorder)j));
    assert_null(misorder_id(MISORDER_NONE));
}

static void values_out_of_range_are_harmless(void **state)
{
    (void)state;
    assert_int_equal(machine_edge((enum phase)99, VERB_MAIL)->kind, EDGE_UNSET);
    assert_int_equal(machine_edge(PHASE_READY, (enum verb)99)->kind, EDGE_ALLOWED);
    assert_string_equal(phase_name((enum phase)99), "unknown");
    assert_null(misorder_id((enum misorder)999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_table_is_filled),
        cmocka_unit_test(the_table_agrees_with_the_standards),
        cmocka_unit_test(an_unknown_phase_decides_nothing_that_depends_on_order),
        cmocka_unit_test(every_phase_has_a_name_and_every_misorder_an_id_of_its_own),
        cmocka_unit_test(values_out_of_range_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
