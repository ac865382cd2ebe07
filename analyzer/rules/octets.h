#ifndef RULES_OCTETS_H
#define RULES_OCTETS_H

#include "base/bytes.h"

/* Inside analyzer/rules alone: which rare octets a command holds. */
enum octets {
    OCTETS_8BIT = 1 << 0,    /* above 127 */
    OCTETS_CONTROL = 1 << 1, /* below 32, or DEL; HT and what ends lines too */
    OCTETS_SHELL = 1 << 2    /* one of $ % ; ` { | } ~ */
};

/* A set of enum octets. */
unsigned octets_of(struct bytes text);

#endif
