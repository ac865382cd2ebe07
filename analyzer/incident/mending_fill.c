/* What is put into an order, with the names and addresses of the session. */
#include "base/buf.h"
#include "base/limits.h"
#include "incident/mending.h"

/* Of "FROM: a@b SIZE=1" or "TO:a@b" the address alone. */
struct bytes mending_address(struct bytes argument)
{
    size_t colon = bytes_find(argument, ':');
    struct bytes rest = bytes_trim(bytes_from(argument, colon == SIZE_MAX ? argument.len : colon + 1));
    struct bytes word = bytes_slice(rest, 0, bytes_find(rest, ' '));

    if (word.len && word.ptr[0] == '<')
        word = bytes_from(word, 1);
    return word.len && word.ptr[word.len - 1] == '>' ? bytes_slice(word, 0, word.len - 1) : word;
}

/* One that sends no secret in clear by itself, if it is offered; else the first of the list. */
static struct bytes mechanism_of(const struct mending *m)
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

/* Whether a greeting has been given the full name of the host: then all have. */
static bool names_host(const struct sequence *due)
{
    for (size_t i = 0; i < due->count; i++)
        if (due->steps[i].kind == STEP_ADDED
            && bytes_find_nocase(due->steps[i].text, BYTES(SEQUENCE_HOST)) != SIZE_MAX)
            return true;
    return false;
}

static struct bytes host_of(const struct mending *m)
{
    const struct replay *replay = &m->analysis->replay;

    if (names_host(m->due))
        return BYTES(SEQUENCE_HOST);
    return replay->helo.len ? replay->helo : BYTES("client.example.org");
}

/* The first that was accepted, else the first; NULL: there is none. */
static const struct recipient *recipient_of(const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->recipient_count; i++)
        if (transaction->recipients[i].is_accepted)
            return &transaction->recipients[i];
    return transaction->recipient_count ? &transaction->recipients[0] : NULL;
}

/* The first address of the session that the place could mean, or what stands for one. */
static struct bytes value_of(const struct mending *m, struct bytes name)
{
    const struct replay *replay = &m->analysis->replay;

    if (bytes_equal(name, BYTES("helo")))
        return host_of(m);
    if (bytes_equal(name, BYTES("mechanism")))
        return mechanism_of(m);
    if (bytes_equal(name, BYTES("command")))
        return m->verb == VERB_RCPT ? BYTES("RCPT TO") : BYTES("MAIL FROM");
    if (bytes_equal(name, BYTES("address")))
        return mending_address(replay_command(replay, m->finding->command)->as.command.argument);
    for (size_t i = 0; i < replay->transaction_count; i++) {
        const struct transaction *transaction = &replay->transactions[i];
        if (bytes_equal(name, BYTES("mail")) && transaction->mail_from.len)
            return transaction->mail_from;
        const struct recipient *recipient = recipient_of(transaction);
        if (bytes_equal(name, BYTES("rcpt")) && recipient)
            return recipient->address;
    }
    return bytes_equal(name, BYTES("mail"))   ? BYTES("sender@example.org")
           : bytes_equal(name, BYTES("rcpt")) ? BYTES("recipient@example.org")
                                              : BYTES("(TLS)");
}

/* One command with its places filled in. */
struct sequence_step mending_filled(struct mending *m, struct bytes command)
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
    struct sequence_step step = { .kind = is_note ? STEP_NOTE : STEP_ADDED,
                                  .text = arena_copy(m->arena, buf_bytes(&text)),
                                  .code = is_note ? 0 : mending_success(verb),
                                  .verb = is_note ? VERB_UNKNOWN : verb };
    buf_release(&text);
    return step;
}

/* Where the blank behind the colon stands; SIZE_MAX: there is none. */
static size_t blank_of(const struct sequence_step *step)
{
    size_t colon = step->kind == STEP_SAID && (step->verb == VERB_MAIL || step->verb == VERB_RCPT)
                       ? bytes_find(step->text, ':')
                       : SIZE_MAX;

    return colon != SIZE_MAX && colon + 1 < step->text.len && step->text.ptr[colon + 1] == ' ' ? colon + 1
                                                                                               : SIZE_MAX;
}

void mending_respace(struct mending *m)
{
    for (size_t i = 0; m->is_respaced && i < m->due->count && m->due->count < SEQUENCE_STEPS; i++) {
        const struct sequence_step step = m->due->steps[i];
        size_t blank = blank_of(&step);
        if (blank == SIZE_MAX)
            continue;
        struct buf text;
        buf_init(&text, LIMIT_LINE);
        (void)buf_append(&text, bytes_slice(step.text, 0, blank));
        (void)buf_append(&text, bytes_trim(bytes_from(step.text, blank)));
        mending_copy(m, i, i + 1);
        m->due->steps[i + 1].text = arena_copy(m->arena, buf_bytes(&text));
        m->due->steps[i + 1].code = step.code;
        mending_omit(m, i);
        buf_release(&text);
    }
}
