/* A recording's lines, one by one: which session each belongs to, and when a session is handed over. */
#include "transcript/event_read.h"

#include "base/limits.h"
#include "transcript/open_sessions.h"

#include <stdlib.h>

/* Serials of recorded sessions come behind those of any capture of the same run, and each recording's behind
 * the one before. */
#define SERIALS_FROM (UINT64_C(1) << 48)
#define SERIALS_MOST (UINT64_C(1) << 40)

enum {
    SESSION_BYTES = 8192, /* what a session takes to begin with */
    PLAIN_BYTES = 65536,  /* a line up to here cannot hold too many values */
};

struct event_reader {
    struct session_sink sink;
    struct attempts *attempts;
    struct budget *budget;
    struct open_sessions open;
    uint64_t serial_base;  /* of this recording */
    uint64_t last_serial;  /* the highest so far */
    uint64_t told_reached; /* what the sink was told */
    uint64_t line;
    uint64_t ignored;
    uint64_t sessions; /* handed over */
    uint32_t recordings;
    uint64_t run; /* of which this recording is a part; 0 none */
    uint64_t part;
    bool is_foreign;           /* the schema of this recording is newer than ours */
    struct unsealer *unsealer; /* NULL: what is sealed stays so */
    uint64_t still_sealed;     /* recordings */
    struct run_totals totals;
    struct run_totals earlier; /* of the recordings before this one */
};

struct event_reader *event_reader_new(const struct session_sink *sink, struct attempts *attempts,
                                      struct budget *budget, struct err *err)
{
    struct event_reader *reader = calloc(1, sizeof *reader);

    if (!reader || !open_sessions_init(&reader->open, budget)) {
        free(reader);
        (void)err_set(err, ERR_NOMEM, 0, "no memory to read a recording");
        return NULL;
    }
    reader->sink = *sink;
    reader->attempts = attempts;
    reader->budget = budget;
    reader->serial_base = reader->last_serial = SERIALS_FROM;
    return reader;
}

void event_reader_unseal(struct event_reader *reader, struct unsealer *unsealer)
{
    reader->unsealer = unsealer;
}

uint64_t event_reader_still_sealed(const struct event_reader *reader)
{
    return reader->still_sealed;
}

/* The session goes to the sink.  What was promised to be past stays past. */
static void hand_over(struct event_reader *reader, struct open_session *open)
{
    struct session *session = open->session;

    event_seal(open);
    if (session->serial <= reader->told_reached)
        session->serial = reader->told_reached + 1;
    open_sessions_forget(&reader->open, open);
    reader->sessions++;
    if (reader->sink.ended)
        reader->sink.ended(reader->sink.ctx, session);
    else
        session_free(session);
}

/* The recording says no more of it, though it has not ended. */
static void hand_over_unfinished(struct event_reader *reader, struct open_session *open)
{
    open->session->is_open = true;
    open->session->closed = CLOSE_END_OF_CAPTURE;
    hand_over(reader, open);
}

static void tell_reached(struct event_reader *reader, uint64_t serial)
{
    if (serial <= reader->told_reached)
        return;
    reader->told_reached = serial;
    if (reader->sink.reached)
        reader->sink.reached(reader->sink.ctx, serial);
}

/* Its totals join those of the recordings before it. */
static void add_totals(struct event_reader *reader)
{
    reader->earlier.packets += reader->totals.packets;
    reader->earlier.tcp_connections += reader->totals.tcp_connections;
    reader->earlier.missing_bytes += reader->totals.missing_bytes;
    reader->earlier.sealed += reader->totals.sealed;
    reader->earlier.dropped += reader->totals.dropped;
    reader->earlier.knows_dropped = reader->earlier.knows_dropped || reader->totals.knows_dropped;
    reader->totals = (struct run_totals){ 0 };
}

static void finish_recording(struct event_reader *reader)
{
    while (reader->open.oldest)
        hand_over_unfinished(reader, reader->open.oldest);
    reader->serial_base = reader->last_serial;
    add_totals(reader);
}

void event_reader_finish(struct event_reader *reader)
{
    finish_recording(reader);
    reader->totals = reader->earlier;
    reader->earlier = (struct run_totals){ 0 };
    tell_reached(reader, reader->last_serial);
}

void event_reader_free(struct event_reader *reader)
{
    if (!reader)
        return;
    open_sessions_release(&reader->open);
    free(reader);
}

const struct run_totals *event_reader_totals(const struct event_reader *reader)
{
    return &reader->totals;
}

uint64_t event_reader_ignored(const struct event_reader *reader)
{
    return reader->ignored;
}

uint64_t event_reader_sessions(const struct event_reader *reader)
{
    return reader->sessions;
}

/* Where memory is short, the session that was silent for longest is handed over as far as it came. */
static void make_room(struct event_reader *reader)
{
    while (reader->open.oldest && !budget_take(reader->budget, SESSION_BYTES)) {
        reader->open.oldest->lost_something = true;
        hand_over_unfinished(reader, reader->open.oldest);
        if (!reader->open.oldest)
            return;
    }
    if (reader->open.oldest)
        budget_give(reader->budget, SESSION_BYTES);
}

static void take_serial(struct event_reader *reader, struct session *session, const json_t *event)
{
    uint64_t serial = event_get_u64(event, "serial", SERIALS_MOST);

    session->serial = serial ? reader->serial_base + serial : reader->last_serial + 1;
    if (session->serial > reader->last_serial)
        reader->last_serial = session->serial;
}

static void read_open(struct event_reader *reader, uint64_t id, const json_t *event)
{
    struct open_session *open = open_sessions_find(&reader->open, id);

    if (open) { /* said twice, or another session under the same name */
        reader->ignored++;
        return;
    }
    make_room(reader);
    open = open_sessions_add(&reader->open, id);
    if (!open || !event_read_open(open, event)) {
        reader->ignored++;
        if (open) {
            session_free(open->session);
            open_sessions_forget(&reader->open, open);
        }
        return;
    }
    memcpy(open->session->id, event_get_text(event, "session").ptr, sizeof open->session->id - 1);
    open->session->origin = reader->recordings;
    take_serial(reader, open->session, event);
    if (reader->sink.changed)
        reader->sink.changed(reader->sink.ctx, open->session, CHANGE_OPENED, 0);
}

static void read_close(struct event_reader *reader, struct open_session *open, const json_t *event)
{
    event_read_close(open, event);
    hand_over(reader, open);
}

struct event_type {
    const char *name;
    bool (*read)(struct open_session *open, const json_t *event, struct event_effect *effect);
};

static const struct event_type item_types[] = {
    { "command", event_read_command }, { "reply", event_read_reply },       { "sasl", event_read_sasl },
    { "content", event_read_content }, { "greeting", event_read_greeting }, { "gap", event_read_gap },
    { "tls", event_read_tls },         { "junk", event_read_junk },         { "prelude", event_read_prelude },
};

static const struct event_type *type_of(struct bytes name)
{
    for (size_t i = 0; i < sizeof item_types / sizeof item_types[0]; i++)
        if (bytes_equal(name, bytes_of(item_types[i].name)))
            return &item_types[i];
    return NULL;
}

/* An event of a session that is open.  Types that a later version added are left out. */
static void read_item(struct event_reader *reader, struct open_session *open, struct bytes name,
                      const json_t *event)
{
    const struct event_type *type = type_of(name);
    struct event_effect effect = { 0 };
    uint64_t time_ns = event_get_time(event, "time");

    if (!type)
        return;
    open_sessions_touch(&reader->open, open);
    if (time_ns > open->session->end_ns)
        open->session->end_ns = time_ns;
    if (!type->read(open, event, &effect)) {
        open->lost_something = true;
        reader->ignored++;
    }
    if (effect.is_any && reader->sink.changed)
        reader->sink.changed(reader->sink.ctx, open->session, effect.change, effect.index);
}

/* 16 hexadecimal digits, as session_make_id writes them. */
static bool parse_id(struct bytes text, uint64_t *out)
{
    uint64_t id = 0;

    if (text.len != 16)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'f'))
            return false;
        id = id << 4 | (uint64_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    *out = id;
    return true;
}

/* A recorder that began a new file: its sessions go on. */
static bool is_next_part(struct event_reader *reader, const json_t *event)
{
    uint64_t run = 0, part = event_get_u64(event, "part", INT64_MAX);
    bool has_run = parse_id(event_get_text(event, "run"), &run);
    bool is_next = has_run && run == reader->run && part == reader->part + 1;

    reader->run = run;
    reader->part = part;
    return is_next && !reader->is_foreign;
}

static bool read_head(struct event_reader *reader, const json_t *event, struct err *err)
{
    uint64_t schema = event_get_u64(event, "schema", INT64_MAX);

    if (reader->unsealer && !unsealer_take_key(reader->unsealer, event_get_text(event, "sealed_key")))
        reader->still_sealed++;
    if (is_next_part(reader, event)) {
        add_totals(reader);
    } else {
        finish_recording(reader);
        reader->recordings++;
    }
    reader->is_foreign = schema > RECORDING_SCHEMA;
    if (reader->is_foreign)
        return err_set(err, ERR_LIMIT, reader->line,
                       "line %llu: a recording of schema %llu, and this version reads schema %d; "
                       "a newer smtpscope is needed",
                       (unsigned long long)reader->line, (unsigned long long)schema, RECORDING_SCHEMA);
    return true;
}

static void read_attempts(struct event_reader *reader, const json_t *event)
{
    static const char *const names[ATTEMPT_KIND_COUNT] = {
        [ATTEMPT_REFUSED] = "refused",
        [ATTEMPT_UNANSWERED] = "unanswered",
        [ATTEMPT_NO_GREETING] = "no_greeting",
    };
    struct address clients[LIMIT_ATTEMPT_CLIENTS];
    struct attempts_row row = {
        .longest_ns[ATTEMPT_UNANSWERED] = event_get_u64(event, "unanswered_longest_ns", INT64_MAX),
        .longest_ns[ATTEMPT_NO_GREETING] = event_get_u64(event, "no_greeting_longest_ns", INT64_MAX),
        .retried = event_get_u64(event, "retried", UINT32_MAX),
        .left_early = event_get_u64(event, "left_early", UINT32_MAX),
        .closed_by_server = event_get_u64(event, "closed_by_server", UINT32_MAX),
        .clients = clients,
        .has_more_clients = event_get_flag(event, "more_clients"),
        .first_ns = event_get_time(event, "first"),
        .last_ns = event_get_time(event, "last"),
    };
    const json_t *addresses = json_object_get(event, "clients");

    if (!event_get_endpoint(event, "server", &row.server)) {
        reader->ignored++;
        return;
    }
    for (unsigned kind = ATTEMPT_NONE + 1; kind < ATTEMPT_KIND_COUNT; kind++)
        row.count[kind] = event_get_u64(event, names[kind], UINT32_MAX);
    for (size_t i = 0; i < json_array_size(addresses) && row.client_count < LIMIT_ATTEMPT_CLIENTS; i++)
        row.client_count += event_get_address(json_array_get(addresses, i), &clients[row.client_count]);
    attempts_add(reader->attempts, &row);
}

/* Totals are of the whole run so far: the newest ones count. */
static void read_stats(struct event_reader *reader, const json_t *event)
{
    uint64_t reached = event_get_u64(event, "reached", SERIALS_MOST);

    reader->totals = (struct run_totals){
        .packets = event_get_u64(event, "packets", UINT32_MAX * UINT64_C(65536)),
        .tcp_connections = event_get_u64(event, "tcp_connections", UINT32_MAX * UINT64_C(65536)),
        .missing_bytes = event_get_u64(event, "missing_bytes", INT64_MAX / 65536),
        .dropped = event_get_u64(event, "dropped", INT64_MAX / 65536),
        .knows_dropped = json_object_get(event, "dropped") != NULL,
        .sealed = event_get_u64(event, "sealed_connections", UINT32_MAX * UINT64_C(65536)),
    };
    if (!reached)
        return;
    tell_reached(reader, reader->serial_base + reached);
    if (reader->told_reached > reader->last_serial)
        reader->last_serial = reader->told_reached;
}

static bool read_event(struct event_reader *reader, const json_t *event, struct err *err)
{
    struct bytes type = event_get_text(event, "type");
    uint64_t id;

    if (type.len == 0)
        return err_set(err, ERR_INPUT, reader->line, "line %llu: no event: it has no type; it is left out",
                       (unsigned long long)reader->line);
    if (bytes_equal(type, BYTES("recording")))
        return read_head(reader, event, err);
    if (reader->is_foreign)
        return err_set(err, ERR_LIMIT, reader->line, "line %llu: of a recording that is too new",
                       (unsigned long long)reader->line);
    if (bytes_equal(type, BYTES("attempts"))) {
        read_attempts(reader, event);
    } else if (bytes_equal(type, BYTES("stats"))) {
        read_stats(reader, event);
    } else if (parse_id(event_get_text(event, "session"), &id)) {
        struct open_session *open = open_sessions_find(&reader->open, id);
        if (bytes_equal(type, BYTES("open")))
            read_open(reader, id, event);
        else if (!open)
            reader->ignored++;
        else if (bytes_equal(type, BYTES("sealed")))
            reader->ignored += reader->unsealer && !event_read_sealed(open, event, reader->unsealer);
        else if (bytes_equal(type, BYTES("close")))
            read_close(reader, open, event);
        else
            read_item(reader, open, type, event);
    } else {
        reader->ignored++;
    }
    return true;
}

/* A tree takes some 50 bytes for a value that is written with two: what would grow too large is not begun. */
static bool has_too_many_values(struct bytes line)
{
    size_t values = 0;
    bool is_string = false;

    if (line.len <= PLAIN_BYTES)
        return false;
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];
        if (is_string && c == '\\')
            i++;
        else if (c == '"')
            is_string = !is_string;
        else if (!is_string && (c == ',' || c == ':' || c == '[' || c == '{'))
            values++;
    }
    return values > LIMIT_EVENT_VALUES;
}

bool event_reader_feed(struct event_reader *reader, struct bytes line, struct err *err)
{
    json_error_t problem;

    reader->line++;
    if (line.len > LIMIT_EVENT_LINE || has_too_many_values(line))
        return err_set(err, ERR_INPUT, reader->line, "line %llu: larger than any event; it is left out",
                       (unsigned long long)reader->line);
    json_t *event = json_loadb((const char *)line.ptr, line.len, JSON_ALLOW_NUL, &problem);
    if (!event && json_error_code(&problem) == json_error_out_of_memory)
        return err_set(err, ERR_NOMEM, reader->line, "line %llu: no memory for it",
                       (unsigned long long)reader->line);
    if (!event) /* Jansson's own words quote the line, and with it what may be secret */
        return err_set(err, ERR_INPUT, reader->line,
                       "line %llu: not JSON from column %d on; it is left out, the others are read",
                       (unsigned long long)reader->line, problem.column);
    bool ok = read_event(reader, event, err);
    json_decref(event);
    return ok;
}
