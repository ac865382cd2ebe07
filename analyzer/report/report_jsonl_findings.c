/* Findings, of a session and of attempts. */
#include "report/report_jsonl_parts.h"

/* "RFC 5321 4.1.4; RFC 2920 3.1" as a list. */
static void write_references(const char *reference, struct buf *out)
{
    struct bytes rest = bytes_of(reference);

    json_write_begin("reference", '[', out);
    while (rest.len > 0) {
        size_t end = bytes_find(rest, ';');
        json_write_bytes(NULL, bytes_trim(bytes_slice(rest, 0, end)), out);
        rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, end + 1);
    }
    json_write_end(']', out);
}

static void write_cause(const struct finding *finding, struct buf *out)
{
    if (!finding->cause_command && finding->cause_rule == RULE_NONE) {
        json_write_null("cause", out);
        return;
    }
    json_write_begin("cause", '{', out);
    json_write_number_or_null("command", finding->cause_command, out);
    json_write_text("finding", finding->cause_rule ? rule_of(finding->cause_rule)->id : NULL, out);
    json_write_end('}', out);
}

static void write_finding(const struct finding *finding, const struct report_options *options,
                          struct buf *out)
{
    const struct rule *rule = rule_of(finding->rule);

    json_write_begin(NULL, '{', out);
    json_write_text("id", rule->id, out);
    json_write_text("severity", severity_name(finding->severity), out);
    json_write_text("confidence", confidence_name(finding->confidence), out);
    json_write_number_or_null("command", finding->command, out);
    jsonl_write_packet(finding->packet, options, out);
    json_write_number_or_null("reply_code", finding->reply_code, out);
    write_cause(finding, out);
    json_write_text("title", rule->title, out);
    json_write_text("explanation", rule->explanation, out);
    if (finding->detail.len)
        json_write_bytes("detail", finding->detail, out);
    json_write_text("remedy", rule->remedy, out);
    write_references(rule->reference, out);
    json_write_text("fault", fault_name(finding->fault), out);
    json_write_end('}', out);
}

void jsonl_write_findings(const struct finding *findings, size_t count, const struct report_options *options,
                          struct buf *out)
{
    json_write_begin("findings", '[', out);
    for (size_t i = 0; i < count; i++)
        write_finding(&findings[i], options, out);
    json_write_end(']', out);
}
