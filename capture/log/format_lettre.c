/* lettre, Rust, with its feature "tracing": line ends are written out, and of a reply of several lines all
 * that has come is shown again with each.
 *     DEBUG lettre::transport::smtp::client::connection: << 250-mx.example<CRLF>
 *     DEBUG lettre::transport::smtp::client::connection: << 250-mx.example<CRLF>250 HELP<CRLF>
 *     DEBUG lettre::transport::smtp::client::connection: Wrote: MAIL FROM:<a@b><CRLF>
 *     DEBUG lettre::transport::smtp::client::connection: connection encrypted
 * The source is client/connection.rs (write, read_response) and client/mod.rs (escape_crlf). */
#include "log/format_rows.h"

static const char line_end[] = "<CRLF>";

/* What was written or read, behind what the program's logger puts in front; SIDE_NONE: neither. */
static enum side take_said(struct bytes line, struct bytes *said)
{
    size_t wrote = log_text_find(line, "Wrote: "), read = log_text_find(line, "<< ");
    size_t at = wrote < read ? wrote : read;

    if (at == SIZE_MAX || (at > 0 && !ascii_is_blank(line.ptr[at - 1])))
        return SIDE_NONE;
    *said = bytes_from(line, at + (wrote < read ? strlen("Wrote: ") : strlen("<< ")));
    return wrote < read ? SIDE_CLIENT : SIDE_SERVER;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes said;

    return take_said(line->whole, &said) != SIDE_NONE && log_text_ends(said, line_end) ? LOG_CLAIM_STRONG
                                                                                       : LOG_CLAIM_NONE;
}

static void say_lines(struct talk *talk, enum side side, struct bytes text)
{
    while (text.len > 0) {
        size_t end = log_text_find(text, line_end);
        talk_say(talk, side, bytes_slice(text, 0, end));
        text = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, end + strlen(line_end));
    }
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct buf *shown = &log_notes(reader)->text;
    struct bytes said;
    enum side side = take_said(line->whole, &said);

    if (side == SIDE_SERVER) {
        bool goes_on =
            said.len > shown->len && bytes_equal(bytes_slice(said, 0, shown->len), buf_bytes(shown));
        say_lines(talk, SIDE_SERVER, bytes_from(said, goes_on ? shown->len : 0));
        buf_clear(shown);
        (void)buf_append(shown, said);
    } else if (side == SIDE_CLIENT) {
        buf_clear(shown);
        if (bytes_equal(said, BYTES("<CRLF>.<CRLF>"))) /* the first ends the line before */
            said = bytes_from(said, strlen(line_end));
        say_lines(talk, SIDE_CLIENT, said);
    }
}

const struct log_format log_format_lettre = {
    .name = "lettre", .title = "lettre (Rust)", .claim = claim, .read = read
};
