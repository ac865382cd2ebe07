/* System.Net.Mail of the .NET Framework, traced by System.Diagnostics: every buffer as a dump.
 *     System.Net.Sockets Verbose: 0 : [4568] Data from Socket#51213311::Send
 *     System.Net.Sockets Verbose: 0 : [4568] 00000000 : 45 48 4C 4F 20 68 6F 73-74 0D 0A : EHLO host..
 * The source is the reference source of System.Net (Logging.Dump). */
#include "log/format_rows.h"

static enum log_claim claim(const struct log_line *line)
{
    bool is_socket = log_text_find(line->text, "System.Net.Sockets Verbose: ") != SIZE_MAX;

    return is_socket && log_text_find(line->text, "Data from Socket#") != SIZE_MAX ? LOG_CLAIM_STRONG
                                                                                   : LOG_CLAIM_NONE;
}

static int digit(uint8_t c)
{
    c = ascii_upper(c);
    return ascii_is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Pairs of digits, each followed by a blank or a hyphen. */
static bool add_octets(struct bytes text, struct buf *out)
{
    size_t before = out->len;

    for (size_t at = 0; at + 1 < text.len; at += 3) {
        int high = digit(text.ptr[at]), low = digit(text.ptr[at + 1]);
        if (high < 0 || low < 0)
            break;
        (void)buf_append_u8(out, (uint8_t)(high << 4 | low));
    }
    return out->len > before;
}

/* Whole lines are said, the rest waits for the next buffer. */
static void say_lines(struct talk *talk, enum side side, struct buf *text)
{
    struct bytes rest = buf_bytes(text);

    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1)) {
        struct bytes one = bytes_slice(rest, 0, lf);
        if (one.len > 0 && one.ptr[one.len - 1] == '\r')
            one.len--;
        talk_say(talk, side, one);
    }
    if (rest.len)
        memmove(text->ptr, rest.ptr, rest.len);
    text->len = rest.len;
}

static void begin_buffer(struct log_notes *notes, struct bytes socket)
{
    size_t colon = log_text_find(socket, "::");

    buf_clear(&notes->key);
    (void)buf_append(&notes->key, bytes_slice(socket, 0, colon));
    notes->side = log_text_find(socket, "::Send") != SIZE_MAX      ? SIDE_CLIENT
                  : log_text_find(socket, "::Receive") != SIZE_MAX ? SIDE_SERVER
                                                                   : SIDE_NONE;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    size_t thread = log_text_find(line->text, "] ");
    struct bytes text = thread == SIZE_MAX ? line->text : bytes_from(line->text, thread + 2);
    size_t dump = log_text_find(text, " : ");

    if (log_text_skip(&text, "Data from Socket#")) {
        begin_buffer(notes, text);
        return;
    }
    if (notes->side == SIDE_NONE || dump != 8)
        return;
    struct buf *waiting = notes->side == SIDE_CLIENT ? &notes->text : &notes->other;
    if (add_octets(bytes_from(text, dump + 3), waiting))
        say_lines(log_talk(reader, line, buf_bytes(&notes->key)), notes->side, waiting);
}

const struct log_format log_format_dotnet = { .name = "System.Net.Mail",
                                              .is_of_any = true,
                                              .title = ".NET System.Net.Mail",
                                              .claim = claim,
                                              .read = read };
