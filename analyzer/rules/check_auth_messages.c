/* Findings about the messages of a mechanism, seen together: what breaks its grammar, nonces that were not
 * repeated, and the answer that must end the exchange. */
#include "rules/auth_case.h"

static bool is_scram(const struct auth_case *auth)
{
    return auth->mechanism && strncmp(auth->mechanism->name, "SCRAM-", 6) == 0;
}

/* What has a finding of its own. */
static bool is_told_elsewhere(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->problem != BASE64_FINE || auth_has_slip(step, SASL_SLIP_NO_TEXT)
        || (auth->is_refused && auth_has_slip(step, SASL_SLIP_BASE64_TWICE)))
        return true;
    if (auth_is_mechanism(auth, "PLAIN"))
        return step->nul_count != 2;
    if (auth_is_mechanism(auth, "LOGIN"))
        return step->nul_count > 0 && auth->is_refused;
    return auth_is_initial(auth, step) && auth->mechanism && !auth->mechanism->is_client_first;
}

/* What it looks like instead, a word of our own; empty if that is its own mechanism. */
static struct bytes likeness_of(const struct auth_case *auth, const struct sasl_step *step)
{
    const struct sasl_field *looks = auth_shown_field(step, "looks-like");
    bool is_own = looks && auth->mechanism && bytes_equal(looks->value, bytes_of(auth->mechanism->name));

    return looks && !is_own ? looks->value : (struct bytes){ NULL, 0 };
}

static bool check_malformed(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->from != SIDE_CLIENT || !step->malformed || is_told_elsewhere(auth, step))
        return false;
    struct bytes looks = likeness_of(auth, step);
    check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_MALFORMED_RESPONSE, step),
                 "The %s of %llu octets: %s.%s%.*s%s", auth_place(auth, step),
                 (unsigned long long)step->decoded_length, step->malformed,
                 looks.len ? " It looks like " : "", (int)looks.len, looks.len ? (const char *)looks.ptr : "",
                 looks.len ? "." : "");
    return true;
}

/* RFC 5802 5.1: the server's nonce begins with the client's; RFC 5802 3, RFC 2831 2.1.2: the client repeats
 * the server's. */
static bool check_nonces(const struct auth_case *auth)
{
    const struct sasl_step *client = is_scram(auth) ? auth_step_with(auth, SIDE_CLIENT, "nonce", 0) : NULL;
    const struct sasl_step *server = auth_step_with(auth, SIDE_SERVER, "nonce", 0);

    if (!server || (!is_scram(auth) && !auth_is_mechanism(auth, "DIGEST-MD5")))
        return false;
    struct bytes full = auth_shown_field(server, "nonce")->value;
    if (client && client < server) {
        struct bytes own = auth_shown_field(client, "nonce")->value;
        if (full.len <= own.len || !bytes_equal(bytes_slice(full, 0, own.len), own)) {
            struct finding *finding = auth_raise(auth, RULE_AUTH_NONCE_MISMATCH, server);
            if (finding)
                finding->fault = FAULT_SERVER;
            check_detail(
                auth->analysis, finding,
                "The server's nonce has to be the client's with something added, and is not: the server is "
                "wrong, or it answers somebody else's message.");
            return true;
        }
    }
    const struct sasl_step *final =
        auth_step_with(auth, SIDE_CLIENT, "nonce", (size_t)(server - auth->exchange->steps));
    if (!final || bytes_equal(auth_shown_field(final, "nonce")->value, full))
        return false;
    check_detail(
        auth->analysis, auth_raise(auth, RULE_AUTH_NONCE_MISMATCH, final),
        "The client's last message has to repeat the nonce of the challenge, octet by octet, and does not.");
    return true;
}

static bool begins_with(const struct sasl_field *field, const char *prefix)
{
    return bytes_starts_nocase(field->value, bytes_of(prefix));
}

/* A challenge without a realm, or with an empty one as Dovecot sends it, leaves the realm to the client. */
static bool is_realm_allowed(const struct sasl_step *challenge, const struct sasl_field *realm)
{
    bool is_limited = false;

    for (uint32_t i = 0; i < challenge->field_count; i++) {
        if (strncmp(challenge->fields[i].name, "realm", 5) != 0)
            continue;
        if (bytes_equal(challenge->fields[i].value, realm->value))
            return true;
        is_limited = is_limited || challenge->fields[i].value.len > 0;
    }
    return !is_limited;
}

/* RFC 2831 2.1.2, of responses that are well formed, and yet cannot be right. */
static const char *digest_doubt(const struct sasl_step *challenge, const struct sasl_step *response)
{
    const struct sasl_field *uri = auth_shown_field(response, "digest-uri");
    const struct sasl_field *realm = auth_shown_field(response, "realm"),
                            *count = auth_shown_field(response, "nc");

    if (uri && !begins_with(uri, "smtp/"))
        return "digest-uri does not begin with smtp/, the name of the service: right is smtp/ and the host "
               "name of the server";
    if (realm && !is_realm_allowed(challenge, realm))
        return "its realm is none of those in the challenge: the password is hashed together with it";
    if (count && !bytes_equal(count->value, BYTES("00000001")))
        return "nc is not 00000001, as it has to be behind a new challenge";
    return NULL;
}

static bool check_digest(const struct auth_case *auth)
{
    const struct sasl_step *challenge = auth_step_with(auth, SIDE_SERVER, "nonce", 0);
    const struct sasl_step *response = auth_step_with(auth, SIDE_CLIENT, "nonce", 0);

    if (!auth->is_refused || !auth_is_mechanism(auth, "DIGEST-MD5") || !challenge || !response
        || response < challenge)
        return false;
    const char *doubt = digest_doubt(challenge, response);
    struct finding *finding = doubt ? auth_raise(auth, RULE_AUTH_MALFORMED_RESPONSE, response) : NULL;
    if (finding)
        finding->confidence = CONFIDENCE_LIKELY;
    if (doubt)
        check_detail(auth->analysis, finding, "The response is well formed, but %s.", doubt);
    return doubt != NULL;
}

/* RFC 5802 7: c= repeats the header of the first message in base64. */
static bool check_binding(const struct auth_case *auth)
{
    const struct sasl_step *first = auth_step_with(auth, SIDE_CLIENT, "cbind-flag", 0);
    const struct sasl_step *final = auth_step_with(auth, SIDE_CLIENT, "cbind-header", 0);

    if (!auth->is_refused || !is_scram(auth) || !first || !final)
        return false;
    struct bytes flag = auth_shown_field(first, "cbind-flag")->value;
    struct bytes header = auth_shown_field(final, "cbind-header")->value;
    if (flag.len == 0 || (header.len > 0 && header.ptr[0] == flag.ptr[0]))
        return false;
    check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_MALFORMED_RESPONSE, final),
                 "c= in the last message does not repeat the header of the first one: its flag of channel "
                 "binding is another.");
    return true;
}

/* RFC 4954 4, RFC 2831 2.1.3, RFC 7628 3.2.3: the server's last word comes in a 334, which wants an answer.
 */
static const char *due_answer(const struct auth_case *auth, const struct sasl_step *step)
{
    if (step->from != SIDE_SERVER)
        return NULL;
    if (sasl_step_field(step, "server-signature") || sasl_step_field(step, "rspauth")
        || (is_scram(auth) && sasl_step_field(step, "error")))
        return "an empty line";
    if (!sasl_step_field(step, "status"))
        return NULL;
    return auth_is_mechanism(auth, "OAUTHBEARER") ? "AQ== (the octet 0x01 in base64)" : "an empty line";
}

static bool check_last_answer(const struct auth_case *auth)
{
    const struct session *session = auth->analysis->session;
    bool is_ended = session->closed == CLOSE_FIN || session->closed == CLOSE_RESET;

    for (size_t i = 0; i < auth->count; i++) {
        const struct sasl_step *step = &auth->exchange->steps[i];
        const char *due = due_answer(auth, step);
        bool is_last = i + 1 == auth->exchange->step_count;
        if (!due
            || (is_last ? !is_ended || auth->result.reply != NULL : !sasl_reads_as_command(step[1].text)))
            continue;
        check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_MISSING_EMPTY_RESPONSE, step),
                     "The server's last message of the exchange came in a 334, and %s. The answer is %s; "
                     "the reply that says how it ended comes only behind it.",
                     is_last ? "the connection ended" : "a command followed", due);
        return true;
    }
    return false;
}

/* RFC 4422 3.7: the choice of the client, after a success. */
static void check_layer(const struct auth_case *auth)
{
    static const char *const says[SASL_LAYER_COUNT] = {
        [SASL_LAYER_UNKNOWN] =
            "The choice of the layer is encrypted itself; what follows is wrapped, unless none was chosen.",
        [SASL_LAYER_INTEGRITY] = "It protects the integrity of what follows.",
        [SASL_LAYER_CONFIDENTIALITY] = "It encrypts what follows.",
    };

    if (auth->result.layer == SASL_LAYER_NONE)
        return;
    struct finding *finding = auth_raise(auth, RULE_AUTH_SECURITY_LAYER, NULL);
    if (finding && auth->result.layer == SASL_LAYER_UNKNOWN)
        finding->confidence = CONFIDENCE_POSSIBLE;
    check_detail(auth->analysis, finding, "%s", says[auth->result.layer]);
}

bool auth_check_messages(const struct auth_case *auth)
{
    bool is_reason = false;

    for (size_t i = 0; i < auth->count; i++)
        is_reason = check_malformed(auth, &auth->exchange->steps[i]) || is_reason;
    is_reason = check_nonces(auth) || is_reason;
    is_reason = (!is_reason && (check_digest(auth) || check_binding(auth))) || is_reason;
    is_reason = check_last_answer(auth) || is_reason;
    check_layer(auth);
    return is_reason;
}
