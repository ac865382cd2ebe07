/* Courier's esmtpd in syslog: events, of which the refusals hold a command and its reply.
 *     courieresmtpd: started,ip=[::ffff:198.51.100.1],port=[41417]
 *     courieresmtpd: error,relay=::ffff:198.51.100.1,port=41417,msg="502 ESMTP command error",cmd: RCPT
 * TO:<bob@mx.example> All else that was said is left out. */
#include "log/format_rows.h"
#include "log/marks.h"

static bool is_of_courier(const struct log_line *line)
{
    return log_text_starts(line->name, "courieresmtp") || log_text_starts(line->name, "esmtpd");
}

static enum log_claim claim(const struct log_line *line)
{
    return is_of_courier(line)
                   && (log_text_starts(line->text, "started,ip=")
                       || log_text_starts(line->text, "error,relay="))
               ? LOG_CLAIM_STRONG
               : LOG_CLAIM_NONE;
}

/* Courier writes IPv4 addresses as mapped ones. */
static struct bytes without_mapping(struct bytes address)
{
    (void)log_text_skip(&address, "::ffff:");
    return address;
}

static void read_error(struct log_reader *reader, const struct log_line *line)
{
    struct bytes address = log_text_between(line->text, "relay=", ",");
    struct bytes port = log_text_between(line->text, "port=", ",");
    struct bytes reply = log_text_between(line->text, "msg=\"", "\"");
    size_t command = log_text_find(line->text, "cmd: ");

    if (command == SIZE_MAX || reply.len == 0)
        return;
    struct talk *talk = log_talk(reader, line, port);
    if (!talk_has_begun(talk))
        talk_client(talk, without_mapping(address), marks_port(port));
    talk_skips_replies(talk);
    talk_say(talk, SIDE_CLIENT, bytes_from(line->text, command + 5));
    talk_say(talk, SIDE_SERVER, reply);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    if (!is_of_courier(line))
        return;
    if (log_text_starts(line->text, "error,relay=")) {
        read_error(reader, line);
    } else if (log_text_starts(line->text, "started,ip=")) {
        struct bytes port = log_text_between(line->text, "port=[", "]");
        struct talk *talk = log_talk(reader, line, port);
        talk_open(talk);
        talk_client(talk, without_mapping(log_text_between(line->text, "ip=[", "]")), marks_port(port));
    }
}

const struct log_format log_format_courier = {
    .name = "Courier", .title = "Courier's esmtpd", .is_server_side = true, .claim = claim, .read = read
};
