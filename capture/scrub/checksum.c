/* Checksums that fit again. */
#include "scrub/checksum.h"

#include <stdbool.h>

enum { TCP = 6, IPV4_LEAST = 20, IPV6_HEADER = 40, TCP_LEAST = 20, IPV4_SUM = 10, TCP_SUM = 16 };

static uint16_t word_at(const uint8_t *at, size_t left)
{
    return (uint16_t)((unsigned)at[0] << 8 | (left > 1 ? at[1] : 0));
}

static uint32_t add(uint32_t sum, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i += 2) {
        sum += word_at(octets + i, len - i);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void put(uint8_t *checksum, uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    checksum[0] = (uint8_t)(~sum >> 8);
    checksum[1] = (uint8_t)~sum;
}

void checksum_follow(uint8_t *checksum, const uint8_t *before, const uint8_t *after, size_t len)
{
    uint32_t sum = (uint16_t)~word_at(checksum, 2);

    for (size_t i = 0; i < len; i += 2) {
        sum += (uint16_t)~word_at(before + i, len - i);
        sum += word_at(after + i, len - i);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    put(checksum, sum);
}

/* `addresses` of both ends stand one behind the other in either header. */
static void renew_tcp(uint8_t *tcp, size_t len, const uint8_t *addresses, size_t addresses_len)
{
    if (len < TCP_LEAST)
        return;
    tcp[TCP_SUM] = tcp[TCP_SUM + 1] = 0;
    uint32_t sum = add(TCP + (uint32_t)(len & 0xffff) + (uint32_t)(len >> 16), addresses, addresses_len);
    put(tcp + TCP_SUM, add(sum, tcp, len));
}

static void renew_ipv4(uint8_t *packet, size_t len)
{
    size_t header = (size_t)(packet[0] & 15) * 4, total = word_at(packet + 2, 2);
    bool is_fragment = (word_at(packet + 6, 2) & 0x3fff) != 0; /* more to come, or an offset */

    if (header < IPV4_LEAST || header > len)
        return;
    packet[IPV4_SUM] = packet[IPV4_SUM + 1] = 0;
    put(packet + IPV4_SUM, add(0, packet, header));
    if (packet[9] == TCP && !is_fragment && total <= len && total > header)
        renew_tcp(packet + header, total - header, packet + 12, 8);
}

void checksum_renew(uint8_t *packet, size_t len)
{
    if (len >= IPV4_LEAST && packet[0] >> 4 == 4)
        renew_ipv4(packet, len);
    else if (len >= IPV6_HEADER && packet[0] >> 4 == 6 && packet[6] == TCP
             && (size_t)IPV6_HEADER + word_at(packet + 4, 2) <= len)
        renew_tcp(packet + IPV6_HEADER, word_at(packet + 4, 2), packet + 8, 32);
}
