/* sendmail -v, and its bounces ("Transcript of session follows", which hold the end of a dialogue).
 *     bob@mx.example... Connecting to mx.example. via esmtp...
 *     220 mx.example ESMTP
 *     >>> EHLO client.example
 *     250 HELP
 *     Closing connection to mx.example.             and then it says QUIT
 * and in a bounce
 *     ... while talking to mx.example.:
 *     >>> DATA
 *     <<< 550 5.1.1 <bob@mx.example>... User unknown
 * Contents are not shown; ">>> ." stands for their end.  Some bounces fold long lines. */
#include "log/format_rows.h"
#include "log/marks.h"

enum { STATE_OPENED = 1 }; /* a connection: what comes next is the greeting */

static bool is_connecting(struct bytes text)
{
    return log_text_find(text, "... Connecting to ") != SIZE_MAX && log_text_find(text, " via ") != SIZE_MAX;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = bytes_trim(line->whole);

    if (is_connecting(text) || log_text_starts(text, "... while talking to ")
        || log_text_starts(text, "----- Transcript of session follows -----"))
        return LOG_CLAIM_STRONG;
    return log_text_starts(text, ">>> ") ? LOG_CLAIM_WEAK : LOG_CLAIM_NONE;
}

static void read_remark(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    if (is_connecting(text)) {
        struct bytes host = log_text_between(text, "... Connecting to ", " via ");
        talk_open(talk);
        host = bytes_slice(host, 0, bytes_find(host, ' ')); /* " port 2525" */
        if (host.len > 1 && host.ptr[host.len - 1] == '.')
            host.len--;
        log_notes(reader)->state = STATE_OPENED;
        talk_server(talk, host, 0);
    } else if (log_text_skip(&text, "... while talking to ")) {
        talk_open(talk);
        size_t end = text.len;
        while (end > 0 && (text.ptr[end - 1] == ':' || text.ptr[end - 1] == '.'))
            end--;
        talk_server(talk, bytes_slice(text, 0, end), 0);
        log_notes(reader)->is_told = true; /* a bounce */
    } else if (log_text_starts(text, "----- Original message") || log_text_starts(text, "--")) {
        log_notes(reader)->is_told = false;
    }
}

/* "AUTH dialogue" is said in place of what holds a credential. */
static void say_client(struct talk *talk, struct bytes text)
{
    if (bytes_equal(text, BYTES(".")) && talk_mode(talk) == DIALOGUE_CONTENT)
        talk_leave_out_content(talk);
    else if (bytes_equal(text, BYTES("AUTH dialogue")))
        talk_say_part(talk, BYTES("AUTH"));
    else
        talk_say(talk, SIDE_CLIENT, text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;
    uint16_t code;
    bool is_last, is_bounce = log_notes(reader)->is_told;

    (void)log_text_skip(&text, "050 "); /* as VERB has it */
    if (log_text_skip(&text, ">>> "))
        say_client(talk, text);
    else if (log_text_skip(&text, "<<< "))
        talk_say(talk, SIDE_SERVER, text);
    else if (!is_bounce && log_text_is_reply(text, &code, &is_last)
             && (talk_has_begun(talk) || log_notes(reader)->state == STATE_OPENED || code == 220))
        talk_say(talk, SIDE_SERVER, text);
    else
        read_remark(reader, talk, bytes_trim(text));
}

const struct log_format log_format_sendmail = {
    .name = "sendmail", .title = "sendmail -v", .claim = claim, .read = read
};
