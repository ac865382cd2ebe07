#ifndef MODEL_ORACLE_H
#define MODEL_ORACLE_H

#include <stdbool.h>

/* The order of SMTP once more, as simple as it can be said, and without a look at the table of the program:
 * what must have been accepted before (RFC 5321 3.3 and 4.1.4, RFC 3030 2, RFC 3207 4.2, RFC 4954 4).
 *
 * Whether a refused command was out of order by the client's own doing is answered by trying: had the server
 * accepted an earlier command, and whatever it refused in its wake, would this one be in order? */

enum act {
    ACT_EHLO,
    ACT_HELO,
    ACT_MAIL,
    ACT_RCPT,
    ACT_DATA,
    ACT_BDAT,
    ACT_BDAT_LAST,
    ACT_RSET,
    ACT_AUTH,
    ACT_STARTTLS,
    ACT_NOOP,
    ACT_QUIT,
    ACT_COUNT
};

enum answer { ANSWER_ACCEPTED, ANSWER_550, ANSWER_503, ANSWER_COUNT };

enum { PATH_MAX = 7 };

struct path {
    enum act act[PATH_MAX];
    enum answer answer[PATH_MAX];
    int length;
};

/* Whether command `i` of the path is in order. */
bool oracle_in_order(const struct path *path, int i);

/* Whether the refusal of command `root` is why command `i` is out of order. */
enum follows {
    FOLLOWS_NOT,
    FOLLOWS,
    FOLLOWS_PERHAPS /* two readings: the root was out of order itself, HELO where EHLO was due, a refused
                     * chunk (RFC 3030 2 calls the state behind it indeterminate), or more that is wrong */
};
enum follows oracle_follows_from(const struct path *path, int root, int i);

/* A server that lets command `i` pass may have another envelope than its replies said: a nested MAIL, AUTH
 * inside a transaction. */
bool oracle_clouds_envelope(const struct path *path, int i);
/* Out of order for want of EHLO alone; many servers take such a MAIL. */
bool oracle_lacks_greeting_alone(const struct path *path, int i);

#endif
