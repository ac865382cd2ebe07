/* Decryption Secrets Block:  type 10 (4), length (4), type of the secrets (4), their length (4), secrets ...
 * Section Header Block:      type (4), length (4), magic (4), version (4), length of the section (8), options
 * An option:                 code (2), length (2), value, padded to four octets; code 1 is a comment */
#include "source/secrets.h"

#include "base/limits.h"

enum { OPTION_END = 0, OPTION_COMMENT = 1, SECTION_LENGTH = 8, TRAILER = 4 };

static const uint32_t SECRETS_TLS = 0x544c534bu; /* "TLSK" */

void secrets_init(struct secrets *secrets, const struct secret_sink *sink)
{
    *secrets = (struct secrets){ .sink = sink };
    buf_init(&secrets->text, LIMIT_TLS_SECRETS_BLOCK);
}

static void wipe(struct buf *text)
{
    if (text->len > 0)
        explicit_bzero(text->ptr, text->len);
    buf_clear(text);
}

void secrets_release(struct secrets *secrets)
{
    wipe(&secrets->text);
    buf_release(&secrets->text);
}

static uint32_t number(struct reader *r, bool is_big)
{
    return is_big ? read_be32(r) : read_le32(r);
}

static uint16_t short_number(struct reader *r, bool is_big)
{
    return is_big ? read_be16(r) : read_le16(r);
}

void secrets_begin(struct secrets *secrets, bool is_section, bool is_big, const uint8_t head[16])
{
    struct reader r = reader_over(bytes_slice((struct bytes){ head, 16 }, 8, 8));

    wipe(&secrets->text);
    secrets->is_comments = is_section;
    secrets->is_big = is_big;
    uint32_t type = number(&r, is_big), len = number(&r, is_big);
    secrets->is_wanted = secrets->sink && (is_section || type == SECRETS_TLS);
    secrets->left = is_section ? LIMIT_TLS_SECRETS_BLOCK : len;
}

static void hand_on(struct secrets *secrets, struct bytes text, bool is_last)
{
    secrets->sink->take(secrets->sink->ctx, text, is_last);
}

/* Whole lines go on while the block is still being read. */
static void make_room(struct secrets *secrets)
{
    struct buf *text = &secrets->text;

    hand_on(secrets, buf_bytes(text), false);
    wipe(text);
}

static void take_comments(struct secrets *secrets)
{
    struct bytes body = buf_bytes(&secrets->text);
    struct reader r = reader_over(bytes_slice(body, SECTION_LENGTH, body.len - SECTION_LENGTH - TRAILER));

    while (r.ok && reader_left(&r) > 0) {
        uint16_t code = short_number(&r, secrets->is_big), len = short_number(&r, secrets->is_big);
        struct bytes value = read_bytes(&r, len);
        (void)read_bytes(&r, (4u - len % 4u) % 4u);
        if (!r.ok || code == OPTION_END)
            break;
        if (code == OPTION_COMMENT)
            hand_on(secrets, value, true);
    }
}

void secrets_add(struct secrets *secrets, struct bytes part, bool is_last)
{
    struct buf *text = &secrets->text;

    if (!secrets->is_wanted)
        return;
    for (part = bytes_slice(part, 0, secrets->left); part.len > 0;) {
        struct bytes now = bytes_slice(part, 0, text->max - text->len);
        (void)buf_append(text, now);
        secrets->left -= now.len;
        part = bytes_from(part, now.len);
        if (part.len > 0)
            make_room(secrets);
    }
    if (!is_last)
        return;
    if (secrets->is_comments && text->len > SECTION_LENGTH + TRAILER)
        take_comments(secrets);
    else if (!secrets->is_comments)
        hand_on(secrets, buf_bytes(text), true);
    secrets->is_wanted = false;
    wipe(text);
}
