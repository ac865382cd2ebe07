/* Sessions full of AUTH.  Each line of the input is one step: a letter that chooses code and flags, the
 * client's line, a tab, the text of the reply.  Looking again, or item by item, must say the same, and what
 * is withheld in one place must not be shown in another. */
#include "sasl/sasl.h"
#include "sasl/sasl_verify.h"
#include "tests/support/session_builder.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MOST = 100, TEXT_MOST = 2000 };

struct script {
    struct step steps[STEPS_MOST];
    char texts[STEPS_MOST][2][TEXT_MOST];
    size_t count;
};

static const struct {
    unsigned code; /* 0: no reply */
    unsigned flags;
} kinds[] = {
    { 334, 0 },
    { 235, 0 },
    { 535, 0 },
    { 503, 0 },
    { 250, 0 },
    { 500, STEP_PIPELINED },
    { 0, 0 },
    { 334, STEP_AFTER_GAP },
    { 0, STEP_GAP_CLIENT },
    { 0, STEP_GAP_SERVER },
    { 454, 0 },
    { 501, STEP_BODY_LINE },
};

static const char *text_of(struct bytes from, const char *before, char *to)
{
    size_t at = (size_t)snprintf(to, TEXT_MOST, "%s", before);

    for (size_t i = 0; i < from.len && at + 1 < TEXT_MOST; i++)
        if (from.ptr[i] != 0 && from.ptr[i] != '\r') /* both mean something to the builder */
            to[at++] = (char)from.ptr[i];
    to[at] = '\0';
    return to;
}

static void add_step(struct script *script, struct bytes line)
{
    size_t n = script->count, tab = bytes_find(line, '\t');
    unsigned kind = line.ptr[0] % (sizeof kinds / sizeof kinds[0]);
    char code[8];

    (void)snprintf(code, sizeof code, "%u ", kinds[kind].code);
    struct bytes sent = bytes_slice(line, 1, tab == SIZE_MAX ? SIZE_MAX : tab - 1);
    struct bytes reply = tab == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(line, tab + 1);
    script->steps[n].send = text_of(sent, "", script->texts[n][0]);
    script->steps[n].reply = kinds[kind].code ? text_of(reply, code, script->texts[n][1]) : NULL;
    script->steps[n].flags = kinds[kind].flags;
    script->count++;
}

static void read_script(struct bytes in, struct script *script)
{
    script->count = 1;
    script->steps[0] = (struct step){ NULL, "220 mx.example ESMTP", 0 };
    while (in.len > 0 && script->count < STEPS_MOST) {
        size_t end = bytes_find(in, '\n');
        struct bytes line = bytes_slice(in, 0, end);
        in = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(in, end + 1);
        if (line.len > 0 && bytes_find(line, '\t') != 0)
            add_step(script, line);
    }
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_step(const struct sasl_step *step)
{
    must(step->is_decoded);
    for (uint32_t i = 0; i < step->field_count; i++)
        must(!step->fields[i].is_secret || step->is_secret);
    if (step->from == SIDE_CLIENT && step->problem != BASE64_FINE && !bytes_equal(step->text, BYTES("=")))
        must(step->is_secret);
}

static void check_exchange(const struct session *session, const struct sasl_exchange *exchange)
{
    struct sasl_result result = sasl_result_of(session, exchange);
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(exchange->mechanism);
    bool names_its_fields = mechanism && !mechanism->sends_plain_secret;

    must(!result.is_identity_secret || result.identity.len == 0);
    for (size_t i = 0; i < exchange->step_count; i++) {
        check_step(&exchange->steps[i]);
        for (uint32_t k = 0; k < exchange->steps[i].field_count && result.outcome != SASL_SUCCESS; k++) {
            const struct sasl_field *field = &exchange->steps[i].fields[k];
            must(!field->is_secret || field->value.len < 4 || !bytes_equal(field->value, result.identity)
                 || names_its_fields);
        }
    }
}

static void check_same(const struct session *a, const struct session *b)
{
    for (size_t i = 0; i < a->item_count; i++) {
        const struct item *x = &a->items[i], *y = &b->items[i];
        must((x->reply && x->reply->is_redacted) == (y->reply && y->reply->is_redacted));
        if (x->kind == ITEM_COMMAND)
            must(x->as.command.is_secret == y->as.command.is_secret);
        if (x->kind == ITEM_SASL)
            must(x->as.sasl->is_secret == y->as.sasl->is_secret && x->as.sasl->is_decoded);
    }
    for (size_t i = 0; i < a->exchange_count; i++)
        for (size_t k = 0; k < a->exchanges[i].step_count; k++)
            must(a->exchanges[i].steps[k].is_secret == b->exchanges[i].steps[k].is_secret
                 && a->exchanges[i].steps[k].field_count == b->exchanges[i].steps[k].field_count
                 && a->exchanges[i].steps[k].slips == b->exchanges[i].steps[k].slips);
}

/* Key stretching that takes longer than the rest of it all. */
static bool is_slow(const struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_field *count = sasl_step_field(&exchange->steps[i], "iterations");
        if (count && count->length > 3)
            return true;
    }
    return false;
}

static void check_password(const struct sasl_exchange *exchange)
{
    const struct sasl_field *name = sasl_identity_field(exchange);
    struct err err;

    if (!name || is_slow(exchange))
        return; /* nothing to hold a password against, or not in time */
    struct sasl_verifier *verifier = sasl_verifier_new();
    must(verifier != NULL);
    if (sasl_verifier_add(verifier, name->value, BYTES("pass\xc3\xb6"), &err)) {
        struct sasl_verification verified = sasl_verify(verifier, exchange);
        must(verified.proof > SASL_PROOF_NONE || !verified.slip);
    }
    sasl_verifier_free(verifier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script *script = calloc(1, sizeof *script);

    must(script != NULL);
    read_script((struct bytes){ data, size }, script);
    struct session *once = session_build(script->steps, script->count, PROTOCOL_SMTP);
    struct session *often = session_build(script->steps, script->count, PROTOCOL_SMTP);
    struct secret_ordinals *ordinals = secret_ordinals_new(NULL);
    must(sasl_decode_session(once, ordinals));
    for (size_t i = 0; i < often->item_count; i++)
        must(sasl_decode_item(often, i, ordinals) && sasl_decode_item(often, i, ordinals));
    must(sasl_decode_session(often, ordinals) && sasl_decode_session(often, ordinals));
    check_same(once, often);
    for (size_t i = 0; i < once->exchange_count; i++)
        check_exchange(once, &once->exchanges[i]);
    if (once->exchange_count > 0)
        check_password(&once->exchanges[once->exchange_count - 1]);
    secret_ordinals_free(ordinals);
    session_free(once);
    session_free(often);
    free(script);
    return 0;
}
