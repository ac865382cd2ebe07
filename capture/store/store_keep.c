/* The folder as a whole: what a killed recorder left, and how much is kept. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "store/store_internal.h"

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

static bool is_idle(const struct kept *kept, uint64_t now_ns)
{
    return kept->changed_ns + LIMIT_STORE_IDLE_S * NS_PER_SECOND < now_ns;
}

/* A plain file that nobody has written to for a while was left by a recorder that is no more. */
static void pack_left_ones(int folder, const struct kept *list, size_t count,
                           const struct store_options *options, const char *open_name, uint64_t now_ns)
{
    for (size_t i = 0; i < count; i++)
        if (ends_in(list[i].name, options->suffix) && strcmp(list[i].name, open_name) != 0
            && is_idle(&list[i], now_ns))
            (void)!store_pack(folder, list[i].name);
}

static unsigned remove_oldest(int folder, const struct kept *list, size_t count,
                              const struct store_options *options, const char *open_name, uint64_t now_ns)
{
    uint64_t sum = 0;
    unsigned removed = 0;

    for (size_t i = 0; i < count; i++)
        sum += list[i].bytes;
    for (size_t i = 0; i < count; i++) {
        bool is_over = options->keep_bytes && sum > options->keep_bytes;
        bool is_old = options->keep_ns && list[i].changed_ns + options->keep_ns < now_ns;
        if (strcmp(list[i].name, open_name) == 0 || (!is_over && !is_old))
            continue;
        if (unlinkat(folder, list[i].name, 0) == 0) {
            sum -= list[i].bytes;
            removed++;
        }
    }
    return removed;
}

unsigned store_tidy(int folder, const struct store_options *options, const char *open_name, uint64_t now_ns)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    struct kept *list = dir ? calloc(LIMIT_STORE_FILES, sizeof *list) : NULL;
    unsigned removed = 0;

    if (!dir && again >= 0)
        (void)close(again);
    if (list) {
        if (options->is_compressed) {
            remove_parts(dir, options->suffix);
            size_t left = list_folder(dir, list, LIMIT_STORE_FILES);
            pack_left_ones(folder, list, left, options, open_name, now_ns);
            rewinddir(dir);
        }
        size_t count = list_folder(dir, list, LIMIT_STORE_FILES);
        removed = remove_oldest(folder, list, count, options, open_name, now_ns);
    }
    free(list);
    if (dir)
        (void)closedir(dir);
    return removed;
}
