/* curl -v, --trace-ascii and --trace, with or without --trace-time.
 *     * Connected to mx.example (198.51.100.11) port 25 (#0)
 *     < 220 mx.example ESMTP                 04:02:24.860282 <= Recv header, 49 bytes (0x31)
 *     > EHLO client.example                  0000: 220 mx.example ESMTP
 * -v does not show contents.  In a trace a line of more than 64 octets goes on in the next row, whose offset
 * says so. A connection that is "left intact" gets its QUIT when curl ends, of which nothing is shown.  The
 * source is tool_cb_dbg.c and smtp.c. */
#include "log/format_rows.h"
#include "log/marks.h"

enum { HEX_COLUMNS = 48, STATE_NONE = 0, STATE_LEFT_INTACT };

static const struct log_mark marks[] = {
    { "> ", SIDE_CLIENT },
    { "< ", SIDE_SERVER },
    { NULL, SIDE_NONE },
};

static const struct log_mark blocks[] = {
    { "=> Send header, ", SIDE_CLIENT },
    { "=> Send data, ", SIDE_CLIENT },
    { "<= Recv header, ", SIDE_SERVER },
    { "<= Recv data, ", SIDE_NONE },
    { "=> Send SSL data, ", SIDE_NONE },
    { "<= Recv SSL data, ", SIDE_NONE },
    { NULL, SIDE_NONE },
};

/* "* Trying ..." of -v, "== Info:   Trying ..." of a trace. */
static bool take_info(struct bytes *text)
{
    if (!log_text_skip(text, "* ") && !log_text_skip(text, "== Info: "))
        return false;
    *text = bytes_trim(*text);
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text;

    if (take_info(&text))
        return log_text_starts(text, "Trying ") || log_text_starts(text, "Connected to ")
                       || log_text_starts(text, "Closing connection")
                   ? LOG_CLAIM_STRONG
                   : LOG_CLAIM_NONE;
    return marks_skip(blocks, &text) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* "Connected to mx.example (198.51.100.11) port 25 (#0)" */
static void read_connected(struct talk *talk, struct bytes text)
{
    size_t port = log_text_find(text, " port ");

    talk_server(talk, log_text_word(&text), 0);
    if (port == SIZE_MAX)
        return;
    struct bytes digits =
        bytes_from(text, log_text_find(text, " port ") == SIZE_MAX ? 0 : log_text_find(text, "port ") + 5);
    talk_server(talk, log_text_between(text, "(", ")"),
                marks_port(bytes_slice(digits, 0, bytes_find(digits, ' '))));
}

/* What curl sends at its end, over connections that it kept. */
static void quit_quietly(struct log_reader *reader, struct talk *talk)
{
    if (log_notes(reader)->state != STATE_LEFT_INTACT)
        return;
    log_notes(reader)->state = STATE_NONE;
    if (talk_has_begun(talk) && !talk_is_over(talk))
        talk_imply(talk, BYTES("QUIT"), (struct bytes){ NULL, 0 });
}

static void read_info(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    if (log_text_starts(text, "Trying ")) {
        quit_quietly(reader, talk);
        talk_open(talk);
        log_notes(reader)->is_told = false;
    } else if (log_text_skip(&text, "Connected to ")) {
        read_connected(talk, text);
    } else if (log_text_starts(text, "SSL connection using ")) {
        talk_enter_tls(talk);
    } else if (log_text_starts(text, "Connection #") && log_text_ends(text, "left intact")) {
        log_notes(reader)->state = STATE_LEFT_INTACT;
    } else if (log_text_starts(text, "Closing connection") || log_text_starts(text, "closing connection")
               || log_text_starts(text, "shutting down connection")) {
        log_notes(reader)->state = STATE_NONE;
        talk_close(talk, SIDE_CLIENT, false);
    }
}

static bool is_hex(uint8_t c)
{
    return c && strchr("0123456789abcdef", c);
}

static bool hex_pair(struct bytes text)
{
    return text.len >= 3 && is_hex(text.ptr[0]) && is_hex(text.ptr[1]) && text.ptr[2] == ' ';
}

/* A row of --trace has room for sixteen octets, each with a blank behind it: no text is like that. */
static bool hex_row(struct bytes text)
{
    if (text.len <= HEX_COLUMNS || !hex_pair(text))
        return false;
    for (size_t at = 2; at < HEX_COLUMNS; at += 3)
        if (text.ptr[at] != ' ')
            return false;
    return true;
}

static uint8_t hex_digit(uint8_t c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The octets of a row of --trace; what stands behind them is the same as text. */
static struct bytes unhex_row(struct bytes text, struct buf *out)
{
    while (hex_pair(text) && out->len < HEX_COLUMNS / 3) {
        (void)buf_append_u8(out, (uint8_t)(hex_digit(text.ptr[0]) << 4 | hex_digit(text.ptr[1])));
        text = bytes_from(text, 3);
    }
    return buf_bytes(out);
}

static void say_waiting(struct log_reader *reader, struct talk *talk)
{
    struct log_notes *notes = log_notes(reader);

    if (!notes->is_told)
        return;
    notes->is_told = false;
    if (notes->side != SIDE_NONE) {
        notes->state = STATE_NONE;
        talk_say(talk, notes->side, buf_bytes(&notes->text));
    }
    buf_clear(&notes->text);
}

/* Rows of --trace: octets, cut into lines here. */
static void add_octets(struct log_reader *reader, struct talk *talk, struct bytes octets)
{
    struct log_notes *notes = log_notes(reader);

    for (size_t i = 0; i < octets.len; i++) {
        if (octets.ptr[i] == '\n') {
            while (notes->text.len > 0 && notes->text.ptr[notes->text.len - 1] == '\r')
                notes->text.len--;
            notes->is_told = true;
            say_waiting(reader, talk);
        } else {
            (void)buf_append_u8(&notes->text, octets.ptr[i]);
        }
    }
}

/* "0040: ervice." */
static bool take_offset(struct bytes *text, uint64_t *offset)
{
    size_t colon = log_text_find(*text, ": ");

    if (colon == SIZE_MAX && text->len > 0 && text->ptr[text->len - 1] == ':')
        colon = text->len - 1;
    if (colon == SIZE_MAX || colon < 4 || colon > 8)
        return false;
    *offset = 0;
    for (size_t i = 0; i < colon; i++) {
        if (!text->ptr[i] || !strchr("0123456789abcdef", text->ptr[i]))
            return false;
        *offset = *offset << 4 | hex_digit(text->ptr[i]);
    }
    *text = bytes_from(*text, colon + 2);
    return true;
}

static void read_row(struct log_reader *reader, struct talk *talk, struct bytes text, uint64_t offset)
{
    struct log_notes *notes = log_notes(reader);

    if (notes->side == SIDE_NONE)
        return;
    if (hex_row(text)) {
        add_octets(reader, talk, unhex_row(text, log_scratch(reader)));
        return;
    }
    if (offset != notes->count || !notes->is_told) { /* behind a line end, which is not shown */
        say_waiting(reader, talk);
        notes->is_told = true;
    }
    (void)buf_append(&notes->text, text);
    notes->count = offset + text.len;
}

static void begin_block(struct log_reader *reader, struct talk *talk, const struct log_mark *block)
{
    struct log_notes *notes = log_notes(reader);

    say_waiting(reader, talk);
    notes->side = block->side;
    notes->count = 0;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;
    const struct log_mark *mark;
    uint64_t offset;

    if (take_info(&text)) {
        say_waiting(reader, talk);
        read_info(reader, talk, text);
    } else if ((mark = marks_skip(blocks, &text))) {
        begin_block(reader, talk, mark);
    } else if (log_notes(reader)->side != SIDE_NONE && take_offset(&text, &offset)) {
        read_row(reader, talk, text, offset);
    } else if ((mark = marks_skip(marks, &text))) {
        log_notes(reader)->state = STATE_NONE;
        talk_say(talk, mark->side, text);
    }
}

static void finish(struct log_reader *reader)
{
    struct talk *talk = log_last_talk(reader);

    say_waiting(reader, talk);
    quit_quietly(reader, talk);
}

const struct log_format log_format_curl = {
    .name = "curl", .is_of_any = true, .title = "curl", .claim = claim, .read = read, .finish = finish
};
