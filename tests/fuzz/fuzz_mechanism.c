/* One message handed to one mechanism.  The input: the mechanism's name, a line end, an octet of flags, and
 * the message, which a prompt and another line of four percent signs may precede. */
#include "base/limits.h"
#include "sasl/sasl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_SERVER = 1, FLAG_LATER = 2, FLAG_GAP = 4, FLAG_INITIAL = 8 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* In a copy of exact size, so that one octet too far is seen. */
static void decode(const struct sasl_mechanism *mechanism, const struct sasl_context *context,
                   struct bytes message, struct arena *arena, struct sasl_step *step)
{
    struct sasl_fields fields = { arena, step };
    struct err err = { .code = ERR_NONE };
    uint8_t *exact = malloc(message.len + !message.len);

    must(exact != NULL);
    if (message.len)
        memcpy(exact, message.ptr, message.len);
    *step = (struct sasl_step){ .from = context->from, .length = message.len, .decoded_length = message.len };
    step->decoded = arena_copy(arena, message);
    bool is_fine = mechanism->decode(context, (struct bytes){ exact, message.len }, &fields, &err);
    must(is_fine ? err.code == ERR_NONE : err.code == ERR_INPUT || arena->is_full);
    free(exact);
    must(step->field_count <= LIMIT_SASL_FIELDS);
    for (uint32_t i = 0; i < step->field_count; i++) {
        must(!step->fields[i].is_secret || step->is_secret);
        must(step->fields[i].value.len == step->fields[i].length || arena->is_full);
    }
}

static size_t find_divider(struct bytes in)
{
    for (size_t i = 0; i + 4 <= in.len; i++)
        if (memcmp(in.ptr + i, "%%%%", 4) == 0)
            return i;
    return SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = { data, size };
    size_t end = bytes_find(in, '\n');
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(bytes_slice(in, 0, end));
    struct arena arena;
    struct sasl_step steps[2] = { { .from = SIDE_SERVER } }; /* a prompt, and what answers it */

    if (end == SIZE_MAX || !mechanism || end + 1 >= size)
        return 0;
    unsigned flags = data[end + 1];
    in = bytes_from(in, end + 2);
    struct sasl_exchange exchange = { .mechanism = bytes_of(mechanism->name),
                                      .steps = steps,
                                      .step_count = 2 };
    struct sasl_context context = { .from = SIDE_SERVER, .exchange = &exchange };
    arena_init(&arena, NULL, 4 * MIB);
    size_t divider = find_divider(in);
    if (divider != SIZE_MAX) {
        decode(mechanism, &context, bytes_slice(in, 0, divider), &arena, &steps[0]);
        context.prompt = &steps[0];
        in = bytes_from(in, divider + 4);
    }
    context.from = flags & FLAG_SERVER ? SIDE_SERVER : SIDE_CLIENT;
    context.index = flags & FLAG_LATER ? 1 : 0;
    context.is_after_gap = flags & FLAG_GAP;
    context.is_initial = flags & FLAG_INITIAL;
    decode(mechanism, &context, in, &arena, &steps[1]);
    arena_release(&arena);
    return 0;
}
