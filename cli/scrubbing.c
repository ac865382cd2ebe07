/* From transcripts to the packets that they came from. */
#include "cli/scrubbing.h"

#include "base/limits.h"
#include "cli/messages.h"
#include "cli/version.h"
#include "sasl/sasl_text.h"
#include "scrub/pcapng_writer.h"
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct noting {
    struct scrubber *scrubber;
    uint32_t session;
    struct moment end; /* of the connection */
    bool ok;
};

static void hide(struct noting *noting, bool is_client, enum scrub_kind kind, const struct moment *first,
                 const struct moment *last)
{
    noting->ok =
        scrubber_hide(noting->scrubber, noting->session, is_client, kind, first->time_ns, last->time_ns)
        && noting->ok;
}

/* What nobody could decode is taken for secret. */
static bool is_secret(const struct sasl_step *step)
{
    return step && (step->is_secret || step->is_redacted || !step->is_decoded);
}

static void note_reply(struct noting *noting, const struct reply *reply, const struct sasl_step *challenge)
{
    if (reply && (reply->is_redacted || is_secret(challenge)))
        hide(noting, false, SCRUB_REPLY, &reply->first, reply->is_complete ? &reply->at : &noting->end);
}

static void note_item(struct noting *noting, const struct session *session, size_t index, bool hides_content)
{
    const struct item *item = &session->items[index];
    const struct command *command = &item->as.command;

    bool is_content = item->kind == ITEM_COMMAND && command->is_body_line && hides_content;
    if (is_content || (item->kind == ITEM_COMMAND && (command->is_secret || command->is_redacted)))
        hide(noting, true, SCRUB_SECRET, &item->first, &item->at);
    if (item->kind == ITEM_SASL && is_secret(sasl_response_at(session, index)))
        hide(noting, true, SCRUB_SECRET, &item->first, &item->at);
    if (item->kind == ITEM_CONTENT && hides_content)
        hide(noting, true, SCRUB_CONTENT, &item->first, &item->at);
    note_reply(noting, item->reply, sasl_challenge_at(session, index));
    for (uint32_t i = 0; i < item->more_count; i++)
        note_reply(noting, item->more_replies[i], NULL);
}

/* What never ended: a line of the client, and half a reply, which may be the begin of an echo. */
static void note_unended(struct noting *noting, const struct session *session)
{
    struct moment last = { .time_ns = session->start_ns };

    if (session->unended.length)
        hide(noting, true, SCRUB_SECRET, &session->unended.first, &noting->end);
    if (session->is_tls || !session_may_hold_credential(session))
        return;
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].reply && session->items[i].reply->at.time_ns > last.time_ns)
            last = session->items[i].reply->at;
    last.time_ns++;
    if (last.time_ns <= noting->end.time_ns)
        hide(noting, false, SCRUB_SECRET, &last, &noting->end);
}

void scrubbing_note(struct scrubber *scrubber, const struct analysis *analysis, bool hides_content)
{
    const struct session *session = analysis->session;
    struct noting noting = { .scrubber = scrubber, .end = { .time_ns = session->end_ns }, .ok = true };

    noting.session =
        scrubber_add(scrubber, &session->client, &session->server, session->start_ns, session->end_ns);
    if (noting.session == UINT32_MAX)
        return;
    for (size_t i = 0; i < session->item_count; i++)
        note_item(&noting, session, i, hides_content);
    note_unended(&noting, session);
    if (!noting.ok || session->is_truncated) /* better no packet than one with a secret */
        scrubber_forget(scrubber, noting.session);
}

/* One reading of all packets. */
struct reading {
    struct scrubber *scrubber;
    struct pcapng_writer *writer; /* NULL: the first reading */
    uint8_t *copy;
    uint64_t written;
};

static void take_packet(struct reading *reading, const struct packet *packet, const struct segment *segment)
{
    if (!reading->writer) {
        scrubber_learn(reading->scrubber, segment);
        return;
    }
    if (packet->data.len > LIMIT_SNAPLEN
        || !scrubber_take(reading->scrubber, segment, packet->data, reading->copy))
        return;
    pcapng_writer_put(reading->writer, packet->dlt, (struct bytes){ reading->copy, packet->data.len },
                      packet->wire_length, packet->time_ns);
    reading->written++;
}

static bool read_all(struct reading *reading, const struct options *options, struct err *err)
{
    struct source_options source_options = { .filter = options->filter };
    struct source *source = source_open(options->inputs, options->input_count, &source_options, err);
    struct ip_decoder *ip = ip_decoder_new(NULL, err);
    struct packet packet;
    struct segment segment;
    uint64_t count = 0;

    while (source && ip && (!options->packet_limit || count < options->packet_limit)
           && source_next(source, &packet)) {
        struct ip_frame frame = { .data = packet.data,
                                  .wire_length = packet.wire_length,
                                  .dlt = packet.dlt,
                                  .input = packet.input,
                                  .number = packet.number,
                                  .time_ns = packet.time_ns };
        count++;
        if (ip_decode(ip, &frame, &segment) == IP_SEGMENT)
            take_packet(reading, &packet, &segment);
    }
    bool ok = source && ip;
    ip_decoder_free(ip);
    source_free(source);
    return ok;
}

static struct pcapng_writer *open_writer(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;

    if (!file) {
        message("%s: %s", path, strerror(errno));
        return NULL;
    }
    return pcapng_writer_take(file, "smtpscope " SMTPSCOPE_VERSION ", scrubbed");
}

bool scrubbing_write(struct scrubber *scrubber, const struct options *options)
{
    struct reading reading = { .scrubber = scrubber, .copy = malloc(LIMIT_SNAPLEN) };
    struct err err = { 0 };
    bool ok = reading.copy && read_all(&reading, options, &err);

    if (ok)
        reading.writer = open_writer(options->scrubbed);
    ok = ok && reading.writer && read_all(&reading, options, &err);
    if (reading.writer && !pcapng_writer_close(reading.writer)) {
        message("%s: %s", options->scrubbed, strerror(errno));
        ok = false;
    }
    if (err.text[0])
        message("%s", err.text);
    if (ok)
        (void)printf("%llu packets written to %s\n", (unsigned long long)reading.written, options->scrubbed);
    free(reading.copy);
    return ok;
}
