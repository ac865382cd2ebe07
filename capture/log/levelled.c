/* Lines with a level and a key. */
#include "log/levelled.h"

bool levelled_parse(struct bytes line, struct levelled *out)
{
    static const char *const levels[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR" };
    struct bytes rest = line, level = log_text_word(&rest);
    bool is_level = false;

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        is_level = is_level || bytes_equal(level, bytes_of(levels[i]));
    if (!is_level)
        return false;
    *out = (struct levelled){ .level = level };
    size_t close = rest.len > 0 && rest.ptr[0] == '[' ? bytes_find(rest, ']') : SIZE_MAX;
    if (close != SIZE_MAX) {
        out->key = bytes_slice(rest, 1, close - 1);
        rest = bytes_from(rest, close + 1);
        (void)log_text_skip(&rest, " ");
    }
    out->text = rest;
    return true;
}

void levelled_tell_server(struct talk *talk, struct bytes text)
{
    struct bytes rest = text;

    marks_tell_server(talk, log_text_word(&rest));
}
