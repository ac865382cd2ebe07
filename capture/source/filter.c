/* BPF filters, checked before anything is read.  libpcap says what is wrong, this file finds where. */
#include "source/capture_file.h"

#include "base/limits.h"

#include <stdio.h>

enum {
    SHOWN = 60,
    CONTEXT = 40
}; /* columns of the filter in a message, and how many of them before the place */

/* A filter on what only other link types have ("type mgt", "ifindex 2") is none the worse for that. */
static const int link_types[] = { DLT_EN10MB, DLT_LINUX_SLL2, DLT_IEEE802_11_RADIO, DLT_RAW, DLT_PPP };

static bool compiles(const char *filter, int link_type, bool optimizes, struct err *err)
{
    struct bpf_program program;
    pcap_t *dead = pcap_open_dead(link_type, LIMIT_SNAPLEN);

    if (!dead)
        return err_set(err, ERR_NOMEM, 0, "no memory for the filter");
    bool ok = pcap_compile(dead, &program, filter, optimizes, PCAP_NETMASK_UNKNOWN) == 0;
    if (ok)
        pcap_freecode(&program);
    else
        (void)err_set(err, ERR_USAGE, 0, "%s", pcap_geterr(dead));
    pcap_close(dead);
    return ok;
}

/* The optimizer also refuses what can match no packet. */
static bool compiles_anywhere(const char *filter, bool optimizes)
{
    for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++)
        if (compiles(filter, link_types[i], optimizes, NULL))
            return true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What a beginning may lack to be a filter: an operand, a comparison, a primitive. */
static const char *const completions[] = {
    "",
    "1",
    "tcp",
    "192.0.2.1",
    "192.0.2.0/24",
    "= 1",
    "1 = 1",
    "1] = 1",
    "] = 1",
    "02:00:00:00:00:00",
    "255.255.255.0",
    "1-2",
    "mgt",
    "beacon",
    "nods",
    "in",
};

/* Whether the first `len` octets can be the beginning of a filter. */
static bool can_begin(const char *filter, size_t len)
{
    char text[LIMIT_FILTER_SEARCH * 2];
    size_t open = 0;

    for (size_t i = 0; i < len; i++)
        open += filter[i] == '(' ? 1u : filter[i] == ')' && open > 0 ? (size_t)-1 : 0u;
    for (size_t i = 0; i < sizeof completions / sizeof completions[0]; i++) {
        char close[LIMIT_FILTER_SEARCH + 1];
        memset(close, ')', open);
        close[open] = '\0';
        (void)snprintf(text, sizeof text, "%.*s %s%s", (int)len, filter, completions[i], close);
        if (compiles_anywhere(text, false))
            return true;
        (void)snprintf(text, sizeof text, "%.*s %s%s = 1", (int)len, filter, completions[i], close);
        if (open > 0 && compiles_anywhere(text, false))
            return true;
    }
    return false;
}

static size_t next_word(const char *filter, size_t at)
{
    while (filter[at] && !is_blank(filter[at]))
        at++;
    while (is_blank(filter[at]))
        at++;
    return at;
}

/* A name that libpcap quotes, as in "unknown port 'prot'": where it stands; SIZE_MAX if it quotes none.
 * Asking for names again and again might ask the DNS each time. */
static size_t quoted_place(const char *filter, const char *reason)
{
    const char *from = strchr(reason, '\''), *to = from ? strchr(from + 1, '\'') : NULL;

    if (!to || to == from + 1)
        return SIZE_MAX;
    size_t len = (size_t)(to - from) - 1;
    for (size_t at = 0; filter[at]; at = next_word(filter, at))
        if (strncmp(filter + at, from + 1, len) == 0)
            return at;
    return SIZE_MAX;
}

/* The first word with which no filter can begin; the end, if something is missing there. */
static size_t first_wrong(const char *filter)
{
    size_t starts[LIMIT_FILTER_SEARCH], words = 0, good = 0;
    size_t at = is_blank(filter[0]) ? next_word(filter, 0) : 0;

    for (; filter[at] && at < LIMIT_FILTER_SEARCH; at = next_word(filter, at))
        starts[words++] = at;
    /* `good` words can begin a filter, and `bad` cannot */
    for (size_t bad = words + 1; bad - good > 1;) {
        size_t middle = good + (bad - good) / 2;
        size_t end = middle < words ? starts[middle] : at;
        if (can_begin(filter, end < LIMIT_FILTER_SEARCH ? end : LIMIT_FILTER_SEARCH))
            good = middle;
        else
            bad = middle;
    }
    return good < words ? starts[good] : at;
}

bool filter_check(const char *filter, struct err *err)
{
    char shown[SHOWN + 1];
    struct err reason = { 0 };

    if (compiles_anywhere(filter, true))
        return true;
    (void)compiles(filter, link_types[0], true, &reason);
    if (reason.code == ERR_NOMEM)
        return err_set(err, ERR_NOMEM, 0, "%s", reason.text);
    size_t at = quoted_place(filter, reason.text);
    if (at == SIZE_MAX)
        at = first_wrong(filter);
    size_t from = at > CONTEXT ? at - CONTEXT : 0;
    size_t len = strnlen(filter + from, SHOWN);
    for (size_t i = 0; i < len; i++)
        shown[i] = (unsigned char)filter[from + i] < ' ' ? ' ' : filter[from + i];
    shown[len] = '\0';
    return err_set(err, ERR_USAGE, at, "filter: %.200s\n  %s\n  %*s^ from here on; see pcap-filter(7)",
                   reason.text, shown, (int)(at - from), "");
}
