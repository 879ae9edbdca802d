/* The stored transcript: when it is uploaded, what its cursors say, and its two formats. */
#include "conformance/agent/cases.h"
#include "conformance/agent/kit_past.h"

#include <stdlib.h>

#define PRESIGN "PUT /api/v1/sessions/{chat}/snapshot-url"
#define UPLOAD  "PUT /packets/*"
#define WAIT    "POST /api/v1/runs/*/session-streams/wait"

#define SAYS(text) "{'script':[[{'text':'" text "'}]]}"

static const char *quoted(struct ak *ak, uint64_t seq)
{
    return ak_text(ak, "\"%llu\"", (unsigned long long)seq);
}

/* AGT-SNP-01: nothing of this turn's end is stored while onTurnComplete goes on. */
static void before_suspending(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "impatient", "hello",
                        "{'script':[[{'text':'one'}]],'do':{'onTurnComplete':[{'gate':'end'}]}}");
    ak_wait_turns(ak, 1);
    ak_wait_hook(ak, first, "onTurnComplete", 1);
    ak_settle(ak);
    size_t early = ak_count(ak, UPLOAD);
    ak_open(ak, "end");
    ak_wait_suspended(ak, first);
    const struct ak_request *presign = ak_request(ak, PRESIGN, early + 1);
    const struct ak_request *upload = ak_request(ak, UPLOAD, early + 1);
    const struct ak_request *wait = ak_wait_request(ak, WAIT, 1);
    if (!presign || !upload || presign->number > upload->number) {
        cs_case_fail(run, "no transcript was stored after onTurnComplete");
    }
    if (upload->number > wait->number || upload->status != 200) {
        cs_case_fail(run, "the run suspended before its transcript was stored");
    }
    ak_expect_text(ak, "lastOutEventId",
                   ak_transcript_cursor(ak, ak_transcript(ak), "lastOutEventId"),
                   quoted(ak, ak_turn_complete(ak, 1)->seq));
}

/* AGT-SNP-02 */
static void cursors(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", NULL);
    const struct ak_transcript *stored = ak_wait_upload(ak, 1);
    ak_expect_text(ak, "lastOutEventId", ak_transcript_cursor(ak, stored, "lastOutEventId"),
                   quoted(ak, ak_turn_complete(ak, 1)->seq));
    ak_expect_text(ak, "lastInEventId", ak_transcript_cursor(ak, stored, "lastInEventId"),
                   "nothing");
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    stored = ak_wait_upload(ak, 2);
    ak_expect_text(ak, "lastOutEventId", ak_transcript_cursor(ak, stored, "lastOutEventId"),
                   quoted(ak, ak_turn_complete(ak, 2)->seq));
    ak_expect_text(ak, "lastInEventId", ak_transcript_cursor(ak, stored, "lastInEventId"), "\"0\"");
}

static const struct ak_transcript *two_turns(struct ak *ak)
{
    (void)ak_boot(ak, "plain", "h\xc3\xa9llo", SAYS("one"));
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", SAYS("two"));
    const struct ak_transcript *stored = ak_wait_upload(ak, 2);
    ak_expect_text(ak, "the transcript", ak_transcript_text(ak, stored),
                   "user: h\xc3\xa9llo\nassistant: one\nuser: more\nassistant: two");
    return stored;
}

static const char *content_type(struct ak *ak)
{
    size_t n = ak_count(ak, UPLOAD);
    return ak_request_header(ak, ak_request(ak, UPLOAD, n), "content-type");
}

/* AGT-SNP-03 */
static void format_1(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const struct ak_transcript *stored = two_turns(ak);
    ak_expect_number(ak, "the format", (uint64_t)stored->version, 1);
    ak_expect_text(ak, "content-type", content_type(ak), "application/json");
    ak_expect(ak, "the transcript", stored->header, "version", "1");
}

/* ---- AGT-SNP-04 ---- */

#define TRAILER     "#tt2:"
#define TRAILER_LEN 22
#define DIGITS      16

struct line {
    const char *at;
    size_t len; /* with its newline */
};

/* The index: {"ids":[...],"offsets":[...]}, one offset an entry and the end of the last. */
static void check_index(struct cs_case_run *run, struct line index,
                        const struct ak_transcript *stored)
{
    cJSON *value = cJSON_ParseWithLength(index.at, index.len);
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(value, "ids");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(value, "offsets");
    int n = cJSON_GetArraySize(stored->entries);
    const char *wrong = cJSON_GetArraySize(ids) == n && cJSON_GetArraySize(offsets) == n + 1
                            ? NULL
                            : "its lengths are not those of the list";
    size_t at = (size_t)(strchr(stored->bytes, '\n') - stored->bytes) + 1;
    for (int i = 0; !wrong && i <= n; i++) {
        const cJSON *offset = cJSON_GetArrayItem(offsets, i);
        if (!cJSON_IsNumber(offset) || (size_t)offset->valuedouble != at) {
            wrong = "an offset is not where the entry begins";
        } else if (i < n) {
            const cJSON *entry = cJSON_GetArrayItem(stored->entries, i);
            const cJSON *id = cJSON_GetObjectItemCaseSensitive(entry, "id");
            wrong = cJSON_Compare(id, cJSON_GetArrayItem(ids, i), true) ? NULL : "an id is wrong";
            at += strcspn(stored->bytes + at, "\n") + 1;
        }
    }
    if (!wrong && stored->bytes + at != index.at) {
        wrong = "it does not follow the last entry";
    }
    cJSON_Delete(value);
    if (wrong) {
        cs_case_fail_diff(run, NULL, ak_text(ak_of(run), "%.*s", (int)index.len, index.at),
                          "the transcript's index is not right: %s", wrong);
    }
}

static void check_entries(struct ak *ak, const struct ak_transcript *stored)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, stored->entries)
    {
        ak_expect_number(ak, "members of an entry", (uint64_t)cJSON_GetArraySize(entry), 3);
        ak_expect(ak, "an entry", entry, "final", "true");
        ak_expect_text(ak, "the message's id", ak_member(ak, entry, "message.id"),
                       ak_member(ak, entry, "id"));
    }
}

static void format_2(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    const struct ak_transcript *stored = two_turns(ak);
    ak_expect_number(ak, "the format", (uint64_t)stored->version, 2);
    ak_expect_text(ak, "content-type", content_type(ak),
                   "application/vnd.trigger.transcript+ndjson");
    ak_expect(ak, "the header line", stored->header, "v", "2");
    ak_expect(ak, "the header line", stored->header, "state", "null");
    ak_expect(ak, "the header line", stored->header, "lastInEventId", "'0'");
    check_entries(ak, stored);
    if (stored->len < TRAILER_LEN) {
        cs_case_fail(run, "the transcript has no trailer");
    }
    const char *trailer = stored->bytes + stored->len - TRAILER_LEN;
    const char *digits = trailer + sizeof TRAILER - 1;
    if (strncmp(trailer, TRAILER, sizeof TRAILER - 1) != 0 ||
        strspn(digits, "0123456789") != DIGITS || strcmp(digits + DIGITS, "\n") != 0) {
        cs_case_fail_diff(run, "#tt2:0000000000000123", trailer, "the trailer is not right");
    }
    size_t index_len = strtoull(digits, NULL, 10);
    if (index_len + 1 > stored->len - TRAILER_LEN || trailer[-1] != '\n') {
        cs_case_fail(run, "the trailer names an index of %zu bytes", index_len);
    }
    check_index(run, (struct line){trailer - 1 - index_len, index_len}, stored);
}

/* AGT-SNP-05 */
static void reads_format_1(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    ak_past_transcript(ak, "[" AK_USER("u1", "one") "," AK_ASSISTANT("a1", "first") "]", AK_NONE,
                       AK_NONE);
    int next = ak_continue(ak, "plain");
    ak_message(ak, "next", NULL);
    ak_expect_text(ak, "the prompt", ak_prompt(ak, next, 1),
                   "user: one\nassistant: first\nuser: next");
    const struct ak_transcript *stored = ak_wait_upload(ak, 1);
    ak_expect_number(ak, "the format of the next", (uint64_t)stored->version, 2);
    ak_expect_text(ak, "the transcript", ak_transcript_text(ak, stored),
                   "user: one\nassistant: first\nuser: next\nassistant: ok");
}

/* AGT-SNP-06 */
static void at_turn_start(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "plain", "hello", "{'script':[[{'gate':'answer'},{'text':'one'}]]}");
    ak_wait_prompt(ak, first, 1);
    ak_settle(ak);
    const char *early = ak_snapshot(ak);
    ak_record_flag(ak, "stored before the answer", "snapshot_at_turn_start",
                   early && strstr(early, "hello"));
    ak_open(ak, "answer");
    (void)ak_wait_upload(ak, 1);
    ak_record_fact(ak, "uploads", cs_case_fact(run, "snapshot_at_turn_start") ? "2" : "1", "%zu",
                   ak_count_uploads(ak));
}

/* AGT-SNP-07 */
static void failed_turn(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'do':{'run':[{'throw':'no'}]}}");
    ak_wait_word(ak, "error");
    const struct ak_transcript *stored = ak_wait_upload(ak, 1);
    ak_expect_text(ak, "the transcript", ak_transcript_text(ak, stored), "user: hello");
}

/* AGT-SNP-08: the same two turns store a transcript elsewhere (agent/snapshot/cursors). */
static void hydrated(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    int first = ak_boot(ak, "hydrate", "hello", NULL);
    ak_wait_turns(ak, 1);
    ak_wait_subscribed(ak);
    ak_message(ak, "more", NULL);
    ak_wait_hook(ak, first, "onTurnComplete", 2);
    ak_settle(ak);
    ak_expect_number(ak, "presigned uploads", ak_count(ak, PRESIGN), 0);
    ak_expect_number(ak, "uploads", ak_count(ak, UPLOAD), 0);
}

/* ---- AGT-SNP-09 ---- */

static void expect_partial(struct ak *ak, const struct ak_transcript *stored)
{
    ak_expect_text(ak, "the transcript", ak_transcript_text(ak, stored),
                   "user: hello\nassistant: half");
    const cJSON *entry = cJSON_GetArrayItem(stored->entries, 0);
    ak_expect(ak, "the user's message", entry, "final", "true");
    entry = cJSON_GetArrayItem(stored->entries, 1);
    ak_expect(ak, "the partial answer", entry, "final", "false");
}

static void stopped_partial(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'half'},{'gate':'never'}]]}");
    ak_wait_word(ak, "text-delta");
    ak_wait_subscribed(ak);
    ak_stop(ak);
    expect_partial(ak, ak_wait_upload(ak, 1));
}

static void failed_partial(struct cs_case_run *run)
{
    struct ak *ak = ak_of(run);
    (void)ak_boot(ak, "plain", "hello", "{'script':[[{'text':'half'},{'throw':'broken'}]]}");
    ak_wait_word(ak, "error");
    expect_partial(ak, ak_wait_upload(ak, 1));
}

#define ROW(id, title, requirements, run)                             \
    {                                                                 \
        "agent/snapshot/" id, title, requirements, CS_MUST, 0, 0, run \
    }

const struct cs_case agent_snapshot_cases[] = {
    ROW("before-suspending", "the transcript is stored after the turn and before suspending",
        "AGT-SNP-01", before_suspending),
    ROW("cursors", "its cursors are the boundary's place and what it counts", "AGT-SNP-02",
        cursors),
    ROW("format-1", "one JSON object", "AGT-SNP-03", format_1),
    ROW("format-2", "lines, an index and a trailer", "AGT-SNP-04", format_2),
    ROW("reads-format-1", "an old transcript is read, and the next one new", "AGT-SNP-05",
        reads_format_1),
    {"agent/snapshot/at-turn-start", "the message is stored before it is answered", "AGT-SNP-06",
     CS_OBSERVED, 0, 0, at_turn_start},
    ROW("failed-turn", "the message of a failed turn is stored", "AGT-SNP-07", failed_turn),
    ROW("hydrated", "nothing is stored where the application has the history", "AGT-SNP-08",
        hydrated),
    ROW("stopped-partial", "a stopped answer is stored as not final", "AGT-SNP-09",
        stopped_partial),
    ROW("failed-partial", "a broken answer is stored as not final", "AGT-SNP-09", failed_partial),
    {0},
};
