/* Perl's Net::SMTP with Debug => 1 (Net::Cmd's debug_print).
 *     Net::SMTP=GLOB(0x5590f79ac538)>>> EHLO client.example
 *     Net::SMTP=GLOB(0x5590f79ac538)<<< 250-mx.example
 * Inside TLS the class is another; what SASL says is shown decoded once more. */
#include "log/format_rows.h"

static bool take_apart(struct bytes text, struct bytes *class, struct bytes *object, struct bytes *rest)
{
    size_t glob = log_text_find(text, "=GLOB(");
    size_t close = glob == SIZE_MAX ? SIZE_MAX : log_text_find(bytes_from(text, glob), ")");

    if (close == SIZE_MAX || log_text_find(bytes_slice(text, 0, glob), "Net::SMTP") == SIZE_MAX)
        return false;
    *class = bytes_slice(text, 0, glob);
    *object = bytes_slice(text, glob, close);
    *rest = log_text_in_string(text, glob + close + 1);
    return log_text_starts(*rest, ">>>") || log_text_starts(*rest, "<<<");
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes class, object, rest;

    if (log_text_starts(line->text, "Net::SMTP>>>") || take_apart(line->text, &class, &object, &rest))
        return LOG_CLAIM_STRONG;
    return LOG_CLAIM_NONE;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes class, object, rest;

    if (!take_apart(line->text, &class, &object, &rest))
        return;
    struct talk *talk = log_talk(reader, line, object);
    enum side side = rest.ptr[0] == '>' ? SIDE_CLIENT : SIDE_SERVER;
    rest = bytes_from(rest, 3);
    (void)log_text_skip(&rest, " ");
    if (log_text_starts(rest, "(decoded) "))
        return;
    if (!talk_has_begun(talk) && log_text_find(class, "SSL") != SIZE_MAX)
        talk_enter_tls(talk);
    talk_say(talk, side, rest);
}

const struct log_format log_format_perl = {
    .name = "Net::SMTP", .title = "Perl Net::SMTP", .claim = claim, .read = read
};
