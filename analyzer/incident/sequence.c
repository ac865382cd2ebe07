/* The order as it was, and as it should have been. */
#include "incident/sequence.h"

#include "base/buf.h"
#include "base/limits.h"
#include "incident/kind.h"
#include "incident/masked.h"
#include "incident/roots.h"
#include "replay/sequence_text.h"
#include "rules/refusal.h"

enum operation {
    ORDER_NONE = 0,
    ORDER_BEFORE,        /* the commands come before the fault */
    ORDER_AHEAD,         /* they come before MAIL, or before the fault where there is none */
    ORDER_INSTEAD,       /* in its place */
    ORDER_LEAVE_OUT,     /* it does not come at all */
    ORDER_GIVE_UP,       /* what was refused before is given up in its place */
    ORDER_GIVE_UP_AFTER, /* it was in order, and refused: what depends on it must not follow */
    ORDER_GREETING,      /* the greeting before it is another one */
    ORDER_BEFORE_MAIL,   /* it comes before MAIL, and the commands behind it */
    ORDER_BEFORE_AUTH,   /* likewise before AUTH */
    ORDER_AWAIT,         /* the reply before it is waited for */
    ORDER_ANSWER,        /* the command was right; the server should have accepted it */
    ORDER_AFTER,         /* it was in order; this should have followed */
    ORDER_STARTTLS,      /* STARTTLS, which was refused, should have been accepted */
    ORDER_FROM_START,    /* this comes before everything */
    /* These depend on the session: `resolve` makes others of them. */
    ORDER_RECIPIENT,      /* GIVE_UP where recipients were tried, else BEFORE */
    ORDER_OTHER_GREETING, /* INSTEAD, the greeting of the other protocol */
    ORDER_TLS,            /* AHEAD where STARTTLS is offered, else FROM_START */
    ORDER_LOGIN,          /* AHEAD where the client could have logged in, else GIVE_UP_AFTER */
    ORDER_NAME,           /* another name in the greeting if that is the reason, else GIVE_UP_AFTER */
    ORDER_POLICY,         /* LOGIN, TLS or NAME, by the reason */
    ORDER_OFFER,          /* BEFORE where STARTTLS is offered, else LEAVE_OUT */
    ORDER_CREDENTIAL,     /* BEFORE where the client is at fault */
    ORDER_PATIENCE,       /* AFTER where the client is at fault */
    ORDER_CONTENT,        /* AFTER a command that transfers content */
    ORDER_REWRITE         /* INSTEAD where the line holds an address */
};

static const struct order_row {
    enum operation operation;
    const char *commands;
} rows[RULE_COUNT] = {
#define ORDER(rule, operation, commands) [RULE_##rule] = { ORDER_##operation, commands },
#include "incident/sequence.def"
#undef ORDER
};

enum { BEFORE_FAULT = 7, BEHIND_FAULT = 4 };

struct making {
    const struct analysis *analysis;
    struct arena *arena;
    const struct judgement *judgement; /* of the fault */
    const struct finding *finding;
    struct sequence *was, *due;
    size_t fault; /* its place in `was` */
};

/* What a server answers when all is well. */
static uint16_t code_of_success(enum verb verb)
{
    switch (verb) {
    case VERB_DATA:
        return 354;
    case VERB_AUTH:
        return 235;
    case VERB_QUIT:
        return 221;
    case VERB_STARTTLS:
    case VERB_XCLIENT:
        return 220;
    case VERB_VRFY:
    case VERB_EXPN:
        return 252;
    case VERB_UNKNOWN:
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
    case VERB_MAIL:
    case VERB_RCPT:
    case VERB_BDAT:
    case VERB_RSET:
    case VERB_NOOP:
    case VERB_HELP:
    case VERB_ETRN:
    case VERB_ATRN:
    case VERB_TURN:
    case VERB_SEND:
    case VERB_SOML:
    case VERB_SAML:
    case VERB_XFORWARD:
    case VERB_BURL:
    case VERB_COUNT:
        break;
    }
    return 250;
}

static void add(struct sequence *sequence, struct sequence_step step)
{
    if (sequence->count < SEQUENCE_STEPS)
        sequence->steps[sequence->count++] = step;
}

/* The code that counts: of AUTH the last one, which tells how it ended. */
static uint16_t code_of(const struct analysis *analysis, const struct item *item, uint32_t item_index)
{
    const struct sasl_exchange *exchange =
        item->as.command.verb == VERB_AUTH ? session_exchange_of(analysis->session, item_index) : NULL;
    const struct reply *reply = exchange && exchange->last_reply ? exchange->last_reply : item->reply;

    return reply ? reply->code : 0;
}

static void add_command(struct making *m, uint32_t n, enum step_kind kind)
{
    const struct item *item = replay_command(&m->analysis->replay, n);

    if (!item)
        return;
    add(m->was,
        (struct sequence_step){ .kind = kind,
                                .text = masked_command(m->analysis->session, item, m->arena),
                                .code = code_of(m->analysis, item, m->analysis->replay.command_items[n - 1]),
                                .verb = item->as.command.verb });
}

static void add_left(struct making *m, uint32_t count)
{
    if (count)
        add(m->was, (struct sequence_step){ .kind = STEP_LEFT, .number = count });
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a && a < b ? a : b;
}

/* The greeting that counts; then, behind what is left out, what led to the fault; the fault; what followed.
 */
static void make_was(struct making *m, const struct finding *finding)
{
    const struct replay *replay = &m->analysis->replay;
    uint32_t n = finding->command, greeting = m->judgement->greeting_command;
    uint32_t from = n > BEFORE_FAULT ? n - BEFORE_FAULT : 1;
    uint32_t begin = least(finding->cause_command, n > 2 ? n - 2 : 1);

    if (m->judgement->transaction)
        begin = least(replay->transactions[m->judgement->transaction - 1].mail_command, begin);
    from = begin > from ? begin : from;
    if (greeting && greeting < from) {
        add_command(m, greeting, STEP_SAID);
        add_left(m, from - greeting - 1);
    } else if (from > 1) {
        add_left(m, from - 1);
    }
    for (uint32_t i = from; i < n; i++)
        add_command(m, i, STEP_SAID);
    m->fault = m->was->count;
    add_command(m, n, STEP_WRONG);
    for (uint32_t i = n + 1; i <= n + BEHIND_FAULT && i <= replay->judgement_count; i++)
        add_command(m, i, STEP_SAID);
    if (replay->judgement_count > n + BEHIND_FAULT)
        add_left(m, (uint32_t)replay->judgement_count - n - BEHIND_FAULT);
}

/* Of "FROM: a@b SIZE=1" or "TO:a@b" the address alone. */
static struct bytes address_in(struct bytes argument)
{
    size_t colon = bytes_find(argument, ':');
    struct bytes rest = bytes_trim(bytes_from(argument, colon == SIZE_MAX ? argument.len : colon + 1));
    struct bytes word = bytes_slice(rest, 0, bytes_find(rest, ' '));

    if (word.len && word.ptr[0] == '<')
        word = bytes_from(word, 1);
    return word.len && word.ptr[word.len - 1] == '>' ? bytes_slice(word, 0, word.len - 1) : word;
}

/* "FROM" of MAIL, "TO" of RCPT. */
static struct bytes direction_of(const struct making *m)
{
    return m->was->steps[m->fault].verb == VERB_RCPT ? BYTES("RCPT TO") : BYTES("MAIL FROM");
}

/* One that sends no secret in clear by itself, if it is offered; else the first of the list. */
static struct bytes mechanism_of(const struct making *m)
{
    const struct reply *reply = m->analysis->replay.ehlo_reply;

    for (uint32_t i = 0; reply && i < reply->line_count; i++) {
        struct bytes line = bytes_trim(reply->lines[i]);
        if (!bytes_starts_nocase(line, BYTES("AUTH ")))
            continue;
        struct bytes list = bytes_trim(bytes_from(line, 5));
        return bytes_find_nocase(list, BYTES("PLAIN")) == SIZE_MAX
                   ? bytes_slice(list, 0, bytes_find(list, ' '))
                   : BYTES("PLAIN");
    }
    return BYTES("<mechanism>");
}

/* The first address of the session that the place could mean, or what stands for one. */
static struct bytes value_of(const struct making *m, struct bytes name)
{
    const struct replay *replay = &m->analysis->replay;

    if (bytes_equal(name, BYTES("helo")))
        return replay->helo.len ? replay->helo : BYTES("client.example.org");
    if (bytes_equal(name, BYTES("mechanism")))
        return mechanism_of(m);
    if (bytes_equal(name, BYTES("command")))
        return direction_of(m);
    if (bytes_equal(name, BYTES("address")))
        return address_in(replay_command(replay, m->finding->command)->as.command.argument);
    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct transaction *transaction = &replay->transactions[i];
        if (bytes_equal(name, BYTES("mail")) && transaction->mail_from.len)
            return transaction->mail_from;
        if (bytes_equal(name, BYTES("rcpt")) && transaction->recipient_count)
            return transaction->recipients[0].address;
    }
    return bytes_equal(name, BYTES("mail"))   ? BYTES("sender@example.org")
           : bytes_equal(name, BYTES("rcpt")) ? BYTES("recipient@example.org")
                                              : BYTES("(TLS)");
}

/* One command with its places filled in. */
static void add_filled(struct making *m, struct bytes command)
{
    struct buf text;
    bool is_note = command.len && (command.ptr[0] == '(' || bytes_equal(command, BYTES("{tls}")));

    buf_init(&text, LIMIT_LINE);
    while (command.len) {
        size_t open = bytes_find(command, '{');
        (void)buf_append(&text, bytes_slice(command, 0, open));
        if (open == SIZE_MAX)
            break;
        struct bytes name = bytes_from(command, open + 1);
        size_t close = bytes_find(name, '}');
        (void)buf_append(&text,
                         bytes_slice(value_of(m, bytes_slice(name, 0, close)), 0, LIMIT_EXEMPLAR_TEXT));
        command = bytes_from(name, close + 1);
    }
    size_t word = bytes_find(buf_bytes(&text), ' ');
    enum verb verb = verb_parse(bytes_slice(buf_bytes(&text), 0, word));
    add(m->due, (struct sequence_step){ .kind = is_note ? STEP_NOTE : STEP_ADDED,
                                        .text = arena_copy(m->arena, buf_bytes(&text)),
                                        .code = is_note ? 0 : code_of_success(verb),
                                        .verb = verb });
    buf_release(&text);
}

static void add_commands(struct making *m, const char *commands)
{
    struct bytes rest = bytes_of(commands);

    while (rest.len) {
        size_t end = bytes_find(rest, '|');
        add_filled(m, bytes_slice(rest, 0, end));
        rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, end + 1);
    }
}

static void keep(struct making *m, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct sequence_step step = m->was->steps[i];
        step.kind = step.kind == STEP_WRONG ? STEP_SAID : step.kind;
        add(m->due, step);
    }
}

/* The fault itself, where it belongs or with the answer that it should have had. */
static void add_fault(struct making *m, enum step_kind kind)
{
    struct sequence_step step = m->was->steps[m->fault];

    step.kind = kind;
    step.code = code_of_success(step.verb);
    add(m->due, step);
}

static bool is_greeting(enum verb verb)
{
    return verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO;
}

/* The newest step with this verb (any greeting for HELO) before the fault; the fault if there is none. */
static size_t place_of(const struct making *m, enum verb verb)
{
    for (size_t i = m->fault; i > 0; i--) {
        const struct sequence_step *step = &m->was->steps[i - 1];
        if (step->kind == STEP_SAID && (step->verb == verb || (verb == VERB_HELO && is_greeting(step->verb))))
            return i - 1;
    }
    return m->fault;
}

static void move_before(struct making *m, enum verb verb, const char *commands)
{
    size_t place = place_of(m, verb);

    keep(m, 0, place);
    add_fault(m, STEP_ADDED);
    add_commands(m, commands);
    keep(m, place, m->fault);
}

static void put_ahead(struct making *m, size_t place, const char *commands)
{
    keep(m, 0, place);
    add_commands(m, commands);
    keep(m, place, m->fault);
    add_fault(m, STEP_SAID);
}

/* Other commands in place of the newest step with this verb. */
static void change_step(struct making *m, enum verb verb, const char *commands)
{
    size_t place = place_of(m, verb);

    keep(m, 0, place);
    add_commands(m, commands);
    keep(m, place + 1, m->fault);
    if (place < m->fault)
        add_fault(m, STEP_SAID);
}

static bool offers(const struct making *m, enum extension extension)
{
    return (m->judgement->offered & extension_bit(extension)) != 0;
}

/* TLS, as it can be had in this session; none where it is there already. */
static struct order_row tls_row(const struct making *m, const char *commands)
{
    if (m->judgement->is_tls)
        return (struct order_row){ ORDER_NONE, "" };
    if (m->finding->rule == RULE_TLS_REQUIRED && m->finding->fault == FAULT_SERVER)
        return (struct order_row){ ORDER_STARTTLS, commands };
    if (m->judgement->has_offer && !offers(m, EXTENSION_STARTTLS))
        return (struct order_row){ ORDER_FROM_START, SEQUENCE_FROM_START };
    return (struct order_row){ ORDER_AHEAD, commands };
}

/* A login, if the client could have had one here. */
static struct order_row login_row(const struct making *m)
{
    const struct judgement *judgement = m->judgement;

    if (judgement->is_authenticated || (!offers(m, EXTENSION_AUTH) && !offers(m, EXTENSION_STARTTLS)))
        return (struct order_row){ ORDER_GIVE_UP_AFTER, "RSET" };
    if (!judgement->is_tls && offers(m, EXTENSION_STARTTLS))
        return (struct order_row){ ORDER_AHEAD, "STARTTLS|{tls}|EHLO {helo}|AUTH {mechanism}" };
    return (struct order_row){ ORDER_AHEAD, "AUTH {mechanism}" };
}

/* Refused for the name in the greeting: another one has to be said; for the address or its name in DNS:
 * there is nothing to say. */
static struct order_row name_row(const struct making *m)
{
    const struct reply *reply = kind_reply(m->analysis, m->finding);
    bool is_name = reply && (reply_says(reply, BYTES("helo")) || reply_says(reply, BYTES("ehlo")));
    bool is_at_greeting = is_greeting(m->was->steps[m->fault].verb);

    if (m->finding->reason == REASON_CLIENT_NAME && (is_name || is_at_greeting))
        return (struct order_row){ is_at_greeting ? ORDER_INSTEAD : ORDER_GREETING, "EHLO <full-host-name>" };
    return (struct order_row){ ORDER_GIVE_UP_AFTER, is_at_greeting ? "QUIT" : "RSET" };
}

/* The reason is written as a 503; what would have helped is that of the reason. */
static struct order_row policy_row(const struct making *m)
{
    if (m->finding->reason == REASON_LOGIN)
        return login_row(m);
    if (m->finding->reason == REASON_TLS)
        return tls_row(m, "STARTTLS|{tls}|EHLO {helo}");
    return name_row(m);
}

static bool has_address(const struct making *m)
{
    const struct item *item = replay_command(&m->analysis->replay, m->finding->command);
    enum verb verb = item->as.command.verb;

    return (verb == VERB_MAIL || verb == VERB_RCPT)
           && bytes_find(address_in(item->as.command.argument), '@') != SIZE_MAX;
}

static bool has_content(const struct making *m)
{
    enum verb verb = m->was->steps[m->fault].verb;

    return verb == VERB_DATA || verb == VERB_BDAT;
}

/* What depends on a refused command must not follow: of interest where something did. */
static struct order_row resolve_plain(const struct making *m, struct order_row row)
{
    bool is_idle = row.operation == ORDER_GIVE_UP_AFTER && m->judgement->consequences == 0;

    return is_idle ? (struct order_row){ ORDER_NONE, "" } : row;
}

/* An operation that depends on the session becomes one that does not. */
static struct order_row resolve(const struct making *m, struct order_row row)
{
    const struct replay *replay = &m->analysis->replay;
    uint32_t transaction = m->judgement->transaction;
    bool tried = transaction && replay->transactions[transaction - 1].recipient_count > 0;
    bool is_client = m->finding->fault == FAULT_CLIENT;
    struct order_row none = { ORDER_NONE, "" };

    switch ((unsigned)row.operation) {
    case ORDER_RECIPIENT:
        return (struct order_row){ tried ? ORDER_GIVE_UP : ORDER_BEFORE, tried ? "RSET" : row.commands };
    case ORDER_GIVE_UP_AFTER:
        return resolve_plain(m, row);
    case ORDER_TLS:
        return tls_row(m, row.commands);
    case ORDER_LOGIN:
        return resolve_plain(m, login_row(m));
    case ORDER_NAME:
        return resolve_plain(m, name_row(m));
    case ORDER_POLICY:
        return resolve_plain(m, policy_row(m));
    case ORDER_OFFER:
        return m->judgement->is_tls || !offers(m, EXTENSION_STARTTLS)
                   ? (struct order_row){ ORDER_LEAVE_OUT, "" }
                   : (struct order_row){ ORDER_BEFORE, row.commands };
    case ORDER_CREDENTIAL:
        return is_client ? (struct order_row){ ORDER_BEFORE, row.commands } : none;
    case ORDER_PATIENCE:
        return is_client ? (struct order_row){ ORDER_AFTER, row.commands } : none;
    case ORDER_CONTENT:
        return has_content(m) ? (struct order_row){ ORDER_AFTER, row.commands } : none;
    case ORDER_REWRITE:
        return has_address(m) ? (struct order_row){ ORDER_INSTEAD, row.commands } : none;
    case ORDER_OTHER_GREETING:
        return (struct order_row){ ORDER_INSTEAD, m->was->steps[m->fault].verb == VERB_LHLO ? "EHLO {helo}"
                                                                                            : "LHLO {helo}" };
    default:
        return row;
    }
}

static void make_due(struct making *m, struct order_row row)
{
    switch ((unsigned)row.operation) {
    case ORDER_NONE:
        return;
    case ORDER_BEFORE_MAIL:
    case ORDER_BEFORE_AUTH:
        move_before(m, row.operation == ORDER_BEFORE_MAIL ? VERB_MAIL : VERB_AUTH, row.commands);
        return;
    case ORDER_AHEAD:
        put_ahead(m, place_of(m, VERB_MAIL), row.commands);
        return;
    case ORDER_FROM_START:
        put_ahead(m, 0, row.commands);
        return;
    case ORDER_GREETING:
        change_step(m, VERB_HELO, row.commands);
        return;
    case ORDER_STARTTLS:
        change_step(m, VERB_STARTTLS, row.commands);
        return;
    default:
        break;
    }
    bool is_kept = row.operation == ORDER_GIVE_UP_AFTER || row.operation == ORDER_AFTER;
    keep(m, 0, m->fault + is_kept);
    if (row.operation == ORDER_AWAIT)
        add(m->due, (struct sequence_step){ .kind = STEP_AWAITED });
    add_commands(m, row.commands);
    if (row.operation == ORDER_BEFORE || row.operation == ORDER_AWAIT)
        add_fault(m, STEP_SAID);
    if (row.operation == ORDER_ANSWER)
        add_fault(m, STEP_ADDED);
}

void sequence_make(const struct analysis *analysis, const struct finding *finding, struct arena *arena,
                   struct sequence *was, struct sequence *due)
{
    struct making making = { .analysis = analysis,
                             .arena = arena,
                             .judgement = roots_judgement(analysis, finding->command),
                             .finding = finding,
                             .was = was,
                             .due = due };

    *was = (struct sequence){ .count = 0 };
    *due = (struct sequence){ .count = 0 };
    if (!making.judgement)
        return;
    make_was(&making, finding);
    make_due(&making, resolve(&making, rows[finding->rule]));
}
