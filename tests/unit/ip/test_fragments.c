/* Fragments in any order, twice, overlapping, too many, too late. */
#include "ip/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "tests/support/packet_builder.h"

enum { DLT_RAW = 101, TCP = 6, UDP = 17, DESTINATION_OPTIONS = 60, LARGE = 3000, PIECES = 4 };

/* A TCP segment with LARGE octets of text, as it is before it is cut into pieces. */
struct original {
    struct packet packet;
    struct bytes text;
    struct bytes datagram; /* the payload of the IP packet */
    uint8_t text_bytes[LARGE];
};

struct range {
    size_t from, to;
};

/* The linker puts these in place of malloc and calloc.  Of the decoder's own calls, the n-th from now on
 * fails; 0: none does. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static unsigned failing_call;
static bool is_decoding;

static bool is_failing(void)
{
    return is_decoding && failing_call > 0 && --failing_call == 0;
}

void *__wrap_malloc(size_t size)
{
    return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __real_calloc(count, size);
}

static struct ip_decoder *new_decoder(struct budget *budget)
{
    struct ip_decoder *decoder = ip_decoder_new(budget, NULL);

    assert_non_null(decoder);
    return decoder;
}

static const struct original *original(const char *recipe)
{
    static struct original o;

    for (size_t i = 0; i < LARGE; i++)
        o.text_bytes[i] = (uint8_t)(i * 7 + i / 251);
    o.text = (struct bytes){ o.text_bytes, LARGE };
    packet_build(&o.packet, recipe, o.text);
    o.datagram = packet_bytes(&o.packet);
    return &o;
}

static enum ip_result decode_packet(struct ip_decoder *decoder, const struct packet *packet, uint64_t time_ns,
                                    struct segment *out)
{
    struct bytes bytes = packet_bytes(packet);
    uint8_t *copy = packet_heap_copy(bytes, bytes.len);
    struct ip_frame frame = {
        .data = { copy, bytes.len }, .wire_length = (uint32_t)bytes.len, .dlt = DLT_RAW, .time_ns = time_ns
    };
    is_decoding = true;
    enum ip_result result = ip_decode(decoder, &frame, out);
    is_decoding = false;
    free(copy); /* what a whole datagram gives lives in the decoder */
    return result;
}

static enum ip_result feed(struct ip_decoder *decoder, int family, uint32_t id, struct bytes datagram,
                           struct range range, uint64_t time_ns, struct segment *out)
{
    static struct packet packet;

    packet_fragment(&packet, family, TCP, id, range.from, range.to < datagram.len,
                    bytes_slice(datagram, range.from, range.to - range.from));
    return decode_packet(decoder, &packet, time_ns, out);
}

/* Everything of the segment, and the packet that detection gets to see. */
static void assert_whole(const struct segment *segment, const struct original *o, int family)
{
    size_t header = family == 4 ? 20 : 40;

    assert_int_equal(segment->source.family, family);
    assert_int_equal(segment->source_port, PACKET_SOURCE_PORT);
    assert_int_equal(segment->seq, PACKET_SEQ);
    assert_true(bytes_equal(segment->payload, o->text));
    assert_int_equal(segment->missing, 0);
    assert_int_equal(segment->ip_packet.len, header + o->datagram.len);
    assert_int_equal(segment->ip_packet.ptr[0], family == 4 ? 0x45 : 0x60);
    assert_int_equal(segment->ip_packet.ptr[family == 4 ? 9 : 6], TCP);
    assert_true(bytes_equal(bytes_from(segment->ip_packet, header), o->datagram));
}

static const struct range quarters[PIECES] = {
    { 0, 800 }, { 800, 1600 }, { 1600, 2400 }, { 2400, LARGE + 20 }
};

static void swap(struct range *a, struct range *b)
{
    struct range kept = *a;

    *a = *b;
    *b = kept;
}

/* Feeds the pieces in this order, each `copies` times; one segment has to come out, and only one. */
static void feed_all(int family, const struct range *pieces, size_t count, unsigned copies)
{
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    unsigned segments = 0;

    for (size_t i = 0; i < count * copies; i++) {
        struct segment segment;
        enum ip_result result =
            feed(decoder, family, 77, o->datagram, pieces[copies == 2 ? i / 2 : i % count], i, &segment);
        if (result == IP_SEGMENT) {
            assert_whole(&segment, o, family);
            segments++;
        } else {
            assert_int_equal(result, IP_FRAGMENT);
        }
    }
    assert_int_equal(segments, 1);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 0);
    ip_decoder_free(decoder);
}

static void permute(int family, struct range *pieces, size_t fixed, unsigned copies)
{
    if (fixed == PIECES) {
        feed_all(family, pieces, PIECES, copies);
        return;
    }
    for (size_t i = fixed; i < PIECES; i++) {
        swap(&pieces[fixed], &pieces[i]);
        permute(family, pieces, fixed + 1, copies);
        swap(&pieces[fixed], &pieces[i]);
    }
}

static void every_order_gives_the_same_segment(void **state)
{
    struct range pieces[PIECES];

    (void)state;
    memcpy(pieces, quarters, sizeof pieces);
    permute(4, pieces, 0, 1);
    permute(6, pieces, 0, 1);
}

static void copies_of_pieces_change_nothing(void **state)
{
    struct range pieces[PIECES];

    (void)state;
    memcpy(pieces, quarters, sizeof pieces);
    permute(4, pieces, 0, 2); /* each piece twice in a row */
    permute(6, pieces, 0, 3); /* the whole order three times */
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Pieces of random size, in random order, some of them longer than they need be: the overlap holds the same.
 */
static void any_cut_in_any_order_gives_the_same_segment(void **state)
{
    uint32_t seed = 2026;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct range pieces[LIMIT_FRAGMENTS];
        size_t count = 0, at = 0, end = LARGE + 20;
        while (at < end) {
            size_t len = (1 + next_random(&seed) % 100) * 8, longer = next_random(&seed) % 4 ? 0 : 64;
            size_t to = at + len < end && count + 1 < 40 ? at + len : end;
            pieces[count++] = (struct range){ at, to + longer < end ? to + longer : end };
            at = to;
        }
        for (size_t i = count; i > 1; i--)
            swap(&pieces[i - 1], &pieces[next_random(&seed) % i]);
        feed_all(round & 1 ? 4 : 6, pieces, count, 1 + round % 3);
    }
}

static void the_first_copy_of_an_octet_wins(void **state)
{
    const struct original *o = original("tcp");
    uint8_t *changed = packet_heap_copy(o->datagram, o->datagram.len);
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (size_t i = 20; i < o->datagram.len; i++)
        changed[i] = (uint8_t)~changed[i];
    struct bytes other = { changed, o->datagram.len };
    assert_int_equal(feed(decoder, 4, 1, o->datagram, quarters[1], 1, &segment), IP_FRAGMENT);
    assert_int_equal(feed(decoder, 4, 1, o->datagram, quarters[3], 2, &segment), IP_FRAGMENT);
    assert_int_equal(feed(decoder, 4, 1, other, (struct range){ 400, 1800 }, 3, &segment), IP_FRAGMENT);
    assert_int_equal(feed(decoder, 4, 1, o->datagram, (struct range){ 0, 1000 }, 4, &segment), IP_FRAGMENT);
    assert_int_equal(feed(decoder, 4, 1, other, (struct range){ 1000, o->datagram.len }, 5, &segment),
                     IP_SEGMENT);
    assert_int_equal(segment.payload.len, LARGE);
    for (size_t i = 20; i < o->datagram.len; i++) {
        bool is_other = (i >= 400 && i < 800) || (i >= 1600 && i < 2400);
        assert_int_equal(segment.payload.ptr[i - 20], is_other ? other.ptr[i] : o->datagram.ptr[i]);
    }
    free(changed);
    ip_decoder_free(decoder);
}

static void datagrams_are_told_apart(void **state)
{
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (uint32_t id = 0; id < 100; id++)
        for (size_t i = 0; i + 1 < PIECES; i++) {
            assert_int_equal(feed(decoder, 4, id, o->datagram, quarters[i], id, &segment), IP_FRAGMENT);
            assert_int_equal(feed(decoder, 6, id, o->datagram, quarters[i], id, &segment), IP_FRAGMENT);
        }
    for (uint32_t id = 0; id < 100; id++) {
        assert_int_equal(feed(decoder, 4, id, o->datagram, quarters[3], 100, &segment), IP_SEGMENT);
        assert_whole(&segment, o, 4);
        assert_int_equal(feed(decoder, 6, id, o->datagram, quarters[3], 100, &segment), IP_SEGMENT);
        assert_whole(&segment, o, 6);
    }
    ip_decoder_free(decoder);
}

static void a_number_used_anew_is_a_new_datagram(void **state)
{
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (uint64_t round = 0; round < 3; round++)
        for (size_t i = 0; i < PIECES; i++)
            assert_int_equal(feed(decoder, 4, 9, o->datagram, quarters[i], round * NS_PER_SECOND, &segment),
                             i + 1 < PIECES ? IP_FRAGMENT : IP_SEGMENT);
    ip_decoder_free(decoder);
}

static void a_datagram_that_is_never_whole_is_given_up_in_time(void **state)
{
    const struct original *o = original("tcp");
    struct budget budget;
    struct segment segment;

    (void)state;
    budget_init(&budget, MIB);
    struct ip_decoder *decoder = new_decoder(&budget);
    assert_int_equal(feed(decoder, 4, 5, o->datagram, quarters[0], 1, &segment), IP_FRAGMENT);
    size_t used = budget.used_bytes;
    uint64_t late = (LIMIT_FRAGMENT_SECONDS + 1) * NS_PER_SECOND;
    for (size_t i = 1; i < PIECES; i++)
        assert_int_equal(feed(decoder, 4, 5, o->datagram, quarters[i], late, &segment), IP_FRAGMENT);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 1);
    assert_int_equal(feed(decoder, 4, 6, o->datagram, quarters[0], 2 * late, &segment), IP_FRAGMENT);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 2);
    assert_int_equal(budget.used_bytes, used);
    ip_decoder_free(decoder);
    assert_int_equal(budget.used_bytes, 0);
}

static void times_that_jump_do_no_harm(void **state)
{
    static const uint64_t times[PIECES] = { UINT64_MAX, UINT64_MAX - 5, UINT64_MAX, UINT64_MAX - 1 };
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (size_t i = 0; i < PIECES; i++)
        assert_int_equal(feed(decoder, 4, 5, o->datagram, quarters[i], times[i], &segment),
                         i + 1 < PIECES ? IP_FRAGMENT : IP_SEGMENT);
    for (size_t i = 0; i < PIECES; i++) /* back to the beginning */
        assert_int_equal(feed(decoder, 4, 5, o->datagram, quarters[i], 0, &segment),
                         i + 1 < PIECES ? IP_FRAGMENT : IP_SEGMENT);
    ip_decoder_free(decoder);
}

/* `family` in turn; each piece begins a datagram that never ends. */
static void flood(struct ip_decoder *decoder, const struct budget *budget, unsigned count, size_t len)
{
    const struct original *o = original("tcp");
    struct segment segment;

    for (unsigned i = 0; i < count; i++) {
        struct range range = { i % 3 ? 0 : 1600, (i % 3 ? 0 : 1600) + len };
        assert_int_equal(feed(decoder, i & 1 ? 4 : 6, 1000 + i, o->datagram, range, i, &segment),
                         IP_FRAGMENT);
        assert_true(budget->used_bytes <= budget->limit_bytes);
    }
}

static void a_flood_stays_within_its_ceilings_and_hinders_nobody(void **state)
{
    static const size_t limits[] = { 256 * KIB, MIB, 64 * MIB };

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct original *o;
        struct budget budget;
        struct segment segment;
        budget_init(&budget, limits[i]);
        struct ip_decoder *decoder = new_decoder(&budget);
        flood(decoder, &budget, 10000, 8);
        flood(decoder, &budget, 10000, 1400);
        assert_true(budget.peak_bytes <= LIMIT_FRAGMENT_BYTES + MIB);
        assert_true(ip_decoder_counters(decoder)->fragments_dropped > 10000);
        o = original("tcp");
        for (size_t piece = 0; piece < PIECES; piece++) {
            enum ip_result result = feed(decoder, 4, 1, o->datagram, quarters[piece], 20000, &segment);
            assert_int_equal(result, piece + 1 < PIECES ? IP_FRAGMENT : IP_SEGMENT);
        }
        assert_whole(&segment, o, 4);
        ip_decoder_free(decoder);
        assert_int_equal(budget.used_bytes, 0);
    }
}

static void without_any_memory_fragments_are_dropped_and_counted(void **state)
{
    const struct original *o = original("tcp");
    struct budget budget;
    struct segment segment;

    (void)state;
    budget_init(&budget, 1000);
    struct ip_decoder *decoder = new_decoder(&budget);
    for (size_t i = 0; i < PIECES; i++)
        assert_int_equal(feed(decoder, 4, 1, o->datagram, quarters[i], 1, &segment), IP_FRAGMENT);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, PIECES);
    ip_decoder_free(decoder);
    assert_int_equal(budget.used_bytes, 0);
}

static void an_allocation_that_fails_costs_one_datagram(void **state)
{
    struct segment segment;

    (void)state;
    for (unsigned n = 1; n <= 1 + PIECES; n++) { /* the table, then a copy of each piece */
        const struct original *o = original("tcp");
        struct budget budget;
        budget_init(&budget, MIB);
        struct ip_decoder *decoder = new_decoder(&budget);
        failing_call = n;
        for (size_t i = 0; i < PIECES; i++)
            assert_int_equal(feed(decoder, 4, 1, o->datagram, quarters[i], 1, &segment), IP_FRAGMENT);
        assert_int_equal(failing_call, 0);
        assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 1);
        for (size_t i = 0; i < PIECES; i++)
            assert_int_equal(feed(decoder, 4, 2, o->datagram, quarters[i], 1, &segment),
                             i + 1 < PIECES ? IP_FRAGMENT : IP_SEGMENT);
        assert_whole(&segment, o, 4);
        ip_decoder_free(decoder);
        assert_int_equal(budget.used_bytes, 0);
    }
}

static void a_datagram_in_too_many_pieces_is_dropped(void **state)
{
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (size_t at = 0; at <= LIMIT_FRAGMENTS * 16; at += 16)
        assert_int_equal(feed(decoder, 4, 1, o->datagram, (struct range){ at, at + 8 }, 1, &segment),
                         IP_FRAGMENT);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 1);
    ip_decoder_free(decoder);
}

static void pieces_beyond_any_datagram_or_without_content_are_dropped(void **state)
{
    static struct packet packet;
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    packet_fragment(&packet, 4, TCP, 1, 65528, false, bytes_slice(o->datagram, 0, 8));
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_FRAGMENT);
    packet_fragment(&packet, 6, TCP, 1, 65528, true, bytes_slice(o->datagram, 0, 16));
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_FRAGMENT);
    packet_fragment(&packet, 4, TCP, 1, 800, false, BYTES(""));
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_FRAGMENT);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 3);
    ip_decoder_free(decoder);
}

static void the_largest_datagram_is_read(void **state)
{
    static struct packet packet, piece;
    static uint8_t text[65535 - 20];
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    packet_build(&packet, "tcp", (struct bytes){ text, sizeof text });
    for (size_t at = 0; at < 65535; at += 8192) {
        packet_fragment(&piece, 4, TCP, 1, at, at + 8192 < 65535,
                        bytes_slice(packet_bytes(&packet), at, 8192));
        enum ip_result result = decode_packet(decoder, &piece, at, &segment);
        assert_int_equal(result, at + 8192 < 65535 ? IP_FRAGMENT : IP_SEGMENT);
    }
    assert_int_equal(segment.payload.len, sizeof text);
    assert_int_equal(segment.ip_packet.len, 65535 + 20);
    ip_decoder_free(decoder);
}

static void a_piece_that_the_snap_length_cut_is_dropped(void **state)
{
    static struct packet packet;
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    packet_fragment(&packet, 4, TCP, 1, 0, true, bytes_slice(o->datagram, 0, 1480));
    struct ip_frame frame = { .data = bytes_slice(packet_bytes(&packet), 0, 96),
                              .wire_length = 1500,
                              .dlt = DLT_RAW };
    assert_int_equal(ip_decode(decoder, &frame, &segment), IP_FRAGMENT);
    assert_int_equal(ip_decoder_counters(decoder)->fragments_dropped, 1);
    ip_decoder_free(decoder);
}

static void what_cannot_hold_tcp_is_not_kept(void **state)
{
    static const uint8_t protocols[] = { 1, 2, 50, 58, 89, 132 };
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (size_t i = 0; i < sizeof protocols; i++) {
        packet_fragment(&packet, 4, protocols[i], 1, 0, true, BYTES("12345678"));
        assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_NONE);
    }
    ip_decoder_free(decoder);
}

/* Extension headers behind the fragment header are cut with the rest, and only the first piece says what the
 * datagram holds. */
static void extension_headers_within_fragments_are_walked(void **state)
{
    static struct packet packet;
    const struct original *o = original("destination destination tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;
    struct bytes piece[2] = { bytes_slice(o->datagram, 0, 24), bytes_from(o->datagram, 24) };

    (void)state;
    packet_fragment(&packet, 6, UDP, 3, 24, false, piece[1]);
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_FRAGMENT);
    packet_fragment(&packet, 6, DESTINATION_OPTIONS, 3, 0, true, piece[0]);
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_SEGMENT);
    assert_true(bytes_equal(segment.payload, o->text));
    ip_decoder_free(decoder);
}

static void a_tunnel_in_fragments_is_opened(void **state)
{
    static struct packet packet;
    const struct original *o = original("udp:4789 vxlan eth vlan ip4 tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    packet_fragment(&packet, 6, UDP, 3, 1400, false, bytes_from(o->datagram, 1400));
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_FRAGMENT);
    packet_fragment(&packet, 6, UDP, 3, 0, true, bytes_slice(o->datagram, 0, 1400));
    assert_int_equal(decode_packet(decoder, &packet, 1, &segment), IP_SEGMENT);
    assert_true(bytes_equal(segment.payload, o->text));
    assert_int_equal(segment.source.family, 4);
    assert_int_equal(segment.ip_packet.len, LARGE + 40);
    ip_decoder_free(decoder);
}

/* Each piece of a datagram comes in pieces itself, through a tunnel. */
static void fragments_of_fragments_are_put_together(void **state)
{
    static struct packet inner, outer;
    const struct original *o = original("tcp");
    struct ip_decoder *decoder = new_decoder(NULL);
    struct segment segment;

    (void)state;
    for (uint32_t i = 0; i < PIECES; i++) {
        struct bytes text = bytes_slice(o->datagram, quarters[i].from, quarters[i].to - quarters[i].from);
        packet_fragment(&inner, 4, TCP, 44, quarters[i].from, i + 1 < PIECES, text);
        packet_wrap(&inner, "gre-key");
        struct bytes whole = packet_bytes(&inner);
        packet_fragment(&outer, 4, 47, i, 0, true, bytes_slice(whole, 0, 400));
        assert_int_equal(decode_packet(decoder, &outer, i, &segment), IP_FRAGMENT);
        packet_fragment(&outer, 4, 47, i, 400, false, bytes_from(whole, 400));
        assert_int_equal(decode_packet(decoder, &outer, i, &segment),
                         i + 1 < PIECES ? IP_FRAGMENT : IP_SEGMENT);
    }
    assert_whole(&segment, o, 4);
    ip_decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_gives_the_same_segment),
        cmocka_unit_test(copies_of_pieces_change_nothing),
        cmocka_unit_test(any_cut_in_any_order_gives_the_same_segment),
        cmocka_unit_test(the_first_copy_of_an_octet_wins),
        cmocka_unit_test(datagrams_are_told_apart),
        cmocka_unit_test(a_number_used_anew_is_a_new_datagram),
        cmocka_unit_test(a_datagram_that_is_never_whole_is_given_up_in_time),
        cmocka_unit_test(times_that_jump_do_no_harm),
        cmocka_unit_test(a_flood_stays_within_its_ceilings_and_hinders_nobody),
        cmocka_unit_test(without_any_memory_fragments_are_dropped_and_counted),
        cmocka_unit_test(an_allocation_that_fails_costs_one_datagram),
        cmocka_unit_test(a_datagram_in_too_many_pieces_is_dropped),
        cmocka_unit_test(pieces_beyond_any_datagram_or_without_content_are_dropped),
        cmocka_unit_test(the_largest_datagram_is_read),
        cmocka_unit_test(a_piece_that_the_snap_length_cut_is_dropped),
        cmocka_unit_test(what_cannot_hold_tcp_is_not_kept),
        cmocka_unit_test(extension_headers_within_fragments_are_walked),
        cmocka_unit_test(a_tunnel_in_fragments_is_opened),
        cmocka_unit_test(fragments_of_fragments_are_put_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
