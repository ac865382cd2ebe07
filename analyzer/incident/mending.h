#ifndef INCIDENT_MENDING_H
#define INCIDENT_MENDING_H

#include "incident/sequence.h"

/* Inside analyzer/incident: an order of commands on the way from what it was to what it should have been, one
 * first cause after another. */

struct mending {
    const struct analysis *analysis;
    const uint32_t *roots;
    struct arena *arena;
    struct sequence *due;
    uint32_t index; /* of the finding that is set right now */
    const struct finding *finding;
    const struct judgement *judgement; /* on its command */
    enum verb verb;                    /* of its command */
    bool has_tls, has_login;           /* were put in */
    bool is_changed;
    bool wants_order; /* something was out of order */
    bool is_of_shown; /* the incident that the list is for has changed it, too */
    bool is_respaced; /* a line was rewritten: no other is to have the same fault */
};

/* Places are indexes in due->steps; SIZE_MAX: there is none. */

/* Said, or put in: neither left out nor a note. */
bool mending_is_command(const struct sequence_step *step);
/* Of the command with this n, if it still stands where it was said. */
size_t mending_place(const struct mending *m, uint32_t n);
/* The newest step before `at` with this verb (any greeting for HELO) that stands. */
size_t mending_last(const struct mending *m, size_t at, enum verb verb);
/* A step behind `at` that says the same as it and was accepted. */
size_t mending_same_later(const struct mending *m, size_t at);
/* A MAIL behind `at` that was accepted, unless something else begins or ends before it. */
size_t mending_mail_later(const struct mending *m, size_t at);
/* The last accepted RCPT of those that follow `at` at once. */
size_t mending_recipients_later(const struct mending *m, size_t at);

/* What a server answers when all is well. */
uint16_t mending_success(enum verb verb);
/* Of "FROM: a@b SIZE=1" or "TO:a@b" the address alone. */
struct bytes mending_address(struct bytes argument);
/* A command of sequence.def with its places filled in. */
struct sequence_step mending_filled(struct mending *m, struct bytes command);
/* Commands separated by "|", with their places filled in, so that the first stands at `at`.  Returns the
 * place behind the last. */
size_t mending_insert(struct mending *m, size_t at, const char *commands);
/* The message, accepted, behind DATA. */
void mending_put_message(struct mending *m, size_t at);
/* The client should have waited here. */
void mending_await(struct mending *m, size_t at);
/* The same command, answered as it should have been, at an earlier place too. */
void mending_copy(struct mending *m, size_t from, size_t at);
void mending_omit(struct mending *m, size_t at);
/* The command at `at` is accepted. */
void mending_accept(struct mending *m, size_t at);
/* So is the command of the finding, and what was refused because of it. */
void mending_heal(struct mending *m);
/* Only what was refused because of it. */
void mending_heal_consequences(struct mending *m);
/* What was refused because of it does not follow, nor the body of a message that was read as commands. */
void mending_drop_consequences(struct mending *m);
/* As sequence.def says of the finding's rule; `at` is the place of its command. */
void mending_apply(struct mending *m, size_t at);
/* Whether that puts TLS in: it comes before all else that is put in. */
bool mending_is_tls(enum rule_id rule);
/* Puts what RFC 5321 4.1.4 and its extensions ask for before each command, and leaves out what may not come
 * twice. */
void mending_straighten(struct mending *m);

/* MAIL and RCPT with a blank behind the colon come without it: one finding stands for all of a session. */
void mending_respace(struct mending *m);

#endif
