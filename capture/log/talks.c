/* All sessions of the logs that go on at once: found by key, bounded, ended in the order of use. */
#include "log/talk_state.h"

#include <stdlib.h>

#include "base/limits.h"

struct talks *talks_new(const struct talks_options *options)
{
    struct talks *talks = calloc(1, sizeof *talks);

    if (!talks)
        return NULL;
    talks->options = *options;
    talks->next_serial = options->first_serial;
    talks->program = "log";
    talks->spare.talks = talks;
    return talks;
}

static uint64_t hash_of(struct bytes key)
{
    static const uint64_t seed[2] = { 0x6c6f67, 0x74616c6b };
    struct siphash state;

    siphash_start(&state, seed);
    siphash_add(&state, key);
    return siphash_value(&state);
}

static struct talk **bucket_of(struct talks *talks, uint64_t hash)
{
    return &talks->buckets[hash % TALK_BUCKETS];
}

static void unlink_use(struct talk *talk)
{
    struct talks *talks = talk->talks;

    *(talk->older ? &talk->older->newer : &talks->oldest) = talk->newer;
    *(talk->newer ? &talk->newer->older : &talks->newest) = talk->older;
}

static void link_use(struct talk *talk)
{
    struct talks *talks = talk->talks;

    talk->older = talks->newest;
    talk->newer = NULL;
    *(talks->newest ? &talks->newest->newer : &talks->oldest) = talk;
    talks->newest = talk;
}

void talks_link_age(struct talk *talk)
{
    struct talks *talks = talk->talks;

    talk->elder = talks->youngest;
    talk->younger = NULL;
    *(talks->youngest ? &talks->youngest->younger : &talks->eldest) = talk;
    talks->youngest = talk;
}

void talks_unlink_age(struct talk *talk)
{
    struct talks *talks = talk->talks;

    *(talk->elder ? &talk->elder->younger : &talks->eldest) = talk->younger;
    *(talk->younger ? &talk->younger->elder : &talks->youngest) = talk->elder;
}

void talks_tell_reached(struct talks *talks)
{
    uint64_t reached = (talks->eldest ? talks->eldest->flow.serial : talks->next_serial) - 1;

    if (talks->options.sink.reached)
        talks->options.sink.reached(talks->options.sink.ctx, reached);
}

static void destroy(struct talk *talk)
{
    struct talks *talks = talk->talks;
    struct talk **at = bucket_of(talks, talk->hash);

    talk_end(talk);
    while (*at != talk)
        at = &(*at)->next;
    *at = talk->next;
    unlink_use(talk);
    talks->count--;
    budget_give(talks->options.budget, sizeof *talk);
    free(talk);
}

bool talks_make_room(struct talks *talks, const struct talk *keep)
{
    struct talk *victim = talks->oldest == keep && keep ? keep->newer : talks->oldest;

    if (!victim)
        return false;
    destroy(victim);
    return true;
}

static struct talk *find(const struct talks *talks, struct bytes key, uint64_t hash)
{
    for (struct talk *talk = talks->buckets[hash % TALK_BUCKETS]; talk; talk = talk->next)
        if (talk->hash == hash && bytes_equal(key, (struct bytes){ talk->key, talk->key_len }))
            return talk;
    return NULL;
}

static struct talk *make(struct talks *talks)
{
    bool ok = budget_take(talks->options.budget, sizeof(struct talk));

    while (!ok && talks_make_room(talks, NULL))
        ok = budget_take(talks->options.budget, sizeof(struct talk));
    struct talk *talk = ok ? calloc(1, sizeof *talk) : NULL;
    if (ok && !talk)
        budget_give(talks->options.budget, sizeof *talk);
    return talk;
}

struct talk *talks_find(struct talks *talks, struct bytes key)
{
    key = bytes_slice(key, 0, TALK_KEY);
    uint64_t hash = hash_of(key);
    struct talk *talk = find(talks, key, hash);
    if (talk) {
        unlink_use(talk);
        link_use(talk);
        return talk;
    }
    if (talks->count >= LIMIT_LOG_TALKS)
        (void)talks_make_room(talks, NULL);
    talk = make(talks);
    if (!talk)
        return &talks->spare;
    talk->talks = talks;
    talk->hash = hash;
    talk->key_len = key.len;
    if (key.len)
        memcpy(talk->key, key.ptr, key.len);
    talk->options = (struct dialogue_options){ .budget = talks->options.budget,
                                               .sink = talks->options.sink,
                                               .log = &talk->facts,
                                               .wants_digests = talks->options.wants_digests };
    talk->next = *bucket_of(talks, hash);
    *bucket_of(talks, hash) = talk;
    link_use(talk);
    talks->count++;
    talk_end(talk); /* nothing goes on: all is as at the beginning */
    return talk;
}

bool talks_go_on(const struct talks *talks, struct bytes key)
{
    key = bytes_slice(key, 0, TALK_KEY);
    const struct talk *talk = find(talks, key, hash_of(key));

    return talk && talk->dialogue && !talk->is_over;
}

void talks_begin(struct talks *talks, uint32_t input, const char *program, bool is_server_side)
{
    talks_finish(talks);
    talks->input = input;
    talks->program = program;
    talks->is_server_side = is_server_side;
    memset(talks->cuts, 0, sizeof talks->cuts);
}

void talks_at_line(struct talks *talks, uint64_t number, const struct log_stamp *stamp)
{
    talks->now.number = number;
    talks->now.stamp = *stamp;
}

void talks_cut_line(struct talks *talks, uint64_t number)
{
    talks->cuts[number % TALK_CUTS] = number;
}

void talks_finish(struct talks *talks)
{
    while (talks->oldest)
        destroy(talks->oldest);
}

void talks_free(struct talks *talks)
{
    if (!talks)
        return;
    talks_finish(talks);
    free(talks);
}

uint64_t talks_sessions(const struct talks *talks)
{
    return talks->sessions;
}

uint64_t talks_serial(const struct talks *talks)
{
    return talks->next_serial;
}

uint64_t talks_lost(const struct talks *talks)
{
    return talks->lost;
}
