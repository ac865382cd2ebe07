/* Compares everything that a session holds, field by field. */
#include "session_equal.h"

#define SAME(field)                                                                                          \
    do {                                                                                                     \
        if (a->field != b->field)                                                                            \
            return #field;                                                                                   \
    } while (0)
#define SAME_BYTES(field)                                                                                    \
    do {                                                                                                     \
        if (!bytes_equal(a->field, b->field))                                                                \
            return #field;                                                                                   \
    } while (0)
#define SAME_MOMENT(field)                                                                                   \
    do {                                                                                                     \
        if (!moment_equal(&a->field, &b->field))                                                             \
            return #field;                                                                                   \
    } while (0)
#define FIRST_OF(difference)                                                                                 \
    do {                                                                                                     \
        const char *found = (difference);                                                                    \
        if (found)                                                                                           \
            return found;                                                                                    \
    } while (0)

static bool moment_equal(const struct moment *a, const struct moment *b)
{
    return a->time_ns == b->time_ns && a->packet.input == b->packet.input
           && a->packet.number == b->packet.number;
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return address_equal(&a->address, &b->address) && a->port == b->port;
}

static const char *reply_difference(const struct reply *a, const struct reply *b)
{
    if (!a || !b)
        return a == b ? NULL : "a reply";
    SAME(code);
    SAME(ordinal);
    SAME(enhanced.class);
    SAME(enhanced.subject);
    SAME(enhanced.detail);
    SAME(line_count);
    for (uint32_t i = 0; i < a->line_count; i++)
        SAME_BYTES(lines[i]);
    SAME(lines_dropped);
    SAME(is_complete);
    SAME(has_mixed_codes);
    SAME(has_odd_line);
    SAME(has_bare_lf);
    SAME(is_after_gap);
    SAME(is_redacted);
    SAME_MOMENT(first);
    SAME_MOMENT(at);
    return NULL;
}

static const char *command_difference(const struct command *a, const struct command *b, bool is_masked)
{
    bool is_withheld = a->is_redacted || (is_masked && a->is_secret);

    SAME(verb);
    SAME(n);
    SAME(line_length);
    SAME(line_end);
    SAME(has_bare_cr);
    SAME(is_secret);
    SAME(is_before_greeting);
    SAME(is_pipelined);
    SAME(is_body_line);
    if (b->is_redacted != is_withheld)
        return "is_redacted of a command";
    if (is_withheld && a->verb != VERB_UNKNOWN)
        SAME_BYTES(word);
    if (is_withheld)
        return b->line.len || b->argument.len ? "a line that is withheld" : NULL;
    SAME_BYTES(line);
    SAME_BYTES(word);
    SAME_BYTES(argument);
    return NULL;
}

static const char *field_difference(const struct sasl_field *a, const struct sasl_field *b, bool is_masked)
{
    bool is_withheld = a->is_redacted || (is_masked && a->is_secret);

    if (strcmp(a->name, b->name) != 0)
        return "the name of a field";
    SAME(length);
    SAME(is_secret);
    if (b->is_redacted != is_withheld)
        return "is_redacted of a field";
    if (is_withheld)
        return b->value.len ? "a field that is withheld" : NULL;
    SAME_BYTES(value);
    return NULL;
}

static const char *facts_difference(const struct sasl_step *a, const struct sasl_step *b, bool is_masked)
{
    SAME(problem);
    SAME(problem_at);
    SAME(decoded_length);
    SAME(nul_count);
    SAME(is_utf8);
    SAME(has_trailing_newline);
    SAME(slips);
    SAME(field_count);
    SAME(secret_ordinal);
    for (uint32_t i = 0; i < a->field_count; i++)
        FIRST_OF(field_difference(&a->fields[i], &b->fields[i], is_masked));
    if (!a->malformed != !b->malformed || (a->malformed && strcmp(a->malformed, b->malformed) != 0))
        return "malformed";
    return NULL;
}

static const char *step_difference(const struct sasl_step *a, const struct sasl_step *b, bool is_masked)
{
    bool is_unjudged = !a->is_decoded && a->from == SIDE_CLIENT && a->text.len > 0
                       && !bytes_equal(a->text, BYTES("*")) && !bytes_equal(a->text, BYTES("="));
    bool is_withheld = a->is_redacted || (is_masked && (a->is_secret || is_unjudged));

    SAME(from);
    SAME_MOMENT(at);
    SAME(length);
    SAME(is_secret);
    SAME(is_hidden);
    if (b->is_redacted != is_withheld)
        return "is_redacted of a step";
    if (b->is_decoded != (!a->is_hidden && (a->is_decoded || is_withheld)))
        return "is_decoded";
    if (a->is_decoded)
        FIRST_OF(facts_difference(a, b, is_masked));
    if (is_withheld)
        return b->text.len || b->decoded.len ? "a step that is withheld" : NULL;
    SAME_BYTES(text);
    SAME_BYTES(decoded);
    return NULL;
}

static const char *exchange_difference(const struct sasl_exchange *a, const struct sasl_exchange *b,
                                       bool is_masked)
{
    SAME(command_item);
    SAME_BYTES(mechanism);
    SAME(step_count);
    for (size_t i = 0; i < a->step_count; i++)
        FIRST_OF(step_difference(&a->steps[i], &b->steps[i], is_masked));
    if ((a->last_reply ? a->last_reply->ordinal : 0) != (b->last_reply ? b->last_reply->ordinal : 0))
        return "last_reply";
    return NULL;
}

static const char *prelude_difference(const struct prelude *a, const struct prelude *b)
{
    SAME(kind);
    SAME_BYTES(text);
    if (!endpoint_equal(&a->source, &b->source) || !endpoint_equal(&a->target, &b->target))
        return "an endpoint of the prelude";
    return NULL;
}

static const char *gap_difference(const struct gap *a, const struct gap *b)
{
    SAME(side);
    SAME(length);
    SAME(is_snapped);
    SAME(in_content);
    return NULL;
}

static const char *content_difference(const struct content *a, const struct content *b)
{
    SAME(message);
    SAME(command_item);
    SAME(size);
    SAME(is_last);
    SAME(is_complete);
    SAME(swallowed);
    return NULL;
}

static const char *tls_difference(const struct tls_start *a, const struct tls_start *b)
{
    SAME(from);
    SAME(plain_length);
    return NULL;
}

static const char *kind_difference(const struct item *a, const struct item *b, bool is_masked)
{
    switch (a->kind) {
    case ITEM_PRELUDE:
        return prelude_difference(&a->as.prelude, &b->as.prelude);
    case ITEM_COMMAND:
        return command_difference(&a->as.command, &b->as.command, is_masked);
    case ITEM_SASL:
        return a->as.sasl->length == b->as.sasl->length ? NULL : "the length of a response";
    case ITEM_CONTENT:
        return content_difference(&a->as.content, &b->as.content);
    case ITEM_GAP:
        return gap_difference(&a->as.gap, &b->as.gap);
    case ITEM_JUNK:
        return a->as.junk_length == b->as.junk_length ? NULL : "junk_length";
    case ITEM_TLS:
        return tls_difference(&a->as.tls, &b->as.tls);
    case ITEM_NONE:
    case ITEM_GREETING:
    case ITEM_REPLY:
    case ITEM_KIND_COUNT:
        break;
    }
    return NULL;
}

static const char *item_difference(const struct item *a, const struct item *b, bool is_masked)
{
    SAME(kind);
    SAME_MOMENT(first);
    SAME_MOMENT(at);
    SAME(replies_seen);
    SAME(is_after_gap);
    SAME(more_count);
    FIRST_OF(reply_difference(a->reply, b->reply));
    for (uint32_t i = 0; i < a->more_count; i++)
        FIRST_OF(reply_difference(a->more_replies[i], b->more_replies[i]));
    return kind_difference(a, b, is_masked);
}

static const char *variants_difference(const struct message *a, const struct message *b)
{
    SAME(variant_count);
    for (uint32_t i = 0; i < a->variant_count; i++) {
        SAME(variants[i].kind);
        SAME(variants[i].offset);
        SAME(variants[i].verb_behind);
        SAME(variants[i].verbs_behind);
    }
    SAME(variants_dropped);
    return NULL;
}

static const char *message_difference(const struct message *a, const struct message *b)
{
    SAME(is_bdat);
    SAME(is_complete);
    SAME(has_digest);
    SAME(first_item);
    SAME(last_item);
    SAME(size);
    SAME(wire_size);
    SAME(missing_bytes);
    SAME(bare_cr_count);
    SAME(bare_lf_count);
    SAME(first_bare_lf);
    SAME(nul_count);
    SAME(longest_line);
    SAME(dot_lines);
    SAME(unstuffed_dots);
    SAME(ends_in_dot);
    SAME(head_hash);
    SAME(has_8bit);
    SAME(ended_by_variant);
    SAME_MOMENT(first);
    SAME_MOMENT(last);
    SAME_BYTES(kept);
    if (memcmp(a->sha256, b->sha256, sizeof a->sha256) != 0)
        return "sha256";
    return variants_difference(a, b);
}

static const char *side_difference(const struct side_facts *a, const struct side_facts *b)
{
    SAME(packets);
    SAME(payload_bytes);
    SAME(missing_bytes);
    SAME(retransmitted_bytes);
    SAME(conflicting_bytes);
    SAME(zero_windows);
    SAME(tls_bytes);
    SAME(bare_lf_lines);
    SAME(last_ns);
    SAME(fin_ns);
    SAME(unacked_bytes);
    SAME(unacked_since_ns);
    SAME(unacked_repeats);
    SAME(repeat_length);
    SAME(is_large_acked);
    SAME(is_window_zero);
    SAME(zero_since_ns);
    SAME(zero_last_ns);
    SAME(hop_limit_low);
    SAME(hop_limit_high);
    SAME(reset_hop_limit);
    SAME(reset_ns);
    SAME(reset_off_by);
    SAME(segments_after_reset);
    return NULL;
}

static const char *certificate_difference(const struct tls_certificate *a, const struct tls_certificate *b)
{
    if (!a || !b)
        return a == b ? NULL : "certificate";
    SAME_BYTES(subject);
    SAME_BYTES(issuer);
    SAME_BYTES(key_type);
    SAME(not_before_s);
    SAME(not_after_s);
    SAME(key_bits);
    SAME(chain_length);
    SAME(is_self_signed);
    SAME(is_chain_broken);
    SAME(is_other_name);
    SAME(name_count);
    for (uint32_t i = 0; i < a->name_count; i++)
        SAME_BYTES(names[i]);
    return NULL;
}

static const char *alert_difference(const struct tls_alert *a, const struct tls_alert *b)
{
    SAME(from);
    SAME(level);
    SAME(description);
    SAME_MOMENT(at);
    return NULL;
}

static const char *handshake_difference(const struct tls_facts *a, const struct tls_facts *b)
{
    if (!a || !b)
        return a == b ? NULL : "tls";
    SAME(state);
    SAME(offered_version);
    SAME(version);
    SAME(cipher);
    SAME(reading);
    SAME(done_ns);
    SAME_BYTES(ja3);
    SAME_BYTES(ja4);
    SAME(is_resumed);
    SAME(sealed_alert);
    SAME_BYTES(sni);
    SAME_BYTES(alpn);
    SAME_MOMENT(first);
    SAME(alert_count);
    for (uint32_t i = 0; i < a->alert_count; i++)
        FIRST_OF(alert_difference(&a->alerts[i], &b->alerts[i]));
    return certificate_difference(a->certificate, b->certificate);
}

static const char *refusal_difference(const struct log_refusal *a, const struct log_refusal *b)
{
    for (; a && b; a = a->next, b = b->next) {
        SAME(command);
        SAME(is_temporary);
        SAME(is_of_message);
        SAME_BYTES(text);
    }
    return !a == !b ? NULL : "refusals";
}

static const char *log_difference(const struct log_facts *a, const struct log_facts *b)
{
    if (!a != !b)
        return "log";
    if (!a)
        return NULL;
    SAME_BYTES(program);
    SAME_BYTES(server_name);
    SAME(clock);
    SAME(is_precise);
    SAME(has_zone);
    SAME(is_server_side);
    SAME(is_partial);
    SAME(is_in_clear);
    SAME(refusal_count);
    return refusal_difference(a->refusals, b->refusals);
}

static const char *whole_difference(const struct session *a, const struct session *b)
{
    SAME(protocol);
    SAME(start_ns);
    SAME(end_ns);
    SAME(first_packet.input);
    SAME(first_packet.number);
    SAME(is_midstream);
    SAME(one_sided);
    SAME(closed);
    SAME(closed_by);
    SAME(rtt_ns);
    SAME(silent_ns);
    SAME(unended.length);
    SAME(unended.first.time_ns);
    SAME(unended.first.packet.number);
    SAME(unended.verb);
    SAME(unended.end);
    FIRST_OF(handshake_difference(a->tls, b->tls));
    FIRST_OF(log_difference(a->log, b->log));
    SAME(is_tls);
    SAME(foreign);
    SAME(foreign_from);
    SAME(is_open);
    SAME(is_truncated);
    SAME(items_dropped);
    if (strcmp(a->id, b->id) != 0)
        return "id";
    if (!endpoint_equal(&a->client, &b->client) || !endpoint_equal(&a->server, &b->server))
        return "an endpoint";
    FIRST_OF(side_difference(&a->side[SIDE_CLIENT], &b->side[SIDE_CLIENT]));
    return side_difference(&a->side[SIDE_SERVER], &b->side[SIDE_SERVER]);
}

const char *session_difference(const struct session *written, const struct session *read, bool is_masked)
{
    const struct session *a = written, *b = read;

    FIRST_OF(whole_difference(a, b));
    SAME(item_count);
    SAME(command_count);
    SAME(reply_count);
    SAME(message_count);
    SAME(exchange_count);
    for (size_t i = 0; i < a->item_count; i++)
        FIRST_OF(item_difference(&a->items[i], &b->items[i], is_masked));
    for (size_t i = 0; i < a->message_count; i++)
        FIRST_OF(message_difference(&a->messages[i], &b->messages[i]));
    for (size_t i = 0; i < a->exchange_count; i++)
        FIRST_OF(exchange_difference(&a->exchanges[i], &b->exchanges[i], is_masked));
    return NULL;
}
