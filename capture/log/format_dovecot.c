/* Dovecot's rawlogs (rawlog_dir, lmtp_rawlog_dir): a file for each direction, as tail shows them one behind
 * the other.
 *     ==> 20261124-040639.31.2.in <==
 *     1795493199.777175 LHLO client.example
 *     ==> 20261124-040639.31.2.out <==
 *     1795493199.776922 220 mx.example Dovecot ready.
 * Both are kept, and said in the order of their times; the client's line first where these are equal.  The
 * one of the submission service begins with the answer to a login that another process has led. */
#include "log/format_rows.h"

struct raw_line {
    uint64_t number;
    struct log_stamp stamp;
    uint32_t len; /* of the text behind it */
};

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->whole;
    bool is_title =
        log_text_starts(text, "==> ") && (log_text_ends(text, ".in <==") || log_text_ends(text, ".out <=="));

    return is_title ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static void keep(struct buf *out, const struct log_line *line)
{
    struct raw_line raw = { .number = line->number, .stamp = line->stamp, .len = (uint32_t)line->text.len };
    size_t before = out->len;

    if (!buf_append(out, (struct bytes){ (const uint8_t *)&raw, sizeof raw })
        || !buf_append(out, line->text)) {
        out->len = before; /* beyond LIMIT_LOG_RAW nothing is kept */
    }
}

/* The next line of one direction; false at its end. */
static bool take(struct bytes *rest, struct raw_line *raw, struct bytes *text)
{
    if (rest->len < sizeof *raw)
        return false;
    memcpy(raw, rest->ptr, sizeof *raw);
    *text = bytes_slice(*rest, sizeof *raw, raw->len);
    return true;
}

/* What says that the login went well answers AUTH and nothing else (RFC 4954 section 6): before this log
 * began it was sent, and before it EHLO, which alone tells of mechanisms (section 3). */
static void imply_login(struct talk *talk, struct bytes reply)
{
    if (talk_has_begun(talk) || !log_text_starts(reply, "235 "))
        return;
    talk_imply_accepted(talk, BYTES("EHLO"), BYTES("250"));
    talk_imply(talk, BYTES("AUTH"), (struct bytes){ NULL, 0 });
}

static void say_all(struct log_reader *reader)
{
    static const struct log_line none = { 0 };
    struct log_notes *notes = log_notes(reader);
    struct bytes rest[2] = { buf_bytes(&notes->text), buf_bytes(&notes->other) };
    struct talk *talk = log_talk(reader, &none, buf_bytes(&notes->key));

    talk_open(talk);
    for (;;) {
        struct raw_line raw[2];
        struct bytes text[2];
        bool has_in = take(&rest[SIDE_CLIENT], &raw[SIDE_CLIENT], &text[SIDE_CLIENT]);
        bool has_out = take(&rest[SIDE_SERVER], &raw[SIDE_SERVER], &text[SIDE_SERVER]);
        if (!has_in && !has_out)
            break;
        bool is_in = has_in && (!has_out || raw[SIDE_CLIENT].stamp.time_ns <= raw[SIDE_SERVER].stamp.time_ns);
        enum side side = is_in ? SIDE_CLIENT : SIDE_SERVER;
        log_at(reader, raw[side].number, &raw[side].stamp);
        if (side == SIDE_SERVER)
            imply_login(talk, text[side]);
        talk_say(talk, side, text[side]);
        rest[side] = bytes_from(rest[side], sizeof raw[side] + raw[side].len);
    }
    buf_clear(&notes->text);
    buf_clear(&notes->other);
}

/* "==> NAME.in <==" */
static bool read_title(struct log_reader *reader, struct bytes text)
{
    struct log_notes *notes = log_notes(reader);

    if (!log_text_skip(&text, "==> ") || !log_text_ends(text, " <=="))
        return false;
    text.len -= 4;
    bool is_in = log_text_ends(text, ".in"), is_out = log_text_ends(text, ".out");
    if (!is_in && !is_out)
        return false;
    text.len -= is_in ? 3 : 4;
    if (!bytes_equal(text, buf_bytes(&notes->key))) {
        say_all(reader);
        buf_clear(&notes->key);
        (void)buf_append(&notes->key, text);
    }
    notes->side = is_in ? SIDE_CLIENT : SIDE_SERVER;
    return true;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);

    if (read_title(reader, line->whole) || notes->side == SIDE_NONE || line->stamp.clock != LOG_CLOCK_FULL)
        return;
    keep(notes->side == SIDE_CLIENT ? &notes->text : &notes->other, line);
}

const struct log_format log_format_dovecot = { .name = "Dovecot rawlog",
                                               .title = "Dovecot's rawlogs",
                                               .is_server_side = true,
                                               .claim = claim,
                                               .read = read,
                                               .finish = say_all };
