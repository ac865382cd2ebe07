/* How servers say that they close, asked or unasked. */
#include "replay/farewell.h"

#include "replay/sequence_text.h"

bool reply_is_farewell(const struct reply *reply)
{
    if (reply->code == 421 || reply->code / 100 != 4)
        return reply->code == 421;
    return reply_says(reply, BYTES("timeout")) || reply_says(reply, BYTES("timed out"))
           || reply_says(reply, BYTES("time out"));
}

bool item_is_farewell(const struct item *item, const struct reply *reply)
{
    return reply->code == 421 || (item->kind == ITEM_REPLY && reply_is_farewell(reply));
}
