/* Any lines as a recording: what comes out must hold what an analyzer relies on, and is written again. */
#include "base/limits.h"
#include "transcript/event_read.h"
#include "walk_session.h"

#include <stdlib.h>

enum { BUDGET_BYTES = 8 * 1024 * 1024 };

static void take_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    (void)ctx;
    must(change == CHANGE_OPENED || index < session->item_count);
}

static void take_session(void *ctx, struct session *session)
{
    volatile uint64_t *total = ctx;

    *total += walk_session(session);
    session_free(session);
}

static void feed_line(struct event_reader *reader, struct bytes line)
{
    struct err err;
    uint8_t *copy = malloc(line.len ? line.len : 1);

    must(copy != NULL);
    if (line.len)
        memcpy(copy, line.ptr, line.len);
    (void)!event_reader_feed(reader, (struct bytes){ copy, line.len }, &err);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t total = 0;
    struct budget budget;
    struct session_sink sink = { .ctx = &total, .changed = take_change, .ended = take_session };
    struct bytes rest = { data, size };

    budget_init(&budget, BUDGET_BYTES);
    struct attempts *attempts = attempts_new(&budget);
    struct event_reader *reader = attempts ? event_reader_new(&sink, attempts, &budget, NULL) : NULL;
    must(reader != NULL);
    while (rest.len > 0) {
        size_t lf = bytes_find(rest, '\n');
        feed_line(reader, bytes_slice(rest, 0, lf));
        rest = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, lf + 1);
    }
    event_reader_finish(reader);
    event_reader_free(reader);
    attempts_free(attempts);
    must(budget.used_bytes == 0);
    return 0;
}
