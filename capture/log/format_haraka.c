/* Haraka with loglevel LOGPROTOCOL.
 *     2026-11-24T04:06:22.586Z [PROTOCOL] [81E5E393-C738-4EE1-9A6B-5F464A405CCD] [core] C: EHLO
 * client.example state=1 2026-11-24T04:06:22.629Z [PROTOCOL] [81E5E393-C738-4EE1-9A6B-5F464A405CCD.1] [core]
 * S: 250 sender OK Behind the point stands the number of the transaction.  Contents are not shown. */
#include "log/format_rows.h"
#include "log/marks.h"

enum { KEY_LEAST = 8, PREFIX_MOST = 512 };

/* "[LEVEL] [key] [plugin] text" */
static bool take_apart_here(struct bytes text, struct bytes *level, struct bytes *key, struct bytes *rest)
{
    struct bytes parts[3];

    for (unsigned i = 0; i < 3; i++) {
        size_t close = text.len > 0 && text.ptr[0] == '[' ? bytes_find(text, ']') : SIZE_MAX;
        if (close == SIZE_MAX)
            return false;
        parts[i] = bytes_slice(text, 1, close - 1);
        text = bytes_from(text, close + 1);
        (void)log_text_skip(&text, " ");
    }
    *level = parts[0];
    *key = bytes_slice(parts[1], 0, bytes_find(parts[1], '.'));
    *rest = text;
    return true;
}

static bool is_level(struct bytes text)
{
    static const char *const levels[] = { "PROTOCOL", "DATA",  "DEBUG", "INFO",  "NOTICE",
                                          "WARN",     "ERROR", "CRIT",  "ALERT", "EMERG" };

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (bytes_equal(text, bytes_of(levels[i])))
            return true;
    return false;
}

/* The same, behind whatever another logger puts in front: the first such place, for clients may say the
 * like. */
static bool take_apart(struct bytes text, struct bytes *level, struct bytes *key, struct bytes *rest)
{
    for (size_t at = 0; at < text.len && at < PREFIX_MOST; at++)
        if (text.ptr[at] == '[' && take_apart_here(bytes_from(text, at), level, key, rest) && is_level(*level)
            && (key->len >= KEY_LEAST || bytes_equal(*key, BYTES("-")))) {
            *rest = log_text_in_string(text, text.len - rest->len);
            return true;
        }
    return false;
}

/* With something in front it stands back behind the wrappings that are known. */
static enum log_claim claim(const struct log_line *line)
{
    struct bytes level, key, rest;

    if (!take_apart(line->text, &level, &key, &rest) || !bytes_equal(level, BYTES("PROTOCOL")))
        return LOG_CLAIM_NONE;
    return line->text.ptr[0] == '[' ? LOG_CLAIM_STRONG : LOG_CLAIM_WEAK;
}

static struct bytes value_of(struct bytes text, const char *key)
{
    size_t at = log_text_find(text, key);
    struct bytes rest = at == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, at + strlen(key));

    return bytes_slice(rest, 0, bytes_find(rest, ' '));
}

static void read_remark(struct talk *talk, struct bytes text)
{
    if (log_text_starts(text, "connect ip=")) {
        talk_open(talk);
        talk_client(talk, value_of(text, "ip="), marks_port(value_of(text, " port=")));
        talk_server(talk, value_of(text, "local_ip="), marks_port(value_of(text, "local_port=")));
    } else if (log_text_starts(text, "disconnect ip=")) {
        talk_close(talk, SIDE_NONE, false);
    }
}

/* " state=1" behind what the client said. */
static struct bytes without_state(struct bytes text)
{
    size_t end = text.len;

    while (end > 0 && ascii_is_digit(text.ptr[end - 1]))
        end--;
    struct bytes head = bytes_slice(text, 0, end);
    return end < text.len && log_text_ends(head, " state=") ? bytes_slice(text, 0, end - 7) : text;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes level, key, text;

    if (!take_apart(line->text, &level, &key, &text) || key.len < KEY_LEAST)
        return;
    struct talk *talk = log_talk(reader, line, key);
    if (!bytes_equal(level, BYTES("PROTOCOL")))
        read_remark(talk, text);
    else if (log_text_skip(&text, "S: "))
        talk_say(talk, SIDE_SERVER, text);
    else if (log_text_skip(&text, "C: "))
        talk_say(talk, SIDE_CLIENT, without_state(text));
}

const struct log_format log_format_haraka = {
    .name = "Haraka", .title = "Haraka", .is_server_side = true, .claim = claim, .read = read
};
