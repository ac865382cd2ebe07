/* hMailServer: fields in quotes, behind tabs; the second number is the session's.
 *     "SMTPD"\t1736\t7\t"2026-11-24 10:00:00.323"\t"192.0.2.9"\t"SENT: 250-mx.example[nl]250 AUTH LOGIN"
 *     "SMTPD"\t1736\t7\t"2026-11-24 10:00:00.423"\t"192.0.2.9"\t"RECEIVED: MAIL FROM:<a@b>"
 * "SMTPC" is written by its client.  Contents are not shown, passwords are asterisks. */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "SENT: ", SIDE_CLIENT },
    { "RECEIVED: ", SIDE_SERVER },
    { NULL, SIDE_NONE },
};

struct entry {
    bool is_server;
    struct bytes session, time, address, said;
};

/* A field up to its tab, without its quotes. */
static struct bytes take_field(struct bytes *text)
{
    size_t tab = bytes_find(*text, '\t');
    struct bytes field = bytes_slice(*text, 0, tab);

    *text = tab == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*text, tab + 1);
    (void)log_text_skip(&field, "\"");
    if (log_text_ends(field, "\""))
        field.len--;
    return field;
}

static bool read_entry(struct bytes text, struct entry *out)
{
    bool is_client = log_text_starts(text, "\"SMTPC\"\t");

    if (!is_client && !log_text_starts(text, "\"SMTPD\"\t"))
        return false;
    (void)take_field(&text);
    (void)take_field(&text);
    out->is_server = !is_client;
    out->session = take_field(&text);
    out->time = take_field(&text);
    out->address = take_field(&text);
    out->said = take_field(&text);
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct entry entry;

    return read_entry(line->whole, &entry) && marks_skip(marks, &entry.said) ? LOG_CLAIM_STRONG
                                                                             : LOG_CLAIM_NONE;
}

/* "[nl]" stands between the lines of one. */
static void say_lines(struct talk *talk, enum side side, struct bytes text)
{
    for (size_t end; (end = log_text_find(text, "[nl]")) != SIZE_MAX; text = bytes_from(text, end + 4))
        talk_say(talk, side, bytes_slice(text, 0, end));
    talk_say(talk, side, text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_stamp stamp = line->stamp;
    struct entry entry;

    if (!read_entry(line->whole, &entry))
        return;
    const struct log_mark *mark = marks_skip(marks, &entry.said);
    if (!mark)
        return;
    (void)log_stamp_parse(entry.time, &stamp);
    log_at(reader, line->number, &stamp);
    struct talk *talk = log_talk(reader, line, entry.session);
    if (!talk_has_begun(talk) && entry.is_server) {
        talk_is_servers(talk);
        talk_client(talk, entry.address, 0);
    } else if (!talk_has_begun(talk)) {
        talk_server(talk, entry.address, 0);
    }
    bool is_sent = mark->side == SIDE_CLIENT;
    say_lines(talk, is_sent == entry.is_server ? SIDE_SERVER : SIDE_CLIENT, entry.said);
}

const struct log_format log_format_hmailserver = {
    .name = "hMailServer", .title = "hMailServer", .claim = claim, .read = read
};
