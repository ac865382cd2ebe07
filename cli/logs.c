/* Lines of text to a reader of logs. */
#include "cli/logs.h"

#include <stdio.h>

#include "base/limits.h"
#include "log/log_reader.h"

/* Behind those of packets and recordings, so that these come first. */
#define SERIALS_FROM (UINT64_C(1) << 56)

static void refuse(struct source *source, uint32_t input, const char *program)
{
    char programs[LOG_PROGRAMS_TEXT], text[704];

    log_reader_list(programs);
    if (program)
        (void)snprintf(text, sizeof text, "text that reads as a log of %s, but no SMTP dialogue is in it",
                       program);
    else
        (void)snprintf(text, sizeof text,
                       "neither a capture, nor a recording, nor a log: looked for lines of %s, and for lines "
                       "marked C: and S: or the like",
                       programs);
    source_note_problem(source, input, true, text);
}

static void end_log(struct log_reader *reader, struct source *source, uint32_t input)
{
    if (input == UINT32_MAX)
        return;
    bool is_log = log_reader_end(reader);
    source_note_program(source, input, log_reader_program(reader));
    if (!is_log)
        refuse(source, input, log_reader_program(reader));
}

uint64_t logs_read(struct source *source, const struct dialogue_options *options, bool is_live,
                   uint64_t *lost)
{
    struct log_reader_options reader_options = { .budget = options->budget,
                                                 .sink = options->sink,
                                                 .wants_digests = options->wants_digests,
                                                 .is_live = is_live,
                                                 .first_serial = SERIALS_FROM };
    struct log_reader *reader = NULL;
    struct bytes line;
    uint32_t input, current = UINT32_MAX;

    while (source_next_log_line(source, &line, &input)) {
        reader = reader ? reader : log_reader_new(&reader_options);
        if (!reader) {
            source_note_problem(source, input, true, "no memory to read it");
            return 0;
        }
        if (input != current) {
            end_log(reader, source, current);
            log_reader_begin(reader, input);
            current = input;
        }
        log_reader_line(reader, line);
    }
    if (!reader)
        return 0;
    end_log(reader, source, current);
    uint64_t sessions = log_reader_sessions(reader);
    *lost += log_reader_lost(reader);
    log_reader_free(reader);
    return sessions;
}

static void drop(void *ctx, struct session *session)
{
    (void)ctx;
    session_free(session);
}

bool logs_are_in(struct bytes head)
{
    struct budget budget;

    budget_init(&budget, 16 * MIB);
    const struct log_reader_options options = { .budget = &budget, .sink = { .ended = drop } };
    struct log_reader *reader = log_reader_new(&options);
    if (!reader)
        return false;
    log_reader_begin(reader, 0);
    while (head.len > 0) {
        size_t lf = bytes_find(head, '\n');
        log_reader_line(reader, bytes_slice(head, 0, lf));
        head = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(head, lf + 1);
    }
    bool is_log = log_reader_end(reader) && log_reader_is_sure(reader);
    log_reader_free(reader);
    return is_log;
}

bool logs_are_mixed(const struct source *source)
{
    size_t logs = 0, others = 0;

    for (size_t i = 0; i < source_input_count(source); i++) {
        const char *format = source_input(source, i)->format;
        logs += format && strcmp(format, "log") == 0;
        others += format && strcmp(format, "log") != 0;
    }
    return logs > 0 && others > 0;
}
