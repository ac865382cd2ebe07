/* smtp-server of Node.js with logger: true; what Nodemailer's authors serve mail with.
 *     [2026-11-24 04:05:58] DEBUG [#oh84b9efr9hhddkg] C: EHLO client.example
 *     [2026-11-24 04:05:58] DEBUG [#oh84b9efr9hhddkg] S: 250-mx.example Nice to meet you
 *     [2026-11-24 04:05:58] DEBUG [#oh84b9efr9hhddkg] 250 SIZE 1000000
 *     [2026-11-24 04:05:59] DEBUG [#oh84b9efr9hhddkg] C: <75 bytes of DATA> */
#include "log/format_rows.h"
#include "log/levelled.h"

static enum log_claim claim(const struct log_line *line)
{
    struct levelled said;

    return levelled_parse(line->text, &said) && log_text_starts(said.key, "#") ? LOG_CLAIM_STRONG
                                                                               : LOG_CLAIM_NONE;
}

static bool is_summary(struct bytes text)
{
    return log_text_starts(text, "<") && log_text_find(text, " bytes of DATA>") != SIZE_MAX;
}

static void read_remark(struct talk *talk, struct bytes text)
{
    if (log_text_starts(text, "Connection from ") || log_text_starts(text, "Secure connection from ")) {
        talk_open(talk);
        talk_client(talk, log_text_between(text, "[", "]"), 0);
        if (log_text_starts(text, "Secure"))
            talk_enter_tls(talk);
    } else if (log_text_starts(text, "Connection closed to ")) {
        talk_close(talk, SIDE_NONE, false);
    }
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct levelled said;
    uint16_t code;
    bool is_last;

    if (!levelled_parse(line->text, &said) || said.key.len == 0)
        return;
    struct talk *talk = log_talk(reader, line, said.key);
    if (log_text_skip(&said.text, "S: "))
        talk_say(talk, SIDE_SERVER, said.text);
    else if (log_text_skip(&said.text, "C: ")) {
        if (!is_summary(said.text))
            talk_say(talk, SIDE_CLIENT, said.text);
    } else if (talk_has_begun(talk) && log_text_is_reply(said.text, &code, &is_last))
        talk_say(talk, SIDE_SERVER, said.text);
    else
        read_remark(talk, said.text);
}

const struct log_format log_format_smtp_server = { .name = "smtp-server",
                                                   .title = "smtp-server (Node.js)",
                                                   .is_server_side = true,
                                                   .claim = claim,
                                                   .read = read };
