#include "peer/null_client.h"

/* They claim every command, kind and feature, so that no case is skipped for a missing one. */
#define COMMANDS_OF_KINDS                                                              \
    "\"send\",\"regenerate\",\"pending\",\"action\",\"stop\",\"reconnect\",\"start\"," \
    "\"preload\",\"session\",\"text\",\"status\",\"read\",\"write\",\"call\","         \
    "\"retry-now\",\"force-reconnect\""
#define HELLO                                                                             \
    "echo '{\"event\":\"hello\",\"protocol\":1,\"name\":\"null\",\"version\":\"0\","      \
    "\"capabilities\":[" COMMANDS_OF_KINDS ",\"set-session\",\"seed-cursor\","            \
    "\"clear-gate\",\"close\",\"append\",\"control\",\"trim\",\"head-start\",\"memory\"," \
    "\"abort\",\"cancel\",\"pause\",\"resume\",\"answer\",\"open\",\"reset\",\"quit\"],"  \
    "\"features\":[\"head-start\",\"agent-chat\"],"                                       \
    "\"kinds\":{\"transport\":[" COMMANDS_OF_KINDS "],\"agent\":[" COMMANDS_OF_KINDS "]," \
    "\"session\":[" COMMANDS_OF_KINDS "],\"subscription\":[" COMMANDS_OF_KINDS "]}}'\n"

/* Says hello, then `says` for every command but reset, which would cost the process; $id is the
 * command's number. */
#define ADAPTER(says)                                               \
    HELLO "while read -r line; do\n"                                \
          "id=${line##*\\\"id\\\":}; id=${id%%[!0-9]*}\n"           \
          "case $line in *'\"command\":\"reset\"'*) "               \
          "echo \"{\\\"event\\\":\\\"ok\\\",\\\"id\\\":$id}\" ;;\n" \
          "*) " says " ;; esac\ndone"
#define SAY(what, more) "echo \"{\\\"event\\\":\\\"" what "\\\",\\\"id\\\":$id" more "}\"; "
#define OK              SAY("ok", ",\\\"stream\\\":true")

const struct cs_null_client cs_null_clients[CS_N_NULL_CLIENTS] = {
    {"ends at once", "exit 0"},
    {"says no hello", "echo '{\"event\":\"ok\",\"id\":1}'; cat >/dev/null"},
    {"says hello and ends", HELLO},
    {"never answers", HELLO "cat >/dev/null"},
    {"answers with garbage", ADAPTER("echo garbage")},
    {"refuses everything", ADAPTER(SAY("fail", ""))},
    {"supports nothing that it claims", ADAPTER(SAY("unsupported", ""))},
    {"answers ok to everything", ADAPTER(OK)},
    {"answers ok without a stream", ADAPTER(SAY("ok", ",\\\"stream\\\":false,\\\"value\\\":null"))},
    {"answers ok, and every stream ends", ADAPTER(OK SAY("end", ""))},
    {"answers ok, and every stream fails",
     ADAPTER(OK SAY("error", ",\\\"error\\\":{\\\"name\\\":\\\"Error\\\","
                             "\\\"message\\\":\\\"failed\\\"}"))},
};
