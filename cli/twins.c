/* Sessions of logs, by what was said in them.  The packets tell more of a session, unless they hide it in
 * TLS. */
#include "cli/twins.h"

#include <stdlib.h>

#include "base/fingerprint.h"
#include "base/limits.h"
#include "base/timestamp.h"

/* Clocks without a zone are up to fourteen hours off, and logs are written a while later. */
#define FAR_NS (UINT64_C(26) * 3600 * NS_PER_SECOND)

struct twin {
    struct twin *next; /* in the order in which they ended */
    struct session *session;
    uint64_t print;
};

struct twins {
    struct session_sink sink;
    struct twin *first;
    struct twin **last;
    size_t count;
    uint64_t met;
};

struct twins *twins_new(const struct session_sink *sink)
{
    struct twins *twins = calloc(1, sizeof *twins);

    if (!twins)
        return NULL;
    twins->sink = *sink;
    twins->last = &twins->first;
    return twins;
}

static void add_number(struct fingerprint *print, uint64_t number)
{
    fingerprint_add(print, (struct bytes){ (const uint8_t *)&number, sizeof number });
}

/* The last line of a reply is what a log shows that shows but one; a greeting some clients do not wait out.
 */
static void add_reply(struct fingerprint *print, const struct reply *reply, bool is_greeting)
{
    add_number(print, reply ? reply->code : 0);
    if (reply && reply->line_count)
        fingerprint_add(print, bytes_trim(reply->lines[is_greeting ? 0 : reply->line_count - 1]));
}

/* Its QUIT and its login are what logs leave out most often: of an AUTH some show how it ended, and not how
 * it went on. */
static void add_command(struct fingerprint *print, const struct item *item)
{
    const struct command *command = &item->as.command;

    if (command->verb == VERB_QUIT)
        return;
    add_number(print, command->verb);
    if (command->verb == VERB_AUTH)
        return;
    if (command->verb != VERB_UNKNOWN)
        fingerprint_add(print, command->argument);
    add_reply(print, item->reply, false);
}

/* What was said in clear: of a session in TLS the packets have no more. */
static uint64_t print_of(const struct session *session)
{
    struct fingerprint print;

    fingerprint_start(&print);
    for (size_t i = 0; i < session->item_count && session->items[i].kind != ITEM_TLS; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_GREETING || item->kind == ITEM_CONTENT)
            add_reply(&print, item->reply, item->kind == ITEM_GREETING);
        else if (item->kind == ITEM_COMMAND)
            add_command(&print, item);
    }
    return fingerprint_value(&print);
}

/* A few words are said in many sessions: they tell no one from the other. */
static bool says_enough(const struct session *session)
{
    return session->command_count > 1 && !session->is_midstream;
}

static void hold(void *ctx, struct session *session)
{
    struct twins *twins = ctx;
    bool is_held = says_enough(session) && twins->count < LIMIT_LOG_TALKS;
    struct twin *twin = is_held ? malloc(sizeof *twin) : NULL;

    if (!twin) {
        twins->sink.ended(twins->sink.ctx, session);
        return;
    }
    *twin = (struct twin){ .session = session, .print = print_of(session) };
    *twins->last = twin;
    twins->last = &twin->next;
    twins->count++;
}

static bool is_near(const struct session *log, const struct session *other)
{
    uint64_t a = log->start_ns, b = other->start_ns;

    return log->log->clock != LOG_CLOCK_FULL || (a > b ? a - b : b - a) < FAR_NS;
}

/* The session of a log that is this one, taken out; NULL. */
static struct session *meet(struct twins *twins, const struct session *session)
{
    uint64_t print = twins->first && says_enough(session) ? print_of(session) : 0;

    for (struct twin **at = &twins->first; *at && print; at = &(*at)->next) {
        struct twin *twin = *at;
        if (twin->print != print || !is_near(twin->session, session))
            continue;
        struct session *met = twin->session;
        *at = twin->next;
        if (!*at)
            twins->last = at;
        free(twin);
        twins->count--;
        twins->met++;
        return met;
    }
    return NULL;
}

/* The log goes on where the packets are sealed: its dialogue, in the place of theirs. */
static struct session *take_over(struct session *log, struct session *packets)
{
    memcpy(log->id, packets->id, sizeof log->id);
    log->serial = packets->serial;
    log->client = packets->client;
    log->server = packets->server;
    if (log->log->clock != LOG_CLOCK_FULL)
        log->log->clock = LOG_CLOCK_NONE; /* its times count from elsewhere */
    session_free(packets);
    return log;
}

static void take_packets(void *ctx, struct session *session)
{
    struct twins *twins = ctx;
    struct session *log = meet(twins, session);

    if (log && session->is_tls && log->command_count > session->command_count)
        session = take_over(log, session);
    else
        session_free(log);
    twins->sink.ended(twins->sink.ctx, session);
}

static void take_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    struct twins *twins = ctx;

    twins->sink.changed(twins->sink.ctx, session, change, index);
}

static void take_reached(void *ctx, uint64_t serial)
{
    struct twins *twins = ctx;

    twins->sink.reached(twins->sink.ctx, serial);
}

struct session_sink twins_of_logs(struct twins *twins)
{
    return (struct session_sink){ .ctx = twins, .ended = hold };
}

struct session_sink twins_of_packets(struct twins *twins)
{
    return (struct session_sink){ .ctx = twins,
                                  .changed = twins->sink.changed ? take_change : NULL,
                                  .ended = take_packets,
                                  .reached = twins->sink.reached ? take_reached : NULL };
}

void twins_release(struct twins *twins)
{
    for (struct twin *twin = twins->first, *next; twin; twin = next) {
        next = twin->next;
        twins->sink.ended(twins->sink.ctx, twin->session);
        free(twin);
    }
    twins->first = NULL;
    twins->last = &twins->first;
    twins->count = 0;
}

void twins_free(struct twins *twins)
{
    if (!twins)
        return;
    for (struct twin *twin = twins->first, *next; twin; twin = next) {
        next = twin->next;
        session_free(twin->session);
        free(twin);
    }
    free(twins);
}

uint64_t twins_met(const struct twins *twins)
{
    return twins->met;
}
