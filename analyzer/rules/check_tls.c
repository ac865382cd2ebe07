/* What the clear part of a TLS handshake shows. */
#include "rules/check.h"

static void check_session(struct analysis *analysis)
{
    (void)analysis;
}

const struct check check_tls = { .session = check_session };
