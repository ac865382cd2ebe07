/* Whatever marks its lines with one of the usual pairs, behind whatever a logger puts in front: which of a
 * pair is the server's, the first line with the shape of a reply or of a command tells. 2026-11-24 04:02:24
 * INFO smtp - C: EHLO client.example 2026-11-24 04:02:24 INFO smtp - S: 250 mx.example PIPELINING a reply
 * that lost its code, as net/textproto of Go gives it Mon 2026-11-23 10:00:01: [12:1] --> 503 no     one of
 * several sessions, which brackets tell apart */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/paired_marks.h"
#include "log/session_key.h"
#include "log/shape.h"

enum {
    STATE_QUOTED = 1,
    STATE_STAMPED = 2,
    STATE_SECOND = 4,
    STATE_PREFIXED = 8,
    STATE_LINED = 16, /* each line of a reply has a mark of its own */
    PAIR_SHIFT = 8
}; /* above them the pair, from 1 */

static enum log_claim claim(const struct log_line *line)
{
    struct paired_mark mark;
    struct mark_pair pair;

    return paired_marks_find_any(line->whole, &pair, &mark) ? LOG_CLAIM_WEAK : LOG_CLAIM_NONE;
}

/* What %v of Go writes behind a reply that came without an error. */
static struct bytes without_nil(struct bytes text)
{
    return log_text_ends(text, " <nil>") ? bytes_slice(text, 0, text.len - 6) : text;
}

/* The talk that a line without brackets of its own is about: where what waits was said, or was said last. */
static struct talk *waiting_talk(struct log_reader *reader)
{
    struct log_notes *notes = log_notes(reader);
    const struct log_line place = { .source = buf_bytes(&notes->other) };

    return log_talk(reader, &place, buf_bytes(&notes->key));
}

/* A reply of one line that promises more, and the client has the word: its lines were joined. */
static void end_joined_reply(struct log_notes *notes, struct talk *talk)
{
    uint8_t *text = notes->text.ptr;

    if (notes->count > 0 || notes->text.len < 4 || text[3] != '-')
        return;
    text[3] = ' ';
    talk_cut_next_reply(talk);
}

enum next_line { NEXT_OTHER, NEXT_OF_REPLY, NEXT_OF_CLIENT };

/* The line of a reply that waits: what comes next tells whether it is the last.  `notes->count` is how many
 * lines of the same reply were said before it. */
static void say_waiting(struct log_reader *reader, const struct log_line *now, enum next_line next)
{
    struct log_notes *notes = log_notes(reader);

    if (!notes->is_told)
        return;
    struct talk *talk = waiting_talk(reader);
    if (next == NEXT_OF_REPLY && notes->text.len > 3 && notes->text.ptr[3] == ' ')
        notes->text.ptr[3] = '-';
    if (next == NEXT_OF_CLIENT)
        end_joined_reply(notes, talk);
    notes->count = notes->text.len > 3 && notes->text.ptr[3] == '-' ? notes->count + 1 : 0;
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
    notes->number = line->number;
    notes->stamp = line->stamp;
    notes->is_told = true;
}

/* "250-mx.example | PIPELINING | DSN": the lines of a reply, as lists of packets give them. */
static struct bytes next_joined(struct bytes *rest, bool is_joined)
{
    size_t bar = is_joined ? log_text_find(*rest, " | ") : SIZE_MAX;
    struct bytes one = bytes_slice(*rest, 0, bar);

    *rest = bar == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*rest, bar + 3);
    return one;
}

static void say_reply(struct log_reader *reader, const struct log_line *line, struct bytes text)
{
    uint16_t code;
    bool is_last, is_joined = log_text_is_reply(text, &code, &is_last) && !is_last;
    struct bytes rest = text, number = bytes_slice(text, 0, 3);
    struct log_notes *notes = log_notes(reader);

    is_joined = is_joined && log_text_find(text, " | ") != SIZE_MAX;
    wait_with(reader, line, next_joined(&rest, is_joined));
    while (rest.len > 0) {
        struct bytes one = next_joined(&rest, true);
        say_waiting(reader, line, NEXT_OF_REPLY);
        wait_with(reader, line, number);
        (void)buf_append_u8(&notes->text, ' ');
        (void)buf_append(&notes->text, one);
    }
}

/* "- PIPELINING": what stands in front of all lines, marks as well. */
static bool begins_oddly(struct bytes text)
{
    text = bytes_trim(text);
    uint8_t first = text.len ? ascii_upper(text.ptr[0]) : 0;

    return !ascii_is_digit(first) && (first < 'A' || first > 'Z');
}

/* The line of a reply goes on in one that has neither mark nor code. */
static void continue_reply(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    uint8_t code[4] = { 0, 0, 0, ' ' };

    if ((notes->state & STATE_PREFIXED) || begins_oddly(line->whole)) { /* what is a prefix, nobody knows */
        talk_cut_next_reply(waiting_talk(reader));
        say_waiting(reader, line, NEXT_OTHER);
        return;
    }
    memcpy(code, notes->text.ptr, 3);
    say_waiting(reader, line, NEXT_OF_REPLY);
    wait_with(reader, line, (struct bytes){ code, sizeof code });
    (void)buf_append(&notes->text, line->whole);
}

/* A line without a mark, while a line of a reply waits. */
static void read_behind_reply(struct log_reader *reader, const struct log_line *line, struct talk *talk)
{
    struct log_notes *notes = log_notes(reader);
    struct bytes waiting = buf_bytes(&notes->text);
    uint16_t code;
    bool is_last;

    if (log_text_is_reply(line->text, &code, &is_last)) { /* with its code, without its mark */
        say_waiting(reader, line, NEXT_OTHER);
        wait_with(reader, line, line->text);
    } else if (log_text_starts(waiting, "354 ")) { /* it has one line: this is the content */
        say_waiting(reader, line, NEXT_OTHER);
        talk_say(talk, SIDE_CLIENT, line->whole);
    } else if (waiting.len < 4 || (notes->state & STATE_LINED) || log_text_ends(waiting, " <nil>")
               || line->whole.len == 0) {
        if (line->whole.len > 0 && waiting.len > 3 && waiting.ptr[3] == '-')
            talk_cut_next_reply(talk); /* it may have been folded */
        say_waiting(reader, line, NEXT_OTHER);
    } else {
        continue_reply(reader, line);
    }
}

/* A line without a mark: of a reply, of a content, or what a logger writes besides. */
static void read_unmarked(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    bool is_stamped = (notes->state & STATE_STAMPED) && line->stamp.clock != LOG_CLOCK_NONE;
    bool is_here = bytes_equal(line->source, buf_bytes(&notes->other));
    struct talk *talk = is_here ? waiting_talk(reader) : log_talk(reader, line, BYTES(""));
    struct bytes text = is_stamped ? line->text : line->whole; /* with a time of its own it is no content */
    uint16_t code;
    bool is_last, is_reply = log_text_is_reply(text, &code, &is_last);

    if (is_here && notes->is_told && (is_reply || !is_stamped)) {
        read_behind_reply(reader, line, talk);
        return;
    }
    bool is_next = !notes->is_told && is_here && line->number == notes->number + 1;
    bool goes_on = is_next && log_text_is_sure_command(text);
    bool may_be_of_reply = notes->is_told && is_here && line->number == notes->number + 1;
    bool is_unended = notes->text.len > 3 && notes->text.ptr[3] == '-';
    if (may_be_of_reply && text.len > 0 && (is_unended || !(notes->state & STATE_LINED)))
        talk_cut_next_reply(talk); /* its own lines and those of a logger look alike */
    say_waiting(reader, line, NEXT_OTHER);
    if (is_stamped || is_reply || (talk_mode(talk) != DIALOGUE_CONTENT && !goes_on))
        return;
    talk_say(talk, SIDE_CLIENT, text);
    notes->number = line->number;
}

/* Whether a logger puts anything in front of the mark: letters or digits. */
static bool has_prefix(const struct paired_mark *mark)
{
    for (size_t i = 0; i < mark->prefix.len; i++)
        if (ascii_is_digit(mark->prefix.ptr[i])
            || (ascii_upper(mark->prefix.ptr[i]) >= 'A' && ascii_upper(mark->prefix.ptr[i]) <= 'Z'))
            return true;
    return false;
}

/* The pair that this log uses, whose its second mark is, and how its lines are dressed. */
static void keep_pair(struct log_notes *notes, const struct log_line *line, struct mark_pair pair,
                      const struct paired_mark *mark)
{
    bool is_reply;

    (void)paired_marks_has_shape(mark->said, &is_reply);
    notes->side = is_reply == pair.is_second ? SIDE_SERVER : SIDE_CLIENT;
    notes->state = (unsigned)(pair.row + 1) << PAIR_SHIFT | (pair.is_second ? STATE_SECOND : 0)
                   | (pair.is_quoted ? STATE_QUOTED : 0) | (has_prefix(mark) ? STATE_PREFIXED : 0)
                   | (line->stamp.clock != LOG_CLOCK_NONE ? STATE_STAMPED : 0);
}

static struct mark_pair kept_pair(const struct log_notes *notes)
{
    return (struct mark_pair){ .row = (notes->state >> PAIR_SHIFT) - 1,
                               .is_second = notes->state & STATE_SECOND,
                               .is_quoted = notes->state & STATE_QUOTED };
}

static bool find_mark(struct log_notes *notes, const struct log_line *line, struct paired_mark *out)
{
    struct mark_pair pair;

    if (notes->state == 0) {
        if (!paired_marks_find_any(line->whole, &pair, out))
            return false;
        keep_pair(notes, line, pair, out);
        return true;
    }
    pair = kept_pair(notes);
    if ((notes->state & STATE_STAMPED) && line->stamp.clock == LOG_CLOCK_NONE)
        return false;
    if (!paired_marks_find(line->whole, pair, out)
        || has_prefix(out) != ((notes->state & STATE_PREFIXED) != 0))
        return false; /* in prose, or in a content */
    if (pair.is_quoted)
        (void)paired_mark_unquote(out);
    return true;
}

/* Whether the line goes on with the talk that the last one was about, by the id in front of it.  What may as
 * well be a thread begins a session where the server greets, and else goes on with the one that goes on. */
static bool is_same_talk(struct log_reader *reader, const struct log_line *line,
                         const struct paired_mark *mark, struct bytes *id)
{
    const struct log_notes *notes = log_notes(reader);
    enum session_key_kind kind = session_key_find(mark->prefix, id);

    if (!bytes_equal(line->source, buf_bytes(&notes->other)))
        return false;
    if (kind == SESSION_KEY_NONE || bytes_equal(*id, buf_bytes(&notes->key)))
        return true;
    return kind == SESSION_KEY_WEAK && notes->key.len > 0 && !log_text_starts(mark->said, "220")
           && !log_goes_on(reader, line, *id);
}

static void turn_to(struct log_notes *notes, const struct log_line *line, struct bytes id)
{
    buf_clear(&notes->key);
    buf_clear(&notes->other);
    (void)buf_append(&notes->key, id);
    (void)buf_append(&notes->other, line->source);
}

/* "EHLO c\r\nQUIT\r\n", in a string: several lines. */
static struct bytes next_escaped(struct bytes *rest, bool is_escaped)
{
    size_t end = is_escaped ? log_text_find(*rest, "\\n") : SIZE_MAX;
    struct bytes one = bytes_slice(*rest, 0, end);

    if (end != SIZE_MAX && log_text_ends(one, "\\r"))
        one.len -= 2;
    *rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*rest, end + 2);
    return one;
}

static void say_marked(struct log_reader *reader, const struct log_line *line, struct talk *talk,
                       const struct paired_mark *mark, enum side side)
{
    struct bytes rest = mark->said;

    do {
        struct bytes one = next_escaped(&rest, mark->is_escaped);
        if (side == SIDE_CLIENT) {
            talk_say(talk, SIDE_CLIENT, one);
            log_notes(reader)->number = line->number; /* several commands may share a mark */
        } else {
            say_waiting(reader, line, NEXT_OTHER);
            say_reply(reader, line, one);
        }
    } while (rest.len > 0);
}

/* In a content that stands there without marks, a line may begin as a mark does. */
static bool is_content(const struct talk *talk, const struct paired_mark *mark, bool is_server)
{
    uint16_t code;
    bool is_last;

    return is_server && talk_mode(talk) == DIALOGUE_CONTENT
           && !log_text_is_reply(mark->said, &code, &is_last);
}

/* "S: 250-mx.example", "S: 250 DSN": the next line of the reply that waits, with its own mark and code. */
static bool goes_on_marked(const struct log_notes *notes, struct bytes said)
{
    struct bytes waiting = buf_bytes(&notes->text);

    return notes->is_told && waiting.len > 3 && waiting.ptr[3] == '-' && said.len > 3
           && memcmp(waiting.ptr, said.ptr, 3) == 0;
}

static void read_marked(struct log_reader *reader, const struct log_line *line,
                        const struct paired_mark *mark)
{
    struct log_notes *notes = log_notes(reader);
    bool is_server = mark->is_second == (notes->side == SIDE_SERVER);
    struct bytes id = { NULL, 0 };
    bool is_same = is_same_talk(reader, line, mark, &id);

    if (is_same && is_server && goes_on_marked(notes, mark->said))
        notes->state |= STATE_LINED;
    say_waiting(reader, line, is_same && !is_server ? NEXT_OF_CLIENT : NEXT_OTHER);
    if (!is_same)
        turn_to(notes, line, id);
    struct talk *talk = waiting_talk(reader);
    if (!talk_has_begun(talk)) {
        talk_skips_replies(talk); /* what else such a log leaves out, nobody knows */
        if (paired_marks_are_directions(kept_pair(notes)) && is_server != mark->is_second)
            talk_is_servers(talk);
    }
    if (is_content(talk, mark, is_server))
        talk_say(talk, SIDE_CLIENT, line->whole);
    else
        say_marked(reader, line, talk, mark, is_server ? SIDE_SERVER : SIDE_CLIENT);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    struct paired_mark mark;

    if (find_mark(notes, line, &mark))
        read_marked(reader, line, &mark);
    else if (notes->state)
        read_unmarked(reader, line);
}

static void finish(struct log_reader *reader)
{
    static const struct log_line none = { 0 };

    say_waiting(reader, &none, NEXT_OTHER);
}

const struct log_format log_format_generic = { .name = "marked lines",
                                               .is_of_any = true,
                                               .title = "lines marked C: and S: or the like",
                                               .claim = claim,
                                               .read = read,
                                               .finish = finish };
