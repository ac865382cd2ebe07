/* Sessions as they happen: told on a terminal, judged when they end. */
#include "cli/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/messages.h"
#include "cli/screen.h"
#include "report/text_parts.h"
#include "rules/rules.h"
#include "store/store.h"
#include "transcript/event_put.h"

enum { TOGETHER = 32768 }; /* octets of findings that go to the store at once */

struct watch {
    const struct options *options;
    struct analyzer *analyzer;
    struct report_options style;
    struct screen screen;            /* dialogues */
    struct store *store;             /* of findings; NULL: not asked for */
    struct buf lines;                /* on their way there */
    const struct evidence *evidence; /* NULL: packets are numbered as they came */
    bool follows;
    uint64_t lost_lines; /* that did not even get there */
    uint64_t found[RULE_COUNT];
};

static bool prints_findings(const struct options *options)
{
    return options->capture.findings && strcmp(options->capture.findings, "-") == 0;
}

static bool follows(const struct options *options)
{
    return options->capture.follows
           || (options->capture.device_count > 0 && !options->output && !prints_findings(options)
               && isatty(STDOUT_FILENO));
}

bool watch_takes_output(const struct options *options)
{
    return follows(options) || prints_findings(options);
}

bool watch_shares_output(const struct options *options)
{
    bool is_taken = options->output && strcmp(options->output, "-") == 0;

    return (int)is_taken + prints_findings(options) + follows(options) > 1;
}

/* Findings go the way of a recording's lines: whole, and never held up by a disk or a slow monitor. */
static bool open_findings(struct watch *watch, bool is_live, struct err *err)
{
    struct store_options options = {
        .path = watch->options->capture.findings, .suffix = "", .appends = true, .waits = !is_live
    };

    if (!options.path)
        return true;
    watch->store = store_open(&options, err);
    if (watch->store && store_is_folder(watch->store))
        return err_set(err, ERR_USAGE, 0, "%s: a folder; name a file or -", options.path);
    return watch->store != NULL;
}

static bool is_colored(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");

    return options->color == WHEN_AUTO ? isatty(STDOUT_FILENO) && !(no_color && *no_color)
                                       : options->color == WHEN_ALWAYS;
}

bool watch_open(const struct options *options, bool is_live, struct budget *budget, struct watch **out)
{
    struct err err = { 0 };
    bool is_wanted = is_live || options->capture.findings || options->capture.follows;
    struct watch *watch = is_wanted ? calloc(1, sizeof *watch) : NULL;

    *out = watch;
    if (!watch)
        return !is_wanted;
    watch->options = options;
    watch->style = (struct report_options){ .has_color = is_colored(options), .columns = 100 };
    watch->follows = follows(options);
    screen_init(&watch->screen, !options->is_quiet && options->progress != WHEN_NEVER, !is_live);
    buf_init(&watch->lines, LIMIT_WATCH_TEXT);
    watch->analyzer = analyzer_new(budget, &err);
    if (watch->analyzer && open_findings(watch, is_live, &err))
        return true;
    message("findings: %s", err.text);
    (void)!watch_close(watch, 0, &err);
    *out = NULL;
    return false;
}

bool watch_start(struct watch *watch, struct err *err)
{
    return !watch || !watch->store || store_start(watch->store, err);
}

bool watch_close(struct watch *watch, int wait_ms, struct err *err)
{
    if (!watch)
        return true;
    watch_flush(watch);
    bool ok = !watch->store || store_close(watch->store, wait_ms, err);
    screen_close(&watch->screen, wait_ms);
    analyzer_free(watch->analyzer);
    buf_release(&watch->lines);
    free(watch);
    return ok;
}

static void put_endpoints(const struct session *session, uint64_t time_ns, struct buf *out)
{
    char text[ENDPOINT_TEXT];

    text_time(time_ns, out);
    (void)endpoint_format(&session->client, text);
    buf_printf(out, "  %s", text);
    (void)endpoint_format(&session->server, text);
    buf_printf(out, " -> %s", text);
}

static void tell_item(struct watch *watch, const struct session *session, const struct item *item)
{
    struct buf *out = &watch->screen.text;

    if (item->kind == ITEM_COMMAND) {
        put_endpoints(session, item->at.time_ns, out);
        buf_append_text(out, "  ");
        text_command(&item->as.command, &watch->style, 200, out);
    } else if (item->kind == ITEM_SASL) {
        put_endpoints(session, item->at.time_ns, out);
        buf_printf(out, "  (a response of %llu octets)", (unsigned long long)item->as.sasl->length);
    } else if (item->kind == ITEM_TLS) {
        put_endpoints(session, item->at.time_ns, out);
        buf_append_text(out, "  (TLS from here on)");
    } else if (item->kind == ITEM_GAP) {
        put_endpoints(session, item->at.time_ns, out);
        buf_printf(out, "  (%llu octets are missing)", (unsigned long long)item->as.gap.length);
    } else {
        return;
    }
    buf_append_u8(out, '\n');
}

static void tell_reply(struct watch *watch, const struct session *session, const struct reply *reply)
{
    if (!reply)
        return;
    put_endpoints(session, reply->at.time_ns, &watch->screen.text);
    buf_append_u8(&watch->screen.text, '\n');
    text_reply(reply, 4, &watch->style, true, &watch->screen.text);
}

static void tell_content(struct watch *watch, const struct session *session, const struct item *item)
{
    put_endpoints(session, item->at.time_ns, &watch->screen.text);
    buf_printf(&watch->screen.text, "  (%llu octets of a message)\n",
               (unsigned long long)item->as.content.size);
}

void watch_change(struct watch *watch, const struct session *session, enum session_change change,
                  size_t index)
{
    if (!watch->follows || change == CHANGE_OPENED)
        return;
    const struct item *item = &session->items[index];
    bool is_reply = item->kind == ITEM_GREETING || item->kind == ITEM_REPLY;
    if (change == CHANGE_ITEM_ADDED)
        tell_item(watch, session, item);
    if (change == CHANGE_REPLY_ADDED || is_reply || item->reply)
        tell_reply(watch, session, item->more_count ? item->more_replies[item->more_count - 1] : item->reply);
    if (change == CHANGE_CONTENT_ENDED)
        tell_content(watch, session, item);
    if (watch->screen.text.len > LIMIT_WATCH_TEXT / 4)
        watch_flush(watch);
}

static void tell_finding(struct watch *watch, const struct analysis *analysis, const struct finding *finding)
{
    const struct rule *rule = rule_of(finding->rule);
    struct buf *out = &watch->screen.text;

    put_endpoints(analysis->session, finding->time_ns ? finding->time_ns : analysis->session->end_ns, out);
    buf_append_text(out, "  ");
    text_tint(&watch->style, text_tint_of(finding->severity), out);
    buf_printf(out, "%s: %s [%s]", severity_name(finding->severity), rule->title, rule->id);
    text_untint(&watch->style, out);
    buf_append_u8(out, '\n');
}

/* For a monitor: who, what, whose fault, and where to look. */
static void put_finding(struct watch *watch, const struct analysis *analysis, const struct finding *finding)
{
    const struct session *session = analysis->session;
    const struct rule *rule = rule_of(finding->rule);
    struct buf line;
    buf_init(&line, LIMIT_WATCH_TEXT);
    struct event event =
        event_begin(&line, "finding", session->id, finding->time_ns ? finding->time_ns : session->end_ns);

    event_put_endpoint(&event, "client", &session->client);
    event_put_endpoint(&event, "server", &session->server);
    event_put_text(&event, "id", rule->id);
    event_put_text(&event, "severity", severity_name(finding->severity));
    event_put_text(&event, "confidence", confidence_name(finding->confidence));
    event_put_text(&event, "fault", fault_name(finding->fault));
    event_put_count(&event, "command", finding->command);
    event_put_packet(&event, finding->packet);
    event_put_count(&event, "reply_code", finding->reply_code);
    event_put_text(&event, "title", rule->title);
    event_put_bytes_if(&event, "detail", finding->detail);
    bool ok = event_end(&event);
    if (ok && watch->evidence)
        evidence_renumber(watch->evidence, &line);
    if (!ok || !buf_append(&watch->lines, buf_bytes(&line))) {
        watch->lines.ok = true; /* only full */
        watch->lost_lines++;
    }
    buf_release(&line);
}

size_t watch_session(struct watch *watch, struct session *session)
{
    struct analysis *analysis = analysis_new(watch->analyzer, session);
    size_t count = analysis ? analysis->finding_count : 0;

    for (size_t i = 0; i < count; i++) {
        const struct finding *finding = &analysis->findings[i];
        watch->found[finding->rule]++;
        if (watch->follows)
            tell_finding(watch, analysis, finding);
        if (watch->store)
            put_finding(watch, analysis, finding);
    }
    analysis_free(analysis);
    if (watch->lines.len > TOGETHER)
        watch_flush(watch);
    return count;
}

void watch_number_by(struct watch *watch, const struct evidence *evidence)
{
    watch->evidence = evidence;
}

uint64_t watch_lost_findings(const struct watch *watch)
{
    struct store_counters store = { 0 };

    if (watch && watch->store)
        store_count(watch->store, &store);
    return watch ? watch->lost_lines + store.lost : 0;
}

const uint64_t *watch_findings(const struct watch *watch)
{
    return watch ? watch->found : NULL;
}

void watch_flush(struct watch *watch)
{
    screen_flush(&watch->screen);
    if (watch->store && watch->lines.len > 0)
        store_put(watch->store, buf_bytes(&watch->lines));
    buf_clear(&watch->lines);
}

void watch_reopen(struct watch *watch)
{
    if (watch->store)
        store_reopen(watch->store);
}

bool watch_news(struct watch *watch, char *out, size_t size)
{
    return watch && watch->store && store_news(watch->store, out, size);
}

bool watch_has_lost_reader(const struct watch *watch)
{
    struct store_counters store = { 0 };

    if (watch->store)
        store_count(watch->store, &store);
    return watch->screen.has_lost_reader || (store.is_failing && store.error == EPIPE);
}

void watch_status(struct watch *watch, const char *line)
{
    screen_status(&watch->screen, line);
}
