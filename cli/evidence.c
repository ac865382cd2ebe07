/* Packets on their way to a file of evidence: whose they are, and until when they wait. */
#include "cli/evidence.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/evidence_parts.h"
#include "transcript/event_write.h"

enum { LINGER_S = 10, PATIENCE_S = 30 };

struct evidence {
    struct evidence_options options;
    struct store *store;
    struct queue pending; /* of connections that are no session yet */
    struct queue held;    /* of sessions, in the order of the file */
    struct connections connections;
    struct tracked *first_ended, *last_ended;
    unsigned ended_count;
    struct tracked *newest_ended; /* to be judged */
    struct numbers *numbers;
    uint64_t bytes; /* of this file */
    uint64_t dropped;
    uint64_t holes; /* packets that the disk did not take, and that is known */
    uint64_t now_ns;
    struct buf block;
};

static const char suffix[] = ".smtpscope.pcapng";

struct evidence *evidence_new(const struct evidence_options *options, struct err *err)
{
    struct evidence *evidence = calloc(1, sizeof *evidence);
    struct store_options store = options->store;

    store.suffix = suffix;
    store.is_binary = true;
    if (evidence) {
        evidence->options = *options;
        evidence->numbers = numbers_new();
        buf_init(&evidence->block, LIMIT_EVENT_LINE);
    }
    if (!evidence || !evidence->numbers) {
        free(evidence);
        (void)err_set(err, ERR_NOMEM, 0, "no memory for packets");
        return NULL;
    }
    evidence->store = store_open(&store, err);
    if (evidence->store)
        return evidence;
    numbers_free(evidence->numbers);
    free(evidence);
    return NULL;
}

bool evidence_start(struct evidence *evidence, struct err *err)
{
    return store_start(evidence->store, err);
}

static void write_kept(struct evidence *evidence, struct kept *kept, bool is_known)
{
    if (!evidence->options.keeps_secrets) {
        evidence_mask(kept, kept->owner);
        if (!is_known && kept_is_from(kept, &kept->owner->client))
            evidence_mask_whole(kept);
    }
    pcapng_packet(kept, evidence->options.link_types, evidence->options.link_type_count, &evidence->block);
    evidence->bytes += evidence->block.len;
    store_put(evidence->store, buf_bytes(&evidence->block));
    buf_clear(&evidence->block);
}

/* A packet of a session: its place in the file is known.  A client's line that is not complete may become a
 * secret. */
static void hold(struct evidence *evidence, struct tracked *owner, struct kept *kept)
{
    kept->owner = owner;
    kept->in_flow = owner->newest;
    owner->newest = kept;
    owner->waiting++;
    if (!evidence->options.only_findings)
        numbers_add(evidence->numbers, kept->captured);
    queue_append(&evidence->held, kept);
    if (kept->payload_len == 0 || !kept_is_from(kept, &owner->client))
        return;
    bool is_complete = kept->data[kept->payload_at + kept->payload_len - 1] == '\n';
    if (is_complete)
        owner->open_line = 0;
    else if (!owner->open_line || memchr(kept->data + kept->payload_at, '\n', kept->payload_len))
        owner->open_line = kept->captured;
}

/* Oldest first: a connection that has not become a session by now will hardly do so. */
static void make_room(struct evidence *evidence)
{
    while (evidence->pending.bytes > LIMIT_EVIDENCE_PENDING) {
        struct kept *kept = evidence->pending.first;
        queue_take_out(&evidence->pending, kept);
        connections_give_up(&evidence->connections, kept);
        free(kept);
    }
}

/* It comes when its session has ended and been judged. */
static void take_straggler(struct evidence *evidence, struct tracked *owner, struct kept *kept)
{
    kept->owner = owner;
    if (owner->is_kept)
        write_kept(evidence, kept, true);
    free(kept);
}

void evidence_packet(struct evidence *evidence, const struct packet *packet, const struct segment *segment)
{
    struct kept *kept = kept_new(packet, segment);

    evidence->now_ns = packet->time_ns;
    if (!kept) {
        evidence->dropped++;
        return;
    }
    struct tracked *owner = connections_find(&evidence->connections, &kept->from, &kept->to);
    if (owner && owner->ended_ns && (segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
        connections_leave(&evidence->connections, owner); /* another connection between the same ends */
        owner = NULL;
    }
    if (owner && owner->ended_ns && evidence->options.only_findings) {
        take_straggler(evidence, owner, kept);
        return;
    }
    if (owner) {
        hold(evidence, owner, kept);
        return;
    }
    connections_wait(&evidence->connections, kept);
    queue_append(&evidence->pending, kept);
    make_room(evidence);
}

/* What waited for this moment is of a session. */
static struct tracked *begin_session(struct evidence *evidence, const struct session *session)
{
    struct tracked *owner = connections_begin(&evidence->connections, &session->client, &session->server);

    if (!owner)
        return NULL;
    struct kept *kept = connections_take_waiting(&evidence->connections, owner);
    for (struct kept *newer; kept; kept = newer) {
        newer = kept->in_flow;
        queue_take_out(&evidence->pending, kept);
        hold(evidence, owner, kept);
    }
    return owner;
}

void evidence_change(struct evidence *evidence, const struct session *session, enum session_change change,
                     size_t index)
{
    struct tracked *owner = change == CHANGE_OPENED ? begin_session(evidence, session)
                                                    : connections_find(&evidence->connections,
                                                                       &session->client, &session->server);

    if (!owner || change == CHANGE_OPENED)
        return;
    const struct item *item = &session->items[index];
    if (change == CHANGE_ITEM_ADDED)
        secrets_note_item(owner, item);
    if (item->reply)
        secrets_note_reply(owner, item);
}

void evidence_end(struct evidence *evidence, const struct session *session)
{
    struct tracked *owner = connections_find(&evidence->connections, &session->client, &session->server);

    evidence->newest_ended = owner;
    if (!owner || owner->ended_ns)
        return;
    for (size_t i = 0; i < session->item_count; i++) /* lines that only the whole shows to be credentials */
        if (session->items[i].kind == ITEM_COMMAND && session->items[i].as.command.is_secret)
            secrets_note_item(owner, &session->items[i]);
    secrets_note_unended(owner, session);
    owner->ended_ns = session->end_ns ? session->end_ns : 1;
    owner->open_line = owner->exchange = 0;
    *(evidence->last_ended ? &evidence->last_ended->next_ended : &evidence->first_ended) = owner;
    evidence->last_ended = owner;
    evidence->ended_count++;
}

/* The oldest first: the chain has the newest first. */
static struct kept *reversed(struct tracked *owner)
{
    struct kept *found = NULL, *kept = owner->newest;

    for (; owner->waiting > 0; owner->waiting--) {
        struct kept *older = kept->in_flow;
        kept->in_flow = found;
        found = kept;
        kept = older;
    }
    owner->newest = NULL;
    return found;
}

void evidence_judge(struct evidence *evidence, bool has_finding)
{
    struct tracked *owner = evidence->newest_ended;

    if (!owner || !evidence->options.only_findings)
        return;
    owner->is_kept = has_finding;
    for (struct kept *kept = reversed(owner), *newer; kept; kept = newer) {
        newer = kept->in_flow;
        queue_take_out(&evidence->held, kept);
        if (has_finding)
            write_kept(evidence, kept, true);
        free(kept);
    }
}

/* Whether all that must be known of this packet is. */
static bool is_settled(const struct evidence *evidence, const struct kept *kept)
{
    const struct tracked *owner = kept->owner;

    if (evidence->options.only_findings)
        return false; /* evidence_judge says so */
    bool waits_for_line = owner->open_line && kept->captured >= owner->open_line;
    bool waits_for_exchange = owner->exchange && kept->captured >= owner->exchange;
    return !waits_for_line && !waits_for_exchange;
}

/* Where all waits for one session only, its secret is overwritten whole, and the rest goes on. */
static bool is_overdue(const struct evidence *evidence, const struct kept *kept)
{
    bool is_old =
        !evidence->options.only_findings && evidence->now_ns > kept->time_ns + PATIENCE_S * NS_PER_SECOND;

    return is_old || evidence->held.bytes > LIMIT_EVIDENCE_BYTES;
}

static void write_held(struct evidence *evidence, bool everything)
{
    while (evidence->held.first) {
        struct kept *kept = evidence->held.first;
        bool is_known = is_settled(evidence, kept);
        if (!is_known && !everything && !is_overdue(evidence, kept))
            return;
        queue_take_out(&evidence->held, kept);
        kept->owner->waiting--;
        if (evidence->options.only_findings)
            evidence->dropped++; /* no room to wait for its finding */
        else
            write_kept(evidence, kept, is_known);
        free(kept);
    }
}

static void forget(struct evidence *evidence, struct tracked *owner)
{
    connections_leave(&evidence->connections, owner);
    if (evidence->newest_ended == owner)
        evidence->newest_ended = NULL;
    tracked_free(owner);
}

/* Their last packets may come a little later. */
static void forget_ended(struct evidence *evidence, bool everything)
{
    while (evidence->first_ended) {
        struct tracked *owner = evidence->first_ended;
        bool is_over = everything || evidence->ended_count > LIMIT_EVIDENCE_ENDED
                       || evidence->now_ns > owner->ended_ns + LINGER_S * NS_PER_SECOND;
        if (!is_over || owner->waiting > 0)
            return;
        evidence->first_ended = owner->next_ended;
        if (!evidence->first_ended)
            evidence->last_ended = NULL;
        evidence->ended_count--;
        forget(evidence, owner);
    }
}

void evidence_flush(struct evidence *evidence, uint64_t now_ns)
{
    evidence->now_ns = now_ns > evidence->now_ns ? now_ns : evidence->now_ns;
    write_held(evidence, false);
    forget_ended(evidence, false);
}

void evidence_cut(struct evidence *evidence, uint64_t start_ns)
{
    if (!evidence->options.only_findings) /* their numbers are of the file that ends */
        write_held(evidence, true);
    pcapng_head(evidence->options.link_types, evidence->options.link_type_count, &evidence->block);
    store_cut(evidence->store, start_ns, buf_bytes(&evidence->block));
    buf_clear(&evidence->block);
    numbers_clear(evidence->numbers);
    evidence->bytes = 0;
}

void evidence_renumber(const struct evidence *evidence, struct buf *lines)
{
    if (!evidence->options.only_findings)
        numbers_replace(evidence->numbers, lines);
}

uint64_t evidence_bytes(const struct evidence *evidence)
{
    return evidence->bytes;
}

uint64_t evidence_lost(struct evidence *evidence)
{
    struct store_counters store;

    store_count(evidence->store, &store);
    return evidence->dropped + store.lost;
}

bool evidence_news(struct evidence *evidence, char *out, size_t size)
{
    return store_news(evidence->store, out, size);
}

bool evidence_has_hole(struct evidence *evidence)
{
    struct store_counters store;

    store_count(evidence->store, &store);
    if (store.is_failing || store.lost == evidence->holes)
        return false;
    evidence->holes = store.lost;
    return true;
}

bool evidence_close(struct evidence *evidence, int wait_ms, struct err *err)
{
    write_held(evidence, true);
    queue_free(&evidence->pending);
    forget_ended(evidence, true);
    for (unsigned i = 0; i < BUCKETS; i++)
        while (evidence->connections.sessions[i])
            forget(evidence, evidence->connections.sessions[i]);
    bool ok = store_close(evidence->store, wait_ms, err);
    buf_release(&evidence->block);
    numbers_free(evidence->numbers);
    free(evidence);
    return ok;
}
