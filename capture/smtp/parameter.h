#ifndef SMTP_PARAMETER_H
#define SMTP_PARAMETER_H

#include "smtp/extension.h"

/* The parameters of MAIL and RCPT (RFC 5321 4.1.2), and the grammar of each. */

struct parameter {
    const char *keyword;
    enum extension extension; /* that offers it; of BODY=BINARYMIME another than of BODY */
    enum verb verb;           /* MAIL or RCPT */
    bool (*accepts)(
        struct bytes value); /* whether the value is as its document asks; empty if there is none */
};

/* By its keyword, any case; NULL if it is not known. */
const struct parameter *parameter_find(struct bytes keyword);
/* Its place in the table, for a set of them. */
unsigned parameter_ordinal(const struct parameter *parameter);
/* Its extension with this value. */
enum extension parameter_extension(const struct parameter *parameter, struct bytes value);

#endif
