#ifndef REPORT_STORY_H
#define REPORT_STORY_H

#include "report/document.h"

/* What a report says, in any format of documents. */

/* Title, and the whole in two sentences. */
void story_head(struct document *document);
/* What is new, gone, worse against the baseline; nothing without one. */
void story_comparison(struct document *document);
/* One incident, whole, with its evidence: up to `exemplars` sessions.  `number` counts from 1. */
void story_incident(struct document *document, const struct incident *incident, size_t number,
                    size_t exemplars);
/* The incident in one line. */
void story_incident_line(struct document *document, const struct incident *incident);
/* What went well: traffic, software, logins. */
void story_traffic(struct document *document);
/* How fast the servers answered, command by command. */
void story_latencies(struct document *document);
/* What the capture lacks, and what that weakens. */
void story_quality(struct document *document);
/* Inputs, digests, version, command line. */
void story_provenance(struct document *document);

/* Parts of the above that formats place themselves. */
void story_dialogue(struct document *document, const struct exemplar *exemplar);
void story_sequence(struct document *document, const char *label, const struct sequence *sequence);
/* What it is, in plain words. */
void story_title(struct document *document, const struct incident *incident);
/* "the client 192.0.2.7 (client.example)". */
void story_fault(struct document *document, const struct incident *incident);
/* Which session an exemplar is, and how to read its lines. */
void story_name_session(struct document *document, const struct exemplar *exemplar);
/* A remedy, whole or part of one of the catalogue, in the reader's language, for the server's software (NULL:
 * not known). */
enum { ADVICE_TEXT = 2048 };
void story_advice(struct bytes text, const char *software, char out[ADVICE_TEXT]);
/* The software of the incident's server, where it is the same for all and its greeting names it; else NULL.
 */
const char *story_software(const struct incident *incident);
/* The sentences about a case, in the reader's language as far as details.def has them. */
void story_put_detail(struct document *document, struct bytes detail);
/* What stands behind a time: " UTC", or whose clock it is. */
const char *story_clock(bool is_local);
/* Names and words of enums, for people. */
const char *story_severity(enum severity severity);
const char *story_fault_word(enum fault fault);
const char *story_comparison_word(enum comparison comparison);
/* What is worth a page each: incidents by rank that get all their evidence, one session of it, a place in the
 * list; the rest is counted. */
enum { STORY_RICH = 40, STORY_PLAIN = 200, STORY_LISTED = 600 };

#endif
