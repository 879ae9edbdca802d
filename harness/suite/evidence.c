/* What a case says while it runs, made safe, bounded, and sent to the runner at once. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_client.h"
#include "suite/case_run.h"

#define MAX_TITLE        ((size_t)512)
#define MAX_OBSERVATION  ((size_t)4096)
#define MAX_OBSERVATIONS 256u

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return; /* the runner is gone: nobody is left to tell */
        }
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
}

/* Sends one line and frees the document; a NULL document (out of memory) sends nothing. */
static void send_line(const struct cs_case_run *run, cJSON *document)
{
    char *text = document ? cJSON_PrintUnformatted(document) : NULL;
    if (text) {
        write_all(run->report_fd, text, strlen(text));
        write_all(run->report_fd, "\n", 1);
    }
    cJSON_free(text);
    cJSON_Delete(document);
}

void cs_case_secret(struct cs_case_run *run, struct cs_view secret)
{
    if (cs_secrets_add(&run->secrets, secret) != CS_OK) {
        cs_case_error(run, "a secret could not be registered: too many of them, or no memory");
    }
    char *text = strndup(secret.ptr ? secret.ptr : "", secret.len);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "secret", text ? text : "");
    send_line(run, line);
    free(text);
}

void cs_case_extend(struct cs_case_run *run, int64_t ms)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "extend", (double)ms);
    send_line(run, line);
    run->deadline_ms += ms;
    run->extended_ms += ms;
}

void cs_case_evidence(struct cs_case_run *run, const char *kind, const char *title,
                      struct cs_view bytes)
{
    cs_case_evidence_at(run, cs_now_ms(), kind, title, bytes);
}

void cs_case_evidence_at(struct cs_case_run *run, int64_t now_ms, const char *kind,
                         const char *title, struct cs_view bytes)
{
    if (run->n_evidence >= CS_EVIDENCE_MAX_ITEMS || run->evidence_bytes >= CS_EVIDENCE_MAX_CASE) {
        run->n_evidence_dropped++;
        return;
    }
    size_t room = CS_EVIDENCE_MAX_CASE - run->evidence_bytes;
    uint64_t left_out = 0;
    char *safe_title =
        cs_safe_text(&run->secrets, CS_TEXT_PROSE, cs_view_str(title), MAX_TITLE, NULL);
    char *text = cs_safe_text(&run->secrets, CS_TEXT_BYTES, bytes,
                              room < CS_EVIDENCE_MAX_ITEM ? room : CS_EVIDENCE_MAX_ITEM, &left_out);
    cJSON *line = cJSON_CreateObject();
    cJSON *item = cJSON_AddObjectToObject(line, "evidence");
    if (safe_title && text && item) {
        cJSON_AddStringToObject(item, "kind", kind);
        cJSON_AddStringToObject(item, "title", safe_title);
        cJSON_AddStringToObject(item, "text", text);
        cJSON_AddNumberToObject(item, "left_out", (double)left_out);
        int64_t at_ms = now_ms - run->started_ms;
        cJSON_AddNumberToObject(item, "at_ms", at_ms > 0 ? (double)at_ms : 0);
        run->n_evidence++;
        run->evidence_bytes += strlen(text);
        send_line(run, line);
    } else {
        run->n_evidence_dropped++;
        cJSON_Delete(line);
    }
    free(safe_title);
    free(text);
}

/* vasprintf whose result is NULL, and not garbage, on failure. */
static char *format(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));
static char *format(const char *fmt, va_list args)
{
    char *text = NULL;
    return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

/* Takes `raw` (NULL when out of memory) over. */
static void observe(struct cs_case_run *run, const char *name, char *raw, const char *recorded)
{
    char *text =
        raw ? cs_safe_text(&run->secrets, CS_TEXT_PROSE, cs_view_str(raw), MAX_OBSERVATION, NULL)
            : NULL;
    if (run->n_observations < MAX_OBSERVATIONS) {
        cJSON *line = cJSON_CreateObject();
        cJSON *item = cJSON_AddObjectToObject(line, "observe");
        cJSON_AddStringToObject(item, "name", name);
        cJSON_AddStringToObject(item, "value", text ? text : "");
        if (recorded) {
            cJSON_AddStringToObject(item, "recorded", recorded);
        }
        run->n_observations++;
        send_line(run, line);
    }
    free(text);
    free(raw);
}

void cs_case_observe(struct cs_case_run *run, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    observe(run, name, format(fmt, args), NULL);
    va_end(args);
}

static void add_difference(struct cs_case_run *run, const char *name, const char *value,
                           const char *recorded)
{
    char *longer = NULL;
    if (asprintf(&longer, "%s%s%s is %s, recorded is %s", run->differences ? run->differences : "",
                 run->differences ? "; " : "", name, value, recorded) >= 0) {
        free(run->differences);
        run->differences = longer;
    }
}

void cs_case_observe_as(struct cs_case_run *run, const char *name, const char *recorded,
                        const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *value = format(fmt, args);
    va_end(args);
    bool same = value && strcmp(value, recorded) == 0;
    if (!same) {
        add_difference(run, name, value ? value : "unknown", recorded);
    }
    observe(run, name, value, same ? NULL : recorded);
}

void cs_case_note(struct cs_case_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *raw = format(fmt, args);
    va_end(args);
    size_t room = CS_MESSAGE_MAX - run->note_bytes;
    char *text = raw && room > 0
                     ? cs_safe_text(&run->secrets, CS_TEXT_PROSE, cs_view_str(raw), room, NULL)
                     : NULL;
    if (text) {
        run->note_bytes += strlen(text);
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "note", text);
        send_line(run, line);
    }
    free(text);
    free(raw);
}

static void add_text(const struct cs_case_run *run, cJSON *line, const char *key, const char *raw)
{
    char *text =
        raw ? cs_safe_text(&run->secrets, CS_TEXT_PROSE, cs_view_str(raw), CS_MESSAGE_MAX, NULL)
            : NULL;
    if (text) {
        cJSON_AddStringToObject(line, key, text);
    }
    free(text);
}

void cs_child_send_end(struct cs_case_run *run, enum cs_verdict verdict)
{
    if (run->n_evidence_dropped > 0) {
        cs_case_note(run, "%u more pieces of evidence were left out", run->n_evidence_dropped);
    }
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "end", cs_verdict_name(verdict));
    cJSON_AddBoolToObject(line, "assertion", run->plain_assertion);
    cJSON_AddBoolToObject(line, "differs",
                          run->differences || (verdict == CS_INFO && run->has_outcome));
    add_text(run, line, "message", run->message ? run->message : run->differences);
    add_text(run, line, "expected", run->expected);
    add_text(run, line, "actual", run->actual);
    send_line(run, line);
}
