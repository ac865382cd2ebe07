/* print_docs findings|states|man: the documents that are made from the tables of the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/machine.h"
#include "rules/rules.h"

static const struct group {
    const char *name, *title, *text;
} groups[] = {
    { "order", "Order", "The client sent a command where the sequence of SMTP has no place for it." },
    { "pipelining", "Pipelining",
      "Sent before its time, or in spite of a refusal that was there to be read." },
    { "extension", "Extensions", "Used without an offer, or beyond it." },
    { "server", "Server", "What the server answered is the point." },
    { "auth", "Authentication", "Why a login failed, from the shape of what was sent." },
    { "refusal", "Refusals", "The order was right, and the server had a reason of its own." },
    { "security", "Security", "What crossed in clear, and what was tried." },
    { "path", "Path", "What stands or fails between client and server." },
    { "wire", "Wire", "Form, timing and the end of a connection." },
    { "capture", "Capture", "What was not seen." },
};

enum { GROUP_COUNT = sizeof groups / sizeof groups[0] };

static void each_rule(const struct group *group, void (*print)(const struct rule *))
{
    for (unsigned i = RULE_NONE + 1; i < RULE_COUNT; i++)
        if (strcmp(rule_of((enum rule_id)i)->group, group->name) == 0)
            print(rule_of((enum rule_id)i));
}

static void print_row(const struct rule *rule)
{
    (void)printf("| [%s](#%s) | %s | %s | %s |\n", rule->id, rule->id, severity_name(rule->severity),
                 fault_name(rule->fault), rule->title);
}

/* Markdown would read <> as a tag and * _ as emphasis. */
static void put_markdown(const char *text)
{
    for (; *text; text++) {
        if (strchr("<>*_|`", *text))
            (void)putchar('\\');
        (void)putchar(*text);
    }
}

static void print_section(const struct rule *rule)
{
    (void)printf("### %s\n\n**", rule->id);
    put_markdown(rule->title);
    (void)printf("** (%s; usually at fault: %s)\n\n", severity_name(rule->severity), fault_name(rule->fault));
    put_markdown(rule->explanation);
    (void)printf("\n\n*To do:* ");
    put_markdown(rule->remedy);
    (void)printf("\n\n*See:* %s\n\n", rule->reference);
}

static void print_findings(void)
{
    (void)printf(
        "# Findings\n\nWhat smtpscope can say of a session. The ids are public: they keep their meaning. "
        "`smtpscope explain ID` prints the same.\n"
        "This page is printed from the catalogue (`analyzer/rules/rules_*.def`): do not edit it.\n");
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        (void)printf(
            "\n## %s\n\n%s\n\n| finding | severity | usually at fault | |\n| --- | --- | --- | --- |\n",
            groups[g].title, groups[g].text);
        each_rule(&groups[g], print_row);
    }
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        (void)printf("\n## %s, one by one\n\n", groups[g].title);
        each_rule(&groups[g], print_section);
    }
}

/* mdoc: a line that begins with a dot or an apostrophe would be a request, a backslash an escape. */
static void put_mdoc(const char *text)
{
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '\\')
            (void)fputs("\\e", stdout);
        else
            (void)putchar(*text);
        if (text[0] == '.' && text[1] == ' ') { /* a sentence a line */
            (void)putchar('\n');
            text++;
            if (text[1] == '.' || text[1] == '\'')
                (void)fputs("\\&", stdout);
        }
    }
    (void)putchar('\n');
}

static void print_item(const struct rule *rule)
{
    (void)printf(".It Sy %s\n", rule->id);
    (void)printf("(%s; usually at fault: %s)\n", severity_name(rule->severity), fault_name(rule->fault));
    put_mdoc(rule->title);
    (void)puts(".Pp");
    put_mdoc(rule->explanation);
    (void)puts(".Pp");
    put_mdoc(rule->remedy);
    (void)puts(".Pp");
    put_mdoc(rule->reference);
}

static void print_man(void)
{
    (void)puts(
        ".\\\" Printed from the catalogue by docs/print_docs.c: do not edit.\n.Dd November 26, 2026\n.Dt "
        "SMTPSCOPE-FINDINGS 7\n"
        ".Os\n.Sh NAME\n.Nm smtpscope-findings\n.Nd what smtpscope can say of an SMTP session\n.Sh "
        "DESCRIPTION\n"
        "Every finding of\n.Xr smtpscope-analyze 1 ,\nby group.\nThe ids are public and keep their meaning.\n"
        "Severity and fault are the usual ones; a finding may say otherwise, and says how certain it is.");
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        (void)printf(".Ss %s\n%s\n.Bl -tag -width Ds\n", groups[g].title, groups[g].text);
        each_rule(&groups[g], print_item);
        (void)puts(".El");
    }
    (void)puts(".Sh SEE ALSO\n.Xr smtpscope 1 ,\n.Xr smtpscope-analyze 1 ,\n.Xr smtpscope-explain 1");
}

/* A name that Mermaid takes as one word. */
static void put_state(enum phase phase)
{
    for (const char *name = phase_name(phase); *name; name++)
        (void)putchar(*name == '-' ? '_' : *name);
}

static void print_arrow(enum phase from, enum phase to)
{
    unsigned count = 0;

    for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
        const struct edge *edge = machine_edge(from, (enum verb)verb);
        if (edge->kind != EDGE_ALLOWED || edge->next != to || verb == VERB_UNKNOWN)
            continue;
        if (count++ == 0) {
            (void)printf("    ");
            put_state(from);
            (void)printf(" --> ");
            put_state(to);
            (void)printf(" : ");
        }
        (void)printf("%s%s", count > 1 ? ", " : "", verb_name((enum verb)verb));
    }
    if (count)
        (void)putchar('\n');
}

static void print_diagram(void)
{
    (void)puts("```mermaid\nstateDiagram-v2\n    [*] --> connected\n    connected --> greeted : 220\n"
               "    connected --> refused : 421, 521, 554\n    rcpt --> ready : end of data\n    rcpt --> "
               "bdat_done : BDAT LAST\n    bdat --> bdat_done : BDAT LAST\n    bdat --> bdat_failed : a "
               "chunk refused\n    closed --> [*]");
    for (unsigned from = PHASE_UNKNOWN + 1; from < PHASE_COUNT; from++)
        for (unsigned to = PHASE_UNKNOWN + 1; to < PHASE_COUNT; to++)
            if (from != to)
                print_arrow((enum phase)from, (enum phase)to);
    (void)puts("```");
}

static void print_cell(const struct edge *edge, enum phase from)
{
    if (edge->kind == EDGE_MISORDERED)
        (void)printf(" *%s* |", misorder_id(edge->misorder));
    else if (edge->next == from)
        (void)printf(" stays |");
    else
        (void)printf(" %s |", phase_name(edge->next));
}

static void print_states(void)
{
    (void)puts("# The reference machine\n\nIn which phase which command is in order, and where its accepting "
               "reply leads: "
               "the order of RFC 5321 4.1.4 and of its\nextensions. A refusal leaves the phase as it was, "
               "but for a refused "
               "BDAT (RFC 3030 2). Offers, authentication and TLS\nare facts beside the phase. This page is "
               "printed from "
               "`analyzer/replay/machine.c`: do not edit it.\n");
    print_diagram();
    (void)printf("\nIn italics: out of order, and the finding that says so.\n\n| |");
    for (unsigned phase = PHASE_UNKNOWN + 1; phase < PHASE_COUNT; phase++)
        (void)printf(" %s |", phase_name((enum phase)phase));
    (void)printf("\n| --- |");
    for (unsigned phase = PHASE_UNKNOWN + 1; phase < PHASE_COUNT; phase++)
        (void)printf(" --- |");
    for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
        if (verb == VERB_UNKNOWN)
            continue;
        (void)printf("\n| %s |", verb_name((enum verb)verb));
        for (unsigned phase = PHASE_UNKNOWN + 1; phase < PHASE_COUNT; phase++)
            print_cell(machine_edge((enum phase)phase, (enum verb)verb), (enum phase)phase);
    }
    (void)putchar('\n');
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } documents[] = { { "findings", print_findings }, { "states", print_states }, { "man", print_man } };

    for (size_t i = 0; argc == 2 && i < sizeof documents / sizeof documents[0]; i++)
        if (strcmp(argv[1], documents[i].name) == 0) {
            documents[i].print();
            return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    (void)fputs("usage: print_docs findings|states|man\n", stderr);
    return 2;
}
