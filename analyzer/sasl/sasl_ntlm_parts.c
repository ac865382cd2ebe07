/* Parts of NTLM messages (MS-NLMP 2.2.2): flags, version, times, AV pairs. */
#include "base/limits.h"
#include "base/timestamp.h"
#include "sasl/sasl_ntlm.h"
#include "sasl/sasl_rows.h"
#include "sasl/sasl_utf16.h"

#define UNITS_PER_SECOND  UINT64_C(10000000)
#define SECONDS_1601_1970 UINT64_C(11644473600)

/* MS-NLMP 2.2.2.5, without the prefix NTLMSSP_NEGOTIATE_; bits without a name are reserved. */
/* clang-format off */
static const char *const flag_names[32] = {
    [0] = "UNICODE", [1] = "OEM", [2] = "REQUEST_TARGET", [4] = "SIGN", [5] = "SEAL", [6] = "DATAGRAM",
    [7] = "LM_KEY", [9] = "NTLM", [11] = "ANONYMOUS", [12] = "OEM_DOMAIN_SUPPLIED",
    [13] = "OEM_WORKSTATION_SUPPLIED", [15] = "ALWAYS_SIGN", [16] = "TARGET_TYPE_DOMAIN",
    [17] = "TARGET_TYPE_SERVER", [19] = "EXTENDED_SESSIONSECURITY", [20] = "IDENTIFY",
    [22] = "REQUEST_NON_NT_SESSION_KEY", [23] = "TARGET_INFO", [25] = "VERSION", [29] = "128",
    [30] = "KEY_EXCH", [31] = "56",
};
/* clang-format on */

bool ntlm_add_flags(uint32_t flags, struct sasl_fields *out)
{
    struct buf text;

    buf_init(&text, LIMIT_SASL_JSON);
    for (unsigned bit = 0; bit < 32; bit++)
        if ((flags >> bit & 1) && flag_names[bit] && (text.len == 0 || buf_append_u8(&text, ' ')))
            (void)buf_append_text(&text, flag_names[bit]);
    bool ok = sasl_fields_add(out, "flags", buf_bytes(&text));
    buf_release(&text);
    return ok;
}

bool ntlm_add_version(struct bytes octets, struct sasl_fields *out)
{
    struct reader r = reader_over(octets);
    struct buf text;

    unsigned major = read_u8(&r);
    unsigned minor = read_u8(&r);
    unsigned build = read_le16(&r);
    if (!r.ok || (major == 0 && minor == 0 && build == 0))
        return true;
    buf_init(&text, 64);
    (void)buf_printf(&text, "%u.%u.%u", major, minor, build);
    bool ok = sasl_fields_add(out, "os-version", buf_bytes(&text));
    buf_release(&text);
    return ok;
}

bool ntlm_add_name(const char *field, struct bytes text, bool is_unicode, struct sasl_fields *out)
{
    if (text.len == 0)
        return true;
    return sasl_fields_add(out, field, is_unicode ? utf16_to_utf8(out->arena, text) : text);
}

bool ntlm_add_time(const char *field, struct bytes octets, struct sasl_fields *out)
{
    struct reader r = reader_over(octets);
    char text[TIMESTAMP_TEXT];

    uint64_t low = read_le32(&r);
    uint64_t units = (uint64_t)read_le32(&r) << 32 | low;
    uint64_t since_1970 = units / UNITS_PER_SECOND - SECONDS_1601_1970;
    if (!r.ok || units / UNITS_PER_SECOND < SECONDS_1601_1970 || since_1970 > UINT64_MAX / NS_PER_SECOND / 2)
        return true;
    uint64_t time_ns = since_1970 * NS_PER_SECOND + units % UNITS_PER_SECOND * 100;
    (void)timestamp_format(time_ns, text);
    return sasl_fields_add_text(out, field, text);
}

enum pair_id { PAIR_END = 0, PAIR_TIMESTAMP = 7, PAIR_CHANNEL_BINDINGS = 10 };

static const char *const pair_names[] = { NULL,         "nb-computer", "nb-domain", "dns-computer",
                                          "dns-domain", "dns-tree",    NULL,        NULL,
                                          NULL,         "target-name" };

static bool is_zero(struct bytes octets)
{
    for (size_t i = 0; i < octets.len; i++)
        if (octets.ptr[i] != 0)
            return false;
    return true;
}

static bool add_pair(unsigned id, struct bytes value, struct sasl_fields *out)
{
    if (id == PAIR_TIMESTAMP)
        return ntlm_add_time("timestamp", value, out);
    if (id == PAIR_CHANNEL_BINDINGS)
        return sasl_fields_add_text(out, "channel-bindings", is_zero(value) ? "none" : "present");
    if (id < sizeof pair_names / sizeof pair_names[0] && pair_names[id])
        return ntlm_add_name(pair_names[id], value, true, out);
    return true; /* flags and the identity of the host: of no use here */
}

bool ntlm_add_pairs(struct bytes pairs, struct sasl_fields *out)
{
    struct reader r = reader_over(pairs);

    while (reader_left(&r) > 0) {
        unsigned id = read_le16(&r);
        size_t len = read_le16(&r);
        struct bytes value = read_bytes(&r, len);
        if (!r.ok)
            return false;
        if (id == PAIR_END)
            break;
        if (!add_pair(id, value, out))
            return false;
    }
    return true;
}
