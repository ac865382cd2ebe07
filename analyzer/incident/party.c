/* The names of both sides. */
#include "incident/party.h"

#include <stdio.h>

static const char nameless[] = PARTY_NAMELESS;

_Static_assert((int)PARTY_TEXT > (int)ENDPOINT_TEXT && PARTY_TEXT > sizeof nameless, "each form has room");

static size_t put_nameless(char out[PARTY_TEXT])
{
    memcpy(out, nameless, sizeof nameless);
    return sizeof nameless - 1;
}

size_t party_client(const struct session *session, bool with_port, char out[PARTY_TEXT])
{
    if (session->log && !session->client.address.family)
        return put_nameless(out);
    return with_port && session->client.port ? endpoint_format(&session->client, out)
                                             : address_format(&session->client.address, out);
}

size_t party_server(const struct session *session, char out[PARTY_TEXT])
{
    const struct log_facts *log = session->log;

    if (!log || session->server.address.family)
        return session->server.port ? endpoint_format(&session->server, out)
                                    : address_format(&session->server.address, out);
    if (!log->server_name.len)
        return put_nameless(out);
    int shown = log->server_name.len < PARTY_TEXT / 2 ? (int)log->server_name.len : PARTY_TEXT / 2;
    int len = session->server.port
                  ? snprintf(out, PARTY_TEXT, "%.*s:%u", shown, (const char *)log->server_name.ptr,
                             session->server.port)
                  : snprintf(out, PARTY_TEXT, "%.*s", shown, (const char *)log->server_name.ptr);
    return len > 0 ? (size_t)len : 0;
}
