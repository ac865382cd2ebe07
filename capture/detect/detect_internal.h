#ifndef DETECT_DETECT_INTERNAL_H
#define DETECT_DETECT_INTERNAL_H

#include "detect/detect.h"

/* What one payload says of its protocol. */
enum said {
    SAID_NOTHING = 0,
    SAID_COMMAND, /* a line that only SMTP clients send */
    SAID_REPLY,   /* a line that only SMTP servers send */
    SAID_220,     /* a greeting that FTP could send as well */
    SAID_PRELUDE, /* PROXY, SOCKS, CONNECT: SMTP may come behind it */
    SAID_OTHER,   /* another protocol for certain */
};

enum said said_by(struct bytes payload);

/* nDPI, or nothing where it is not built in.  NULL: not available. */
struct opinion;
struct opinion *opinion_open(void);
void opinion_close(struct opinion *opinion);
size_t opinion_flow_bytes(void);
void *opinion_flow_open(void);
void opinion_flow_close(void *flow);
/* DETECT_UNDECIDED while it does not know. */
enum detect_verdict opinion_ask(struct opinion *opinion, void *flow, const struct detect_input *input);

#endif
