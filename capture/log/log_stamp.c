/* The time stamps that logs begin their lines with.  A zone that is not said is taken for UTC. */
#include "log/log_line.h"

#include "base/timestamp.h"

/* Digits that were read, in the order in which a pattern names them. */
struct parts {
    unsigned year, month, day, hour, minute, second;
};

static bool read_number(struct reader *r, unsigned digits, unsigned *out)
{
    unsigned value = 0;

    for (unsigned i = 0; i < digits; i++) {
        uint8_t c = read_u8(r);
        if (!r->ok || !ascii_is_digit(c))
            return false;
        value = value * 10 + (c - '0');
    }
    *out = value;
    return true;
}

static bool read_one_of(struct reader *r, const char *set)
{
    uint8_t c = read_u8(r);

    return r->ok && c && strchr(set, c);
}

static uint8_t peek(const struct reader *r)
{
    return r->at < r->in.len ? r->in.ptr[r->at] : 0;
}

/* "24:06:21" and a fraction, behind a point or a comma. */
static bool read_clock(struct reader *r, struct parts *parts, struct log_stamp *out)
{
    uint64_t unit = NS_PER_SECOND;

    if (!read_number(r, 2, &parts->hour) || !read_one_of(r, ":") || !read_number(r, 2, &parts->minute)
        || !read_one_of(r, ":") || !read_number(r, 2, &parts->second) || parts->hour > 23
        || parts->minute > 59 || parts->second > 60)
        return false;
    out->time_ns += (parts->hour * UINT64_C(3600) + parts->minute * 60 + parts->second) * NS_PER_SECOND;
    if ((peek(r) != '.' && peek(r) != ',') || r->at + 1 >= r->in.len || !ascii_is_digit(r->in.ptr[r->at + 1]))
        return true;
    out->is_precise = true;
    for (r->at++; ascii_is_digit(peek(r)); r->at++) {
        unit /= 10;
        out->time_ns += unit * (uint64_t)(peek(r) - '0');
    }
    return true;
}

static void move_to_utc(struct log_stamp *out, bool is_west, uint64_t away_ns)
{
    if (is_west)
        out->time_ns += away_ns;
    else if (out->time_ns >= away_ns)
        out->time_ns -= away_ns;
}

/* " UTC", " CET": those that mean one thing only. */
static void read_zone_name(struct reader *r, struct log_stamp *out)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = { { " UTC", 0 },  { " GMT", 0 },  { " CET", 1 },  { " CEST", 2 },
                  { " EET", 2 },  { " EEST", 3 }, { " MSK", 3 },  { " EST", -5 },
                  { " EDT", -4 }, { " PST", -8 }, { " PDT", -7 }, { " JST", 9 } };

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        size_t len = strlen(zones[i].name);
        struct bytes here = bytes_slice(r->in, r->at, len);
        uint8_t next = r->at + len < r->in.len ? r->in.ptr[r->at + len] : 0;
        if (!bytes_equal(here, bytes_of(zones[i].name)) || (next != ' ' && next != ']'))
            continue;
        bool is_west = zones[i].hours < 0;
        uint64_t hours = (uint64_t)(is_west ? -zones[i].hours : zones[i].hours);
        r->at += len;
        move_to_utc(out, is_west, hours * 3600 * NS_PER_SECOND);
        out->has_zone = true;
        return;
    }
}

/* "Z", "+0200", "-02:00", " -0200", " CET"; none is UTC. */
static bool read_zone(struct reader *r, struct log_stamp *out)
{
    unsigned hours = 0, minutes = 0;
    bool is_apart = r->at + 5 < r->in.len && peek(r) == ' ' && strchr("+-", r->in.ptr[r->at + 1])
                    && ascii_is_digit(r->in.ptr[r->at + 2]) && ascii_is_digit(r->in.ptr[r->at + 5]);

    r->at += is_apart;
    uint8_t sign = peek(r);
    if (sign == 'Z') {
        r->at++;
        out->has_zone = true;
        return true;
    }
    if (sign != '+' && sign != '-') {
        read_zone_name(r, out);
        return true;
    }
    r->at++;
    if (!read_number(r, 2, &hours))
        return false;
    if (peek(r) == ':')
        r->at++;
    if (!read_number(r, 2, &minutes))
        return false;
    move_to_utc(out, sign == '-', (hours * UINT64_C(3600) + minutes * 60) * NS_PER_SECOND);
    out->has_zone = true;
    return true;
}

static uint64_t days_before(const struct parts *parts)
{
    /* Howard Hinnant's days_from_civil, for years from 1970 on. */
    unsigned year = parts->year - (parts->month <= 2);
    unsigned era = year / 400, year_of_era = year % 400;
    unsigned month = parts->month > 2 ? parts->month - 3 : parts->month + 9;
    unsigned day_of_year = (153 * month + 2) / 5 + parts->day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (uint64_t)era * 146097 + day_of_era - 719468;
}

static bool set_date(const struct parts *parts, struct log_stamp *out)
{
    if (parts->year < 1970 || parts->year > 2200 || parts->month < 1 || parts->month > 12 || parts->day < 1
        || parts->day > 31)
        return false;
    out->time_ns = days_before(parts) * 86400 * NS_PER_SECOND;
    return true;
}

/* 2026-11-24T04:06:21.123+01:00, 2026/11/24 04:06:21 */
static bool read_full(struct reader *r, struct log_stamp *out)
{
    struct parts parts = { 0 };

    out->clock = LOG_CLOCK_FULL;
    return read_number(r, 4, &parts.year) && read_one_of(r, "-/") && read_number(r, 2, &parts.month)
           && read_one_of(r, "-/") && read_number(r, 2, &parts.day) && set_date(&parts, out)
           && read_one_of(r, "T \t") && read_clock(r, &parts, out) && read_zone(r, out);
}

static unsigned month_of(struct bytes name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (unsigned i = 0; i < 12; i++)
        if (bytes_equal(name, (struct bytes){ (const uint8_t *)names + 3 * (size_t)i, 3 }))
            return i + 1;
    return 0;
}

static bool read_day(struct reader *r, struct parts *parts)
{
    bool has_two = r->at + 1 < r->in.len && ascii_is_digit(r->in.ptr[r->at + 1]);

    return read_number(r, has_two ? 2 : 1, &parts->day);
}

/* "Nov 24 ", "Nov  4 " */
static bool read_month_day(struct reader *r, struct parts *parts)
{
    parts->month = month_of(read_bytes(r, 3));
    if (!parts->month || !read_one_of(r, " "))
        return false;
    if (peek(r) == ' ')
        r->at++;
    return read_day(r, parts) && read_one_of(r, " ");
}

/* Nov 24 04:06:21, with a year behind the day in some. */
static bool read_yearless(struct reader *r, struct log_stamp *out)
{
    struct parts parts = { .year = 1970 };
    struct reader ahead;

    out->clock = LOG_CLOCK_OF_YEAR;
    if (!read_month_day(r, &parts))
        return false;
    ahead = *r;
    if (read_number(&ahead, 4, &parts.year) && read_one_of(&ahead, " ")) {
        *r = ahead;
        out->clock = LOG_CLOCK_FULL;
    } else {
        parts.year = 1970;
    }
    return set_date(&parts, out) && read_clock(r, &parts, out);
}

/* "24-Nov-2026 04:06:21 UTC", "24/Nov/2026:04:06:21 +0000", "24 Nov 2026 04:06:21" */
static bool read_day_first(struct reader *r, struct log_stamp *out)
{
    struct parts parts = { 0 };

    out->clock = LOG_CLOCK_FULL;
    if (!read_day(r, &parts) || !read_one_of(r, "-/ "))
        return false;
    parts.month = month_of(read_bytes(r, 3));
    return read_one_of(r, "-/ ") && read_number(r, 4, &parts.year) && set_date(&parts, out)
           && read_one_of(r, ": ") && read_clock(r, &parts, out) && read_zone(r, out);
}

/* "Tue Nov 24 04:06:21.5 2026", as ctime() writes it */
static bool read_year_last(struct reader *r, struct log_stamp *out)
{
    struct parts parts = { 0 };
    struct log_stamp clock = { 0 };

    out->clock = LOG_CLOCK_FULL;
    if (!read_month_day(r, &parts) || !read_clock(r, &parts, &clock) || !read_one_of(r, " ")
        || !read_number(r, 4, &parts.year) || !set_date(&parts, out))
        return false;
    out->time_ns += clock.time_ns;
    out->is_precise = clock.is_precise;
    return true;
}

/* 04:06:21.123 */
static bool read_time_of_day(struct reader *r, struct log_stamp *out)
{
    struct parts parts = { 0 };

    out->clock = LOG_CLOCK_OF_DAY;
    return read_clock(r, &parts, out);
}

/* 1795493199.777175: with six decimals, so that no other number passes for one. */
static bool read_epoch(struct reader *r, struct log_stamp *out)
{
    unsigned high, low, micro;

    out->clock = LOG_CLOCK_FULL;
    out->is_precise = out->has_zone = true;
    if (!read_number(r, 5, &high) || !read_number(r, 5, &low) || !read_one_of(r, ".")
        || !read_number(r, 6, &micro))
        return false;
    out->time_ns = (high * UINT64_C(100000) + low) * NS_PER_SECOND + micro * UINT64_C(1000);
    return high >= 10000;
}

/* "Tue ", "Tue, " */
static size_t weekday_length(struct bytes text)
{
    static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    size_t comma = text.len > 3 && text.ptr[3] == ',';

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text.len > 4 && memcmp(text.ptr, names[i], 3) == 0 && text.ptr[3 + comma] == ' ')
            return 4 + comma;
    return 0;
}

/* A blank, a colon and a blank, or nothing. */
static bool followed_by_blank(const struct reader *r)
{
    size_t at = r->at + (peek(r) == ':');

    return at >= r->in.len || ascii_is_blank(r->in.ptr[at]);
}

size_t log_stamp_parse(struct bytes text, struct log_stamp *out)
{
    static bool (*const forms[])(struct reader *, struct log_stamp *) = { read_full,        read_year_last,
                                                                          read_yearless,    read_day_first,
                                                                          read_time_of_day, read_epoch };
    bool is_bracketed = text.len > 0 && text.ptr[0] == '[';
    size_t begin = is_bracketed + weekday_length(bytes_from(text, is_bracketed));

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct reader r = reader_over(bytes_from(text, begin));
        struct log_stamp stamp = { 0 };
        if (!forms[i](&r, &stamp) || (is_bracketed && !read_one_of(&r, "]")))
            continue;
        if (is_bracketed || followed_by_blank(&r))
            (void)(peek(&r) == ':' && r.at++); /* as behind a label */
        else
            continue;
        while (ascii_is_blank(peek(&r)))
            r.at++;
        *out = stamp;
        return r.at + begin;
    }
    return 0;
}
