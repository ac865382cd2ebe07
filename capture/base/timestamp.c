/* Times as RFC 3339 writes them, always in UTC. */
#include "base/timestamp.h"

#include "base/digits.h"

/* Days since the epoch and the civil calendar: the algorithm of Howard Hinnant, public domain. */
static void civil_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned doe = (unsigned)(days - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;

    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (int64_t)yoe + era * 400 + (*month <= 2);
}

static int64_t days_of_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned yoe = (unsigned)(year - era * 400);
    unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + (int64_t)doe - 719468;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29u : days[month - 1];
}

static char *put_seconds(char *to, uint64_t time_ns, char between)
{
    uint64_t seconds = time_ns / NS_PER_SECOND;
    int64_t year;
    unsigned month, day, of_day = (unsigned)(seconds % 86400);

    civil_of_days((int64_t)(seconds / 86400), &year, &month, &day);
    to = digits_put_four(to, (unsigned)year); /* 64 bits of nanoseconds end in 2554 */
    *to++ = '-';
    to = digits_put_two(to, month);
    *to++ = '-';
    to = digits_put_two(to, day);
    *to++ = between;
    to = digits_put_two(to, of_day / 3600);
    *to++ = ':';
    to = digits_put_two(to, of_day / 60 % 60);
    *to++ = ':';
    return digits_put_two(to, of_day % 60);
}

size_t timestamp_format(uint64_t time_ns, char out[TIMESTAMP_TEXT])
{
    char *to = put_seconds(out, time_ns, 'T');
    unsigned fraction = (unsigned)(time_ns % NS_PER_SECOND), low = fraction % 100000000;

    *to++ = '.';
    *to++ = (char)('0' + fraction / 100000000);
    to = digits_put_four(to, low / 10000);
    to = digits_put_four(to, low % 10000);
    *to++ = 'Z';
    *to = '\0';
    return (size_t)(to - out);
}

size_t timestamp_format_seconds(uint64_t time_ns, char out[TIMESTAMP_TEXT])
{
    char *to = put_seconds(out, time_ns, ' ');

    *to = '\0';
    return (size_t)(to - out);
}

/* `width` digits and then `then` (0: nothing more is asked for). */
static bool take_number(struct reader *r, unsigned width, unsigned *out)
{
    struct bytes digits = read_bytes(r, width);
    uint64_t value = 0;

    if (!r->ok || !bytes_to_u64(digits, &value))
        return r->ok = false;
    *out = (unsigned)value;
    return true;
}

static bool take_byte(struct reader *r, uint8_t byte)
{
    if (read_u8(r) != byte)
        r->ok = false;
    return r->ok;
}

static uint64_t take_fraction(struct reader *r)
{
    uint64_t ns = 0;
    unsigned digits = 0;

    while (reader_left(r) && ascii_is_digit(r->in.ptr[r->at])) {
        unsigned digit = (unsigned)(read_u8(r) - '0');
        if (digits++ < 9)
            ns = ns * 10 + digit;
    }
    if (digits == 0)
        r->ok = false;
    for (; digits < 9; digits++)
        ns *= 10;
    return ns;
}

/* "Z", "+hh:mm", "-hh:mm" or nothing: seconds to subtract. */
static int64_t take_zone(struct reader *r)
{
    unsigned hours = 0, minutes = 0;

    if (!reader_left(r))
        return 0;
    uint8_t sign = read_u8(r);
    if (sign == 'Z' || sign == 'z')
        return 0;
    if ((sign != '+' && sign != '-') || !take_number(r, 2, &hours) || !take_byte(r, ':')
        || !take_number(r, 2, &minutes)) {
        r->ok = false;
        return 0;
    }
    int64_t offset = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    return sign == '+' ? offset : -offset;
}

bool timestamp_parse(struct bytes text, uint64_t *out)
{
    struct reader r = reader_over(text);
    unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    uint64_t ns = 0;
    int64_t zone = 0;

    if (!take_number(&r, 4, &year) || !take_byte(&r, '-') || !take_number(&r, 2, &month)
        || !take_byte(&r, '-') || !take_number(&r, 2, &day))
        return false;
    if (reader_left(&r)) {
        uint8_t between = read_u8(&r);
        if ((between != 'T' && between != 't' && between != ' ') || !take_number(&r, 2, &hour)
            || !take_byte(&r, ':') || !take_number(&r, 2, &minute))
            return false;
        if (reader_left(&r) && r.in.ptr[r.at] == ':' && (!take_byte(&r, ':') || !take_number(&r, 2, &second)))
            return false;
        if (reader_left(&r) && r.in.ptr[r.at] == '.' && take_byte(&r, '.'))
            ns = take_fraction(&r);
        zone = take_zone(&r);
    }
    if (!r.ok || reader_left(&r) || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month)
        || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t seconds = days_of_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone;
    if (seconds < 0 || (uint64_t)seconds > UINT64_MAX / NS_PER_SECOND - 1)
        return false;
    *out = (uint64_t)seconds * NS_PER_SECOND + ns;
    return true;
}
