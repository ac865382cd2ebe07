/* What names a report holds, before any of it is written: a name may be met first as a bare word, and later
 * where it shows what it is. */
#include "base/limits.h"
#include "report/incident_report.h"

static void read_text(struct pseudonyms *pseudonyms, struct bytes text, struct buf *scratch)
{
    buf_clear(scratch);
    pseudonyms_text(pseudonyms, text, scratch);
}

static void learn_tally(struct pseudonyms *pseudonyms, const struct tally *tally, struct buf *scratch)
{
    for (uint32_t i = 0; i < tally->kept_count; i++) {
        pseudonyms_learn(pseudonyms, tally->kept[i].text);
        read_text(pseudonyms, tally->kept[i].text, scratch);
    }
}

/* The local parts of addresses are learned too: replies name users without their domain. */
static void learn_addresses(struct pseudonyms *pseudonyms, struct bytes line)
{
    size_t at = bytes_find(line, '@');

    if (at == SIZE_MAX || at == 0)
        return;
    size_t begin = at;
    while (begin > 0 && line.ptr[begin - 1] > ' ' && !memchr("<:\"", line.ptr[begin - 1], 3))
        begin--;
    pseudonyms_learn(pseudonyms, bytes_slice(line, begin, at - begin));
}

static void learn_exemplar(struct pseudonyms *pseudonyms, const struct exemplar *exemplar,
                           struct buf *scratch)
{
    pseudonyms_learn(pseudonyms, exemplar->helo);
    pseudonyms_learn(pseudonyms, exemplar->identity);
    for (size_t i = 0; i < exemplar->line_count; i++) {
        if (exemplar->lines[i].kind == DIALOGUE_SENT && !exemplar->lines[i].meaning.len)
            learn_addresses(pseudonyms, exemplar->lines[i].text);
        read_text(pseudonyms, exemplar->lines[i].text, scratch);
    }
}

void incident_report_learn(const struct incident_report *report)
{
    struct buf scratch;

    buf_init(&scratch, LIMIT_REPORT_BLOCK);
    for (size_t i = 0; i < report->incident_count; i++) {
        const struct incident *incident = report->incidents[i];
        learn_tally(report->pseudonyms, &incident->clients, &scratch);
        learn_tally(report->pseudonyms, &incident->servers, &scratch);
        learn_tally(report->pseudonyms, &incident->identities, &scratch);
        learn_tally(report->pseudonyms, &incident->helos, &scratch);
        for (size_t k = 0; k < incident->exemplar_count; k++)
            learn_exemplar(report->pseudonyms, incident->exemplars[k], &scratch);
    }
    buf_release(&scratch);
}
