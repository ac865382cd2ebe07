/* Between the thread that makes lines and the one that writes them: two batches that change hands. */
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "store/store_internal.h"

enum { RETRY_MS = 500, GATHER_MS = 5, WRITER_NICE = 0, ENOUGH = 1 << 20, KEPT = 4 << 20 };

static void batch_init(struct store_batch *batch)
{
    buf_init(&batch->bytes, LIMIT_STORE_WAITING);
    for (size_t i = 0; i < LIMIT_STORE_CUTS; i++)
        buf_init(&batch->cuts[i].head, LIMIT_EVENT_LINE);
}

static void batch_release(struct store_batch *batch)
{
    buf_release(&batch->bytes);
    for (size_t i = 0; i < LIMIT_STORE_CUTS; i++)
        buf_release(&batch->cuts[i].head);
}

/* What a rush needed is given back: it may be hours until the next. */
static void batch_clear(struct store_batch *batch)
{
    if (batch->bytes.cap > KEPT)
        buf_release(&batch->bytes);
    buf_clear(&batch->bytes);
    batch->lines = 0;
    batch->cut_count = 0;
}

static bool make_conditions(struct store *store)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0
              && pthread_mutex_init(&store->lock, NULL) == 0
              && pthread_cond_init(&store->filled, &attributes) == 0
              && pthread_cond_init(&store->drained, &attributes) == 0
              && pthread_cond_init(&store->closed, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return ok;
}

static void free_store(struct store *store)
{
    place_release(&store->place);
    batch_release(&store->waiting);
    batch_release(&store->writing);
    free(store->path);
    free(store->suffix);
    free(store);
}

/* "folder/" is the folder: behind a slash a link would be followed.  Whether there was one. */
static bool drop_slashes(char *path)
{
    size_t len = strlen(path), kept = len;

    while (kept > 1 && path[kept - 1] == '/')
        path[--kept] = '\0';
    return kept < len;
}

struct store *store_open(const struct store_options *options, struct err *err)
{
    struct store *store = calloc(1, sizeof *store);

    if (store) {
        store->path = strdup(options->path);
        store->suffix = strdup(options->suffix);
        store->place.options = *options;
        store->place.options.path = store->path;
        store->place.options.suffix = store->suffix;
        store->place.file = store->place.folder = -1;
        buf_init(&store->place.head, LIMIT_EVENT_LINE);
        batch_init(&store->waiting);
        batch_init(&store->writing);
    }
    if (store && store->path)
        store->place.names_folder = drop_slashes(store->path);
    if (!store || !store->path || !store->suffix || !make_conditions(store)) {
        if (store)
            free_store(store);
        (void)err_set(err, ERR_NOMEM, 0, "no memory for a recording");
        return NULL;
    }
    if (place_open(&store->place, err))
        return store;
    free_store(store);
    return NULL;
}

static void until(struct timespec *out, int ms)
{
    clock_gettime(CLOCK_MONOTONIC, out);
    uint64_t ns = (uint64_t)out->tv_nsec + (uint64_t)ms * NS_PER_MS;
    out->tv_sec += (time_t)(ns / NS_PER_SECOND);
    out->tv_nsec = (long)(ns % NS_PER_SECOND);
}

static void wait_for(struct store *store, pthread_cond_t *condition, int ms)
{
    struct timespec end;

    until(&end, ms);
    (void)pthread_cond_timedwait(condition, &store->lock, &end);
}

/* Told once when it begins and once when it ends, with what was lost between. */
static void note_state(struct store *store, bool is_failing, int error)
{
    if (is_failing == store->counters.is_failing && (!is_failing || error == store->error))
        return;
    store->counters.is_failing = is_failing;
    store->has_news = true;
    if (is_failing) {
        store->error = error;
        (void)snprintf(store->news, sizeof store->news,
                       "%.100s: %s; what cannot be written is counted, and tried again", store->path,
                       strerror(error));
        return;
    }
    (void)snprintf(store->news, sizeof store->news, "%.100s: writing again; %llu lines were lost until now",
                   store->path, (unsigned long long)store->counters.lost);
}

/* Of pcapng: each has its whole length behind its type (draft-ietf-opsawg-pcapng 3.1), in our own order. */
static uint64_t count_blocks(struct bytes bytes)
{
    uint64_t blocks = 0;
    uint32_t head[2];

    while (bytes.len >= sizeof head) {
        memcpy(head, bytes.ptr, sizeof head);
        if (head[1] < sizeof head || head[1] > bytes.len)
            break;
        bytes = bytes_from(bytes, head[1]);
        blocks++;
    }
    return blocks;
}

static uint64_t count_lines(const struct store *store, struct bytes bytes)
{
    uint64_t lines = 0;

    if (store->place.options.is_binary)
        return count_blocks(bytes);
    for (size_t lf; (lf = bytes_find(bytes, '\n')) != SIZE_MAX; bytes = bytes_from(bytes, lf + 1))
        lines++;
    return lines;
}

static const struct bytes nothing;

static void report(struct store *store, bool ok, size_t written, struct bytes lost)
{
    int error = errno;
    uint64_t lines = count_lines(store, lost);

    pthread_mutex_lock(&store->lock);
    store->counters.lost += lines;
    store->counters.bytes += written;
    store->counters.files = store->place.files;
    note_state(store, !ok, error);
    pthread_mutex_unlock(&store->lock);
}

/* What cannot be written is lost, and the next batch is tried anew: packets do not wait. */
static void write_piece(struct store *store, struct bytes piece)
{
    if (piece.len == 0)
        return;
    size_t kept = 0;
    bool ok = !place_is_lost(&store->place) || place_reopen(&store->place);
    ok = ok && place_write(&store->place, piece, &kept);
    if (ok)
        kept = piece.len;
    report(store, ok, kept, bytes_from(piece, kept));
}

static void make_cut(struct store *store, struct store_cut *cut)
{
    bool ok = cut->start_ns ? place_cut(&store->place, cut->start_ns, buf_bytes(&cut->head))
                            : place_reopen(&store->place);

    report(store, ok, ok ? cut->head.len : 0, nothing);
    pthread_mutex_lock(&store->lock);
    store->closed_files++;
    pthread_cond_signal(&store->closed);
    pthread_mutex_unlock(&store->lock);
}

static void write_batch(struct store *store)
{
    struct store_batch *batch = &store->writing;
    struct bytes bytes = buf_bytes(&batch->bytes);
    size_t at = 0;

    for (size_t i = 0; i < batch->cut_count; i++) {
        write_piece(store, bytes_slice(bytes, at, batch->cuts[i].at - at));
        at = batch->cuts[i].at;
        make_cut(store, &batch->cuts[i]);
    }
    write_piece(store, bytes_from(bytes, at));
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* Until there is something to write, and a little longer: one write of many lines costs what one of one line
 * does. */
static void wait_for_lines(struct store *store)
{
    static const struct timespec gathering = { .tv_nsec = GATHER_MS * 1000000 };

    while (store->waiting.bytes.len == 0 && store->waiting.cut_count == 0 && !store->is_ending)
        wait_for(store, &store->filled, 60000);
    if (store->is_ending || store->waiting.bytes.len > ENOUGH)
        return;
    pthread_mutex_unlock(&store->lock);
    (void)nanosleep(&gathering, NULL);
    pthread_mutex_lock(&store->lock);
}

static void *write_all(void *ctx)
{
    struct store *store = ctx;
    bool is_over = false;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), WRITER_NICE); /* packets go before lines */
    while (!is_over) {
        pthread_mutex_lock(&store->lock);
        wait_for_lines(store);
        struct store_batch batch = store->writing;
        store->writing = store->waiting;
        store->waiting = batch;
        is_over = store->is_ending && store->writing.bytes.len == 0 && store->writing.cut_count == 0;
        pthread_cond_broadcast(&store->drained);
        pthread_mutex_unlock(&store->lock);
        write_batch(store);
        batch_clear(&store->writing);
    }
    bool ok = place_finish(&store->place);
    report(store, ok, 0, nothing);
    pthread_mutex_lock(&store->lock);
    store->has_ended = true;
    pthread_cond_signal(&store->closed);
    pthread_cond_broadcast(&store->drained);
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

/* Signals are for the thread that reads packets. */
bool store_start(struct store *store, struct err *err)
{
    sigset_t all, before;

    if (store->place.is_folder) /* before it has a file of ours */
        keep_clock_start(&store->keep_clock, store_newest_ns(store->path), clock_ns(CLOCK_REALTIME),
                         clock_ns(CLOCK_BOOTTIME));
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&store->thread, NULL, write_all, store);
    if (error == 0 && store->place.is_folder)
        store->has_keeper = pthread_create(&store->keeper, NULL, store_keep, store) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    store->is_started = error == 0;
    return error == 0
           || err_set(err, ERR_IO, (uint64_t)error, "no thread to write with: %s", strerror(error));
}

/* Under the lock: room for `len` more, waited for if the store may. */
static bool has_room(struct store *store, size_t len)
{
    while (store->place.options.waits && store->waiting.bytes.len > 0
           && len > store->waiting.bytes.max - store->waiting.bytes.len && !store->has_ended)
        wait_for(store, &store->drained, RETRY_MS);
    return len <= store->waiting.bytes.max - store->waiting.bytes.len;
}

void store_put(struct store *store, struct bytes lines)
{
    uint64_t count = count_lines(store, lines);

    pthread_mutex_lock(&store->lock);
    bool was_empty = store->waiting.bytes.len == 0 && store->waiting.cut_count == 0;
    store->counters.lines += count;
    bool ok = has_room(store, lines.len) && buf_append(&store->waiting.bytes, lines);
    if (!ok) {
        store->waiting.bytes.ok = true; /* it is only full */
        store->counters.lost += count;
        note_state(store, true, EAGAIN);
    }
    if (was_empty)
        pthread_cond_signal(&store->filled);
    pthread_mutex_unlock(&store->lock);
}

static void add_cut(struct store *store, uint64_t start_ns, struct bytes head)
{
    pthread_mutex_lock(&store->lock);
    while (store->place.options.waits && store->waiting.cut_count == LIMIT_STORE_CUTS)
        wait_for(store, &store->drained, RETRY_MS);
    struct store_batch *batch = &store->waiting;
    if (batch->cut_count < LIMIT_STORE_CUTS) { /* else the file goes on, and is only longer */
        struct store_cut *cut = &batch->cuts[batch->cut_count++];
        cut->at = batch->bytes.len;
        cut->start_ns = start_ns;
        buf_clear(&cut->head);
        (void)buf_append(&cut->head, head);
    }
    pthread_cond_signal(&store->filled);
    pthread_mutex_unlock(&store->lock);
}

void store_cut(struct store *store, uint64_t start_ns, struct bytes head)
{
    add_cut(store, start_ns ? start_ns : clock_ns(CLOCK_REALTIME), head);
}

void store_reopen(struct store *store)
{
    add_cut(store, 0, (struct bytes){ NULL, 0 });
}

bool store_is_folder(const struct store *store)
{
    return store->place.is_folder;
}

void store_count(struct store *store, struct store_counters *out)
{
    pthread_mutex_lock(&store->lock);
    *out = store->counters;
    out->error = store->error;
    pthread_mutex_unlock(&store->lock);
}

bool store_news(struct store *store, char *out, size_t size)
{
    pthread_mutex_lock(&store->lock);
    bool has_news = store->has_news;
    if (has_news)
        (void)snprintf(out, size, "%s", store->news);
    store->has_news = false;
    pthread_mutex_unlock(&store->lock);
    return has_news;
}

/* Under the lock, until the writing thread is done or the time is over. */
static bool wait_for_end(struct store *store, int wait_ms)
{
    struct timespec end;

    until(&end, wait_ms);
    store->is_ending = true;
    pthread_cond_signal(&store->filled);
    while (!store->has_ended || (store->has_keeper && !store->keeper_has_ended))
        if (pthread_cond_timedwait(&store->drained, &store->lock, &end) == ETIMEDOUT)
            break;
    store->stop = true; /* what is not packed by now is so by the next recorder */
    return store->has_ended;
}

bool store_close(struct store *store, int wait_ms, struct err *err)
{
    bool ok = true, has_ended = true;

    if (store->is_started) {
        pthread_mutex_lock(&store->lock);
        has_ended = wait_for_end(store, wait_ms);
        pthread_mutex_unlock(&store->lock);
    }
    const char *reason = !has_ended ? "it did not take all lines in time" : strerror(store->error);
    if (!has_ended || store->counters.lost || store->counters.is_failing)
        ok = err_set(err, ERR_IO, (uint64_t)store->error, "%s: %s after %llu bytes; %llu lines are lost",
                     store->path, reason, (unsigned long long)store->counters.bytes,
                     (unsigned long long)store->counters.lost);
    if (!has_ended)
        return ok; /* the thread still uses it: left to the end of the process */
    if (store->is_started)
        (void)pthread_join(store->thread, NULL);
    if (store->has_keeper)
        (void)pthread_join(store->keeper, NULL);
    free_store(store);
    return ok;
}
