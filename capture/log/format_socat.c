/* socat -v: what passed, in blocks of what was read at once, with its CRs made visible.
 *     < 2026/11/26 17:50:30.000526258  length=25 from=0 to=24
 *     220 mx.example ESMTP\r
 *     > 2026/11/26 17:50:30.000673014  length=16 from=0 to=15
 *     EHLO client.example\r
 * Which way the client sends, the first reply tells.  The source is xiotransfer() of socat.c: the fraction is
 * of microseconds, whatever its width. */
#include "log/format_rows.h"
#include "log/shape.h"
#include "base/timestamp.h"

enum { FRACTION = 20 }; /* where it begins: behind "2026/11/26 17:50:30." */

/* "> 2026/11/26 17:50:30.000526258  length=25 from=0 to=24": its time. */
static bool read_header(struct bytes text, struct log_stamp *stamp)
{
    struct log_stamp whole;
    uint64_t micro;

    if (text.len < 4 || (text.ptr[0] != '>' && text.ptr[0] != '<') || text.ptr[1] != ' ')
        return false;
    text = bytes_from(text, 2);
    size_t len = log_stamp_parse(text, &whole);
    if (len == 0 || !log_text_starts(bytes_from(text, len), "length="))
        return false;
    struct bytes fraction = bytes_trim(bytes_slice(text, FRACTION, len - FRACTION));
    if (whole.is_precise && bytes_to_u64(fraction, &micro) && micro < 1000000)
        whole.time_ns = whole.time_ns / NS_PER_SECOND * NS_PER_SECOND + micro * 1000;
    *stamp = whole;
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct log_stamp stamp;

    return read_header(line->whole, &stamp) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static struct bytes without_shown_return(struct bytes text)
{
    while (log_text_ends(text, "\\r"))
        text.len -= 2;
    return text;
}

static void say(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    struct log_notes *notes = log_notes(reader);
    uint16_t code;
    bool is_last;

    text = without_shown_return(text);
    if (talk_outward(talk) == SIDE_NONE) {
        bool is_server = log_text_is_reply(text, &code, &is_last);
        if (!is_server && !log_text_is_sure_command(text))
            return;
        talk_set_outward(talk, is_server == (notes->side == SIDE_CLIENT) ? SIDE_SERVER : SIDE_CLIENT);
    }
    bool is_outward = notes->side == SIDE_CLIENT;
    talk_say(talk, is_outward == (talk_outward(talk) == SIDE_CLIENT) ? SIDE_CLIENT : SIDE_SERVER, text);
}

/* A header begins in the middle of a line where the block before it ends in the middle of one: that part
 * waits. */
static size_t header_in(struct bytes text, struct log_stamp *stamp)
{
    for (size_t at = 0; at < text.len; at++)
        if (read_header(bytes_from(text, at), stamp))
            return at;
    return SIZE_MAX;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct log_stamp stamp;
    size_t header = header_in(line->whole, &stamp);
    struct buf *open = notes->side == SIDE_SERVER ? &notes->other : &notes->text;

    if (header != SIZE_MAX) {
        (void)buf_append(open, bytes_slice(line->whole, 0, header));
        notes->side = line->whole.ptr[header] == '>' ? SIDE_CLIENT : SIDE_SERVER;
        notes->stamp = stamp;
        return;
    }
    if (notes->side == SIDE_NONE)
        return;
    log_at(reader, line->number, &notes->stamp);
    (void)buf_append(open, line->whole);
    say(reader, talk, buf_bytes(open));
    buf_clear(open);
}

const struct log_format log_format_socat = {
    .name = "socat", .is_of_any = true, .title = "socat -v", .claim = claim, .read = read
};
