/* The records of systemd's journal, and JSON over several lines.
 *     Tue 2026-11-24 04:06:21.123456 UTC [s=4a;i=1;b=9c;m=2;t=3;x=4]       -o verbose
 *         SYSLOG_IDENTIFIER=postfix/smtpd
 *         MESSAGE=< unknown[192.0.2.1]: EHLO client.example
 *     __CURSOR=s=4a;i=1;b=9c;m=2;t=3;x=4                                   -o export, ends in an empty line
 *     MESSAGE=< unknown[192.0.2.1]: EHLO client.example
 *     {                                                                    -o json-pretty
 *             "MESSAGE" : "< unknown[192.0.2.1]: EHLO client.example",
 *     }
 * A value that is no text follows in -o export behind its name, a line end and its length in eight octets; in
 * -o verbose it is not shown.  Described in "Journal Export Formats" of systemd. */
#include "log/log_record.h"

#include "base/escape.h"
#include "base/limits.h"
#include "log/log_line.h"
#include "log/log_text.h"

enum { BLOB_LENGTH = 8 };

/* What log_wrap_json looks for; the journal has some thirty others. */
static const char *const keys[] = {
    "MESSAGE", "_HOSTNAME",  "SYSLOG_IDENTIFIER",          "_COMM",
    "_PID",    "SYSLOG_PID", "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"
};

void log_record_init(struct log_record *record)
{
    *record = (struct log_record){ .kind = LOG_RECORD_OF_NONE };
    buf_init(&record->text, LIMIT_LOG_LINE);
    buf_init(&record->done, LIMIT_LOG_LINE);
}

void log_record_release(struct log_record *record)
{
    buf_release(&record->text);
    buf_release(&record->done);
}

void log_record_clear(struct log_record *record)
{
    record->kind = LOG_RECORD_OF_NONE;
    record->depth = 0;
    record->is_blob = false;
    buf_clear(&record->text);
    buf_clear(&record->done);
}

/* Octets that are no UTF-8 stand for themselves, as in Latin-1. */
static void put_string(struct buf *out, struct bytes text)
{
    bool is_utf8 = escape_is_utf8(text);

    (void)buf_append_u8(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || (text.ptr[i] > '~' && !is_utf8))
            (void)buf_printf(out, "\\u%04x", text.ptr[i]);
        else if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            (void)buf_printf(out, "\\%c", text.ptr[i]);
        else
            (void)buf_append_u8(out, text.ptr[i]);
    }
    (void)buf_append_u8(out, '"');
}

static void put_field(struct log_record *record, struct bytes key, struct bytes value)
{
    if (record->text.len > 1)
        (void)buf_append_u8(&record->text, ',');
    put_string(&record->text, key);
    (void)buf_append_u8(&record->text, ':');
    put_string(&record->text, value);
}

static bool is_wanted(struct bytes key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (bytes_equal(key, bytes_of(keys[i])))
            return true;
    return false;
}

static void add_field(struct log_record *record, struct bytes line)
{
    size_t equals = bytes_find(line, '=');
    struct bytes key = bytes_slice(line, 0, equals);

    if (record->is_blob) {
        put_field(record, BYTES("MESSAGE"), bytes_from(line, BLOB_LENGTH));
        record->is_blob = false;
    } else if (equals != SIZE_MAX && is_wanted(key)) {
        put_field(record, key, bytes_from(line, equals + 1));
    } else {
        record->is_blob = record->kind == LOG_RECORD_OF_EXPORT && bytes_equal(line, BYTES("MESSAGE"));
    }
}

/* What was put together is a record, if there is anything in it. */
static bool finish(struct log_record *record)
{
    bool is_object = record->kind == LOG_RECORD_OF_JSON || buf_append_u8(&record->text, '}');
    bool has_room = record->text.len < record->text.max;

    buf_clear(&record->done);
    bool ok = is_object && has_room && buf_append(&record->done, buf_bytes(&record->text));
    buf_clear(&record->text);
    record->kind = LOG_RECORD_OF_NONE;
    record->depth = 0;
    record->is_blob = false;
    return ok;
}

static void begin(struct log_record *record, enum log_record_kind kind)
{
    record->kind = kind;
    buf_clear(&record->text);
    (void)buf_append_u8(&record->text, '{');
}

/* "Tue 2026-11-24 04:06:21.123456 UTC [s=4a;...]" */
static bool is_verbose_title(struct bytes line)
{
    struct log_stamp stamp;
    size_t len = log_stamp_parse(line, &stamp);

    return len > 0 && log_text_starts(bytes_from(line, len), "[s=") && log_text_ends(line, "]");
}

static bool begin_any(struct log_record *record, struct bytes line)
{
    if (bytes_equal(bytes_trim(line), BYTES("{"))) {
        begin(record, LOG_RECORD_OF_JSON);
        record->depth = 1;
    } else if (is_verbose_title(line)) {
        begin(record, LOG_RECORD_OF_VERBOSE);
        put_field(record, BYTES("time"), bytes_slice(line, 0, log_text_find(line, " [s=")));
    } else if (log_text_starts(line, "__CURSOR=")) {
        begin(record, LOG_RECORD_OF_EXPORT);
    }
    return record->kind != LOG_RECORD_OF_NONE;
}

/* How many braces and brackets are open behind the line. */
static size_t depth_behind(size_t depth, struct bytes line)
{
    bool is_string = false;

    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.ptr[i];
        if (is_string && c == '\\')
            i++;
        else if (c == '"')
            is_string = !is_string;
        else if (!is_string && (c == '{' || c == '['))
            depth++;
        else if (!is_string && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return depth;
}

static enum log_record_state add_to_object(struct log_record *record, struct bytes line)
{
    struct bytes text = bytes_trim(line);

    if (record->text.len == 1 && text.len > 0 && text.ptr[0] != '"') { /* a brace, and no object */
        log_record_clear(record);
        return LOG_RECORD_NONE;
    }
    record->depth = depth_behind(record->depth, text);
    if (record->depth == 0 && log_text_ends(text, ","))
        text.len--; /* in a list */
    bool has_room = buf_append(&record->text, text) && buf_append_u8(&record->text, ' ');
    if (!has_room)
        log_record_clear(record);
    if (record->depth > 0)
        return LOG_RECORD_MORE;
    return has_room && finish(record) ? LOG_RECORD_DONE : LOG_RECORD_MORE;
}

static enum log_record_state add_to_fields(struct log_record *record, struct bytes line)
{
    bool is_verbose = record->kind == LOG_RECORD_OF_VERBOSE;

    if (is_verbose && log_text_starts(line, "    ")) {
        add_field(record, bytes_trim(line));
        return LOG_RECORD_MORE;
    }
    if (!is_verbose && line.len > 0) {
        add_field(record, line);
        return LOG_RECORD_MORE;
    }
    bool ok = finish(record);
    (void)begin_any(record, line);
    return ok ? LOG_RECORD_DONE : LOG_RECORD_MORE;
}

enum log_record_state log_record_add(struct log_record *record, struct bytes line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    switch (record->kind) {
    case LOG_RECORD_OF_NONE:
        return begin_any(record, line) ? LOG_RECORD_MORE : LOG_RECORD_NONE;
    case LOG_RECORD_OF_JSON:
        return add_to_object(record, line);
    case LOG_RECORD_OF_VERBOSE:
    case LOG_RECORD_OF_EXPORT:
        break;
    }
    return add_to_fields(record, line);
}

bool log_record_end(struct log_record *record)
{
    bool has_fields = record->kind == LOG_RECORD_OF_VERBOSE || record->kind == LOG_RECORD_OF_EXPORT;

    return has_fields && finish(record);
}
