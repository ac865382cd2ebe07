/* Findings about the exchange as RFC 4954 4 frames it, whatever the mechanism: the initial response, what a
 * 334 may look like, how long a line may be, and commands where a response was due. */
#include "rules/auth_case.h"

enum {
    COMMAND_LINE_MOST = 512, /* RFC 5321 4.5.3.1.4, with its CRLF; RFC 4954 4 does not extend it */
    SASL_LINE_MOST = 12288   /* RFC 4954 4 deems it enough for every mechanism */
};

static const char *const length_phrases[] = { "too long", "line length", "too large", "exceed", NULL };
static const char *const initial_phrases[] = { "initial", NULL };

static bool check_interrupted(const struct auth_case *auth)
{
    for (size_t i = 0; i < auth->count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        if (step->from != SIDE_CLIENT || auth_is_initial(auth, step) || !sasl_reads_as_command(step->text))
            continue;
        struct finding *finding = auth_raise(auth, RULE_AUTH_INTERRUPTED, step);
        check_detail(auth->analysis, finding,
                     "%s was sent where the response to a 334 was due, and the server took it for that "
                     "response. Cancel with \"*\" and wait for the 501 before any other command.",
                     verb_name(command_line_parse(step->text).verb));
        return true;
    }
    return false;
}

/* The AUTH line ends in a blank: an empty initial response, as the client meant it, that is not written. */
static bool ends_in_blank(const struct command *command)
{
    return command->line.len > 0 && command->line.ptr[command->line.len - 1] == ' ';
}

static bool check_empty(const struct auth_case *auth)
{
    if (!auth->has_initial && auth->exchange->step_count == 0 && auth->is_refused
        && auth->result.reply->code / 100u == 5 && ends_in_blank(auth->command)) {
        struct finding *finding = auth_raise(auth, RULE_AUTH_EMPTY_INITIAL_RESPONSE, NULL);
        if (finding)
            finding->confidence = CONFIDENCE_LIKELY;
        check_detail(auth->analysis, finding,
                     "The command ends in a blank with nothing behind it. An initial response that is "
                     "empty is written \"=\"; without one the line ends with the name of the mechanism.");
        return true;
    }
    for (size_t i = 0; i < auth->count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        if (step->from != SIDE_CLIENT || auth_is_initial(auth, step) || !bytes_equal(step->text, BYTES("=")))
            continue;
        check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_EMPTY_INITIAL_RESPONSE, step),
                     "\"=\" was sent in answer to a 334. It stands for an empty response behind AUTH only; "
                     "here an empty response is an empty line.");
        return true;
    }
    return false;
}

static bool is_about_length(const struct reply *reply)
{
    return reply->code == 500 || check_says_any(reply, length_phrases)
           || (reply->enhanced.subject == 5 && reply->enhanced.detail == 6);
}

/* RFC 4954 4 wants 501 for a mechanism in which the server begins; Exim says 553. */
static bool is_about_presence(const struct auth_case *auth)
{
    const struct reply *reply = auth->result.reply;

    if (!auth->mechanism || auth->mechanism->is_client_first)
        return false;
    return auth_is_mechanism(auth, "CRAM-MD5") || reply->code == 501 || reply->code == 553
           || check_says_any(reply, initial_phrases);
}

static bool check_initial(const struct auth_case *auth)
{
    const struct reply *reply = auth->result.reply;
    uint64_t length = auth->command->line_length + 2;

    if (!auth->has_initial || auth->exchange->step_count != 1 || !auth->is_refused || reply->code < 500
        || (auth->judgement->verdict != VERDICT_REFUSED && auth->judgement->verdict != VERDICT_CONTRADICTED))
        return false;
    bool is_long = length > COMMAND_LINE_MOST && is_about_length(reply);
    if (!is_long && !is_about_presence(auth))
        return false;
    struct finding *finding = auth_raise(auth, RULE_AUTH_INITIAL_RESPONSE_REFUSED, NULL);
    if (is_long)
        check_detail(auth->analysis, finding,
                     "The command has %llu octets with its line end, and a command line %u at most. Send "
                     "AUTH with the mechanism alone, and the response of %llu characters behind the 334.",
                     (unsigned long long)length, (unsigned)COMMAND_LINE_MOST,
                     (unsigned long long)auth->exchange->steps[0].length);
    else
        check_detail(
            auth->analysis, finding,
            "In this mechanism the server speaks first. Send AUTH with the mechanism alone, and answer the "
            "challenge of the 334.");
    return true;
}

static bool check_length(const struct auth_case *auth)
{
    const struct reply *reply = auth->result.reply;
    const struct sasl_step *longest = NULL;
    bool is_refused =
        auth->is_refused && reply->code == 500 && reply->enhanced.subject == 5 && reply->enhanced.detail == 6;

    for (size_t i = 0; i < auth->exchange->step_count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        if (step->from == SIDE_CLIENT && (!longest || step->length > longest->length))
            longest = step;
    }
    if (!longest || (!is_refused && longest->length <= SASL_LINE_MOST))
        return false;
    check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_LINE_TOO_LONG, longest),
                 "The longest response has %llu characters; %u are what every server takes.%s",
                 (unsigned long long)longest->length, (unsigned)SASL_LINE_MOST,
                 is_refused ? " The server refused it for its length." : "");
    return is_refused;
}

static bool is_usual_prompt(struct bytes text)
{
    static const char *const usual[] = {
        "Username:", "Password:", "User Name", "Password", "Username", NULL
    };

    while (text.len > 0 && (text.ptr[text.len - 1] == 0 || text.ptr[text.len - 1] == ' '))
        text.len--;
    for (size_t i = 0; usual[i]; i++)
        if (bytes_equal_nocase(text, bytes_of(usual[i])))
            return true;
    return false;
}

/* Why a challenge is odd; NULL if it is not, or is withheld. */
static const char *oddity_of(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->from != SIDE_SERVER || !step->is_decoded || step->is_redacted)
        return NULL;
    if (step->problem != BASE64_FINE)
        return "is no base64, and RFC 4954 4 allows nothing else behind a 334";
    if (auth_is_mechanism(auth, "LOGIN") && !is_usual_prompt(step->decoded))
        return "is none of the usual prompts of LOGIN, \"Username:\" and \"Password:\"";
    if (auth_is_mechanism(auth, "PLAIN") && step->decoded_length > 0)
        return "is not empty, and PLAIN has no challenge";
    return step->malformed;
}

/* The replies of the exchange: RFC 4954 4 has one line, and a space behind the 334. */
static const char *oddity_of_reply(const struct reply *reply)
{
    if (!reply || reply->code != 334 || reply->is_after_gap || reply->is_redacted)
        return NULL;
    if (reply->line_count > 1)
        return "has more than one line";
    return reply->has_odd_line ? "lacks the space behind the code" : NULL;
}

static const char *oddity_of_replies(const struct auth_case *auth)
{
    const struct session *session = auth->analysis->session;
    const char *oddity = oddity_of_reply(session->items[auth->index].reply);

    for (size_t i = auth->index + 1; !oddity && i < session->item_count; i++) {
        if (session->items[i].kind == ITEM_COMMAND)
            break;
        if (session->items[i].kind == ITEM_SASL)
            oddity = oddity_of_reply(session->items[i].reply);
    }
    return oddity;
}

static void check_prompts(const struct auth_case *auth)
{
    const struct sasl_step *odd = NULL;
    const char *oddity = oddity_of_replies(auth);

    for (size_t i = 0; !oddity && i < auth->count; i++) {
        odd = &auth->exchange->steps[i];
        oddity = oddity_of(auth, odd);
    }
    if (oddity)
        check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_PROMPT_ODD, odd),
                     "A 334 of this exchange: %s%s.", odd == NULL || !odd->malformed ? "it " : "", oddity);
}

bool auth_check_exchange(const struct auth_case *auth)
{
    bool is_reason = check_interrupted(auth);

    is_reason = check_empty(auth) || is_reason;
    is_reason = check_initial(auth) || is_reason;
    is_reason = check_length(auth) || is_reason;
    check_prompts(auth);
    return is_reason;
}
