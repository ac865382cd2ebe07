/* What is known of a session beside its phase, what makes it known, and what a hole takes away. */
#include "replay/walk.h"

void walk_end_transaction(struct walk *walk)
{
    walk->phase = walk->home == PHASE_UNKNOWN ? PHASE_READY : walk->home;
    walk->transaction = 0;
    walk->is_envelope_lost = false;
    walk->may_keep_rcpt = false;
    walk->may_be_nested = false;
    walk->may_have_dropped = false;
    walk->is_binarymime = false;
    walk->causes.no_mail = 0;
    walk->causes.no_envelope = 0;
    walk->causes.no_rcpt = 0;
    walk->causes.still_open = 0;
    walk->causes.bdat = 0;
    walk->causes.doubt = 0;
}

void walk_start_anew(struct walk *walk, enum phase phase)
{
    walk->home = phase;
    walk_end_transaction(walk);
    walk->causes = (struct causes){ 0 };
    walk->is_auth_known = true;
    walk->is_authenticated = false;
    walk->is_offer_known = false;
    walk->is_helo = false;
    walk->offered = 0;
    walk->size_limit = 0;
    walk->offer = NULL;
    walk->greeting_command = 0;
    walk->is_inferred = false;
}

void walk_forget(struct walk *walk)
{
    if (walk->phase == PHASE_REFUSED || walk->phase == PHASE_CLOSED)
        return; /* there is no way out of these */
    walk->lacks_hello = walk->lacks_hello || walk->spoken == PROTOCOL_NONE;
    bool had_xclient = walk->is_offer_known && (walk->offered & extension_bit(EXTENSION_XCLIENT));
    if (walk->home != PHASE_READY || had_xclient)
        walk->home = PHASE_UNKNOWN; /* an EHLO, or what voids it, may be among the missing bytes */
    walk_end_transaction(walk);
    walk->causes = (struct causes){ 0 };
    walk->phase = PHASE_UNKNOWN;
    walk->is_auth_known = walk->is_authenticated && !had_xclient;
    walk->is_offer_known = false;
    walk->size_limit = 0;
    walk->is_inferred = true;
}

/* In a log that lacks lines, an offer may begin amid the extensions. */
static bool lacks_begin(const struct walk *walk, const struct reply *reply)
{
    return reply->is_after_gap
           || (walk->session->log && reply->line_count && extension_parse(reply->lines[0]) != EXTENSION_NONE);
}

void walk_take_offer(struct walk *walk, const struct item *item)
{
    const struct reply *reply = item->reply;

    walk->home = PHASE_READY;
    walk_end_transaction(walk);
    walk->is_inferred = false;
    walk->causes.greeting = 0;
    walk->greeting_command = item->as.command.n;
    if (walk->spoken == PROTOCOL_NONE)
        walk->spoken = item->as.command.verb == VERB_LHLO ? PROTOCOL_LMTP : PROTOCOL_SMTP;
    walk->offered = 0;
    walk->is_helo = item->as.command.verb == VERB_HELO; /* RFC 5321 3.2: HELO offers nothing */
    walk->is_offer_known =
        walk->is_helo || (reply->is_complete && reply->lines_dropped == 0 && !lacks_begin(walk, reply));
    walk->offer = walk->is_helo ? NULL : reply;
    walk->out->helo = item->as.command.argument;
    walk->out->ehlo_reply = walk->offer;
    walk->size_limit = 0;
    for (uint32_t i = 1; walk->offer && i < reply->line_count; i++) {
        enum extension extension = extension_parse(reply->lines[i]);
        walk->offered |= extension_bit(extension);
        if (extension == EXTENSION_SIZE
            && !bytes_to_u64(bytes_trim(bytes_from(reply->lines[i], 5)), &walk->size_limit))
            walk->size_limit = 0;
    }
}

bool walk_is_bdat(const struct walk *walk, const struct item *content)
{
    uint32_t index = content->as.content.command_item;
    const struct item *command = index < walk->session->item_count ? &walk->session->items[index] : content;

    return command->kind == ITEM_COMMAND && command->as.command.verb == VERB_BDAT;
}

/* "AUTH PLAIN LOGIN", and "AUTH=PLAIN LOGIN" of old servers. */
static bool lists_mechanism(struct bytes line, struct bytes mechanism)
{
    for (size_t at = 5; at < line.len;) { /* behind "AUTH " or "AUTH=" */
        struct bytes rest = bytes_from(line, at);
        size_t len = bytes_find(rest, ' ');
        len = len == SIZE_MAX ? rest.len : len;
        if (bytes_equal_nocase(bytes_slice(rest, 0, len), mechanism))
            return true;
        at += len + 1;
    }
    return false;
}

bool offer_lists_mechanism(const struct reply *offer, struct bytes mechanism)
{
    for (uint32_t i = 1; i < offer->line_count; i++)
        if (extension_parse(offer->lines[i]) == EXTENSION_AUTH && lists_mechanism(offer->lines[i], mechanism))
            return true;
    return false;
}
