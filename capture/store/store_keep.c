/* The folder as a whole: what a killed recorder left, and how much is kept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "store/store_internal.h"

enum { TIDY_S = 60, KEEPER_NICE = 10, DAY_S = 86400 };

/* Of a recorder, in any of their forms; evidence counts into the same quota. */
static const char *const suffixes[] = { ".smtpscope.jsonl", ".smtpscope.jsonl.zst", ".smtpscope.pcapng",
                                        ".smtpscope.pcapng.zst" };

struct kept {
    char name[STORE_NAME + 8];
    uint64_t bytes;
    uint64_t changed_ns;
};

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), tail = strlen(suffix);

    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (ends_in(name, suffixes[i]))
            return name[0] != '.' && strlen(name) < STORE_NAME;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct kept *)a)->name, ((const struct kept *)b)->name);
}

static size_t list_folder(DIR *folder, struct kept *list, size_t most)
{
    size_t count = 0;

    for (const struct dirent *entry; count < most && (entry = readdir(folder));) {
        struct stat status;
        if (!is_ours(entry->d_name)
            || fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0
            || !S_ISREG(status.st_mode))
            continue;
        struct kept *kept = &list[count++];
        memcpy(kept->name, entry->d_name, strlen(entry->d_name) + 1); /* is_ours: it fits */
        kept->bytes = (uint64_t)status.st_size;
        kept->changed_ns = (uint64_t)status.st_mtim.tv_sec * NS_PER_SECOND + (uint64_t)status.st_mtim.tv_nsec;
    }
    qsort(list, count, sizeof *list, by_name);
    return count;
}

/* Half-made ones of this kind are void: what they were made of is still there. */
static void remove_parts(DIR *folder, const char *suffix)
{
    char tail[STORE_NAME];

    (void)snprintf(tail, sizeof tail, "%.100s.part", suffix);
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] == '.' && ends_in(entry->d_name, tail))
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    rewinddir(folder);
}

static void pack_closed(int folder, const struct kept *list, size_t count,
                        const struct store_options *options, const atomic_bool *stop)
{
    for (size_t i = 0; i < count && !*stop; i++)
        if (ends_in(list[i].name, options->suffix))
            (void)!store_pack(folder, list[i].name, stop);
}

static bool is_open(int folder, const char *name)
{
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool is_locked = file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0;

    if (file >= 0)
        (void)close(file);
    return is_locked;
}

static unsigned remove_oldest(int folder, const struct kept *list, size_t count,
                              const struct store_options *options, uint64_t now_ns)
{
    uint64_t sum = 0;
    unsigned removed = 0;

    for (size_t i = 0; i < count; i++)
        sum += list[i].bytes;
    for (size_t i = 0; i < count; i++) {
        bool is_over = options->keep_bytes && sum > options->keep_bytes;
        bool is_old = options->keep_ns && list[i].changed_ns + options->keep_ns < now_ns;
        if ((is_over || is_old) && !is_open(folder, list[i].name) && unlinkat(folder, list[i].name, 0) == 0) {
            sum -= list[i].bytes;
            removed++;
        }
    }
    return removed;
}

unsigned store_tidy(const struct store_options *options, uint64_t now_ns, const atomic_bool *stop)
{
    int folder = open(options->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool is_safe = folder >= 0 && place_check_folder(folder);
    DIR *dir = is_safe ? fdopendir(folder) : NULL;
    struct kept *list = dir ? calloc(LIMIT_STORE_FILES, sizeof *list) : NULL;
    unsigned removed = 0;

    if (!dir && folder >= 0)
        (void)close(folder);
    if (list && options->is_compressed) {
        remove_parts(dir, options->suffix);
        size_t count = list_folder(dir, list, LIMIT_STORE_FILES);
        pack_closed(folder, list, count, options, stop);
        rewinddir(dir);
    }
    if (list && !*stop)
        removed = remove_oldest(folder, list, list_folder(dir, list, LIMIT_STORE_FILES), options, now_ns);
    free(list);
    if (dir)
        (void)closedir(dir);
    return removed;
}

uint64_t store_newest_ns(const char *path)
{
    DIR *dir = opendir(path);
    struct kept *list = dir ? calloc(LIMIT_STORE_FILES, sizeof *list) : NULL;
    size_t count = list ? list_folder(dir, list, LIMIT_STORE_FILES) : 0;
    uint64_t newest_ns = 0;

    for (size_t i = 0; i < count; i++)
        newest_ns = list[i].changed_ns > newest_ns ? list[i].changed_ns : newest_ns;
    free(list);
    if (dir)
        (void)closedir(dir);
    return newest_ns;
}

void keep_clock_start(struct keep_clock *clock, uint64_t newest_ns, uint64_t wall_ns, uint64_t awake_ns)
{
    *clock = (struct keep_clock){ .newest_ns = newest_ns ? newest_ns : wall_ns, .began_ns = awake_ns };
}

uint64_t keep_clock_now(const struct keep_clock *clock, uint64_t wall_ns, uint64_t awake_ns)
{
    uint64_t most_ns = clock->newest_ns + DAY_S * NS_PER_SECOND + (awake_ns - clock->began_ns);

    return wall_ns < most_ns ? wall_ns : most_ns;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* True when it was the last time. */
static bool wait_for_closed(struct store *store)
{
    uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + TIDY_S * NS_PER_SECOND;
    struct timespec end = { (time_t)(end_ns / NS_PER_SECOND), (long)(end_ns % NS_PER_SECOND) };
    int status = 0;

    pthread_mutex_lock(&store->lock);
    while (store->closed_files == 0 && !store->has_ended && status == 0)
        status = pthread_cond_timedwait(&store->closed, &store->lock, &end);
    store->closed_files = 0;
    bool is_last = store->has_ended;
    pthread_mutex_unlock(&store->lock);
    return is_last;
}

void *store_keep(void *ctx)
{
    struct store *store = ctx;
    bool is_last = false;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), KEEPER_NICE);
    do {
        uint64_t now_ns =
            keep_clock_now(&store->keep_clock, clock_ns(CLOCK_REALTIME), clock_ns(CLOCK_BOOTTIME));
        unsigned removed = store_tidy(&store->place.options, now_ns, &store->stop);
        pthread_mutex_lock(&store->lock);
        store->counters.removed += removed;
        pthread_mutex_unlock(&store->lock);
        if (is_last)
            break;
        is_last = wait_for_closed(store);
    } while (true);
    pthread_mutex_lock(&store->lock);
    store->keeper_has_ended = true;
    pthread_cond_broadcast(&store->drained);
    pthread_mutex_unlock(&store->lock);
    return NULL;
}
