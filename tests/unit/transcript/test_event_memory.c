/* Memory that is refused at the n-th request, for every n.  The linker turns malloc and its kin into those
 * below, for our code; Jansson is told to use them. */
#include "base/limits.h"
#include "collector.h"
#include "random_session.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static size_t requests_left = SIZE_MAX; /* before they are refused */
static size_t refused;

static bool is_refused(void)
{
    if (requests_left == SIZE_MAX)
        return false;
    if (requests_left == 0) {
        refused++;
        return true;
    }
    requests_left--;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return is_refused() ? NULL : __real_realloc(memory, size);
}

/* Everything that a session is written as. */
static bool write_all(const struct session *session, struct buf *out)
{
    bool ok = event_write_change(session, CHANGE_OPENED, 0, SECRETS_MASK, out);

    for (size_t i = 0; i < session->item_count; i++)
        ok = event_write_change(session, CHANGE_ITEM_ADDED, i, SECRETS_MASK, out) && ok;
    return event_write_close(session, SECRETS_MASK, out) && ok;
}

static void expect_whole_lines(struct bytes written, struct bytes lines)
{
    while (written.len > 0) {
        size_t lf = bytes_find(written, '\n');
        assert_true(lf != SIZE_MAX);
        struct bytes line = bytes_slice(written, 0, lf + 1);
        while (!bytes_equal(bytes_slice(lines, 0, line.len),
                            line)) { /* each is one of the right ones, in order */
            lf = bytes_find(lines, '\n');
            assert_true(lf != SIZE_MAX);
            lines = bytes_from(lines, lf + 1);
        }
        written = bytes_from(written, line.len);
    }
}

static void without_memory_an_event_is_written_whole_or_not(void **state)
{
    struct session *session = random_session(9, NULL);
    struct buf right, out;
    bool is_done = false;

    (void)state;
    buf_init(&right, LIMIT_OUTPUT_LINE);
    assert_true(write_all(session, &right));
    for (size_t n = 0; !is_done; n++) {
        buf_init(&out, LIMIT_OUTPUT_LINE);
        requests_left = n;
        is_done = write_all(session, &out);
        requests_left = SIZE_MAX;
        expect_whole_lines(buf_bytes(&out), buf_bytes(&right));
        assert_true(!is_done || bytes_equal(buf_bytes(&out), buf_bytes(&right)));
        buf_release(&out);
    }
    buf_release(&right);
    session_free(session);
}

static void without_memory_a_reader_goes_on_and_says_so(void **state)
{
    struct session *session = random_session(9, NULL);
    struct buf recording;
    bool is_done = false;

    (void)state;
    buf_init(&recording, LIMIT_OUTPUT_LINE);
    assert_true(write_all(session, &recording));
    for (size_t n = 0; !is_done; n++) {
        struct collector collector;
        collector_init(&collector, NULL);
        refused = 0;
        requests_left = n;
        collector_feed(&collector, buf_bytes(&recording));
        event_reader_finish(collector.reader);
        is_done = refused == 0;
        requests_left = SIZE_MAX;
        assert_true(is_done || collector.refused > 0 || event_reader_ignored(collector.reader) > 0
                    || (collector.count == 1 && collector.sessions[0]->is_truncated));
        collector_release(&collector);
    }
    buf_release(&recording);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_an_event_is_written_whole_or_not),
        cmocka_unit_test(without_memory_a_reader_goes_on_and_says_so),
    };

    json_set_alloc_funcs(__wrap_malloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
