/* Which connections are SMTP.  Ports first, then what is said, then nDPI's opinion. */
#include "detect/detect.h"

#include "detect/detect_internal.h"

#include <stdlib.h>

enum { MOST_SEGMENTS = 10, MOST_OCTETS = 512, MOST_PIECES = 128, NDPI_SEGMENTS = 4, NDPI_AFTER = 2 };
enum { HEAD_OCTETS = 96 }; /* of a greeting, the name of the host and what the server says of itself */

struct head {
    uint8_t octets[HEAD_OCTETS];
    bool is_known[HEAD_OCTETS];
    size_t len; /* without a gap */
};

static const uint16_t known_ports[] = { 24, 25, 26, 465, 587, 1025, 2525, 10024, 10025, 10026 };

struct detector {
    struct budget *budget;
    struct detect_options options;
    struct opinion *opinion; /* opened when it is first asked */
    bool is_opinion_missing;
    uint8_t is_port[65536 / 8]; /* a bit a port */
};

struct detect_state {
    unsigned segments;
    size_t octets;
    struct head head[2]; /* of each direction */
    int prelude_from;    /* direction that sent a prelude; -1 none */
    int greeted_from;    /* direction that said 220; -1 none */
    void *opinion_flow;
};

size_t detect_known_ports(uint16_t *out, size_t most)
{
    size_t count = sizeof known_ports / sizeof known_ports[0];

    for (size_t i = 0; i < count && i < most; i++)
        out[i] = known_ports[i];
    return count;
}

static void add_port(struct detector *detector, uint16_t port)
{
    detector->is_port[port / 8] |= (uint8_t)(1u << port % 8);
}

struct detector *detector_new(const struct detect_options *options, struct budget *budget, struct err *err)
{
    struct detector *detector = calloc(1, sizeof *detector);

    if (!detector) {
        (void)err_set(err, ERR_NOMEM, 0, "no memory for protocol detection");
        return NULL;
    }
    detector->budget = budget;
    detector->options = *options;
    for (size_t i = 0; i < sizeof known_ports / sizeof known_ports[0]; i++)
        add_port(detector, known_ports[i]);
    for (size_t i = 0; i < options->port_count; i++)
        add_port(detector, options->ports[i]);
    return detector;
}

void detector_free(struct detector *detector)
{
    if (!detector)
        return;
    opinion_close(detector->opinion);
    free(detector);
}

bool detect_is_smtp_port(const struct detector *detector, uint16_t port)
{
    return detector->is_port[port / 8] >> port % 8 & 1;
}

void detect_state_free(struct detector *detector, struct detect_state *state)
{
    if (!state)
        return;
    if (state->opinion_flow) {
        opinion_flow_close(state->opinion_flow);
        budget_give(detector->budget, opinion_flow_bytes());
    }
    budget_give(detector->budget, sizeof *state);
    free(state);
}

/* The first octets of a stream, from segments in any order. */
static struct bytes head_of(struct head *head, const struct detect_input *input)
{
    if (input->offset >= HEAD_OCTETS)
        return (struct bytes){ NULL, 0 };
    bool is_before = input->offset < 0;
    size_t skipped = is_before ? (size_t)(0 - (uint64_t)input->offset) : 0;
    size_t at = is_before ? 0 : (size_t)input->offset;
    struct bytes new = bytes_slice(input->payload, skipped, HEAD_OCTETS - at);

    for (size_t i = 0; i < new.len; i++) {
        head->octets[at + i] = new.ptr[i];
        head->is_known[at + i] = true;
    }
    while (head->len < HEAD_OCTETS && head->is_known[head->len])
        head->len++;
    return (struct bytes){ head->octets, head->len };
}

static struct detect_state *state_new(struct detector *detector)
{
    if (!budget_take(detector->budget, sizeof(struct detect_state)))
        return NULL;
    struct detect_state *state = malloc(sizeof *state);
    if (!state) {
        budget_give(detector->budget, sizeof *state);
        return NULL;
    }
    *state = (struct detect_state){ .prelude_from = -1, .greeted_from = -1 };
    return state;
}

/* The client's direction: by SYN, else by what was said (`speaker` spoke as `said`), else by ports. */
static int client_of(const struct detector *detector, const struct detect_input *input, enum said said)
{
    if (input->initiator >= 0)
        return input->initiator;
    if (said == SAID_COMMAND)
        return input->from;
    if (said == SAID_REPLY || said == SAID_220)
        return !input->from;
    bool first = detect_is_smtp_port(detector, input->port[0]),
         second = detect_is_smtp_port(detector, input->port[1]);
    if (first != second)
        return first ? 1 : 0;
    return input->port[0] > input->port[1] ? 0 : 1;
}

bool detect_is_tls(struct bytes payload)
{
    return payload.len >= 2 && payload.ptr[0] >= 0x14 && payload.ptr[0] <= 0x17 && payload.ptr[1] == 3;
}

/* The random of a ClientHello: behind the header of its record, its own, and two octets of version. */
static struct bytes client_random(struct bytes payload)
{
    enum { AT = 11, LEN = 32, TYPE_HANDSHAKE = 0x16, CLIENT_HELLO = 1 };

    if (payload.len < AT + LEN || payload.ptr[0] != TYPE_HANDSHAKE || payload.ptr[5] != CLIENT_HELLO)
        return (struct bytes){ NULL, 0 };
    return bytes_slice(payload, AT, LEN);
}

/* Where TLS comes first, and it can perhaps be read: on a port of SMTP's always, for its key may come later.
 */
static bool is_readable(const struct detector *detector, const struct detect_input *input, bool is_port)
{
    const struct detect_options *options = &detector->options;

    if (!options->has_keys || !detect_is_tls(input->payload))
        return false;
    struct bytes random = is_port ? (struct bytes){ NULL, 0 } : client_random(input->payload);
    return (is_port || random.len > 0) && options->has_keys(options->ctx, random);
}

/* On a port of SMTP's, everything is taken for SMTP but what begins as another protocol. */
static enum detect_verdict judge_known(const struct detector *detector, const struct detect_input *input,
                                       enum said said, int *client)
{
    *client = client_of(detector, input, said);
    /* Another protocol from the client is SMTP's business if the server answers as one: the dialogue will
     * see.  From the server it is none; and where the client begins with TLS, the server's first bytes
     * decide. */
    bool is_tls = detect_is_tls(input->payload);
    if (is_tls && input->from == input->initiator)
        return DETECT_UNDECIDED;
    if (said == SAID_OTHER && (is_tls || input->from != *client))
        return DETECT_OTHER;
    return DETECT_SMTP;
}

static enum detect_verdict ask_ndpi(struct detector *detector, struct detect_state *state,
                                    const struct detect_input *input)
{
    if (state->segments <= NDPI_AFTER || state->segments > NDPI_AFTER + NDPI_SEGMENTS
        || detector->is_opinion_missing)
        return DETECT_UNDECIDED;
    if (!detector->opinion && !(detector->opinion = opinion_open())) {
        detector->is_opinion_missing = true;
        return DETECT_UNDECIDED;
    }
    if (!state->opinion_flow) {
        if (!budget_take(detector->budget, opinion_flow_bytes()))
            return DETECT_UNDECIDED;
        state->opinion_flow = opinion_flow_open();
        if (!state->opinion_flow) {
            budget_give(detector->budget, opinion_flow_bytes());
            return DETECT_UNDECIDED;
        }
    }
    return opinion_ask(detector->opinion, state->opinion_flow, input);
}

/* Small segments tell less each; all of them are kept until it is decided. */
static bool is_spent(const struct detect_state *state)
{
    return state->segments > MOST_PIECES || (state->segments > MOST_SEGMENTS && state->octets > MOST_OCTETS);
}

/* FTP greets as SMTP does: the client's first line decides. */
static bool begins_as_ftp(struct bytes line)
{
    static const char *const words[] = { "USER", "FEAT", "SYST", "AUTH TLS" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (bytes_starts_nocase(line, bytes_of(words[i])))
            return true;
    return false;
}

/* On any other port: only what is said tells. */
static enum detect_verdict judge_said(struct detector *detector, struct detect_state *state,
                                      const struct detect_input *input, enum said said)
{
    switch (said) {
    case SAID_COMMAND:
    case SAID_REPLY:
        return DETECT_SMTP;
    case SAID_220:
        state->greeted_from = input->from;
        return DETECT_UNDECIDED;
    case SAID_PRELUDE:
        state->prelude_from = input->from;
        return DETECT_UNDECIDED;
    case SAID_OTHER:
        return state->prelude_from >= 0 && !is_spent(state) ? DETECT_UNDECIDED : DETECT_OTHER;
    case SAID_NOTHING:
        break;
    }
    if (state->greeted_from >= 0 && input->from != state->greeted_from)
        return begins_as_ftp(input->payload) ? DETECT_OTHER : ask_ndpi(detector, state, input);
    return is_spent(state) ? DETECT_OTHER : ask_ndpi(detector, state, input);
}

/* Where the segment by itself says nothing, as one that others have overtaken, what the stream begins with
 * may. */
static enum said said_at_begin(struct detect_state *state, const struct detect_input *input, enum said said)
{
    struct bytes head = head_of(&state->head[input->from], input);
    bool says_little = said == SAID_NOTHING || said == SAID_220;
    enum said whole = says_little && head.len > 0 ? said_by(head) : SAID_NOTHING;

    state->segments++;
    state->octets += input->payload.len;
    return whole == SAID_COMMAND || whole == SAID_REPLY || whole == SAID_220 ? whole : said;
}

enum detect_verdict detect_feed(struct detector *detector, struct detect_state **state,
                                const struct detect_input *input, int *client)
{
    enum said said = said_by(input->payload);
    bool is_port =
        detect_is_smtp_port(detector, input->port[0]) || detect_is_smtp_port(detector, input->port[1]);

    if (said == SAID_OTHER && !*state && is_readable(detector, input, is_port)) {
        *client = client_of(detector, input, said);
        return DETECT_SEALED;
    }
    if (is_port) {
        /* A client's ephemeral port may be one of SMTP's by chance: then the other end is the server. */
        bool is_server =
            input->initiator < 0 || detect_is_smtp_port(detector, input->port[!input->initiator]);
        if (is_server)
            return judge_known(detector, input, said, client);
    }
    if (!*state && said == SAID_OTHER)
        return DETECT_OTHER; /* the usual case, and the cheapest */
    if (!*state && !(*state = state_new(detector)))
        return DETECT_OTHER;
    said = said_at_begin(*state, input, said);
    enum detect_verdict verdict = judge_said(detector, *state, input, said);
    if (verdict == DETECT_UNDECIDED)
        return verdict;
    *client = client_of(detector, input, said);
    if (verdict == DETECT_SMTP && (*state)->prelude_from >= 0 && input->initiator < 0)
        *client = said == SAID_COMMAND ? input->from : !input->from;
    detect_state_free(detector, *state);
    *state = NULL;
    return verdict;
}
