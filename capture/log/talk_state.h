#ifndef LOG_TALK_STATE_H
#define LOG_TALK_STATE_H

#include "base/siphash.h"
#include "log/talk.h"

/* Inside of talk.c and talks.c. */

enum {
    TALK_NAME = 256,
    TALK_KEY = 256,
    TALK_BUCKETS = 1024,
    TALK_CUTS = 64 /* the last lines that were cut: what waits was said in one of them */
};

enum talk_tls { TALK_TLS_NONE = 0, TALK_TLS_ASKED, TALK_TLS_DUE };

struct talk {
    struct talks *talks;
    struct talk *next;            /* in its bucket */
    struct talk *older, *newer;   /* by when it was touched */
    struct talk *elder, *younger; /* by serial, while there is a dialogue */
    uint8_t key[TALK_KEY];
    size_t key_len;
    uint64_t hash;
    struct dialogue *dialogue; /* NULL: nothing was said */
    struct dialogue_options options;
    struct log_facts facts;
    struct flow_info flow;
    uint8_t server_name[TALK_NAME];
    uint64_t offset[2]; /* by enum side */
    uint64_t time_ns;
    enum talk_tls tls;
    enum side outward;
    bool is_opened; /* the log shows its beginning */
    bool is_over;
    bool saw_quit;
    bool has_content; /* the client said something since the last 354 */
};

struct talks {
    struct talks_options options;
    struct log_line now; /* number and stamp alone */
    uint32_t input;
    const char *program;
    bool is_server_side;
    uint64_t cuts[TALK_CUTS]; /* numbers of lines, each at its remainder */
    struct talk *buckets[TALK_BUCKETS];
    struct talk *oldest, *newest;
    struct talk *eldest, *youngest;
    size_t count;
    struct talk spare; /* where there is no memory for another */
    uint64_t next_serial;
    uint64_t sessions;
    uint64_t lost;
};

/* The dialogue, begun if it has not; false without memory. */
bool talk_begin(struct talk *talk, bool is_midstream);
/* What is missing of a command in a line that was cut off: nothing that matters, its argument, or even which
 * it is. */
enum talk_cut { TALK_CUT_NOTHING = 0, TALK_CUT_ARGUMENT, TALK_CUT_VERB };
/* `shown` is how much of it is sure. */
enum talk_cut talk_cut_command(struct bytes text, size_t *shown);
/* Whether what is left of a reply tells its code, and whether it goes on. */
bool talk_cut_has_code(struct bytes text);
/* Whether what is left of its line may be less than was offered. */
bool talk_cut_offer(struct bytes text);
/* Hands the session to the sink. */
void talk_end(struct talk *talk);
/* Memory for another dialogue, by ending the one that was touched least recently. */
bool talks_make_room(struct talks *talks, const struct talk *keep);
void talks_link_age(struct talk *talk);
void talks_unlink_age(struct talk *talk);
void talks_tell_reached(struct talks *talks);

#endif
