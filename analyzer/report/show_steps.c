/* What a SASL message said, field by field, under its line in a dialogue. */
#include "report/show_steps.h"

#include "base/limits.h"
#include "report/text_parts.h"

void show_step(const struct sasl_step *step, size_t indent, const struct report_options *options,
               struct buf *out)
{
    struct buf text;

    if (!step || (step->field_count == 0 && !step->malformed))
        return;
    buf_init(&text, LIMIT_LINE);
    sasl_step_text(step, options->shows_secrets, &text);
    text_blanks(indent, out);
    buf_append_text(out, "    = ");
    text_fold(buf_bytes(&text), indent + 6, options, out);
    buf_release(&text);
}
