/* Collects what a recording holds. */
#include "collector.h"

#include <stdlib.h>

static void take_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    struct collector *collector = ctx;

    if (change != CHANGE_OPENED && index >= session->item_count)
        abort();
    collector->changes++;
}

static void take_session(void *ctx, struct session *session)
{
    struct collector *collector = ctx;

    if (collector->count == COLLECTOR_MOST)
        session_free(session);
    else
        collector->sessions[collector->count++] = session;
}

static void take_reached(void *ctx, uint64_t serial)
{
    struct collector *collector = ctx;

    if (serial < collector->reached)
        abort();
    collector->reached = serial;
}

void collector_init(struct collector *collector, struct budget *budget)
{
    struct session_sink sink = {
        .ctx = collector, .changed = take_change, .ended = take_session, .reached = take_reached
    };

    *collector = (struct collector){ .attempts = attempts_new(budget) };
    if (!collector->attempts)
        abort();
    collector->reader = event_reader_new(&sink, collector->attempts, budget, &collector->last);
    if (!collector->reader)
        abort();
}

void collector_release(struct collector *collector)
{
    event_reader_free(collector->reader);
    for (size_t i = 0; i < collector->count; i++)
        session_free(collector->sessions[i]);
    attempts_free(collector->attempts);
}

void collector_feed(struct collector *collector, struct bytes recording)
{
    while (recording.len > 0) {
        size_t lf = bytes_find(recording, '\n');
        if (!event_reader_feed(collector->reader, bytes_slice(recording, 0, lf), &collector->last))
            collector->refused++;
        recording = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(recording, lf + 1);
    }
}
