/* What the two sides of an incident do about it. */
#include "incident/advice.h"

static const struct advice_row {
    const char *client, *postmaster;
} rows[RULE_COUNT] = {
#define ADVICE(rule, client, postmaster) [RULE_##rule] = { client, postmaster },
#include "incident/advice.def"
#undef ADVICE
};

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

struct advice advice_of(enum rule_id rule)
{
    const struct advice_row *row = &rows[rule];
    struct bytes remedy = bytes_of(rule_of(rule)->remedy);

    if (!row->client)
        return split(remedy);
    return (struct advice){ row->client[0] ? bytes_of(row->client) : remedy,
                            row->postmaster[0] ? bytes_of(row->postmaster) : remedy };
}
