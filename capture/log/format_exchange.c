/* Protocol logs of Microsoft Exchange: fields behind commas, the session's among them.
 *     #Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,...
 *     2026-11-24T10:00:00.125Z,MX\Default,08DB1,2,192.0.2.1:25,192.0.2.9:4000,>,"220 MX ready",
 *     2026-11-24T10:00:00.225Z,MX\Default,08DB1,3,192.0.2.1:25,192.0.2.9:4000,<,EHLO c,
 * ">" is sent: by the server in the log of a connector that receives, by the client in that of one that
 * sends; the first line tells.  A reply of several lines stands in one field, with blanks between what were
 * lines: what it offers is not known.  Described in "Protocol logging in Exchange Server". */
#include "log/format_rows.h"
#include "log/marks.h"

enum {
    FIELD_SESSION = 2,
    FIELD_SEQUENCE = 3,
    FIELD_LOCAL = 4,
    FIELD_REMOTE = 5,
    FIELD_EVENT = 6,
    FIELD_DATA = 7,
    FIELDS
};

/* The fields of a line; quotes around one are taken off, quotes in it stay doubled.  False: there are too
 * few. */
static bool split(struct bytes text, struct bytes fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        bool is_quoted = log_text_skip(&text, "\"");
        size_t end = 0;
        while (end < text.len && (is_quoted ? text.ptr[end] != '"' : text.ptr[end] != ','))
            end +=
                is_quoted && end + 1 < text.len && log_text_starts(bytes_from(text, end + 1), "\"\"") ? 3 : 1;
        if (end >= text.len && i + 1 < FIELDS)
            return false;
        fields[i] = bytes_slice(text, 0, end);
        text = bytes_from(text, end + is_quoted < text.len ? end + is_quoted + 1 : text.len);
    }
    return true;
}

static bool read_fields(struct bytes text, struct bytes fields[FIELDS])
{
    uint64_t sequence;

    return split(text, fields) && bytes_to_u64(fields[FIELD_SEQUENCE], &sequence)
           && fields[FIELD_EVENT].len == 1 && fields[FIELD_EVENT].ptr[0]
           && strchr("+-<>*", fields[FIELD_EVENT].ptr[0]);
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes fields[FIELDS];

    if (log_text_starts(line->whole, "#Fields: date-time,connector-id,session-id,"))
        return LOG_CLAIM_STRONG;
    return read_fields(line->whole, fields) && bytes_find(fields[FIELD_LOCAL], ':') != SIZE_MAX
               ? LOG_CLAIM_STRONG
               : LOG_CLAIM_NONE;
}

static void tell_endpoints(struct talk *talk, const struct bytes fields[FIELDS])
{
    bool is_servers = talk_outward(talk) == SIDE_SERVER;
    struct bytes client = fields[is_servers ? FIELD_REMOTE : FIELD_LOCAL];
    size_t colon = client.len;

    while (colon > 0 && client.ptr[colon - 1] != ':')
        colon--;
    marks_tell_server(talk, fields[is_servers ? FIELD_LOCAL : FIELD_REMOTE]);
    if (colon > 0)
        talk_client(talk, bytes_slice(client, 0, colon - 1), marks_port(bytes_from(client, colon)));
    if (is_servers)
        talk_is_servers(talk);
}

static void say(struct talk *talk, const struct bytes fields[FIELDS])
{
    struct bytes text = fields[FIELD_DATA];
    enum side mark = fields[FIELD_EVENT].ptr[0] == '>' ? SIDE_CLIENT : SIDE_SERVER;
    uint16_t code;
    bool is_last;

    if (talk_outward(talk) == SIDE_NONE) {
        bool is_server = log_text_is_reply(text, &code, &is_last);
        if (!is_server && !log_text_is_command(text))
            return;
        talk_set_outward(talk, is_server == (mark == SIDE_CLIENT) ? SIDE_SERVER : SIDE_CLIENT);
    }
    enum side other = mark == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
    enum side side = talk_outward(talk) == SIDE_SERVER ? other : mark;
    if (!talk_has_begun(talk))
        tell_endpoints(talk, fields);
    if (side == SIDE_SERVER && log_text_starts(bytes_from(text, 3), "  "))
        talk_cut_next_reply(talk);
    talk_say(talk, side, text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes fields[FIELDS];
    struct log_stamp stamp = line->stamp;

    if (!read_fields(line->whole, fields))
        return;
    (void)log_stamp_parse(fields[0], &stamp);
    log_at(reader, line->number, &stamp);
    struct talk *talk = log_talk(reader, line, fields[FIELD_SESSION]);
    switch (fields[FIELD_EVENT].ptr[0]) {
    case '+':
        talk_open(talk);
        break;
    case '-':
        talk_close(talk, SIDE_NONE, false);
        break;
    case '<':
    case '>':
        say(talk, fields);
        break;
    default: /* what the server remarks */
        break;
    }
}

const struct log_format log_format_exchange = {
    .name = "Exchange", .title = "Microsoft Exchange", .claim = claim, .read = read
};
