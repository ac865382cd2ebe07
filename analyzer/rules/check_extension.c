/* Findings of extensions: pipelining without an offer, limits that were announced, and what a fall back to
 * HELO costs. */
#include "rules/check.h"
#include "smtp/path.h"

enum { DOMAINS_MOST = 64 };

/* The EHLO line of an extension in the offer that counts for this command, behind the keyword; empty if none.
 */
static struct bytes offer_line(const struct analysis *analysis, const struct judgement *judgement,
                               enum extension extension)
{
    const struct item *greeting = replay_command(&analysis->replay, judgement->greeting_command);

    if (!greeting || !greeting->reply || !(judgement->offered & extension_bit(extension)))
        return (struct bytes){ NULL, 0 };
    for (uint32_t i = 1; i < greeting->reply->line_count; i++)
        if (extension_parse(greeting->reply->lines[i]) == extension) {
            struct bytes line = greeting->reply->lines[i];
            size_t blank = bytes_find(line, ' ');
            return blank == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_trim(bytes_from(line, blank));
        }
    return (struct bytes){ NULL, 0 };
}

static uint64_t number_of(struct bytes digits)
{
    uint64_t number;

    return bytes_to_u64(digits, &number) ? number : 0;
}

/* RFC 9422 4: "RCPTMAX=20"; 0 if it is not announced. */
static uint64_t announced_limit(struct bytes limits, struct bytes name)
{
    struct bytes keyword, value;

    for (size_t at = 0; parameter_next(limits, &at, &keyword, &value);)
        if (bytes_equal_nocase(keyword, name))
            return number_of(value);
    return 0;
}

static void raise_limit(struct analysis *analysis, size_t index, const char *what, uint64_t used,
                        uint64_t limit)
{
    struct finding *finding = check_raise(analysis, RULE_LIMITS_EXCEEDED, index);

    check_detail(analysis, finding, "%s: %llu, and the server announced at most %llu.", what,
                 (unsigned long long)used, (unsigned long long)limit);
}

static void check_size(struct analysis *analysis, size_t index, const struct transaction *transaction)
{
    const struct session *session = analysis->session;
    uint64_t limit = transaction->size_limit, size = transaction->declared_size;

    if (limit == 0) /* RFC 1870 4: none, or 0 for "no fixed limit" */
        return;
    if (transaction->message && transaction->message <= session->message_count
        && session->messages[transaction->message - 1].size > size)
        size = session->messages[transaction->message - 1].size;
    if (size > limit)
        raise_limit(analysis, index, "Octets of the message", size, limit);
}

static void check_mail_limits(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);
    const struct transaction *transaction =
        judgement->transaction ? &analysis->replay.transactions[judgement->transaction - 1] : NULL;
    uint32_t n = analysis->session->items[index].as.command.n;

    if (!transaction || transaction->mail_command != n)
        return;
    check_size(analysis, index, transaction);
    if (!(judgement->offered & extension_bit(EXTENSION_LIMITS)))
        return;
    uint64_t limit = announced_limit(offer_line(analysis, judgement, EXTENSION_LIMITS), BYTES("MAILMAX"));
    if (limit && judgement->transaction > limit)
        raise_limit(analysis, index, "Messages of the session", judgement->transaction, limit);
}

/* From the "@" on; a quoted local part may hold others before it. */
static struct bytes domain_of(struct bytes address)
{
    size_t at = address.len;

    while (at > 0 && address.ptr[at - 1] != '@')
        at--;
    return bytes_from(address, at ? at : address.len);
}

static bool is_known_domain(const struct bytes *domains, size_t count, struct bytes domain)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal_nocase(domains[i], domain))
            return true;
    return false;
}

/* RFC 9422 4.3: different domains of recipients in one session.  Looked at once, from the first RCPT on; an
 * announcement beyond what is kept here limits nobody. */
static void check_domain_limit(struct analysis *analysis, size_t index, uint64_t limit)
{
    const struct session *session = analysis->session;
    struct bytes domains[DOMAINS_MOST];
    size_t count = 0;

    for (size_t i = index; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind != ITEM_COMMAND || item->as.command.verb != VERB_RCPT || item->as.command.is_body_line)
            continue;
        struct bytes domain =
            domain_of(envelope_argument_parse(item->as.command.argument, BYTES("TO")).address);
        if (domain.len == 0 || is_known_domain(domains, count, domain))
            continue;
        if (count == limit) {
            raise_limit(analysis, i, "Domains of recipients in the session", count + 1, limit);
            return;
        }
        domains[count++] = domain;
    }
}

static void check_rcpt_limits(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    if (!judgement->transaction || !(judgement->offered & extension_bit(EXTENSION_LIMITS)))
        return;
    struct bytes limits = offer_line(analysis, judgement, EXTENSION_LIMITS);
    const struct transaction *transaction = &analysis->replay.transactions[judgement->transaction - 1];
    uint64_t limit = announced_limit(limits, BYTES("RCPTMAX"));
    if (limit && transaction->recipient_count > limit
        && transaction->recipients[limit].command == analysis->session->items[index].as.command.n)
        raise_limit(analysis, index, "Recipients of the message", transaction->recipient_count, limit);
    if (!check_is_first(analysis, ONCE_DOMAINS))
        return;
    limit = announced_limit(limits, BYTES("RCPTDOMAINMAX"));
    if (limit && limit < DOMAINS_MOST)
        check_domain_limit(analysis, index, limit);
}

/* Told once for each group of commands sent at once. */
static void check_group(struct analysis *analysis, size_t index)
{
    const struct command *command = &analysis->session->items[index].as.command;
    const struct judgement *judgement = check_judgement(analysis, index);

    if (analysis->replay.has_gaps || command->is_before_greeting || command->is_body_line
        || !judgement->has_offer || !judgement->is_phase_known
        || (judgement->offered & extension_bit(EXTENSION_PIPELINING)))
        return;
    const struct item *before = replay_command(&analysis->replay, command->n - 1);
    if (before && (before->as.command.is_pipelined || before->as.command.n == judgement->greeting_command))
        return;
    (void)check_raise(analysis, RULE_PIPELINING_NOT_OFFERED, index);
}

/* EHLO refused, HELO accepted: the session goes on without extensions (RFC 5321 3.2). */
static void check_fallback(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct item *before = replay_command(&analysis->replay, item->as.command.n - 1);

    if (analysis->replay.has_gaps || !item->reply || item->reply->code >= 400 || !before
        || before->as.command.verb != VERB_EHLO || !before->reply || before->reply->code < 400)
        return;
    struct finding *finding = check_raise(analysis, RULE_HELO_FALLBACK, index);
    if (!finding)
        return;
    finding->cause_command = before->as.command.n;
    check_detail(analysis, finding, "EHLO had been refused with %u.", (unsigned)before->reply->code);
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct command *command = &analysis->session->items[index].as.command;
    const struct judgement *judgement = check_judgement(analysis, index);

    if (command->is_pipelined && !check_lost_patience(analysis->session, index))
        check_group(analysis, index);
    if (command->verb == VERB_HELO)
        check_fallback(analysis, index);
    if (command->verb != VERB_MAIL && command->verb != VERB_RCPT)
        return;
    check_parameters(analysis, index);
    if (!judgement->has_offer || !judgement->is_phase_known || command->is_body_line)
        return;
    if (command->verb == VERB_MAIL)
        check_mail_limits(analysis, index);
    else
        check_rcpt_limits(analysis, index);
}

const struct check check_extension = { .command = check_command };
