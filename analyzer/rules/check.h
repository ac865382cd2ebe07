#ifndef RULES_CHECK_H
#define RULES_CHECK_H

#include "rules/history.h"
#include "rules/rules.h"

/* Inside analyzer/rules alone: a check looks at one thing and raises findings.  One file a subject, one row
 * in checks.def. */

struct check {
    /* The command at items[index]; its judgement is known. */
    void (*command)(struct analysis *analysis, size_t index);
    uint32_t verbs; /* 1 << enum verb of those that `command` looks at; 0 all */
    /* Any reply, with the item that it answers (of a greeting or a stray reply: itself). */
    void (*reply)(struct analysis *analysis, size_t index, const struct reply *reply);
    /* Before all others: what this check will need has time to come. */
    void (*expect)(struct analysis *analysis);
    /* The session as a whole. */
    void (*session)(struct analysis *analysis);
};

#define CHECK(subject) extern const struct check check_##subject;
#include "rules/checks.def"
#undef CHECK

/* A new finding with the catalogue's severity and fault, about this item, certain if its phase was seen; NULL
 * at the ceiling (counted) or without memory.  Void at the next raise. */
struct finding *check_raise(struct analysis *analysis, enum rule_id rule, size_t index);
/* About the form of a line, which is certain whatever is known of the session. */
struct finding *check_raise_form(struct analysis *analysis, enum rule_id rule, size_t index);
/* About the session as a whole. */
struct finding *check_raise_session(struct analysis *analysis, enum rule_id rule, struct moment at);
/* What is particular here, in our own words: never bytes from the wire. */
void check_detail(struct analysis *analysis, struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What one client does wrong in every command is told of the first. */
enum once {
    ONCE_SAW_UNKNOWN, /* not told: seen */
    ONCE_UNKNOWN,
    ONCE_EMPTY,
    ONCE_NO_KEYWORD,
    ONCE_SPACE_BEFORE_COLON,
    ONCE_SPACE_BEHIND_COLON,
    ONCE_NO_BRACKETS,
    ONCE_TEXT_BEHIND,
    ONCE_LEADING_SPACE,
    ONCE_ARGUMENT,
    ONCE_PARAMETER,
    ONCE_UNKNOWN_PARAMETER,
    ONCE_BARE_CR,
    ONCE_BARE_LF,
    ONCE_SERVER_BARE_LF,
    ONCE_NUL,
    ONCE_8BIT,
    ONCE_HELO,
    ONCE_DOMAINS,
    ONCE_COUNT
};
/* True for the first of that kind in the session. */
bool check_is_first(struct analysis *analysis, enum once once);

static inline bool check_was_told(const struct analysis *analysis, enum once once)
{
    return analysis->told_once >> once & 1;
}

/* Exploits in a command, which is long or holds one of the octets that they need. */
void check_exploit(struct analysis *analysis, size_t index);

/* The parameters of MAIL or RCPT. */
void check_parameters(struct analysis *analysis, size_t index);
/* Says of the finding's cause_command what it was, and that it was refused. */
void check_explain_cause(struct analysis *analysis, struct finding *finding);
/* What the sessions before have left, and what --local-domains said. */
struct history *check_history(const struct analysis *analysis);
struct bytes check_local_domains(const struct analysis *analysis);
/* Leaves the mark of this session in the entry; check_is_copy tells then whether another session left it that
 * has the same addresses and ports: one connection, captured at two places. */
void check_mark(const struct analysis *analysis, struct history_entry *entry);
bool check_is_copy(const struct analysis *analysis, const struct history_entry *entry);

/* The passwords to be held against logins, or NULL. */
struct sasl_verifier *check_verifier(const struct analysis *analysis);

/* The judgement on the command at items[index]. */
const struct judgement *check_judgement(const struct analysis *analysis, size_t index);
/* The command that the reply at this item belongs to: itself, or for SASL and content the one that began it;
 * 0 if none. */
uint32_t check_command_of(const struct session *session, size_t index);
enum rule_id rule_of_misorder(enum misorder misorder);
/* Whether the reply holds one of the phrases (NULL-terminated list), ASCII case ignored. */
bool check_says_any(const struct reply *reply, const char *const *phrases);
/* Whether the content at this item was content to the server too: it asked for it, or took it.  Without its
 * replies it may have read commands. */
bool check_was_content(const struct analysis *analysis, size_t index);
/* Server bytes that answer nothing, and are told as something else than replies out of step: behind a PROXY
 * header, TLS or another protocol (check_foreign.c), between STARTTLS and its handshake (check_starttls.c).
 */
bool check_is_no_answer(const struct session *session, size_t index);
bool check_is_injected(const struct session *session, size_t index);
/* That the client knew of the cause of a consequence when it sent this: that it had the whole reply, and time
 * to read it.  NONE inside a pipelined group. */
enum confidence check_ignored_cause(const struct analysis *analysis, size_t index);
/* RFC 2920 3.1: whether the client must await the reply to this verb. */
bool check_ends_group(enum verb verb);
/* The client had waited LIMIT_PATIENCE_SECONDS for a reply when it sent this command: it is part of no group.
 */
bool check_lost_patience(const struct session *session, size_t index);

#endif
