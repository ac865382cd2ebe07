/* The GS2 header, and names as they stand in it and in SCRAM: "," is written =2C and "=" is =3D. */
#include "sasl/sasl_gs2.h"

bool gs2_take_until(struct bytes *rest, uint8_t end, struct bytes *out)
{
    size_t at = bytes_find(*rest, end);

    if (at == SIZE_MAX)
        return false;
    *out = bytes_slice(*rest, 0, at);
    *rest = bytes_from(*rest, at + 1);
    return true;
}

/* cb-name = 1*(ALPHA / DIGIT / "." / "-") */
static bool is_binding_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = ascii_upper(name.ptr[i]);
        if (!ascii_is_digit(c) && !(c >= 'A' && c <= 'Z') && c != '.' && c != '-')
            return false;
    }
    return name.len > 0;
}

static bool take_flag(struct bytes flag, struct gs2_header *header)
{
    if (bytes_equal(flag, BYTES("n")) || bytes_equal(flag, BYTES("y"))) {
        header->flag = flag;
        return true;
    }
    header->flag = bytes_slice(flag, 0, 1);
    header->binding = bytes_from(flag, 2);
    return bytes_equal(bytes_slice(flag, 0, 2), BYTES("p=")) && is_binding_name(header->binding);
}

bool gs2_take(struct bytes *rest, struct gs2_header *out)
{
    struct gs2_header header = { .flag = { NULL, 0 } };
    struct bytes flag, authzid, left = *rest;

    if (!gs2_take_until(&left, ',', &flag) || !gs2_take_until(&left, ',', &authzid)
        || !take_flag(flag, &header))
        return false;
    if (authzid.len > 0 && !bytes_equal(bytes_slice(authzid, 0, 2), BYTES("a=")))
        return false;
    header.authzid = bytes_from(authzid, 2);
    *rest = left;
    *out = header;
    return true;
}

static uint8_t unescaped(struct bytes code)
{
    if (bytes_equal_nocase(code, BYTES("=2C")))
        return ',';
    return bytes_equal_nocase(code, BYTES("=3D")) ? '=' : 0;
}

bool gs2_name(struct arena *arena, struct bytes escaped, struct bytes *out)
{
    uint8_t *to = escaped.len ? arena_alloc(arena, escaped.len) : NULL;
    size_t len = 0;

    if (!to)
        return false;
    for (size_t i = 0; i < escaped.len; i++) {
        to[len] = escaped.ptr[i];
        if (escaped.ptr[i] == '=') {
            to[len] = unescaped(bytes_slice(escaped, i, 3));
            i += 2;
        }
        if (to[len++] == 0)
            return false;
    }
    *out = (struct bytes){ to, len };
    return true;
}
