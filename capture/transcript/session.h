#ifndef TRANSCRIPT_SESSION_H
#define TRANSCRIPT_SESSION_H

#include "base/address.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/limits.h"
#include "smtp/command_line.h"
#include "smtp/reply_line.h"

/* The model of a session: facts of the wire in causal order, and no judgement.  The contract between
 * capture and analyzer, in memory and (event_json.h) on disk.  Everything below lives in the arena of its
 * session; `struct bytes` are copies in that arena. */

enum side { SIDE_CLIENT = 0, SIDE_SERVER = 1, SIDE_NONE = 2 };
const char *side_name(enum side side);

enum protocol { PROTOCOL_NONE = 0, PROTOCOL_SMTP, PROTOCOL_LMTP, PROTOCOL_COUNT };
const char *protocol_name(enum protocol protocol); /* "smtp", "lmtp" */

/* Number of a packet within its input, counted from 1; 0 where the input has no packets. */
struct packet_ref {
    uint32_t input;
    uint64_t number;
};

struct moment {
    uint64_t time_ns; /* since the epoch */
    struct packet_ref packet;
};

enum line_end { LINE_END_NONE = 0, LINE_END_CRLF, LINE_END_LF, LINE_END_COUNT };

struct reply {
    uint16_t code;
    uint32_t ordinal;              /* 1 for the first reply of the session, and so on */
    struct enhanced_code enhanced; /* class 0: none */
    struct bytes *lines;           /* text behind code and separator, one a line */
    uint32_t line_count;
    uint32_t lines_dropped; /* beyond LIMIT_REPLY_LINES */
    bool is_complete;       /* its last line was seen to the end; else the server has closed within it */
    bool has_mixed_codes;   /* RFC 5321 4.2.1 asks for one code on all lines */
    bool has_odd_line;      /* a line that is no reply line, or an odd separator */
    bool has_bare_lf;
    bool is_after_gap;   /* bytes were missing right before it: lines may be lacking */
    bool is_redacted;    /* it echoed a credential: the lines are withheld */
    struct moment first; /* of its first byte */
    struct moment at;    /* of its last line */
};

enum item_kind {
    ITEM_NONE = 0,
    ITEM_PRELUDE,  /* PROXY, SOCKS or CONNECT ahead of the session */
    ITEM_GREETING, /* the server's first reply */
    ITEM_COMMAND,  /* a line sent while the server was reading commands */
    ITEM_SASL,     /* a line sent in answer to a 334 */
    ITEM_CONTENT,  /* a message, or a chunk of one */
    ITEM_REPLY,    /* a reply that answers nothing: a late 421, one too many */
    ITEM_GAP,      /* bytes that the capture lacks */
    ITEM_TLS,      /* from here on TLS (STARTTLS accepted, or a TLS record where SMTP was due) */
    ITEM_JUNK,     /* bytes of the server that are no reply */
    ITEM_KIND_COUNT
};
const char *item_kind_name(enum item_kind kind);

struct command {
    enum verb verb;
    uint32_t n;             /* 1 for the first command of the session, and so on */
    struct bytes line;      /* without its line end; empty when redacted */
    struct bytes word;      /* the first word, as sent */
    struct bytes argument;  /* views into `line` */
    uint64_t line_length;   /* without its end, also of what was dropped or redacted */
    enum line_end line_end; /* NONE: the session ended inside the line */
    bool has_bare_cr;
    bool is_redacted;        /* `line` and `argument` hold a credential and are withheld */
    bool is_secret;          /* they do, and are still there (never on disk, never in output unless asked) */
    bool is_before_greeting; /* its first byte was sent before the greeting could be seen */
    bool is_pipelined;       /* its first byte was sent before the reply to what precedes it could be seen */
    bool is_body_line;       /* content that the server read as commands (after a refused DATA or BDAT) */
};

struct sasl_field {
    const char *name;   /* "username", "password" ...: a constant of its mechanism, or in the arena */
    struct bytes value; /* empty when redacted */
    uint64_t length;
    bool is_secret;
    bool is_redacted;
};

/* What the octets of a message tell of a client's mistake, where they themselves may not be shown. */
enum sasl_slip {
    SASL_SLIP_NONE = 0,
    SASL_SLIP_BASE64_TWICE,  /* the message, or a field of it, is base64 of a text once more */
    SASL_SLIP_LINE_END,      /* a field ends in CR or LF */
    SASL_SLIP_NO_TEXT,       /* octets that no text has in any character set, where text is due */
    SASL_SLIP_NUL_AS_U_FFFD, /* U+FFFD stands where a NUL belongs */
    SASL_SLIP_NUL_AS_ESCAPE, /* backslash and zero, or another way to write a NUL in a program */
    SASL_SLIP_NUL_AS_TAB,
    SASL_SLIP_NUL_AS_SPACE,
    SASL_SLIP_NUL_AS_COLON,     /* "user:password", as in HTTP */
    SASL_SLIP_SAME_AS_NAME,     /* the answer is the user name given before, once more */
    SASL_SLIP_NAME_AS_PASSWORD, /* what was sent for the password is an address, and the user name is none */
    SASL_SLIP_PASSWORD_AS_NAME, /* what was sent for the user name has the look of a password */
    SASL_SLIP_COUNT
};
const char *sasl_slip_name(enum sasl_slip slip);

/* One message of a SASL exchange (RFC 4954 4): an initial response, a challenge or a response.  What the
 * dialogue fills in is `from`, `at`, `text` and `length`; the rest is the work of analyzer/sasl, and is read
 * back from a recording, where secret text and fields are withheld. */
struct sasl_step {
    enum side from;
    struct moment at;
    struct bytes text; /* as sent: base64, "=", "*", "" or a prompt that is none */
    uint64_t length;   /* of the text */
    bool is_decoded;   /* the facts below are set */
    bool is_secret;    /* holds a credential: never shown unless asked for */
    bool is_redacted;  /* the text is withheld */
    bool is_hidden;    /* by the log that it was read from: nothing is known of it, nor will be */
    enum base64_problem problem;
    uint64_t problem_at; /* offset in the text */
    uint64_t decoded_length;
    uint32_t nul_count; /* shape of the decoded octets */
    bool is_utf8;
    bool has_trailing_newline;
    uint32_t slips;       /* 1 << enum sasl_slip */
    struct bytes decoded; /* empty when redacted */
    struct sasl_field *fields;
    uint32_t field_count;
    const char *malformed;   /* why the message breaks its mechanism's grammar; NULL if it does not */
    uint32_t secret_ordinal; /* equal for equal secrets of this input; 0 none */
};

/* A form of the end of data on which parsers disagree, inside a content or at its end:
 *   1 LF.LF      2 LF.CRLF    3 CRLF.LF    4 CRLF.CR     5 CR.CR       6 CR.LF
 *   7 LF.CR      8 CR.CRLF    9 CRLF NUL.CRLF    10 CRLF.NUL CRLF    11 CRLF.CR CRLF    13 CRLF.blank CRLF */
struct eod_variant {
    uint8_t kind;          /* 1 to 13 */
    uint64_t offset;       /* in the wire bytes of the content */
    enum verb verb_behind; /* the line behind it reads as this command */
    uint32_t verbs_behind; /* the run of commands behind it: a bit for each enum verb */
};

_Static_assert(VERB_COUNT <= 32, "a bit of verbs_behind for each verb");

struct content {
    uint32_t message;      /* index in session->messages */
    uint32_t command_item; /* index of the DATA or BDAT item; UINT32_MAX: it was not captured */
    uint64_t size;         /* of this piece, dot-unstuffed */
    bool is_last;          /* ends the message */
    bool is_complete;      /* came whole: the dot, or all octets of the chunk */
    enum verb swallowed;   /* a chunk that is not complete ends in a line that reads as this command */
};

/* A content transferred: by DATA, or by one or more BDAT. */
struct message {
    bool is_bdat;
    bool is_complete; /* end of data seen (or LAST chunk whole) and no byte missing */
    bool has_digest;
    uint32_t first_item; /* of its DATA or first BDAT */
    uint32_t last_item;  /* of the content that ended it, or the newest */
    uint64_t size;       /* as it would be stored: dot-unstuffed, CRLF kept, without the line of the dot */
    uint64_t wire_size;
    uint64_t missing_bytes;
    uint8_t sha256[DIGEST_SHA256_LEN];
    uint64_t head_hash; /* of its first LIMIT_CONTENT_HEAD octets, to find it sent again; 0: not complete */
    uint64_t bare_cr_count;
    uint64_t bare_lf_count;
    uint64_t first_bare_lf; /* number of the first line that ends in a bare LF; 0 none */
    uint64_t nul_count;
    uint64_t longest_line;
    uint64_t dot_lines;      /* lines from which a stuffed dot was taken */
    uint64_t unstuffed_dots; /* of them: it stood alone, and had not been stuffed */
    bool ends_in_dot;        /* not complete: the last octets are a dot at the begin of a line, or with CR */
    bool has_8bit;
    bool ended_by_variant; /* by a bare-LF form that the server took as the end of data */
    struct eod_variant *variants;
    uint32_t variant_count;
    uint32_t variants_dropped;
    struct moment first; /* of its first and last byte */
    struct moment last;
    struct bytes kept; /* what --content asked to keep */
};

struct gap {
    enum side side; /* whose bytes are missing */
    uint64_t length;
    bool is_snapped; /* cut by the snap length, in part at least */
    bool in_content; /* inside message content: the dialogue goes on undisturbed */
};

enum prelude_kind {
    PRELUDE_NONE = 0,
    PRELUDE_PROXY_V1,
    PRELUDE_PROXY_V2,
    PRELUDE_SOCKS4,
    PRELUDE_SOCKS5,
    PRELUDE_CONNECT,
    PRELUDE_COUNT
};
const char *prelude_kind_name(enum prelude_kind kind);

struct prelude {
    enum prelude_kind kind;
    struct bytes text;      /* the PROXY v1 line or CONNECT request line */
    struct endpoint source; /* of a PROXY header; family 0 if not said */
    struct endpoint target;
};

/* From here on ciphertext; in a session read from a log, what was said inside. */
struct tls_start {
    enum side from;        /* who sent the first record; SIDE_NONE: a log does not say */
    uint64_t plain_length; /* octets of an unfinished line of the client right before it */
};

/* What was spoken to an SMTP port, or by it, in place of SMTP. */
enum foreign_protocol {
    FOREIGN_NONE = 0,
#define FOREIGN(name, id, title) FOREIGN_##name,
#include "transcript/foreign.def"
#undef FOREIGN
    FOREIGN_COUNT
};
const char *foreign_protocol_name(enum foreign_protocol protocol);  /* "http" */
const char *foreign_protocol_title(enum foreign_protocol protocol); /* "HTTP", in a sentence */

struct item {
    enum item_kind kind;
    bool is_after_gap;           /* bytes were missing right before it */
    struct moment first;         /* of its first byte */
    struct moment at;            /* of the byte that completed it */
    struct reply *reply;         /* what answered it, or NULL; for GREETING and REPLY the reply itself */
    struct reply **more_replies; /* LMTP content: the second to the last recipient's reply */
    uint32_t more_count;
    uint32_t replies_seen; /* replies whose end the client had acknowledged when it sent the first byte */
    union {
        struct command command;
        struct sasl_step *sasl; /* ITEM_SASL: the response; never NULL */
        struct content content;
        struct gap gap;
        struct prelude prelude;
        struct tls_start tls;
        uint64_t junk_length;
    } as;
};

/* What AUTH and each 334 said, besides the responses: parallel facts, so that a challenge has its step too.
 */
struct sasl_exchange {
    uint32_t command_item;   /* the AUTH command */
    struct bytes mechanism;  /* upper case */
    struct sasl_step *steps; /* initial response, challenges and responses, in order */
    size_t step_count;
    size_t step_cap;
    struct reply *last_reply; /* the newest reply in the exchange; the final one if it ended */
};

enum close_kind { CLOSE_NONE = 0, CLOSE_FIN, CLOSE_RESET, CLOSE_TIMEOUT, CLOSE_END_OF_CAPTURE, CLOSE_COUNT };
const char *close_kind_name(enum close_kind kind); /* "fin", "reset", "timeout", "end-of-capture" */

struct side_facts {
    uint64_t packets;
    uint64_t payload_bytes; /* in order, without what is missing */
    uint64_t missing_bytes;
    uint64_t retransmitted_bytes;
    uint64_t conflicting_bytes; /* overlaps with other content than the first copy */
    uint32_t zero_windows;
    uint64_t tls_bytes;     /* ciphertext */
    uint64_t bare_lf_lines; /* commands or reply lines that end in a bare LF */
    uint64_t last_ns;       /* of its last packet other than a RST */
    uint64_t fin_ns;        /* 0: it did not close its direction */
    uint64_t unacked_bytes; /* at the end: sent, and never acknowledged */
    uint64_t unacked_since_ns;
    uint32_t unacked_repeats; /* how often the first segment of them was sent again */
    uint32_t repeat_length;   /* octets of it */
    bool is_large_acked;      /* a segment of 1200 octets or more was acknowledged */
    bool is_window_zero;      /* at the end it took no more */
    uint64_t zero_since_ns;   /* the newest span of zero windows; 0 none */
    uint64_t zero_last_ns;
    uint8_t hop_limit_low; /* TTL or hop limit of its packets, RST apart; 0 not known */
    uint8_t hop_limit_high;
    uint8_t reset_hop_limit;       /* of its first RST */
    uint64_t reset_ns;             /* 0: it sent none */
    uint64_t reset_off_by;         /* octets between its sequence number and the one that was due */
    uint32_t segments_after_reset; /* with new bytes: whoever sent the RST, this side did not */
};

enum tls_state {
    TLS_STATE_NONE = 0,
    TLS_STATE_BEGUN, /* a hello was seen, and no end of the handshake */
    TLS_STATE_DONE,
    TLS_STATE_LOST, /* bytes are missing, or it is no TLS that can be read */
    TLS_STATE_COUNT
};
const char *tls_state_name(enum tls_state state);

/* How far the keys that were given opened what was sealed. */
enum tls_reading {
    TLS_READING_NONE = 0, /* no keys */
    TLS_READING_WHOLE,
    TLS_READING_PART,  /* from some point on it could not be read */
    TLS_READING_WRONG, /* there were keys, and they do not fit */
    TLS_READING_COUNT
};
const char *tls_reading_name(enum tls_reading reading); /* "none", "whole", "part", "wrong-keys" */

/* An alert in clear (RFC 8446 6), or one that the keys have opened. */
struct tls_alert {
    enum side from;
    uint8_t level;
    uint8_t description;
    struct moment at;
};

/* Of the server, as TLS 1.2 and older show it in clear. */
struct tls_certificate {
    struct bytes subject; /* as RFC 4514 writes names */
    struct bytes issuer;
    struct bytes *names; /* DNS names */
    uint32_t name_count;
    uint64_t not_before_s; /* since the epoch */
    uint64_t not_after_s;
    struct bytes key_type;
    uint32_t key_bits;
    uint32_t chain_length;
    bool is_self_signed;
    bool is_chain_broken; /* a certificate was not issued by the one behind it */
    bool is_other_name;   /* not for the name that the client asked for */
};

/* What a TLS connection tells (RFC 8446, RFC 5246): its handshake, as far as it is in clear or was opened. */
struct tls_facts {
    enum tls_state state;
    enum tls_reading reading;
    uint16_t offered_version; /* the highest, as on the wire: 0x0303 is TLS 1.2; 0 none */
    uint16_t version;         /* chosen */
    uint16_t cipher;          /* chosen */
    bool is_resumed;
    enum side sealed_alert; /* who ended the handshake with what has the length of a sealed alert */
    struct bytes sni;
    struct bytes alpn; /* chosen */
    struct bytes ja3;  /* fingerprints of the client's hello; empty: not seen */
    struct bytes ja4;
    struct tls_alert *alerts;
    uint32_t alert_count;
    struct tls_certificate *certificate; /* or NULL */
    struct moment first;                 /* of the first hello */
    uint64_t done_ns;                    /* when the handshake was over, as far as that shows; 0: not seen */
};

/* How much of a date the times of a log have; what is missing counts from 1970. */
enum log_clock {
    LOG_CLOCK_NONE = 0, /* no times at all */
    LOG_CLOCK_OF_DAY,
    LOG_CLOCK_OF_YEAR, /* a date without its year, as in old syslogs */
    LOG_CLOCK_FULL,
    LOG_CLOCK_COUNT
};
const char *log_clock_name(enum log_clock clock); /* "none", "time", "yearless", "date" */

/* What a log says of a refusal without quoting the reply, whose code is not known then. */
struct log_refusal {
    struct log_refusal *next; /* in the order of the commands */
    uint32_t command;         /* n */
    bool is_temporary;        /* so it says; else for good, or not known */
    bool is_of_message;       /* the content was refused, not the command that announced it */
    struct bytes text;        /* as the log has it, which need not be what the client was told */
};

/* Of a session that was read from a log of a program.  Its packet numbers are those of lines; 0: a line that
 * the log leaves out, and that the program is known to send. */
struct log_facts {
    struct bytes program;     /* "swaks" */
    struct bytes server_name; /* as the log calls it; empty: it does not */
    enum log_clock clock;
    bool is_precise;     /* its times have fractions of a second */
    bool has_zone;       /* its times are UTC; else they are those of a clock whose zone it does not say */
    bool is_server_side; /* written by the server: when the client saw a reply is not known */
    bool is_partial;     /* replies or commands are left out */
    bool is_in_clear;    /* it says that the connection began without TLS */
    struct log_refusal *refusals; /* at most LIMIT_LOG_REFUSALS */
    uint32_t refusal_count;
};

/* What stands where the line end should. */
enum unended_end { UNENDED_NOTHING = 0, UNENDED_CR, UNENDED_SPELT_OUT, UNENDED_COUNT };
const char *unended_end_name(enum unended_end end); /* "nothing", "cr", "spelt-out" */

/* A line that the client had begun when the connection ended, and that nobody can have read as one.  Nobody
 * knows what it was to be, so nothing of it is kept that may be a credential. */
struct unended_line {
    uint64_t length; /* octets; 0: there is none */
    enum verb verb;  /* VERB_UNKNOWN: none, AUTH, or an answer to a 334 */
    enum unended_end end;
    struct moment first; /* of its first byte */
};

struct session {
    struct arena arena;
    uint64_t serial; /* order of the first packet among all connections of the run, from 1 */
    char id[17];     /* 16 hex digits, from addresses, ports and time of the first packet */
    uint32_t origin; /* ordinals of secrets compare within one: 0 packets, else the number of the recording */
    struct endpoint client;
    struct endpoint server;
    enum protocol protocol;
    uint64_t start_ns; /* first packet */
    uint64_t end_ns;   /* last packet */
    struct packet_ref first_packet;
    bool is_midstream;   /* the connection's beginning was not captured */
    enum side one_sided; /* only this side's bytes were captured; SIDE_NONE: both */
    enum close_kind closed;
    enum side closed_by;           /* SIDE_NONE: not known */
    uint64_t silent_ns;            /* how long nothing came behind the last packet, if nothing ended it */
    uint64_t rtt_ns;               /* of the handshake, or the smallest seen; 0 unknown */
    struct side_facts side[2];     /* by enum side */
    bool is_tls;                   /* turned into ciphertext at an ITEM_TLS */
    struct tls_facts *tls;         /* or NULL */
    struct log_facts *log;         /* NULL: it was read from packets */
    enum foreign_protocol foreign; /* what the first line shows, if it is not SMTP */
    enum side foreign_from;        /* who spoke it; SIDE_NONE nobody */
    bool is_open;                  /* written while still going on (a recorder that stops) */
    bool is_truncated;             /* a ceiling was reached: items were dropped */
    bool has_credential;           /* a note of sasl to itself: an item is one, so others may repeat it */
    uint64_t items_dropped;
    struct unended_line unended; /* of the client, where the server was reading commands */

    struct item *items; /* in causal order */
    size_t item_count;
    size_t item_cap;
    uint32_t command_count;
    uint32_t reply_count;
    struct message *messages;
    size_t message_count;
    size_t message_cap;
    struct sasl_exchange *exchanges; /* one for every AUTH command, refused ones too */
    size_t exchange_count;
    size_t exchange_cap;
};

/* A login, or a line that may be a credential: once sasl has looked at it. */
static inline bool session_may_hold_credential(const struct session *session)
{
    return session->has_credential || session->exchange_count > 0 || session->unended.length > 0;
}
/* The item in front of which the unended line stands, as replies behind it answer nothing: `item_count` for
 * the end; SIZE_MAX: there is no such line. */
size_t session_place_of_unended(const struct session *session);
/* At the end of the list; false without memory or at the ceiling.  The text is copied into the session. */
bool session_add_log_refusal(struct session *session, struct log_refusal refusal) NODISCARD;
/* Of command n; NULL: none. */
const struct log_refusal *session_log_refusal(const struct session *session, uint32_t command);

/* On the heap, recycled through session_free.  NULL without memory. */
struct session *session_new(struct budget *budget);
void session_free(struct session *session);

/* Appends a zeroed item; NULL (and is_truncated) at a ceiling.  Pointers to older items are void after it:
 * keep indexes. */
struct item *session_add_item(struct session *session, enum item_kind kind);
/* Of an item of no kind yet.  False without memory. */
bool session_set_kind(struct session *session, struct item *item, enum item_kind kind) NODISCARD;
struct message *session_add_message(struct session *session);
struct sasl_exchange *session_add_exchange(struct session *session);
struct sasl_step *session_add_step(struct session *session, struct sasl_exchange *exchange);

/* Fills `id` from addresses, ports and start time. */
void session_make_id(struct session *session);
/* The Community ID (version 1, seed 0) of the connection, NUL-terminated "1:<base64>". */
enum { COMMUNITY_ID_TEXT = 32 };
void session_community_id(const struct session *session, char out[COMMUNITY_ID_TEXT]);

/* The item of command `n` (from 1), or NULL. */
const struct item *session_command(const struct session *session, uint32_t n);
/* The exchange that AUTH at this item began, or NULL. */
struct sasl_exchange *session_exchange_of(const struct session *session, size_t command_item);

/* Whether something was said in TLS that could not be read. */
static inline bool session_is_sealed(const struct session *session)
{
    return session->is_tls && !(session->tls && session->tls->reading == TLS_READING_WHOLE);
}

/* The other side has closed, and this one may have said more than the capture shows. */
static inline bool session_lacks_end(const struct session *session, enum side side)
{
    const struct side_facts *facts = &session->side[side];

    return session->side[side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT].fin_ns && !facts->fin_ns
           && !facts->reset_ns;
}

/* Whether the client had acknowledged the whole of `reply` when it sent the first byte of `item`. */
static inline bool item_saw(const struct item *item, const struct reply *reply)
{
    return reply && reply->is_complete && item->replies_seen >= reply->ordinal;
}

#endif
