/* Counters for Prometheus (exposition format 0.0.4). */
#include "cli/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"

struct metric {
    const char *name;
    const char *type;
    const char *help;
    uint64_t value;
};

static void put_metric(const struct metric *metric, struct buf *out)
{
    buf_printf(out, "# HELP smtpscope_%s %s\n# TYPE smtpscope_%s %s\nsmtpscope_%s %llu\n", metric->name,
               metric->help, metric->name, metric->type, metric->name, (unsigned long long)metric->value);
}

static void put_drops(const struct live_stats *live, struct buf *out)
{
    const struct metric drops[] = {
        { "kernel", NULL, NULL, live->kernel_drops },
        { "device", NULL, NULL, live->device_drops },
        { "writing", NULL, NULL, live->lines_lost },
        { "evidence", NULL, NULL, live->evidence_lost },
        { "findings", NULL, NULL, live->findings_lost },
        { "memory", NULL, NULL, live->segments_dropped },
        { "eviction", NULL, NULL, live->connections_evicted },
    };

    buf_append_text(
        out,
        "# HELP smtpscope_dropped_total Lost, by reason: packets (kernel, device, evidence), lines (writing, "
        "findings), segments (memory), connections (eviction).\n# TYPE smtpscope_dropped_total counter\n");
    for (size_t i = 0; i < sizeof drops / sizeof drops[0]; i++)
        buf_printf(out, "smtpscope_dropped_total{reason=\"%s\"} %llu\n", drops[i].name,
                   (unsigned long long)drops[i].value);
}

static void put_findings(const struct live_stats *live, struct buf *out)
{
    buf_append_text(
        out, "# HELP smtpscope_findings_total Findings, by id.\n# TYPE smtpscope_findings_total counter\n");
    for (size_t i = 0; live->findings && i < live->finding_count; i++)
        if (live->findings[i])
            buf_printf(out, "smtpscope_findings_total{id=\"%s\"} %llu\n", live->finding_name(i),
                       (unsigned long long)live->findings[i]);
}

static void put_all(const struct run_totals *totals, const struct live_stats *live, struct buf *out)
{
    const struct metric metrics[] = {
        { "packets_total", "counter", "Packets taken from the devices.", totals->packets },
        { "tcp_connections_total", "counter", "TCP connections seen.", totals->tcp_connections },
        { "missing_bytes_total", "counter", "Octets of SMTP sessions that were not captured.",
          totals->missing_bytes },
        { "sessions_total", "counter", "SMTP sessions that have ended.", live->sessions },
        { "memory_bytes", "gauge", "Memory in use of --memory.", live->memory_bytes },
        { "memory_peak_bytes", "gauge", "The most that was in use.", live->memory_peak_bytes },
    };

    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        put_metric(&metrics[i], out);
    put_drops(live, out);
    put_findings(live, out);
}

static bool write_whole(int fd, struct bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = bytes_from(bytes, (size_t)n);
    }
    return true;
}

/* Readable for the collector: there is nothing in it but numbers. */
bool metrics_write(const char *path, const struct run_totals *totals, const struct live_stats *live,
                   struct err *err)
{
    char part[4096];
    struct buf text;

    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return err_set(err, ERR_USAGE, 0, "%.100s...: too long a name", path);
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    buf_init(&text, LIMIT_WATCH_TEXT);
    put_all(totals, live, &text);
    bool ok = fd >= 0 && text.ok && write_whole(fd, buf_bytes(&text));
    int error = errno;
    if (fd >= 0)
        (void)close(fd);
    buf_release(&text);
    if (ok && rename(part, path) == 0)
        return true;
    error = ok ? errno : error;
    (void)unlink(part);
    return err_set(err, ERR_IO, (uint64_t)error, "%s: %s", path, strerror(error));
}
