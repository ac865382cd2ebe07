/* The order as it was, and as it should have been. */
#include "incident/sequence.h"

#include "base/buf.h"
#include "base/limits.h"
#include "incident/masked.h"
#include "incident/roots.h"

enum operation {
    ORDER_NONE = 0,
    ORDER_BEFORE,         /* the commands come before the fault */
    ORDER_AHEAD,          /* they come before MAIL, or before the fault where there is none */
    ORDER_INSTEAD,        /* in its place */
    ORDER_LEAVE_OUT,      /* it does not come at all */
    ORDER_GIVE_UP,        /* what was refused before is given up in its place */
    ORDER_GIVE_UP_AFTER,  /* it was in order, and refused: what depends on it must not follow */
    ORDER_RECIPIENT,      /* as GIVE_UP where recipients were tried, else as BEFORE */
    ORDER_GREETING,       /* the greeting before it is another one */
    ORDER_OTHER_GREETING, /* it is a greeting of the other protocol */
    ORDER_BEFORE_MAIL,    /* it comes before MAIL, and the commands behind it */
    ORDER_BEFORE_AUTH,    /* likewise before AUTH */
    ORDER_AWAIT,          /* the reply before it is waited for */
    ORDER_ANSWER          /* the command was right; the server should have accepted it */
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

/* The first address of the session that the place could mean, or what stands for one. */
static struct bytes value_of(const struct making *m, struct bytes name)
{
    const struct replay *replay = &m->analysis->replay;

    if (bytes_equal(name, BYTES("helo")))
        return replay->helo.len ? replay->helo : BYTES("client.example.org");
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
    bool is_handshake = bytes_equal(command, BYTES("{tls}"));

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
    add(m->due, (struct sequence_step){ .kind = STEP_ADDED,
                                        .text = arena_copy(m->arena, buf_bytes(&text)),
                                        .code = is_handshake ? 0 : code_of_success(verb),
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
    for (size_t i = from; i < to; i++)
        add(m->due, m->was->steps[i]);
}

/* The fault itself, where it belongs or with the answer that it should have had. */
static void add_fault(struct making *m, enum step_kind kind)
{
    struct sequence_step step = m->was->steps[m->fault];

    step.kind = kind;
    step.code = code_of_success(step.verb);
    add(m->due, step);
}

/* The newest step with this verb before the fault; the fault if there is none. */
static size_t place_of(const struct making *m, enum verb verb)
{
    for (size_t i = m->fault; i > 0; i--)
        if (m->was->steps[i - 1].verb == verb && m->was->steps[i - 1].kind == STEP_SAID)
            return i - 1;
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

static void put_ahead(struct making *m, const char *commands)
{
    size_t place = place_of(m, VERB_MAIL);

    keep(m, 0, place);
    add_commands(m, commands);
    keep(m, place, m->fault);
    add_fault(m, STEP_SAID);
}

static void change_greeting(struct making *m, const char *commands)
{
    size_t place = place_of(m, VERB_HELO);

    keep(m, 0, place);
    add_commands(m, commands);
    keep(m, place + 1, m->fault);
    add_fault(m, STEP_SAID);
}

static void make_due(struct making *m, const struct order_row *row)
{
    const struct replay *replay = &m->analysis->replay;
    enum operation operation = row->operation;
    bool tried =
        m->judgement->transaction && replay->transactions[m->judgement->transaction - 1].recipient_count > 0;

    if (operation == ORDER_RECIPIENT)
        operation = tried ? ORDER_GIVE_UP : ORDER_BEFORE;
    if (operation == ORDER_NONE || (operation == ORDER_GIVE_UP_AFTER && m->judgement->consequences == 0))
        return;
    if (operation == ORDER_BEFORE_MAIL || operation == ORDER_BEFORE_AUTH) {
        move_before(m, operation == ORDER_BEFORE_MAIL ? VERB_MAIL : VERB_AUTH, row->commands);
        return;
    }
    if (operation == ORDER_AHEAD) {
        put_ahead(m, row->commands);
        return;
    }
    if (operation == ORDER_GREETING) {
        change_greeting(m, row->commands);
        return;
    }
    keep(m, 0, m->fault);
    if (operation == ORDER_AWAIT)
        add(m->due, (struct sequence_step){ .kind = STEP_AWAITED });
    if (operation == ORDER_GIVE_UP_AFTER) {
        keep(m, m->fault, m->fault + 1);
        m->due->steps[m->due->count - 1].kind = STEP_SAID;
    }
    if (operation == ORDER_OTHER_GREETING)
        add_commands(m, m->was->steps[m->fault].verb == VERB_LHLO ? "EHLO {helo}" : "LHLO {helo}");
    else
        add_commands(m, row->operation == ORDER_RECIPIENT && tried ? "RSET" : row->commands);
    if (operation == ORDER_BEFORE || operation == ORDER_AWAIT)
        add_fault(m, STEP_SAID);
    if (operation == ORDER_ANSWER)
        add_fault(m, STEP_ADDED);
}

void sequence_make(const struct analysis *analysis, const struct finding *finding, struct arena *arena,
                   struct sequence *was, struct sequence *due)
{
    struct making making = { .analysis = analysis,
                             .arena = arena,
                             .judgement = roots_judgement(analysis, finding->command),
                             .was = was,
                             .due = due };

    *was = (struct sequence){ .count = 0 };
    *due = (struct sequence){ .count = 0 };
    if (!making.judgement)
        return;
    make_was(&making, finding);
    make_due(&making, &rows[finding->rule]);
}
