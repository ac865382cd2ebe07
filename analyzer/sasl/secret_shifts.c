/* A password may stand where the user name was due: answers out of order, a prompt too many or too few.  A
 * login that succeeded proves the places right; in any other, a name is withheld where anything speaks
 * against it.  To hide a name too many costs a detail, to show a password costs the account. */
#include "sasl/sasl_rows.h"

enum { EXCHANGES_COMPARED = 16 };

static bool has(struct bytes text, uint8_t byte)
{
    return bytes_find(text, byte) != SIZE_MAX;
}

static bool is_address(struct bytes text)
{
    size_t at = bytes_find(text, '@');

    return at != SIZE_MAX && at > 0 && has(bytes_from(text, at), '.') && !has(text, ' ');
}

/* How many of the classes that password rules ask for are there: lower, upper, digits, others. */
static unsigned classes_of(struct bytes text)
{
    unsigned seen = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool is_name_mark = c == '.' || c == '-' || c == '_' || c == '@' || c == '\\' || c == '/' || c == '+';
        if (c >= 'a' && c <= 'z')
            seen |= 1;
        else if (c >= 'A' && c <= 'Z')
            seen |= 2;
        else if (ascii_is_digit(c))
            seen |= 4;
        else if (!is_name_mark)
            seen |= 8;
    }
    return (seen & 1) + (seen >> 1 & 1) + (seen >> 2 & 1) + (seen >> 3 & 1);
}

/* `password` is what stood in its place, or NULL. */
static bool looks_like_password(struct bytes name, const struct sasl_field *password)
{
    if (is_address(name))
        return false;
    unsigned classes = classes_of(name);
    if (!password)
        return classes >= 3 && name.len >= 6;
    return classes >= 3 && classes > classes_of(password->value);
}

/* What a secret of the same exchange says of the name. */
static bool speaks_against(struct bytes secret, struct bytes name)
{
    if (secret.len >= 4 && bytes_find_nocase(name, secret) != SIZE_MAX)
        return true; /* the same twice, or a name that would give the password away */
    return is_address(secret) && !is_address(name);
}

/* The secret field behind `*at` of the client's fields, in order; NULL at the end. */
static const struct sasl_field *next_secret(const struct sasl_exchange *exchange, size_t *step,
                                            uint32_t *field)
{
    for (; *step < sasl_decoded_count(exchange); ++*step, *field = 0)
        while (*field < exchange->steps[*step].field_count) {
            const struct sasl_field *found = &exchange->steps[*step].fields[(*field)++];
            if (found->is_secret && exchange->steps[*step].from == SIDE_CLIENT)
                return found;
        }
    return NULL;
}

static bool any_secret_equals(const struct sasl_exchange *exchange, struct bytes name)
{
    const struct sasl_field *secret;
    size_t step = 0;
    uint32_t field = 0;

    while ((secret = next_secret(exchange, &step, &field)))
        if (name.len >= 4 && bytes_equal(secret->value, name))
            return true;
    return false;
}

/* A password of an earlier attempt given as the name of this one. */
static bool was_secret_before(const struct session *session, const struct sasl_exchange *exchange,
                              struct bytes name)
{
    for (unsigned back = 0; back < EXCHANGES_COMPARED && exchange > session->exchanges; back++)
        if (any_secret_equals(--exchange, name))
            return true;
    return false;
}

static bool is_misplaced(const struct session *session, const struct sasl_exchange *exchange,
                         struct bytes name, bool *is_likely_password)
{
    const struct sasl_field *secret, *password = NULL;
    size_t step = 0;
    uint32_t field = 0;

    while ((secret = next_secret(exchange, &step, &field))) {
        if (speaks_against(secret->value, name))
            return true;
        if (strcmp(secret->name, "password") == 0)
            password = secret;
    }
    *is_likely_password = looks_like_password(name, password) || was_secret_before(session, exchange, name);
    return *is_likely_password;
}

static bool is_name(const struct sasl_field *field)
{
    return strcmp(field->name, "username") == 0 || strcmp(field->name, "authcid") == 0
           || strcmp(field->name, "authzid") == 0;
}

/* A recording that kept no secrets was judged when it was made. */
static bool is_redacted(const struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < sasl_decoded_count(exchange); i++)
        for (uint32_t k = 0; k < exchange->steps[i].field_count; k++)
            if (exchange->steps[i].fields[k].is_redacted && exchange->steps[i].from == SIDE_CLIENT)
                return true;
    return false;
}

/* True if there was one that was still shown. */
static bool withhold_one(const struct session *session, const struct sasl_exchange *exchange,
                         struct sasl_step *step)
{
    for (uint32_t i = 0; i < step->field_count; i++) {
        struct sasl_field *field = &step->fields[i];
        bool is_likely_password = false;
        if (field->is_secret || !is_name(field)
            || !is_misplaced(session, exchange, field->value, &is_likely_password))
            continue;
        if (is_likely_password)
            step->slips |= 1u << SASL_SLIP_PASSWORD_AS_NAME;
        field->is_secret = true;
        step->is_secret = true;
        return true;
    }
    return false;
}

void sasl_withhold_shifted(const struct session *session, struct sasl_exchange *exchange)
{
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(exchange->mechanism);

    if (!mechanism || !mechanism->sends_plain_secret || is_redacted(exchange))
        return;
    /* A name withheld speaks against others: to the end, so that a second look finds no more. */
    for (bool is_found = true; is_found;) {
        is_found = false;
        for (size_t i = 0; i < sasl_decoded_count(exchange); i++)
            is_found = withhold_one(session, exchange, &exchange->steps[i]) || is_found;
    }
}
