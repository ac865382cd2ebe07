/* ClientHello and ServerHello: version, random, session id, ciphers, compression, extensions. */
#include "tls/tls_hello.h"

#include "base/digest.h"

enum {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ALPN = 16,
    EXTENSION_ENCRYPT_THEN_MAC = 22,
    EXTENSION_EXTENDED_MASTER_SECRET = 23,
    EXTENSION_SESSION_TICKET = 35,
    EXTENSION_PRE_SHARED_KEY = 41,
    EXTENSION_EARLY_DATA = 42,
    EXTENSION_SUPPORTED_VERSIONS = 43,
};

static struct bytes read_sized8(struct reader *r)
{
    size_t len = read_u8(r);

    return read_bytes(r, len);
}

static struct bytes read_sized16(struct reader *r)
{
    size_t len = read_be16(r);

    return read_bytes(r, len);
}

static void set(uint8_t *to, size_t most, size_t *len, struct bytes from)
{
    *len = from.len < most ? from.len : most;
    if (*len)
        memcpy(to, from.ptr, *len);
}

static void name_session(struct tls_session_name *name, struct bytes octets)
{
    name->is_set = octets.len > 0;
    if (name->is_set)
        digest_sha256(octets, name->digest);
}

/* server_name_list: type 0 is a host name (RFC 6066 3). */
static void read_server_name(struct bytes extension, struct tls_seen *seen)
{
    struct reader r = reader_over(extension);
    struct bytes list = read_sized16(&r);

    r = reader_over(list);
    uint8_t type = read_u8(&r);
    struct bytes name = read_sized16(&r);
    if (r.ok && type == 0)
        set(seen->sni, sizeof seen->sni, &seen->sni_len, name);
}

/* Values like 0x0a0a are there to be ignored (RFC 8701). */
static bool is_version(uint16_t version)
{
    return version >= 0x0300 && version <= 0x03ff;
}

static void read_offered_versions(struct bytes extension, struct tls_seen *seen)
{
    struct reader r = reader_over(extension);
    struct bytes list = read_sized8(&r);

    r = reader_over(list);
    for (size_t left = list.len / 2; left > 0; left--) {
        uint16_t version = read_be16(&r);
        if (is_version(version) && version > seen->offered_version)
            seen->offered_version = version;
    }
}

static void read_chosen_protocol(struct bytes extension, struct tls_seen *seen)
{
    struct reader r = reader_over(extension);
    struct bytes list = read_sized16(&r);

    r = reader_over(list);
    struct bytes name = read_sized8(&r);
    if (r.ok)
        set(seen->alpn, sizeof seen->alpn, &seen->alpn_len, name);
}

static void read_client_extension(uint16_t type, struct bytes extension, struct tls_seen *seen,
                                  struct tls_hellos *hellos)
{
    switch (type) {
    case EXTENSION_SERVER_NAME:
        read_server_name(extension, seen);
        break;
    case EXTENSION_SUPPORTED_VERSIONS:
        read_offered_versions(extension, seen);
        break;
    case EXTENSION_EARLY_DATA:
        hellos->has_early_data = true;
        break;
    case EXTENSION_SESSION_TICKET:
        if (hellos->names_sessions)
            name_session(&hellos->ticket, extension);
        break;
    default:
        break;
    }
}

void tls_client_hello_read(struct bytes body, struct tls_seen *seen, struct tls_hellos *hellos)
{
    struct reader r = reader_over(body);
    uint16_t version = read_be16(&r);

    struct bytes random = read_bytes(&r, TLS_HELLO_RANDOM);
    struct bytes session = read_sized8(&r);
    (void)read_sized16(&r); /* ciphers */
    (void)read_sized8(&r);  /* compression */
    if (!r.ok)
        return;
    memcpy(hellos->client_random, random.ptr, TLS_HELLO_RANDOM);
    hellos->has_client_random = true;
    set(hellos->session_id, sizeof hellos->session_id, &hellos->session_id_len, session);
    if (is_version(version) && version > seen->offered_version)
        seen->offered_version = version;
    struct bytes extensions = read_sized16(&r);
    r = reader_over(extensions);
    while (r.ok && r.at < extensions.len) {
        uint16_t type = read_be16(&r);
        struct bytes extension = read_sized16(&r);
        if (!r.ok)
            return;
        read_client_extension(type, extension, seen, hellos);
    }
}

/* Of the extensions of a server; what is left open keeps its value. */
struct answer {
    uint16_t version;
    bool has_key;
    bool is_encrypted_first;
    bool is_extended_master;
};

static void read_server_extension(uint16_t type, struct bytes extension, struct tls_seen *seen,
                                  struct answer *answer)
{
    struct reader inside = reader_over(extension);

    switch (type) {
    case EXTENSION_SUPPORTED_VERSIONS:
        if (extension.len == 2)
            answer->version = read_be16(&inside);
        break;
    case EXTENSION_ALPN:
        read_chosen_protocol(extension, seen);
        break;
    case EXTENSION_PRE_SHARED_KEY:
        answer->has_key = true;
        break;
    case EXTENSION_ENCRYPT_THEN_MAC:
        answer->is_encrypted_first = true;
        break;
    case EXTENSION_EXTENDED_MASTER_SECRET:
        answer->is_extended_master = true;
        break;
    default:
        break;
    }
}

static void read_server_extensions(struct bytes extensions, struct tls_seen *seen, struct answer *answer)
{
    struct reader r = reader_over(extensions);

    while (r.ok && r.at < extensions.len) {
        uint16_t type = read_be16(&r);
        struct bytes extension = read_sized16(&r);
        if (r.ok)
            read_server_extension(type, extension, seen, answer);
    }
}

void tls_encrypted_extensions_read(struct bytes body, struct tls_seen *seen)
{
    struct reader r = reader_over(body);
    struct answer ignored = { 0 };

    read_server_extensions(read_sized16(&r), seen, &ignored);
}

void tls_server_hello_read(struct bytes body, struct tls_seen *seen, struct tls_hellos *hellos)
{
    struct reader r = reader_over(body);
    struct answer answer = { .version = read_be16(&r) };

    struct bytes random = read_bytes(&r, TLS_HELLO_RANDOM);
    struct bytes session = read_sized8(&r);
    uint16_t cipher = read_be16(&r);
    uint8_t compression = read_u8(&r);
    if (!r.ok)
        return;
    read_server_extensions(read_sized16(&r), seen, &answer);
    memcpy(hellos->server_random, random.ptr, TLS_HELLO_RANDOM);
    hellos->is_encrypted_first = answer.is_encrypted_first;
    hellos->is_extended_master = answer.is_extended_master;
    hellos->is_compressed = compression != 0;
    seen->has_server_hello = true;
    seen->version = answer.version;
    seen->cipher = cipher;
    /* TLS 1.3 echoes the id for the sake of devices on the path: RFC 8446 4.1.3. */
    bool has_id =
        session.len > 0 && bytes_equal(session, (struct bytes){ hellos->session_id, hellos->session_id_len });
    seen->is_resumed = answer.version >= 0x0304 ? answer.has_key : has_id;
    if (hellos->names_sessions && answer.version < 0x0304)
        name_session(&hellos->id, session);
}

void tls_ticket_read(struct bytes body, struct tls_hellos *hellos)
{
    struct reader r = reader_over(body);

    (void)read_bytes(&r, 4); /* how long it is good */
    struct bytes ticket = read_sized16(&r);
    if (r.ok && hellos->names_sessions)
        name_session(&hellos->granted, ticket);
}
