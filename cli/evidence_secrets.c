/* Which octets of a session are secrets: sequence numbers of them, so that copies sent again are found, too.
 */
#include <stdlib.h>

#include "cli/evidence_parts.h"
#include "transcript/event_write.h"

enum { MASKS_MOST = 64, MASKS_FIRST = 4 };

static bool holds_text(const struct kept *kept, struct bytes text, uint32_t *at)
{
    const uint8_t *payload = kept->data + kept->payload_at;
    const uint8_t *hit = text.len ? memmem(payload, kept->payload_len, text.ptr, text.len) : NULL;

    *at = hit ? (uint32_t)(hit - payload) : 0;
    return hit != NULL;
}

/* Without room for more, all that this side says is overwritten. */
static void add_mask(struct tracked *owner, bool is_server, uint32_t seq, uint32_t len)
{
    if (owner->mask_count == owner->mask_room) {
        unsigned room = owner->mask_room ? owner->mask_room * 2 : MASKS_FIRST;
        struct mask *masks = room <= MASKS_MOST ? realloc(owner->masks, room * sizeof *masks) : NULL;
        if (!masks) {
            owner->masks_all[is_server] = true;
            return;
        }
        owner->masks = masks;
        owner->mask_room = room;
    }
    owner->masks[owner->mask_count++] = (struct mask){ is_server, seq, len };
}

/* The text where it stands in one of its packets, or those packets' payloads whole. */
static void mask_text(struct tracked *owner, bool is_server, const struct item *item, struct bytes text)
{
    const struct endpoint *from = is_server ? &owner->server : &owner->client;
    uint64_t first = item->first.packet.number, last = item->at.packet.number;

    struct kept *kept = owner->newest;
    for (unsigned i = 0; i < owner->waiting && kept->captured >= first; i++, kept = kept->in_flow) {
        uint32_t at;
        if (kept->payload_len == 0 || kept->captured > last || !kept_is_from(kept, from))
            continue;
        bool is_found = first == last && holds_text(kept, text, &at);
        add_mask(owner, is_server, is_found ? kept->seq + at : kept->seq,
                 is_found ? (uint32_t)text.len : kept->payload_len);
    }
}

static void mask_reply(struct tracked *owner, const struct reply *reply)
{
    const struct item item = { .first = reply->first, .at = reply->at };

    if (reply->is_redacted)
        mask_text(owner, true, &item, (struct bytes){ NULL, 0 });
}

void secrets_note_item(struct tracked *owner, const struct item *item)
{
    if (item->kind == ITEM_SASL) {
        mask_text(owner, false, item, item->as.sasl->text);
    } else if (item->kind == ITEM_COMMAND) {
        const struct command *command = &item->as.command;
        if (command->verb == VERB_AUTH)
            owner->exchange = item->first.packet.number;
        if (event_hides_command(command, SECRETS_MASK) && !command->is_redacted)
            mask_text(owner, false, item, command->verb == VERB_AUTH ? command->argument : command->line);
    }
}

void secrets_note_reply(struct tracked *owner, const struct item *item)
{
    mask_reply(owner, item->reply);
    bool is_auth =
        item->kind == ITEM_SASL || (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_AUTH);
    if (is_auth && item->reply->code != 334)
        owner->exchange = 0;
}

void secrets_note_unended(struct tracked *owner, const struct session *session)
{
    const struct unended_line *line = &session->unended;
    struct item item = { .first = line->first, .at = { .packet.number = UINT64_MAX } };

    if (line->length)
        mask_text(owner, false, &item, (struct bytes){ NULL, 0 });
    if (session->is_tls || !session_may_hold_credential(session))
        return;
    item.first.packet.number = 0;
    for (size_t i = 0; i < session->item_count; i++) {
        const struct reply *reply = session->items[i].reply;
        if (reply && reply->is_complete && reply->at.packet.number > item.first.packet.number)
            item.first = reply->at;
    }
    item.first.packet.number++;
    mask_text(owner, true, &item, (struct bytes){ NULL, 0 }); /* half a reply may be the begin of an echo */
}
