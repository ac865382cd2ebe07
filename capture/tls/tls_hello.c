/* ClientHello and ServerHello: version, random, session id, ciphers, compression, extensions. */
#include "tls/tls_hello.h"

enum {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ALPN = 16,
    EXTENSION_PRE_SHARED_KEY = 41,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    RANDOM_BYTES = 32,
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

void tls_client_hello_read(struct bytes body, struct tls_seen *seen, struct tls_session_id *id)
{
    struct reader r = reader_over(body);
    uint16_t version = read_be16(&r);

    (void)read_bytes(&r, RANDOM_BYTES);
    struct bytes session = read_sized8(&r);
    (void)read_sized16(&r); /* ciphers */
    (void)read_sized8(&r);  /* compression */
    if (!r.ok)
        return;
    set(id->id, sizeof id->id, &id->len, session);
    if (is_version(version) && version > seen->offered_version)
        seen->offered_version = version;
    struct bytes extensions = read_sized16(&r);
    r = reader_over(extensions);
    while (r.ok && r.at < extensions.len) {
        uint16_t type = read_be16(&r);
        struct bytes extension = read_sized16(&r);
        if (!r.ok)
            return;
        if (type == EXTENSION_SERVER_NAME)
            read_server_name(extension, seen);
        else if (type == EXTENSION_SUPPORTED_VERSIONS)
            read_offered_versions(extension, seen);
    }
}

void tls_server_hello_read(struct bytes body, struct tls_seen *seen, const struct tls_session_id *id)
{
    struct reader r = reader_over(body);
    uint16_t version = read_be16(&r);
    bool has_key = false;

    (void)read_bytes(&r, RANDOM_BYTES);
    struct bytes session = read_sized8(&r);
    uint16_t cipher = read_be16(&r);
    (void)read_u8(&r); /* compression */
    if (!r.ok)
        return;
    struct bytes extensions = read_sized16(&r);
    r = reader_over(extensions);
    while (r.ok && r.at < extensions.len) {
        uint16_t type = read_be16(&r);
        struct bytes extension = read_sized16(&r);
        struct reader inside = reader_over(extension);
        if (!r.ok)
            break;
        if (type == EXTENSION_SUPPORTED_VERSIONS && extension.len == 2)
            version = read_be16(&inside);
        else if (type == EXTENSION_ALPN)
            read_chosen_protocol(extension, seen);
        has_key = has_key || type == EXTENSION_PRE_SHARED_KEY;
    }
    seen->has_server_hello = true;
    seen->version = version;
    seen->cipher = cipher;
    /* TLS 1.3 echoes the id for the sake of devices on the path: RFC 8446 4.1.3. */
    bool has_id = session.len > 0 && bytes_equal(session, (struct bytes){ id->id, id->len });
    seen->is_resumed = version >= 0x0304 ? has_key : has_id;
}
