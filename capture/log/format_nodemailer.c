/* Nodemailer with debug and logger.
 *     [2026-11-24 04:02:24] DEBUG [gfWzsfhebBs] C: EHLO client.example
 *     [2026-11-24 04:02:24] DEBUG [gfWzsfhebBs] S: 250-mx.example
 * Content is not marked.  In place of a password stands the base64 of a placeholder. */
#include "log/format_rows.h"
#include "log/levelled.h"
#include "base/base64.h"

static enum log_claim claim(const struct log_line *line)
{
    struct levelled said;

    if (!levelled_parse(line->text, &said) || log_text_starts(said.key, "#"))
        return LOG_CLAIM_NONE;
    return log_text_starts(said.text, "C: ") || log_text_starts(said.text, "S: ") ? LOG_CLAIM_STRONG
                                                                                  : LOG_CLAIM_NONE;
}

static bool is_placeholder(struct bytes token, struct buf *decoded)
{
    size_t at;

    (void)base64_decode(token, decoded, &at);
    return log_text_find(buf_bytes(decoded), "/* secret */") != SIZE_MAX;
}

static void say_client(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    struct bytes rest = text, last = text;

    while (rest.len > 0)
        last = log_text_word(&rest);
    if (last.len > 0 && is_placeholder(last, log_scratch(reader)))
        talk_say_part(talk, bytes_slice(text, 0, (size_t)(last.ptr - text.ptr)));
    else
        talk_say(talk, SIDE_CLIENT, text);
}

static void read_remark(struct talk *talk, struct bytes text)
{
    if (log_text_skip(&text, "Connection established to ")) {
        talk_open(talk);
        talk_is_clear(talk);
        levelled_tell_server(talk, text);
    } else if (log_text_skip(&text, "Secure connection established to ")) {
        talk_open(talk);
        levelled_tell_server(talk, text);
        talk_enter_tls(talk);
    } else if (log_text_starts(text, "Closing connection to the server")) {
        talk_close(talk, SIDE_CLIENT, false);
    }
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct levelled said;

    if (!levelled_parse(line->text, &said) || said.key.len == 0)
        return;
    struct talk *talk = log_talk(reader, line, said.key);
    if (log_text_skip(&said.text, "S: "))
        talk_say(talk, SIDE_SERVER, said.text);
    else if (log_text_skip(&said.text, "C: "))
        say_client(reader, talk, said.text);
    else if (talk_mode(talk) == DIALOGUE_CONTENT && !log_text_starts(said.level, "INFO"))
        talk_say(talk, SIDE_CLIENT, said.text);
    else
        read_remark(talk, said.text);
}

const struct log_format log_format_nodemailer = {
    .name = "Nodemailer", .title = "Nodemailer", .claim = claim, .read = read
};
