#include "transcript/recording.h"

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

#include <cmocka.h>

static const struct recording_head head = { .tool_version = "0", .start_ns = UINT64_C(1795525200000000000) };

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

static void write_one(const char *path, struct bytes lines)
{
    struct err err = { 0 };
    struct recording *recording = recording_open(path, &head, &err);

    assert_non_null(recording);
    recording_write(recording, lines);
    assert_true(recording_close(recording, &err));
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
    assert_int_equal(read_file(path, text, sizeof text), 8);
    assert_memory_equal(text, "one\ntwo\n", 8);
}

static void an_older_recording_is_replaced_and_closed_to_others(void **state)
{
    char path[256], text[64];
    struct stat status;

    path_in(*state, "a.jsonl", path);
    write_one(path, BYTES("a longer recording\n"));
    assert_int_equal(chmod(path, 0644), 0);
    write_one(path, BYTES("new\n"));
    assert_int_equal(read_file(path, text, sizeof text), 4);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_folder_gets_files_named_by_their_start(void **state)
{
    char path[256];

    write_one(((struct folder *)*state)->path, BYTES("one\n"));
    write_one(((struct folder *)*state)->path, BYTES("two\n"));
    path_in(*state, "2026-11-24T130000Z.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), 0);
    path_in(*state, "2026-11-24T130000Z-1.smtpscope.jsonl", path);
    assert_int_equal(access(path, R_OK), 0);
}

static void a_line_is_there_as_soon_as_it_is_written(void **state)
{
    char path[256], text[64];
    struct err err = { 0 };

    path_in(*state, "a.jsonl", path);
    struct recording *recording = recording_open(path, &head, &err);
    assert_non_null(recording);
    recording_write(recording, BYTES("one\n"));
    assert_int_equal(read_file(path, text, sizeof text), 4);
    assert_true(recording_close(recording, &err));
}

static void what_cannot_be_opened_is_named_with_the_reason(void **state)
{
    char path[256];
    struct err err = { 0 };

    path_in(*state, "none/a.jsonl", path);
    assert_null(recording_open(path, &head, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(err.at, ENOENT);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, strerror(ENOENT)));
}

static void a_pipe_may_be_written_to(void **state)
{
    char path[256], text[8];
    struct err err = { 0 };

    path_in(*state, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    struct recording *recording = recording_open(path, &head, &err);
    assert_non_null(recording);
    recording_write(recording, BYTES("one\n"));
    assert_int_equal(read(fd, text, sizeof text), 4);
    (void)close(fd);
    recording_write(recording, BYTES("two\nthree\n")); /* nobody reads */
    recording_write(recording, BYTES("four\n"));
    assert_false(recording_close(recording, &err));
    assert_int_equal(err.at, EPIPE);
    assert_non_null(strstr(err.text, "after 4 bytes"));
    assert_non_null(strstr(err.text, "3 lines"));
}

static void a_full_device_is_told(void **state)
{
    struct err err = { 0 };

    (void)state;
    struct recording *recording = recording_open("/dev/full", &head, &err);
    if (!recording)
        skip();
    recording_write(recording, BYTES("one\n"));
    assert_false(recording_close(recording, &err));
    assert_int_equal(err.at, ENOSPC);
    assert_non_null(strstr(err.text, "/dev/full"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_for_its_owner_alone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_older_recording_is_replaced_and_closed_to_others, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_gets_files_named_by_their_start, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_line_is_there_as_soon_as_it_is_written, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_named_with_the_reason, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_pipe_may_be_written_to, make_folder, remove_folder),
        cmocka_unit_test(a_full_device_is_told),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
