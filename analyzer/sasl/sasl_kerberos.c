/* Kerberos inside of GSS (RFC 4121 4.1, RFC 4120 5): two octets that tell the kind, and the message.
 *
 *   01 00  AP-REQ     [APPLICATION 14] { pvno[0] type[1] options[2] ticket[3] authenticator[4] }
 *   02 00  AP-REP     opaque
 *   03 00  KRB-ERROR  [APPLICATION 30] { ... server-time[4] ... code[6] ... realm[9] service[10] text[11] }
 *
 * Of a ticket, realm and service are readable; the rest is secret: it can be attacked offline, or replayed.
 */
#include "base/limits.h"
#include "sasl/sasl_der.h"
#include "sasl/sasl_gss.h"
#include "sasl/sasl_rows.h"

enum { TOKEN_AP_REQ = 0x0100, TOKEN_AP_REP = 0x0200, TOKEN_ERROR = 0x0300, OPTION_MUTUAL = 0x20 };

struct number_name {
    uint64_t number;
    const char *name;
};

static const struct number_name encryptions[] = {
    { 1, "des-cbc-crc" },
    { 3, "des-cbc-md5" },
    { 16, "des3-cbc-sha1" },
    { 17, "aes128-cts-hmac-sha1-96" },
    { 18, "aes256-cts-hmac-sha1-96" },
    { 19, "aes128-cts-hmac-sha256-128" },
    { 20, "aes256-cts-hmac-sha384-192" },
    { 23, "rc4-hmac" },
    { 24, "rc4-hmac-exp" },
    { 0, NULL },
};

/* RFC 4120 7.5.9: those that a server answers an AP-REQ with. */
static const struct number_name errors[] = {
    { 7, "KDC_ERR_S_PRINCIPAL_UNKNOWN" },
    { 14, "KDC_ERR_ETYPE_NOSUPP" },
    { 31, "KRB_AP_ERR_BAD_INTEGRITY" },
    { 32, "KRB_AP_ERR_TKT_EXPIRED" },
    { 33, "KRB_AP_ERR_TKT_NYV" },
    { 34, "KRB_AP_ERR_REPEAT" },
    { 35, "KRB_AP_ERR_NOT_US" },
    { 36, "KRB_AP_ERR_BADMATCH" },
    { 37, "KRB_AP_ERR_SKEW" },
    { 38, "KRB_AP_ERR_BADADDR" },
    { 39, "KRB_AP_ERR_BADVERSION" },
    { 40, "KRB_AP_ERR_MSG_TYPE" },
    { 41, "KRB_AP_ERR_MODIFIED" },
    { 44, "KRB_AP_ERR_BADKEYVER" },
    { 45, "KRB_AP_ERR_NOKEY" },
    { 46, "KRB_AP_ERR_MUT_FAIL" },
    { 50, "KRB_AP_ERR_INAPP_CKSUM" },
    { 60, "KRB_ERR_GENERIC" },
    { 0, NULL },
};

static bool add_named(const char *field, const struct number_name *rows, uint64_t number,
                      struct sasl_fields *out)
{
    for (; rows->name; rows++)
        if (rows->number == number)
            return sasl_fields_add_text(out, field, rows->name);
    return sasl_fields_add_number(out, field, number);
}

/* The content of field [number] of a sequence. */
static bool find(struct bytes sequence, uint8_t number, struct bytes *out)
{
    return der_find(sequence, (uint8_t)(DER_CONTEXT + number), out);
}

static bool find_number(struct bytes sequence, uint8_t number, uint64_t *out)
{
    struct bytes field;

    return find(sequence, number, &field) && der_number(field, DER_INTEGER, out);
}

static bool find_text(struct bytes sequence, uint8_t number, uint8_t tag, struct bytes *out)
{
    struct bytes field;

    return find(sequence, number, &field) && der_enter(field, tag, out);
}

/* PrincipalName ::= SEQUENCE { name-type[0], name-string[1] SEQUENCE OF GeneralString }, as "smtp/host". */
static bool add_service(struct bytes sequence, uint8_t number, struct sasl_fields *out)
{
    struct bytes field, name, parts, part;
    struct buf joined;
    uint8_t tag;

    if (!find(sequence, number, &field) || !der_enter(field, DER_SEQUENCE, &name)
        || !find_text(name, 1, DER_SEQUENCE, &parts))
        return true;
    buf_init(&joined, LIMIT_SASL_JSON);
    while (parts.len > 0 && der_take(&parts, &tag, &part) && tag == DER_GENERAL_STRING)
        if (joined.len == 0 || buf_append_u8(&joined, '/'))
            (void)buf_append(&joined, part);
    bool ok = sasl_fields_add(out, "service", buf_bytes(&joined));
    buf_release(&joined);
    return ok;
}

static bool add_text(const char *name, struct bytes sequence, uint8_t number, uint8_t tag,
                     struct sasl_fields *out)
{
    struct bytes text;

    return !find_text(sequence, number, tag, &text) || sasl_fields_add(out, name, text);
}

/* EncryptedData ::= SEQUENCE { etype[0], kvno[1] OPTIONAL, cipher[2] } */
static bool add_encryption(struct bytes field, struct sasl_fields *out)
{
    struct bytes data, cipher;
    uint64_t number;

    if (!der_enter(field, DER_SEQUENCE, &data) || !find_text(data, 2, DER_OCTET_STRING, &cipher))
        return false;
    return (!find_number(data, 0, &number) || add_named("encryption", encryptions, number, out))
           && (!find_number(data, 1, &number) || sasl_fields_add_number(out, "key-version", number));
}

/* Ticket ::= [APPLICATION 1] SEQUENCE { tkt-vno[0], realm[1], sname[2], enc-part[3] } */
static bool add_ticket(struct bytes field, struct sasl_fields *out)
{
    struct bytes application, ticket, encrypted;

    if (!der_enter(field, DER_APPLICATION + 1, &application) || !der_enter(application, DER_SEQUENCE, &ticket)
        || !find(ticket, 3, &encrypted))
        return false;
    return add_text("realm", ticket, 1, DER_GENERAL_STRING, out) && add_service(ticket, 2, out)
           && add_encryption(encrypted, out);
}

static bool decode_request(struct bytes message, struct sasl_fields *out)
{
    struct bytes request, options, ticket, application;

    if (!sasl_fields_add_secret(out, "ticket", message))
        return false;
    if (!der_enter(message, DER_APPLICATION + 14, &application)
        || !der_enter(application, DER_SEQUENCE, &request) || !find(request, 3, &ticket)
        || !add_ticket(ticket, out))
        return false;
    bool is_mutual = find_text(request, 2, DER_BIT_STRING, &options) && options.len > 1
                     && (options.ptr[1] & OPTION_MUTUAL);
    return sasl_fields_add_text(out, "mutual", is_mutual ? "requested" : "no");
}

static bool decode_error(struct bytes message, struct sasl_fields *out)
{
    struct bytes application, error;
    uint64_t code;

    if (!der_enter(message, DER_APPLICATION + 30, &application)
        || !der_enter(application, DER_SEQUENCE, &error) || !find_number(error, 6, &code))
        return false;
    return add_named("error", errors, code, out)
           && add_text("server-time", error, 4, DER_GENERALIZED_TIME, out)
           && add_text("realm", error, 9, DER_GENERAL_STRING, out) && add_service(error, 10, out)
           && add_text("error-text", error, 11, DER_GENERAL_STRING, out);
}

bool kerberos_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                     struct err *err)
{
    struct reader r = reader_over(token);
    unsigned kind = read_be16(&r);
    struct bytes message = read_rest(&r);

    if (kind == TOKEN_AP_REQ && context->from == SIDE_CLIENT)
        return sasl_fields_add_text(out, "kerberos-message", "AP-REQ")
               && (decode_request(message, out)
                   || err_set(err, ERR_INPUT, 0, "the Kerberos request is damaged"));
    if (kind == TOKEN_AP_REP && context->from == SIDE_SERVER)
        return sasl_fields_add_text(out, "kerberos-message", "AP-REP");
    if (kind == TOKEN_ERROR && context->from == SIDE_SERVER)
        return sasl_fields_add_text(out, "kerberos-message", "KRB-ERROR")
               && (decode_error(message, out) || err_set(err, ERR_INPUT, 0, "the Kerberos error is damaged"));
    return sasl_fields_refuse(context, token, out, err, "a Kerberos token of a kind that is not due here");
}
