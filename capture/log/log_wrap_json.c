/* An object of JSON to a line: the journal (journalctl -o json), containers, loggers of Node.js and others.
 *     {"__REALTIME_TIMESTAMP":"1795493181123456","SYSLOG_IDENTIFIER":"postfix/smtpd","MESSAGE":"< ..."}
 *     {"log":"220 mx.example ESMTP\n","stream":"stderr","time":"2026-11-24T04:06:21.586Z"}
 *     {"level":20,"tnx":"client","sid":"x1","msg":"EHLO client.example","time":1795493181123}
 * The last is of Nodemailer, whose own logger writes the words of "tnx" as C: and S:. */
#include "log/log_wrap.h"

#include <jansson.h>

#include "base/timestamp.h"
#include "log/log_text.h"

static const json_t *find(const json_t *object, const char *const *keys)
{
    for (size_t i = 0; keys[i]; i++) {
        const json_t *value = json_object_get(object, keys[i]);
        if (value && !json_is_null(value))
            return value;
    }
    return NULL;
}

static struct bytes text_of(const json_t *value)
{
    return json_is_string(value)
               ? (struct bytes){ (const uint8_t *)json_string_value(value), json_string_length(value) }
               : (struct bytes){ NULL, 0 };
}

/* Seconds, milliseconds, microseconds or nanoseconds since the epoch: which, the size tells. */
static bool read_count(uint64_t count, struct log_stamp *out)
{
    static const uint64_t units[] = { NS_PER_SECOND, 1000000, 1000, 1 };
    uint64_t most = UINT64_C(100000000000);

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++, most *= 1000)
        if (count < most || i + 1 == sizeof units / sizeof units[0]) {
            *out = (struct log_stamp){
                .time_ns = count * units[i], .clock = LOG_CLOCK_FULL, .is_precise = i > 0, .has_zone = true
            };
            return count >= 100000000;
        }
    return false;
}

static void read_time(const json_t *object, struct log_stamp *out)
{
    static const char *const keys[] = { "_SOURCE_REALTIME_TIMESTAMP",
                                        "__REALTIME_TIMESTAMP",
                                        "time",
                                        "timestamp",
                                        "@timestamp",
                                        "ts",
                                        "t",
                                        NULL };
    const json_t *value = find(object, keys);
    struct bytes text = text_of(value);
    struct log_stamp stamp = { 0 };
    uint64_t count = 0;

    if (json_is_integer(value) && json_integer_value(value) > 0)
        count = (uint64_t)json_integer_value(value);
    else if (json_is_real(value) && json_real_value(value) > 0 && json_real_value(value) < 1e10)
        count = (uint64_t)(json_real_value(value) * 1e6);
    if ((count > 0 || bytes_to_u64(text, &count)) ? read_count(count, &stamp)
                                                  : log_stamp_parse(text, &stamp) > 0)
        *out = stamp;
}

/* "host program[process]:", as syslog has it. */
static void read_process(const json_t *object, struct buf *scratch, struct log_line *around)
{
    static const char *const hosts[] = { "_HOSTNAME", "hostname", "host", NULL };
    static const char *const names[] = { "SYSLOG_IDENTIFIER", "_COMM", "program", "ident", "name", NULL };
    static const char *const processes[] = { "_PID", "SYSLOG_PID", "pid", NULL };
    const json_t *process = find(object, processes);
    size_t begin = scratch->len, name;

    (void)buf_append(scratch, text_of(find(object, hosts)));
    (void)buf_append_u8(scratch, ' ');
    name = scratch->len;
    (void)buf_append(scratch, text_of(find(object, names)));
    size_t name_end = scratch->len;
    if (json_is_integer(process))
        (void)buf_printf(scratch, "[%lld]", (long long)json_integer_value(process));
    else
        (void)buf_append(scratch, text_of(process));
    around->name = bytes_slice(buf_bytes(scratch), name, name_end - name);
    around->source = bytes_from(buf_bytes(scratch), begin);
}

/* What the journal has not as text, since it is none: an array of octets. */
static void append_octets(const json_t *array, struct buf *out)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_int_t octet = json_integer_value(json_array_get(array, i));
        if (octet >= 0 && octet <= UINT8_MAX)
            (void)buf_append_u8(out, (uint8_t)octet);
    }
}

static const char *mark_of(const json_t *object)
{
    struct bytes who = text_of(json_object_get(object, "tnx"));

    if (bytes_equal(who, BYTES("client")))
        return "C: ";
    return bytes_equal(who, BYTES("server")) ? "S: " : "";
}

/* As Nodemailer's own logger writes it, if it is its: each line of several with what stands in front. */
static void append_message(const json_t *object, struct bytes message, struct buf *out)
{
    static const char *const keys[] = { "sid", "cid", NULL };
    struct bytes session = text_of(find(object, keys));

    while (message.len > 0) {
        size_t lf = bytes_find(message, '\n');
        if (session.len > 0 && json_object_get(object, "tnx")) {
            (void)buf_append_text(out, "DEBUG [");
            (void)buf_append(out, session);
            (void)buf_append_text(out, "] ");
            (void)buf_append_text(out, mark_of(object));
        }
        (void)buf_append(out, bytes_slice(message, 0, lf));
        message = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(message, lf + 1);
        if (message.len > 0)
            (void)buf_append_u8(out, '\n');
    }
}

static bool take_message(const json_t *object, struct buf *scratch)
{
    static const char *const keys[] = { "MESSAGE", "log", "msg", "message", "textPayload", "line", NULL };
    const json_t *message = find(object, keys);

    if (json_is_array(message))
        append_octets(message, scratch);
    else if (json_is_string(message))
        append_message(object, text_of(message), scratch);
    else
        return false;
    return true;
}

static bool strip(struct bytes *text, struct buf *scratch, struct log_line *around)
{
    struct bytes trimmed = bytes_trim(*text);

    (void)log_text_skip(&trimmed, "["); /* of a list */
    trimmed.len -= log_text_ends(trimmed, ",") || (trimmed.len > 1 && log_text_ends(trimmed, "}]"));
    if (trimmed.len < 2 || trimmed.ptr[0] != '{')
        return false;
    json_t *object = json_loadb((const char *)trimmed.ptr, trimmed.len, JSON_ALLOW_NUL, NULL);
    buf_clear(scratch);
    bool is_event = json_object_get(object, "type") && json_object_get(object, "session");
    bool has_message = object && !is_event && take_message(object, scratch); /* else it is of a recording */
    if (has_message) {
        size_t len = scratch->len;
        read_time(object, &around->stamp);
        read_process(object, scratch, around);
        *text = bytes_slice(buf_bytes(scratch), 0, len);
    }
    json_decref(object);
    return has_message;
}

const struct log_wrap log_wrap_json = { .name = "json", .is_total = true, .strip = strip };
