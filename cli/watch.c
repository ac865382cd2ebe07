/* Sessions as they happen: told on a terminal, judged when they end. */
#include "cli/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/messages.h"
#include "report/text_parts.h"
#include "rules/rules.h"
#include "transcript/event_put.h"

enum { USUAL_COLUMNS = 80 };

struct watch {
    const struct options *options;
    struct analyzer *analyzer;
    struct report_options style;
    struct buf text;                 /* dialogues, for the terminal */
    struct buf lines;                /* findings */
    const struct evidence *evidence; /* NULL: packets are numbered as they came */
    int findings_fd;                 /* -1: not asked for */
    bool follows;
    char status[256]; /* the last line of the terminal, "" for none */
    bool is_drawn;    /* it is there now */
    uint64_t lost_lines;
    uint64_t found[RULE_COUNT];
};

static bool follows(const struct options *options)
{
    return options->capture.follows
           || (options->capture.device_count > 0 && !options->output && isatty(STDOUT_FILENO));
}

bool watch_takes_output(const struct options *options)
{
    return follows(options) || (options->capture.findings && strcmp(options->capture.findings, "-") == 0);
}

/* Appended to: a monitor reads on.  Not through a link. */
static int open_findings(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDOUT_FILENO;
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
}

bool watch_open(const struct options *options, bool is_live, struct budget *budget, struct watch **out)
{
    struct err err = { 0 };
    bool is_wanted = is_live || options->capture.findings || options->capture.follows;
    struct watch *watch = is_wanted ? calloc(1, sizeof *watch) : NULL;

    *out = watch;
    if (!watch)
        return !is_wanted;
    const char *no_color = getenv("NO_COLOR");
    bool is_colored = options->color == WHEN_AUTO ? isatty(STDOUT_FILENO) && !(no_color && *no_color)
                                                  : options->color == WHEN_ALWAYS;
    watch->options = options;
    watch->style = (struct report_options){ .has_color = is_colored, .columns = 100 };
    watch->follows = follows(options);
    watch->findings_fd = options->capture.findings ? open_findings(options->capture.findings) : -1;
    buf_init(&watch->text, LIMIT_WATCH_TEXT);
    buf_init(&watch->lines, LIMIT_WATCH_TEXT);
    watch->analyzer = analyzer_new(budget, &err);
    if (watch->analyzer && (!options->capture.findings || watch->findings_fd >= 0))
        return true;
    const char *reason =
        errno == ELOOP ? "it is a symbolic link, and nothing is written through one" : strerror(errno);
    message("%s: %s", watch->analyzer ? options->capture.findings : "findings",
            watch->analyzer ? reason : err.text);
    watch_free(watch);
    *out = NULL;
    return false;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    watch_status(watch, NULL);
    watch_flush(watch);
    if (watch->findings_fd > STDERR_FILENO)
        (void)close(watch->findings_fd);
    analyzer_free(watch->analyzer);
    buf_release(&watch->text);
    buf_release(&watch->lines);
    free(watch);
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
    struct buf *out = &watch->text;

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
    put_endpoints(session, reply->at.time_ns, &watch->text);
    buf_append_u8(&watch->text, '\n');
    text_reply(reply, 4, &watch->style, true, &watch->text);
}

static void tell_content(struct watch *watch, const struct session *session, const struct item *item)
{
    put_endpoints(session, item->at.time_ns, &watch->text);
    buf_printf(&watch->text, "  (%llu octets of a message)\n", (unsigned long long)item->as.content.size);
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
    if (watch->text.len > LIMIT_WATCH_TEXT / 2)
        watch_flush(watch);
}

static void tell_finding(struct watch *watch, const struct analysis *analysis, const struct finding *finding)
{
    const struct rule *rule = rule_of(finding->rule);
    struct buf *out = &watch->text;

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
    struct event event =
        event_begin("finding", session->id, finding->time_ns ? finding->time_ns : session->end_ns);

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
    struct buf line;
    buf_init(&line, LIMIT_WATCH_TEXT);
    bool ok = event_end(&event, &line);
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
        if (watch->findings_fd >= 0)
            put_finding(watch, analysis, finding);
    }
    analysis_free(analysis);
    if (watch->lines.len > LIMIT_WATCH_TEXT / 2)
        watch_flush(watch);
    return count;
}

void watch_number_by(struct watch *watch, const struct evidence *evidence)
{
    watch->evidence = evidence;
}

uint64_t watch_lost_findings(const struct watch *watch)
{
    return watch ? watch->lost_lines : 0;
}

const uint64_t *watch_findings(const struct watch *watch)
{
    return watch ? watch->found : NULL;
}

/* What a full disk or a closed pipe does not take is dropped: packets do not wait for it.  How many lines. */
static uint64_t flush(int fd, struct buf *text)
{
    uint64_t lost = 0;

    struct bytes rest = buf_bytes(text);

    while (rest.len > 0) {
        ssize_t n = write(fd, rest.ptr, rest.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        rest = bytes_from(rest, (size_t)n);
    }
    for (size_t lf; (lf = bytes_find(rest, '\n')) != SIZE_MAX; rest = bytes_from(rest, lf + 1))
        lost++;
    buf_clear(text);
    return lost;
}

/* As the terminal is now: its window may have changed. */
static int columns_of_terminal(void)
{
    struct winsize window = { 0 };

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col
                                                                               : USUAL_COLUMNS;
}

static void erase_status(struct watch *watch)
{
    if (watch->is_drawn)
        (void)fputs("\r\033[K", stderr);
    watch->is_drawn = false;
}

/* One line of the terminal at most: what wraps cannot be erased. */
static void draw_status(struct watch *watch)
{
    erase_status(watch);
    if (!watch->status[0])
        return;
    (void)fprintf(stderr, "%.*s", columns_of_terminal() - 1, watch->status);
    watch->is_drawn = true;
}

void watch_flush(struct watch *watch)
{
    if (watch->text.len > 0) {
        erase_status(watch);
        (void)flush(STDOUT_FILENO, &watch->text);
        draw_status(watch);
    }
    if (watch->findings_fd >= 0 && watch->lines.len > 0)
        watch->lost_lines += flush(watch->findings_fd, &watch->lines);
}

void watch_reopen(struct watch *watch)
{
    if (watch->findings_fd <= STDERR_FILENO)
        return;
    int fd = open_findings(watch->options->capture.findings);
    if (fd < 0)
        return;
    (void)close(watch->findings_fd);
    watch->findings_fd = fd;
}

void watch_status(struct watch *watch, const char *line)
{
    if (!isatty(STDERR_FILENO) || watch->options->is_quiet || watch->options->progress == WHEN_NEVER)
        return;
    (void)snprintf(watch->status, sizeof watch->status, "%s", line ? line : "");
    draw_status(watch);
}
