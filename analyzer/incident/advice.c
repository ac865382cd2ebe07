/* What the two sides of an incident do about it. */
#include "incident/advice.h"

static const struct advice_row {
    const char *client, *postmaster;
} rows[RULE_COUNT] = {
#define ADVICE(rule, client, postmaster) [RULE_##rule] = { client, postmaster },
#include "incident/advice.def"
#undef ADVICE
};

/* Rows of advice_narrow.def. */
static const struct advice_row reason_rows[REASON_COUNT] = {
#define REASON_ADVICE(reason, client, postmaster) [REASON_##reason] = { client, postmaster },
#define FAULT_ADVICE(rule, fault, client, postmaster)
#define ENCRYPTION_ADVICE(rule, encryption, client, postmaster)
#define LOGIN_ADVICE(rule, login, client, postmaster)
#include "incident/advice_narrow.def"
#undef REASON_ADVICE
#undef FAULT_ADVICE
#undef ENCRYPTION_ADVICE
#undef LOGIN_ADVICE
};

static const struct fault_row {
    enum rule_id rule;
    enum fault fault;
    struct advice_row advice;
} fault_rows[] = {
#define REASON_ADVICE(reason, client, postmaster)
#define FAULT_ADVICE(rule, fault, client, postmaster) { RULE_##rule, FAULT_##fault, { client, postmaster } },
#define ENCRYPTION_ADVICE(rule, encryption, client, postmaster)
#define LOGIN_ADVICE(rule, login, client, postmaster)
#include "incident/advice_narrow.def"
#undef REASON_ADVICE
#undef FAULT_ADVICE
#undef ENCRYPTION_ADVICE
#undef LOGIN_ADVICE
};

static const struct encryption_row {
    enum rule_id rule;
    enum encryption encryption;
    struct advice_row advice;
} encryption_rows[] = {
#define REASON_ADVICE(reason, client, postmaster)
#define FAULT_ADVICE(rule, fault, client, postmaster)
#define ENCRYPTION_ADVICE(rule, encryption, client, postmaster)                                              \
    { RULE_##rule, ENCRYPTION_##encryption, { client, postmaster } },
#define LOGIN_ADVICE(rule, login, client, postmaster)
#include "incident/advice_narrow.def"
#undef REASON_ADVICE
#undef FAULT_ADVICE
#undef ENCRYPTION_ADVICE
#undef LOGIN_ADVICE
};

static const struct login_row {
    enum rule_id rule;
    enum login login;
    struct advice_row advice;
} login_rows[] = {
#define REASON_ADVICE(reason, client, postmaster)
#define FAULT_ADVICE(rule, fault, client, postmaster)
#define ENCRYPTION_ADVICE(rule, encryption, client, postmaster)
#define LOGIN_ADVICE(rule, login, client, postmaster) { RULE_##rule, LOGIN_##login, { client, postmaster } },
#include "incident/advice_narrow.def"
#undef REASON_ADVICE
#undef FAULT_ADVICE
#undef ENCRYPTION_ADVICE
#undef LOGIN_ADVICE
};

bool advice_needs_reason(enum rule_id rule)
{
    return rule == RULE_COMMAND_REFUSED || rule == RULE_MESSAGE_REFUSED || rule == RULE_BLOCKLISTED
           || rule == RULE_SENDER_REFUSED;
}

static const struct advice_row *narrow_row(enum rule_id rule, enum fault fault, enum refusal_reason reason)
{
    if (advice_needs_reason(rule) && reason_rows[reason].client)
        return &reason_rows[reason];
    for (size_t i = 0; i < sizeof fault_rows / sizeof fault_rows[0]; i++)
        if (fault_rows[i].rule == rule && fault_rows[i].fault == fault)
            return &fault_rows[i].advice;
    return &rows[rule];
}

/* "Client: ... Postmaster of the server: ..." of the catalogue, in its two parts. */
static struct advice split(struct bytes remedy)
{
    static const char client[] = "Client: ", server[] = "Postmaster of the server: ";
    size_t at = bytes_find_nocase(remedy, BYTES("Postmaster of the"));
    struct advice advice = { bytes_trim(bytes_slice(remedy, 0, at)),
                             at == SIZE_MAX ? remedy : bytes_from(remedy, at) };

    if (bytes_starts_nocase(advice.client, bytes_of(client)))
        advice.client = bytes_from(advice.client, sizeof client - 1);
    if (bytes_starts_nocase(advice.postmaster, bytes_of(server)))
        advice.postmaster = bytes_from(advice.postmaster, sizeof server - 1);
    return advice;
}

struct advice advice_of(enum rule_id rule, enum fault fault, enum refusal_reason reason)
{
    const struct advice_row *row = narrow_row(rule, fault, reason);
    struct bytes remedy = bytes_of(rule_of(rule)->remedy);

    if (!row->client)
        return split(remedy);
    return (struct advice){ row->client[0] ? bytes_of(row->client) : remedy,
                            row->postmaster[0] ? bytes_of(row->postmaster) : remedy };
}

struct advice advice_for(const struct incident *incident)
{
    for (size_t i = 0; i < sizeof encryption_rows / sizeof encryption_rows[0]; i++) {
        const struct encryption_row *row = &encryption_rows[i];
        if (row->rule == incident->rule && row->encryption == incident->encryption)
            return (struct advice){ bytes_of(row->advice.client), bytes_of(row->advice.postmaster) };
    }
    for (size_t i = 0; i < sizeof login_rows / sizeof login_rows[0]; i++) {
        const struct login_row *row = &login_rows[i];
        if (row->rule == incident->rule && row->login == incident->login)
            return (struct advice){ bytes_of(row->advice.client), bytes_of(row->advice.postmaster) };
    }
    return advice_of(incident->rule, incident->fault, incident->reason);
}
