/* Findings about the form of a command: its octets, its length, its line end, the path of MAIL and RCPT, the
 * name in EHLO, the size of a chunk.  A plain command passes with a few comparisons. */
#include "rules/check.h"
#include "rules/ending.h"
#include "rules/octets.h"
#include "smtp/path.h"

enum {
    COMMAND_LINE_MOST = 510, /* RFC 5321 4.5.3.1.4: 512 with CRLF */
    EVERY_EXTENSION = 1850   /* all that extensions add to MAIL or RCPT */
};

static const struct command *command_at(const struct analysis *analysis, size_t index)
{
    return &analysis->session->items[index].as.command;
}

static void raise_syntax(struct analysis *analysis, size_t index, enum once kind, const char *what)
{
    if (!check_is_first(analysis, kind))
        return;
    struct finding *finding = check_raise_form(analysis, RULE_COMMAND_SYNTAX, index);
    check_detail(analysis, finding, "%s: %s.", verb_name(command_at(analysis, index)->verb), what);
}

/* FROM:<...> or TO:<...>, as nearly all are. */
static bool is_plain_path(struct bytes argument, struct bytes keyword)
{
    size_t end = bytes_find(argument, '>');

    return argument.len > keyword.len + 2 && argument.ptr[keyword.len] == ':'
           && argument.ptr[keyword.len + 1] == '<' && end != SIZE_MAX
           && (end + 1 == argument.len || argument.ptr[end + 1] == ' ');
}

static void check_path(struct analysis *analysis, size_t index)
{
    const struct command *command = command_at(analysis, index);
    struct bytes keyword = command->verb == VERB_MAIL ? BYTES("FROM") : BYTES("TO");

    if (command->argument.len == sizeof "TO:<decode>" - 1)
        check_exploit(analysis, index);
    if (is_plain_path(command->argument, keyword))
        return;
    struct envelope_argument parsed = envelope_argument_parse(command->argument, keyword);
    if (!parsed.is_well_formed)
        raise_syntax(analysis, index, ONCE_NO_KEYWORD,
                     command->verb == VERB_MAIL ? "FROM: with an address is missing"
                                                : "TO: with an address is missing");
    else if (!parsed.has_brackets)
        raise_syntax(
            analysis, index, ONCE_NO_BRACKETS,
            parsed.has_space_after_colon
                ? "the angle brackets around the address are missing, and a space is behind the colon"
                : "the angle brackets around the address are missing");
    else if (parsed.has_text_behind)
        raise_syntax(analysis, index, ONCE_TEXT_BEHIND,
                     "something stands right behind the angle bracket; one command takes one address");
    else if (parsed.has_space_before_colon)
        raise_syntax(analysis, index, ONCE_SPACE_BEFORE_COLON, "there is a space before the colon");
    else if (parsed.has_space_after_colon)
        raise_syntax(analysis, index, ONCE_SPACE_BEHIND_COLON, "there is a space behind the colon");
}

static void raise_helo(struct analysis *analysis, size_t index, const char *what)
{
    struct finding *finding =
        check_is_first(analysis, ONCE_HELO) ? check_raise_form(analysis, RULE_HELO_ANOMALY, index) : NULL;

    check_detail(analysis, finding, "%s names %s.", verb_name(command_at(analysis, index)->verb), what);
}

static bool is_loopback(const struct address *address)
{
    static const uint8_t six[16] = { [15] = 1 };

    return address->family == 4 ? address->bytes[0] == 127 : memcmp(address->bytes, six, sizeof six) == 0;
}

/* Client and server on one host share their name, and may say localhost. */
static bool is_one_host(const struct session *session)
{
    return address_equal(&session->client.address, &session->server.address)
           || is_loopback(&session->client.address) || session->protocol == PROTOCOL_LMTP;
}

/* The first word of the greeting (RFC 5321 4.2), if it is a host name. */
static struct bytes server_name(const struct replay *replay)
{
    struct bytes line = replay->greeting && replay->greeting->line_count ? replay->greeting->lines[0]
                                                                         : (struct bytes){ NULL, 0 };
    size_t blank = bytes_find(line, ' ');
    struct bytes word = bytes_slice(line, 0, blank == SIZE_MAX ? line.len : blank);

    return bytes_find(word, '.') == SIZE_MAX ? (struct bytes){ NULL, 0 } : word;
}

static void check_helo(struct analysis *analysis, size_t index)
{
    struct bytes name = command_at(analysis, index)->argument, own;
    struct address address;

    if (name.len == 0) {
        raise_helo(analysis, index, "nobody");
        return;
    }
    bool is_number = ascii_is_digit(name.ptr[0]) || bytes_find(name, ':') != SIZE_MAX;
    if (is_number && address_parse(name, &address))
        raise_helo(analysis, index, "an address without brackets");
    if (is_one_host(analysis->session))
        return;
    if (bytes_equal_nocase(name, BYTES("localhost"))
        || bytes_equal_nocase(name, BYTES("localhost.localdomain")))
        raise_helo(analysis, index, "localhost");
    own = server_name(&analysis->replay);
    if (own.len > 0 && bytes_equal_nocase(name, own))
        raise_helo(analysis, index, "the server itself");
}

/* RFC 3030 2: chunk-size is digits, and LAST may follow. */
static const char *fault_of_chunk_size(struct bytes argument)
{
    size_t digits = 0;

    while (digits < argument.len && ascii_is_digit(argument.ptr[digits]))
        digits++;
    if (argument.len > 0 && (argument.ptr[0] == '-' || argument.ptr[0] == '+'))
        return "The chunk size has a sign";
    if (digits == 0)
        return "The chunk size is no number";
    struct bdat_argument parsed;
    if (bdat_argument_parse(argument, &parsed))
        return !parsed.is_odd ? NULL
               : digits > 20  ? "The chunk size has more digits than a number may have"
                              : "The chunk size is beyond what a number of 32 bits holds";
    if (digits == argument.len || argument.ptr[digits] == ' ' || argument.ptr[digits] == '\t') {
        struct bytes rest = bytes_trim(bytes_from(argument, digits));
        if (rest.len == 0 || bytes_equal_nocase(rest, BYTES("LAST")))
            return "The chunk size is beyond what any number holds";
    }
    return "Something other than LAST stands behind the chunk size";
}

static void check_chunk(struct analysis *analysis, size_t index)
{
    struct bytes argument = command_at(analysis, index)->argument;

    if (argument.len == 0) {
        raise_syntax(analysis, index, ONCE_ARGUMENT, "the size of the chunk is missing");
        return;
    }
    const char *fault = fault_of_chunk_size(argument);
    struct finding *finding = fault ? check_raise_form(analysis, RULE_BDAT_LENGTH_ANOMALY, index) : NULL;
    check_detail(analysis, finding, "%s.", fault ? fault : "");
}

/* RFC 5321 4.1.1, RFC 3207 4: these take none. */
static void check_argument(struct analysis *analysis, size_t index)
{
    if (command_at(analysis, index)->argument.len > 0)
        raise_syntax(analysis, index, ONCE_ARGUMENT, "it has an argument, and takes none");
}

static void check_verb(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct command *command = &item->as.command;

    if (command->line.len > 0 && command->line.ptr[0] == ' ' && command->verb != VERB_UNKNOWN && item->reply
        && item->reply->code >= 500)
        raise_syntax(analysis, index, ONCE_LEADING_SPACE, "a space stands in front of it");
    switch (command->verb) {
    case VERB_MAIL:
    case VERB_RCPT:
        check_path(analysis, index);
        break;
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        check_helo(analysis, index);
        break;
    case VERB_BDAT:
        check_chunk(analysis, index);
        break;
    case VERB_DATA:
    case VERB_RSET:
    case VERB_QUIT:
    case VERB_STARTTLS:
        check_argument(analysis, index);
        break;
    case VERB_NOOP:
    case VERB_HELP:
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_AUTH:
    case VERB_ETRN:
    case VERB_ATRN:
    case VERB_TURN:
    case VERB_SEND:
    case VERB_SOML:
    case VERB_SAML:
    case VERB_XCLIENT:
    case VERB_XFORWARD:
    case VERB_BURL:
    case VERB_UNKNOWN:
    case VERB_COUNT:
        break;
    }
}

/* RFC 5321 4.5.3.1.4: extensions make MAIL and RCPT longer.  One that is offered counts for all of them: the
 * exact sum is of no use to anybody. */
static uint64_t longest_line(const struct judgement *judgement, enum verb verb)
{
    uint64_t extensions = extension_bit(EXTENSION_DSN) | extension_bit(EXTENSION_AUTH)
                          | extension_bit(EXTENSION_SUBMITTER) | extension_bit(EXTENSION_SIZE)
                          | extension_bit(EXTENSION_SMTPUTF8);
    bool may_grow = verb == VERB_MAIL || verb == VERB_RCPT;

    return may_grow && (!judgement->has_offer || (judgement->offered & extensions))
               ? COMMAND_LINE_MOST + EVERY_EXTENSION
               : COMMAND_LINE_MOST;
}

static void check_length(struct analysis *analysis, size_t index)
{
    const struct command *command = command_at(analysis, index);
    uint64_t most = longest_line(check_judgement(analysis, index), command->verb);

    check_exploit(analysis, index);
    if (command->line_length <= most)
        return;
    struct finding *finding = check_raise(analysis, RULE_LINE_TOO_LONG, index);
    check_detail(analysis, finding, "The command has %llu octets with its line end; %llu are allowed.",
                 (unsigned long long)command->line_length + 2, (unsigned long long)most + 2);
}

/* RFC 6531 3.4: with SMTPUTF8 in MAIL for the envelope, in VRFY and EXPN for themselves. */
static bool allows_utf8(const struct analysis *analysis, size_t index)
{
    const struct command *command = command_at(analysis, index);
    const struct judgement *judgement = check_judgement(analysis, index);
    const struct transaction *transaction =
        judgement->transaction ? &analysis->replay.transactions[judgement->transaction - 1] : NULL;

    if (command->verb == VERB_RCPT) /* without a reply it is in none, and its MAIL is not known */
        return !transaction || transaction->is_smtputf8 || !transaction->mail_command;
    return bytes_find_nocase(command->argument, BYTES(" SMTPUTF8")) != SIZE_MAX;
}

static bool has_control(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((line.ptr[i] < ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r') || line.ptr[i] == 0x7f)
            return true;
    return false;
}

static bool is_utf16(struct bytes line)
{
    return line.len >= 4 && (line.ptr[0] == 0) == (line.ptr[2] == 0)
           && (line.ptr[1] == 0) == (line.ptr[3] == 0) && (line.ptr[0] == 0) != (line.ptr[1] == 0);
}

static void check_octets(struct analysis *analysis, size_t index, unsigned octets)
{
    const struct command *command = command_at(analysis, index);

    if ((octets & OCTETS_SHELL) && command->line_length <= COMMAND_LINE_MOST)
        check_exploit(analysis, index);
    if ((octets & OCTETS_CONTROL) && has_control(command->line) && check_is_first(analysis, ONCE_NUL)) {
        struct finding *finding = check_raise_form(analysis, RULE_NUL_BYTE, index);
        if (is_utf16(command->line))
            check_detail(analysis, finding, "Every second octet is a NUL: the program writes UTF-16.");
        else if (bytes_find(command->line, 0) != SIZE_MAX)
            check_detail(analysis, finding, "It is a NUL.");
    }
    if ((octets & OCTETS_8BIT) && command->verb != VERB_UNKNOWN && !analysis->replay.has_gaps
        && !allows_utf8(analysis, index) && check_is_first(analysis, ONCE_8BIT))
        (void)check_raise(analysis, RULE_NON_ASCII_WITHOUT_SMTPUTF8, index);
}

static void check_line_end(struct analysis *analysis, size_t index)
{
    const struct command *command = command_at(analysis, index);

    if (command->has_bare_cr && check_is_first(analysis, ONCE_BARE_CR)) {
        struct finding *finding = check_raise_form(analysis, RULE_BARE_CR, index);
        check_detail(analysis, finding, "It stands in a command.");
    }
    if (command->line_end == LINE_END_LF && check_is_first(analysis, ONCE_BARE_LF)) {
        struct finding *finding = check_raise_form(analysis, RULE_BARE_LF, index);
        check_detail(analysis, finding, "Command lines that end in a bare LF: %llu.",
                     (unsigned long long)analysis->session->side[SIDE_CLIENT].bare_lf_lines);
    }
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct command *command = &item->as.command;

    bool is_unheard = !item->reply && analysis->replay.has_gaps && analysis->session->one_sided == SIDE_NONE;
    if (command->is_body_line || item->is_after_gap || is_unheard)
        return; /* no command at all, or the rest of one, or content whose begin is missing */
    if (command->line_end != LINE_END_CRLF || command->has_bare_cr)
        check_line_end(analysis, index);
    if (command->verb == VERB_AUTH || command->is_secret || command->is_redacted)
        return; /* a credential: its shape is judged elsewhere */
    if (command->line_length > COMMAND_LINE_MOST)
        check_length(analysis, index);
    unsigned octets = octets_of(command->verb == VERB_UNKNOWN ? command->line : command->argument);
    if (octets)
        check_octets(analysis, index, octets);
    check_verb(analysis, index);
}

/* RFC 5321 2.3.8 holds for the server as well. */
static void check_server_line(struct analysis *analysis, size_t index, const struct reply *reply)
{
    if (!reply->has_bare_lf || !check_is_first(analysis, ONCE_SERVER_BARE_LF))
        return;
    struct finding *finding = check_raise_form(analysis, RULE_BARE_LF, index);
    if (!finding)
        return;
    finding->fault = FAULT_SERVER;
    check_detail(analysis, finding, "Reply lines that end in a bare LF: %llu.",
                 (unsigned long long)analysis->session->side[SIDE_SERVER].bare_lf_lines);
}

static const char *words_of(enum unended_end end)
{
    return end == UNENDED_CR          ? "ends in CR without LF"
           : end == UNENDED_SPELT_OUT ? "ends in the characters \\r\\n in place of CR LF"
                                      : "has no CR LF behind it";
}

/* It answers a 334: auth-abandoned says it. */
static bool is_response(const struct analysis *analysis)
{
    size_t place = session_place_of_unended(analysis->session);
    const struct reply *asked = place > 0 ? analysis->session->items[place - 1].reply : NULL;

    return asked && asked->code == 334;
}

/* RFC 5321 2.3.8: what has no end is no command, and is waited for. */
static void check_unended(struct analysis *analysis)
{
    const struct unended_line *line = ending_unended(analysis);

    if (!line || is_response(analysis))
        return;
    uint64_t waited = ending_waited_seconds(analysis, line->first.time_ns);
    bool is_answered = ending_is_unended_answered(analysis);
    if (waited < WAITED_SECONDS && !is_answered)
        return;
    struct finding *finding = check_raise_session(analysis, RULE_COMMAND_SYNTAX, line->first);
    if (!finding)
        return;
    const char *what = line->verb == VERB_UNKNOWN ? "The last line of the client" : verb_name(line->verb);
    finding->confidence = CONFIDENCE_LIKELY;
    if (is_answered)
        check_detail(analysis, finding, "%s %s: this server answered what there was of it, others wait.",
                     what, words_of(line->end));
    else
        check_detail(
            analysis, finding,
            "%s %s: for %llu seconds the server waited for the rest of the line, and the client for a reply.",
            what, words_of(line->end), (unsigned long long)waited);
}

const struct check check_syntax = { .command = check_command,
                                    .reply = check_server_line,
                                    .session = check_unended };
