/* What may stand before a session: a PROXY header (HAProxy's protocol, versions 1 and 2), SOCKS (RFC 1928,
 * RFC 1929, SOCKS 4), HTTP CONNECT (RFC 9110 9.3.6).  Both sides are kept until it is over; but a server that
 * does not wait for a PROXY header may greet before it comes. */
#include "dialogue/state.h"

enum { STATE_UNKNOWN = 0, STATE_SERVER_FIRST = 1, STATE_OVER = -1 };

static const uint8_t proxy_v2[12] = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
};

enum found { NOT_THERE, MORE_NEEDED, FOUND };

/* What there is of both sides so far. */
struct kept {
    struct bytes client;
    struct bytes server;
    bool is_unheard; /* the server is not captured: nothing of it is waited for */
};

/* How much of each side belongs to the prelude. */
struct extent {
    size_t client;
    size_t server;
    struct prelude prelude;
};

static enum found begins(struct bytes data, struct bytes sign)
{
    size_t len = data.len < sign.len ? data.len : sign.len;

    if (memcmp(data.ptr, sign.ptr, len) != 0)
        return NOT_THERE;
    return len < sign.len ? MORE_NEEDED : FOUND;
}

static struct bytes next_word(struct bytes *rest)
{
    size_t end = bytes_find(*rest, ' ');
    struct bytes word = bytes_slice(*rest, 0, end == SIZE_MAX ? rest->len : end);

    *rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*rest, end + 1);
    return word;
}

static void take_port(struct bytes word, uint16_t *port)
{
    uint64_t number;

    if (bytes_to_u64(word, &number) && number <= UINT16_MAX)
        *port = (uint16_t)number;
}

/* "PROXY TCP4 source destination port port\r\n" */
static enum found find_proxy_v1(struct bytes client, struct extent *out)
{
    enum found begun = begins(client, BYTES("PROXY "));
    size_t lf = bytes_find(client, '\n');

    if (begun != FOUND)
        return begun;
    if (lf == SIZE_MAX)
        return client.len < 108 ? MORE_NEEDED : NOT_THERE;
    struct bytes line = bytes_slice(client, 0, lf), rest;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    out->client = lf + 1;
    out->prelude = (struct prelude){ .kind = PRELUDE_PROXY_V1, .text = line };
    rest = bytes_from(line, 6);
    (void)next_word(&rest);
    (void)!address_parse(next_word(&rest), &out->prelude.source.address);
    (void)!address_parse(next_word(&rest), &out->prelude.target.address);
    take_port(next_word(&rest), &out->prelude.source.port);
    take_port(next_word(&rest), &out->prelude.target.port);
    return FOUND;
}

/* Signature (12), version and command (1), family and transport (1), length (2), addresses, ports. */
static enum found find_proxy_v2(struct bytes client, struct extent *out)
{
    enum found begun = begins(client, (struct bytes){ proxy_v2, sizeof proxy_v2 });
    struct reader r = reader_over(client);

    if (begun != FOUND)
        return begun;
    (void)read_bytes(&r, sizeof proxy_v2 + 1);
    uint8_t family = read_u8(&r);
    uint16_t length = read_be16(&r);
    struct reader body = reader_over(read_bytes(&r, length));
    if (!r.ok)
        return sizeof proxy_v2 + 4 + (size_t)length > LIMIT_PRELUDE ? NOT_THERE : MORE_NEEDED;
    out->client = r.at;
    out->prelude = (struct prelude){ .kind = PRELUDE_PROXY_V2 };
    size_t width = family >> 4 == 1 ? 4 : family >> 4 == 2 ? 16 : 0;
    struct bytes source = read_bytes(&body, width), target = read_bytes(&body, width);
    uint16_t source_port = read_be16(&body);
    uint16_t target_port = read_be16(&body);
    if (width && body.ok) {
        out->prelude.source = (struct endpoint){ { .family = width == 4 ? 4 : 6 }, source_port };
        out->prelude.target = (struct endpoint){ { .family = width == 4 ? 4 : 6 }, target_port };
        memcpy(out->prelude.source.address.bytes, source.ptr, width);
        memcpy(out->prelude.target.address.bytes, target.ptr, width);
    }
    return FOUND;
}

/* The head of an HTTP message: its length with the empty line, or SIZE_MAX. */
static size_t http_head(struct bytes data)
{
    size_t end = bytes_find_nocase(data, BYTES("\r\n\r\n"));

    return end == SIZE_MAX ? SIZE_MAX : end + 4;
}

static enum found find_connect(const struct kept *kept, struct extent *out)
{
    enum found begun = begins(kept->client, BYTES("CONNECT "));

    if (begun != FOUND)
        return begun;
    size_t request = http_head(kept->client), response = kept->is_unheard ? 0 : http_head(kept->server);
    if (request == SIZE_MAX)
        return MORE_NEEDED;
    if (kept->server.len > 0 && begins(kept->server, BYTES("HTTP/")) == NOT_THERE)
        return NOT_THERE; /* a mail server that was sent CONNECT: a command like any other */
    if (response == SIZE_MAX)
        return MORE_NEEDED;
    *out = (struct extent){ request, response, { .kind = PRELUDE_CONNECT } };
    out->prelude.text = bytes_slice(kept->client, 0, bytes_find(kept->client, '\r'));
    return FOUND;
}

/* Length of a SOCKS 5 request or reply from its fourth octet on: address type, address, port. */
static void skip_socks_address(struct reader *r)
{
    uint8_t type = read_u8(r);
    size_t len = type == 1 ? 4 : type == 4 ? 16 : type == 3 ? read_u8(r) : SIZE_MAX;

    (void)read_bytes(r, len);
    (void)read_be16(r);
}

/* RFC 1929: name and password come next.  The server asked for them; where it is not heard, their version
 * tells, which is another than that of a request. */
static bool socks_asks_name(const struct kept *kept, struct reader c, struct reader *s)
{
    (void)read_u8(s);
    uint8_t method = read_u8(s);

    return kept->is_unheard ? read_u8(&c) == 1 : s->ok && method == 2;
}

static enum found find_socks5(const struct kept *kept, struct extent *out)
{
    struct reader c = reader_over(kept->client), s = reader_over(kept->server);

    if (kept->client.ptr[0] != 5 || (kept->server.len > 0 && kept->server.ptr[0] != 5))
        return NOT_THERE;
    (void)read_u8(&c);
    (void)read_bytes(&c, read_u8(&c));  /* methods */
    if (socks_asks_name(kept, c, &s)) { /* version, name, password; version, status */
        (void)read_u8(&c);
        (void)read_bytes(&c, read_u8(&c));
        (void)read_bytes(&c, read_u8(&c));
        (void)read_be16(&s);
    }
    (void)read_bytes(&c, 3);
    skip_socks_address(&c);
    (void)read_bytes(&s, 3);
    skip_socks_address(&s);
    if (!c.ok || !(s.ok || kept->is_unheard))
        return MORE_NEEDED;
    *out = (struct extent){ c.at, s.at, { .kind = PRELUDE_SOCKS5 } };
    return FOUND;
}

static enum found find_socks4(const struct kept *kept, struct extent *out)
{
    struct bytes client = kept->client;
    size_t answer = kept->is_unheard ? 0 : 8;

    if (client.ptr[0] != 4 || (kept->server.len > 0 && kept->server.ptr[0] != 0))
        return NOT_THERE;
    if (client.len < 9 || kept->server.len < answer)
        return MORE_NEEDED;
    bool has_name = client.ptr[4] == 0 && client.ptr[5] == 0 && client.ptr[6] == 0 && client.ptr[7] != 0;
    size_t user = bytes_find(bytes_from(client, 8), 0);
    size_t end = user == SIZE_MAX ? SIZE_MAX : 8 + user + 1;
    if (end != SIZE_MAX && has_name) { /* SOCKS 4a: the host's name behind the user's */
        size_t name = bytes_find(bytes_from(client, end), 0);
        end = name == SIZE_MAX ? SIZE_MAX : end + name + 1;
    }
    if (end == SIZE_MAX)
        return MORE_NEEDED;
    *out = (struct extent){ end, answer, { .kind = PRELUDE_SOCKS4 } };
    return FOUND;
}

static struct kept kept_of(const struct dialogue *d)
{
    return (struct kept){ .client = buf_bytes(&d->prelude[SIDE_CLIENT]),
                          .server = buf_bytes(&d->prelude[SIDE_SERVER]) };
}

/* Of those whose server answers before the client goes on. */
static enum found find_answered(const struct kept *kept, struct extent *out)
{
    enum found found = find_connect(kept, out);

    if (found == NOT_THERE)
        found = find_socks5(kept, out);
    return found == NOT_THERE ? find_socks4(kept, out) : found;
}

static enum found find(const struct dialogue *d, struct extent *out)
{
    const struct kept kept = kept_of(d);
    enum found found = find_proxy_v1(kept.client, out);

    if (found == NOT_THERE)
        found = find_proxy_v2(kept.client, out);
    if (found == NOT_THERE && d->prelude_state != STATE_SERVER_FIRST)
        found = find_answered(&kept, out);
    return found;
}

/* No packet of the server was captured.  What reads as a prelude was one, if a command stands behind it. */
static bool find_unheard(const struct dialogue *d, struct extent *out)
{
    struct kept kept = kept_of(d);

    kept.is_unheard = d->flow->side[!d->client_direction].packets == 0;
    if (!kept.is_unheard || kept.client.len == 0 || find_answered(&kept, out) != FOUND)
        return false;
    struct bytes rest = bytes_from(kept.client, out->client);
    struct bytes line = bytes_slice(rest, 0, bytes_find(rest, '\n'));
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line.len < rest.len && client_line_is_command(line);
}

static void add_item(struct dialogue *d, const struct extent *extent, struct moment at)
{
    struct item *item = dialogue_add_item(d, ITEM_PRELUDE, at, at);

    if (!item)
        return;
    item->as.prelude = extent->prelude;
    item->as.prelude.text = arena_copy(&d->session->arena, extent->prelude.text);
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}

/* What is behind the prelude of this side goes on as SMTP.  The kept bytes begin at offset 0. */
static void feed_rest(struct dialogue *d, enum side side, size_t skip, const struct stream_chunk *chunk)
{
    struct stream_chunk rest = *chunk;

    rest.data = bytes_from(buf_bytes(&d->prelude[side]), skip);
    rest.offset = skip;
    if (rest.data.len > 0)
        dialogue_data(d, side, &rest);
}

/* It ended at `extent`, which is empty where it was none after all. */
static void end_here(struct dialogue *d, const struct extent *extent, const struct stream_chunk *client,
                     const struct stream_chunk *server)
{
    d->prelude_state = STATE_OVER;
    feed_rest(d, SIDE_CLIENT, extent->client, client);
    feed_rest(d, SIDE_SERVER, extent->server, server);
}

void prelude_give_up(struct dialogue *d)
{
    struct stream_chunk server = d->prelude_chunk;
    struct extent extent = { 0 };

    server.acked = UINT64_MAX; /* when it came is not known any more */
    if (find_unheard(d, &extent))
        add_item(d, &extent, moment_of(&d->prelude_chunk));
    else
        extent = (struct extent){ 0 };
    end_here(d, &extent, &d->prelude_chunk, &server);
}

void prelude_end(struct dialogue *d)
{
    struct bytes client = buf_bytes(&d->prelude[SIDE_CLIENT]);

    if (client.len > 0 && begins(client, (struct bytes){ proxy_v2, sizeof proxy_v2 }) == FOUND)
        d->prelude_state = STATE_OVER; /* cut short, but made to look like no other protocol's words */
    else
        prelude_give_up(d);
}

/* Nothing can be a prelude whose first byte is not one of these. */
static bool can_begin(uint8_t byte)
{
    return byte == 'P' || byte == 0x0d || byte == 'C' || byte == 5 || byte == 4;
}

/* The server speaks before the client has, or inside what may be a PROXY header: nothing of SOCKS or HTTP. */
static bool is_server_first(const struct dialogue *d)
{
    const struct buf *client = &d->prelude[SIDE_CLIENT];

    return client->len == 0 || client->ptr[0] == 'P' || client->ptr[0] == 0x0d;
}

/* Passed on at once.  A second reply answers lines: then they were no header. */
static bool pass_server(struct dialogue *d)
{
    d->prelude_state = STATE_SERVER_FIRST;
    if (d->prelude[SIDE_CLIENT].len > 0 && d->has_greeting)
        prelude_give_up(d);
    return true;
}

bool prelude_feed(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    struct buf *own = &d->prelude[from];
    struct extent extent = { 0 };
    bool is_first = d->prelude[SIDE_CLIENT].len == 0;

    if (from == SIDE_SERVER && is_server_first(d))
        return pass_server(d);
    if (is_first && !can_begin(chunk->data.ptr[0])) {
        d->prelude_state = STATE_OVER;
        return true;
    }
    if (is_first)
        d->prelude_chunk = *chunk;
    d->prelude_chunk.data = (struct bytes){ NULL, 0 }; /* the bytes are kept apart */
    if (chunk->data.len > own->max - own->len) {       /* too long for any prelude */
        prelude_give_up(d);
        return true;
    }
    (void)buf_append(own, chunk->data);
    enum found found = find(d, &extent);
    if (found == MORE_NEEDED)
        return false;
    if (found == FOUND)
        add_item(d, &extent, moment_of(chunk));
    else
        extent = (struct extent){ 0 };
    end_here(d, &extent, found == FOUND ? chunk : &d->prelude_chunk, chunk);
    return false;
}
