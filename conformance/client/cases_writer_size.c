/* How large a record may be that the handle of a session writes. */
#include "conformance/client/cases.h"
#include "conformance/client/kit.h"
#include "conformance/client/kit_platform.h"

/* Bytes of a record's body, {"data":...,"id":"7 letters"}. */
#define LIMIT     ((size_t)1047552)
#define ENVELOPE  (sizeof "{\"data\":,\"id\":\"1234567\"}" - 1)
#define TOO_LARGE "ChatChunkTooLargeError"

static struct ck *opened(struct cs_case_run *run)
{
    struct ck *ck = ck_of(run);
    ck_platform_open(ck, "session", NULL);
    return ck;
}

/* `unit` as often as it fits into n bytes, filled up with x. */
static const char *text_of(struct ck *ck, const char *unit, size_t n)
{
    struct cs_buf text = CS_BUF(n + 1);
    size_t len = strlen(unit);
    while (n - text.len >= len) {
        cs_buf_str(&text, unit);
    }
    while (text.len < n) {
        cs_buf_char(&text, 'x');
    }
    const char *kept = ck_text(ck, "%.*s", CS_VIEW_ARG(cs_buf_view(&text)));
    cs_buf_free(&text);
    return kept;
}

/* A string whose record has so many bytes. */
static const char *string_of(struct ck *ck, const char *unit, size_t n)
{
    return ck_text(ck, "\"%s\"", text_of(ck, unit, n - ENVELOPE - 2));
}

/* Appends it, and gives the error's member, or "none". */
static const char *append(struct ck *ck, const char *value, const char *member)
{
    int command = ck_begin(ck, "append", ck_text(ck, "{\"value\":%s}", value));
    (void)ck_outcome(ck, command);
    const cJSON *failed = ck_said(ck, command, "fail", 0);
    return failed ? ck_member(ck, failed, ck_text(ck, "error.%s", member)) : "none";
}

static void expect_written(struct cs_case_run *run, struct ck *ck, const char *value, size_t n)
{
    const char *error = append(ck, value, "message");
    cs_case_check(run, strcmp(error, "none") == 0, "a record of %zu bytes is refused: %s", n,
                  error);
    size_t at = ck_platform_written(ck);
    cs_case_check(run, at > 0, "a record of %zu bytes is not written", n);
    size_t len = ck_platform_record(ck, at)->body.len;
    cs_case_check(run, len == n, "a record of %zu bytes arrives with %zu", n, len);
}

/* Of a refused value nothing may reach the store. */
static void expect_refused(struct cs_case_run *run, struct ck *ck, const char *value, size_t n)
{
    size_t before = ck_platform_written(ck);
    const char *name = append(ck, value, "name");
    cs_case_check(run, strcmp(name, "\"" TOO_LARGE "\"") == 0,
                  "a record of %zu bytes gives %s and no " TOO_LARGE, n, name);
    ck_settle(ck);
    cs_case_check(run, ck_platform_written(ck) == before, "of a refused record something is sent");
}

static void limit(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    expect_written(run, ck, string_of(ck, "x", LIMIT - 1), LIMIT - 1);
    expect_written(run, ck, string_of(ck, "x", LIMIT), LIMIT);
    expect_refused(run, ck, string_of(ck, "x", LIMIT + 1), LIMIT + 1);
}

static void bytes(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    expect_written(run, ck, string_of(ck, "\xc3\xbc", LIMIT), LIMIT);
    expect_refused(run, ck, string_of(ck, "\xc3\xbc", LIMIT + 2), LIMIT + 2);
}

static void expect_named(struct cs_case_run *run, const char *message, const char *text,
                         const char *what)
{
    cs_case_check(run, strstr(message, text), "the error does not name %s, %s: %s", what, text,
                  message);
}

static void error_names(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    static const char *const members[] = {"type", "kind"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *head = ck_text(ck, "{\"%s\":\"data-large\",\"data\":\"", members[i]);
        size_t rest = LIMIT + 1 - ENVELOPE - strlen(head) - strlen("\"}");
        const char *message =
            append(ck, ck_text(ck, "%s%s\"}", head, text_of(ck, "x", rest)), "message");
        expect_named(run, message, "1047553", "the record's bytes");
        expect_named(run, message, "1047552", "the limit");
        expect_named(run, message, "data-large", ck_text(ck, "the chunk's %s", members[i]));
    }
}

static void no_discriminant(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    const char *message = append(ck, string_of(ck, "x", LIMIT + 1), "message");
    cs_case_observe(run, "the error", "%s", message);
    ck_record(ck, "the error of a plain string names", "no type", "%s",
              strstr(message, " of type ") ? "a type" : "no type");
}

/* ---- appends to the input ---- */

#define KIB 1024

static const char *ends(struct ck *ck, const char *unit, size_t kib)
{
    const char *value = text_of(ck, unit, kib * KIB);
    unsigned long long before = ck_platform_count(ck, "append/in");
    const char *ending = ck_try(ck, "write", ck_text(ck, "{\"value\":\"%s\"}", value));
    bool posted = ck_platform_count(ck, "append/in") > before;
    return ck_text(ck, "%s, %s", posted ? "posted" : "not posted",
                   strncmp(ending, "an error", 8) == 0 ? ending : "taken");
}

/* What the platform stores has each quote and backslash escaped, so twice as long. */
static void append_limit(struct cs_case_run *run)
{
    struct ck *ck = opened(run);
    static const struct {
        const char *what;
        const char *unit; /* as JSON */
        size_t kib;
        const char *recorded;
    } rows[] = {
        {"1023 KiB of letters", "x", 1023, "posted, taken"},
        {"1024 KiB of letters", "x", 1024, "posted, an error: TriggerApiError 413"},
        {"511 KiB of quotes", "\\\"", 2 * 511, "posted, taken"},
        {"512 KiB of quotes", "\\\"", 2 * 512, "posted, an error: TriggerApiError 413"},
        {"512 KiB of backslashes", "\\\\", 2 * 512, "posted, an error: TriggerApiError 413"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_record(ck, rows[i].what, rows[i].recorded, "%s", ends(ck, rows[i].unit, rows[i].kib));
    }
}

#define MUST(...)     CK_CASE(CS_MUST, "writer", __VA_ARGS__)
#define OBSERVED(...) CK_CASE(CS_OBSERVED, "writer", __VA_ARGS__)

const struct cs_case client_writer_size_cases[] = {
    MUST("size-limit", "a record of 1047552 bytes is written, one byte more is refused unsent",
         "CLP-01", limit),
    MUST("size-error", "the error names the bytes, the limit and the chunk's type or kind",
         "CLP-02", error_names),
    MUST("size-in-bytes", "the size is counted in bytes and not in characters", "CLP-03", bytes),
    OBSERVED("size-no-discriminant", "what the error says of a chunk without type and kind",
             "CLP-04", no_discriminant),
    OBSERVED("append-limit", "which texts the input takes, and what happens to larger ones",
             "CLP-10", append_limit),
    {0},
};
