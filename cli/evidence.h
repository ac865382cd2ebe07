#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "ip/ip.h"
#include "source/source.h"
#include "store/store.h"
#include "transcript/session_sink.h"

/* The packets of SMTP sessions alone, as pcapng beside their recording (--pcap), or of those that have a
 * finding alone
 * (--pcap-on-finding).
 *
 * Whether a connection is a session is known only after its first packets, and what in it is a secret only
 * when the exchange is over: packets wait in memory until then, up to LIMIT_EVIDENCE_BYTES.  Secrets are
 * overwritten with as many octets, and the checksum of TCP is mended (RFC 1624); what cannot be told apart is
 * overwritten whole. */
struct evidence;

struct evidence_options {
    struct store_options store; /* path and the rest; the suffix is ours */
    bool only_findings;
    bool keeps_secrets;
    int link_types[16]; /* DLT_* of the devices */
    size_t link_type_count;
};

struct evidence *evidence_new(const struct evidence_options *options, struct err *err);
bool evidence_start(struct evidence *evidence, struct err *err) NODISCARD;
/* Of a session that is known, or of a connection that may become one. */
void evidence_packet(struct evidence *evidence, const struct packet *packet, const struct segment *segment);
/* Before the event is written: its packets have their numbers then. */
void evidence_change(struct evidence *evidence, const struct session *session, enum session_change change,
                     size_t index);
void evidence_end(struct evidence *evidence, const struct session *session);
/* Whether the session that has just ended is kept: with only_findings. */
void evidence_judge(struct evidence *evidence, bool has_finding);
/* Events name packets as they were captured: here as they are numbered in the file beside. */
void evidence_renumber(const struct evidence *evidence, struct buf *lines);
/* What can be written is; `now_ns` is the packets' clock. */
void evidence_flush(struct evidence *evidence, uint64_t now_ns);
/* A new file, in step with the recording. */
void evidence_cut(struct evidence *evidence, uint64_t start_ns);
/* Of packets in this file so far. */
uint64_t evidence_bytes(const struct evidence *evidence);
/* Packets that should be in a file and are not: there was no room for them in memory, or on the disk. */
uint64_t evidence_lost(struct evidence *evidence);
/* What happened to the files since the last call: see store_news. */
bool evidence_news(struct evidence *evidence, char *out, size_t size);
/* Packets are missing in this file, so that those behind them have other numbers: a new one is due.  Told
 * once. */
bool evidence_has_hole(struct evidence *evidence);
bool evidence_close(struct evidence *evidence, int wait_ms, struct err *err) NODISCARD;

#endif
