/* What was not read, and why. */
#include "cli/messages.h"
#include "cli/pipeline_parts.h"

void pipeline_tell_inputs(struct pipeline *p)
{
    for (size_t i = 0; i < source_input_count(p->result->source); i++) {
        const struct input_facts *facts = source_input(p->result->source, i);
        if (facts->problem[0] && (facts->is_failed || !p->options->is_quiet))
            message("%s", facts->problem);
        p->result->had_trouble = p->result->had_trouble || facts->is_failed;
    }
}

static void tell_nothing_found(const struct pipeline *p)
{
    const struct ip_counters *ip = ip_decoder_counters(p->ip);
    const struct flow_counters *flows = flow_table_counters(p->flows);

    if (p->sessions > 0 || p->result->totals.packets == 0)
        return;
    message("no SMTP session in %llu packets: %llu held TCP, in %llu connections, none of which spoke SMTP%s",
            (unsigned long long)p->result->totals.packets, (unsigned long long)ip->packets[IP_SEGMENT],
            (unsigned long long)flows->connections,
            p->options->filter ? "; is the filter right?" : "; for SMTP on an odd port see --ports");
}

void pipeline_tell_losses(const struct pipeline *p)
{
    const struct ip_counters *ip = ip_decoder_counters(p->ip);
    const struct flow_counters *flows = flow_table_counters(p->flows);

    if (ip->unknown_link)
        message("%llu packets of link type %d, which is not supported, were skipped",
                (unsigned long long)ip->unknown_link, ip->unknown_dlt);
    if (ip->fragments_dropped)
        message("%llu IP fragments could not be put together", (unsigned long long)ip->fragments_dropped);
    if (flows->evicted_half_open || flows->evicted_unwanted || flows->evicted_wanted || p->lost_for_memory)
        message("memory was short (see --memory): %llu half-open, %llu other and %llu SMTP connections were "
                "given up early",
                (unsigned long long)flows->evicted_half_open, (unsigned long long)flows->evicted_unwanted,
                (unsigned long long)(flows->evicted_wanted + p->lost_for_memory));
    tell_nothing_found(p);
}
