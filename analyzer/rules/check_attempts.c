/* Connections that never became a session: an outage, a limit, a scan or a flood. */
#include "rules/check_attempts.h"

#include <stdarg.h>
#include <stdio.h>

#define NS_IN_SECOND UINT64_C(1000000000)

enum {
    SCAN_SERVERS = 8, /* tried in vain by one client: it looks for servers rather than for this one */
    SCAN_CLIENTS = 4, /* rows with more clients than this are no targets of one scan alone */
    FLOOD_CONNECTIONS = 64,
    FLOOD_CLIENTS = 16,
    ANSWER_SECONDS = 3, /* a SYN is sent again after one second, and after three: RFC 6298 2.1 */
};

struct judged {
    const struct attempts_row *row;
    const struct server_facts *server; /* or NULL: no session with it was seen */
    bool is_table_full;
    bool is_scan;
};

static bool holds_client(const struct attempts_row *row, const struct address *client)
{
    for (uint32_t i = 0; i < row->client_count; i++)
        if (address_equal(&row->clients[i], client))
            return true;
    return false;
}

/* Its only client tried many servers in vain. */
static bool is_scanned(const struct attempts_row *rows, size_t count, const struct attempts_row *row)
{
    unsigned servers = 0;

    if (row->client_count != 1)
        return false;
    for (size_t i = 0; i < count && servers < SCAN_SERVERS; i++)
        servers += rows[i].client_count <= SCAN_CLIENTS && holds_client(&rows[i], &row->clients[0]);
    return servers >= SCAN_SERVERS;
}

/* Scans and floods say nothing about the server. */
static void soften(struct finding *finding)
{
    finding->severity = SEVERITY_INFO;
    finding->fault = FAULT_CLIENT;
    finding->confidence = CONFIDENCE_POSSIBLE;
}

static void add(struct attempts_verdict *out, enum rule_id rule, const struct judged *judged,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add(struct attempts_verdict *out, enum rule_id rule, const struct judged *judged,
                const char *format, ...)
{
    char *detail = out->details[out->count];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, ATTEMPTS_DETAIL, format, args);
    va_end(args);
    out->findings[out->count++] = (struct finding){
        .rule = rule,
        .severity = rule_of(rule)->severity,
        .fault = rule_of(rule)->fault,
        .confidence = judged->server ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .time_ns = judged->row->first_ns,
        .detail = bytes_of(detail),
    };
    if (judged->is_scan)
        soften(&out->findings[out->count - 1]);
}

/* What else is known of the server, as the end of a sentence. */
static const char *background(const struct judged *judged)
{
    if (judged->is_scan)
        return "The same client tried many servers or ports in vain: this looks like a scan.";
    if (!judged->server)
        return judged->is_table_full
                   ? ""
                   : "No session with this server was seen: perhaps nothing is meant to answer.";
    if (judged->server->first_ns <= judged->row->last_ns && judged->server->last_ns >= judged->row->first_ns)
        return "It served other connections meanwhile: it is up, and has a limit or chooses whom it serves.";
    return "It served other connections at other times.";
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static const char *at_least(const struct attempts_row *row)
{
    return row->has_more_clients ? "more than " : "";
}

static void judge_refused(const struct judged *judged, struct attempts_verdict *out)
{
    const struct attempts_row *row = judged->row;

    if (!row->count[ATTEMPT_REFUSED])
        return;
    add(out, RULE_CONNECT_REFUSED, judged, "%llu connection%s, of %s%u client%s. %s",
        (unsigned long long)row->count[ATTEMPT_REFUSED], plural(row->count[ATTEMPT_REFUSED]), at_least(row),
        (unsigned)row->client_count, plural(row->client_count), background(judged));
}

/* Many SYNs from many clients, hardly any sent again: nobody was waiting for an answer. */
static bool is_flood(const struct attempts_row *row)
{
    uint64_t count = row->count[ATTEMPT_UNANSWERED];

    return count >= FLOOD_CONNECTIONS && row->client_count >= FLOOD_CLIENTS && row->retried * 4 < count;
}

static void judge_unanswered(const struct judged *judged, struct attempts_verdict *out)
{
    const struct attempts_row *row = judged->row;
    uint64_t count = row->count[ATTEMPT_UNANSWERED],
             longest = row->longest_ns[ATTEMPT_UNANSWERED] / NS_IN_SECOND;

    if (!count || (judged->server && judged->server->is_one_sided)
        || (!row->retried && longest < ANSWER_SECONDS))
        return; /* the answers were not captured, or the capture ended first */
    bool is_answering = row->count[ATTEMPT_REFUSED] || row->count[ATTEMPT_NO_GREETING];
    if (is_flood(row)) {
        add(out, RULE_CONNECT_TIMEOUT, judged,
            "%llu connections of %s%u clients, of which %llu tried again: this looks like a flood of SYNs or "
            "a scan "
            "rather than an outage.",
            (unsigned long long)count, at_least(row), (unsigned)row->client_count,
            (unsigned long long)row->retried);
        soften(&out->findings[out->count - 1]);
        return;
    }
    add(out, RULE_CONNECT_TIMEOUT, judged,
        "%llu connection%s of %s%u client%s, for %llu seconds at the longest. %s", (unsigned long long)count,
        plural(count), at_least(row), (unsigned)row->client_count, plural(row->client_count),
        (unsigned long long)longest,
        is_answering && !judged->is_scan ? "Others were answered: it drops some." : background(judged));
}

static void judge_silent(const struct judged *judged, struct attempts_verdict *out)
{
    const struct attempts_row *row = judged->row;
    uint64_t waited = row->count[ATTEMPT_NO_GREETING] - row->left_early,
             longest = row->longest_ns[ATTEMPT_NO_GREETING] / NS_IN_SECOND;

    if (row->count[ATTEMPT_NO_GREETING] <= row->left_early
        || (judged->server && judged->server->is_one_sided))
        return; /* whoever left at once did not wait for one */
    add(out, RULE_NO_GREETING_SENT, judged,
        "%llu connection%s, the longest for %llu seconds; the server itself ended %llu of them. %s",
        (unsigned long long)waited, plural(waited), (unsigned long long)longest,
        (unsigned long long)row->closed_by_server,
        row->server.port == 465 ? "Port 465 speaks TLS first: the client must begin there."
                                : background(judged));
    struct finding *finding = &out->findings[out->count - 1];
    if (row->server.port == 465)
        finding->fault = FAULT_CLIENT; /* both wait for the other: it is the client that has to begin */
    if (!judged->is_scan)
        finding->confidence = CONFIDENCE_LIKELY; /* something accepts there */
}

void check_attempts(const struct server_table *servers, const struct attempts_row *rows, size_t count,
                    size_t index, struct attempts_verdict *out)
{
    struct judged judged = { .row = &rows[index],
                             .server = server_table_find(servers, &rows[index].server),
                             .is_table_full = server_table_is_full(servers) };

    out->count = 0;
    judged.is_scan = !judged.server && is_scanned(rows, count, judged.row);
    judge_refused(&judged, out);
    judge_unanswered(&judged, out);
    judge_silent(&judged, out);
}
