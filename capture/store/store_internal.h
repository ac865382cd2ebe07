#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "store/store.h"

/* Inside of the store.  `lock` guards what both threads touch; `place` belongs to the writing thread alone
 * once it runs. */

enum { STORE_NAME = 128 };

/* Where a file ends and the next begins, in what waits. */
struct store_cut {
    size_t at;
    uint64_t start_ns; /* 0: the same file again, opened anew */
    struct buf head;
};

/* By what time files are old.  A clock that is set far ahead makes nothing old: from the newest file that was
 * there before it began, no more time has passed than the machine has been running, and a day. */
struct keep_clock {
    uint64_t newest_ns;
    uint64_t began_ns; /* on the clock that nobody sets (CLOCK_BOOTTIME) */
};

/* Lines on their way. */
struct store_batch {
    struct buf bytes;
    uint64_t lines;
    struct store_cut cuts[LIMIT_STORE_CUTS];
    size_t cut_count;
};

/* The file or folder, and what is open of it. */
struct place {
    struct store_options options; /* strings owned by the store */
    bool is_folder;
    bool is_standard;      /* output */
    bool names_folder;     /* the path ended in a slash */
    int folder;            /* descriptor; -1 if it was removed */
    int file;              /* descriptor, -1 none */
    char name[STORE_NAME]; /* of the open file in its folder */
    uint64_t start_ns;
    struct buf head;
    uint64_t written; /* of the open file, whole puts only */
    uint64_t files;
};

struct store {
    struct place place;
    char *path, *suffix;
    pthread_t thread, keeper;
    bool is_started, has_keeper;
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct store_batch waiting; /* filled by the one, taken by the other */
    struct store_batch writing;
    bool is_ending, has_ended;
    pthread_cond_t closed;        /* a file was, or all are */
    unsigned closed_files;        /* not looked at yet */
    struct keep_clock keep_clock; /* of the keeper */
    bool keeper_has_ended;
    atomic_bool stop; /* packing: no time is left */
    struct store_counters counters;
    int error; /* errno of the newest failure */
    uint64_t offset;
    char news[256];
    bool has_news;
};

/* store_place.c: false with errno. */
bool place_open(struct place *place, struct err *err) NODISCARD;
/* The next file, with its head. */
bool place_cut(struct place *place, uint64_t start_ns, struct bytes head) NODISCARD;
bool place_reopen(struct place *place) NODISCARD;
/* False: of `bytes` the first `kept` stay, which are whole lines, and nothing else. */
bool place_write(struct place *place, struct bytes bytes, size_t *kept) NODISCARD;
/* Closes the open file, and packs it. */
bool place_finish(struct place *place) NODISCARD;
/* True if the open file is no longer where it was: removed, or its folder. */
bool place_is_lost(const struct place *place);
void place_release(struct place *place);
/* Whether the folder is safe to write into; errno EPERM if others can write to it. */
bool place_check_folder(int folder);

/* store_pack.c: NAME in `folder` becomes NAME.zst; false leaves it as it is.  `stop` ends it early. */
bool store_pack(int folder, const char *name, const atomic_bool *stop);
/* store_keep.c: `newest_ns` 0 where no file is there. */
void keep_clock_start(struct keep_clock *clock, uint64_t newest_ns, uint64_t wall_ns, uint64_t awake_ns);
uint64_t keep_clock_now(const struct keep_clock *clock, uint64_t wall_ns, uint64_t awake_ns);
/* When the newest file of the folder was written; 0: there is none. */
uint64_t store_newest_ns(const char *path);
/* Closed files that are still plain are packed, also those that a killed recorder left, and the
 * oldest go until the quota is kept; a file that is being written is locked.  Returns how many went. */
unsigned store_tidy(const struct store_options *options, uint64_t now_ns, const atomic_bool *stop);
/* The thread that does that, whenever a file was closed and each minute. */
void *store_keep(void *ctx);

#endif
