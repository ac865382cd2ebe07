#ifndef REPORT_REPORT_JSONL_PARTS_H
#define REPORT_REPORT_JSONL_PARTS_H

#include "report/json_stream.h"

/* The parts of a session's line, each in a file of its own. */

void jsonl_write_commands(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out);
void jsonl_write_auth(const struct session *session, const struct report_options *options, struct buf *out);
void jsonl_write_messages(const struct analysis *analysis, struct buf *out);
void jsonl_write_findings(const struct finding *findings, size_t count, const struct report_options *options,
                          struct buf *out);

/* What several of them hold. */
void jsonl_write_time(const char *key, uint64_t time_ns, struct buf *out);
/* null where the session has no date. */
void jsonl_write_moment(const char *key, uint64_t time_ns, const struct report_options *options,
                        struct buf *out);
void jsonl_write_packet(struct packet_ref packet, const struct report_options *options, struct buf *out);
void jsonl_write_redacted(const char *key, uint64_t length, struct buf *out);
void jsonl_write_pair(const char *key, uint64_t client, uint64_t server, struct buf *out);
void jsonl_write_endpoint(const char *key, const struct endpoint *end, struct buf *out);
void jsonl_write_lines(const char *key, const struct reply *reply, struct buf *out);
/* {"code", "enhanced", "text"}, and with `options` time and packet; null for NULL. */
void jsonl_write_reply(const char *key, const struct reply *reply, const struct report_options *options,
                       struct buf *out);

#endif
