/* explain: what a reply code means, and what a finding says; several codes side by side. */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/locale_folder.h"
#include "cli/messages.h"
#include "report/text_parts.h"
#include "rules/auth_outcomes.h"

#include <stdarg.h>
#include <stdio.h>

enum { WIDTH = 80, LABEL = 12, GAP = 2, ABREAST = 3 };

/* "label       text", folded. */
static void put(const char *label, const char *text)
{
    static const struct report_options options = { .columns = WIDTH };
    struct buf out;
    size_t width = text_width(bytes_of(label));

    buf_init(&out, LIMIT_REPORT_BLOCK);
    (void)buf_append_text(&out, label);
    text_blanks(width < LABEL ? LABEL - width : 1, &out);
    text_fold_wide(bytes_of(text), LABEL, &options, &out);
    (void)fwrite(out.ptr, 1, out.len, stdout);
    buf_release(&out);
}

/* A line of its own, folded. */
__attribute__((format(printf, 2, 3))) static void put_line(size_t indent, const char *format, ...)
{
    static const struct report_options options = { .columns = WIDTH };
    char text[256];
    struct buf out;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&out, LIMIT_REPORT_BLOCK);
    (void)buf_append_text(&out, text);
    text_end_line(0, indent, &options, &out);
    (void)fwrite(out.ptr, 1, out.len, stdout);
    buf_release(&out);
}

static void explain_rule(enum rule_id id)
{
    const struct rule *rule = rule_of(id);

    put_line(4, "%s: %s", rule->id, words(rule->title));
    put(words(WORDS("severity")), words(severity_name(rule->severity)));
    put(words(WORDS("at fault")), words(fault_name(rule->fault)));
    put(words(WORDS("what it is")), words(rule->explanation));
    put(words(WORDS("to do")), words(rule->remedy));
    put(words(WORDS("see")), rule->reference);
}

/* The same code to AUTH, by what stands beside it. */
static void explain_outcomes(uint16_t code)
{
    size_t count;
    const struct auth_outcome *rows = auth_outcomes(&count);
    char text[1200];

    for (size_t i = 0; i < count; i++) {
        if (rows[i].code != code || (!rows[i].phrase && !rows[i].subject))
            continue;
        int len = rows[i].subject
                      ? snprintf(text, sizeof text, "%u.%u.%u", code / 100, rows[i].subject, rows[i].detail)
                      : 0;
        (void)snprintf(text + len, sizeof text - (size_t)len, "%s%s%s%s: %s",
                       len && rows[i].phrase ? ", " : "", rows[i].phrase ? "\"" : "",
                       rows[i].phrase ? rows[i].phrase : "", rows[i].phrase ? "\"" : "", words(rows[i].says));
        put(words(WORDS("to AUTH")), text);
    }
}

/* What is said of a code, with a row for each question. */
enum { ROW_CLASS, ROW_MEANING, ROW_WHEN, ROW_TO_DO, ROW_TURN, ROWS };

struct code_texts {
    uint16_t code;
    const char *row[ROWS]; /* in the reader's language; NULL: nothing is known */
};

static const char *const questions[ROWS] = { WORDS("class"), WORDS("meaning"), WORDS("when"), WORDS("to do"),
                                             WORDS("whose turn") };

/* False for what is no code. */
static bool texts_of(const char *word, struct code_texts *out)
{
    uint64_t code;

    if (!bytes_to_u64(bytes_of(word), &code) || code < 200 || code > 599 || !reply_code_class((uint16_t)code))
        return false;
    const struct reply_code_text *text = reply_code_explain((uint16_t)code);
    *out = (struct code_texts){ .code = (uint16_t)code };
    out->row[ROW_CLASS] = words(text ? text->class : reply_code_class((uint16_t)code));
    out->row[ROW_MEANING] = words(
        text ? text->meaning
             : WORDS("no meaning of its own in RFC 5321 and its extensions: the class says what to do"));
    if (text) {
        out->row[ROW_WHEN] = words(text->appears);
        out->row[ROW_TO_DO] = words(text->action);
        out->row[ROW_TURN] = words(text->turn);
    }
    return true;
}

static void explain_code(const struct code_texts *texts)
{
    (void)printf("%u\n", texts->code);
    for (unsigned i = 0; i < ROWS; i++)
        if (texts->row[i])
            put(words(questions[i]), texts->row[i]);
    explain_outcomes(texts->code);
}

/* One line of a folded text, padded to its column; the rest stays. */
static void put_cell(struct bytes *rest, size_t width, struct buf *out)
{
    size_t end = bytes_find(*rest, '\n');
    struct bytes line = bytes_slice(*rest, 0, end);
    size_t used = text_width(line);

    (void)buf_append(out, line);
    text_blanks(used < width ? width - used : 0, out);
    *rest = end == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(*rest, end + 1);
}

/* The same question to each code, in columns. */
static void put_abreast(const char *label, const char *const texts[ABREAST], size_t count)
{
    size_t width = (WIDTH - LABEL) / count - GAP, left = text_width(bytes_of(label));
    const struct report_options options = { .columns = (unsigned)width };
    struct buf folded[ABREAST], line;
    struct bytes rest[ABREAST];
    bool has_more = true;

    for (size_t i = 0; i < count; i++) {
        buf_init(&folded[i], LIMIT_REPORT_BLOCK);
        text_fold_wide(bytes_of(texts[i] ? texts[i] : "-"), 0, &options, &folded[i]);
        rest[i] = buf_bytes(&folded[i]);
    }
    buf_init(&line, LIMIT_REPORT_BLOCK);
    for (unsigned row = 0; has_more; row++) {
        has_more = false;
        buf_clear(&line);
        (void)buf_append_text(&line, row ? "" : label);
        text_blanks(row || left >= LABEL ? (row ? LABEL : 1) : LABEL - left, &line);
        for (size_t i = 0; i < count; i++) {
            put_cell(&rest[i], width + GAP, &line);
            has_more = has_more || rest[i].len > 0;
        }
        while (line.len > 0 && line.ptr[line.len - 1] == ' ')
            line.len--;
        (void)printf("%.*s\n", (int)line.len, (const char *)line.ptr);
    }
    buf_release(&line);
    for (size_t i = 0; i < count; i++)
        buf_release(&folded[i]);
}

/* In a word what the code asks for, so that two can be told apart. */
static const char *gist_of(uint16_t code)
{
    static const char *const gists[] = {
        WORDS("success: what was asked for is done, and the client goes on"),
        WORDS("no error: the server waits for the next piece, and the client sends just that"),
        WORDS("a refusal for now: the same may be accepted later, unchanged"),
        WORDS("a refusal for good: the same will be refused again until something is changed first"),
    };

    return words(gists[code / 100 - 2]);
}

static void explain_abreast(const struct code_texts *texts, size_t count)
{
    char heads[ABREAST][8];
    const char *row[ABREAST] = { NULL };

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(heads[i], sizeof heads[i], "%u", texts[i].code);
        row[i] = heads[i];
    }
    put_abreast("", row, count);
    for (unsigned r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < count; i++)
            row[i] = texts[i].row[r];
        put_abreast(words(questions[r]), row, count);
    }
    for (size_t i = 0; i < count; i++)
        row[i] = gist_of(texts[i].code);
    put_abreast(words(WORDS("in short")), row, count);
    for (size_t i = 0; i < count; i++)
        explain_outcomes(texts[i].code);
}

/* Two or three words that are all codes. */
static bool explain_together(const struct options *options)
{
    struct code_texts texts[ABREAST];

    if (options->input_count < 2 || options->input_count > ABREAST)
        return false;
    for (size_t i = 0; i < options->input_count; i++)
        if (!texts_of(options->inputs[i], &texts[i]))
            return false;
    explain_abreast(texts, options->input_count);
    return true;
}

static bool explain_one(const char *word)
{
    enum rule_id rule = rule_find(bytes_of(word));
    struct code_texts texts;

    if (rule != RULE_NONE) {
        explain_rule(rule);
        return true;
    }
    if (!texts_of(word, &texts))
        return false;
    explain_code(&texts);
    return true;
}

static void list_all(void)
{
    const char *group = "";

    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++) {
        const struct rule *rule = rule_of((enum rule_id)i);
        if (strcmp(group, rule->group) != 0)
            (void)printf("%s%s\n", *group ? "\n" : "", rule->group);
        group = rule->group;
        put_line(40, "  %-28s %-8s %s", rule->id, severity_name(rule->severity), words(rule->title));
    }
}

int cmd_explain(const struct options *options)
{
    int status = EXIT_DONE;

    locale_choose(options->language);
    if (options->input_count == 0)
        list_all();
    bool is_done = explain_together(options);
    for (size_t i = 0; !is_done && i < options->input_count; i++) {
        if (i)
            (void)putchar('\n');
        if (explain_one(options->inputs[i]))
            continue;
        message("'%s' is no reply code and no finding; `smtpscope explain` lists the findings",
                options->inputs[i]);
        status = EXIT_USAGE;
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return EXIT_TROUBLE;
    return status;
}
