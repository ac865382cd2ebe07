#ifndef TRANSCRIPT_EVENT_JSON_H
#define TRANSCRIPT_EVENT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "transcript/session_sink.h"

/* A recording: JSON Lines, one event a line, written and read through Jansson, never more than one event as
 * a tree.  Field by field in docs/man/smtpscope-recording.5. */

enum { RECORDING_SCHEMA = 1 };

/* How a recorder treats what must not leak; the first line of the recording says it. */
enum secrets_policy {
    SECRETS_MASK = 0,
    SECRETS_KEEP,
    SECRETS_SEAL, /* masked, and beside it encrypted: seal.h */
    SECRETS_POLICY_COUNT
};
enum content_policy { CONTENT_NONE = 0, CONTENT_HEADERS, CONTENT_FULL, CONTENT_POLICY_COUNT };

struct recording_head {
    const char *tool_version;
    const char *host;   /* where it was recorded, or NULL */
    const char *origin; /* device, or the files' names joined */
    const char *filter; /* BPF, or NULL */
    uint64_t snaplen;
    uint64_t start_ns; /* 0: of the first packet, not known yet */
    enum secrets_policy secrets;
    enum content_policy content;
    const char *run;        /* names all parts of one recording; NULL: it has one */
    uint64_t part;          /* from 1: sessions go on in the next */
    const char *sealed_key; /* base64, or NULL */
};

/* What a live recorder tells beside the totals: the parts of a loss, and itself. */
struct live_stats {
    uint64_t kernel_drops;
    uint64_t device_drops;
    uint64_t lines_lost;       /* that could not be written */
    uint64_t evidence_lost;    /* packets of sessions, not kept beside the recording */
    uint64_t findings_lost;    /* lines of them that nobody took */
    uint64_t segments_dropped; /* for want of memory */
    uint64_t connections_evicted;
    uint64_t memory_bytes;
    uint64_t memory_peak_bytes;
    uint64_t sessions;
    const uint64_t *findings; /* by number, `finding_count` of them, named by `finding_name`; NULL none */
    size_t finding_count;
    const char *(*finding_name)(size_t number);
};

/* Totals of the run that made the recording, so that a summary from it equals that of the packets. */
struct run_totals {
    uint64_t packets;
    uint64_t tcp_connections;
    uint64_t missing_bytes;
    uint64_t dropped; /* packets lost by kernel, device or recorder, where that is known */
    bool knows_dropped;
    uint64_t reached; /* no session with a serial up to this one is still to come; 0: not known */
    uint64_t
        sealed; /* connections to a port of SMTP's in TLS from the start, of which nothing could be read */
};

/* Each appends whole lines to `out`; false if `out` is full or memory is short, and what did not fit is not
 * there, not even in part. */
bool event_write_head(const struct recording_head *head, struct buf *out);
/* A change is written when it happens.  The steps of a SASL exchange follow when it is over: by then
 * sasl_decode_item (analyzer/sasl) has marked what is secret in it.  With SECRETS_MASK what is marked so, and
 * what nobody has looked at, is never written, only its length. */
bool event_write_change(const struct session *session, enum session_change change, size_t index,
                        enum secrets_policy secrets, struct buf *out);
/* After the last change, with what is known at the end alone. */
bool event_write_close(const struct session *session, enum secrets_policy secrets, struct buf *out);
bool event_write_attempts(const struct attempts_row *row, struct buf *out);
/* `live` NULL: of packets from files. */
bool event_write_stats(const struct run_totals *totals, const struct live_stats *live, uint64_t time_ns,
                       struct buf *out);

#endif
