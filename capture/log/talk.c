/* One session: what a log says of it, told to a dialogue as if it had come from the wire. */
#include "log/talk.h"

#include "log/log_text.h"
#include "log/talk_state.h"
#include "smtp/command_line.h"
#include "smtp/reply_line.h"

static const struct bytes line_end = { (const uint8_t *)"\r\n", 2 };

/* Times never run backwards, but for midnight, where the date is not known. */
static uint64_t time_of(struct talk *talk)
{
    static const uint64_t day_ns = UINT64_C(86400) * 1000000000;
    const struct log_stamp *stamp = &talk->talks->now.stamp;
    uint64_t time_ns = stamp->time_ns;

    if (stamp->clock == LOG_CLOCK_NONE || stamp->clock != talk->facts.clock)
        return talk->time_ns;
    if (stamp->clock == LOG_CLOCK_OF_DAY)
        time_ns += talk->time_ns - talk->time_ns % day_ns;
    if (stamp->clock == LOG_CLOCK_OF_DAY && time_ns + day_ns / 2 < talk->time_ns)
        time_ns += day_ns;
    if (time_ns > talk->time_ns)
        talk->time_ns = time_ns;
    return talk->time_ns;
}

static struct moment moment_now(struct talk *talk)
{
    uint64_t time_ns = time_of(talk);

    return (struct moment){ time_ns, { talk->talks->input, talk->talks->now.number } };
}

bool talk_begin(struct talk *talk, bool is_midstream)
{
    struct talks *talks = talk->talks;

    if (talk->dialogue)
        return true;
    if (talk == &talks->spare)
        return false;
    talk->facts.clock = talks->now.stamp.clock;
    talk->facts.is_precise = talks->now.stamp.is_precise;
    talk->facts.has_zone = talks->now.stamp.has_zone;
    talk->time_ns = talks->now.stamp.time_ns;
    talk->flow.serial = talks->next_serial;
    talk->flow.is_midstream = is_midstream;
    talk->flow.start_ns = talk->flow.last_ns = talk->time_ns;
    talk->flow.first_input = talks->input;
    talk->flow.first_number = talks->now.number;
    talk->flow.side[1].saw_syn = !is_midstream;
    talk->dialogue = dialogue_new(&talk->options, &talk->flow, 0);
    while (!talk->dialogue && talks_make_room(talks, talk))
        talk->dialogue = dialogue_new(&talk->options, &talk->flow, 0);
    if (!talk->dialogue) {
        talks->lost++;
        return false;
    }
    talks->next_serial++;
    talks_link_age(talk);
    return true;
}

static void forget(struct talk *talk)
{
    memset(talk->offset, 0, sizeof talk->offset);
    memset(&talk->flow, 0, sizeof talk->flow);
    talk->flow.closed_by = -1;
    talk->facts = (struct log_facts){ .program = bytes_of(talk->talks->program),
                                      .is_server_side = talk->talks->is_server_side };
    talk->tls = TALK_TLS_NONE;
    talk->outward = SIDE_NONE;
    talk->is_opened = false;
    talk->is_over = false;
    talk->saw_quit = false;
    talk->has_content = false;
}

void talk_end(struct talk *talk)
{
    if (talk->dialogue) {
        struct talks *talks = talk->talks;
        if (talk->flow.close == FLOW_CLOSE_NONE)
            talk->flow.close = FLOW_CLOSE_END_OF_CAPTURE;
        talks_unlink_age(talk);
        talks->sessions += dialogue_end(talk->dialogue, &talk->flow) == DIALOGUE_SESSION;
        talk->dialogue = NULL;
        talks_tell_reached(talks);
    }
    forget(talk);
}

void talk_open(struct talk *talk)
{
    talk_end(talk);
    talk->is_opened = true;
}

/* An address goes where addresses go, a name is kept beside it. */
void talk_server(struct talk *talk, struct bytes host, uint16_t port)
{
    struct address address;

    if (port)
        talk->flow.end[1].port = port;
    if (address_parse(host, &address)) {
        talk->flow.end[1].address = address;
    } else if (host.len > 0 && host.len <= sizeof talk->server_name) {
        memcpy(talk->server_name, host.ptr, host.len);
        talk->facts.server_name = (struct bytes){ talk->server_name, host.len };
    }
}

void talk_client(struct talk *talk, struct bytes host, uint16_t port)
{
    (void)!address_parse(host, &talk->flow.end[0].address);
    if (port)
        talk->flow.end[0].port = port;
}

void talk_is_clear(struct talk *talk)
{
    talk->facts.is_in_clear = true;
}

void talk_is_servers(struct talk *talk)
{
    talk->facts.is_server_side = true;
}

static void pass(struct talk *talk, enum side side, struct bytes data)
{
    struct moment now = moment_now(talk);
    struct stream_chunk chunk = { .data = data,
                                  .offset = talk->offset[side],
                                  .acked = talk->offset[!side],
                                  .time_ns = now.time_ns,
                                  .input = now.packet.input,
                                  .number = now.packet.number };

    talk->offset[side] += data.len;
    talk->flow.last_ns = now.time_ns;
    talk->flow.side[side].payload_bytes += data.len;
    dialogue_data(talk->dialogue, side, &chunk);
}

/* A line as it was on the wire: in one piece where it is short. */
static void pass_line(struct talk *talk, enum side side, struct bytes text)
{
    uint8_t line[1024];

    talk->flow.side[side].packets++;
    if (text.len > sizeof line - line_end.len) {
        pass(talk, side, text);
        pass(talk, side, line_end);
        return;
    }
    if (text.len)
        memcpy(line, text.ptr, text.len);
    memcpy(line + text.len, line_end.ptr, line_end.len);
    pass(talk, side, (struct bytes){ line, text.len + line_end.len });
}

/* The log shows a reply where the client's content should go on: it has left out the rest of it. */
static void end_content(struct talk *talk)
{
    struct moment now = moment_now(talk);

    talk->offset[SIDE_CLIENT] += dialogue_skip_content(talk->dialogue, now);
    talk->offset[SIDE_CLIENT] += dialogue_skip_chunk(talk->dialogue, now);
}

void talk_leave_out_content(struct talk *talk)
{
    if (talk_mode(talk) == DIALOGUE_CONTENT)
        end_content(talk);
}

/* The log shows a reply where the client has the word: it has left out what the client said. */
static void fill_in(struct talk *talk)
{
    enum dialogue_mode mode = dialogue_mode(talk->dialogue);

    if (mode == DIALOGUE_CONTENT)
        end_content(talk);
    else if (mode == DIALOGUE_SASL)
        talk_say_part(talk, (struct bytes){ NULL, 0 });
}

static void note_reply(struct talk *talk, uint16_t code, bool is_last)
{
    talk->has_content = talk->has_content && code != 354;
    if (!is_last)
        return;
    if (talk->tls == TALK_TLS_ASKED)
        talk->tls = code == 220 ? TALK_TLS_DUE : TALK_TLS_NONE;
    talk->is_over = talk->is_over || code == 221;
}

/* "220 2.0.0 Ready to start TLS": an excerpt begins behind STARTTLS. */
static bool goes_ahead_with_tls(struct bytes text)
{
    struct enhanced_code code;

    text = bytes_from(text, 4);
    return enhanced_code_parse(text, &code)
           || (bytes_find_nocase(text, BYTES("TLS")) != SIZE_MAX
               && bytes_find_nocase(text, BYTES("SMTP")) == SIZE_MAX);
}

/* What a log shows first is the greeting where it shows how the connection began.  Else a refusal answers
 * something that was cut off. */
static bool begins_behind(const struct talk *talk, bool is_reply, uint16_t code)
{
    return !is_reply || (code != 220 && !(talk->is_opened && code >= 400));
}

static void say_server(struct talk *talk, struct bytes text, bool is_cut_off)
{
    uint16_t code = 0;
    bool is_last = false, is_reply = log_text_is_reply(text, &code, &is_last);

    if (code == 220 && (talk->is_over || (talk->dialogue && talk->saw_quit)))
        talk_end(talk); /* it greets again: another connection */
    if (!talk->dialogue && !talk->is_opened && code == 220 && goes_ahead_with_tls(text)) {
        if (talk_begin(talk, true))
            talk_enter_tls(talk);
        return;
    }
    if (!talk_begin(talk, begins_behind(talk, is_reply, code)))
        return;
    if (is_reply)
        fill_in(talk);
    if (is_cut_off)
        talk_cut_next_reply(talk);
    pass_line(talk, SIDE_SERVER, text);
    if (is_reply)
        note_reply(talk, code, is_last);
    if (is_last) /* to a BDAT whose octets the log does not show */
        talk->offset[SIDE_CLIENT] += dialogue_skip_chunk(talk->dialogue, moment_now(talk));
}

static void note_command(struct talk *talk, struct bytes text)
{
    enum verb verb = command_line_parse(text).verb;

    if (verb == VERB_STARTTLS)
        talk->tls = TALK_TLS_ASKED;
    talk->saw_quit = talk->saw_quit || verb == VERB_QUIT;
}

static bool begin_for_client(struct talk *talk, struct bytes text)
{
    if (!talk->dialogue && !log_text_is_command(text))
        return false; /* picked up in the middle of something */
    if (!talk_begin(talk, true))
        return false;
    if (talk->tls == TALK_TLS_DUE)
        talk_enter_tls(talk);
    return true;
}

/* What programs write for a credential: "********", "<hidden>", "[credentials hidden]", "(secret)", "...
 * secured ...". No base64 begins so. */
static bool is_placeholder(struct bytes text)
{
    static const char brackets[] = "<>[](){}";

    text = bytes_trim(text);
    if (log_text_is_stars(text) || log_text_starts(text, "...") || log_text_starts(text, "/*"))
        return true;
    for (size_t i = 0; brackets[i] && text.len > 1; i += 2)
        if (text.ptr[0] == brackets[i] && text.ptr[text.len - 1] == brackets[i + 1])
            return true;
    return false;
}

static size_t shown_length(enum dialogue_mode mode, struct bytes text)
{
    struct command_line line = command_line_parse(text);
    struct bytes rest = line.argument;

    if (mode == DIALOGUE_SASL && is_placeholder(text))
        return 0;
    if (mode == DIALOGUE_CONTENT || line.verb != VERB_AUTH)
        return text.len;
    (void)log_text_word(&rest);
    return is_placeholder(rest) ? (size_t)(rest.ptr - text.ptr) : text.len;
}

static void say_client(struct talk *talk, struct bytes text)
{
    if (!begin_for_client(talk, text))
        return;
    enum dialogue_mode mode = dialogue_mode(talk->dialogue);
    if (mode == DIALOGUE_COMMANDS || mode == DIALOGUE_WAITS)
        note_command(talk, text);
    size_t shown = shown_length(mode, text);
    if (shown < text.len) {
        talk_say_part(talk, bytes_slice(text, 0, shown));
        return;
    }
    talk->has_content = true;
    pass_line(talk, SIDE_CLIENT, text);
}

/* A line of which nothing can be used: it is missing, like bytes of a capture. */
static void lose_line(struct talk *talk, enum side side)
{
    if (!talk->dialogue)
        return;
    struct moment now = moment_now(talk);
    struct stream_hole hole = { .offset = talk->offset[side]++,
                                .length = 1,
                                .time_ns = now.time_ns,
                                .input = now.packet.input,
                                .number = now.packet.number };
    talk->facts.is_partial = true;
    dialogue_hole(talk->dialogue, side, &hole);
}

static void say_cut_client(struct talk *talk, struct bytes text)
{
    bool is_command = log_text_is_command(text);
    enum dialogue_mode mode = talk_mode(talk);
    size_t shown;

    if (mode == DIALOGUE_CONTENT) {
        say_client(talk, text);
        return;
    }
    if (mode == DIALOGUE_SASL || (mode == DIALOGUE_WAITS && !is_command)) {
        talk_say_part(talk, (struct bytes){ NULL, 0 });
        return;
    }
    switch (talk_cut_command(text, &shown)) {
    case TALK_CUT_NOTHING:
        say_client(talk, bytes_slice(text, 0, shown));
        break;
    case TALK_CUT_ARGUMENT:
        talk_say_part(talk, bytes_slice(text, 0, shown));
        break;
    case TALK_CUT_VERB:
        lose_line(talk, SIDE_CLIENT);
        break;
    }
}

static void say_cut_server(struct talk *talk, struct bytes text)
{
    if (!talk_cut_has_code(text)) {
        if (talk->dialogue)
            fill_in(talk);
        lose_line(talk, SIDE_SERVER);
        return;
    }
    bool is_challenge = log_text_starts(text, "334"); /* a piece of one is none */
    say_server(talk, is_challenge ? bytes_slice(text, 0, 4) : text, is_challenge || talk_cut_offer(text));
}

static bool is_cut(const struct talks *talks)
{
    return talks->now.number > 0 && talks->cuts[talks->now.number % TALK_CUTS] == talks->now.number;
}

void talk_say(struct talk *talk, enum side side, struct bytes text)
{
    bool is_server = side == SIDE_SERVER, is_cut_off = is_cut(talk->talks);

    if (is_server && is_cut_off)
        say_cut_server(talk, text);
    else if (is_server)
        say_server(talk, text, false);
    else if (is_cut_off)
        say_cut_client(talk, text);
    else
        say_client(talk, text);
}

void talk_say_part(struct talk *talk, struct bytes text)
{
    if (!begin_for_client(talk, text))
        return;
    talk->facts.is_partial = true;
    dialogue_hide_next(talk->dialogue);
    pass_line(talk, SIDE_CLIENT, bytes_trim(text));
}

void talk_imply(struct talk *talk, struct bytes command, struct bytes reply)
{
    struct talks *talks = talk->talks;
    uint64_t number = talks->now.number;
    bool is_first = !talk->dialogue;

    if (!begin_for_client(talk, command))
        return;
    if (is_first)
        dialogue_leave_out_greeting(talk->dialogue);
    talk->facts.is_partial = true;
    talks->now.number = 0;
    enum verb verb = command_line_parse(command).verb;
    if (command.len == 4 && (verb == VERB_AUTH || verb == VERB_MAIL || verb == VERB_RCPT))
        dialogue_hide_next(talk->dialogue); /* its verb is all that is known */
    pass_line(talk, SIDE_CLIENT, command);
    talks->now.number = number;
    if (reply.len > 0) {
        dialogue_cut_next_reply(talk->dialogue);
        talk_say(talk, SIDE_SERVER, reply);
    }
}

void talk_imply_accepted(struct talk *talk, struct bytes command, struct bytes code)
{
    struct talks *talks = talk->talks;
    uint64_t number = talks->now.number;

    talk_imply(talk, command, (struct bytes){ NULL, 0 });
    if (!talk->dialogue)
        return;
    talks->now.number = 0;
    dialogue_cut_next_reply(talk->dialogue);
    talk_say(talk, SIDE_SERVER, code);
    talks->now.number = number;
}

void talk_cut_next_reply(struct talk *talk)
{
    talk->facts.is_partial = true;
    if (talk->dialogue)
        dialogue_cut_next_reply(talk->dialogue);
}

void talk_refused(struct talk *talk, struct bytes text, bool is_temporary, bool is_of_message)
{
    if (talk->dialogue)
        dialogue_tell_refusal(talk->dialogue, text, is_temporary, is_of_message);
}

void talk_skips_replies(struct talk *talk)
{
    talk->facts.is_partial = true;
    if (talk->dialogue)
        dialogue_skip_replies(talk->dialogue);
}

void talk_enter_tls(struct talk *talk)
{
    talk->tls = TALK_TLS_NONE;
    if (talk_begin(talk, false))
        dialogue_enter_tls(talk->dialogue, moment_now(talk));
}

void talk_close(struct talk *talk, enum side by, bool is_reset)
{
    if (!talk->dialogue)
        return;
    talk->flow.last_ns = moment_now(talk).time_ns;
    talk->flow.close = is_reset ? FLOW_CLOSE_RESET : FLOW_CLOSE_FIN;
    talk->flow.closed_by = by == SIDE_NONE ? -1 : (int)by;
    talk_end(talk);
    talk->is_over = true;
}

enum dialogue_mode talk_mode(const struct talk *talk)
{
    return talk->dialogue ? dialogue_mode(talk->dialogue) : DIALOGUE_COMMANDS;
}

bool talk_has_begun(const struct talk *talk)
{
    return talk->dialogue != NULL;
}

bool talk_is_over(const struct talk *talk)
{
    return talk->is_over;
}

bool talk_asked_for_tls(const struct talk *talk)
{
    return talk->tls == TALK_TLS_ASKED;
}

enum side talk_outward(const struct talk *talk)
{
    return talk->outward;
}

void talk_set_outward(struct talk *talk, enum side side)
{
    talk->outward = side;
}

bool talk_content_is_empty(const struct talk *talk)
{
    return !talk->has_content;
}
