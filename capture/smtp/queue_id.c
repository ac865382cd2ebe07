/* Queue ids, by what servers put in front of them or behind them. */
#include "smtp/queue_id.h"

struct form {
    const char *before; /* the id follows it */
    const char *after;  /* or the id is the word before it */
};

/* The first that fits wins. */
static const struct form forms[] = {
    { "queued as ", NULL },       /* Postfix, aiosmtpd and many others */
    { "OK id=", NULL },           /* Exim */
    { "InternalId=", NULL },      /* Exchange */
    { "Message Queued (", NULL }, /* Haraka */
    { " qp ", NULL },             /* qmail: "ok 1700000000 qp 1234" */
    { "Queued! ", NULL },         /* qpsmtpd */
    { "queued with id ", NULL },  /* Stalwart */
    { "id=", NULL },
    { NULL, " Message accepted for delivery" }, /* sendmail, OpenSMTPD */
    { NULL, " Saved" },                         /* Dovecot LMTP */
    { NULL, " - gsmtp" },                       /* Gmail */
    { NULL, " accepted" },                      /* IronPort: "ok:  Message 19474 accepted" */
    { "Ok: ", NULL },
};

static bool is_id_byte(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z') || c == '-' || c == '_'
           || c == '.' || c == '/' || c == '+' || c == '=' || c == ':';
}

static bool is_mark(uint8_t c)
{
    return c == '.' || c == ':';
}

/* What ends a sentence or begins a clause is no part of the id. */
static struct bytes without_marks(struct bytes id)
{
    while (id.len > 0 && is_mark(id.ptr[id.len - 1]))
        id.len--;
    while (id.len > 0 && is_mark(id.ptr[0]))
        id = bytes_from(id, 1);
    return id;
}

static struct bytes word_at(struct bytes text, size_t at)
{
    size_t end = at;

    while (end < text.len && is_id_byte(text.ptr[end]))
        end++;
    return without_marks(bytes_slice(text, at, end - at));
}

static struct bytes word_before(struct bytes text, size_t end)
{
    size_t at = end;

    while (at > 0 && is_id_byte(text.ptr[at - 1]))
        at--;
    return without_marks(bytes_slice(text, at, end - at));
}

/* An id has a digit and is more than an enhanced code or a small number. */
static bool is_plausible(struct bytes id)
{
    bool has_digit = false;

    for (size_t i = 0; i < id.len; i++)
        has_digit = has_digit || ascii_is_digit(id.ptr[i]);
    return has_digit && id.len >= 3 && id.len <= 128;
}

struct bytes queue_id_find(struct bytes text)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *mark = forms[i].before ? forms[i].before : forms[i].after;
        size_t at = bytes_find_nocase(text, bytes_of(mark));
        if (at == SIZE_MAX)
            continue;
        struct bytes id = forms[i].before ? word_at(text, at + strlen(mark)) : word_before(text, at);
        if (is_plausible(id))
            return id;
    }
    return (struct bytes){ NULL, 0 };
}
