#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "replay/replay.h"
#include "sasl/sasl.h"
#include "transcript/attempts.h"

/* The catalogue of findings: one row of rules.def each, and the checks that raise them. */

enum severity { SEVERITY_NONE = 0, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_COUNT };
enum confidence {
    CONFIDENCE_NONE = 0,
    CONFIDENCE_POSSIBLE,
    CONFIDENCE_LIKELY,
    CONFIDENCE_CERTAIN,
    CONFIDENCE_COUNT
};
enum fault {
    FAULT_NONE = 0,
    FAULT_CLIENT,
    FAULT_SERVER,
    FAULT_PATH,
    FAULT_POLICY,
    FAULT_UNDECIDED,
    FAULT_COUNT
};
const char *severity_name(enum severity severity);
const char *confidence_name(enum confidence confidence);
const char *fault_name(enum fault fault);

enum rule_id {
    RULE_NONE = 0,
#define RULE(name, id, group, severity, fault, reference, title, explanation, remedy) RULE_##name,
#include "rules/rules.def"
#undef RULE
    RULE_COUNT
};

struct rule {
    const char *id; /* public: never renamed, never reused */
    const char *group;
    enum severity severity;
    enum fault fault;      /* the usual one; a finding may say otherwise */
    const char *reference; /* "RFC 5321 4.1.4; RFC 2920 3.1" */
    const char *title;
    const char *explanation;
    const char *remedy;
};

const struct rule *rule_of(enum rule_id id);
enum rule_id rule_find(struct bytes id); /* RULE_NONE if unknown */

struct finding {
    enum rule_id rule;
    enum severity severity;
    enum confidence confidence;
    enum fault fault;
    uint32_t command; /* n, 0: the session as a whole */
    struct packet_ref packet;
    uint64_t time_ns;
    uint16_t reply_code;     /* 0 none */
    uint16_t reason;         /* why the server refused: an enum refusal_reason of refusal.h; 0 not known */
    uint32_t cause_command;  /* n of the command that is the first cause; 0 none */
    enum rule_id cause_rule; /* or RULE_NONE */
    struct bytes detail;     /* a sentence about this very case, behind the rule's explanation; empty none */
};

/* Deliveries (network of the client, sender, recipient) that were refused in a session for the first time,
 * and those refused in this or an earlier session that were accepted in this one. */
struct returned {
    uint64_t refused;
    uint64_t accepted_later;
};

/* A session with all that is known of it. */
struct analysis {
    struct session *session; /* owned */
    struct arena arena;
    struct replay replay;
    struct finding *findings; /* in order of command, then rule */
    size_t finding_count;
    size_t finding_cap;
    uint64_t findings_dropped; /* beyond LIMIT_FINDINGS */
    uint32_t told_once;        /* a bit for each enum once: inside of rules/ */
    uint64_t slow_ns;          /* a reply later than this is slow */
    struct returned returned;
    const struct expected_message *expected; /* of the first message: inside of rules/ */
    struct analyzer *owner;
    struct analysis *next; /* in its owner's list of idle ones */
};

struct analyzer; /* what lasts over sessions: secrets' ordinals, the history */
struct analyzer *analyzer_new(struct budget *budget, struct err *err);
void analyzer_free(struct analyzer *analyzer);
/* What --slow says; ANALYZER_SLOW_NS by default. */
void analyzer_set_slow(struct analyzer *analyzer, uint64_t slow_ns);
/* Longer than delays on purpose and look-ups take as a rule, and shorter than impatient clients wait. */
#define ANALYZER_SLOW_NS (UINT64_C(10) * 1000000000)
/* Domains that the captured servers take mail for, subdomains included: "example.org,example.net".  Borrowed.
 */
void analyzer_set_local_domains(struct analyzer *analyzer, struct bytes domains);
/* Passwords to hold against the logins of all sessions to come; borrowed, NULL for none. */
struct sasl_verifier;
void analyzer_verify(struct analyzer *analyzer, struct sasl_verifier *verifier);

/* Takes the session.  NULL without memory (the session is freed). */
struct analysis *analysis_new(struct analyzer *analyzer, struct session *session);
/* The same of some sessions, in the order in which they ended: each step is taken with all of them before the
 * next one begins.  What a session goes through is twice what the processor's cache of instructions holds. */
enum { ANALYSES_TOGETHER = 8 };
void analyses_new(struct analyzer *analyzer, struct session *const sessions[], size_t count,
                  struct analysis *out[]);
void analysis_free(struct analysis *analysis);
/* Index of the first finding about this command or a later one: they stand in order of command. */
size_t analysis_first_finding(const struct analysis *analysis, uint32_t command);

/* Findings about connections that never became a session. */
enum { ATTEMPTS_FINDINGS = ATTEMPT_KIND_COUNT - 1, ATTEMPTS_DETAIL = 400 };
struct attempts_verdict {
    struct finding findings[ATTEMPTS_FINDINGS]; /* their details stand in `details` */
    size_t count;
    char details[ATTEMPTS_FINDINGS][ATTEMPTS_DETAIL];
};
/* Of rows[index], when all sessions have been analyzed: a server that answered others is up. */
void analyzer_judge_attempts(const struct analyzer *analyzer, const struct attempts_row *rows, size_t count,
                             size_t index, struct attempts_verdict *out);

/* explain: what a reply code means. */
struct reply_code_text {
    uint16_t code;
    const char *class; /* "3yz, positive intermediate: go on" */
    const char *meaning;
    const char *appears; /* when it comes */
    const char *action;  /* what to do */
    const char *turn;    /* whose turn it is */
};
/* NULL for a code that is not known; its class is still told by reply_code_class. */
const struct reply_code_text *reply_code_explain(uint16_t code);
const char *reply_code_class(uint16_t code);

#endif
