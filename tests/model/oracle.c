/* Six booleans and what an accepting reply does to them. */
#include "tests/model/oracle.h"

struct state {
    bool hello; /* EHLO or HELO accepted, and nothing has voided it */
    bool extended;
    bool tls;
    bool authenticated;
    bool mail;
    bool rcpt;
    bool chunks;      /* a chunk was accepted, LAST still to come */
    bool chunks_done; /* LAST was accepted, and no MAIL or RSET came since */
    bool chunks_failed;
    bool quit;
};

static void end_transaction(struct state *s)
{
    s->mail = s->rcpt = s->chunks = s->chunks_done = s->chunks_failed = false;
}

enum fault {
    UNGREETED = 1 << 0,
    UNEXTENDED = 1 << 1,
    NO_MAIL = 1 << 2,
    NO_RCPT = 1 << 3,
    IN_MAIL = 1 << 4,
    IN_CHUNKS = 1 << 5,
    AFTER_FAILURE = 1 << 6,
    ONCE_MORE = 1 << 7,
    AFTER_QUIT = 1 << 8
};

static unsigned extended(const struct state *s)
{
    return !s->hello ? UNGREETED : s->extended ? 0 : UNEXTENDED;
}

static unsigned outside_transaction(const struct state *s)
{
    return s->mail ? IN_MAIL : 0;
}

static unsigned with_envelope(const struct state *s)
{
    return (s->mail ? 0u : NO_MAIL) | (s->rcpt ? 0u : NO_RCPT) | (s->chunks_failed ? AFTER_FAILURE : 0u);
}

/* All that is wrong with the command here. */
static unsigned faults(const struct state *s, enum act act)
{
    if (s->quit)
        return AFTER_QUIT;
    switch (act) {
    case ACT_EHLO:
    case ACT_HELO:
    case ACT_RSET:
    case ACT_NOOP:
    case ACT_QUIT:
        return 0;
    case ACT_MAIL:
        return (s->hello ? 0u : UNGREETED) | outside_transaction(s);
    case ACT_RCPT:
        return (s->mail ? 0u : NO_MAIL) | (s->chunks ? IN_CHUNKS : 0u)
               | (s->chunks_failed ? AFTER_FAILURE : 0u);
    case ACT_DATA:
        return with_envelope(s) | (s->chunks ? IN_CHUNKS : 0u);
    case ACT_BDAT:
    case ACT_BDAT_LAST:
        return with_envelope(s) | extended(s);
    case ACT_AUTH:
        return extended(s) | outside_transaction(s) | (s->authenticated ? ONCE_MORE : 0u);
    case ACT_STARTTLS:
        return extended(s) | outside_transaction(s) | (s->tls ? ONCE_MORE : 0u);
    case ACT_COUNT:
        break;
    }
    return 0;
}

static bool is_permitted(const struct state *s, enum act act)
{
    return faults(s, act) == 0;
}

static void accept(struct state *s, enum act act)
{
    switch (act) {
    case ACT_EHLO:
    case ACT_HELO:
        end_transaction(s);
        s->hello = true;
        s->extended = act == ACT_EHLO;
        break;
    case ACT_MAIL:
        end_transaction(s);
        s->mail = true;
        break;
    case ACT_RCPT:
        s->mail = s->rcpt = true;
        break;
    case ACT_DATA: /* and its message */
    case ACT_RSET:
        end_transaction(s);
        break;
    case ACT_BDAT:
        s->mail = s->rcpt = s->chunks = true;
        break;
    case ACT_BDAT_LAST:
        end_transaction(s);
        s->chunks_done = true;
        break;
    case ACT_AUTH:
        s->authenticated = true;
        break;
    case ACT_STARTTLS:
        *s = (struct state){ .tls = true };
        break;
    case ACT_QUIT:
        s->quit = true;
        break;
    case ACT_NOOP:
    case ACT_COUNT:
        break;
    }
}

static void step(struct state *s, enum act act, bool is_accepted)
{
    if (is_accepted)
        accept(s, act);
    else if ((act == ACT_BDAT || act == ACT_BDAT_LAST) && s->mail)
        s->chunks_failed = true;
}

static struct state before(const struct path *path, int i)
{
    struct state s = { 0 };

    for (int j = 0; j < i; j++)
        step(&s, path->act[j], path->answer[j] == ANSWER_ACCEPTED);
    return s;
}

bool oracle_in_order(const struct path *path, int i)
{
    struct state s = before(path, i);

    return is_permitted(&s, path->act[i]);
}

bool oracle_lacks_greeting_alone(const struct path *path, int i)
{
    struct state s = before(path, i);

    return faults(&s, path->act[i]) == UNGREETED;
}

bool oracle_clouds_envelope(const struct path *path, int i)
{
    struct state s = before(path, i);

    return s.mail
           && (path->act[i] == ACT_AUTH || (path->act[i] == ACT_MAIL && path->answer[i] == ANSWER_ACCEPTED));
}

/* Of what was refused behind the root, and for want of it: which kinds are taken as accepted together with
 * it. */
enum wake {
    WAKE_NONE = 0,
    WAKE_MAIL = 1 << 0,
    WAKE_RCPT = 1 << 1,
    WAKE_MESSAGE = 1 << 2,
    WAKE_COUNT = 1 << 3
};

static bool is_in_wake(int wake, enum act act)
{
    switch (act) {
    case ACT_MAIL:
        return wake & WAKE_MAIL;
    case ACT_RCPT:
    case ACT_BDAT:
        return wake & WAKE_RCPT;
    case ACT_DATA:
    case ACT_BDAT_LAST:
        return wake & WAKE_MESSAGE;
    case ACT_EHLO:
    case ACT_HELO:
    case ACT_RSET:
    case ACT_AUTH:
    case ACT_STARTTLS:
    case ACT_NOOP:
    case ACT_QUIT:
    case ACT_COUNT:
        break;
    }
    return false;
}

static struct state other_world(const struct path *path, int root, int i, int wake)
{
    struct state real = before(path, root), other = real;

    step(&real, path->act[root], false);
    step(&other, path->act[root], true);
    for (int j = root + 1; j < i; j++) {
        enum act act = path->act[j];
        bool is_accepted = path->answer[j] == ANSWER_ACCEPTED;
        bool follows = is_in_wake(wake, act) && !is_permitted(&real, act) && is_permitted(&other, act);
        step(&real, act, is_accepted);
        step(&other, act, is_accepted || follows);
    }
    return other;
}

static bool is_plain_root(const struct path *path, int root)
{
    return path->act[root] != ACT_HELO && path->act[root] != ACT_STARTTLS && oracle_in_order(path, root);
}

enum follows oracle_follows_from(const struct path *path, int root, int i)
{
    struct state real = before(path, i);
    unsigned wrong = faults(&real, path->act[i]);
    enum follows follows = real.chunks_failed || path->act[root] == ACT_HELO ? FOLLOWS_PERHAPS : FOLLOWS_NOT;

    if (path->answer[root] == ANSWER_ACCEPTED)
        return FOLLOWS_NOT;
    for (int wake = WAKE_NONE; wake < WAKE_COUNT; wake++) {
        struct state other = other_world(path, root, i, wake);
        unsigned still_wrong = faults(&other, path->act[i]);
        if (still_wrong == 0 && !real.chunks_failed && is_plain_root(path, root))
            return FOLLOWS;
        if (other.chunks_failed || (still_wrong & wrong) != wrong)
            follows = FOLLOWS_PERHAPS;
    }
    return follows;
}
