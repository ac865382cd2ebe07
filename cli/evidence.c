/* Packets on their way to a file of evidence: whose they are, and until when they wait. */
#include "cli/evidence.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/evidence_parts.h"
#include "transcript/event_write.h"

enum { BUCKETS = 1 << 14, NUMBERS = 1 << 20, LINGER_S = 10, PATIENCE_S = 30 };

struct queue {
    struct kept *first, *last;
    size_t bytes;
};

struct numbered {
    uint64_t captured;
    uint32_t number;
};

struct evidence {
    struct evidence_options options;
    struct store *store;
    struct queue pending; /* of connections that are no session yet */
    struct queue held;    /* of sessions, in the order of the file */
    struct kept *buckets[BUCKETS];
    struct tracked *sessions[BUCKETS];
    struct tracked *first_ended, *last_ended;
    struct tracked *newest_ended; /* to be judged */
    struct numbered *numbers;     /* of the newest packets, by their number on the device */
    uint32_t number;              /* of the last one in this file */
    uint64_t dropped;
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
        evidence->numbers = calloc(NUMBERS, sizeof *evidence->numbers);
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
    free(evidence->numbers);
    free(evidence);
    return NULL;
}

bool evidence_start(struct evidence *evidence, struct err *err)
{
    return store_start(evidence->store, err);
}

/* The same for both directions. */
static unsigned bucket_of(const struct endpoint *a, const struct endpoint *b)
{
    uint64_t sum = (uint64_t)a->port * b->port + a->port + b->port;

    for (unsigned i = 0; i < sizeof a->address.bytes; i++)
        sum = sum * 31 + (uint64_t)(a->address.bytes[i] ^ b->address.bytes[i]);
    return (unsigned)((sum * UINT64_C(0xff51afd7ed558ccd)) >> 50) % BUCKETS;
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && address_equal(&a->address, &b->address);
}

static bool is_between(const struct kept *kept, const struct endpoint *a, const struct endpoint *b)
{
    return (same_end(&kept->from, a) && same_end(&kept->to, b))
           || (same_end(&kept->from, b) && same_end(&kept->to, a));
}

static struct tracked *find_session(const struct evidence *evidence, const struct endpoint *a,
                                    const struct endpoint *b)
{
    struct tracked *at = evidence->sessions[bucket_of(a, b)];

    while (at && !(same_end(&at->client, a) && same_end(&at->server, b))
           && !(same_end(&at->client, b) && same_end(&at->server, a)))
        at = at->next;
    return at;
}

static void append(struct queue *queue, struct kept *kept)
{
    kept->next = NULL;
    kept->previous = queue->last;
    *(queue->last ? &queue->last->next : &queue->first) = kept;
    queue->last = kept;
    queue->bytes += sizeof *kept + kept->len;
}

static void take_out(struct queue *queue, struct kept *kept)
{
    *(kept->previous ? &kept->previous->next : &queue->first) = kept->next;
    *(kept->next ? &kept->next->previous : &queue->last) = kept->previous;
    queue->bytes -= sizeof *kept + kept->len;
}

static void leave_bucket(struct evidence *evidence, struct kept *kept)
{
    struct kept **link = &evidence->buckets[bucket_of(&kept->from, &kept->to)];

    while (*link && *link != kept)
        link = &(*link)->in_flow;
    if (*link)
        *link = kept->in_flow;
}

static void number_it(struct evidence *evidence, struct kept *kept)
{
    if (!evidence->options.only_findings)
        evidence->numbers[kept->captured % NUMBERS] = (struct numbered){ kept->captured, ++evidence->number };
}

static void write_kept(struct evidence *evidence, struct kept *kept, bool is_known)
{
    if (!evidence->options.keeps_secrets) {
        evidence_mask(kept, kept->owner);
        if (!is_known && same_end(&kept->from, &kept->owner->client))
            evidence_mask_whole(kept);
    }
    pcapng_packet(kept, evidence->options.link_types, evidence->options.link_type_count, &evidence->block);
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
    number_it(evidence, kept);
    append(&evidence->held, kept);
    if (kept->payload_len == 0 || !same_end(&kept->from, &owner->client))
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
        take_out(&evidence->pending, kept);
        leave_bucket(evidence, kept);
        free(kept);
    }
}

static struct kept *keep(const struct packet *packet, const struct segment *segment)
{
    struct kept *kept = malloc(sizeof *kept + packet->data.len);
    const uint8_t *data = packet->data.ptr;
    bool is_inside = segment->payload.len > 0 && segment->payload.ptr >= data
                     && segment->payload.ptr + segment->payload.len <= data + packet->data.len;

    if (!kept)
        return NULL;
    *kept = (struct kept){ .from = { segment->source, segment->source_port },
                           .to = { segment->destination, segment->destination_port },
                           .captured = packet->number,
                           .time_ns = packet->time_ns,
                           .seq = segment->seq,
                           .wire_length = packet->wire_length,
                           .dlt = packet->dlt,
                           .payload_at = is_inside ? (uint32_t)(segment->payload.ptr - data) : 0,
                           .payload_len = is_inside ? (uint32_t)segment->payload.len : 0,
                           .len = (uint32_t)packet->data.len };
    memcpy(kept->data, data, packet->data.len);
    return kept;
}

static void leave_sessions(struct evidence *evidence, struct tracked *owner)
{
    struct tracked **link = &evidence->sessions[bucket_of(&owner->client, &owner->server)];

    while (*link && *link != owner)
        link = &(*link)->next;
    if (*link)
        *link = owner->next;
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
    struct kept *kept = keep(packet, segment);

    evidence->now_ns = packet->time_ns;
    if (!kept) {
        evidence->dropped++;
        return;
    }
    struct tracked *owner = find_session(evidence, &kept->from, &kept->to);
    if (owner && owner->ended_ns && (segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
        leave_sessions(evidence, owner); /* another connection between the same ends */
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
    struct kept **bucket = &evidence->buckets[bucket_of(&kept->from, &kept->to)];
    kept->in_flow = *bucket;
    *bucket = kept;
    append(&evidence->pending, kept);
    make_room(evidence);
}

/* What waited for this moment, in the order in which it came: the bucket has the newest first. */
static void adopt(struct evidence *evidence, struct tracked *owner)
{
    struct kept **link = &evidence->buckets[bucket_of(&owner->client, &owner->server)], *found = NULL;

    while (*link) {
        struct kept *kept = *link;
        if (!is_between(kept, &owner->client, &owner->server)) {
            link = &kept->in_flow;
            continue;
        }
        *link = kept->in_flow;
        kept->in_flow = found;
        found = kept;
    }
    for (struct kept *older; found; found = older) {
        older = found->in_flow;
        take_out(&evidence->pending, found);
        hold(evidence, owner, found);
    }
}

static struct tracked *begin_session(struct evidence *evidence, const struct session *session)
{
    struct tracked *owner = find_session(evidence, &session->client, &session->server);

    if (!owner) {
        owner = calloc(1, sizeof *owner);
        if (!owner)
            return NULL;
        struct tracked **bucket = &evidence->sessions[bucket_of(&session->client, &session->server)];
        owner->next = *bucket;
        *bucket = owner;
    }
    owner->client = session->client;
    owner->server = session->server;
    adopt(evidence, owner);
    return owner;
}

static bool holds_text(const struct kept *kept, struct bytes text, uint32_t *at)
{
    const uint8_t *payload = kept->data + kept->payload_at;
    const uint8_t *hit = text.len ? memmem(payload, kept->payload_len, text.ptr, text.len) : NULL;

    *at = hit ? (uint32_t)(hit - payload) : 0;
    return hit != NULL;
}

static void add_mask(struct tracked *owner, bool is_server, uint32_t seq, uint32_t len)
{
    if (owner->mask_count == MASKS) {
        owner->masks_all = true;
        return;
    }
    owner->masks[owner->mask_count++] = (struct mask){ is_server, seq, len };
}

/* The text where it stands in one of its packets, or those packets' payloads whole. */
static void mask_text(struct tracked *owner, bool is_server, const struct item *item, struct bytes text)
{
    const struct endpoint *from = is_server ? &owner->server : &owner->client;
    uint64_t first = item->first.packet.number, last = item->at.packet.number;

    struct kept *kept = owner->newest;
    for (unsigned i = 0; i < owner->waiting && kept->captured >= first; i++, kept = kept->in_flow) {
        uint32_t at;
        if (kept->payload_len == 0 || kept->captured > last || !same_end(&kept->from, from))
            continue;
        bool is_found = first == last && holds_text(kept, text, &at);
        add_mask(owner, is_server, is_found ? kept->seq + at : kept->seq,
                 is_found ? (uint32_t)text.len : kept->payload_len);
    }
}

static void mask_reply(struct tracked *owner, const struct reply *reply)
{
    const struct item item = { .first = reply->first, .at = reply->at };

    if (reply->is_redacted)
        mask_text(owner, true, &item, (struct bytes){ NULL, 0 });
}

static void note_item(struct tracked *owner, const struct item *item)
{
    if (item->kind == ITEM_SASL) {
        mask_text(owner, false, item, item->as.sasl->text);
    } else if (item->kind == ITEM_COMMAND) {
        const struct command *command = &item->as.command;
        if (command->verb == VERB_AUTH)
            owner->exchange = item->first.packet.number;
        if (event_hides_command(command, SECRETS_MASK) && !command->is_redacted)
            mask_text(owner, false, item, command->verb == VERB_AUTH ? command->argument : command->line);
    }
}

void evidence_change(struct evidence *evidence, const struct session *session, enum session_change change,
                     size_t index)
{
    struct tracked *owner = change == CHANGE_OPENED
                                ? begin_session(evidence, session)
                                : find_session(evidence, &session->client, &session->server);

    if (!owner || change == CHANGE_OPENED)
        return;
    const struct item *item = &session->items[index];
    if (change == CHANGE_ITEM_ADDED)
        note_item(owner, item);
    if (item->reply) {
        mask_reply(owner, item->reply);
        bool is_auth =
            item->kind == ITEM_SASL || (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_AUTH);
        if (is_auth && item->reply->code != 334)
            owner->exchange = 0;
    }
}

void evidence_end(struct evidence *evidence, const struct session *session)
{
    struct tracked *owner = find_session(evidence, &session->client, &session->server);

    evidence->newest_ended = owner;
    if (!owner || owner->ended_ns)
        return;
    for (size_t i = 0; i < session->item_count; i++) /* lines that only the whole shows to be credentials */
        if (session->items[i].kind == ITEM_COMMAND && session->items[i].as.command.is_secret)
            note_item(owner, &session->items[i]);
    owner->ended_ns = session->end_ns ? session->end_ns : 1;
    owner->open_line = owner->exchange = 0;
    *(evidence->last_ended ? &evidence->last_ended->next_ended : &evidence->first_ended) = owner;
    evidence->last_ended = owner;
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
        take_out(&evidence->held, kept);
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
        take_out(&evidence->held, kept);
        kept->owner->waiting--;
        if (evidence->options.only_findings)
            evidence->dropped++; /* no room to wait for its finding */
        else
            write_kept(evidence, kept, is_known);
        free(kept);
    }
}

static void forget_session(struct evidence *evidence, struct tracked *owner)
{
    leave_sessions(evidence, owner);
    if (evidence->newest_ended == owner)
        evidence->newest_ended = NULL;
    free(owner);
}

/* Their last packets may come a little later. */
static void forget_ended(struct evidence *evidence, bool everything)
{
    while (evidence->first_ended) {
        struct tracked *owner = evidence->first_ended;
        bool is_over = everything || evidence->now_ns > owner->ended_ns + LINGER_S * NS_PER_SECOND;
        if (!is_over || owner->waiting > 0)
            return;
        evidence->first_ended = owner->next_ended;
        if (!evidence->first_ended)
            evidence->last_ended = NULL;
        forget_session(evidence, owner);
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
    memset(evidence->numbers, 0, NUMBERS * sizeof *evidence->numbers);
    evidence->number = 0;
}

static uint32_t number_of(const struct evidence *evidence, uint64_t captured)
{
    const struct numbered *at = &evidence->numbers[captured % NUMBERS];

    return at->captured == captured ? at->number : 0;
}

/* In a string of JSON a quote has a backslash before it: the key cannot be part of one.  What is in no file
 * any more has no number. */
void evidence_renumber(const struct evidence *evidence, struct buf *lines)
{
    static const char key[] = ",\"packet\":";
    struct buf out;
    size_t at = 0;

    if (evidence->options.only_findings || lines->len == 0)
        return;
    buf_init(&out, lines->max);
    for (const uint8_t *hit; (hit = memmem(lines->ptr + at, lines->len - at, key, sizeof key - 1));) {
        size_t digits = (size_t)(hit - lines->ptr) + sizeof key - 1, end = digits;
        uint64_t captured = 0;
        while (end < lines->len && ascii_is_digit(lines->ptr[end]))
            captured = captured * 10 + (uint64_t)(lines->ptr[end++] - '0');
        (void)buf_append(&out, (struct bytes){ lines->ptr + at, digits - (sizeof key - 1) - at });
        uint32_t number = number_of(evidence, captured);
        if (number)
            (void)buf_printf(&out, "%s%u", key, number);
        at = end;
    }
    (void)buf_append(&out, (struct bytes){ lines->ptr + at, lines->len - at });
    if (out.ok) {
        buf_clear(lines);
        (void)buf_append(lines, buf_bytes(&out));
    }
    buf_release(&out);
}

uint64_t evidence_dropped(const struct evidence *evidence)
{
    return evidence->dropped;
}

bool evidence_close(struct evidence *evidence, int wait_ms, struct err *err)
{
    write_held(evidence, true);
    for (struct kept *kept = evidence->pending.first, *next; kept; kept = next) {
        next = kept->next;
        free(kept);
    }
    forget_ended(evidence, true);
    for (unsigned i = 0; i < BUCKETS; i++)
        while (evidence->sessions[i])
            forget_session(evidence, evidence->sessions[i]);
    bool ok = store_close(evidence->store, wait_ms, err);
    buf_release(&evidence->block);
    free(evidence->numbers);
    free(evidence);
    return ok;
}
