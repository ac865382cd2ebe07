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

/* The first address of the session that the place could mean, or what stands for one. */
static struct bytes value_of(const struct mending *m, struct bytes name)
{
    const struct replay *replay = &m->analysis->replay;

    if (bytes_equal(name, BYTES("helo")))
        return replay->helo.len ? replay->helo : BYTES("client.example.org");
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
        if (bytes_equal(name, BYTES("rcpt")) && transaction->recipient_count)
            return transaction->recipients[0].address;
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
