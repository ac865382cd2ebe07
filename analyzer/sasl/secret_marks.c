/* Credentials where none belong: sent as commands behind an AUTH, or echoed by the server. */
#include "base/limits.h"
#include "sasl/sasl_rows.h"

enum {
    TOKEN_LEAST = 8, /* shorter words are taken for verbs, unless a credential stands right before */
    TOKEN_LEAST_NEXT = 2,
    PASSWORD_LEAST = 6,
    LOOK_BACK = 16 /* items */
};

/* One word of base64 of either alphabet.  At a place that is not certain it must be whole, or have letters
 * of both cases, as no verb has. */
static bool looks_like_token(struct bytes line, bool is_certain)
{
    size_t digits = 0;
    bool has_lower = false, has_upper = false;

    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];
        bool is_letter = ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z';
        bool is_digit = is_letter || ascii_is_digit(c) || c == '+' || c == '/' || c == '-' || c == '_';
        if (!is_digit && c != '=')
            return false;
        has_lower = has_lower || (is_letter && c >= 'a');
        has_upper = has_upper || (is_letter && c < 'a');
        digits += is_digit;
    }
    if (is_certain)
        return line.len >= TOKEN_LEAST_NEXT;
    return line.len >= TOKEN_LEAST && digits % 4 != 1 && (line.len % 4 == 0 || (has_lower && has_upper));
}

/* One word as passwords are, and commands are not: small letters, and digits or signs with them. */
static bool looks_like_password(struct bytes line)
{
    bool has_lower = false, has_other = false;

    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '<' || c == ':')
            return false;
        has_lower = has_lower || (c >= 'a' && c <= 'z');
        has_other = has_other || ascii_is_digit(c)
                    || (ascii_upper(c) < 'A' && c != '.' && c != '-' && c != '/' && c != '+');
    }
    return line.len >= PASSWORD_LEAST && has_lower && has_other;
}

static bool is_hidden(const struct command *command)
{
    return command->is_secret || command->is_redacted;
}

/* A line end of LF CR leaves its CR to the next line. */
static struct bytes without_cr(struct bytes text)
{
    while (text.len > 0 && text.ptr[0] == '\r')
        text = bytes_from(text, 1);
    while (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    return text;
}

/* "AUTH=PLAIN <token>", "AUTHPLAIN <token>", and what other protocols spoken to the port say: "Authorization:
 * Basic <token>" and "Proxy-Authorization:" (HTTP), "PASS <password>" (POP3, FTP), "a1 LOGIN name password"
 * (IMAP).  No command, and yet a credential. */
static bool is_garbled_auth(const struct command *command)
{
    struct bytes word = without_cr(command->word);

    return command->argument.len > 0
           && (bytes_starts_nocase(word, BYTES("AUTH")) || bytes_equal_nocase(word, BYTES("PASS"))
               || bytes_equal_nocase(word, BYTES("Proxy-Authorization:"))
               || bytes_starts_nocase(command->argument, BYTES("LOGIN ")));
}

/* Behind a bare CR, which ends a line to some programs. */
static bool has_hidden_auth(const struct command *command)
{
    return command->has_bare_cr
           && (bytes_find_nocase(command->line, BYTES("\rAUTH")) != SIZE_MAX
               || bytes_find_nocase(command->line, BYTES("\rPASS ")) != SIZE_MAX);
}

/* How likely a credential is at this place: behind AUTH, behind another credential, or where bytes are
 * missing that may have held the AUTH. */
enum place { PLACE_NONE = 0, PLACE_LIKELY, PLACE_BEHIND_AUTH, PLACE_CERTAIN };

static enum place place_of(const struct session *session, size_t index)
{
    const struct item *here = &session->items[index];
    size_t i = index;

    if (here->is_after_gap)
        return PLACE_LIKELY;
    while (i-- > 0 && index - i <= LOOK_BACK) {
        const struct item *item = &session->items[i];
        const struct command *command = &item->as.command;
        if (item->kind == ITEM_SASL)
            return PLACE_BEHIND_AUTH;
        if (item->kind == ITEM_GAP)
            return PLACE_LIKELY;
        if (item->kind != ITEM_COMMAND)
            continue;
        if (command->verb == VERB_AUTH) /* sent before the server could refuse: an answer to a prompt */
            return here->as.command.is_pipelined ? PLACE_CERTAIN : PLACE_BEHIND_AUTH;
        if (command->verb != VERB_UNKNOWN)
            return PLACE_NONE;
        if (is_hidden(command))
            return PLACE_CERTAIN;
    }
    return session->is_midstream && i == SIZE_MAX ? PLACE_LIKELY : PLACE_NONE;
}

static void mark_command(const struct session *session, size_t index, struct command *command)
{
    if (is_hidden(command) || command->is_body_line)
        return;
    if (has_hidden_auth(command)) {
        command->is_secret = true;
        command->argument = (struct bytes){ NULL, 0 };
        return;
    }
    if (command->verb != VERB_UNKNOWN)
        return;
    if (is_garbled_auth(command)) {
        command->is_secret = true;
        return;
    }
    enum place place = place_of(session, index);
    struct bytes line = without_cr(bytes_trim(command->line));
    command->is_secret = (place != PLACE_NONE && looks_like_token(line, place == PLACE_CERTAIN))
                         || (place >= PLACE_BEHIND_AUTH && looks_like_password(line));
}

void sasl_mark_item(struct session *session, size_t index)
{
    struct item *item = &session->items[index];

    if (item->kind == ITEM_COMMAND)
        mark_command(session, index, &item->as.command);
    if (item->kind == ITEM_SASL && !item->as.sasl->is_decoded)
        sasl_decode_orphan(session, item->as.sasl);
}

static void redact_proofs(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index];

    if (item->reply && (item->kind == ITEM_SASL || item->kind == ITEM_COMMAND))
        sasl_redact_proofs(session, index);
}

struct sasl_exchange *sasl_exchange_at(const struct session *session, size_t index)
{
    size_t low = 0, high = session->exchange_count;

    while (low < high) { /* the first that began behind it */
        size_t middle = low + (high - low) / 2;
        if (session->exchanges[middle].command_item > index)
            high = middle;
        else
            low = middle + 1;
    }
    return low ? &session->exchanges[low - 1] : NULL;
}

bool sasl_decode_item(struct session *session, size_t index, struct secret_ordinals *ordinals)
{
    const struct item *item = &session->items[index];
    bool ok = true;

    if (item->kind == ITEM_SASL || (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_AUTH)) {
        struct sasl_exchange *exchange = sasl_exchange_at(session, index);
        ok = !exchange || sasl_decode_exchange(session, exchange, ordinals);
    }
    sasl_withhold_items(session, index, index + 1);
    redact_proofs(session, index);
    return ok;
}

/* Without AUTH only a line that is no command can hold a credential, or is more than one to some, or a
 * response whose AUTH was lost. */
static bool has_suspect(const struct session *session)
{
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_SASL
            || (item->kind == ITEM_COMMAND
                && (item->as.command.verb == VERB_UNKNOWN || item->as.command.has_bare_cr)))
            return true;
    }
    return false;
}

bool sasl_decode_session(struct session *session, struct secret_ordinals *ordinals)
{
    bool ok = true;

    if (session->exchange_count == 0 && !has_suspect(session))
        return true;
    for (size_t i = 0; i < session->exchange_count; i++)
        ok = sasl_decode_steps(session, &session->exchanges[i], ordinals, true) && ok;
    sasl_withhold_items(session, 0, session->item_count);
    for (size_t i = 0; i < session->item_count; i++)
        redact_proofs(session, i);
    return ok;
}
