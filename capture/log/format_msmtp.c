/* msmtp --debug: its settings, then what was said.
 *     host = mx.example
 *     <-- 220 mx.example ESMTP
 *     --> EHLO client.example
 *     TLS session parameters:
 * Content is shown as it is sent. */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "--> ", SIDE_CLIENT },
    { "<-- ", SIDE_SERVER },
    { NULL, SIDE_NONE },
};

static enum log_claim claim(const struct log_line *line)
{
    static const char *const signs[] = {
        "reading recipients from ",           "using account ",   "loaded system configuration file",
        "ignoring system configuration file", "tls_certcheck = ", "passwordeval = "
    };
    struct bytes text = line->text;

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (log_text_starts(text, signs[i]))
            return LOG_CLAIM_STRONG;
    return marks_skip(marks, &text) ? LOG_CLAIM_WEAK : LOG_CLAIM_NONE;
}

static void read_setting(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    if (log_text_skip(&text, "host = ")) {
        talk_open(talk);
        talk_server(talk, text, 0);
    } else if (log_text_skip(&text, "port = ")) {
        talk_server(talk, (struct bytes){ NULL, 0 }, marks_port(text));
    } else if (log_text_starts(text, "tls = off")) {
        talk_is_clear(talk);
    } else if (log_text_starts(text, "tls_starttls = on")) {
        log_notes(reader)->is_told = true;
    } else if (log_text_starts(text, "TLS session parameters:")) {
        talk_enter_tls(talk);
    }
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;
    const struct log_mark *mark = marks_skip(marks, &text);

    if (!mark) {
        read_setting(reader, talk, text);
        return;
    }
    if (!talk_has_begun(talk) && log_notes(reader)->is_told)
        talk_is_clear(talk); /* until STARTTLS */
    talk_say(talk, mark->side, text);
}

const struct log_format log_format_msmtp = {
    .name = "msmtp", .title = "msmtp", .claim = claim, .read = read
};
