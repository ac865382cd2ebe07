#ifndef SASL_SASL_JSON_H
#define SASL_SASL_JSON_H

#include "sasl/sasl.h"

/* A member of a JSON object, and the field that its value becomes. */
struct json_member {
    const char *name;
    const char *field;
};

/* Public fields out of the members of the object that `text` is, in the order of `rows` (ended by a NULL
 * name): strings, whole numbers, and lists of strings with blanks between them; anything else is passed over.
 * False if it is no object, or longer than LIMIT_SASL_JSON. */
bool sasl_json_add(struct sasl_fields *out, struct bytes text, const struct json_member *rows);

#endif
