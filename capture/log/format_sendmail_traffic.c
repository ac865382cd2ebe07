/* sendmail -X: all traffic of all processes, as server and as client.
 *     00099 >>> 220 mx.example ESMTP Sendmail
 *     00099 <<< EHLO client.example
 * Which side sendmail is in a process, its first line tells. */
#include "log/format_rows.h"

static bool take_apart(struct bytes text, struct bytes *pid, bool *is_out, struct bytes *said)
{
    struct bytes rest = text;
    uint64_t number;

    *pid = log_text_word(&rest);
    if (pid->len < 5 || pid->len > 8 || !bytes_to_u64(*pid, &number))
        return false;
    *is_out = log_text_starts(rest, ">>>");
    if (!*is_out && !log_text_starts(rest, "<<<"))
        return false;
    *said = bytes_from(rest, 3);
    (void)log_text_skip(said, " ");
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes pid, said;
    bool is_out;

    return take_apart(line->whole, &pid, &is_out, &said) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes pid, said;
    uint16_t code;
    bool is_out, is_last;

    if (!take_apart(line->whole, &pid, &is_out, &said))
        return;
    struct talk *talk = log_talk(reader, line, pid);
    if (talk_outward(talk) == SIDE_NONE)
        talk_set_outward(talk,
                         log_text_is_reply(said, &code, &is_last) == is_out ? SIDE_SERVER : SIDE_CLIENT);
    bool is_server = (talk_outward(talk) == SIDE_SERVER) == is_out;
    talk_say(talk, is_server ? SIDE_SERVER : SIDE_CLIENT, said);
}

const struct log_format log_format_sendmail_traffic = { .name = "sendmail -X",
                                                        .title = "sendmail's traffic log",
                                                        .is_server_side = true,
                                                        .claim = claim,
                                                        .read = read };
