#ifndef SASL_SASL_GS2_H
#define SASL_SASL_GS2_H

#include "base/arena.h"

/* The header that SCRAM and OAUTHBEARER share (RFC 5801 4): cbind-flag "," [ "a=" saslname ] "," */
struct gs2_header {
    struct bytes flag;    /* "n": no channel binding, "y": not offered by the server, "p": used */
    struct bytes binding; /* the name behind "p=" */
    struct bytes authzid; /* still escaped */
};

/* Takes it off the beginning of `rest`; false, and `rest` untouched, if it is none. */
bool gs2_take(struct bytes *rest, struct gs2_header *out);

/* Everything before the next `end`, which is taken off as well; false without one. */
bool gs2_take_until(struct bytes *rest, uint8_t end, struct bytes *out);

/* A name with =2C and =3D put back (RFC 5802 5.1); false for any other "=", an empty name or a NUL. */
bool gs2_name(struct arena *arena, struct bytes escaped, struct bytes *out);

#endif
