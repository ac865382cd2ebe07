/* What the kernel lets pass.  "tcp port 25" alone misses frames with a tag that the kernel has not taken off,
 * tunnels, fragments and IPv6 with extension headers: what cannot be read by the kernel passes, and is read
 * by us. */
#include "source/live.h"

/* Where the choices differ: what libpcap can compile depends on the link type. */
struct choice {
    bool has_tunnels;
    bool has_ethertypes;
    unsigned tags; /* how many may stand before IP */
};

static const struct choice choices[] = {
    { true, true, 2 }, { true, true, 0 }, { true, false, 0 }, { false, false, 0 }
};

/* IP in IP, GRE, VXLAN (RFC 7348, and Linux before it), VXLAN-GPE, Geneve (RFC 8926). */
static const char tunnels[] =
    "ip proto 4 or ip proto 41 or ip proto 47 or ip6 proto 4 or ip6 proto 41 or "
    "ip6 proto 47 or udp port 4789 or udp port 8472 or udp port 4790 or udp port 6081";
/* Fragments behind the first, and extension headers: hop by hop, routing, fragment, authentication,
 * destination. */
static const char unread[] =
    "ip[6:2] & 0x1fff != 0 or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or "
    "ip6[6] = 60";
/* MPLS, PPPoE. */
static const char ethertypes[] = "ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864";

/* Tags that are not looked behind in the kernel. */
static const char tagged[] = "ether proto 0x8100 or ether proto 0x88a8";

/* Words that move what stands to the right of them: nothing may follow. */
static const char *const movers[] = { "vlan", "mpls", "pppoe", "geneve" };

static bool has_word(const char *text, const char *word)
{
    return text && strstr(text, word);
}

static bool is_moving(const char *filter)
{
    for (size_t i = 0; i < sizeof movers / sizeof movers[0]; i++)
        if (has_word(filter, movers[i]))
            return true;
    return false;
}

/* TCP of the ports, or all of it, and what must be read to know. */
static void put_candidates(const struct live_options *options, const struct choice *choice, struct buf *out)
{
    buf_append_text(out, options->port_count ? "tcp and (" : "tcp");
    for (size_t i = 0; i < options->port_count; i++)
        buf_printf(out, "%sport %u", i ? " or " : "", options->ports[i]);
    if (options->port_count)
        buf_append_u8(out, ')');
    buf_printf(out, " or %s", unread);
    if (choice->has_tunnels)
        buf_printf(out, " or %s", tunnels);
    if (choice->has_ethertypes)
        buf_printf(out, " or %s", ethertypes);
    if (choice->has_ethertypes && choice->tags == 0)
        buf_printf(out, " or %s", tagged);
}

/* The user's filter narrows that; one that names ports takes the place of ours. */
static void put_wanted(const struct live_options *options, const struct choice *choice, struct buf *out)
{
    if (options->filter)
        buf_printf(out, "(%s)", options->filter);
    if (has_word(options->filter, "port"))
        return;
    buf_append_text(out, options->filter ? " and (" : "(");
    put_candidates(options, choice, out);
    buf_append_u8(out, ')');
}

/* In libpcap's language "vlan" moves all that stands to the right of it, parentheses or not: the second one
 * is behind two tags. */
bool live_filter_expression(const struct live_options *options, unsigned choice, struct buf *out)
{
    if (choice >= sizeof choices / sizeof choices[0])
        return false;
    if (is_moving(options->filter))
        return buf_append_text(out, options->filter);
    put_wanted(options, &choices[choice], out);
    for (unsigned tag = 0; tag < choices[choice].tags; tag++) {
        buf_append_text(out, " or (vlan and (");
        put_wanted(options, &choices[choice], out);
        buf_append_text(out, "))");
    }
    return out->ok;
}
