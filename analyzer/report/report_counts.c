/* What the summary says, counted session by session. */
#include "report/report.h"

static size_t upper_copy(char *to, size_t size, struct bytes word)
{
    size_t len = word.len < size - 1 ? word.len : size - 1;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = ascii_upper(word.ptr[i]);
        to[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    to[len] = '\0';
    return len;
}

static void count_word(struct report_counts *counts, struct bytes word)
{
    char name[sizeof counts->words[0].word];
    size_t at = 0;

    upper_copy(name, sizeof name, word);
    while (at < counts->word_count && strcmp(counts->words[at].word, name) < 0)
        at++;
    if (at < counts->word_count && strcmp(counts->words[at].word, name) == 0) {
        counts->words[at].count++;
        return;
    }
    if (counts->word_count == REPORT_WORDS) {
        counts->other_words++;
        return;
    }
    memmove(counts->words + at + 1, counts->words + at, (counts->word_count - at) * sizeof counts->words[0]);
    counts->word_count++;
    memcpy(counts->words[at].word, name, sizeof name);
    counts->words[at].count = 1;
}

static void count_reply(struct report_counts *counts, const struct reply *reply)
{
    if (reply && reply->code < 1000)
        counts->replies[reply->code]++;
}

static void count_item(struct report_counts *counts, const struct item *item)
{
    count_reply(counts, item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        count_reply(counts, item->more_replies[i]);
    if (item->kind != ITEM_COMMAND)
        return;
    const struct command *command = &item->as.command;
    if (command->verb != VERB_UNKNOWN)
        counts->verbs[command->verb]++;
    else if ((command->is_secret || command->is_redacted) && !command->is_body_line)
        counts->secrets++;
    else
        count_word(counts, command->word);
}

uint64_t mechanism_failures(const struct mechanism_count *mechanism)
{
    return mechanism->count[SASL_FAILURE] - mechanism->misplaced;
}

/* Refused for its place in the session: nothing was said of who logs in. */
static bool is_misplaced(const struct analysis *analysis, const struct sasl_exchange *exchange)
{
    uint32_t n = analysis->session->items[exchange->command_item].as.command.n;
    enum verdict verdict = n && n <= analysis->replay.judgement_count
                               ? analysis->replay.judgements[n - 1].verdict
                               : VERDICT_NONE;

    return verdict == VERDICT_MISORDERED || verdict == VERDICT_CONSEQUENCE || verdict == VERDICT_CONTRADICTED;
}

static void count_mechanism(struct report_counts *counts, const struct analysis *analysis,
                            const struct sasl_exchange *exchange)
{
    enum sasl_outcome outcome = sasl_result_of(analysis->session, exchange).outcome;
    char name[sizeof counts->mechanisms[0].name];
    size_t at = 0;

    upper_copy(name, sizeof name, exchange->mechanism);
    while (at < counts->mechanism_count && strcmp(counts->mechanisms[at].name, name) != 0)
        at++;
    if (at == REPORT_MECHANISMS)
        return;
    if (at == counts->mechanism_count) {
        memcpy(counts->mechanisms[at].name, name, sizeof name);
        counts->mechanism_count++;
    }
    counts->mechanisms[at].count[outcome]++;
    counts->mechanisms[at].misplaced += outcome == SASL_FAILURE && is_misplaced(analysis, exchange);
}

void report_count_findings(struct report_counts *counts, const struct finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        counts->findings[findings[i].rule]++;
        if (findings[i].severity > counts->worst)
            counts->worst = findings[i].severity;
    }
}

static void count_tls(struct report_counts *counts, const struct session *session)
{
    counts->tls_sessions += session->is_tls;
    counts->sealed_sessions += session_is_sealed(session);
    counts->wrong_keys += session->is_tls && session->tls && session->tls->reading == TLS_READING_WRONG;
}

void report_count(struct report_counts *counts, const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    counts->sessions++;
    for (size_t i = 0; i < session->item_count; i++)
        count_item(counts, &session->items[i]);
    for (size_t i = 0; i < analysis->replay.judgement_count; i++)
        counts->verdicts[analysis->replay.judgements[i].verdict]++;
    report_count_findings(counts, analysis->findings, analysis->finding_count);
    for (size_t i = 0; i < session->exchange_count; i++)
        count_mechanism(counts, analysis, &session->exchanges[i]);
    count_tls(counts, session);
    counts->messages += session->message_count;
    counts->returned.refused += analysis->returned.refused;
    counts->returned.accepted_later += analysis->returned.accepted_later;
    counts->missing_bytes +=
        session->side[SIDE_CLIENT].missing_bytes + session->side[SIDE_SERVER].missing_bytes;
}
