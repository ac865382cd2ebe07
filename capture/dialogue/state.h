#ifndef DIALOGUE_STATE_H
#define DIALOGUE_STATE_H

#include "base/limits.h"
#include "base/fingerprint.h"
#include "dialogue/dialogue.h"
#include "tls/tls_observer.h"

/* Inside of a dialogue.  The client's stream is read by one of these modes; what cannot be read before a
 * reply is known is held back, and fed again when it is. */
enum client_mode {
    CLIENT_START = 0, /* nothing yet: a prelude may come */
    CLIENT_COMMANDS,
    CLIENT_HELD,    /* how to read on depends on the reply to the last command */
    CLIENT_CONTENT, /* behind a 354 */
    CLIENT_CHUNK,   /* the octets of a BDAT */
    CLIENT_SASL,    /* behind a 334 */
    CLIENT_UNSURE,  /* midstream, or behind missing bytes: held until the server says something */
    CLIENT_TLS,
    CLIENT_MODE_COUNT
};

enum hold_reason {
    HOLD_NONE = 0,
    HOLD_DATA,
    HOLD_AUTH, /* AUTH or a SASL response: 334 or the end? */
    HOLD_STARTTLS,
    HOLD_BDAT,         /* CHUNKING was not offered: octets or commands? */
    HOLD_BDAT_REFUSED, /* and refused: both directions are held, and counted at the end */
    HOLD_VARIANT,      /* an end of data with bare line feeds: does the server answer it? */
    HOLD_CONTENT_GAP,  /* missing bytes in a content: was its end among them? */
    HOLD_UNSURE,
};

enum skip {
    SKIP_NONE = 0,
    SKIP_FRAGMENT, /* what does not read as a command */
    SKIP_LINE      /* whatever it is */
};

enum { TLS_HANDSHAKE = 0x16 }; /* RFC 8446 5.1: type of the first record of a client */

enum expect_kind { EXPECT_NONE = 0, EXPECT_COMMAND, EXPECT_SASL, EXPECT_CONTENT };

/* A reply that is due. */
struct expectation {
    enum expect_kind kind;
    uint32_t item;
    uint32_t remaining;  /* replies still to come: more than one in LMTP */
    uint64_t end_offset; /* client's bytes that the server must have received before it can answer */
    bool is_uncertain;   /* a hole in the server's bytes may have held the reply */
    bool may_have_more;  /* of LMTP: one may have held that a further recipient was accepted */
};

/* A line that is not complete yet. */
struct line {
    bool is_begun; /* first, for it is asked at every packet */
    uint8_t last_byte;
    bool has_bare_cr;
    uint64_t length; /* of all, dropped bytes included */
    struct buf kept;
    struct moment first;
    uint64_t acked; /* by the segment of its first byte */
};

struct held {
    struct held *next;
    enum side from;
    bool is_hole;
    bool is_inside; /* came out of TLS */
    struct stream_chunk chunk;
    struct stream_hole hole;
    uint8_t bytes[];
};

struct hold {
    enum hold_reason reason;
    struct held *first;
    struct held *last;
    size_t bytes;
    bool is_mixed;   /* not the client's bytes alone: holes, or the server's */
    size_t searched; /* so many have been searched for the end of a content */
    uint8_t tail[4]; /* the last of them */
};

/* Ends of data on which parsers disagree; the numbers are those of the recording. */
enum eod_kind {
    EOD_NONE = 0,
    EOD_LF_DOT_LF = 1,
    EOD_LF_DOT_CRLF = 2,
    EOD_CRLF_DOT_LF = 3,
    EOD_CRLF_DOT_CR = 4,
    EOD_CR_DOT_CR = 5,
    EOD_CR_DOT_LF = 6,
    EOD_LF_DOT_CR = 7,
    EOD_CR_DOT_CRLF = 8,
    EOD_NUL_DOT = 9,
    EOD_DOT_NUL = 10,
    EOD_DOT_CR_CRLF = 11,
    EOD_DOT_BLANK = 13
};

/* The lines behind the newest variant, as long as they read as commands. */
struct lines_behind {
    bool is_open;
    bool last_was_cr;
    uint64_t offset;  /* of that variant */
    uint8_t line[64]; /* what tells a command: the begin of a line */
    size_t len;
};

/* Content being read. */
struct content_state {
    uint32_t message; /* index in session->messages */
    uint32_t item;    /* of its ITEM_CONTENT; UINT32_MAX before it is there */
    uint32_t command_item;
    bool at_line_start;
    bool after_crlf; /* the line before ended in CRLF, or there is none */
    bool last_was_cr;
    bool is_unknown; /* begun before the capture: belongs to no DATA that was seen */
    uint64_t line_length;
    uint8_t edge[4]; /* the first bytes of a line that begins with a dot, not yet decided */
    size_t edge_len;
    enum eod_kind held_kind; /* of the variant that is held */
    uint64_t window;         /* the last bytes, for variants around a bare CR */
    uint64_t odd_seen;
    uint64_t odd_left;
    uint64_t plain_until; /* variants before this stream offset are known to be content */
    uint64_t server_said; /* when it began: up to this stream offset */
    uint64_t crlf_lines;
    uint64_t lf_lines;
    struct lines_behind behind;
    uint64_t size_before; /* BDAT: of the message before this chunk */
    uint8_t tail[64];     /* BDAT: the last octets of this chunk */
    size_t tail_len;
};

/* In the arena of its session, right behind it.  What nearly every packet touches comes first. */
struct dialogue {
    const struct dialogue_options *options;
    struct session *session;
    const struct flow_info *flow;
    int client_direction;
    int prelude_state;
    enum client_mode mode;
    bool is_told; /* CHANGE_OPENED was said */
    bool saw_smtp;
    bool has_greeting;
    bool acks_work;         /* the server's acknowledgments have moved: they can be believed */
    uint64_t client_offset; /* of the next byte to be read, held ones not counted */
    uint64_t server_offset;
    struct hold hold;

    struct reply *building;  /* a reply whose last line has not come */
    uint64_t building_acked; /* by its first line */
    uint64_t *reply_ends;    /* server offsets behind each complete reply; in the arena of the session */
    size_t reply_ends_cap;
    size_t reply_count;
    struct expectation *pending; /* a ring, in the arena of the session */
    uint32_t pending_cap, pending_first, pending_count;
    uint32_t clear_pending;  /* questions that were asked before TLS, and not answered */
    uint32_t recipients;     /* accepted in the open transaction */
    uint32_t held_item;      /* whose reply decides */
    uint8_t skips;           /* behind a hole: what of the client's next line is dropped, enum skip */
    bool may_be_astray;      /* since a hole nothing has shown that commands are read as such */
    bool awaits_behind_hole; /* the answer to AUTH is missing: the next reply tells a response from a command
                              */
    bool skips_server_line;
    bool is_behind_gap;      /* the next item comes right behind missing bytes */
    bool expects_body_lines; /* DATA or BDAT was refused: what follows may be content read as commands */
    bool is_server_behind_gap;
    bool has_lost; /* of anything: a hole, what came before the capture, a line that a log may lack */
    bool lost_server_bytes;
    bool lost_client_bytes; /* commands may be missing: replies cannot be paired by counting */
    bool guesses_content;   /* the reply to its DATA is missing, and it did not read as commands */
    bool is_server_tls;     /* what the server sends is ciphertext, for all that is known */
    bool is_tls_refused;    /* the server answered the client's TLS in clear */
    bool is_open;           /* what was sealed has come out of it: both sides go on inside */
    bool is_guess;          /* a port that nobody calls SMTP's: what is said inside must show it */
    bool is_other;          /* and it has not */
    bool hides_next;        /* of a log: the client's next line leaves something out */
    bool cuts_next_reply;   /* of a log: the server's next reply has lost its first lines */
    bool has_exchange;      /* the 334 that was seen belongs to an AUTH that was seen */
    bool offers_chunking;
    bool saw_ehlo;
    struct line client_line;
    struct line server_line;
    struct digest *digest;   /* of the content being read */
    struct fingerprint head; /* of its first octets */
    struct content_state content;

    uint64_t lost_since;        /* what the client had acknowledged right behind them; UINT64_MAX not known */
    uint32_t last_named;        /* behind a hole: ordinal of the last reply that named its question */
    uint64_t server_hole_bytes; /* in holes that the client had not seen when it spoke last */
    uint64_t server_hole_end;   /* of the last hole; 0 none */
    uint64_t server_hole_reply; /* in it: a reply begins here, if its first octets do not end one */
    uint64_t chunk_left;
    uint32_t refused_chunks; /* decided so far: the habit of a server shows early */
    bool reads_chunk_lines;  /* and the last decision */
    struct reply *early;     /* the answer to a line that has not ended */
    uint32_t open_bdat;      /* 1 + message that BDAT chunks are joined to; 0 none */
    uint64_t guessed_bytes;
    struct tls_observer *tls;          /* while the handshake goes on, or what is sealed can be read */
    struct stream_chunk prelude_chunk; /* the first of the client's, without its bytes */
    struct buf prelude[2];             /* bytes of each side while a prelude may be in them */
};

/* What is left of a chunk when `taken` octets of it were read, or NULL.  Put into `rest` only then: most
 * segments hold one line, and a copy right behind the writing makes the processor wait. */
static inline const struct stream_chunk *chunk_behind(const struct stream_chunk *chunk, size_t taken,
                                                      struct stream_chunk *rest)
{
    if (taken >= chunk->data.len)
        return NULL;
    *rest = *chunk;
    rest->data = bytes_from(chunk->data, taken);
    rest->offset += taken;
    return rest;
}

/* dialogue.c */
/* Plaintext: of the connection, or once it is open, from inside. */
void dialogue_take(struct dialogue *d, enum side from, const struct stream_chunk *chunk);
void dialogue_take_hole(struct dialogue *d, enum side from, const struct stream_hole *hole);
/* Bytes that were held back, or begun with, while it was open or not. */
void dialogue_again(struct dialogue *d, enum side from, const struct stream_chunk *chunk, bool was_open);
struct moment moment_of(const struct stream_chunk *chunk);
void dialogue_saw_smtp(struct dialogue *d);
void dialogue_changed(struct dialogue *d, enum session_change change, uint32_t item);
/* NULL at a ceiling; behind a gap the item is marked so. */
struct item *dialogue_add_item(struct dialogue *d, enum item_kind kind, struct moment first,
                               struct moment at);
static inline uint32_t item_index(const struct dialogue *d, const struct item *item)
{
    return (uint32_t)(item - d->session->items);
}
uint32_t dialogue_replies_seen(const struct dialogue *d, uint64_t acked);

/* line buffer, in client_side.c */
void line_init(struct line *line);
void line_release(struct line *line);
void line_clear(struct line *line);
void line_append(struct line *line, struct bytes part, const struct stream_chunk *chunk);
/* Whether what stands before a line feed ends in CR: `last`, or if that is empty, what the line has so far.
 */
bool line_ends_in_cr(const struct line *line, struct bytes last);

/* client_side.c */
void client_read(struct dialogue *d, const struct stream_chunk *chunk);
void client_begin_hold(struct dialogue *d, enum hold_reason reason, uint32_t item);
/* Goes on in `mode` with what was held. */
void client_resume(struct dialogue *d, enum client_mode mode);
/* Whether a line reads as a command that content hardly ever reads as. */
bool client_line_is_command(struct bytes line);
bool bytes_are_tls(struct bytes data);
void client_start_tls(struct dialogue *d, enum side from, const struct stream_chunk *chunk);

/* hold.c */
bool hold_keep(struct dialogue *d, enum side from, const struct stream_chunk *chunk);
void hold_keep_hole(struct dialogue *d, enum side from, const struct stream_hole *hole);
/* Takes the list out of the dialogue; free each with hold_free. */
struct held *hold_detach(struct dialogue *d);
/* The rest of what was detached is held behind what is held again, without a copy. */
void hold_put_back(struct dialogue *d, const struct hold *rest);
void hold_free(struct dialogue *d, struct held *held);
void hold_clear(struct dialogue *d);
/* The client's held bytes joined, as far as `until` (a stream offset); to be released by the caller. */
void hold_join(const struct dialogue *d, uint64_t until, struct buf *out);
/* Whether the end of a content is among them. */
bool hold_has_end(const struct dialogue *d);
/* Whether the first line that is held reads as a command. */
bool hold_begins_with_command(const struct dialogue *d);
/* A variant that was sent when the client had seen what stands behind the last hole: its answer is not in it.
 */
bool hold_is_behind_hole(const struct dialogue *d);
/* What is held behind an AUTH whose answer is missing, told by the next reply. */
void hold_decide_response(struct dialogue *d, const struct reply *reply);
/* The reply that was waited for will not come, or is lost: decides by what the held bytes look like. */
void hold_decide_by_reading(struct dialogue *d);
/* The server has answered a content with a gap: its end, not seen so far, is among what is missing. */
void hold_end_content(struct dialogue *d, struct moment at);

/* pairing.c, pairing_answer.c, pairing_holes.c, pairing_queue.c */
void pairing_expect(struct dialogue *d, enum expect_kind kind, uint32_t item, uint64_t end_offset,
                    uint32_t count);
void pairing_reply(struct dialogue *d, struct reply *reply, uint64_t acked);
/* Bytes of the server are missing: replies may have been among them. */
void pairing_server_hole(struct dialogue *d);
/* Bytes of the client are missing: commands may have been among them. */
void pairing_client_hole(struct dialogue *d);
/* The newest question was asked before the client had seen the missing bytes. */
void pairing_mark_uncertain(struct dialogue *d, uint64_t acked);
/* The client goes on inside: what it had asked in clear, and was not answered, the server has dropped. */
void pairing_forget_clear(struct dialogue *d);
bool pairing_reply_says(const struct reply *reply, struct bytes word);
/* The client goes on, having seen what we have not: older replies were in the hole. */
bool pairing_saw_answer_in_hole(const struct dialogue *d, uint64_t acked);
void pairing_client_went_on(struct dialogue *d, uint64_t acked);
/* Commands are missing, and the client goes on with what it says behind the answers to them and to the one
 * that decides what is held: none of those was the one that allows it to. */
bool pairing_held_was_refused(struct dialogue *d, uint64_t acked);
/* The reply that decides what is held is among what is missing. */
void pairing_skip_held(struct dialogue *d);
/* How many replies the newest question has is not known where a recipient's is missing. */
void pairing_doubt_reports(struct dialogue *d);
void pairing_early_talker_went_on(struct dialogue *d, uint64_t acked);
/* The line that d->early answers has ended, and is the newest question. */
void pairing_answer_early(struct dialogue *d);
/* It will not end: the reply stands by itself. */
void pairing_leave_early(struct dialogue *d);
/* The open questions, oldest first, and the oldest without an answer. */
static inline struct expectation *pairing_at(const struct dialogue *d, uint32_t i)
{
    return &d->pending[(d->pending_first + i) % d->pending_cap];
}
void pairing_drop_first(struct dialogue *d);
/* Whether the reply can answer the question, and whether it belongs to such questions alone. */
bool pairing_takes(const struct dialogue *d, uint32_t i, const struct reply *reply);
bool pairing_is_named(const struct dialogue *d, uint32_t i, const struct reply *reply);
/* A line of the client, who had seen so much: an LMTP server may owe no more replies to the content. */
void pairing_reports_were_one(struct dialogue *d, uint64_t acked);

/* given_up.c: before a reply is paired */
/* Of several open questions those that the client no longer waited for when it asked the next one. */
void given_up_drop(struct dialogue *d, const struct reply *reply);
/* The one that holds the client's next line, which that reply would have told how to read. */
void given_up_release(struct dialogue *d, const struct reply *reply);

/* server_side.c */
void server_read(struct dialogue *d, const struct stream_chunk *chunk);
/* The connection has ended: what the server had begun to answer, and not ended, is a reply as far as it goes.
 */
void server_end(struct dialogue *d);

/* content.c */
void content_begin(struct dialogue *d, uint32_t command_item, bool is_unknown);
/* Reads up to the end of data; returns how many bytes it took. */
size_t content_read(struct dialogue *d, const struct stream_chunk *chunk);
void content_hole(struct dialogue *d, const struct stream_hole *hole);
/* The first octets behind it. */
void content_behind_hole(struct dialogue *d, struct bytes data);
/* What was held as a variant is text. */
void content_go_on(struct dialogue *d);
/* Ends the message, complete or not. */
void content_end(struct dialogue *d, bool is_complete, struct moment at);
/* When the newest octet of the content came; the end of the connection, if none has. */
struct moment content_last(const struct dialogue *d);
void content_add(struct dialogue *d, struct message *message, struct bytes stored);
void content_start_head(struct dialogue *d);
/* For a message that is complete; never 0.  53 bits, which every reader of JSON takes. */
uint64_t content_head(const struct dialogue *d);

/* variant.c */
/* A variant in the content, its dot at this offset of the wire bytes; the lines behind it are followed. */
void variant_note(struct dialogue *d, enum eod_kind kind, uint64_t offset);
/* The next bytes behind the newest variant. */
void variant_follow(struct dialogue *d, struct bytes data);
/* A whole line that begins with a dot, for which a server may stop reading. */
enum eod_kind variant_of_line(const struct dialogue *d, struct bytes line);
/* The first bytes (four, or the whole line) of one that is text to most. */
enum eod_kind variant_of_head(const struct dialogue *d, struct bytes head);
/* The next wire bytes of the content, once they are counted. */
void variant_look(struct dialogue *d, struct bytes data);

/* plain_text.c */
struct plain_text {
    bool at_line_start;
    bool last_was_cr;
    bool has_8bit;
    size_t line_length; /* of the line that has not ended */
    size_t longest_line;
    uint64_t lines; /* ended, each by CRLF */
};
/* Reads on from `at` as long as nothing but plain text comes; returns where it stopped: at the end, or at
 * most as many octets as it looks at together before what is none. */
typedef size_t plain_text_reader(struct bytes data, size_t at, struct plain_text *text);
plain_text_reader plain_text_read;
/* The one that looks at most at so many octets with one instruction: all do the same. */
plain_text_reader *plain_text_reader_for(size_t octets);

/* content_facts.c */
struct content_facts {
    uint64_t carriage_returns;
    uint64_t nuls;
    bool has_8bit;
};
void content_facts_add(struct content_facts *facts, struct bytes bytes);

/* bdat.c */
void bdat_command(struct dialogue *d, uint32_t item, struct bytes argument);
void bdat_answered(struct dialogue *d, const struct reply *reply);
size_t bdat_read(struct dialogue *d, const struct stream_chunk *chunk);
void bdat_begin_chunk(struct dialogue *d);
/* Both directions were held: octets or commands? */
void bdat_decide(struct dialogue *d);
void bdat_hole(struct dialogue *d, const struct stream_hole *hole);

/* prelude.c */
/* True when there is no prelude (any more): both directions go on as SMTP. */
bool prelude_feed(struct dialogue *d, enum side from, const struct stream_chunk *chunk);
/* It was none after all, for all that is known of the server: what was kept goes on as SMTP. */
void prelude_give_up(struct dialogue *d);
/* The connection has ended within it, perhaps. */
void prelude_end(struct dialogue *d);

/* foreign.c */
/* The first line of a side, or what there is of it, which is no SMTP: notes which protocol it shows. */
void foreign_note(struct dialogue *d, enum side from, struct bytes line);

/* tls_side.c */
void tls_begin(struct dialogue *d, struct moment first);
void tls_read(struct dialogue *d, enum side from, const struct stream_chunk *chunk);
void tls_hole(struct dialogue *d, enum side from, const struct stream_hole *hole);
/* Nothing more comes: what is missing inside is told. */
void tls_finish(struct dialogue *d);
/* What was seen of the handshake goes into the session. */
void tls_end(struct dialogue *d);

/* unended.c */
/* The connection has ended: what the client had begun to say is noted. */
void unended_keep(struct dialogue *d);
/* The reply is withheld if it answers what the client has begun to say, and that may be a credential. */
void unended_hide_echo(const struct dialogue *d, struct reply *reply);

/* unsure.c */
void unsure_begin(struct dialogue *d);
/* The server has answered up to `acked`: what is held can be read. */
void unsure_decide(struct dialogue *d, uint64_t acked, uint16_t code);

#endif
