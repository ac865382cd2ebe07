/* The pairs, and how they are found in a line.
 *     2026-11-24 04:02:24 INFO smtp - C: EHLO client.example
 *     **Client:** `EHLO client.example`
 *     msg="Client sent: MAIL FROM:<a@b>"
 * A word has a colon behind it, and may be written in capitals or in bold; an arrow stands as it is. */
#include "log/paired_marks.h"

#include "log/log_text.h"

/* Longer arrows first: ">" is in most of them. */
static const char *const arrows[][2] = {
    { "C->S", "S->C" }, { "C>", "S>" },   { "C <", "S >" }, { "SMTP>", "SMTP<" },
    { "-->", "<--" },   { "==>", "<==" }, { ">>>", "<<<" }, { "->", "<-" },
    { "=>", "<=" },     { "~>", "<~" },   { ">>", "<<" },   { "\xe2\x86\x92", "\xe2\x86\x90" },
    { ">", "<" },
};

/* Phrases before the words that are in them.  A word may have several partners: the rows that it stands in.
 */
static const char *const words[][2] = {
    { "client sent", "response to client" },
    { "client->server", "server->client" },
    { "client -> server", "server -> client" },
    { "client", "server" },
    { "c", "s" },
    { "send", "recv" },
    { "send", "receive" },
    { "send", "response" },
    { "sent", "received" },
    { "sent", "recv" },
    { "sent", "rcvd" },
    { "sent", "response" },
    { "sending", "receiving" },
    { "sending", "received" },
    { "out", "in" },
    { "command", "response" },
    { "command", "reply" },
    { "cmd", "resp" },
    { "cmd", "reply" },
    { "request", "response" },
    { "request", "reply" },
    { "write", "read" },
    { "wrote", "read" },
    { "tx", "rx" },
    { "local", "remote" },
    { "me", "server" },
};

enum { ARROW_COUNT = sizeof arrows / sizeof arrows[0], WORD_COUNT = sizeof words / sizeof words[0] };

static bool is_emphasis(uint8_t c)
{
    return c == '*' || c == '_' || c == '`';
}

static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool is_boundary(uint8_t c)
{
    return ascii_is_blank(c) || is_quote(c) || (c && strchr("])>:|-,;*_}=", c));
}

/* Nothing, a blank or a quote stands behind a mark. */
static bool ends_mark(struct bytes rest)
{
    return rest.len == 0 || ascii_is_blank(rest.ptr[0]) || is_quote(rest.ptr[0]);
}

/* "ESMTP>" is written beside "SMTP>". */
static bool begins_mark(struct bytes text, size_t at, const char *mark)
{
    return at == 0 || is_boundary(text.ptr[at - 1])
           || (text.ptr[at - 1] == 'E' && mark[0] == 'S' && mark[1] == 'M');
}

static bool find_arrow(struct bytes text, const char *mark, size_t *at, size_t *end)
{
    size_t len = strlen(mark);

    for (size_t from = 0; from < text.len;) {
        size_t hit = log_text_find(bytes_from(text, from), mark);
        if (hit == SIZE_MAX)
            return false;
        hit += from;
        if (begins_mark(text, hit, mark) && ends_mark(bytes_from(text, hit + len))) {
            *at = hit;
            *end = hit + len;
            return true;
        }
        from = hit + len;
    }
    return false;
}

/* Whether the word ends where `text` does, with a boundary before it. */
static bool has_word(struct bytes text, const char *word, size_t *at)
{
    struct bytes wanted = bytes_of(word);
    size_t end = text.len;

    while (end > 0 && (text.ptr[end - 1] == ' ' || is_emphasis(text.ptr[end - 1])))
        end--;
    if (end < wanted.len)
        return false;
    *at = end - wanted.len;
    return bytes_equal_nocase(bytes_slice(text, *at, wanted.len), wanted)
           && (*at == 0 || is_boundary(text.ptr[*at - 1]));
}

/* A word, blanks or emphasis, a colon, emphasis. */
static bool find_word(struct bytes text, const char *word, size_t *at, size_t *end)
{
    for (size_t colon = 0; colon < text.len; colon++) {
        if (text.ptr[colon] != ':' || !has_word(bytes_slice(text, 0, colon), word, at))
            continue;
        size_t behind = colon + 1;
        while (behind < text.len && is_emphasis(text.ptr[behind]))
            behind++;
        if (!ends_mark(bytes_from(text, behind)))
            continue;
        *end = behind;
        return true;
    }
    return false;
}

/* What stands for the end of a line at the end of `text`, cut off. */
static bool skip_line_end(struct bytes *text)
{
    static const char *const ends[] = { "\\r\\n", "\\r",      "\\n",  "<CRLF>", "<EOL>",
                                        "[CRLF]", "#015#012", "#015", "^M" };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (log_text_ends(*text, ends[i])) {
            text->len -= strlen(ends[i]);
            return true;
        }
    return false;
}

/* "SmtpClient.jsm:420" at the end: the place in the source that a browser's console shows at its right. */
static void skip_place(struct bytes *text)
{
    static const char *const kinds[] = { ".jsm:", ".mjs:", ".js:" };
    size_t blank = text->len, end = text->len;

    while (blank > 0 && text->ptr[blank - 1] != ' ')
        blank--;
    while (end > blank
           && (ascii_is_digit(text->ptr[end - 1]) || (end < text->len && text->ptr[end - 1] == ':')))
        end--;
    if (blank == 0 || end == text->len)
        return;
    struct bytes head = bytes_slice(*text, 0, end + (text->ptr[end] == ':'));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (log_text_ends(head, kinds[i])) {
            *text = bytes_slice(*text, 0, blank - 1);
            return;
        }
}

/* What Markdown marks as code. */
static void skip_backticks(struct bytes *text)
{
    if (text->len > 2 && text->ptr[0] == '`' && text->ptr[text->len - 1] == '`')
        *text = bytes_slice(*text, 1, text->len - 2);
}

/* The quote that was opened before the mark, or behind it; 0: none. */
static uint8_t quote_around(struct bytes prefix, struct bytes *said)
{
    size_t count = 0;

    for (size_t i = 0; i < prefix.len; i++)
        count += prefix.ptr[i] == '"';
    if (count % 2)
        return '"';
    struct bytes rest = *said;
    (void)((log_text_starts(rest, "b'") || log_text_starts(rest, "b\"")) && log_text_skip(&rest, "b"));
    if (rest.len < 2 || !is_quote(rest.ptr[0]))
        return 0;
    *said = bytes_from(rest, 1);
    return rest.ptr[0];
}

bool paired_mark_unquote(struct paired_mark *mark)
{
    uint8_t quote = quote_around(mark->prefix, &mark->said);
    size_t end = mark->said.len;

    while (quote && end > 0 && mark->said.ptr[end - 1] != quote)
        end--;
    if (quote && end > 0)
        mark->said.len = end - 1;
    (void)(quote && log_text_skip(&mark->said, "\\n"));
    mark->is_escaped = skip_line_end(&mark->said) || (quote && quote != '`');
    return quote;
}

/* Where a mark stands, and where what is said begins. */
struct place {
    bool is_there;
    size_t at, end;
};

static struct place place_of(struct bytes text, size_t row, bool is_second)
{
    struct place place = { .is_there = false };

    place.is_there = row < ARROW_COUNT
                         ? find_arrow(text, arrows[row][is_second], &place.at, &place.end)
                         : find_word(text, words[row - ARROW_COUNT][is_second], &place.at, &place.end);
    return place;
}

/* The same for the other mark of a pair: of words, any that stands beside the known one in a row. */
static struct place place_of_partner(struct bytes text, struct mark_pair pair)
{
    struct place place = place_of(text, pair.row, !pair.is_second);

    if (pair.row < ARROW_COUNT)
        return place;
    const char *known = words[pair.row - ARROW_COUNT][pair.is_second];
    for (size_t i = 0; i < WORD_COUNT && !place.is_there; i++)
        if (strcmp(words[i][pair.is_second], known) == 0)
            place = place_of(text, ARROW_COUNT + i, !pair.is_second);
    return place;
}

/* The first of both. */
static bool take(struct bytes text, const struct place places[2], struct paired_mark *out)
{
    bool is_second = !places[0].is_there || (places[1].is_there && places[1].at < places[0].at);

    if (!places[is_second].is_there)
        return false;
    struct bytes rest = bytes_from(text, places[is_second].end);
    bool is_apart = rest.len > 0 && ascii_is_blank(rest.ptr[0]);
    *out = (struct paired_mark){ .is_second = is_second,
                                 .prefix = bytes_slice(text, 0, places[is_second].at),
                                 .said = bytes_slice(rest, is_apart, SIZE_MAX) };
    if (is_apart && log_text_starts(out->said, "\t"))
        out->said = bytes_from(out->said, 1);
    skip_place(&out->said);
    skip_backticks(&out->said);
    out->is_escaped = skip_line_end(&out->said);
    return true;
}

bool paired_marks_find(struct bytes text, struct mark_pair pair, struct paired_mark *out)
{
    struct place places[2];

    places[pair.is_second] = place_of(text, pair.row, pair.is_second);
    places[!pair.is_second] = place_of_partner(text, pair);
    return take(text, places, out);
}

bool paired_marks_has_shape(struct bytes said, bool *is_reply)
{
    uint16_t code;
    bool is_last;

    said = bytes_trim(said);
    *is_reply = said.len > 4 && log_text_is_reply(said, &code, &is_last) && code >= 200 && code < 600;
    return *is_reply || log_text_is_sure_command(said);
}

/* A code, or the beginning of a verb. */
static bool begins_shape(struct bytes text)
{
    static const char *const verbs[] = { "EHLO", "HELO", "LHLO", "MAIL", "RCPT",
                                         "DATA", "RSET", "QUIT", "STAR", "AUTH" };

    if (text.len < 4)
        return false;
    if (ascii_is_digit(text.ptr[0]))
        return ascii_is_digit(text.ptr[1]) && ascii_is_digit(text.ptr[2])
               && (text.ptr[3] == ' ' || text.ptr[3] == '-');
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (bytes_starts_nocase(text, bytes_of(verbs[i])))
            return true;
    return false;
}

/* Whether anything in the line can be said behind a mark: most lines of most texts are done with here. */
static bool may_say(struct bytes text)
{
    for (size_t i = 1; i < text.len; i++) {
        uint8_t before = text.ptr[i - 1];
        bool is_begin =
            ascii_is_blank(before) || is_quote(before) || (before == 'n' && i > 1 && text.ptr[i - 2] == '\\');
        if (is_begin && begins_shape(bytes_from(text, i)))
            return true;
    }
    return false;
}

bool paired_marks_find_any(struct bytes text, struct mark_pair *pair, struct paired_mark *out)
{
    struct mark_pair each = { 0 };
    bool is_reply;

    if (!may_say(text))
        return false;
    for (; each.row < ARROW_COUNT + WORD_COUNT; each.row++) {
        struct place places[2] = { place_of(text, each.row, false), place_of(text, each.row, true) };
        if (!take(text, places, out))
            continue;
        each.is_second = out->is_second;
        each.is_quoted = paired_mark_unquote(out);
        if (paired_marks_has_shape(out->said, &is_reply)) {
            *pair = each;
            return true;
        }
    }
    return false;
}

bool paired_marks_are_directions(struct mark_pair pair)
{
    static const char *const ways[] = { "send", "sent", "sending", "out", "write", "wrote", "tx" };

    if (pair.row < ARROW_COUNT)
        return arrows[pair.row][0][0] != 'C';
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(words[pair.row - ARROW_COUNT][0], ways[i]) == 0)
            return true;
    return false;
}
