/* Any lines as a recording whose secrets are sealed, read with the key.  Boxes cannot be forged, so a text
 * that begins with
 * "@" where a box is expected is sealed here, and "@" in place of the recording's key becomes it: what an
 * owner of the public key could write.  All other boxes are read as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "transcript/event_read.h"
#include "walk_session.h"

enum { BUDGET_BYTES = 8 * 1024 * 1024 };

static struct sealer *sealer;
static struct unsealer *unsealer;

static void make_keys(void)
{
    char public_key[SEAL_KEY_TEXT], secret_key[SEAL_KEY_TEXT], path[] = "/tmp/fuzz-sealed-XXXXXX";
    struct err err;
    int fd = mkstemp(path);

    must(fd >= 0 && seal_make_keys(public_key, secret_key, &err));
    must(write(fd, secret_key, strlen(secret_key)) == (ssize_t)strlen(secret_key));
    sealer = sealer_new(public_key, &err);
    unsealer = unsealer_new(path, &err);
    must(sealer && unsealer && close(fd) == 0 && unlink(path) == 0);
}

/* What follows `key` is replaced: by `text`, or by a box of what stands there. */
static void put_value(struct bytes *line, struct bytes key, const char *text, struct buf *out)
{
    const uint8_t *hit = line->len ? memmem(line->ptr, line->len, key.ptr, key.len) : NULL;

    if (!hit)
        return;
    size_t begin = (size_t)(hit - line->ptr) + key.len;
    struct bytes rest = bytes_from(*line, begin);
    size_t end = bytes_find(rest, '"');
    if (end == SIZE_MAX)
        return;
    (void)buf_append(out, bytes_slice(*line, 0, begin - 1)); /* without the "@" */
    if (text)
        (void)buf_append_text(out, text);
    else
        must(sealer_seal(sealer, bytes_slice(rest, 0, end), out));
    *line = bytes_from(rest, end);
}

static void feed_line(struct event_reader *reader, struct bytes line)
{
    struct err err;
    struct buf out;

    buf_init(&out, LIMIT_EVENT_LINE);
    put_value(&line, BYTES("\"sealed_key\":\"@"), sealer_key(sealer), &out);
    put_value(&line, BYTES("\"box\":\"@"), NULL, &out);
    (void)buf_append(&out, line);
    must(out.ok);
    uint8_t *copy = malloc(out.len ? out.len : 1); /* of exact size */
    must(copy != NULL);
    if (out.len)
        memcpy(copy, out.ptr, out.len);
    (void)!event_reader_feed(reader, (struct bytes){ copy, out.len }, &err);
    free(copy);
    buf_release(&out);
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t total = 0;
    struct budget budget;
    struct session_sink sink = { .ctx = &total, .changed = take_change, .ended = take_session };
    struct bytes rest = { data, size };

    if (!sealer)
        make_keys();
    budget_init(&budget, BUDGET_BYTES);
    struct attempts *attempts = attempts_new(&budget);
    struct event_reader *reader = attempts ? event_reader_new(&sink, attempts, &budget, NULL) : NULL;
    must(reader != NULL);
    event_reader_unseal(reader, unsealer);
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
