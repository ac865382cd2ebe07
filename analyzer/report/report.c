/* The table of formats. */
#include "report/report.h"

#include "report/report_rows.h"

static const struct report_format *const rows[] = { &report_text, &report_jsonl, &report_ecs, &report_show,
                                                    NULL };

const struct report_format *const *report_formats(void)
{
    return rows;
}

const struct report_format *report_format_find(const char *name)
{
    for (size_t i = 0; rows[i]; i++)
        if (strcmp(rows[i]->name, name) == 0)
            return rows[i];
    return NULL;
}

struct report_options report_options_for(const struct report_options *options, const struct session *session)
{
    struct report_options own = *options;

    own.is_log = session->log != NULL;
    own.is_undated = session->log && session->log->clock != LOG_CLOCK_FULL;
    return own;
}
