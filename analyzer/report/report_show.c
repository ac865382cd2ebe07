/* Whole dialogues, in the notation of swaks: " -> " what the client sent, "<-  " what the server answered,
 * "<** " a refusal; findings stand under the command that they are about. */
#include <stdio.h>

#include "base/escape.h"
#include "base/limits.h"
#include "base/timestamp.h"
#include "report/report_rows.h"
#include "report/show_steps.h"
#include "report/text_parts.h"

enum { LEFT = 18 }; /* width of "packet  +seconds" */

/* "  12   +0.003 " : the packet, and the time since the session began. */
static void put_left(const struct session *session, struct moment at, struct buf *out)
{
    uint64_t since_ms = at.time_ns > session->start_ns ? (at.time_ns - session->start_ns) / NS_PER_MS : 0;
    char text[48];
    int len = at.packet.number
                  ? snprintf(text, sizeof text, "%6llu %6llu.%03llu ", (unsigned long long)at.packet.number,
                             (unsigned long long)(since_ms / 1000), (unsigned long long)(since_ms % 1000))
                  : snprintf(text, sizeof text, "%6s %6llu.%03llu ", "",
                             (unsigned long long)(since_ms / 1000), (unsigned long long)(since_ms % 1000));

    buf_append(out, (struct bytes){ (const uint8_t *)text, (size_t)len });
}

static void put_reply(const struct session *session, const struct reply *reply,
                      const struct report_options *options, struct buf *out)
{
    if (!reply)
        return;
    put_left(session, reply->at, out);
    for (uint32_t i = 0; i < (reply->line_count ? reply->line_count : 1); i++) {
        if (i)
            text_blanks(LEFT, out);
        if (reply->code >= 400)
            text_tint(options, TINT_ERROR, out);
        buf_append_text(out, reply->code >= 400 ? "<** " : "<-  ");
        buf_append_u64(out, reply->code);
        buf_append_u8(out, i + 1 < reply->line_count ? '-' : ' ');
        if (i < reply->line_count)
            (void)escape_text(reply->lines[i], out);
        if (reply->is_redacted)
            buf_append_text(out, "(withheld: it gives away a credential)");
        if (!reply->is_complete && i + 1 >= reply->line_count)
            buf_append_text(out, " (broken off)");
        if (reply->code >= 400)
            text_untint(options, out);
        buf_append_u8(out, '\n');
    }
}

static void put_note(const char *note, struct buf *out)
{
    text_blanks(LEFT, out);
    buf_append_text(out, note);
}

static void put_findings(const struct analysis *analysis, uint32_t command,
                         const struct report_options *options, struct buf *out)
{
    for (size_t i = analysis_first_finding(analysis, command); i < analysis->finding_count; i++) {
        const struct finding *finding = &analysis->findings[i];
        if (finding->command != command)
            break;
        size_t from = out->len;
        put_note("    ", out);
        text_tint(options, text_tint_of(finding->severity), out);
        buf_append_text(out, "^ ");
        buf_append_text(out, rule_of(finding->rule)->id);
        buf_append_text(out, ": ");
        buf_append_text(out, rule_of(finding->rule)->title);
        if (finding->cause_command && finding->cause_command != finding->command) {
            buf_append_text(out, " (because of command ");
            buf_append_u64(out, finding->cause_command);
            buf_append_u8(out, ')');
        }
        text_untint(options, out);
        text_end_line(from, LEFT + 6, options, out);
    }
}

static void put_command(const struct analysis *analysis, size_t index, const struct report_options *options,
                        struct buf *out)
{
    const struct item *item = &analysis->session->items[index];
    const struct command *command = &item->as.command;

    put_left(analysis->session, item->at, out);
    buf_append_text(out, command->is_pipelined ? "~-> " : " -> ");
    text_command(command, options, SIZE_MAX, out);
    buf_append_u8(out, '\n');
    if (command->verb == VERB_AUTH)
        show_step(sasl_response_at(analysis->session, index), LEFT, options, out);
    put_reply(analysis->session, item->reply, options, out);
    for (uint32_t i = 0; i < item->more_count; i++)
        put_reply(analysis->session, item->more_replies[i], options, out);
    show_step(sasl_challenge_at(analysis->session, index), LEFT, options, out);
    put_findings(analysis, command->n, options, out);
}

static void put_sasl(const struct session *session, size_t index, const struct report_options *options,
                     struct buf *out)
{
    const struct item *item = &session->items[index];
    const struct sasl_step *step = sasl_response_at(session, index);

    put_left(session, item->at, out);
    buf_append_text(out, " -> ");
    if (step->is_redacted || !step->is_decoded || (step->is_secret && !options->shows_secrets)) {
        buf_append_text(out, "(a response of ");
        buf_append_u64(out, step->length);
        buf_append_text(out, " octets)");
    } else {
        text_wire(step->text, 200, out);
    }
    buf_append_u8(out, '\n');
    show_step(step, LEFT, options, out);
    put_reply(session, item->reply, options, out);
    show_step(sasl_challenge_at(session, index), LEFT, options, out);
}

static void put_content(const struct session *session, const struct item *item,
                        const struct report_options *options, struct buf *out)
{
    const struct message *message = &session->messages[item->as.content.message];

    put_left(session, item->at, out);
    buf_append_text(out, " -> (");
    buf_append_u64(out, item->as.content.size);
    buf_append_text(out, message->is_bdat ? " octets of a chunk" : " octets of message");
    if (!item->as.content.is_complete)
        buf_append_text(out, ", not complete");
    if (item->as.content.is_last && message->has_digest) {
        buf_append_text(out, ", SHA-256 ");
        (void)escape_hex((struct bytes){ message->sha256, 8 }, out);
        buf_append_text(out, "...");
    }
    buf_append_text(out, ")\n");
    put_reply(session, item->reply, options, out);
    for (uint32_t i = 0; i < item->more_count; i++)
        put_reply(session, item->more_replies[i], options, out);
}

static void put_gap(const struct item *item, struct buf *out)
{
    put_note("... ", out);
    buf_append_u64(out, item->as.gap.length);
    buf_append_text(out, " bytes of the ");
    buf_append_text(out, side_name(item->as.gap.side));
    buf_append_text(out, item->as.gap.is_snapped ? " cut off by the snap length ...\n"
                                                 : " are missing in the capture ...\n");
}

static void put_tls(const struct session *session, size_t index, struct buf *out)
{
    enum tls_reading reading = session->tls ? session->tls->reading : TLS_READING_NONE;
    bool is_read =
        reading == TLS_READING_WHOLE || (reading == TLS_READING_PART && index + 1 < session->item_count);

    put_note(is_read || session->log ? "=== from here on TLS\n"
             : session->is_tls       ? "=== from here on TLS: what is said cannot be read\n"
                                     : "=== the client began with TLS; the server did not expect it\n",
             out);
}

static void put_unended(const struct session *session, struct buf *out)
{
    const struct unended_line *line = &session->unended;

    put_left(session, line->first, out);
    buf_append_text(out, " -> ");
    if (line->verb != VERB_UNKNOWN) {
        buf_append_text(out, verb_name(line->verb));
        buf_append_text(out, " ... ");
    }
    buf_append_u8(out, '(');
    buf_append_u64(out, line->length);
    buf_append_text(out,
                    line->length == 1 ? " octet without a line end)\n" : " octets without a line end)\n");
}

static void put_item(const struct analysis *analysis, size_t index, const struct report_options *options,
                     struct buf *out)
{
    const struct session *session = analysis->session;
    const struct item *item = &session->items[index];

    switch (item->kind) {
    case ITEM_COMMAND:
        put_command(analysis, index, options, out);
        break;
    case ITEM_GREETING:
    case ITEM_REPLY:
        put_reply(session, item->reply, options, out);
        break;
    case ITEM_SASL:
        put_sasl(session, index, options, out);
        break;
    case ITEM_CONTENT:
        put_content(session, item, options, out);
        break;
    case ITEM_GAP:
        put_gap(item, out);
        break;
    case ITEM_TLS:
        put_tls(session, index, out);
        break;
    case ITEM_PRELUDE:
        put_note("=== ", out);
        buf_append_text(out, prelude_kind_name(item->as.prelude.kind));
        buf_append_u8(out, ' ');
        text_wire(item->as.prelude.text, 120, out);
        buf_append_u8(out, '\n');
        break;
    case ITEM_JUNK:
        put_note("<?  (", out);
        buf_append_u64(out, item->as.junk_length);
        buf_append_text(out, " bytes that are no reply)\n");
        break;
    case ITEM_NONE:
    case ITEM_KIND_COUNT:
        break;
    }
}

static void show_session(const struct analysis *analysis, const struct report_options *all_options,
                         struct buf *out)
{
    const struct session *session = analysis->session;
    const struct report_options own = report_options_for(all_options, session), *options = &own;
    size_t from = out->len;

    text_tint(options, TINT_STRONG, out);
    buf_append_text(out, "=== session ");
    buf_append_text(out, session->id);
    buf_append_text(out, "  ");
    text_start(session, out);
    buf_append_text(out, "  ");
    text_ends(session, true, out);
    text_untint(options, out);
    text_end_line(from, 4, options, out);
    size_t unended = session_place_of_unended(session);
    for (size_t i = 0; i < session->item_count; i++) {
        if (i == unended)
            put_unended(session, out);
        put_item(analysis, i, options, out);
    }
    if (unended == session->item_count)
        put_unended(session, out);
    put_findings(analysis, 0, options, out);
    put_note("=== closed: ", out);
    buf_append_text(out, session->log && session->closed == CLOSE_END_OF_CAPTURE
                             ? "the log does not say"
                             : close_kind_name(session->closed));
    if (session->closed_by != SIDE_NONE) {
        buf_append_text(out, ", by the ");
        buf_append_text(out, side_name(session->closed_by));
    }
    buf_append_text(out, "\n\n");
}

const struct report_format report_show = { .name = "show", .needs_digests = true, .session = show_session };
