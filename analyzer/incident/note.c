/* An incident grows by a session. */
#include "incident/note.h"

#include "base/limits.h"
#include "incident/client_software.h"
#include "incident/explained.h"
#include "incident/kind.h"
#include "incident/masked.h"
#include "incident/party.h"
#include "smtp/software.h"

#include <stdio.h>
#include <stdlib.h>

enum { TENTH = 10, LOOKED_BACK = 12 };

void incident_rename(struct incident *incident, uint64_t key)
{
    incident->key = key;
    (void)snprintf(incident->id, sizeof incident->id, "%016llx", (unsigned long long)key);
}

struct incident *incident_new(uint64_t key)
{
    struct incident *incident = calloc(1, sizeof *incident);

    if (!incident)
        return NULL;
    arena_init(&incident->arena, NULL, LIMIT_INCIDENT_BYTES);
    incident_rename(incident, key);
    return incident;
}

void incident_free(struct incident *incident)
{
    if (!incident)
        return;
    for (size_t i = 0; i < incident->exemplar_count; i++)
        exemplar_free(incident->exemplars[i]);
    tally_release(&incident->clients);
    tally_release(&incident->servers);
    tally_release(&incident->helos);
    tally_release(&incident->identities);
    tally_release(&incident->programs);
    tally_release(&incident->replies);
    arena_release(&incident->arena);
    free(incident);
}

static void add_time(struct incident *incident, uint64_t first_ns, uint64_t last_ns)
{
    struct span span = { incident->first_ns, incident->last_ns };

    span_add(&span, first_ns, last_ns);
    incident->first_ns = span.first_ns;
    incident->last_ns = span.last_ns;
}

static void add_companion(struct incident *incident, enum rule_id rule, uint64_t count, struct bytes detail)
{
    for (size_t i = 0; i < incident->companion_count; i++)
        if (incident->companions[i].rule == rule) {
            incident->companions[i].count += count;
            return;
        }
    if (incident->companion_count < INCIDENT_COMPANIONS)
        incident->companions[incident->companion_count++] =
            (struct companion){ rule, count, masked_copy(detail, &incident->arena) };
}

static void add_refused(struct incident *incident, struct bytes verb, uint16_t code, uint64_t count)
{
    char name[sizeof incident->refused[0].verb] = "";

    for (size_t i = 0; i < verb.len && i < sizeof name - 1; i++)
        name[i] = verb.ptr[i] > 0x20 && verb.ptr[i] < 0x7f ? (char)ascii_upper(verb.ptr[i]) : '?';
    incident->refused_total += count;
    for (size_t i = 0; i < incident->refused_count; i++)
        if (incident->refused[i].code == code && strcmp(incident->refused[i].verb, name) == 0) {
            incident->refused[i].count += count;
            return;
        }
    if (incident->refused_count == INCIDENT_REFUSED)
        return;
    struct refused_command *refused = &incident->refused[incident->refused_count++];
    memcpy(refused->verb, name, sizeof name);
    refused->code = code;
    refused->count = count;
}

void incident_merge(struct incident *incident, const struct incident *from)
{
    incident->sessions += from->sessions;
    incident->is_local = incident->is_local || from->is_local;
    incident->occurrences += from->occurrences;
    incident->with_missing_bytes += from->with_missing_bytes;
    incident->unjudged += from->unjudged;
    incident->recipients_refused += from->recipients_refused;
    incident->stopped += from->stopped;
    incident->harmed += from->harmed;
    for (unsigned i = 0; i < DELIVERY_COUNT; i++)
        incident->delivery[i] += from->delivery[i];
    add_time(incident, from->first_ns, from->last_ns);
    timeline_merge(&incident->timeline, &from->timeline);
    tally_merge(&incident->clients, &incident->arena, &from->clients);
    tally_merge(&incident->servers, &incident->arena, &from->servers);
    tally_merge(&incident->helos, &incident->arena, &from->helos);
    tally_merge(&incident->identities, &incident->arena, &from->identities);
    tally_merge(&incident->programs, &incident->arena, &from->programs);
    tally_merge(&incident->replies, &incident->arena, &from->replies);
    for (size_t i = 0; i < from->companion_count; i++)
        add_companion(incident, from->companions[i].rule, from->companions[i].count,
                      from->companions[i].detail);
    for (size_t i = 0; i < from->refused_count; i++)
        add_refused(incident, bytes_of(from->refused[i].verb), from->refused[i].code, from->refused[i].count);
}

/* The reply that the finding is about; of one that has none the reply that it explains. */
static const struct reply *reply_about(const struct analysis *analysis, uint32_t index)
{
    const struct reply *reply = kind_reply(analysis, &analysis->findings[index]);

    for (uint32_t i = 0; i < analysis->finding_count && !reply; i++)
        if (explained_by(analysis, i) == index)
            reply = kind_reply(analysis, &analysis->findings[i]);
    return reply;
}

static bool names_software(const struct reply *greeting)
{
    return greeting && greeting->line_count && software_of_greeting(greeting->lines[0]);
}

static enum encryption encryption_of(const struct judgement *judgement)
{
    if (!judgement)
        return ENCRYPTION_NONE;
    if (judgement->is_tls)
        return ENCRYPTION_ACTIVE;
    if (judgement->offered & extension_bit(EXTENSION_STARTTLS))
        return ENCRYPTION_OFFERED;
    return judgement->has_offer ? ENCRYPTION_LACKING : ENCRYPTION_NONE;
}

static void note_first(struct incident *incident, const struct analysis *analysis, uint32_t index)
{
    const struct finding *finding = &analysis->findings[index];
    const struct item *item = replay_command(&analysis->replay, finding->command);
    const struct item *cause = replay_command(&analysis->replay, finding->cause_command);
    const struct reply *reply = reply_about(analysis, index);
    struct arena *arena = &incident->arena;

    incident->rule = finding->rule;
    incident->fault = finding->fault;
    incident->reason = (enum refusal_reason)finding->reason;
    incident->server = analysis->session->server;
    incident->server_software = analysis->replay.server_software;
    incident->is_software_inferred = !names_software(analysis->replay.greeting);
    incident->encryption = encryption_of(roots_judgement(analysis, finding->command));
    incident->login = login_of(analysis, roots_judgement(analysis, finding->command), finding->rule);
    incident->settled = settled_of(analysis, finding);
    incident->reply_code = reply ? reply->code : finding->reply_code;
    incident->reply = masked_reply(reply, arena);
    const struct log_refusal *told =
        item && !reply ? session_log_refusal(analysis->session, finding->command) : NULL;
    if (told) {
        incident->is_told = told->text.len > 0;
        incident->reply = masked_copy(told->text, arena);
    }
    incident->is_of_message = item && item->as.command.verb == VERB_DATA && reply && reply != item->reply;
    incident->detail = arena_copy(arena, finding->detail);
    if (item)
        incident->line = masked_command(analysis->session, item, arena);
    if (cause && finding->cause_command != finding->command) {
        incident->cause_line = masked_command(analysis->session, cause, arena);
        incident->cause_reply = masked_reply(cause->reply, arena);
    }
}

/* Where a command is out of order, a refusal shortly before it is how it came to that. */
static void note_before(struct incident *incident, const struct analysis *analysis,
                        const struct finding *finding)
{
    uint32_t least = finding->command > LOOKED_BACK ? finding->command - LOOKED_BACK : 1;

    if (strcmp(rule_of(finding->rule)->group, "order") != 0 || incident->cause_line.len)
        return;
    for (uint32_t n = finding->command; n > least; n--) {
        const struct item *item = replay_command(&analysis->replay, n - 1);
        if (!item || !item->reply || item->reply->code < 400)
            continue;
        incident->before_line = masked_command(analysis->session, item, &incident->arena);
        incident->before_reply = masked_reply(item->reply, &incident->arena);
        return;
    }
}

static void note_parties(struct incident *incident, const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    char text[PARTY_TEXT];
    size_t len = party_client(session, false, text);

    tally_add(&incident->clients, &incident->arena, (struct bytes){ (const uint8_t *)text, len });
    len = party_server(session, text);
    tally_add(&incident->servers, &incident->arena, (struct bytes){ (const uint8_t *)text, len });
    tally_add(&incident->helos, &incident->arena, analysis->replay.helo);
    tally_add(&incident->identities, &incident->arena, kind_identity(analysis));
    tally_add(&incident->programs, &incident->arena, client_software_of(session));
}

static uint64_t missing_of(const struct session *session)
{
    return session->side[SIDE_CLIENT].missing_bytes + session->side[SIDE_SERVER].missing_bytes;
}

/* The first session; then such of other clients, or the tenth; a whole one in place of one with bytes
 * missing. */
static void keep_exemplar(struct incident *incident, const struct analysis *analysis, const uint32_t *roots,
                          uint32_t finding, struct budget *budget)
{
    const struct session *session = analysis->session;
    bool is_other = incident->exemplar_count == 0 || incident->sessions == TENTH;
    bool is_better =
        incident->exemplar_count && incident->exemplars[0]->missing_bytes && !missing_of(session);

    for (size_t i = 0; i < incident->exemplar_count; i++)
        is_other =
            is_other || !address_equal(&incident->exemplars[i]->client.address, &session->client.address);
    if (!is_better && (!is_other || incident->exemplar_count == LIMIT_EXEMPLARS))
        return;
    struct exemplar *exemplar = exemplar_new(analysis, roots, finding, budget);
    if (!exemplar)
        return;
    if (is_better) {
        exemplar_free(incident->exemplars[0]);
        incident->exemplars[0] = exemplar;
    } else {
        incident->exemplars[incident->exemplar_count++] = exemplar;
    }
}

void incident_note(struct incident *incident, const struct analysis *analysis, const uint32_t *roots,
                   uint32_t index, struct budget *budget)
{
    const struct session *session = analysis->session;
    const struct finding *finding = &analysis->findings[index];
    uint64_t time_ns = finding->time_ns ? finding->time_ns : session->start_ns;

    if (incident->occurrences++ == 0) {
        note_first(incident, analysis, index);
        note_before(incident, analysis, finding);
    }
    if (finding->severity > incident->severity)
        incident->severity = finding->severity;
    if (finding->confidence > incident->confidence)
        incident->confidence = finding->confidence;
    if (finding->fault != incident->fault)
        incident->fault = FAULT_UNDECIDED;
    add_time(incident, time_ns, time_ns);
    const struct reply *reply = kind_reply(analysis, finding);
    if (reply)
        tally_add(&incident->replies, &incident->arena, masked_reply(reply, &analysis->session->arena));
    if (incident->last_serial == session->serial)
        return;
    incident->last_serial = session->serial;
    incident->sessions++;
    incident->is_local = incident->is_local || (session->log && !session->log->has_zone);
    incident->with_missing_bytes += missing_of(session) > 0;
    timeline_add(&incident->timeline, time_ns, 1);
    note_parties(incident, analysis);
    if (budget)
        keep_exemplar(incident, analysis, roots, index, budget);
}

void incident_note_attempts(struct incident *incident, const struct attempts_row *row,
                            const struct finding *finding)
{
    static const enum attempt_kind kinds[] = { ATTEMPT_REFUSED, ATTEMPT_UNANSWERED, ATTEMPT_NO_GREETING };
    char text[ENDPOINT_TEXT];
    enum attempt_kind kind = finding->rule == RULE_CONNECT_REFUSED   ? kinds[0]
                             : finding->rule == RULE_CONNECT_TIMEOUT ? kinds[1]
                                                                     : kinds[2];

    incident->rule = finding->rule;
    incident->severity = finding->severity;
    incident->confidence = finding->confidence;
    incident->fault = finding->fault;
    incident->server = row->server;
    incident->is_without_session = true;
    incident->sessions += row->count[kind];
    incident->occurrences += row->count[kind];
    if (!incident->detail.len)
        incident->detail = arena_copy(&incident->arena, finding->detail);
    add_time(incident, row->first_ns, row->last_ns);
    timeline_add(&incident->timeline, row->first_ns, 1);
    timeline_add(&incident->timeline, row->last_ns, row->count[kind] > 1 ? row->count[kind] - 1 : 0);
    size_t len = endpoint_format(&row->server, text);
    tally_add(&incident->servers, &incident->arena, (struct bytes){ (const uint8_t *)text, len });
    for (uint32_t i = 0; i < row->client_count; i++) {
        len = address_format(&row->clients[i], text);
        tally_add(&incident->clients, &incident->arena, (struct bytes){ (const uint8_t *)text, len });
    }
}

void note_companions(const struct session_incidents *session)
{
    const struct analysis *analysis = session->analysis;

    for (uint32_t i = 0; session->of && i < analysis->finding_count; i++) {
        struct incident *incident = session->of[session->roots[i]];
        if (session->roots[i] == i || !incident)
            continue;
        add_companion(incident, analysis->findings[i].rule, 1, analysis->findings[i].detail);
        if (analysis->findings[i].severity > incident->severity && explained_by(analysis, i) != UINT32_MAX)
            incident->severity = analysis->findings[i].severity;
    }
}

struct incident *note_incident_about(const struct session_incidents *session, uint32_t command)
{
    uint32_t finding = session->of && command ? roots_telling(session->analysis, command) : UINT32_MAX;

    return finding == UINT32_MAX ? NULL : session->of[session->roots[finding]];
}

void note_refused(const struct session_incidents *session)
{
    const struct replay *replay = &session->analysis->replay;

    for (uint32_t n = 1; session->of && n <= replay->judgement_count; n++) {
        const struct judgement *judgement = &replay->judgements[n - 1];
        if (judgement->verdict != VERDICT_CONSEQUENCE)
            continue;
        struct incident *incident = note_incident_about(session, judgement->cause);
        if (!incident)
            incident = note_incident_about(session, n);
        const struct item *item = replay_command(replay, n);
        if (incident && item)
            add_refused(incident, item->as.command.word, item->reply ? item->reply->code : 0, 1);
    }
}
