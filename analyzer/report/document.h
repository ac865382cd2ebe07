#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include "base/timestamp.h"
#include "report/incident_report.h"
#include "report/words.h"

/* A document for people, in any format.  What is said goes into a line; then the line becomes a paragraph, a
 * bullet, a line of a dialogue.  Whatever came from the wire is said with said_wire or said_code: the format
 * escapes it. */

struct document;

enum document_place {
    PLACE_TEXT = 0, /* running text */
    PLACE_BLOCK,    /* a line of a dialogue, in a fixed font */
};

enum document_beside { BESIDE_BEGIN, BESIDE_NEXT, BESIDE_END };

struct document_format {
    /* Appends to the line.  `is_ours`: our own words; otherwise from the wire, or a name. */
    void (*put)(struct document *document, struct bytes text, bool is_ours);
    /* Likewise, set off from the text around it, as it was sent. */
    void (*put_code)(struct document *document, struct bytes text);
    /* Each takes the line, which is empty behind it. */
    void (*heading)(struct document *document, unsigned level);
    void (*paragraph)(struct document *document);
    void (*labelled)(struct document *document, const char *label);
    void (*bullet)(struct document *document);
    void (*block_begin)(struct document *document);
    void (*block_line)(struct document *document, enum dialogue_mark mark);
    void (*block_end)(struct document *document); /* NULL: nothing stands there */
    /* Around the evidence of one session: the line says which.  NULL: a paragraph, and nothing behind. */
    void (*evidence_begin)(struct document *document, const struct exemplar *exemplar, bool is_first);
    void (*evidence_end)(struct document *document);
    /* Two pieces that stand beside each other where there is room.  NULL: one below the other. */
    void (*beside)(struct document *document, enum document_beside part);
};

struct document {
    const struct document_format *format;
    const struct incident_report *report;
    struct buf *out;
    struct buf line;
    struct buf name; /* scratch of pseudonyms */
    enum document_place place;
    bool is_dialogue;   /* of a block: packets and times stand before what was said */
    bool is_in_list;    /* the piece before was a bullet too */
    bool has_ladder;    /* evidence is drawn too, where the format can */
    bool was_explained; /* how to read a dialogue: told once */
};

void document_init(struct document *document, const struct document_format *format,
                   const struct incident_report *report, struct buf *out);
void document_release(struct document *document);

enum said_kind { SAID_END = 0, SAID_NUMBER, SAID_OURS, SAID_WIRE, SAID_CODE, SAID_TIME, SAID_DURATION };

struct said {
    enum said_kind kind;
    uint64_t number; /* nanoseconds of times and durations */
    struct bytes text;
};

struct said said_number(uint64_t number);
struct said said_ours(const char *text);
struct said said_wire(struct bytes text);
struct said said_code(struct bytes text);
struct said said_time(uint64_t time_ns);
struct said said_duration(uint64_t ns);

/* Appends the template, already in the reader's language, with {1}, {2} ... replaced. */
void document_say(struct document *document, const char *template, const struct said *said);
#define SAY(document, template, ...)                                                                         \
    document_say((document), (template), (const struct said[]){ __VA_ARGS__, { 0 } })
void document_put(struct document *document, const char *text); /* our own words */
void document_put_bytes(struct document *document, struct bytes ours);

/* The line as what it is to be. */
void document_heading(struct document *document, unsigned level);
void document_paragraph(struct document *document);
void document_labelled(struct document *document, const char *label);
void document_bullet(struct document *document);
void document_block_end(struct document *document);
void document_evidence_begin(struct document *document, const struct exemplar *exemplar, bool is_first);
void document_evidence_end(struct document *document);
void document_beside(struct document *document, enum document_beside part);

/* Text without what a reader may not see: pseudonyms in place of names, where asked for.  Borrowed until the
 * next call. */
struct bytes document_visible(struct document *document, struct bytes text);

/* "2026-11-24 13:00:00"; of a log what it says of it: "11-24 13:00:00", "13:00:00".  Returns the length. */
size_t moment_format(uint64_t time_ns, char out[TIMESTAMP_TEXT]);
/* "1.5 s", "12 ms". */
size_t duration_format(uint64_t ns, char out[32]);

#endif
