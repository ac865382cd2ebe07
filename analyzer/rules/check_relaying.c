/* Relaying for strangers: asked for and denied, or let pass though the domain is none of --local-domains. */
#include "rules/check.h"
#include "rules/ending.h"
#include "rules/refusal.h"

enum {
    PROBE_DOMAINS = 5 /* foreign domains: one user who forgot to log in writes to fewer at a time */
};

enum relaying_count { RELAYING_RECIPIENTS, RELAYING_DOMAINS, RELAYING_PASSED, RELAYING_COUNTS };
_Static_assert((int)RELAYING_COUNTS <= (int)HISTORY_COUNTS, "an entry holds them all");

static bool is_relay_denial(const struct reply *reply)
{
    struct refusal refusal = refusal_classify(reply, REFUSAL_RCPT, 0);

    return refusal.reason == REASON_RELAY && refusal.other == REASON_NONE
           && refusal.confidence >= CONFIDENCE_LIKELY;
}

/* What stands behind the last "@"; empty for none, and for an address literal. */
static struct bytes domain_of(struct bytes address)
{
    for (size_t at = address.len; at-- > 0;)
        if (address.ptr[at] == '@') {
            struct bytes domain = bytes_from(address, at + 1);
            return domain.len && domain.ptr[0] == '[' ? (struct bytes){ NULL, 0 } : domain;
        }
    return (struct bytes){ NULL, 0 };
}

/* One of them, or below one of them. */
static bool is_local(struct bytes domain, struct bytes local_domains)
{
    while (local_domains.len > 0) {
        size_t comma = bytes_find(local_domains, ',');
        struct bytes local = bytes_trim(bytes_slice(local_domains, 0, comma));
        local_domains = comma == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(local_domains, comma + 1);
        if (local.len == 0 || local.len > domain.len)
            continue;
        size_t at = domain.len - local.len;
        if (bytes_equal_nocase(bytes_from(domain, at), local) && (at == 0 || domain.ptr[at - 1] == '.'))
            return true;
    }
    return false;
}

static struct history_key host_key(const struct analysis *analysis, const struct address *address)
{
    struct history_key key = history_key(check_history(analysis), HISTORY_HOST);

    history_key_add_address(&key, address);
    return key;
}

static bool is_our_host(const struct analysis *analysis, const struct address *address)
{
    struct history_key key = host_key(analysis, address);

    return history_find(check_history(analysis), &key) != NULL;
}

static bool is_private(const struct address *address)
{
    static const char *const networks[] = { "10.0.0.0/8",  "172.16.0.0/12",  "192.168.0.0/16",
                                            "127.0.0.0/8", "169.254.0.0/16", "::1/128",
                                            "fc00::/7",    "fe80::/10" };
    struct address_prefix prefix;

    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        if (address_prefix_parse(bytes_of(networks[i]), &prefix) && address_prefix_holds(&prefix, address))
            return true;
    return false;
}

static struct history_entry *count_recipient(const struct analysis *analysis, struct bytes domain,
                                             uint64_t time_ns)
{
    struct history *history = check_history(analysis);
    struct history_key key = history_key(history, HISTORY_RELAYING);
    struct history_key different = history_key(history, HISTORY_DIFFERENT);

    history_key_add_address(&key, &analysis->session->client.address);
    history_key_add_number(&different, HISTORY_RELAYING);
    history_key_add_address(&different, &analysis->session->client.address);
    history_key_add_nocase(&different, domain);
    struct history_entry *entry = history_keep(history, &key);
    if (!entry)
        return NULL;
    if (entry->count[RELAYING_RECIPIENTS]++ == 0)
        entry->first_ns = time_ns;
    entry->last_ns = time_ns;
    entry->count[RELAYING_DOMAINS] += history_is_first(history, &different);
    return entry;
}

static void raise_passed_or_denied(struct analysis *analysis, const struct history_entry *entry, size_t index,
                                   bool is_passed)
{
    struct finding *finding = check_raise(analysis, RULE_OPEN_RELAY_ATTEMPT, index);
    bool is_probe = entry->count[RELAYING_DOMAINS] >= PROBE_DOMAINS;
    char span[HISTORY_SPAN_TEXT];

    if (!finding)
        return;
    if (is_passed) {
        bool may_relay = is_private(&analysis->session->client.address);
        bool is_ours = is_our_host(analysis, &analysis->session->server.address);
        finding->fault = FAULT_SERVER;
        finding->confidence = is_ours && !may_relay ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
        check_detail(analysis, finding,
                     "The server let it pass: neither sender nor recipient belongs to the local domains%s.",
                     may_relay ? ", and the client has a private address, which it may trust"
                     : is_ours ? ", and it does take mail for those"
                               : "");
        return;
    }
    check_detail(analysis, finding, "Denied to this client so far: recipients %u, domains %u, within %s; %s.",
                 (unsigned)entry->count[RELAYING_RECIPIENTS], (unsigned)entry->count[RELAYING_DOMAINS],
                 history_span(entry->last_ns - entry->first_ns, span),
                 is_probe ? "a search for open relays, or a machine that sends spam"
                          : "perhaps a user whose program does not log in");
}

static void check_denied(struct analysis *analysis, const struct recipient *recipient, size_t index)
{
    if (!is_relay_denial(recipient->reply))
        return;
    struct history_entry *entry =
        count_recipient(analysis, domain_of(recipient->address), recipient->reply->at.time_ns);
    if (entry && history_is_due(entry, entry->count[RELAYING_DOMAINS], 1))
        raise_passed_or_denied(analysis, entry, index, false);
}

/* Mail from users of the local domains, and from the servers themselves, may go anywhere. */
static void check_passed(struct analysis *analysis, const struct transaction *transaction,
                         const struct recipient *recipient, size_t index)
{
    struct bytes local_domains = check_local_domains(analysis), domain = domain_of(recipient->address);

    if (domain.len == 0)
        return;
    if (is_local(domain, local_domains)) {
        struct history_key key = host_key(analysis, &analysis->session->server.address);
        (void)history_keep(check_history(analysis), &key);
        return;
    }
    struct bytes sender_domain = domain_of(transaction->mail_from);
    if (sender_domain.len == 0 || is_local(sender_domain, local_domains)
        || is_our_host(analysis, &analysis->session->client.address))
        return;
    struct history_entry *entry = count_recipient(analysis, domain, recipient->reply->at.time_ns);
    if (entry && entry->count[RELAYING_PASSED]++ == 0)
        raise_passed_or_denied(analysis, entry, index, true);
}

static void check_transaction(struct analysis *analysis, const struct transaction *transaction)
{
    for (size_t i = 0; i < transaction->recipient_count; i++) {
        const struct recipient *recipient = &transaction->recipients[i];
        size_t index = analysis->replay.command_items[recipient->command - 1];
        if (!recipient->reply)
            continue;
        if (!recipient->is_accepted)
            check_denied(analysis, recipient, index);
        else if (check_local_domains(analysis).len)
            check_passed(analysis, transaction, recipient, index);
    }
}

/* Who tried to log in, and failed, is no stranger: that finding says more.  Where the capture ends too early,
 * that may be to come. */
static void check_session(struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;
    const struct session *session = analysis->session;
    bool may_go_on = session->closed == CLOSE_END_OF_CAPTURE || session_lacks_end(session, SIDE_CLIENT);
    bool is_cut_off = may_go_on && !session->log && !ending_of(analysis).is_polite;

    if (is_cut_off || ending_lacks_last(session) || replay->has_gaps || session->is_midstream
        || session->exchange_count || session->protocol == PROTOCOL_LMTP)
        return;
    for (size_t i = 0; i < replay->transaction_count; i++)
        if (replay->transactions[i].rcpt_refused || check_local_domains(analysis).len)
            check_transaction(analysis, &replay->transactions[i]);
}

const struct check check_relaying = { .session = check_session };
