/* Names of programs in the headers of messages. */
#include "incident/client_software.h"

/* A field of a header from its name to the end of its last line, folded lines included; moves `rest` behind
 * it. False at the empty line that ends the header, and at its end. */
static bool next_field(struct bytes *rest, struct bytes *field)
{
    size_t end = 0;

    if (rest->len == 0 || rest->ptr[0] == '\r' || rest->ptr[0] == '\n')
        return false;
    do {
        size_t lf = bytes_find(bytes_from(*rest, end), '\n');
        end = lf == SIZE_MAX ? rest->len : end + lf + 1;
    } while (end < rest->len && (rest->ptr[end] == ' ' || rest->ptr[end] == '\t'));
    *field = bytes_slice(*rest, 0, end);
    *rest = bytes_from(*rest, end);
    return true;
}

/* What stands behind the name and the colon; empty if it is another field. */
static struct bytes value_of(struct bytes field, struct bytes name)
{
    if (!bytes_starts_nocase(field, name))
        return (struct bytes){ NULL, 0 };
    return bytes_trim(bytes_from(field, name.len));
}

/* One line, and of a length that can be shown. */
static struct bytes shortened(struct bytes name)
{
    size_t end = bytes_find(name, '\r'), lf = bytes_find(name, '\n');

    end = lf < end ? lf : end;
    name = bytes_trim(bytes_slice(name, 0, end));
    return bytes_slice(name, 0, name.len < CLIENT_SOFTWARE_TEXT ? name.len : CLIENT_SOFTWARE_TEXT);
}

/* "ESMTPSA", "LMTP": the registered words for a protocol (RFC 3848) name no program. */
static bool is_protocol(struct bytes with)
{
    struct bytes word = bytes_slice(with, 0, bytes_find(with, ' '));

    return word.len == with.len || bytes_find_nocase(word, BYTES("MTP")) != SIZE_MAX
           || bytes_starts_nocase(with, BYTES("HTTP"));
}

static bool is_space(uint8_t c)
{
    return ascii_is_blank(c) || c == '\r' || c == '\n';
}

/* What stands behind a word of the line; empty if it has no such word. */
static struct bytes behind_word(struct bytes text, struct bytes word)
{
    for (size_t at = 0, hit; (hit = bytes_find_nocase(bytes_from(text, at), word)) != SIZE_MAX;
         at += hit + 1) {
        size_t begin = at + hit, end = begin + word.len;
        if ((begin == 0 || is_space(text.ptr[begin - 1])) && end < text.len && is_space(text.ptr[end]))
            return bytes_trim(bytes_from(text, end));
    }
    return (struct bytes){ NULL, 0 };
}

/* "(Postfix)": what is in it, unless it is an address of the host. */
static struct bytes of_comment(struct bytes text)
{
    size_t close = bytes_find(text, ')');
    struct bytes comment = close == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_slice(text, 1, close - 1);
    bool is_address = comment.len
                      && (ascii_is_digit(comment.ptr[0]) || bytes_find(comment, '[') != SIZE_MAX
                          || (bytes_find(comment, ' ') == SIZE_MAX && bytes_find(comment, '.') != SIZE_MAX));

    return is_address ? (struct bytes){ NULL, 0 } : comment;
}

/* "by mx.example (Postfix) with ESMTP id 1": the comment behind the name of the host that wrote the line, or
 * "with Microsoft SMTP Server id 1": a program in place of the protocol. */
static struct bytes of_received(struct bytes received)
{
    struct bytes rest = behind_word(received, BYTES("by"));
    size_t blank = bytes_find(rest, ' ');
    struct bytes tail = blank == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_trim(bytes_from(rest, blank));

    if (tail.len > 2 && tail.ptr[0] == '(')
        return of_comment(tail);
    struct bytes program = behind_word(rest, BYTES("with"));
    size_t id = bytes_find_nocase(program, BYTES(" id ")), mark = bytes_find(program, ';');
    size_t open = bytes_find(program, '(');
    size_t end = id < mark ? id : mark;
    program = bytes_trim(bytes_slice(program, 0, open < end ? open : end));
    return program.len && is_protocol(program) ? (struct bytes){ NULL, 0 } : program;
}

struct bytes client_software_of_header(struct bytes header)
{
    struct bytes field, written = { NULL, 0 };
    bool is_relayed = false;

    while (next_field(&header, &field)) {
        struct bytes received = is_relayed ? (struct bytes){ NULL, 0 } : value_of(field, BYTES("Received:"));
        if (received.len) {
            struct bytes name = shortened(of_received(received));
            is_relayed = true; /* those below were written by others, before */
            if (name.len)
                return name;
        }
        if (written.len == 0)
            written = shortened(value_of(field, BYTES("User-Agent:")));
        if (written.len == 0)
            written = shortened(value_of(field, BYTES("X-Mailer:")));
    }
    return written;
}

struct bytes client_software_of(const struct session *session)
{
    struct bytes name = { NULL, 0 };

    for (uint32_t i = 0; i < session->message_count && name.len == 0; i++)
        if (session->messages[i].kept.len)
            name = client_software_of_header(session->messages[i].kept);
    return name;
}
