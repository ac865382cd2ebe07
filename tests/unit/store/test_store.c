#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "store/store_internal.h"

enum { WAIT_MS = 20000 };

#define START UINT64_C(1795525200000000000) /* 2026-11-24T130000Z */

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = malloc(sizeof *folder);

    if (!folder)
        return -1;
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/smtpscope-test-XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    DIR *dir = opendir(folder->path);
    char path[512];

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
        (void)unlink(path);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(folder->path);
    free(folder);
    return 0;
}

static void path_in(const struct folder *folder, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%s/%s", folder->path, name);
}

static size_t read_file(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    size_t len = fread(out, 1, size, file);
    assert_int_equal(fclose(file), 0);
    return len;
}

static struct store *begin(const char *path, const struct store_options *more)
{
    struct store_options options = more ? *more : (struct store_options){ .waits = true };
    struct err err = { 0 };

    options.path = path;
    options.suffix = ".smtpscope.jsonl";
    struct store *store = store_open(&options, &err);
    assert_non_null(store);
    assert_true(store_start(store, &err));
    store_cut(store, START, BYTES("head\n"));
    return store;
}

static void end(struct store *store)
{
    struct err err = { 0 };

    assert_true(store_close(store, WAIT_MS, &err));
}

static void write_one(const char *path, struct bytes lines)
{
    struct store *store = begin(path, NULL);

    store_put(store, lines);
    end(store);
}

static void a_file_is_for_its_owner_alone(void **state)
{
    char path[256], text[64];
    struct stat status;

    path_in(*state, "a.jsonl", path);
    (void)umask(0);
    write_one(path, BYTES("one\ntwo\n"));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(read_file(path, text, sizeof text), 13);
    assert_memory_equal(text, "head\none\ntwo\n", 13);
}

static void an_older_recording_is_replaced_and_closed_to_others(void **state)
{
    char path[256], text[64];
    struct stat status;

    path_in(*state, "a.jsonl", path);
    write_one(path, BYTES("a longer recording\n"));
    assert_int_equal(chmod(path, 0644), 0);
    write_one(path, BYTES("new\n"));
    assert_int_equal(read_file(path, text, sizeof text), 9);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void files_of_a_folder_are_named_by_their_start_and_in_order(void **state)
{
    char path[256];
    const struct folder *folder = *state;

    write_one(folder->path, BYTES("one\n"));
    write_one(folder->path, BYTES("two\n"));
    path_in(folder, "2026-11-24T130000Z.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), 0);
    path_in(folder, "2026-11-24T130000Z_001.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), 0);
    assert_true(strcmp("2026-11-24T130000Z.smtpscope.jsonl", "2026-11-24T130000Z_001.smtpscope.jsonl") < 0);
}

static void a_closed_file_is_packed_whole_and_the_plain_one_is_gone(void **state)
{
    struct store_options options = { .waits = true, .is_compressed = true };
    char path[256], packed[4096], text[64];
    const struct folder *folder = *state;

    struct store *store = begin(folder->path, &options);
    store_put(store, BYTES("one\n"));
    store_cut(store, START + 1000000000, BYTES("head\n"));
    store_put(store, BYTES("two\n"));
    end(store);
    path_in(folder, "2026-11-24T130000Z.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), -1);
    path_in(folder, "2026-11-24T130000Z.smtpscope.jsonl.zst", path);
    size_t len = read_file(path, packed, sizeof packed);
    assert_int_equal(ZSTD_decompress(text, sizeof text, packed, len), 9);
    assert_memory_equal(text, "head\none\n", 9);
    path_in(folder, "2026-11-24T130001Z.smtpscope.jsonl.zst", path);
    assert_int_equal(access(path, R_OK), 0);
}

/* Of a recorder that was killed, or that has not yet locked it: packed, it would be a file without its head.
 */
static void an_empty_file_is_removed(void **state)
{
    const struct folder *folder = *state;
    const char *name = "2026-11-24T130000Z.smtpscope.jsonl";
    atomic_bool stop = false;
    char path[256], packed[300];

    path_in(folder, name, path);
    (void)snprintf(packed, sizeof packed, "%s.zst", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    int directory = open(folder->path, O_RDONLY | O_DIRECTORY);
    assert_false(store_pack(directory, name, &stop));
    (void)close(directory);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(packed, F_OK), -1);
}

struct haste {
    struct store_options options;
    atomic_bool stop, is_over;
};

static void *keep_on_packing(void *ctx)
{
    struct haste *haste = ctx;

    while (!haste->is_over)
        (void)store_tidy(&haste->options, START, &haste->stop);
    return NULL;
}

/* How many of the files are as they were written. */
static unsigned count_whole(const struct folder *folder)
{
    DIR *dir = opendir(folder->path);
    unsigned whole = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512], packed[256], text[64];
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
        if (!strstr(entry->d_name, ".jsonl.zst"))
            continue;
        size_t len = read_file(path, packed, sizeof packed);
        whole += ZSTD_decompress(text, sizeof text, packed, len) == 9 && memcmp(text, "head\none\n", 9) == 0;
    }
    (void)closedir(dir);
    return whole;
}

/* A file that has just been made is nobody's to pack, and no file gets the name of one that is packed at the
 * moment. */
static void nothing_is_lost_to_a_hasty_keeper(void **state)
{
    enum { FILES = 400, TOGETHER = 40 /* that begin in one second */ };
    const struct folder *folder = *state;
    struct haste haste = { .options = {
                               .path = folder->path, .suffix = ".smtpscope.jsonl", .is_compressed = true } };
    struct place place = { .options = haste.options, .folder = -1, .file = -1 };
    struct err err;
    pthread_t keeper;
    size_t kept;

    buf_init(&place.head, 64);
    assert_true(place_open(&place, &err));
    assert_int_equal(pthread_create(&keeper, NULL, keep_on_packing, &haste), 0);
    for (uint64_t i = 0; i < FILES; i++) {
        assert_true(place_cut(&place, START + i / TOGETHER * UINT64_C(1000000000), BYTES("head\n")));
        assert_true(place_write(&place, BYTES("one\n"), &kept));
    }
    assert_true(place_finish(&place));
    place_release(&place);
    haste.is_over = true;
    (void)pthread_join(keeper, NULL);
    (void)store_tidy(&haste.options, START, &haste.stop);
    assert_int_equal(count_whole(folder), FILES);
}

static void the_oldest_files_go_first(void **state)
{
    struct store_options options = { .waits = true, .keep_bytes = 3000 };
    static char line[1000];
    char path[256];
    struct store_counters counters;
    const struct folder *folder = *state;

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    struct store *store = begin(folder->path, &options);
    for (unsigned i = 1; i <= 6; i++) {
        store_put(store, (struct bytes){ (const uint8_t *)line, sizeof line });
        store_cut(store, START + i * UINT64_C(1000000000), BYTES("head\n"));
        (void)usleep(50000);
    }
    (void)usleep(200000);
    store_count(store, &counters);
    assert_true(counters.removed >= 3);
    end(store);
    path_in(folder, "2026-11-24T130000Z.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), -1);
    path_in(folder, "2026-11-24T130005Z.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), 0);
}

static void a_removed_file_is_noticed_and_another_begun(void **state)
{
    char path[256], text[64];
    const struct folder *folder = *state;

    struct store *store = begin(folder->path, NULL);
    store_put(store, BYTES("one\n"));
    (void)usleep(100000);
    path_in(folder, "2026-11-24T130000Z.smtpscope.jsonl", path);
    assert_int_equal(unlink(path), 0);
    store_put(store, BYTES("two\n"));
    end(store);
    assert_int_equal(read_file(path, text, sizeof text), 9);
    assert_memory_equal(text, "head\ntwo\n", 9);
}

static void a_file_opened_again_goes_on_or_begins_anew(void **state)
{
    char path[256], moved[256], text[64];

    path_in(*state, "a.jsonl", path);
    path_in(*state, "b.jsonl", moved);
    struct store *store = begin(path, NULL);
    store_put(store, BYTES("one\n"));
    store_reopen(store);
    store_put(store, BYTES("two\n"));
    (void)usleep(100000);
    assert_int_equal(rename(path, moved), 0);
    store_reopen(store);
    store_put(store, BYTES("three\n"));
    end(store);
    assert_int_equal(read_file(moved, text, sizeof text), 13);
    assert_memory_equal(text, "head\none\ntwo\n", 13);
    assert_int_equal(read_file(path, text, sizeof text), 11);
    assert_memory_equal(text, "head\nthree\n", 11);
}

static void refuse(const char *path, const char *reason)
{
    struct store_options options = { .path = path, .suffix = ".smtpscope.jsonl" };
    struct err err = { 0 };
    size_t len = strlen(path);

    assert_null(store_open(&options, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_memory_equal(err.text, path, path[len - 1] == '/' ? len - 1 : len);
    assert_non_null(strstr(err.text, reason));
}

static void links_and_folders_open_to_others_are_refused(void **state)
{
    char path[256], link[256];
    const struct folder *folder = *state;

    path_in(folder, "a.jsonl", path);
    path_in(folder, "link", link);
    write_one(path, BYTES("one\n"));
    assert_int_equal(symlink(path, link), 0);
    refuse(link, "symbolic link");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(folder->path, link), 0);
    refuse(link, "symbolic link");
    (void)strcat(link, "/"); /* it would be followed */
    refuse(link, "symbolic link");
    link[strlen(link) - 1] = '\0';
    path_in(folder, "none/", path);
    refuse(path, "no such folder");
    assert_int_equal(chmod(folder->path, 0777), 0);
    refuse(folder->path, "others can write");
    assert_int_equal(chmod(folder->path, 01777), 0);
    refuse(folder->path, "others can write");
}

static void what_cannot_be_opened_is_named_with_the_reason(void **state)
{
    char path[256];

    path_in(*state, "none/a.jsonl", path);
    refuse(path, strerror(ENOENT));
}

static void a_pipe_may_be_written_to(void **state)
{
    char path[256], text[16];
    struct err err = { 0 };

    path_in(*state, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    struct store *store = begin(path, NULL);
    (void)usleep(100000);
    assert_int_equal(read(fd, text, sizeof text), 5);
    (void)close(fd);
    store_put(store, BYTES("two\nthree\n")); /* nobody reads */
    store_put(store, BYTES("four\n"));
    assert_false(store_close(store, WAIT_MS, &err));
    assert_int_equal(err.at, EPIPE);
    assert_non_null(strstr(err.text, "after 5 bytes"));
    assert_non_null(strstr(err.text, "3 lines"));
}

static void a_full_device_is_told_at_once_and_counted(void **state)
{
    struct store_options options = { .path = "/dev/full", .suffix = "" };
    struct store_counters counters;
    struct err err = { 0 };
    char news[256];

    (void)state;
    struct store *store = store_open(&options, &err);
    if (!store)
        skip();
    assert_true(store_start(store, &err));
    store_put(store, BYTES("one\ntwo\n"));
    (void)usleep(200000);
    assert_true(store_news(store, news, sizeof news));
    assert_non_null(strstr(news, strerror(ENOSPC)));
    assert_false(store_news(store, news, sizeof news));
    store_count(store, &counters);
    assert_true(counters.is_failing);
    assert_int_equal(counters.lost, 2);
    assert_false(store_close(store, WAIT_MS, &err));
    assert_int_equal(err.at, ENOSPC);
    assert_non_null(strstr(err.text, "/dev/full"));
}

static void append(const char *path, struct bytes lines, uint64_t lost)
{
    struct store_options options = { .path = path, .suffix = "", .appends = true, .waits = true };
    struct store_counters counters;
    struct err err = { 0 };

    struct store *store = store_open(&options, &err);
    assert_non_null(store);
    assert_true(store_start(store, &err));
    store_put(store, lines);
    (void)usleep(200000);
    store_count(store, &counters);
    assert_int_equal(counters.lost, lost);
    assert_int_equal(store_close(store, WAIT_MS, &err), lost == 0);
}

static void what_is_appended_to_stays(void **state)
{
    char path[256], text[64];
    struct stat status;

    path_in(*state, "a.jsonl", path);
    write_one(path, BYTES("one\n"));
    assert_int_equal(chmod(path, 0640), 0);
    append(path, BYTES("two\n"), 0);
    append(path, BYTES("three\n"), 0);
    assert_int_equal(read_file(path, text, sizeof text), 19);
    assert_memory_equal(text, "head\none\ntwo\nthree\n", 19);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640); /* a monitor may read it */
}

/* The limit on the size of files stands for a full disk: so much goes, and no more. */
static void of_a_line_that_does_not_fit_nothing_stays(void **state)
{
    struct rlimit before, tight = { 14, 14 };
    char path[256], text[64];

    path_in(*state, "a.jsonl", path);
    write_one(path, BYTES("one\n"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    append(path, BYTES("two\nthree\n"), 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(read_file(path, text, sizeof text), 13);
    assert_memory_equal(text, "head\none\ntwo\n", 13);
    append(path, BYTES("four\n"), 0);
    assert_int_equal(read_file(path, text, sizeof text), 18);
    assert_memory_equal(text, "head\none\ntwo\nfour\n", 18);
}

enum { MINUTE_S = 60, DAY_S = 86400 };

/* When all clocks stood at START, `there_s` after the newest file was written: what counts as now, `awake_s`
 * later, where the wall's clock says `wall_s`. */
static const struct {
    const char *name;
    int64_t there_s, awake_s, wall_s, now_s;
} clocks[] = {
    { "time passes", 0, MINUTE_S, MINUTE_S, MINUTE_S },
    { "weeks pass", 0, 30 * DAY_S, 30 * DAY_S, 30 * DAY_S },
    { "set back", 0, MINUTE_S, -DAY_S, -DAY_S },
    { "set ahead a little", 0, MINUTE_S, 3600, 3600 },
    { "set far ahead", 0, MINUTE_S, 3650 * DAY_S, DAY_S + MINUTE_S },
    { "and it stays so", 0, 2 * DAY_S, 3650 * DAY_S, 3 * DAY_S },
    { "far ahead from the start", 3650 * DAY_S, MINUTE_S, MINUTE_S, MINUTE_S - 3649 * DAY_S },
    { "behind at the start, then set right", -20 * DAY_S, MINUTE_S, 20 * DAY_S, 20 * DAY_S },
    { "not running for a while", 4 * DAY_S, 0, 0, -3 * DAY_S },
};

static void no_clock_makes_files_old_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct keep_clock clock;
        const uint64_t second = UINT64_C(1000000000), awake = 1000;
        print_message("%s\n", clocks[i].name);
        keep_clock_start(&clock, START - (uint64_t)clocks[i].there_s * second, START, awake);
        uint64_t now_ns = keep_clock_now(&clock, START + (uint64_t)clocks[i].wall_s * second,
                                         awake + (uint64_t)clocks[i].awake_s * second);
        assert_int_equal((int64_t)(now_ns - START) / (int64_t)second, clocks[i].now_s);
    }
}

static void write_aged(const struct folder *folder, const char *name, int64_t age_s)
{
    struct timespec now, times[2];
    char path[256];

    path_in(folder, name, path);
    write_one(path, BYTES("one\n"));
    (void)clock_gettime(CLOCK_REALTIME, &now);
    times[0] = times[1] = (struct timespec){ .tv_sec = now.tv_sec - age_s };
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* As after a jump of 90 days: what is a month older than the newest goes, and nothing else. */
static void files_are_old_beside_the_newest_not_by_a_wrong_clock(void **state)
{
    struct store_options options = { .waits = true, .keep_ns = 30 * DAY_S * UINT64_C(1000000000) };
    const struct folder *folder = *state;
    static const struct {
        const char *name;
        int64_t age_days;
        bool stays;
    } files[] = { { "2026-01-01T000000Z.smtpscope.jsonl", 122, false },
                  { "2026-01-05T000000Z.smtpscope.jsonl", 118, true },
                  { "2026-02-01T000000Z.smtpscope.jsonl", 90, true } };
    char path[256];

    for (size_t i = 0; i < 3; i++)
        write_aged(folder, files[i].name, files[i].age_days * DAY_S);
    end(begin(folder->path, &options));
    for (size_t i = 0; i < 3; i++) {
        path_in(folder, files[i].name, path);
        assert_int_equal(access(path, R_OK) == 0, files[i].stays);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_is_for_its_owner_alone),
        IN_FOLDER(an_older_recording_is_replaced_and_closed_to_others),
        IN_FOLDER(files_of_a_folder_are_named_by_their_start_and_in_order),
        IN_FOLDER(a_closed_file_is_packed_whole_and_the_plain_one_is_gone),
        IN_FOLDER(an_empty_file_is_removed),
        IN_FOLDER(nothing_is_lost_to_a_hasty_keeper),
        IN_FOLDER(the_oldest_files_go_first),
        IN_FOLDER(a_removed_file_is_noticed_and_another_begun),
        IN_FOLDER(a_file_opened_again_goes_on_or_begins_anew),
        IN_FOLDER(links_and_folders_open_to_others_are_refused),
        IN_FOLDER(what_cannot_be_opened_is_named_with_the_reason),
        IN_FOLDER(a_pipe_may_be_written_to),
        cmocka_unit_test(a_full_device_is_told_at_once_and_counted),
        IN_FOLDER(what_is_appended_to_stays),
        IN_FOLDER(of_a_line_that_does_not_fit_nothing_stays),
        cmocka_unit_test(no_clock_makes_files_old_at_once),
        IN_FOLDER(files_are_old_beside_the_newest_not_by_a_wrong_clock),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
