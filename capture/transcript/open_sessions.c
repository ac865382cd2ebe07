/* The sessions of a recording that are open: found by their id, and in a line by their last event. */
#include "transcript/open_sessions.h"

#include <stdlib.h>
#include <unistd.h>

enum { BUCKETS_FIRST = 64 };

bool open_sessions_init(struct open_sessions *all, struct budget *budget)
{
    *all = (struct open_sessions){ .bucket_count = BUCKETS_FIRST, .budget = budget };
    all->buckets = calloc(BUCKETS_FIRST, sizeof *all->buckets);
    if (getentropy(&all->hash_key, sizeof all->hash_key) != 0)
        all->hash_key = (uint64_t)(uintptr_t)all->buckets;
    return all->buckets;
}

static struct open_session **bucket_of(const struct open_sessions *all, uint64_t id)
{
    uint64_t hash = (id ^ all->hash_key) * UINT64_C(0xff51afd7ed558ccd);

    hash = (hash ^ hash >> 32) * UINT64_C(0xc4ceb9fe1a85ec53);
    return &all->buckets[(hash ^ hash >> 29) & (all->bucket_count - 1)];
}

struct open_session *open_sessions_find(const struct open_sessions *all, uint64_t id)
{
    struct open_session *open = *bucket_of(all, id);

    while (open && open->id != id)
        open = open->next_in_bucket;
    return open;
}

static void leave_line(struct open_sessions *all, struct open_session *open)
{
    *(open->older ? &open->older->newer : &all->oldest) = open->newer;
    *(open->newer ? &open->newer->older : &all->newest) = open->older;
}

static void join_line(struct open_sessions *all, struct open_session *open)
{
    open->newer = NULL;
    open->older = all->newest;
    *(all->newest ? &all->newest->newer : &all->oldest) = open;
    all->newest = open;
}

void open_sessions_forget(struct open_sessions *all, struct open_session *open)
{
    struct open_session **link = bucket_of(all, open->id);

    while (*link != open)
        link = &(*link)->next_in_bucket;
    *link = open->next_in_bucket;
    leave_line(all, open);
    all->count--;
    budget_give(all->budget, sizeof *open);
    free(open);
}

void open_sessions_touch(struct open_sessions *all, struct open_session *open)
{
    leave_line(all, open);
    join_line(all, open);
}

void open_sessions_release(struct open_sessions *all)
{
    while (all->oldest) {
        session_free(all->oldest->session);
        open_sessions_forget(all, all->oldest);
    }
    free(all->buckets);
}

static void grow_buckets(struct open_sessions *all)
{
    size_t count = all->bucket_count * 2;
    struct open_session **buckets = calloc(count, sizeof(struct open_session *));

    if (!buckets)
        return; /* longer chains will do */
    free(all->buckets);
    all->buckets = buckets;
    all->bucket_count = count;
    for (struct open_session *open = all->oldest; open; open = open->newer) {
        struct open_session **bucket = bucket_of(all, open->id);
        open->next_in_bucket = *bucket;
        *bucket = open;
    }
}

struct open_session *open_sessions_add(struct open_sessions *all, uint64_t id)
{
    struct open_session *open = calloc(1, sizeof *open);
    struct session *session = open ? session_new(all->budget) : NULL;

    if (!session) {
        free(open);
        return NULL;
    }
    budget_force(all->budget, sizeof *open);
    open->session = session;
    open->id = id;
    if (all->count >= all->bucket_count)
        grow_buckets(all);
    struct open_session **bucket = bucket_of(all, id);
    open->next_in_bucket = *bucket;
    *bucket = open;
    join_line(all, open);
    all->count++;
    return open;
}
