/* Whatever marks its lines with one of the usual pairs, behind whatever a logger puts in front: which of a
 * pair is the server's, the first line with the shape of a reply or of a command tells. 2026-11-24 04:02:24
 * INFO smtp - C: EHLO client.example 2026-11-24 04:02:24 INFO smtp - S: 250 mx.example PIPELINING lines of a
 * reply that lost their code, as net/textproto of Go gives them */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/shape.h"

/* Longer marks first: ">" is in most of them. */
static const char *const pairs[][2] = {
    { "Client:", "Server:" },
    { "CLIENT:", "SERVER:" },
    { "client:", "server:" },
    { "send:", "recv:" },
    { "SEND:", "RECV:" },
    { "sent:", "received:" },
    { "Sent:", "Received:" },
    { "SENT:", "RCVD:" },
    { "Out:", "In:" },
    { "OUT:", "IN:" },
    { "out:", "in:" },
    { "C:", "S:" },
    { "c:", "s:" },
    { "C>", "S>" },
    { "C <", "S >" },
    { "-->", "<--" },
    { "==>", "<==" },
    { ">>>", "<<<" },
    { "->", "<-" },
    { "=>", "<=" },
    { "~>", "<~" },
    { ">>", "<<" },
    { ">", "<" },
};

enum { PAIR_COUNT = sizeof pairs / sizeof pairs[0], NO_PAIR = PAIR_COUNT };

struct marked {
    size_t pair;
    bool is_second;
    size_t at; /* of the mark */
    struct bytes said;
};

static bool is_boundary(uint8_t c)
{
    return ascii_is_blank(c) || c == ']' || c == ')' || c == ':' || c == '|' || c == '-' || c == ','
           || c == ';';
}

/* The mark stands at the beginning or behind a boundary, and before a blank, a quote or the end. */
static bool find_mark(struct bytes text, const char *mark, size_t *at, struct bytes *said)
{
    size_t len = strlen(mark);

    for (size_t from = 0; from < text.len;) {
        size_t hit = log_text_find(bytes_from(text, from), mark);
        if (hit == SIZE_MAX)
            return false;
        hit += from;
        struct bytes rest = bytes_from(text, hit + len);
        bool is_alone = (hit == 0 || is_boundary(text.ptr[hit - 1]))
                        && (rest.len == 0 || rest.ptr[0] == ' ' || rest.ptr[0] == '\t');
        if (is_alone) {
            *at = hit;
            *said = bytes_slice(rest, rest.len > 0, SIZE_MAX);
            return true;
        }
        from = hit + len;
    }
    return false;
}

static bool has_shape(struct bytes said, bool *is_reply)
{
    uint16_t code;
    bool is_last;

    said = bytes_trim(said);
    *is_reply = said.len > 4 && log_text_is_reply(said, &code, &is_last) && code >= 200 && code < 600;
    return *is_reply || log_text_is_sure_command(said);
}

/* The mark of this pair that comes first in the line. */
static bool find_of_pair(struct bytes text, size_t pair, struct marked *out)
{
    struct marked first = { .pair = pair }, second = { .pair = pair, .is_second = true };
    bool has_first = find_mark(text, pairs[pair][0], &first.at, &first.said);
    bool has_second = find_mark(text, pairs[pair][1], &second.at, &second.said);

    if (!has_first && !has_second)
        return false;
    *out = has_first && (!has_second || first.at < second.at) ? first : second;
    return true;
}

/* A mark of any pair, with something behind it that a dialogue can hold. */
static bool find_any(struct bytes text, struct marked *out)
{
    bool is_reply;

    for (size_t pair = 0; pair < PAIR_COUNT; pair++)
        if (find_of_pair(text, pair, out) && has_shape(out->said, &is_reply))
            return true;
    return false;
}

static enum log_claim claim(const struct log_line *line)
{
    struct marked marked;

    return find_any(line->whole, &marked) ? LOG_CLAIM_WEAK : LOG_CLAIM_NONE;
}

/* What %v of Go writes behind a reply that came without an error. */
static struct bytes without_nil(struct bytes text)
{
    return log_text_ends(text, " <nil>") ? bytes_slice(text, 0, text.len - 6) : text;
}

/* The line of a reply that waits: `goes_on` where another line of it follows. */
static void say_waiting(struct log_reader *reader, const struct log_line *now, bool goes_on)
{
    struct log_notes *notes = log_notes(reader);
    const struct log_line place = { .source = buf_bytes(&notes->key) };

    if (!notes->is_told)
        return;
    struct talk *talk = log_talk(reader, &place, BYTES(""));
    if (goes_on && notes->text.len > 3 && notes->text.ptr[3] == ' ')
        notes->text.ptr[3] = '-';
    log_at(reader, notes->number, &notes->stamp);
    talk_say(talk, SIDE_SERVER, without_nil(buf_bytes(&notes->text)));
    log_at(reader, now->number, &now->stamp);
    notes->is_told = false;
}

/* It waits for the next line, which may belong to it. */
static void wait_with(struct log_reader *reader, const struct log_line *line, struct bytes text)
{
    struct log_notes *notes = log_notes(reader);

    buf_clear(&notes->text);
    (void)buf_append(&notes->text, text);
    buf_clear(&notes->key);
    (void)buf_append(&notes->key, line->source);
    notes->number = line->number;
    notes->stamp = line->stamp;
    notes->is_told = true;
}

/* A line without a mark. */
static void read_unmarked(struct log_reader *reader, struct talk *talk, const struct log_line *line)
{
    struct bytes text = line->whole;
    struct log_notes *notes = log_notes(reader);
    uint8_t code[4];
    uint16_t number;
    bool is_last;

    if (!notes->is_told) {
        if (talk_mode(talk) == DIALOGUE_CONTENT && !log_text_is_reply(text, &number, &is_last))
            talk_say(talk, SIDE_CLIENT, text);
        return;
    }
    if (notes->text.len < 4 || log_text_ends(buf_bytes(&notes->text), " <nil>") || text.len == 0) {
        say_waiting(reader, line, false);
        return;
    }
    if (log_text_is_reply(text, &number, &is_last)) { /* with its code, without its mark */
        say_waiting(reader, line, false);
        wait_with(reader, line, text);
        return;
    }
    if (log_text_starts(buf_bytes(&notes->text), "354 ")) { /* it has one line: this is the content */
        say_waiting(reader, line, false);
        talk_say(talk, SIDE_CLIENT, text);
        return;
    }
    memcpy(code, notes->text.ptr, 3);
    code[3] = ' ';
    say_waiting(reader, line, true);
    wait_with(reader, line, (struct bytes){ code, 4 });
    (void)buf_append(&notes->text, text);
}

static enum side side_of(const struct log_notes *notes, const struct marked *marked)
{
    return marked->is_second == (notes->side == SIDE_SERVER) ? SIDE_SERVER : SIDE_CLIENT;
}

/* The pair that this log uses, and whose its second mark is. */
static void choose_pair(struct log_notes *notes, const struct marked *marked)
{
    bool is_reply;

    (void)has_shape(marked->said, &is_reply);
    notes->count = marked->pair + 1;
    notes->side = is_reply == marked->is_second ? SIDE_SERVER : SIDE_CLIENT;
    notes->state = (unsigned)marked->at;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct marked marked;
    bool is_marked;

    if (notes->count == 0) {
        if (!find_any(line->whole, &marked))
            return;
        choose_pair(notes, &marked);
        is_marked = true;
    } else {
        is_marked = find_of_pair(line->whole, (size_t)notes->count - 1, &marked);
    }
    if (!is_marked) {
        read_unmarked(reader, talk, line);
        return;
    }
    say_waiting(reader, line, false);
    if (!talk_has_begun(talk))
        talk_skips_replies(talk); /* what else such a log leaves out, nobody knows */
    if (side_of(notes, &marked) == SIDE_SERVER)
        wait_with(reader, line, marked.said);
    else
        talk_say(talk, SIDE_CLIENT, marked.said);
}

static void finish(struct log_reader *reader)
{
    static const struct log_line none = { 0 };

    say_waiting(reader, &none, false);
}

const struct log_format log_format_generic = { .name = "marked lines",
                                               .title = "lines marked C: and S: or the like",
                                               .claim = claim,
                                               .read = read,
                                               .finish = finish };
