/* A text file through the readers of logs and the judge. */
#include "log/log_reader.h"

#include <stdlib.h>

#include "base/limits.h"
#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ended(void *ctx, struct session *session)
{
    if (!session->log)
        abort();
    analysis_free(analysis_new(ctx, session));
}

static void changed(void *ctx, struct session *session, enum session_change change, size_t index)
{
    (void)ctx;
    if (change != CHANGE_OPENED && index >= session->item_count)
        abort();
}

static void feed(struct log_reader *reader, struct bytes text)
{
    while (text.len > 0) {
        size_t lf = bytes_find(text, '\n');
        struct bytes line = bytes_slice(text, 0, lf);
        uint8_t *copy = malloc(line.len ? line.len : 1); /* of its exact size */
        if (copy && line.len)
            memcpy(copy, line.ptr, line.len);
        log_reader_line(reader, (struct bytes){ copy, copy ? line.len : 0 });
        free(copy);
        text = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, lf + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct budget budget;

    budget_init(&budget, 64 * MIB);
    struct analyzer *analyzer = analyzer_new(&budget, NULL);
    struct log_reader_options options = { .budget = &budget,
                                          .sink = { .ctx = analyzer, .ended = ended, .changed = changed },
                                          .wants_digests = true,
                                          .first_serial = 1 };
    struct log_reader *reader = analyzer ? log_reader_new(&options) : NULL;
    if (reader) {
        log_reader_begin(reader, 0);
        feed(reader, (struct bytes){ data, size });
        (void)!log_reader_end(reader);
    }
    log_reader_free(reader);
    analyzer_free(analyzer);
    if (budget.used_bytes)
        abort();
    return 0;
}
