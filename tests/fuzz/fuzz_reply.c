/* Lines of both sides through every parser of smtp/: views must lie inside the line. */
#include "smtp/command_line.h"
#include "smtp/parameter.h"
#include "smtp/path.h"
#include "smtp/queue_id.h"
#include "smtp/reply_line.h"
#include "smtp/software.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes line, struct bytes view)
{
    if (view.len && (view.ptr < line.ptr || view.ptr + view.len > line.ptr + line.len))
        abort();
}

static void try_command(struct bytes line)
{
    struct command_line command = command_line_parse(line);
    struct bdat_argument bdat;
    struct bytes keyword, value;
    size_t at = 0;

    inside(line, command.word);
    inside(line, command.argument);
    (void)!bdat_argument_parse(command.argument, &bdat);
    struct envelope_argument envelope = envelope_argument_parse(command.argument, BYTES("FROM"));
    inside(line, envelope.address);
    inside(line, envelope.parameters);
    while (parameter_next(envelope.parameters, &at, &keyword, &value)) {
        inside(line, keyword);
        inside(line, value);
        const struct parameter *parameter = parameter_find(keyword);
        if (parameter && parameter->accepts(value))
            (void)parameter_extension(parameter, value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes line = { data, size };
    struct reply_line reply;
    struct enhanced_code code;

    if (reply_line_parse(line, &reply)) {
        inside(line, reply.text);
        if (enhanced_code_parse(reply.text, &code) && code.class != 2 && code.class != 4 && code.class != 5)
            abort();
        inside(line, queue_id_find(reply.text));
        (void)extension_parse(reply.text);
        (void)software_of_greeting(reply.text);
        (void)software_of_hello(reply.text, true);
        (void)software_of_reply(reply.text);
    }
    try_command(line);
    return 0;
}
