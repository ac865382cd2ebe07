/* Replies that hold the server's proof: a 334 with the last word of SCRAM or DIGEST-MD5, or a 235 with the
 * same in its text, where RFC 4954 4 has no place for it.  The step keeps what the reply loses. */
#include "base/limits.h"
#include "sasl/sasl_rows.h"

enum {
    TOKEN_LEAST = 16
}; /* a signature or a checksum of 16 octets is longer under base64, whatever is cut */

static bool proves(struct bytes text)
{
    struct buf decoded;

    if (sasl_proves_server(text))
        return true;
    if (text.len < TOKEN_LEAST)
        return false;
    buf_init(&decoded, LIMIT_SASL_TOKEN);
    bool does_prove = base64_decode_loose(text, &decoded) && sasl_proves_server(buf_bytes(&decoded));
    buf_release(&decoded);
    return does_prove;
}

static bool any_word_proves(struct bytes line)
{
    while (line.len > 0) {
        size_t blank = bytes_find(line, ' ');
        if (proves(bytes_slice(line, 0, blank)))
            return true;
        line = blank == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(line, blank + 1);
    }
    return false;
}

static void redact_proof(struct reply *reply)
{
    bool is_proof = false;

    if (reply->code != 334 && reply->code / 100 != 2)
        return;
    for (uint32_t i = 0; i < reply->line_count && !is_proof; i++)
        is_proof = proves(reply->lines[i]) || any_word_proves(reply->lines[i]);
    if (!is_proof)
        return;
    reply->is_redacted = true;
    reply->line_count = 0;
}

void sasl_redact_proofs(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index];

    if (item->kind == ITEM_COMMAND && item->as.command.verb != VERB_AUTH)
        return;
    redact_proof(item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        redact_proof(item->more_replies[i]);
}
