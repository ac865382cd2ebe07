/* The memory of PIPECONNECT: one row a place, found by the addresses. */
#include "rules/pipe_offers.h"

static size_t place_of(const struct session *session)
{
    uint32_t sum = session->server.port;

    for (size_t i = 0; i < sizeof session->server.address.bytes; i++)
        sum = sum * 31 + session->server.address.bytes[i] + session->client.address.bytes[i] * UINT32_C(257);
    return sum % LIMIT_PIPE_OFFERS;
}

static bool is_pair(const struct pipe_offer *row, const struct session *session)
{
    return row->since_ns && row->server.port == session->server.port
           && address_equal(&row->server.address, &session->server.address)
           && address_equal(&row->client, &session->client.address);
}

void pipe_offers_note(struct pipe_offers *offers, const struct replay *replay)
{
    const struct session *session = replay->session;
    struct pipe_offer *row = &offers->rows[place_of(session)];

    if (replay->judgement_count == 0 || !replay->ehlo_reply
        || !(replay->judgements[replay->judgement_count - 1].offered & extension_bit(EXTENSION_PIPECONNECT)))
        return;
    if (is_pair(row, session) && row->since_ns <= replay->ehlo_reply->at.time_ns)
        return;
    *row = (struct pipe_offer){ session->server, session->client.address, replay->ehlo_reply->at.time_ns };
}

bool pipe_offers_hold(const struct pipe_offers *offers, const struct session *session)
{
    const struct pipe_offer *row = &offers->rows[place_of(session)];

    return is_pair(row, session) && row->since_ns <= session->start_ns;
}
