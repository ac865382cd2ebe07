/* Counts over all sessions. */
#include "incident/traffic.h"

#include "incident/client_software.h"
#include "incident/masked.h"
#include "incident/party.h"
#include "incident/timeline.h"
#include "base/limits.h"

const char *latency_name(unsigned kind)
{
    if (kind < VERB_COUNT)
        return verb_name((enum verb)kind);
    return kind == LATENCY_GREETING ? "greeting" : kind == LATENCY_RESPONSE ? "AUTH response" : "end of data";
}

void traffic_init(struct traffic *traffic)
{
    *traffic = (struct traffic){ 0 };
    arena_init(&traffic->arena, NULL, LIMIT_INCIDENT_BYTES);
}

void traffic_release(struct traffic *traffic)
{
    tally_release(&traffic->software);
    tally_release(&traffic->programs);
    tally_release(&traffic->clients);
    tally_release(&traffic->servers);
    tally_release(&traffic->starttls_servers);
    tally_release(&traffic->starttls_replies);
    arena_release(&traffic->arena);
}

uint64_t traffic_faultless(const struct traffic *traffic)
{
    return traffic->sessions - traffic->faulty - traffic->not_judged;
}

static unsigned bucket_of(uint64_t ns)
{
    uint64_t us = ns / 1000;

    if (us < LATENCY_PER_DOUBLING)
        return (unsigned)us;
    unsigned log = 63u - (unsigned)__builtin_clzll(us);
    unsigned bucket = (log - 2) * LATENCY_PER_DOUBLING + (unsigned)((us >> (log - 3)) & 7);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

uint64_t latency_bound_ns(unsigned bucket)
{
    uint64_t us = bucket;

    if (bucket >= LATENCY_PER_DOUBLING) {
        unsigned log = bucket / LATENCY_PER_DOUBLING + 2;
        us = (UINT64_C(8) + bucket % LATENCY_PER_DOUBLING) << (log - 3);
    }
    return us * 1000;
}

uint64_t latency_percentile(const struct latency *latency, unsigned percent)
{
    uint64_t rank = (latency->count * percent + 99) / 100, seen = 0;

    if (latency->count == 0)
        return 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->bucket[i];
        if (seen >= rank && seen) {
            uint64_t above = latency_bound_ns(i + 1);
            return above < latency->worst_ns ? above : latency->worst_ns;
        }
    }
    return latency->worst_ns;
}

static void add_latency(struct traffic *traffic, unsigned kind, uint64_t from_ns, uint64_t to_ns)
{
    struct latency *latency = &traffic->latency[kind];
    uint64_t ns = to_ns > from_ns ? to_ns - from_ns : 0;

    latency->bucket[bucket_of(ns)]++;
    latency->count++;
    if (ns > latency->worst_ns)
        latency->worst_ns = ns;
}

static void add_item(struct traffic *traffic, const struct session *session, const struct item *item)
{
    if (!item->reply || item->is_after_gap || item->reply->is_after_gap)
        return;
    uint64_t answered_ns = item->reply->first.time_ns;
    if (item->kind == ITEM_COMMAND)
        add_latency(traffic, item->as.command.verb, item->at.time_ns, answered_ns);
    else if (item->kind == ITEM_SASL)
        add_latency(traffic, LATENCY_RESPONSE, item->at.time_ns, answered_ns);
    else if (item->kind == ITEM_CONTENT && item->as.content.is_last)
        add_latency(traffic, LATENCY_END_OF_DATA, item->at.time_ns, answered_ns);
    else if (item->kind == ITEM_GREETING && !session->is_midstream)
        add_latency(traffic, LATENCY_GREETING, session->start_ns, answered_ns);
}

static void add_endpoints(struct traffic *traffic, const struct session *session)
{
    char text[PARTY_TEXT];
    size_t len = party_client(session, false, text);

    tally_add(&traffic->clients, &traffic->arena, (struct bytes){ (const uint8_t *)text, len });
    len = party_server(session, text);
    tally_add(&traffic->servers, &traffic->arena, (struct bytes){ (const uint8_t *)text, len });
}

/* A STARTTLS in its order that the server refused is no fault of the client's and breaks no rule, so that no
 * finding tells of it; mail does not go out encrypted all the same. */
static void add_starttls(struct traffic *traffic, const struct analysis *analysis)
{
    char text[PARTY_TEXT];

    for (uint32_t n = 1; n <= analysis->replay.judgement_count; n++) {
        const struct item *item = replay_command(&analysis->replay, n);
        if (item->as.command.verb != VERB_STARTTLS
            || analysis->replay.judgements[n - 1].verdict != VERDICT_REFUSED)
            continue;
        size_t len = party_server(analysis->session, text);
        traffic->starttls_refused++;
        tally_add(&traffic->starttls_servers, &traffic->arena, (struct bytes){ (const uint8_t *)text, len });
        tally_add(&traffic->starttls_replies, &traffic->arena,
                  masked_reply(item->reply, &analysis->session->arena));
        return;
    }
}

void traffic_add(struct traffic *traffic, const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    uint64_t missing = session->side[SIDE_CLIENT].missing_bytes + session->side[SIDE_SERVER].missing_bytes;

    traffic->accepted_later += analysis->returned.accepted_later;
    traffic->sessions++;
    traffic->local += session->log && !session->log->has_zone;
    traffic->lmtp += session->protocol == PROTOCOL_LMTP;
    struct span span = { traffic->first_ns, traffic->last_ns };
    span_add(&span, session->start_ns, session->end_ns);
    traffic->first_ns = span.first_ns;
    traffic->last_ns = span.last_ns;
    traffic->tls += session->is_tls;
    traffic->sealed += session_is_sealed(session);
    traffic->midstream += session->is_midstream;
    traffic->one_sided += session->one_sided != SIDE_NONE;
    traffic->unfinished += session->closed == CLOSE_END_OF_CAPTURE && !session->log;
    traffic->with_missing_bytes += missing > 0;
    add_endpoints(traffic, session);
    add_starttls(traffic, analysis);
    tally_add(&traffic->programs, &traffic->arena, client_software_of(analysis->session));
    if (analysis->replay.server_software)
        tally_add(&traffic->software, &traffic->arena, bytes_of(analysis->replay.server_software));
    /* A log without fractions of seconds, or without times, tells nothing of how fast replies came. */
    for (size_t i = 0; i < session->item_count && (!session->log || session->log->is_precise); i++)
        add_item(traffic, session, &session->items[i]);
}
