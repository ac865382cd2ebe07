/* Findings about the capture and how a session began. */
#include "rules/check.h"

static void check_loss(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    uint64_t client = session->side[SIDE_CLIENT].missing_bytes;
    uint64_t server = session->side[SIDE_SERVER].missing_bytes;
    struct moment at = { .time_ns = session->start_ns, .packet = session->first_packet };

    if (client == 0 && server == 0)
        return;
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].kind == ITEM_GAP) {
            at = session->items[i].at;
            break;
        }
    struct finding *finding = check_raise_session(analysis, RULE_CAPTURE_LOSS, at);
    check_detail(analysis, finding, "Missing: %llu octets of the client, %llu of the server.",
                 (unsigned long long)client, (unsigned long long)server);
}

const struct check check_capture = { .session = check_loss };
