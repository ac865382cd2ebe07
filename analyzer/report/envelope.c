/* The envelope of a message as a line of JSON. */
#include "report/envelope.h"

#include "base/escape.h"
#include "report/json_parts.h"
#include "report/json_stream.h"

static json_t *json_of_recipients(const struct transaction *transaction)
{
    json_t *list = json_array();

    for (size_t i = 0; transaction && i < transaction->recipient_count; i++) {
        const struct recipient *recipient = &transaction->recipients[i];
        json_t *object = json_object();
        json_put(object, "address", json_of_bytes(recipient->address));
        json_put(object, "accepted", json_boolean(recipient->is_accepted));
        json_put(object, "code", recipient->reply ? json_integer(recipient->reply->code) : json_null());
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_of_digest(const uint8_t sha256[DIGEST_SHA256_LEN])
{
    struct buf hex;

    buf_init(&hex, 2 * DIGEST_SHA256_LEN);
    (void)escape_hex((struct bytes){ sha256, DIGEST_SHA256_LEN }, &hex);
    json_t *value = json_stringn_nocheck((const char *)hex.ptr, hex.len);
    buf_release(&hex);
    return value;
}

static void put_session(json_t *object, const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    json_put(object, "session", json_of_text(session->id));
    json_put(object, "client", json_of_endpoint(&session->client));
    json_put(object, "server", json_of_endpoint(&session->server));
    json_put(object, "helo", json_of_bytes(analysis->replay.helo));
}

void envelope_line(const struct analysis *analysis, uint32_t index, const struct extracted *extracted,
                   struct buf *out)
{
    const struct message *message = &analysis->session->messages[index];
    const struct transaction *transaction = replay_transaction_of(&analysis->replay, index);
    json_t *object = json_object();

    json_put(object, "file", json_of_text(extracted->name));
    json_put(object, "sha256", json_of_digest(extracted->sha256));
    json_put(object, "size", json_integer((json_int_t)message->size));
    json_put(object, "complete", json_boolean(extracted->is_whole));
    json_put(object, "duplicate", json_boolean(extracted->is_duplicate));
    json_put(object, "time", json_of_time(message->first.time_ns));
    put_session(object, analysis);
    json_put(object, "mail_from",
             transaction && transaction->mail_command ? json_of_bytes(transaction->mail_from) : json_null());
    json_put(object, "recipients", json_of_recipients(transaction));
    json_put(object, "accepted", json_boolean(transaction && transaction->is_accepted));
    json_put(object, "queue_id",
             transaction && transaction->queue_id.len ? json_of_bytes(transaction->queue_id) : json_null());
    json_put(object, "reply", json_of_reply(transaction ? transaction->reply : NULL));
    json_write_line(object, out);
}
