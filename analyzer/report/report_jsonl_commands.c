/* The commands of a session's line. */
#include "report/json_parts.h"
#include "report/report_jsonl_parts.h"
#include "smtp/path.h"

static void write_verb(const struct command *command, struct buf *out)
{
    char upper[128];
    size_t len = command->word.len < sizeof upper ? command->word.len : sizeof upper;

    if (command->verb != VERB_UNKNOWN) {
        json_write_text("verb", verb_name(command->verb), out);
        return;
    }
    if ((command->is_secret || command->is_redacted) && !command->is_body_line) {
        json_write_text("verb", "?", out);
        return;
    }
    for (size_t i = 0; i < len; i++)
        upper[i] = (char)ascii_upper(command->word.ptr[i]);
    json_write_bytes("verb", (struct bytes){ (const uint8_t *)upper, len }, out);
}

static bool is_hidden(const struct command *command, const struct report_options *options)
{
    bool is_private = command->is_secret || command->is_body_line; /* a line of a message is content */

    return command->is_redacted || (is_private && !options->shows_secrets);
}

enum { KEYWORD_MOST = 64 };

/* In upper case, as a key; false for what is no keyword (RFC 5321 4.1.2). */
static bool key_of_keyword(struct bytes keyword, char key[KEYWORD_MOST])
{
    if (keyword.len == 0 || keyword.len >= KEYWORD_MOST)
        return false;
    for (size_t i = 0; i < keyword.len; i++) {
        uint8_t c = ascii_upper(keyword.ptr[i]);
        if (!ascii_is_digit(c) && !(c >= 'A' && c <= 'Z') && c != '-')
            return false;
        key[i] = (char)c;
    }
    key[keyword.len] = '\0';
    return true;
}

/* The parameters of MAIL or RCPT: their values, null for one without.  Of a keyword that comes twice, the
 * last. */
static void write_parameters(const struct command *command, struct buf *out)
{
    struct bytes from = command->verb == VERB_MAIL ? BYTES("FROM") : BYTES("TO"), keyword, value;
    char key[KEYWORD_MOST];

    if (command->verb != VERB_MAIL && command->verb != VERB_RCPT)
        return;
    struct envelope_argument parsed = envelope_argument_parse(command->argument, from);
    if (!parsed.has_brackets || parsed.parameters.len == 0)
        return;
    json_t *parameters = json_object();
    for (size_t at = 0; parameter_next(parsed.parameters, &at, &keyword, &value);)
        if (key_of_keyword(keyword, key))
            json_put(parameters, key, value.len ? json_of_bytes(value) : json_null());
    json_write_value("parameters", parameters, out);
}

static void write_line(const struct command *command, const struct report_options *options, struct buf *out)
{
    if (is_hidden(command, options)) {
        jsonl_write_redacted("argument", command->verb == VERB_UNKNOWN ? 0 : command->line_length - 4, out);
        jsonl_write_redacted("line", command->line_length, out);
        return;
    }
    json_write_bytes("argument", command->argument, out);
    json_write_bytes("line", command->line, out);
    write_parameters(command, out);
}

static void write_command(const struct item *item, const struct judgement *judgement,
                          const struct report_options *options, struct buf *out)
{
    const struct command *command = &item->as.command;

    json_write_begin(NULL, '{', out);
    json_write_number("n", command->n, out);
    jsonl_write_moment("time", item->at.time_ns, options, out);
    jsonl_write_packet(item->at.packet, options, out);
    write_verb(command, out);
    write_line(command, options, out);
    jsonl_write_reply("reply", item->reply, options, out);
    json_write_bool("pipelined", command->is_pipelined, out);
    json_write_text("verdict", verdict_name(judgement->verdict), out);
    json_write_number_or_null("cause", judgement->cause, out);
    json_write_end('}', out);
}

void jsonl_write_commands(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out)
{
    const struct session *session = analysis->session;

    json_write_begin("commands", '[', out);
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_COMMAND)
            write_command(item, &analysis->replay.judgements[item->as.command.n - 1], options, out);
    }
    json_write_end(']', out);
}
