#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/evidence_parts.h"
#include "ip/ip.h"
#include "transcript/session.h"

enum { HEADERS = 40, SECRETS = 200 };

/* A client at port 40000, a server at 25; packets of their own, with IPv4 and TCP headers without options. */
struct talk {
    struct tracked owner;
    struct kept *packets[SECRETS * 2];
    size_t count;
    uint32_t seq[2];
};

static struct endpoint end_of(bool is_server)
{
    struct endpoint end = { .port = is_server ? 25 : 40000 };

    end.address.bytes[3] = is_server ? 25 : 1;
    return end;
}

static struct kept *make_packet(const struct talk *talk, bool is_server, uint32_t seq, const char *text)
{
    uint8_t octets[512] = { 0 };
    struct endpoint from = end_of(is_server), to = end_of(!is_server);

    memcpy(octets + HEADERS, text, strlen(text));
    struct packet packet = { .data = { octets, HEADERS + strlen(text) }, .number = talk->count + 1 };
    struct segment segment = { .source = from.address,
                               .source_port = from.port,
                               .destination = to.address,
                               .destination_port = to.port,
                               .seq = seq,
                               .payload = { octets + HEADERS, strlen(text) } };
    struct kept *kept = kept_new(&packet, &segment);

    assert_non_null(kept);
    return kept;
}

static uint64_t say(struct talk *talk, bool is_server, const char *text)
{
    struct kept *kept = make_packet(talk, is_server, talk->seq[is_server], text);

    talk->seq[is_server] += (uint32_t)strlen(text);
    kept->owner = &talk->owner;
    kept->in_flow = talk->owner.newest;
    talk->owner.newest = kept;
    talk->owner.waiting++;
    talk->packets[talk->count++] = kept;
    return kept->captured;
}

static int begin(void **state)
{
    struct talk *talk = calloc(1, sizeof *talk);

    if (talk) {
        talk->owner.client = end_of(false);
        talk->owner.server = end_of(true);
        talk->seq[0] = UINT32_MAX - 3; /* it wraps in the first secret */
    }
    *state = talk;
    return talk ? 0 : -1;
}

static int end(void **state)
{
    struct talk *talk = *state;

    for (size_t i = 0; i < talk->count; i++)
        free(talk->packets[i]);
    free(talk->owner.masks);
    free(talk);
    return 0;
}

static void note_response(struct talk *talk, uint64_t packet, const char *text)
{
    struct sasl_step step = { .text = bytes_of(text), .is_secret = true };
    struct item item = { .kind = ITEM_SASL, .as.sasl = &step };

    item.first.packet.number = item.at.packet.number = packet;
    secrets_note_item(&talk->owner, &item);
}

static void assert_payload(struct kept *kept, const struct tracked *owner, const char *expected)
{
    evidence_mask(kept, owner);
    assert_int_equal(kept->payload_len, strlen(expected));
    assert_memory_equal(kept->data + kept->payload_at, expected, strlen(expected));
}

static void a_response_is_overwritten_and_nothing_else(void **state)
{
    struct talk *talk = *state;
    uint64_t secret = say(talk, false, "c2VjcmV0\r\n");

    (void)say(talk, false, "QUIT\r\n");
    note_response(talk, secret, "c2VjcmV0");
    assert_payload(talk->packets[0], &talk->owner, "xxxxxxxx\r\n");
    assert_payload(talk->packets[1], &talk->owner, "QUIT\r\n");
}

static void a_copy_sent_again_is_overwritten_however_it_is_cut(void **state)
{
    struct talk *talk = *state;
    uint32_t seq = talk->seq[0];

    note_response(talk, say(talk, false, "c2VjcmV0\r\n"), "c2VjcmV0");
    struct kept *tail = make_packet(talk, false, seq + 4, "cmV0\r\nQUIT\r\n");
    struct kept *server =
        make_packet(talk, true, seq, "c2VjcmV0\r\n"); /* other numbers, by chance the same */
    assert_payload(tail, &talk->owner, "xxxx\r\nQUIT\r\n");
    assert_payload(server, &talk->owner, "c2VjcmV0\r\n");
    free(tail);
    free(server);
}

static void a_response_in_two_packets_costs_both(void **state)
{
    struct talk *talk = *state;
    struct sasl_step step = { .text = BYTES("c2VjcmV0"), .is_secret = true };
    struct item item = { .kind = ITEM_SASL, .as.sasl = &step };

    item.first.packet.number = say(talk, false, "c2Vj");
    item.at.packet.number = say(talk, false, "cmV0\r\n");
    secrets_note_item(&talk->owner, &item);
    assert_payload(talk->packets[0], &talk->owner, "xxxx");
    assert_payload(talk->packets[1], &talk->owner, "xxxx\r\n");
}

static void with_too_many_secrets_that_side_is_overwritten_whole(void **state)
{
    struct talk *talk = *state;

    for (unsigned i = 0; i < SECRETS; i++)
        note_response(talk, say(talk, false, "c2VjcmV0\r\n"), "c2VjcmV0");
    (void)say(talk, true, "535 no\r\n");
    for (size_t i = 0; i < SECRETS; i++)
        assert_payload(talk->packets[i], &talk->owner, "xxxxxxxx\r\n");
    assert_payload(talk->packets[SECRETS], &talk->owner, "535 no\r\n");
}

static void note_echo(struct talk *talk, uint64_t packet)
{
    struct reply reply = { .code = 501, .is_redacted = true };
    struct item item = { .kind = ITEM_COMMAND, .reply = &reply };

    reply.first.packet.number = reply.at.packet.number = packet;
    secrets_note_reply(&talk->owner, &item);
}

static void what_the_server_repeats_is_overwritten_however_often(void **state)
{
    struct talk *talk = *state;

    for (unsigned i = 0; i < SECRETS; i++)
        note_echo(talk, say(talk, true, "501 c2VjcmV0\r\n"));
    for (size_t i = 0; i < SECRETS; i++)
        assert_payload(talk->packets[i], &talk->owner, "xxx xxxxxxxx\r\n");
}

static void packets_are_named_by_their_number_in_the_file(void **state)
{
    struct numbers *numbers = numbers_new();
    struct buf lines;

    (void)state;
    assert_non_null(numbers);
    buf_init(&lines, 4096);
    numbers_add(numbers, 700);
    numbers_add(numbers, 1000000);
    (void)buf_append_text(&lines, "{\"line\":\",\\\"packet\\\":700\",\"packet\":1000000}\n{\"time\":1,"
                                  "\"packet\":5}\n{\"a\":1,\"packet\":700,\"b\":2}\n");
    numbers_replace(numbers, &lines);
    assert_true(bytes_equal(buf_bytes(&lines), BYTES("{\"line\":\",\\\"packet\\\":700\",\"packet\":2}\n{"
                                                     "\"time\":1}\n{\"a\":1,\"packet\":1,\"b\":2}\n")));
    numbers_clear(numbers);
    numbers_replace(numbers, &lines);
    assert_null(memmem(lines.ptr, lines.len, ",\"packet\"", 9));
    buf_release(&lines);
    numbers_free(numbers);
}

static void a_connection_is_found_from_both_ends(void **state)
{
    struct talk *talk = *state;
    struct connections *connections = calloc(1, sizeof *connections);
    struct endpoint client = end_of(false), server = end_of(true), other = { .port = 40001 };

    assert_non_null(connections);
    (void)say(talk, false, "EHLO a\r\n");
    (void)say(talk, true, "250 b\r\n");
    connections_wait(connections, talk->packets[0]);
    connections_wait(connections, talk->packets[1]);
    struct tracked *owner = connections_begin(connections, &client, &server);
    assert_ptr_equal(connections_begin(connections, &client, &server), owner);
    assert_ptr_equal(connections_find(connections, &server, &client), owner);
    assert_null(connections_find(connections, &client, &other));
    struct kept *oldest = connections_take_waiting(connections, owner);
    assert_ptr_equal(oldest, talk->packets[0]);
    assert_ptr_equal(oldest->in_flow, talk->packets[1]);
    assert_null(oldest->in_flow->in_flow);
    assert_null(connections_take_waiting(connections, owner));
    connections_leave(connections, owner);
    assert_null(connections_find(connections, &client, &server));
    tracked_free(owner);
    free(connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_response_is_overwritten_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(a_copy_sent_again_is_overwritten_however_it_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(a_response_in_two_packets_costs_both, begin, end),
        cmocka_unit_test_setup_teardown(with_too_many_secrets_that_side_is_overwritten_whole, begin, end),
        cmocka_unit_test_setup_teardown(what_the_server_repeats_is_overwritten_however_often, begin, end),
        cmocka_unit_test(packets_are_named_by_their_number_in_the_file),
        cmocka_unit_test_setup_teardown(a_connection_is_found_from_both_ends, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
