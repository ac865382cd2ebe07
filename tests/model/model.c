/* model LENGTH [PROCESSES]: every path of that many commands, accepted or refused, judged by the reference
 * machine and by an oracle that knows nothing of it.  Prints the paths on which they differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/replay.h"
#include "tests/model/oracle.h"
#include "tests/support/session_builder.h"

enum { SHOWN = 20, PROCESSES_MOST = 64 };

static const char *const offers = "250-mx\n250-PIPELINING\n250-CHUNKING\n250-STARTTLS\n250 AUTH PLAIN";

static const struct line {
    const char *name, *line, *reply;
} lines[ACT_COUNT] = {
    [ACT_EHLO] = { "EHLO", "EHLO c.example", NULL },
    [ACT_HELO] = { "HELO", "HELO c.example", "250 mx" },
    [ACT_MAIL] = { "MAIL", "MAIL FROM:<a@example.org>", "250 ok" },
    [ACT_RCPT] = { "RCPT", "RCPT TO:<b@example.net>", "250 ok" },
    [ACT_DATA] = { "DATA", "DATA", "354 go" },
    [ACT_BDAT] = { "BDAT", "BDAT 3", "250 ok" },
    [ACT_BDAT_LAST] = { "BDAT LAST", "BDAT 3 LAST", "250 ok" },
    [ACT_RSET] = { "RSET", "RSET", "250 ok" },
    [ACT_AUTH] = { "AUTH", "AUTH PLAIN AGEAYg==", "235 ok" },
    [ACT_STARTTLS] = { "STARTTLS", "STARTTLS", "220 go" },
    [ACT_NOOP] = { "NOOP", "NOOP", "250 ok" },
    [ACT_QUIT] = { "QUIT", "QUIT", "221 bye" },
};

/* The items of one act with one answer, as the session builder makes them. */
struct part {
    struct session *session;
    const struct item *items;
    size_t count;
};

struct model {
    unsigned part, parts; /* of the first two commands, those that this process takes */
    unsigned beginning;
    struct part greeting;
    struct part parts_of[ACT_COUNT][ANSWER_COUNT];
    struct arena arena;
    struct item items[2 + 3 * PATH_MAX];
    struct message messages[PATH_MAX];
    struct sasl_exchange exchanges[PATH_MAX];
    struct session session;
    struct path path;
    unsigned long long paths;
    unsigned long long differing;
};

static struct part make_part(enum act act, enum answer answer)
{
    bool is_accepted = answer == ANSWER_ACCEPTED;
    const char *accepting = act == ACT_EHLO ? offers : lines[act].reply;
    struct step steps[3] = { { NULL, "220 mx", 0 } };
    size_t count = 1;

    steps[count++] = (struct step){ lines[act].line,
                                    is_accepted            ? accepting
                                    : answer == ANSWER_550 ? "550 no"
                                                           : "503 no",
                                    0 };
    if (act == ACT_DATA && is_accepted)
        steps[count++] = (struct step){ "x", "250 ok", 0 };
    if (act == ACT_STARTTLS && is_accepted)
        steps[count++] = (struct step){ "", NULL, STEP_TLS };
    struct session *session = session_build(steps, count, PROTOCOL_SMTP);
    return (struct part){ session, session->items + 1, session->item_count - 1 };
}

static void add_message(struct model *m, const struct part *part, struct item *content, uint32_t command_item)
{
    m->messages[m->session.message_count] = part->session->messages[0];
    content->as.content.message = (uint32_t)m->session.message_count++;
    content->as.content.command_item = command_item;
}

static void add_part(struct model *m, const struct part *part)
{
    struct session *session = &m->session;
    size_t first = session->item_count;

    for (size_t i = 0; i < part->count; i++) {
        struct item *item = &m->items[session->item_count++];
        *item = part->items[i];
        if (item->kind == ITEM_COMMAND)
            item->as.command.n = ++session->command_count;
        else if (item->kind == ITEM_CONTENT)
            add_message(m, part, item, (uint32_t)first);
    }
    if (part->session->exchange_count == 0)
        return;
    m->exchanges[session->exchange_count] = part->session->exchanges[0];
    m->exchanges[session->exchange_count++].command_item = (uint32_t)first;
}

static void build(struct model *m)
{
    m->session.item_count = m->session.message_count = m->session.exchange_count = 0;
    m->session.command_count = 0;
    add_part(m, &m->greeting);
    for (int i = 0; i < m->path.length; i++)
        add_part(m, &m->parts_of[m->path.act[i]][m->path.answer[i]]);
}

/* In order, and refused: a reason of the server's own, a contradiction, or the fruit of what it let pass
 * before. */
static bool agrees_in_order(const struct model *m, const struct judgement *judgement, int i)
{
    enum answer answer = m->path.answer[i];

    if (answer == ANSWER_503 && judgement->verdict == VERDICT_CONSEQUENCE)
        return judgement->cause > 0 && (int)judgement->cause <= i
               && oracle_clouds_envelope(&m->path, (int)judgement->cause - 1);
    return judgement->verdict
           == (answer == ANSWER_ACCEPTED ? VERDICT_OK
               : answer == ANSWER_503    ? VERDICT_CONTRADICTED
                                         : VERDICT_REFUSED);
}

static bool agrees(const struct model *m, const struct judgement *judgement, int i)
{
    enum follows follows = FOLLOWS_NOT;

    if (oracle_in_order(&m->path, i))
        return agrees_in_order(m, judgement, i);
    if (m->path.answer[i] == ANSWER_ACCEPTED)
        return judgement->verdict == VERDICT_TOLERATED;
    if (judgement->verdict == VERDICT_CONSEQUENCE)
        return judgement->cause > 0 && (int)judgement->cause <= i
               && oracle_follows_from(&m->path, (int)judgement->cause - 1, i) != FOLLOWS_NOT;
    for (int root = 0; root < i && follows != FOLLOWS; root++)
        follows = oracle_follows_from(&m->path, root, i);
    return judgement->verdict == VERDICT_MISORDERED && follows != FOLLOWS;
}

static void show(struct model *m, const struct judgement *judgement, int at)
{
    static const char *const answers[ANSWER_COUNT] = { "ok", "550", "503" };

    if (m->differing++ >= SHOWN)
        return;
    for (int i = 0; i < m->path.length; i++)
        (void)printf("%s%s %s", i ? ", " : "", lines[m->path.act[i]].name, answers[m->path.answer[i]]);
    (void)printf(": command %d is %s (cause %u), %s\n", at + 1, verdict_name(judgement->verdict),
                 (unsigned)judgement->cause, oracle_in_order(&m->path, at) ? "in order" : "out of order");
}

static void judge(struct model *m)
{
    struct replay replay;

    build(m);
    arena_clear(&m->arena);
    if (!replay_session(&m->session, &m->arena, &replay))
        abort();
    m->paths++;
    for (int i = 0; i < m->path.length; i++)
        if (!agrees(m, &replay.judgements[i], i)) {
            show(m, &replay.judgements[i], i);
            return;
        }
}

/* Where a server let pass what is out of order, its state is its own affair: the path ends there, but for
 * MAIL without EHLO, which many servers take. */
static bool goes_on(const struct model *m)
{
    int last = m->path.length - 1;

    return m->path.answer[last] != ANSWER_ACCEPTED || oracle_in_order(&m->path, last)
           || (m->path.act[last] == ACT_MAIL && oracle_lacks_greeting_alone(&m->path, last));
}

/* The first two commands are dealt out; what ends with the first one is everybody's, and the first one's. */
static bool is_mine(struct model *m, bool ends)
{
    unsigned n = m->beginning;

    if (m->path.length == 1)
        return !ends || m->part == 0;
    if (m->path.length != 2)
        return true;
    m->beginning++;
    return (n * 2654435761u >> 16) % m->parts == m->part; /* scattered: accepted and refused ones to each */
}

static void walk(struct model *m, int length)
{
    for (int act = 0; act < ACT_COUNT; act++)
        for (int answer = 0; answer < ANSWER_COUNT; answer++) {
            bool is_last = m->path.length + 1 == length;
            if (!is_last && (answer == ANSWER_503 || act == ACT_NOOP))
                continue; /* as the other refusal; without effect */
            m->path.act[m->path.length] = (enum act)act;
            m->path.answer[m->path.length++] = (enum answer)answer;
            bool ends = is_last || !goes_on(m);
            if (!is_mine(m, ends)) {
                m->path.length--;
                continue;
            }
            if (ends)
                judge(m);
            else
                walk(m, length);
            m->path.length--;
        }
}

/* One of several processes that share the paths. */
static bool run_part(int length, unsigned part, unsigned parts)
{
    struct model *m = calloc(1, sizeof *m);

    if (!m)
        return false;
    m->part = part;
    m->parts = parts;
    for (int act = 0; act < ACT_COUNT; act++)
        for (int answer = 0; answer < ANSWER_COUNT; answer++)
            m->parts_of[act][answer] = make_part((enum act)act, (enum answer)answer);
    m->greeting = m->parts_of[ACT_NOOP][ANSWER_ACCEPTED];
    m->greeting.items = m->greeting.session->items;
    m->greeting.count = 1;
    m->session = (struct session){ .protocol = PROTOCOL_SMTP, .one_sided = SIDE_NONE, .closed = CLOSE_FIN };
    m->session.items = m->items;
    m->session.messages = m->messages;
    m->session.exchanges = m->exchanges;
    arena_init(&m->arena, NULL, LIMIT_ANALYSIS_BYTES);
    walk(m, length);
    (void)printf("%llu paths of up to %d commands, %llu judged otherwise by the oracle\n", m->paths, length,
                 m->differing);
    (void)fflush(stdout);
    arena_release(&m->arena);
    for (int act = 0; act < ACT_COUNT; act++)
        for (int answer = 0; answer < ANSWER_COUNT; answer++)
            session_free(m->parts_of[act][answer].session);
    bool is_good = m->paths > 0 && m->differing == 0;
    free(m);
    return is_good;
}

int main(int argc, char **argv)
{
    int length = argc > 1 ? atoi(argv[1]) : 4, parts = argc > 2 ? atoi(argv[2]) : 1;
    bool is_good = true;

    if (length < 1 || length >= PATH_MAX || parts < 1 || parts > PROCESSES_MOST)
        return 2;
    for (int part = 1; part < parts; part++) {
        pid_t child = fork();
        if (child < 0)
            return 2;
        if (child == 0)
            return run_part(length, (unsigned)part, (unsigned)parts) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    is_good = run_part(length, 0, (unsigned)parts);
    for (int status; wait(&status) > 0;)
        is_good = is_good && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
