#include "peer/null_agent.h"

/* They claim every command and feature, so that no case is skipped for a missing one. */
#define HELLO                                                                            \
    "echo '{\"event\":\"hello\",\"protocol\":1,\"role\":\"agent\",\"name\":\"null\","    \
    "\"version\":\"0\",\"capabilities\":[\"run\",\"wake\",\"abort\",\"reset\",\"open\"," \
    "\"sdk\",\"mock\",\"quit\"],\"agents\":[\"plain\"],\"features\":[\"chat.turn\","     \
    "\"chat.close\",\"chat.endAndContinue\",\"chat.deferBeforeOutput\","                 \
    "\"chat.forwardSubAgent\",\"chat.channel\",\"managedStreamText\",\"channels\","      \
    "\"transcriptStorage\",\"inputRouter\",\"sideChannels\",\"headStart\",\"mock\"]}'\n"

/* Says hello, then `says` for every command but reset, which would cost the process; $id is the
 * command's number. */
#define WORKER(says)                                                                           \
    HELLO                                                                                      \
    "while read -r line; do\n"                                                                 \
    "id=${line##*\\\"id\\\":}; id=${id%%[!0-9]*}\n"                                            \
    "case $line in *'\"command\":\"reset\"'*) "                                                \
    "echo \"{\\\"event\\\":\\\"done\\\",\\\"id\\\":$id,\\\"value\\\":{\\\"clean\\\":true}}\" " \
    ";;\n"                                                                                     \
    "*) " says " ;; esac\ndone"
#define SAY(what, more) "echo \"{\\\"event\\\":\\\"" what "\\\",\\\"id\\\":$id" more "}\"; "

const struct cs_null_agent cs_null_agents[CS_N_NULL_AGENTS] = {
    {"ends at once", "exit 0"},
    {"never runs anything", WORKER(":")},
    {"answers with garbage", WORKER("echo garbage")},
    {"says done to everything", WORKER(SAY("done", ",\\\"value\\\":null"))},
    {"fails everything", WORKER(SAY("error", ",\\\"error\\\":{\\\"name\\\":\\\"Error\\\","
                                             "\\\"message\\\":\\\"failed\\\"}"))},
};
