/* What --help and --version print. */
#include <jansson.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/version.h"
#include "detect/detect.h"

static void program_help(void)
{
    (void)fputs("smtpscope reads SMTP sessions from packets and says who was wrong, what came\n"
                "first, and what to do.\n"
                "\n"
                "usage: smtpscope [COMMAND] INPUT... [OPTION...] [-- FILTER]\n"
                "\n"
                "  analyze INPUT...            verdicts and findings (the default command)\n"
                "  show INPUT...               whole annotated dialogues\n"
                "  capture -r FILE... -o OUT   packets to a recording of transcripts\n"
                "  capture -i DEVICE -o OUT    the same from a network device\n"
                "  report INPUT...             incidents, as text, Markdown, HTML or JSON\n"
                "  extract INPUT... -d FOLDER  messages as .eml files\n"
                "  keygen -o FILE              keys for capture --secrets seal=PUBLICKEY\n"
                "  explain [CODE|FINDING]...   what a reply code or a finding means\n"
                "\n"
                "INPUT is a capture (pcap, pcapng, also in gzip, zstd or lz4), a recording, a\n"
                "folder of them, the debug log of a mail program, or - for standard input.\n"
                "Several captures are one traffic.\n"
                "\n"
                "  smtpscope mail.pcap                          what is wrong in this capture\n"
                "  smtpscope mail.pcap --code 503               only sessions with a 503\n"
                "  smtpscope show mail.pcap --client 192.0.2.7  what this client said\n"
                "  swaks ... 2>&1 | smtpscope -                 what this dialogue shows\n"
                "  smtpscope explain 334 503                    two codes side by side\n"
                "\n"
                "COMMAND --help lists the options of a command.\n",
                stdout);
}

void help_print(enum command_bit command)
{
    switch (command) {
    case FOR_ANALYZE:
        (void)fputs("usage: smtpscope analyze INPUT... [OPTION...]\n\n"
                    "A line a session; under it the dialogue around each finding, who is at fault,\n"
                    "what to do.\n\n",
                    stdout);
        break;
    case FOR_SHOW:
        (void)fputs("usage: smtpscope show INPUT... [OPTION...]\n\n"
                    "Whole dialogues:  -> sent, <- answered, <** refused, ~> sent before the previous\n"
                    "reply, = what a message of AUTH says, ^ a finding.\n\n",
                    stdout);
        break;
    case FOR_CAPTURE:
        (void)fputs("usage: smtpscope capture -i DEVICE | -r FILE... [-o FILE|FOLDER|-] [OPTION...]\n\n"
                    "Packets to a recording: transcripts as JSON Lines, credentials masked.\n"
                    "Without -o on a terminal: dialogues as they go on.\n\n",
                    stdout);
        break;
    case FOR_REPORT:
        (void)fputs("usage: smtpscope report INPUT... [--format FORMAT] [-o FILE] [OPTION...]\n\n"
                    "Incidents: what happened, who was wrong, since when, how many messages were\n"
                    "lost, what each side changes. One file, to be handed on.\n\n",
                    stdout);
        break;
    case FOR_EXTRACT:
        (void)fputs("usage: smtpscope extract INPUT... -d FOLDER [OPTION...]\n\n"
                    "Messages as .eml files, each content once, named by its digest, with the\n"
                    "envelope beside it and a manifest of all; packets without their secrets.\n\n",
                    stdout);
        break;
    case FOR_EXPLAIN:
        (void)fputs("usage: smtpscope explain [CODE|FINDING]...\n\n"
                    "What a reply code or a finding means, and what to do. Without a word: all\n"
                    "findings.\n\n",
                    stdout);
        break;
    case FOR_KEYGEN:
        (void)fputs("usage: smtpscope keygen -o FILE\n\n"
                    "A pair of keys for capture --secrets seal=PUBLICKEY: the secret one to FILE, for\n"
                    "analyze --unseal FILE; the public one to FILE.pub and to standard output.\n\n",
                    stdout);
        break;
    case FOR_SHOWN:
    case FOR_SESSIONS:
    case FOR_INPUTS:
    default:
        program_help();
        return;
    }
    options_print(command);
}

void version_print(void)
{
    (void)printf("smtpscope %s\n%s\nnDPI %s\nJansson %s\n", SMTPSCOPE_VERSION, pcap_lib_version(),
                 detect_ndpi_version(), jansson_version_str());
}
