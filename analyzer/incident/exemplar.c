/* A session as evidence. */
#include "incident/exemplar.h"

#include "base/limits.h"
#include "incident/kind.h"
#include "incident/masked.h"
#include "incident/party.h"
#include "incident/roots.h"
#include "sasl/sasl_text.h"

#include <stdlib.h>

/* Items that are kept: at the begin, around the cause and the fault, at the end. */
enum { KEPT_FIRST = 5, KEPT_BEFORE = 4, KEPT_BEHIND = 5, KEPT_LAST = 3 };

struct making {
    const struct analysis *analysis;
    const uint32_t *roots;
    uint32_t root;
    struct exemplar *exemplar;
    size_t cause_item, fault_item; /* SIZE_MAX: none */
    struct dialogue_line lines[LIMIT_EXEMPLAR_LINES];
};

static struct dialogue_line *add(struct making *m, enum dialogue_kind kind, enum side from,
                                 const struct moment *at)
{
    struct exemplar *exemplar = m->exemplar;

    if (exemplar->line_count == LIMIT_EXEMPLAR_LINES)
        return NULL;
    struct dialogue_line *line = &m->lines[exemplar->line_count++];
    *line = (struct dialogue_line){ .kind = kind, .from = from };
    if (at) {
        line->time_ns = at->time_ns;
        line->packet = at->packet;
    }
    return line;
}

static struct bytes with_code(const struct reply *reply, uint32_t i, struct arena *arena)
{
    struct buf text;

    buf_init(&text, LIMIT_LINE);
    (void)buf_append_u64(&text, reply->code);
    (void)buf_append_u8(&text, i + 1 < reply->line_count ? '-' : ' ');
    if (i < reply->line_count)
        (void)buf_append(&text, bytes_slice(reply->lines[i], 0, LIMIT_EXEMPLAR_TEXT));
    struct bytes copy = masked_copy(buf_bytes(&text), arena);
    buf_release(&text);
    return copy;
}

static void add_reply(struct making *m, const struct reply *reply)
{
    uint32_t count = reply ? reply->line_count ? reply->line_count : 1 : 0;
    uint32_t shown = count < LIMIT_EXEMPLAR_REPLY ? count : LIMIT_EXEMPLAR_REPLY;

    for (uint32_t i = 0; i < shown; i++) {
        bool is_last = i + 1 == shown;
        struct dialogue_line *line = add(m, DIALOGUE_ANSWERED, SIDE_SERVER, i == 0 ? &reply->at : NULL);
        if (!line)
            return;
        /* The last line that fits stands for the last one: it has the text that counts. */
        line->text = with_code(reply, is_last ? count - 1 : i, &m->exemplar->arena);
        line->is_refusal = reply->code >= 400;
        if (reply->is_redacted)
            line->number = 1;
        if (is_last && count > shown) {
            line = add(m, DIALOGUE_FOLDED, SIDE_SERVER, NULL);
            if (line)
                line->number = count - shown;
        }
    }
}

static struct bytes meaning_of(const struct sasl_step *step, struct arena *arena)
{
    struct buf text;

    if (!step)
        return (struct bytes){ NULL, 0 };
    buf_init(&text, LIMIT_LINE);
    sasl_step_text(step, false, &text);
    struct bytes copy = masked_copy(buf_bytes(&text), arena);
    buf_release(&text);
    return copy;
}

static enum dialogue_mark mark_of(const struct making *m, uint32_t n)
{
    const struct exemplar *exemplar = m->exemplar;
    const struct judgement *judgement = roots_judgement(m->analysis, n);

    if (n == exemplar->command)
        return MARK_FAULT;
    if (n == exemplar->cause)
        return MARK_CAUSE;
    if (judgement && judgement->verdict == VERDICT_CONSEQUENCE && judgement->cause
        && (judgement->cause == exemplar->command || judgement->cause == exemplar->cause))
        return MARK_CONSEQUENCE;
    return MARK_NONE;
}

static void add_command(struct making *m, size_t index)
{
    const struct session *session = m->analysis->session;
    const struct item *item = &session->items[index];
    const struct command *command = &item->as.command;
    uint32_t telling = roots_telling(m->analysis, command->n);
    struct dialogue_line *line = add(m, DIALOGUE_SENT, SIDE_CLIENT, &item->at);

    if (!line)
        return;
    line->text = masked_command(session, item, &m->exemplar->arena);
    if (masked_is_secret(command)) {
        line->kind = DIALOGUE_SECRET;
        line->number = command->line_length;
    }
    line->is_early = command->is_pipelined;
    line->mark = mark_of(m, command->n);
    if (command->n == m->exemplar->command)
        line->rule = m->analysis->findings[m->root].rule;
    else if (telling != UINT32_MAX && m->roots[telling] == m->root)
        line->rule = m->analysis->findings[telling].rule;
    const struct log_refusal *told = session_log_refusal(session, command->n);
    if (told)
        line->meaning = masked_copy(told->text, &m->exemplar->arena);
    else if (command->verb == VERB_AUTH)
        line->meaning = meaning_of(sasl_response_at(session, index), &m->exemplar->arena);
    add_reply(m, item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        add_reply(m, item->more_replies[i]);
}

/* A response that is wholly public is shown as it was sent; of others the fields say enough. */
static void add_response(struct making *m, size_t index)
{
    const struct item *item = &m->analysis->session->items[index];
    const struct sasl_step *step = sasl_response_at(m->analysis->session, index);
    bool is_public = step && step->is_decoded && !step->is_secret && !step->is_redacted;
    struct dialogue_line *line = add(m, is_public ? DIALOGUE_SENT : DIALOGUE_SECRET, SIDE_CLIENT, &item->at);

    if (!line)
        return;
    line->text = is_public ? masked_copy(step->text, &m->exemplar->arena) : BYTES("...");
    line->number = step ? step->length : 0;
    line->meaning = meaning_of(step, &m->exemplar->arena);
    add_reply(m, item->reply);
}

/* What a challenge says stands at the first line of the reply that carried it. */
static void explain_challenge(struct making *m, size_t index, size_t first_line)
{
    const struct sasl_step *step = sasl_challenge_at(m->analysis->session, index);
    struct exemplar *exemplar = m->exemplar;

    for (size_t i = first_line; step && i < exemplar->line_count; i++)
        if (m->lines[i].kind == DIALOGUE_ANSWERED) {
            m->lines[i].meaning = meaning_of(step, &exemplar->arena);
            return;
        }
}

static void add_content(struct making *m, const struct item *item)
{
    struct dialogue_line *line = add(m, DIALOGUE_CONTENT, SIDE_CLIENT, &item->at);

    if (line)
        line->number = item->as.content.size;
    add_reply(m, item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        add_reply(m, item->more_replies[i]);
}

static void add_other(struct making *m, const struct item *item)
{
    struct dialogue_line *line = NULL;

    switch (item->kind) {
    case ITEM_GREETING:
    case ITEM_REPLY:
        add_reply(m, item->reply);
        return;
    case ITEM_GAP:
        line = add(m, DIALOGUE_GAP, item->as.gap.side, &item->at);
        if (line)
            line->number = item->as.gap.length;
        return;
    case ITEM_TLS:
        line = add(m, DIALOGUE_TLS, item->as.tls.from, &item->at);
        if (line)
            line->number = !session_is_sealed(m->analysis->session);
        return;
    case ITEM_PRELUDE:
        line = add(m, DIALOGUE_PRELUDE, SIDE_CLIENT, &item->at);
        if (line)
            line->text = masked_copy(item->as.prelude.text, &m->exemplar->arena);
        return;
    case ITEM_JUNK:
        line = add(m, DIALOGUE_JUNK, SIDE_SERVER, &item->at);
        if (line)
            line->number = item->as.junk_length;
        return;
    case ITEM_NONE:
    case ITEM_COMMAND:
    case ITEM_SASL:
    case ITEM_CONTENT:
    case ITEM_KIND_COUNT:
        return;
    }
}

static void add_unended(struct making *m)
{
    const struct unended_line *unended = &m->analysis->session->unended;
    const struct finding *root = &m->analysis->findings[m->root];
    bool is_known = unended->verb != VERB_UNKNOWN;
    struct dialogue_line *line =
        add(m, is_known ? DIALOGUE_SENT : DIALOGUE_SECRET, SIDE_CLIENT, &unended->first);
    struct buf text;

    if (!line)
        return;
    buf_init(&text, LIMIT_LINE);
    buf_append_text(&text, is_known ? verb_name(unended->verb) : "");
    buf_append_text(&text, is_known ? " ..." : "...");
    line->text = masked_copy(buf_bytes(&text), &m->exemplar->arena);
    buf_release(&text);
    line->number = unended->length;
    if (root->rule == RULE_COMMAND_SYNTAX && root->command == 0) {
        line->mark = MARK_FAULT;
        line->rule = root->rule;
    }
}

static void add_item(struct making *m, size_t index)
{
    const struct item *item = &m->analysis->session->items[index];
    size_t first_line = m->exemplar->line_count;

    if (item->kind == ITEM_COMMAND)
        add_command(m, index);
    else if (item->kind == ITEM_SASL)
        add_response(m, index);
    else if (item->kind == ITEM_CONTENT)
        add_content(m, item);
    else
        add_other(m, item);
    explain_challenge(m, index, first_line);
}

static bool is_near(size_t index, size_t item)
{
    return item != SIZE_MAX && index + KEPT_BEFORE >= item && index <= item + KEPT_BEHIND;
}

static bool is_kept(const struct making *m, size_t index)
{
    return index < KEPT_FIRST || index + KEPT_LAST >= m->analysis->session->item_count
           || is_near(index, m->cause_item) || is_near(index, m->fault_item);
}

static void add_dialogue(struct making *m)
{
    const struct session *session = m->analysis->session;
    size_t unended = session_place_of_unended(session);
    uint64_t folded = 0;

    for (size_t i = 0; i <= session->item_count; i++) {
        bool is_shown = i < session->item_count && is_kept(m, i);
        if (folded && (is_shown || i == session->item_count)) {
            struct dialogue_line *line = add(m, DIALOGUE_FOLDED, SIDE_NONE, NULL);
            if (line)
                line->number = folded;
            folded = 0;
        }
        if (i == unended)
            add_unended(m);
        if (is_shown)
            add_item(m, i);
        else
            folded++;
    }
    struct moment end = { .time_ns = session->end_ns };
    struct dialogue_line *line = add(m, DIALOGUE_CLOSED, session->closed_by, &end);
    if (line)
        line->text = bytes_of(close_kind_name(session->closed));
}

static size_t item_of(const struct analysis *analysis, uint32_t n)
{
    return n > 0 && n <= analysis->replay.judgement_count ? analysis->replay.command_items[n - 1] : SIZE_MAX;
}

static bool keep_lines(struct making *m)
{
    struct exemplar *exemplar = m->exemplar;

    exemplar->lines = ARENA_ARRAY(&exemplar->arena, struct dialogue_line, exemplar->line_count);
    if (!exemplar->lines)
        return false;
    memcpy(exemplar->lines, m->lines, exemplar->line_count * sizeof m->lines[0]);
    return true;
}

static void note_session(struct exemplar *exemplar, const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    exemplar->serial = session->serial;
    memcpy(exemplar->session, session->id, sizeof exemplar->session);
    exemplar->start_ns = session->start_ns;
    exemplar->client = session->client;
    exemplar->server = session->server;
    char name[PARTY_TEXT];
    size_t len = party_client(session, true, name);
    exemplar->client_name = arena_copy(&exemplar->arena, (struct bytes){ (const uint8_t *)name, len });
    len = party_server(session, name);
    exemplar->server_name = arena_copy(&exemplar->arena, (struct bytes){ (const uint8_t *)name, len });
    exemplar->helo = masked_copy(analysis->replay.helo, &exemplar->arena);
    exemplar->identity = masked_copy(kind_identity(analysis), &exemplar->arena);
    exemplar->missing_bytes =
        session->side[SIDE_CLIENT].missing_bytes + session->side[SIDE_SERVER].missing_bytes;
    exemplar->is_local = session->log && !session->log->has_zone;
    exemplar->is_lmtp = session->protocol == PROTOCOL_LMTP;
    exemplar->is_log = session->log != NULL;
    exemplar->is_midstream = session->is_midstream;
    exemplar->one_sided = session->one_sided;
}

struct exemplar *exemplar_new(const struct analysis *analysis, const uint32_t *roots, uint32_t finding,
                              struct budget *budget)
{
    struct exemplar *exemplar = calloc(1, sizeof *exemplar);

    if (!exemplar)
        return NULL;
    arena_init(&exemplar->arena, budget, LIMIT_INCIDENT_BYTES);
    struct making making = { .analysis = analysis, .roots = roots, .root = finding, .exemplar = exemplar };
    note_session(exemplar, analysis);
    exemplar->command = analysis->findings[finding].command;
    exemplar->cause = analysis->findings[finding].cause_command;
    making.fault_item = item_of(analysis, exemplar->command);
    making.cause_item = item_of(analysis, exemplar->cause);
    add_dialogue(&making);
    sequence_make(analysis, roots, finding, &exemplar->arena, &exemplar->was, &exemplar->due);
    if (keep_lines(&making))
        return exemplar;
    exemplar_free(exemplar);
    return NULL;
}

void exemplar_free(struct exemplar *exemplar)
{
    if (!exemplar)
        return;
    arena_release(&exemplar->arena);
    free(exemplar);
}
