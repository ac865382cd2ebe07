/* Evidence, line by line. */
#include "base/timestamp.h"
#include "report/story.h"

#include <stdio.h>

enum { LEFT = 18, NUMBER_WIDTH = 6 };

/* "    12     0.031 ": the packet, and the seconds since the session began. */
static void put_left(struct document *document, const struct exemplar *exemplar,
                     const struct dialogue_line *line)
{
    char text[64], packet[24] = "";
    uint64_t since_ms =
        line->time_ns > exemplar->start_ns ? (line->time_ns - exemplar->start_ns) / NS_PER_MS : 0;

    if (line->packet.number)
        (void)snprintf(packet, sizeof packet, "%llu", (unsigned long long)line->packet.number);
    int len = line->time_ns
                  ? snprintf(text, sizeof text, "%6s %6llu.%03llu ", packet,
                             (unsigned long long)(since_ms / 1000), (unsigned long long)(since_ms % 1000))
                  : snprintf(text, sizeof text, "%6s%*s", packet, LEFT - NUMBER_WIDTH, "");
    document_put_bytes(document, (struct bytes){ (const uint8_t *)text, (size_t)len });
}

static void end_line(struct document *document, enum dialogue_mark mark)
{
    document->format->block_line(document, mark);
    buf_clear(&document->line);
}

static void put_note(struct document *document, const char *sign)
{
    char text[LEFT + 8];
    int len = snprintf(text, sizeof text, "%*s", LEFT, "");

    document_put_bytes(document, (struct bytes){ (const uint8_t *)text, (size_t)len });
    document_put(document, sign);
}

/* Where names are replaced, base64 that may hold one is not shown; its meaning is. */
static bool is_withheld(const struct document *document, const struct dialogue_line *line)
{
    return document->report->pseudonyms && line->meaning.len;
}

static void put_secret(struct document *document, const struct dialogue_line *line)
{
    document->format->put_code(document, line->text);
    if (line->number == 0) {
        document_put(document, words(WORDS(" (a credential, which the log hides)")));
        return;
    }
    SAY(document,
        words(line->from == SIDE_CLIENT && line->kind == DIALOGUE_SECRET
                  ? WORDS(" (a credential is left out here: {1} octets in the line)")
                  : WORDS(" ({1} octets)")),
        said_number(line->number));
}

static void put_text(struct document *document, const struct dialogue_line *line)
{
    if (line->kind == DIALOGUE_SECRET) {
        put_secret(document, line);
        return;
    }
    if (is_withheld(document, line) && line->from == SIDE_SERVER) {
        document_put(document, "334 ...");
        return;
    }
    if (is_withheld(document, line) && bytes_find(line->text, ' ') == SIZE_MAX) {
        document_put(document, "...");
        return;
    }
    document->format->put_code(document, document_visible(document, line->text));
    if (line->from == SIDE_SERVER && line->number)
        document_put(document, words(WORDS("(withheld: it gives away a credential)")));
}

static const char *closed_by(const struct dialogue_line *line)
{
    if (line->from == SIDE_CLIENT)
        return words(WORDS("=== the client ended the connection ({1})"));
    return words(line->from == SIDE_SERVER ? WORDS("=== the server ended the connection ({1})")
                                           : WORDS("=== end of the connection ({1})"));
}

/* What is no line of either side. */
static void put_event(struct document *document, const struct dialogue_line *line)
{
    switch (line->kind) {
    case DIALOGUE_CONTENT:
        SAY(document, words(WORDS(" -> (a message of {1} octets)")), said_number(line->number));
        break;
    case DIALOGUE_GAP:
        SAY(document,
            words(line->from == SIDE_CLIENT ? WORDS("... {1} octets of the client are missing here")
                                            : WORDS("... {1} octets of the server are missing here")),
            said_number(line->number));
        break;
    case DIALOGUE_JUNK:
        SAY(document, words(WORDS("<?  ({1} octets of the server that are no reply)")),
            said_number(line->number));
        break;
    case DIALOGUE_TLS:
        document_put(document, words(line->number ? WORDS("=== TLS from here on, read with its secrets")
                                                  : WORDS("=== TLS: what follows cannot be read")));
        break;
    case DIALOGUE_FOLDED:
        SAY(document, words_of(line->number, WORDS("... {1} line left out"), WORDS("... {1} lines left out")),
            said_number(line->number));
        break;
    case DIALOGUE_PRELUDE:
        document_put(document, "=== ");
        document->format->put_code(document, document_visible(document, line->text));
        break;
    case DIALOGUE_CLOSED:
        SAY(document, closed_by(line), said_wire(line->text));
        break;
    case DIALOGUE_NONE:
    case DIALOGUE_SENT:
    case DIALOGUE_ANSWERED:
    case DIALOGUE_SECRET:
    case DIALOGUE_KIND_COUNT:
        break;
    }
}

static void put_marks(struct document *document, const struct dialogue_line *line)
{
    if (line->meaning.len) {
        put_note(document, "    = ");
        document->format->put_code(document, document_visible(document, line->meaning));
        end_line(document, MARK_NONE);
    }
    if (line->mark == MARK_CAUSE) {
        put_note(document, "    ^ ");
        document_put(document, words(WORDS("this came first")));
        end_line(document, MARK_CAUSE);
    }
    if (line->rule) {
        put_note(document, "    ^ ");
        document_put(document, words(rule_of(line->rule)->title));
        end_line(document, line->mark == MARK_FAULT ? MARK_FAULT : MARK_CONSEQUENCE);
    } else if (line->mark == MARK_CONSEQUENCE) {
        put_note(document, "    ^ ");
        document_put(document, words(WORDS("refused only because of it")));
        end_line(document, MARK_CONSEQUENCE);
    }
}

/* Time in which nothing was said, where it is long. */
static void put_pause(struct document *document, const struct dialogue_line *line, uint64_t *last_ns)
{
    if (!line->time_ns)
        return;
    if (*last_ns && line->time_ns > *last_ns + NS_PER_SECOND) {
        put_note(document, "    ");
        SAY(document, words(WORDS("({1} pass)")), said_duration(line->time_ns - *last_ns));
        end_line(document, MARK_NONE);
    }
    *last_ns = line->time_ns;
}

void story_dialogue(struct document *document, const struct exemplar *exemplar)
{
    static const char *const signs[] = { " -> ", "~-> ", "<-  ", "<** " };
    uint64_t last_ns = 0;

    document->place = PLACE_BLOCK;
    document->is_dialogue = true;
    document->format->block_begin(document);
    for (size_t i = 0; i < exemplar->line_count; i++) {
        const struct dialogue_line *line = &exemplar->lines[i];
        bool is_said = line->kind == DIALOGUE_SENT || line->kind == DIALOGUE_SECRET;
        put_pause(document, line, &last_ns);
        put_left(document, exemplar, line);
        if (is_said || line->kind == DIALOGUE_ANSWERED) {
            document_put(document, signs[is_said ? line->is_early : 2 + line->is_refusal]);
            put_text(document, line);
        } else {
            put_event(document, line);
        }
        end_line(document, is_said ? line->mark : MARK_NONE);
        put_marks(document, line);
    }
    document_block_end(document);
    document->is_dialogue = false;
    document->place = PLACE_TEXT;
}

void story_name_session(struct document *document, const struct exemplar *exemplar)
{
    bool has_inputs =
        document->report->options->has_inputs && exemplar->line_count && exemplar->lines[0].packet.number;

    SAY(document, words(WORDS("Session {1}")),
        said_ours(document->report->pseudonyms ? "-" : exemplar->session));
    if (exemplar->start_ns)
        SAY(document, words(WORDS(" of {1}{2}")), said_time(exemplar->start_ns),
            said_ours(story_clock(exemplar->is_local)));
    SAY(document, words(WORDS(", {1} -> {2}")), said_code(exemplar->client_name),
        said_code(exemplar->server_name));
    if (exemplar->is_lmtp)
        document_put(document, " (LMTP)");
    if (has_inputs)
        SAY(document, words(WORDS(", input {1}")), said_number(exemplar->lines[0].packet.input + 1));
    document_put(document, words(document->was_explained
                                     ? WORDS(".")
                                     : WORDS(". In front of each line: the packet (of a log: its line), and "
                                             "the seconds since the connection began.")));
    document->was_explained = true;
}

static void put_step(struct document *document, const struct sequence_step *step)
{
    static const char *const signs[STEP_KIND_COUNT] = { "", "  ", "x ", "+ ", "+ ", "  ", "+ ", "- " };

    document_put(document, signs[step->kind]);
    if (step->kind == STEP_LEFT)
        SAY(document, words_of(step->number, WORDS("... {1} command"), WORDS("... {1} commands")),
            said_number(step->number));
    else if (step->kind == STEP_AWAITED)
        document_put(document, words(WORDS("(wait here for the reply)")));
    else if (step->kind == STEP_NOTE)
        story_put_detail(document, step->text);
    else
        document->format->put_code(document, document_visible(document, step->text));
    if (step->code)
        SAY(document, "  ->  {1}", said_number(step->code));
    if (step->code_was)
        SAY(document, words(WORDS(" (in place of {1})")), said_number(step->code_was));
}

/* What differs from the order as it was. */
static bool is_new(const struct sequence_step *step)
{
    return step->kind == STEP_ADDED || step->kind == STEP_NOTE || step->kind == STEP_AWAITED
           || step->code_was;
}

void story_sequence(struct document *document, const char *label, const struct sequence *sequence)
{
    document_put(document, label);
    document_put(document, ":");
    document_paragraph(document);
    document->place = PLACE_BLOCK;
    document->format->block_begin(document);
    for (size_t i = 0; i < sequence->count; i++) {
        const struct sequence_step *step = &sequence->steps[i];
        put_step(document, step);
        end_line(document, step->kind == STEP_WRONG     ? MARK_FAULT
                           : step->kind == STEP_OMITTED ? MARK_CONSEQUENCE
                           : is_new(step)               ? MARK_CAUSE
                                                        : MARK_NONE);
    }
    document_block_end(document);
    document->place = PLACE_TEXT;
}
