#ifndef RULES_PIPE_OFFERS_H
#define RULES_PIPE_OFFERS_H

#include "base/limits.h"
#include "replay/replay.h"

/* Which client has seen which server offer PIPECONNECT, and since when: such a client may open its next
 * session before the greeting, as Exim does.  A newer pair may take the place of an older one. */
struct pipe_offers {
    struct pipe_offer {
        struct endpoint server;
        struct address client;
        uint64_t since_ns; /* 0: empty */
    } rows[LIMIT_PIPE_OFFERS];
};

/* If the session's last EHLO reply offers it. */
void pipe_offers_note(struct pipe_offers *offers, const struct replay *replay);
/* Whether this client had seen the offer when its session began. */
bool pipe_offers_hold(const struct pipe_offers *offers, const struct session *session);

#endif
