/* Refused credentials over the sessions of a client: many different ones, or the same one again and again. */
#include "rules/check.h"

enum {
    /* RFC 4954 9 lets a user try three times; two programs of one user, each with its old password, stay
       below. */
    BRUTE_FORCE_DIFFERENT = 5,
    BRUTE_FORCE_MANY = 10, /* more than people mistype before they ask */
    STUCK_REPEATS = 3,     /* PLAIN and then LOGIN with one password are two */
    GATEWAY_IDENTITIES = 3 /* that logged in from one address: more than a household's device has */
};

enum login_count {
    LOGIN_REFUSED,
    LOGIN_IDENTITIES, /* different ones among the refused, and so on */
    LOGIN_SECRETS,
    LOGIN_PAIRS,
    LOGIN_ACCEPTED,
    LOGIN_ACCEPTED_IDENTITIES,
    LOGIN_COUNTS
};
_Static_assert((int)LOGIN_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

struct login {
    const struct sasl_exchange *exchange;
    struct sasl_result result;
    uint32_t secret;  /* its ordinal; 0: the mechanism shows no secret that could be compared */
    bool is_password; /* tokens are nothing to guess: a client fetches a new one each time */
};

static bool has_sent_credential(const struct sasl_exchange *exchange)
{
    bool has_secret = false;

    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_step *step = &exchange->steps[i];
        if (step->from != SIDE_CLIENT)
            continue;
        if (step->problem != BASE64_FINE || step->malformed)
            return false; /* what was refused is its form */
        has_secret = has_secret || step->is_secret;
    }
    return has_secret;
}

/* RFC 4954 6: the credential was looked at, and is wrong.  Other codes speak of the mechanism, of encryption,
 * of the server's own troubles. */
static bool is_credential_refused(const struct analysis *analysis, const struct login *login)
{
    static const char *const other_reasons[] = { "TLS", "SSL", "encrypt", "mechanism", "disabled", NULL };
    const struct judgement *judgement = check_judgement(analysis, login->exchange->command_item);
    const struct reply *reply = login->result.reply;

    if (login->result.outcome != SASL_FAILURE || !reply || !judgement->is_phase_known
        || judgement->verdict != VERDICT_REFUSED)
        return false;
    return (reply->code == 535 || reply->code == 550 || reply->code == 554)
           && has_sent_credential(login->exchange) && !check_says_any(reply, other_reasons);
}

/* CRAM-MD5 and the like give another answer each time, whatever the password is. */
static void find_secret(struct login *login)
{
    const struct sasl_exchange *exchange = login->exchange;
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(exchange->mechanism);

    for (size_t i = exchange->step_count; mechanism && mechanism->sends_plain_secret && i-- > 0;) {
        const struct sasl_step *step = &exchange->steps[i];
        if (step->from != SIDE_CLIENT || !step->secret_ordinal)
            continue;
        login->secret = step->secret_ordinal;
        for (uint32_t k = 0; k < step->field_count; k++)
            login->is_password = login->is_password || strcmp(step->fields[k].name, "password") == 0;
        return;
    }
}

static struct history_key client_key(const struct analysis *analysis, enum history_kind kind)
{
    struct history_key key = history_key(check_history(analysis), kind);

    history_key_add_number(&key, HISTORY_LOGIN);
    history_key_add_address(&key, &analysis->session->client.address);
    return key;
}

/* Ordinals compare within one origin. */
static struct history_key credential_key(const struct analysis *analysis, enum history_kind kind,
                                         struct bytes identity, uint32_t secret)
{
    struct history_key key = client_key(analysis, kind);

    history_key_add_number(&key, secret ? analysis->session->origin : 0);
    history_key_add_number(&key, secret);
    history_key_add(&key, identity);
    return key;
}

static bool is_first(const struct analysis *analysis, enum login_count what, struct bytes identity,
                     uint32_t secret)
{
    struct history_key key = credential_key(analysis, HISTORY_DIFFERENT, identity, secret);

    history_key_add_number(&key, what);
    return history_is_first(check_history(analysis), &key);
}

static void count_refusal(const struct analysis *analysis, const struct login *login,
                          struct history_entry *entry)
{
    static const struct bytes nobody = { NULL, 0 };
    struct bytes identity = login->result.identity;
    uint64_t time_ns = login->result.reply->at.time_ns;

    if (entry->bits != analysis->session->origin)
        entry->count[LOGIN_SECRETS] = entry->count[LOGIN_PAIRS] = 0;
    entry->bits = analysis->session->origin;
    if (entry->count[LOGIN_REFUSED]++ == 0)
        entry->first_ns = time_ns;
    entry->last_ns = time_ns;
    if (identity.len)
        entry->count[LOGIN_IDENTITIES] += is_first(analysis, LOGIN_IDENTITIES, identity, 0);
    if (login->is_password)
        entry->count[LOGIN_SECRETS] += is_first(analysis, LOGIN_SECRETS, nobody, login->secret);
    if (login->is_password && identity.len)
        entry->count[LOGIN_PAIRS] += is_first(analysis, LOGIN_PAIRS, identity, login->secret);
}

static uint32_t most_different(const struct history_entry *entry)
{
    uint32_t most = entry->count[LOGIN_IDENTITIES];

    most = entry->count[LOGIN_SECRETS] > most ? entry->count[LOGIN_SECRETS] : most;
    return entry->count[LOGIN_PAIRS] > most ? entry->count[LOGIN_PAIRS] : most;
}

static bool is_spraying(const struct history_entry *entry)
{
    return entry->count[LOGIN_SECRETS] && entry->count[LOGIN_IDENTITIES] >= 3 * entry->count[LOGIN_SECRETS];
}

static const char *method_of(const struct history_entry *entry)
{
    uint32_t identities = entry->count[LOGIN_IDENTITIES], secrets = entry->count[LOGIN_SECRETS];

    if (secrets == 0)
        return "whether passwords were guessed cannot be seen with this mechanism";
    if (is_spraying(entry))
        return "spraying, few passwords for many identities";
    if (identities <= 1 || secrets >= 3 * identities)
        return "guessing, many passwords for each identity";
    if (entry->count[LOGIN_PAIRS] > 2 * (identities > secrets ? identities : secrets))
        return "guessing, a list of passwords for each of several identities";
    return "stuffing, pairs of identity and password as from a list";
}

/* A webmail or gateway host logs in many users, some of whom mistype. */
static bool is_like_gateway(const struct history_entry *entry)
{
    return entry->count[LOGIN_ACCEPTED_IDENTITIES] >= GATEWAY_IDENTITIES;
}

static enum confidence confidence_of(const struct analysis *analysis, const struct history_entry *entry)
{
    if (is_like_gateway(entry) || history_forgotten(check_history(analysis), HISTORY_DIFFERENT))
        return CONFIDENCE_POSSIBLE;
    return is_spraying(entry) || most_different(entry) >= BRUTE_FORCE_MANY ? CONFIDENCE_LIKELY
                                                                           : CONFIDENCE_POSSIBLE;
}

static void raise_brute_force(struct analysis *analysis, const struct login *login,
                              const struct history_entry *entry)
{
    struct finding *finding = check_raise(analysis, RULE_BRUTE_FORCE, login->exchange->command_item);
    char span[HISTORY_SPAN_TEXT];

    if (!finding)
        return;
    finding->reply_code = login->result.reply->code;
    finding->confidence = confidence_of(analysis, entry);
    check_detail(analysis, finding,
                 "%u refused logins of this client in %s, with %u identities and %u passwords: %s. "
                 "%u others succeeded%s",
                 (unsigned)entry->count[LOGIN_REFUSED], history_span(entry->last_ns - entry->first_ns, span),
                 (unsigned)entry->count[LOGIN_IDENTITIES], (unsigned)entry->count[LOGIN_SECRETS],
                 method_of(entry), (unsigned)entry->count[LOGIN_ACCEPTED],
                 is_like_gateway(entry)
                     ? ", of several users: a webmail or gateway host of many users looks like this, too."
                     : ".");
}

static void note_refused_credential(struct analysis *analysis, const struct login *login)
{
    struct history_key key =
        credential_key(analysis, HISTORY_CREDENTIAL, login->result.identity, login->secret);
    struct history_entry *entry;
    char span[HISTORY_SPAN_TEXT];

    if (!login->secret || login->result.identity.len == 0)
        return;
    entry = history_keep(check_history(analysis), &key);
    if (!entry)
        return;
    if (entry->count[0]++ == 0)
        entry->first_ns = login->result.reply->at.time_ns;
    if (!history_is_due(entry, entry->count[0], STUCK_REPEATS))
        return;
    struct finding *finding = check_raise(analysis, RULE_STUCK_CLIENT, login->exchange->command_item);
    if (!finding)
        return;
    finding->reply_code = login->result.reply->code;
    check_detail(analysis, finding, "The same identity with the same password was refused %u times in %s.",
                 (unsigned)entry->count[0],
                 history_span(login->result.reply->at.time_ns - entry->first_ns, span));
}

static void note_refusal(struct analysis *analysis, const struct login *login)
{
    struct history_key key = client_key(analysis, HISTORY_LOGIN);
    struct history_entry *entry = history_keep(check_history(analysis), &key);

    if (entry) {
        count_refusal(analysis, login, entry);
        if (history_is_due(entry, most_different(entry), BRUTE_FORCE_DIFFERENT))
            raise_brute_force(analysis, login, entry);
    }
    note_refused_credential(analysis, login);
}

/* Of interest only of a client that was refused before. */
static void note_success(struct analysis *analysis, const struct login *login)
{
    struct history *history = check_history(analysis);
    struct history_key key = client_key(analysis, HISTORY_LOGIN);
    struct history_entry *entry =
        history_is_empty(history, HISTORY_LOGIN) ? NULL : history_find(history, &key);

    if (!entry)
        return;
    entry->count[LOGIN_ACCEPTED]++;
    if (login->result.identity.len)
        entry->count[LOGIN_ACCEPTED_IDENTITIES] +=
            is_first(analysis, LOGIN_ACCEPTED_IDENTITIES, login->result.identity, 0);
    key = credential_key(analysis, HISTORY_CREDENTIAL, login->result.identity, login->secret);
    entry = history_find(history, &key);
    if (entry) /* it is a good one: the server refused it for a while */
        entry->count[0] = entry->told = 0;
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = 0; i < session->exchange_count; i++) {
        struct login login = { .exchange = &session->exchanges[i] };
        if (login.exchange->command_item >= session->item_count
            || session->items[login.exchange->command_item].kind != ITEM_COMMAND)
            continue;
        login.result = sasl_result_of(session, login.exchange);
        find_secret(&login);
        if (login.result.outcome == SASL_SUCCESS)
            note_success(analysis, &login);
        else if (is_credential_refused(analysis, &login))
            note_refusal(analysis, &login);
    }
}

const struct check check_login = { .session = check_session };
