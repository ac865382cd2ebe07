#ifndef SASL_SASL_DER_H
#define SASL_SASL_DER_H

#include "base/bytes.h"

/* DER (X.690), as far as Kerberos and SPNEGO need it: tags of one octet, definite lengths. */

/* Takes one element off; false, and nothing taken, if it is cut short or of another form. */
bool der_take(struct bytes *rest, uint8_t *tag, struct bytes *content);
/* The content of the one element of this tag with which `in` begins. */
bool der_enter(struct bytes in, uint8_t tag, struct bytes *content);
/* The content of the first element of this tag among those that `in` is made of. */
bool der_find(struct bytes in, uint8_t tag, struct bytes *content);
/* An INTEGER or ENUMERATED (`tag`) of at most eight octets, not negative. */
bool der_number(struct bytes in, uint8_t tag, uint64_t *out);

enum der_tag {
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OBJECT = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_GENERALIZED_TIME = 0x18,
    DER_GENERAL_STRING = 0x1b,
    DER_SEQUENCE = 0x30,
    DER_APPLICATION = 0x60, /* constructed, with the number added */
    DER_CONTEXT = 0xa0,     /* likewise */
};

#endif
