#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Every ceiling of the program, with its reason.  Reaching one is recorded, and the program goes on. */

#define KIB (1024u)
#define MIB (1024u * KIB)

enum {
    /* source */
    LIMIT_SNAPLEN = 262144,           /* largest packet that libpcap hands out (MAXIMUM_SNAPLEN) */
    LIMIT_SNAPLEN_LEAST = 128,        /* below it nothing but headers is left */
    LIMIT_AHEAD = LIMIT_SNAPLEN + 16, /* octets of a file looked at before they are taken: a record */
    LIMIT_INPUTS = 65536,             /* files of one run; a week of five-minute files is 2016 */
    LIMIT_INTERFACES = 65536,         /* of one section of a pcapng file; libpcap remembers each */
    LIMIT_LINK_TYPES = 16,            /* of one pcapng file, each with its filter */
    LIMIT_FILTER_SEARCH = 1024,       /* octets of a filter in which the place of its error is sought */
    LIMIT_KERNEL_FILTER = 65536, /* characters of a filter for the kernel, the user's three times in it */
    LIMIT_BLOCK_OPTIONS = 65536, /* of a torn pcapng block beside its packet; more is a garbled length */

    /* link and ip */
    LIMIT_LINK_NESTING = 16,    /* headers peeled from one packet: tags, tunnels, IP in IP */
    LIMIT_FRAGMENT_SETS = 1024, /* datagrams in reassembly at once */
    LIMIT_FRAGMENTS = 64,       /* pieces of one datagram; 65535 / 1480 is 45 */
    LIMIT_FRAGMENT_BYTES = 4 * 1024 * 1024,
    LIMIT_FRAGMENT_SECONDS = 30,  /* RFC 8200 4.5 asks for 60; a capture shows stragglers at once or never */
    LIMIT_FRAGMENT_ECHO_MS = 200, /* how long the pieces of a whole datagram are known as copies of it */

    /* scrub */
    LIMIT_SCRUB_SESSIONS = 32768,  /* whose packets are written without their secrets */
    LIMIT_SCRUB_WINDOWS = 1 << 18, /* pieces of them that are overwritten */

    /* tcp */
    LIMIT_MEMORY_SPARE_SHARE = 16,    /* one part of so many of the budget is left to what is no connection */
    LIMIT_STREAM_BYTES = 1024 * 1024, /* out of order and waiting, one direction of one connection */
    LIMIT_STREAM_SEGMENTS = 4096,     /* as many pieces */
    LIMIT_HOLE_PACKETS = 256,         /* further packets of a connection before a hole is declared */
    LIMIT_UNDECIDED_BYTES = 16384,    /* payload kept while detection has not decided */

    /* dialogue */
    LIMIT_LINE = 65536,            /* bytes kept of a command, reply or text line; counted beyond */
    LIMIT_REPLY_LINES = 1024,      /* lines kept of one reply */
    LIMIT_PRELUDE = 4096,          /* of a PROXY, SOCKS or CONNECT prelude, one side */
    LIMIT_PATIENCE_SECONDS = 8,    /* of a client that asks something else without having had its answer */
    LIMIT_HOLD = 1024 * 1024,      /* bytes that wait for a reply which decides how to read them */
    LIMIT_HOLD_CHUNK = 64 * 1024,  /* a larger BDAT chunk is octets at once */
    LIMIT_HOLD_GAP = 2048,         /* of them behind a gap in a content: more than this is content */
    LIMIT_PENDING = 65536,         /* commands awaiting their reply: a pipelined group */
    LIMIT_CONTENT_HEAD = 512,      /* octets of a content that tell it from others: its dates and ids */
    LIMIT_CONTENT_KEPT = 8388608,  /* octets of a message in a recording, with --content full */
    LIMIT_EOD_VARIANTS = 32,       /* end-of-data variants kept of one message; counted beyond */
    LIMIT_SESSION_ITEMS = 1 << 20, /* commands, responses and contents of one session */
    LIMIT_SESSION_BYTES = 64 * 1024 * 1024, /* one transcript */

    /* tls */
    LIMIT_TLS_HANDSHAKE = 64 * 1024, /* one message of a handshake; certificate chains take a few kilobytes */
    LIMIT_TLS_CERTIFICATES = 10,     /* of a chain */
    LIMIT_TLS_NAMES = 16,            /* kept of a certificate */
    LIMIT_TLS_NAME = 256,            /* octets of one of them: a name of DNS has 253 at most */
    LIMIT_TLS_ALERTS = 4,
    LIMIT_TLS_KEY_LINE = 512,          /* of a key log: label, random and secret take 200 */
    LIMIT_TLS_SECRETS = 1 << 20,       /* remembered of key logs; the oldest go first */
    LIMIT_TLS_SECRETS_BLOCK = 1 << 16, /* octets of a pcapng block with secrets that are handed on at once */
    LIMIT_TLS_TRIES = 4096,            /* sequence numbers tried for one record behind missing bytes */
    LIMIT_TLS_TRIED_BYTES = 64u * 1024 * 1024, /* octets decrypted in vain for one direction: some 20 ms */
    LIMIT_TLS_TRIED_KEYS = 64,                 /* secrets tried where the handshake was not captured */
    LIMIT_TLS_WAIT_BYTES = 256 * 1024, /* of a connection, held until its secret is in a growing key log */
    LIMIT_TLS_WAIT_S = 5,              /* and for so long: a log may come from another machine */
    LIMIT_TLS_KEY_TRIES = 4 * 1024 * 1024, /* and records opened in vain so, in one run: some seconds */

    /* sasl */
    LIMIT_SASL_TOKEN = 65536, /* RFC 4954 4 deems 12288 octets sufficient; GSSAPI tickets grow larger */
    LIMIT_SASL_FIELDS = 32,
    LIMIT_SASL_JSON = 16384, /* claims of a token, or an error; command lines and headers end at 8192 */

    /* analyzer */
    LIMIT_FINDINGS = 4096,        /* of one session */
    LIMIT_ATTEMPT_SERVERS = 4096, /* servers with connections that never became a session */
    LIMIT_SERVERS = 4096,         /* whose sessions are remembered, a power of two */
    LIMIT_ATTEMPT_CLIENTS = 32,   /* addresses kept of those who tried one server */
    LIMIT_ANALYSIS_BYTES = 64 * 1024 * 1024,
    LIMIT_HISTORY_HOSTS = 8192, /* clients, servers, credentials remembered over a run: the busy ones stay */
    LIMIT_HISTORY_THINGS = 32768, /* recipients, messages, identities remembered: an hour of a large server */
    LIMIT_EVENT_LINE = 16 * 1024 * 1024, /* one line of a recording */
    LIMIT_EVENT_VALUES = 65536,          /* values in one line: each costs some 50 bytes as a tree */
    LIMIT_EVENT_AHEAD = 8,   /* items, replies or messages that an event may be ahead of its turn */
    LIMIT_EVENT_NAME = 1024, /* of a field of a SASL message, or why one is malformed */

    /* store */
    LIMIT_STORE_WAITING = 64 * 1024 * 1024, /* lines that wait for the disk: seconds of a busy server */
    LIMIT_STORE_CUTS = 16,                  /* new files among them */
    LIMIT_STORE_FILES = 65536, /* in a recording folder; a year of files of ten minutes is 52560 */

    LIMIT_WATCH_TEXT = 4 * 1024 * 1024, /* for the terminal or a monitor, between two writes */
    LIMIT_EVIDENCE_BYTES =
        64 * 1024 * 1024, /* packets of sessions that wait for what must be known of them */
    LIMIT_EVIDENCE_PENDING = 16 * 1024 * 1024, /* and of connections that are none yet */
    LIMIT_EVIDENCE_ENDED = 8192, /* sessions that have ended, whose last packets may yet come: 2 MiB */
    /* log */
    LIMIT_LOG_LINE = 65536,          /* of a log; cut beyond: a command or reply has LIMIT_LINE */
    LIMIT_LOG_HEAD = 64 * 1024,      /* kept until it is known whether its lines were cut or folded */
    LIMIT_LOG_WINDOW = 256 * 1024,   /* read to tell what program wrote a log; what is older is noise */
    LIMIT_LOG_REFUSALS = 256,        /* of one session, told without their replies */
    LIMIT_LOG_TALKS = 4096,          /* sessions that go on at once in the logs */
    LIMIT_LOG_RAW = 4 * 1024 * 1024, /* of both directions that a log has one behind the other */

    LIMIT_POOL_DIGESTS = 64, /* idle; contents that end at about the same time */
    LIMIT_POOL_PIECES = 8,   /* of 2 MiB: two thousand sessions at once; more take theirs from the heap */

    /* incident */
    LIMIT_INCIDENTS = 2048,        /* told apart; what comes beyond goes into coarser ones */
    LIMIT_INCIDENTS_FINE = 1536,   /* of them by client too; the rest by server, or by finding alone */
    LIMIT_INCIDENT_BYTES = 262144, /* of texts of one incident; an eighth of that is usual */
    LIMIT_EXEMPLARS = 3,           /* sessions kept of an incident */
    LIMIT_EXEMPLAR_LINES = 72,     /* of a dialogue kept; what is folded is counted */
    LIMIT_EXEMPLAR_REPLY = 16,     /* lines of one reply in it */
    LIMIT_EXEMPLAR_TEXT = 400,     /* octets of one line */
    LIMIT_TALLY = 1024,            /* different clients, names, identities counted of one incident */

    /* report */
    LIMIT_PSEUDONYMS = 32768,         /* names of a report that is made anonymous; a few for each incident */
    LIMIT_REPORT = 64 * 1024 * 1024,  /* a report; what is listed of incidents ends long before */
    LIMIT_REPORT_BLOCK = 1024 * 1024, /* one paragraph of it */
    LIMIT_INCIDENT_JSON_BYTES = 4 * 1024 * 1024, /* of a report as JSON, after which incidents are counted */
    LIMIT_HTML_BYTES = 4 * 1024 * 1024,          /* of a page before its last sections: 5 MB open at once */

    /* output */
    LIMIT_OUTPUT_LINE = 128 * 1024 * 1024,
    LIMIT_REORDER_BYTES =
        16 * 1024 * 1024 /* finished output that waits for an older session; spooled beyond */
};

#endif
