#include "cli/manual.h"

/* Text for troff: nothing in it is a request or an escape, and a dash can be copied to a shell. */
static void put_text(struct cs_buf *out, const char *text)
{
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\'')) {
            cs_buf_str(out, "\\&");
        }
        if (*text == '\\') {
            cs_buf_str(out, "\\e");
        } else if (*text == '-') {
            cs_buf_str(out, "\\-");
        } else if (*text == '\'') {
            cs_buf_str(out, "\\(aq");
        } else if (*text == '`') {
            cs_buf_str(out, "\\(ga");
        } else {
            cs_buf_char(out, *text);
        }
        at_start = *text == '\n';
    }
}

/* Paragraphs as they are in --help; examples among them must not be filled. */
static void put_block(struct cs_buf *out, const char *text)
{
    cs_buf_str(out, ".PP\n.nf\n");
    put_text(out, text);
    cs_buf_str(out, "\n.fi\n");
}

static void put_option(struct cs_buf *out, const struct cs_option *option)
{
    cs_buf_str(out, ".TP\n\\fB\\-\\-");
    put_text(out, option->name);
    cs_buf_str(out, "\\fR");
    if (option->meta) {
        cs_buf_str(out, " \\fI");
        put_text(out, option->meta);
        cs_buf_str(out, "\\fR");
    }
    cs_buf_char(out, '\n');
    put_text(out, option->help);
    cs_buf_char(out, '\n');
}

static void put_command(struct cs_buf *out, const struct cs_command *command)
{
    cs_buf_str(out, ".SS chatspec ");
    put_text(out, command->name);
    cs_buf_str(out, "\n\\fBchatspec ");
    put_text(out, command->name);
    cs_buf_str(out, "\\fR ");
    put_text(out, command->usage);
    cs_buf_str(out, "\n.PP\n");
    put_text(out, command->summary);
    cs_buf_str(out, "\n");
    put_block(out, command->details);
    for (const struct cs_option *option = command->options; option->name; option++) {
        put_option(out, option);
    }
}

static const char top[] =
    ".TH CHATSPEC 1 \"\" \"chatspec " CHATSPEC_VERSION "\" \"User Commands\"\n"
    ".SH NAME\n"
    "chatspec \\- conformance tests for the chat.agent Sessions wire protocol\n"
    ".SH SYNOPSIS\n"
    ".B chatspec\n"
    ".I COMMAND\n"
    "[options]\n"
    ".SH DESCRIPTION\n"
    "Tests servers, clients, agents and parsers of the wire protocol of Trigger.dev chat.agent\n"
    "Sessions. Requirements, cases and what is known of published SDK versions are part of the\n"
    "program: \\fBchatspec list\\fR and \\fBchatspec explain\\fR tell them.\n"
    ".SH COMMANDS\n";

static const char bottom[] =
    ".SH EXIT STATUS\n"
    "0: all as expected. 1: a requirement is broken. 2: usage. 3: something could not be judged.\n"
    "130: interrupted; what ran is reported.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B CHATSPEC_HOME\n"
    "A checkout of the project: its data is used, and what is made goes below its build folder.\n"
    ".TP\n.B CHATSPEC_DATA_DIR\n"
    "Another folder of adapters in the place of share/chatspec/peers.\n"
    ".TP\n.B XDG_CACHE_HOME\n"
    "Where the cache is (~/.cache).\n"
    ".TP\n.B NO_COLOR\n"
    "No colours.\n"
    ".SH FILES\n"
    ".TP\n.I ~/.cache/chatspec/sdk\n"
    "SDK versions that were installed from the package registry; may be removed.\n"
    ".TP\n.I ./chatspec\\-reports\n"
    "Reports and reproducers where no \\-\\-report or \\-\\-out names another place. In a "
    "checkout:\n"
    "build/reports.\n"
    ".TP\n.I /usr/share/chatspec\n"
    "Adapters and their protocol (peers), the corpus of the fuzz targets (corpus), decode vectors\n"
    "(decode), requirements, scenarios of the mock server (scenarios), and the JSON schemas of\n"
    "reports (schema).\n"
    ".TP\n.I /usr/share/doc/chatspec\n"
    "README.md, and the documents that it and the help texts name, such as reports/README.md.\n";

void cs_manual_write(const struct cs_command *const *commands, size_t n, struct cs_buf *out)
{
    cs_buf_str(out, top);
    for (size_t i = 0; i < n; i++) {
        put_command(out, commands[i]);
    }
    cs_buf_str(out, bottom);
}
