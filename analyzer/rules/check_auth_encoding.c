/* Findings about the encoding of what a client sends in AUTH: base64 (RFC 4954 4, RFC 4648 4) and the
 * characters within. */
#include "rules/auth_case.h"

/* What to send instead, in the terms of the mechanism. */
static const char *wanted_of(const struct auth_case *auth)
{
    static const struct {
        const char *mechanism, *wanted;
    } rows[] = {
        { "PLAIN", "base64 of NUL, user name, NUL, password, all in one" },
        { "LOGIN", "base64 of the user name, and in its turn base64 of the password" },
        { "CRAM-MD5", "base64 of user name, space, digest" },
        { "XOAUTH2", "base64 of the whole \"user=... auth=Bearer ...\" message" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (auth_is_mechanism(auth, rows[i].mechanism))
            return rows[i].wanted;
    return "base64 of the whole message of the mechanism";
}

/* Where a character is the problem: what it is most likely to come from. */
static const char *origin_of(enum base64_problem problem, bool is_at_end)
{
    switch (problem) {
    case BASE64_BAD_BYTE:
        return "is none of the 65 of base64: plain text that was never encoded, most likely, or quotes "
               "around it";
    case BASE64_URL_ALPHABET:
        return "is - or _: the encoder uses the alphabet for URLs, where + and / are due";
    case BASE64_BLANK:
        return is_at_end ? "is a blank or line break behind the end" : "is a blank or line break";
    case BASE64_PAD_INSIDE:
        return "stands behind padding: = may only be at the end, and twice at most";
    case BASE64_FINE:
    case BASE64_BAD_LENGTH:
    case BASE64_LOOSE_BITS:
    case BASE64_PROBLEM_COUNT:
        break;
    }
    return NULL;
}

static void tell_length(const struct auth_case *auth, const struct sasl_step *step, struct finding *finding)
{
    static const char *const lacks[] = { "", "a character was lost or is one too many",
                                         "\"==\" lacks at its end", "\"=\" lacks at its end" };

    check_detail(auth->analysis, finding,
                 "The %s has %llu characters, which is no multiple of four: %s. Right is %s, padded, on "
                 "one line.",
                 auth_place(auth, step), (unsigned long long)step->length, lacks[step->length % 4],
                 wanted_of(auth));
}

static void tell_problem(const struct auth_case *auth, const struct sasl_step *step, struct finding *finding)
{
    const char *origin = origin_of(step->problem, step->problem_at + 1 >= step->length);

    if (step->problem == BASE64_BAD_LENGTH && step->length % 4 != 0)
        tell_length(auth, step, finding);
    else if (origin && step->problem_at < step->length)
        check_detail(auth->analysis, finding,
                     "Character %llu of %llu in the %s %s. Right is %s, on one line without blanks.",
                     (unsigned long long)step->problem_at + 1, (unsigned long long)step->length,
                     auth_place(auth, step), origin, wanted_of(auth));
    else
        check_detail(auth->analysis, finding, "The %s of %llu characters has %s. Right is %s.",
                     auth_place(auth, step), (unsigned long long)step->length,
                     base64_problem_name(step->problem), wanted_of(auth));
}

/* "=" has its own finding; bits that no decoder needs are told where the server minded them. */
static bool check_base64(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->problem == BASE64_FINE || bytes_equal(step->text, BYTES("="))
        || (step->problem == BASE64_LOOSE_BITS && !auth->is_refused))
        return false;
    struct finding *finding = auth_raise(auth, RULE_AUTH_BAD_BASE64, step);
    if (finding && step->problem == BASE64_LOOSE_BITS)
        finding->confidence = CONFIDENCE_LIKELY;
    tell_problem(auth, step, finding);
    return true;
}

/* The columns at which MIME, PEM and the libraries of scripting languages break lines. */
static bool is_wrap_column(uint64_t length)
{
    return length == 60 || length == 64 || length == 72 || length == 76;
}

/* A line that was sent before the server could answer the one before it, and is a piece of base64. */
static bool is_continuation(const struct item *item, uint32_t replies_seen)
{
    if (item->replies_seen > replies_seen)
        return false;
    return item->kind == ITEM_SASL
           || (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_UNKNOWN
               && !item->as.command.is_body_line
               && (item->as.command.is_secret || item->as.command.is_redacted));
}

/* Base64 wrapped as in mail: its first line is taken for all of it, the second for the next response. */
bool auth_check_wrapped(const struct auth_case *auth)
{
    const struct session *session = auth->analysis->session;
    size_t step = auth->has_initial ? 0 : 1;

    for (size_t i = auth->index; i + 1 < session->item_count && step < auth->count; i++) {
        const struct item *item = &session->items[i], *next = item + 1;
        if (i > auth->index && item->kind != ITEM_SASL)
            return false;
        if (item->kind == ITEM_COMMAND && !auth->has_initial)
            continue;
        const struct sasl_step *sent = &auth->exchange->steps[step];
        if (is_wrap_column(sent->length) && is_continuation(next, item->replies_seen)) {
            struct finding *finding = auth_raise(auth, RULE_AUTH_BAD_BASE64, sent);
            if (finding)
                finding->confidence = CONFIDENCE_LIKELY;
            check_detail(auth->analysis, finding,
                         "The %s stops after %llu characters and goes on in the next line, as encoders "
                         "wrap base64 for mail: the server takes the second line for something else. Right "
                         "is %s, on one line.",
                         auth_place(auth, sent), (unsigned long long)sent->length, wanted_of(auth));
            return true;
        }
        step += 2;
    }
    return false;
}

static const char *part_of(const struct sasl_step *step)
{
    if (sasl_step_field(step, "password"))
        return "password";
    return sasl_step_field(step, "username") ? "user name" : "message";
}

static bool check_line_end(const struct auth_case *auth, const struct sasl_step *step)
{
    if (!auth_has_slip(step, SASL_SLIP_LINE_END))
        return false;
    struct finding *finding = auth_raise(auth, RULE_AUTH_TRAILING_NEWLINE, step);
    check_detail(auth->analysis, finding,
                 "The %s of %llu octets, decoded, ends in a line break%s%s. The client should send the "
                 "same without it.",
                 auth_place(auth, step), (unsigned long long)step->decoded_length,
                 step->has_trailing_newline ? ", which counts as part of the " : ", or a field in it does",
                 step->has_trailing_newline ? part_of(step) : "");
    return true;
}

static bool check_twice(const struct auth_case *auth, const struct sasl_step *step)
{
    if (!auth->is_refused || !auth_has_slip(step, SASL_SLIP_BASE64_TWICE))
        return false;
    struct finding *finding = auth_raise(auth, RULE_AUTH_DOUBLE_BASE64, step);
    if (finding)
        finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(auth->analysis, finding,
                 "What the %s decodes to, or a field of it, is base64 of readable text again. The library "
                 "encodes by itself, and wants user name and password as they are.",
                 auth_place(auth, step));
    return true;
}

static bool check_charset(const struct auth_case *auth, const struct sasl_step *step)
{
    if (!auth->mechanism || !auth->mechanism->is_text || step->problem != BASE64_FINE || step->is_utf8
        || step->decoded_length == 0)
        return false;
    struct finding *finding = auth_raise(auth, RULE_AUTH_CHARSET, step);
    if (auth_has_slip(step, SASL_SLIP_NO_TEXT))
        check_detail(auth->analysis, finding,
                     "The %s of %llu characters decodes to octets that are no text at all. Plain text sent "
                     "without encoding looks so when its length happens to suit: right is %s.",
                     auth_place(auth, step), (unsigned long long)step->length, wanted_of(auth));
    else
        check_detail(auth->analysis, finding,
                     "The %s decodes to %llu octets, of which some over 127 form no UTF-8: ISO-8859-1 or "
                     "Windows-1252, most likely. A letter with an accent is two octets in UTF-8.",
                     auth_place(auth, step), (unsigned long long)step->decoded_length);
    return true;
}

bool auth_check_encoding(const struct auth_case *auth)
{
    bool is_reason = false;

    for (size_t i = 0; i < auth->count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        if (!auth_is_message(auth, step))
            continue;
        is_reason = check_base64(auth, step) || is_reason;
        is_reason = check_line_end(auth, step) || is_reason;
        is_reason = check_twice(auth, step) || is_reason;
        is_reason = check_charset(auth, step) || is_reason;
    }
    return is_reason;
}
