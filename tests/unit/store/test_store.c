#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

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

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_is_for_its_owner_alone),
        IN_FOLDER(an_older_recording_is_replaced_and_closed_to_others),
        IN_FOLDER(files_of_a_folder_are_named_by_their_start_and_in_order),
        IN_FOLDER(a_closed_file_is_packed_whole_and_the_plain_one_is_gone),
        IN_FOLDER(the_oldest_files_go_first),
        IN_FOLDER(a_removed_file_is_noticed_and_another_begun),
        IN_FOLDER(a_file_opened_again_goes_on_or_begins_anew),
        IN_FOLDER(links_and_folders_open_to_others_are_refused),
        IN_FOLDER(what_cannot_be_opened_is_named_with_the_reason),
        IN_FOLDER(a_pipe_may_be_written_to),
        cmocka_unit_test(a_full_device_is_told_at_once_and_counted),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
