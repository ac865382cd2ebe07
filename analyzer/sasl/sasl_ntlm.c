/* SASL NTLM (MS-SMTPNTLM, MS-NLMP 2.2.1).  Numbers are little-endian; a buffer is length, room and offset.
 *
 *   negotiate     "NTLMSSP\0" 1  flags  domain  workstation  version
 *   challenge     "NTLMSSP\0" 2  target  flags  challenge(8)  reserved(8)  target-info  version
 *   authenticate  "NTLMSSP\0" 3  LM  NT  domain  user  workstation  session-key  flags  version  MIC(16)
 *
 * What stands at the end of a header may be missing: it ends where the first buffer's content begins.  The
 * responses let a password be guessed offline. */
#include "sasl/sasl_ntlm.h"

#include "sasl/sasl_rows.h"

enum {
    SIGNATURE_LEN = 8,
    HEADER_LEN = 12, /* signature and type */
    CHALLENGE_LEN = 8,
    VERSION_LEN = 8,
    MIC_LEN = 16,
    RESPONSE_V1_LEN = 24,
    PROOF_V2_LEN = 16,
    BLOB_HEAD_LEN = 28 /* of the NTLMv2 response behind its proof, up to the AV pairs */
};

enum message_type { MESSAGE_NEGOTIATE = 1, MESSAGE_CHALLENGE = 2, MESSAGE_AUTHENTICATE = 3 };

/* A message being taken apart. */
struct ntlm {
    struct reader header; /* cannot be read beyond where content begins */
    struct bytes message;
    bool is_outside; /* a buffer is not inside of the message */
};

bool ntlm_is_message(struct bytes token)
{
    return bytes_equal(bytes_slice(token, 0, SIGNATURE_LEN), BYTES("NTLMSSP\0"));
}

static struct bytes take_buffer(struct ntlm *ntlm)
{
    size_t len = read_le16(&ntlm->header);
    (void)read_le16(&ntlm->header);
    size_t offset = read_le32(&ntlm->header);

    if (!ntlm->header.ok || len == 0)
        return (struct bytes){ NULL, 0 };
    struct bytes content = bytes_slice(ntlm->message, offset, len);
    if (content.len != len || offset < HEADER_LEN) {
        ntlm->is_outside = true;
        return (struct bytes){ NULL, 0 };
    }
    if (offset < ntlm->header.in.len)
        ntlm->header.in.len = offset > ntlm->header.at ? offset : ntlm->header.at;
    return content;
}

static bool has_more(const struct ntlm *ntlm, size_t octets)
{
    return ntlm->header.ok && reader_left(&ntlm->header) >= octets;
}

static bool add_version(struct ntlm *ntlm, uint32_t flags, struct sasl_fields *out)
{
    if (!has_more(ntlm, VERSION_LEN))
        return true;
    struct bytes version = read_bytes(&ntlm->header, VERSION_LEN);
    return !(flags & NTLM_VERSION) || ntlm_add_version(version, out);
}

static bool decode_negotiate(struct ntlm *ntlm, struct sasl_fields *out, struct err *err)
{
    struct bytes domain = { NULL, 0 }, workstation = { NULL, 0 };
    uint32_t flags = read_le32(&ntlm->header);

    if (!ntlm->header.ok)
        return err_set(err, ERR_INPUT, 0, "the NTLM negotiate message is cut short");
    if (has_more(ntlm, 16)) {
        domain = take_buffer(ntlm);
        workstation = take_buffer(ntlm);
    }
    /* Without the flags for them names are to be ignored; clients send them all the same, and servers look.
     */
    return sasl_fields_add_text(out, "ntlm-message", "negotiate")
           && ntlm_add_name("domain", domain, false, out)
           && ntlm_add_name("workstation", workstation, false, out) && ntlm_add_flags(flags, out)
           && add_version(ntlm, flags, out);
}

static bool decode_challenge(struct ntlm *ntlm, struct sasl_fields *out, struct err *err)
{
    struct bytes info = { NULL, 0 };
    struct bytes target = take_buffer(ntlm);
    uint32_t flags = read_le32(&ntlm->header);
    struct bytes challenge = read_bytes(&ntlm->header, CHALLENGE_LEN);

    if (!ntlm->header.ok)
        return err_set(err, ERR_INPUT, 0, "the NTLM challenge message is cut short");
    if (has_more(ntlm, 16)) {
        (void)read_bytes(&ntlm->header, 8);
        info = take_buffer(ntlm);
    }
    if (!sasl_fields_add_text(out, "ntlm-message", "challenge")
        || !ntlm_add_name("target", target, flags & NTLM_UNICODE, out) || !ntlm_add_flags(flags, out)
        || !sasl_fields_add_hex(out, "server-challenge", challenge) || !add_version(ntlm, flags, out))
        return false;
    if (!ntlm_add_pairs(info, out))
        return err_set(err, ERR_INPUT, 0, "the target information is cut short");
    if (ntlm->is_outside)
        return err_set(err, ERR_INPUT, 0, "a field of the NTLM message points beyond its end");
    return true;
}

/* The buffers of an authenticate message. */
struct authenticate {
    struct bytes lm, nt, domain, user, workstation, session_key;
    struct bytes version, mic;
    uint32_t flags;
    bool has_flags;
};

static void take_authenticate(struct ntlm *ntlm, struct authenticate *out)
{
    out->lm = take_buffer(ntlm);
    out->nt = take_buffer(ntlm);
    out->domain = take_buffer(ntlm);
    out->user = take_buffer(ntlm);
    out->workstation = take_buffer(ntlm);
    if (has_more(ntlm, 8))
        out->session_key = take_buffer(ntlm);
    out->has_flags = has_more(ntlm, 4);
    if (out->has_flags)
        out->flags = read_le32(&ntlm->header);
    if (has_more(ntlm, VERSION_LEN))
        out->version = read_bytes(&ntlm->header, VERSION_LEN);
    if (has_more(ntlm, MIC_LEN))
        out->mic = read_bytes(&ntlm->header, MIC_LEN);
}

static bool overlap(struct bytes a, struct bytes b)
{
    return a.len > 0 && b.len > 0 && a.ptr < b.ptr + b.len && b.ptr < a.ptr + a.len;
}

/* A name that is cut out of a response would show it. */
static bool is_name_in_secret(const struct authenticate *message)
{
    const struct bytes names[] = { message->domain, message->user, message->workstation };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (overlap(names[i], message->lm) || overlap(names[i], message->nt)
            || overlap(names[i], message->session_key))
            return true;
    return false;
}

static bool is_zero(struct bytes octets)
{
    for (size_t i = 0; i < octets.len; i++)
        if (octets.ptr[i] != 0)
            return false;
    return true;
}

/* MS-NLMP 3.3: told by the lengths.  NULL: there is none of this length. */
static const char *version_of(const struct authenticate *message)
{
    if (message->nt.len == 0)
        return message->lm.len <= 1 ? "anonymous" : message->lm.len == RESPONSE_V1_LEN ? "LM" : NULL;
    if (message->nt.len == RESPONSE_V1_LEN) {
        bool has_session_security = message->lm.len == RESPONSE_V1_LEN && is_zero(bytes_from(message->lm, 8));
        return has_session_security ? "NTLMv1-ESS" : "NTLMv1";
    }
    return message->nt.len >= PROOF_V2_LEN + BLOB_HEAD_LEN ? "NTLMv2" : NULL;
}

/* proof(16) 1 1 0(6) time(8) challenge(8) 0(4) pairs */
static bool add_blob(struct bytes response, struct sasl_fields *out)
{
    struct bytes blob = bytes_from(response, PROOF_V2_LEN);

    return ntlm_add_time("client-time", bytes_slice(blob, 8, 8), out)
           && ntlm_add_pairs(bytes_from(blob, BLOB_HEAD_LEN), out);
}

/* Without flags, as the oldest clients send it: Latin letters with a zero behind each are UTF-16. */
static bool is_unicode(const struct authenticate *message, struct bytes text)
{
    if (message->has_flags)
        return message->flags & NTLM_UNICODE;
    for (size_t i = 1; i < text.len; i += 2)
        if (text.ptr[i] != 0)
            return false;
    return text.len % 2 == 0;
}

static bool add_secret(const char *name, struct bytes value, struct sasl_fields *out)
{
    return value.len == 0 || sasl_fields_add_secret(out, name, value);
}

static bool add_names(const struct authenticate *message, struct sasl_fields *out)
{
    struct bytes domain = message->domain, user = message->user, host = message->workstation;

    return ntlm_add_name("domain", domain, is_unicode(message, domain), out)
           && ntlm_add_name("username", user, is_unicode(message, user), out)
           && ntlm_add_name("workstation", host, is_unicode(message, host), out);
}

static bool add_authenticate(const struct authenticate *message, struct sasl_fields *out)
{
    return sasl_fields_add_text(out, "ntlm-message", "authenticate")
           && add_secret("nt-response", message->nt, out) && add_secret("lm-response", message->lm, out)
           && add_secret("session-key", message->session_key, out) && add_names(message, out)
           && (!message->has_flags || ntlm_add_flags(message->flags, out))
           && (!(message->flags & NTLM_VERSION) || ntlm_add_version(message->version, out))
           && (message->mic.len == 0 || sasl_fields_add_text(out, "mic", "present"));
}

static bool decode_authenticate(const struct sasl_context *context, struct ntlm *ntlm,
                                struct sasl_fields *out, struct err *err)
{
    struct authenticate message = { .flags = 0 };

    take_authenticate(ntlm, &message);
    if (!ntlm->header.ok || ntlm->is_outside || is_name_in_secret(&message))
        return sasl_fields_refuse(context, ntlm->message, out, err,
                                  "a field of the NTLM message is missing, or points to where it cannot be");
    const char *version = version_of(&message);
    if (!add_authenticate(&message, out) || (version && !sasl_fields_add_text(out, "ntlm-version", version)))
        return false;
    if (!version)
        return err_set(err, ERR_INPUT, 0, "no NTLM response has this length");
    if (message.nt.len > RESPONSE_V1_LEN && !add_blob(message.nt, out))
        return err_set(err, ERR_INPUT, 0, "the NTLMv2 response is cut short");
    return true;
}

bool ntlm_decode_message(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err)
{
    struct ntlm ntlm = { .header = reader_over(token), .message = token };

    (void)read_bytes(&ntlm.header, SIGNATURE_LEN);
    uint32_t type = read_le32(&ntlm.header);
    if (context->from == SIDE_CLIENT && type == MESSAGE_NEGOTIATE)
        return decode_negotiate(&ntlm, out, err);
    if (context->from == SIDE_SERVER && type == MESSAGE_CHALLENGE)
        return decode_challenge(&ntlm, out, err);
    if (context->from == SIDE_CLIENT && type == MESSAGE_AUTHENTICATE)
        return decode_authenticate(context, &ntlm, out, err);
    return sasl_fields_refuse(context, token, out, err, "an NTLM message of a type that is not due here");
}

static bool ntlm_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                        struct err *err)
{
    if (ntlm_is_message(token))
        return ntlm_decode_message(context, token, out, err);
    if (context->from == SIDE_SERVER && token.len == 0)
        return true;
    if (context->from == SIDE_SERVER && context->index == 0) /* "ntlm supported" */
        return sasl_fields_add(out, "prompt", token);
    return sasl_fields_refuse(context, token, out, err, "NTLM messages begin with NTLMSSP and a NUL");
}

const struct sasl_mechanism sasl_mechanism_ntlm = {
    .name = "NTLM", .is_client_first = true, .sends_plain_secret = false, .decode = ntlm_decode
};
