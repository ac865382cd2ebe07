/* The messages of a session's line, with their envelopes. */
#include "base/escape.h"
#include "report/report_jsonl_parts.h"

static void write_recipient(const struct recipient *recipient, struct buf *out)
{
    json_write_begin(NULL, '{', out);
    json_write_bytes("address", recipient->address, out);
    json_write_number_or_null("code", recipient->reply ? recipient->reply->code : 0, out);
    json_write_number("command", recipient->command, out);
    if (recipient->final)
        jsonl_write_reply("final", recipient->final, NULL, out);
    json_write_end('}', out);
}

/* Sender and recipients. */
static void write_envelope(const struct transaction *transaction, struct buf *out)
{
    if (transaction->mail_command)
        json_write_bytes("mail_from", transaction->mail_from, out);
    else
        json_write_null("mail_from", out);
    json_write_begin("recipients", '[', out);
    for (size_t i = 0; i < transaction->recipient_count; i++)
        write_recipient(&transaction->recipients[i], out);
    json_write_end(']', out);
}

static void write_sha256(const struct message *message, struct buf *out)
{
    struct buf hex;

    if (!message->has_digest) {
        json_write_null("sha256", out);
        return;
    }
    buf_init(&hex, 2 * DIGEST_SHA256_LEN);
    (void)escape_hex((struct bytes){ message->sha256, DIGEST_SHA256_LEN }, &hex);
    json_write_bytes("sha256", buf_bytes(&hex), out);
    buf_release(&hex);
}

static void write_message(const struct message *message, const struct transaction *transaction,
                          struct buf *out)
{
    json_write_begin(NULL, '{', out);
    write_envelope(transaction, out);
    json_write_text("via", message->is_bdat ? "BDAT" : "DATA", out);
    json_write_number("size", message->size, out);
    write_sha256(message, out);
    json_write_bool("complete", message->is_complete, out);
    json_write_bool("accepted", transaction->is_accepted, out);
    json_write_number_or_null("code", transaction->reply ? transaction->reply->code : 0, out);
    json_write_bytes_or_null("queue_id", transaction->queue_id, out);
    json_write_text("verdict", verdict_name(transaction->verdict), out);
    jsonl_write_reply("reply", transaction->reply, NULL, out);
    json_write_end('}', out);
}

void jsonl_write_messages(const struct analysis *analysis, struct buf *out)
{
    static const struct transaction none = { .verdict = VERDICT_UNDECIDED };

    json_write_begin("messages", '[', out);
    for (size_t i = 0; i < analysis->session->message_count; i++) {
        const struct transaction *found = replay_transaction_of(&analysis->replay, (uint32_t)i);
        /* of several (a chunk that failed, and then another message) it is the last */
        bool is_last = found && found->message == i + 1;
        write_message(&analysis->session->messages[i], is_last ? found : &none, out);
    }
    json_write_end(']', out);
}
