#include "conformance/decode/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance/decode/generate.h"
#include "conformance/decode/minimise.h"
#include "conformance/decode/seeds.h"
#include "net/http_client.h"
#include "suite/random.h"

#define STREAM_MAX   ((size_t)8 * 1024 * 1024)
#define TEXT_MAX     ((size_t)64 * 1024)
#define MINIMISE_MS  15000
#define LAST_LOOK_MS 1000 /* at a finding, when the time is over */
#define ODDNESS      60   /* departures from the protocol: about one in a stream */
#define PROGRESS_MS  1000

struct campaign {
    const struct cs_campaign_config *config;
    struct cs_campaign_progress *progress;
    struct cs_trial trial;
    uint64_t random;
    struct cs_buf stream;
    struct cs_buf base;
    struct cs_buf other;
    char **causes;
    struct cs_seeds seeds;
    int64_t started_ms;
    int64_t told_ms;
};

bool cs_write_reproducer(const char *folder, const char *name, struct cs_view bytes,
                         char **ret_path)
{
    char *path = NULL;
    FILE *file;
    bool written;

    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        errno = ENOMEM;
        return false;
    }
    file = fopen(path, "wb");
    written = file && (bytes.len == 0 || fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len);
    written = file && fclose(file) == 0 && written;
    if (written && ret_path) {
        *ret_path = path;
    } else {
        free(path);
    }
    return written;
}

/* ---- what is fed ---- */

static void make_base(struct campaign *campaign, struct cs_buf *out)
{
    cs_buf_clear(out);
    if (campaign->seeds.n > 0 && cs_random_next(&campaign->random) % 3 == 0) {
        uint64_t choice = cs_random_next(&campaign->random) % campaign->seeds.n;

        cs_buf_add(out, cs_buf_view(&campaign->seeds.streams[choice]));
    } else {
        cs_generate_stream(&campaign->random, 0, out);
    }
}

/* Half of the streams keep to the protocol, a quarter departs from it, a quarter was changed. */
static void make_stream(struct campaign *campaign)
{
    cs_buf_clear(&campaign->stream);
    if (campaign->config->known && campaign->progress->runs < campaign->seeds.n_files) {
        cs_buf_add(&campaign->stream, /* what came from files first as it is */
                   cs_buf_view(&campaign->seeds.streams[campaign->progress->runs]));
        return;
    }
    switch (cs_random_next(&campaign->random) % 4) {
    case 0:
        make_base(campaign, &campaign->base);
        make_base(campaign, &campaign->other);
        cs_mutate_stream(&campaign->random, cs_buf_view(&campaign->base),
                         cs_buf_view(&campaign->other), &campaign->stream);
        return;
    case 1:
        cs_generate_stream(&campaign->random, ODDNESS, &campaign->stream);
        return;
    default:
        cs_generate_stream(&campaign->random, 0, &campaign->stream);
    }
}

static struct cs_cut make_cut(struct campaign *campaign, size_t len)
{
    struct cs_cut cut = {.n = 0};
    uint64_t choice = cs_random_next(&campaign->random) % 5;

    if (choice == 0) {
        cut = (struct cs_cut){.pieces = {1}, .n = 1};
    } else if (choice == 1 && len > 1) {
        uint64_t at = 1 + cs_random_next(&campaign->random) % (len - 1);
        cut = (struct cs_cut){.pieces = {at, len - at}, .n = 2};
    } else if (choice == 2) {
        cut.n = 1 + cs_random_next(&campaign->random) % CS_TRIAL_PIECES;
        for (size_t i = 0; i < cut.n; i++) {
            cut.pieces[i] = cs_random_next(&campaign->random) % 40;
        }
    }
    return cut;
}

/* ---- what is found ---- */

static bool is_known(const struct campaign *campaign, const char *cause)
{
    for (uint64_t i = 0; i < campaign->progress->findings; i++) {
        if (strcmp(campaign->causes[i], cause) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261u; /* FNV-1a */

    for (; *text; text++) {
        value = (value ^ (unsigned char)*text) * 16777619u;
    }
    return value;
}

/* The finding as a row for divergences.json. */
static void write_row(struct campaign *campaign, const struct cs_fault *fault)
{
    struct cs_buf row = CS_BUF(STREAM_MAX);
    char name[64];

    if (campaign->config->known) {
        cs_divergence_write(&campaign->trial, fault, cs_buf_view(&campaign->stream), &row);
        (void)snprintf(name, sizeof name, "%s-%08x.json", cs_decoded_name(fault->outcome),
                       hash(fault->cause));
        (void)cs_write_reproducer(campaign->config->folder, name, cs_buf_view(&row), NULL);
    }
    cs_buf_free(&row);
}

static enum cs_err write_finding(struct campaign *campaign, const struct cs_fault *fault,
                                 struct cs_diag *diag)
{
    const char *folder = campaign->config->folder;
    struct cs_buf text = CS_BUF(TEXT_MAX);
    char name[64];
    char *path = NULL;
    enum cs_err err = CS_OK;

    cs_fault_describe(&campaign->trial, fault, &text);
    cs_buf_str(&text, "  stream: \"");
    cs_buf_escaped(&text, cs_buf_view(&campaign->stream), 600);
    cs_buf_str(&text, "\"\n");
    (void)snprintf(name, sizeof name, "%s-%08x.sse", cs_decoded_name(fault->outcome),
                   hash(fault->cause));
    if (!cs_write_reproducer(folder, name, cs_buf_view(&campaign->stream), &path)) {
        err = cs_fail(diag, CS_ERR_IO, 0, "%.100s/%s cannot be written: %s", folder, name,
                      strerror(errno));
    } else {
        (void)snprintf(name, sizeof name, "%s-%08x.txt", cs_decoded_name(fault->outcome),
                       hash(fault->cause));
        (void)cs_write_reproducer(folder, name, cs_buf_view(&text), NULL);
        write_row(campaign, fault);
        cs_buf_char(&text, '\0');
        campaign->config->found(text.ptr ? text.ptr : "", path, campaign->config->context);
    }
    free(path);
    cs_buf_free(&text);
    return err;
}

static bool is_listed(const struct campaign *campaign, const struct cs_fault *fault)
{
    const struct cs_divergences *known = campaign->config->known;

    return known && cs_divergence_of(known, fault);
}

/* Never beyond the end of the campaign. */
static int64_t time_to_minimise(const struct campaign *campaign)
{
    int64_t left = campaign->started_ms + campaign->config->duration_ms - cs_now_ms();

    return campaign->config->duration_ms == 0 || left > MINIMISE_MS ? MINIMISE_MS : left;
}

static enum cs_err note_fault(struct campaign *campaign, struct cs_fault *fault,
                              struct cs_diag *diag)
{
    struct cs_campaign_progress *progress = campaign->progress;

    if (fault->outcome == CS_DECODED_TROUBLE) {
        return cs_fail(diag, CS_ERR_IO, 0, "the parser cannot be started again: %.120s",
                       fault->cause);
    }
    /* A fault of the whole stream is looked up at once: to find the best cut takes long. */
    if (fault->by_cut || !is_listed(campaign, fault)) {
        cs_simplify_cut(&campaign->trial, cs_buf_view(&campaign->stream), fault);
    }
    if (is_listed(campaign, fault)) {
        cs_divergence_of(campaign->config->known, fault)->n_seen++;
        progress->known++;
        return CS_OK;
    }
    if (is_known(campaign, fault->cause)) {
        progress->duplicates++;
        return CS_OK;
    }
    char *cause = strdup(fault->cause);
    if (!cause) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    campaign->causes[progress->findings++] = cause;
    cs_minimise(&campaign->trial, &campaign->stream, fault, time_to_minimise(campaign),
                campaign->config->stop);
    return write_finding(campaign, fault, diag);
}

/* ---- the loop ---- */

static bool goes_on(struct campaign *campaign)
{
    const struct cs_campaign_config *config = campaign->config;
    struct cs_campaign_progress *progress = campaign->progress;
    int64_t now = cs_now_ms();

    progress->elapsed_ms = now - campaign->started_ms;
    if (now - campaign->told_ms >= PROGRESS_MS) {
        campaign->told_ms = now;
        config->progress(progress, config->context);
    }
    return !(config->stop && *config->stop) && progress->findings < config->max_findings &&
           (config->max_runs == 0 || progress->runs < config->max_runs) &&
           (config->duration_ms == 0 || progress->elapsed_ms < config->duration_ms);
}

static enum cs_err one_run(struct campaign *campaign, struct cs_diag *diag)
{
    struct cs_fault fault;
    struct cs_cut cut;
    struct cs_view stream;

    make_stream(campaign);
    stream = cs_buf_view(&campaign->stream);
    cut = make_cut(campaign, stream.len);
    if (cs_buf_error(&campaign->stream) || cs_trial_oracle(&campaign->trial, stream)) {
        return cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    campaign->progress->runs++;
    campaign->progress->compared += campaign->trial.comparable == CS_OK;
    if (cs_trial_run(&campaign->trial, stream, &cut, &fault)) {
        return note_fault(campaign, &fault, diag);
    }
    return CS_OK;
}

enum cs_err cs_campaign_run(const struct cs_campaign_config *config,
                            struct cs_campaign_progress *progress, struct cs_diag *diag)
{
    struct campaign campaign = {.config = config,
                                .progress = progress,
                                .trial.peer = config->peer,
                                .random = cs_random_state(config->seed, "fuzz"),
                                .stream = CS_BUF(STREAM_MAX),
                                .base = CS_BUF(STREAM_MAX),
                                .other = CS_BUF(STREAM_MAX),
                                .started_ms = cs_now_ms()};
    enum cs_err err = cs_seeds_load(config->seeds, &campaign.seeds, diag);

    campaign.told_ms = campaign.started_ms;
    cs_parser_peer_until(config->peer, config->duration_ms ? campaign.started_ms +
                                                                 config->duration_ms + LAST_LOOK_MS
                                                           : 0);
    *progress = (struct cs_campaign_progress){0};
    campaign.causes = calloc(config->max_findings + 1, sizeof *campaign.causes);
    if (!campaign.causes) {
        err = cs_fail(diag, CS_ERR_NO_MEMORY, 0, "out of memory");
    }
    while (err == CS_OK && goes_on(&campaign)) {
        err = one_run(&campaign, diag);
    }
    progress->elapsed_ms = cs_now_ms() - campaign.started_ms;
    for (uint64_t i = 0; campaign.causes && i < progress->findings; i++) {
        free(campaign.causes[i]);
    }
    free(campaign.causes);
    cs_seeds_free(&campaign.seeds);
    cs_trial_free(&campaign.trial);
    cs_buf_free(&campaign.stream);
    cs_buf_free(&campaign.base);
    cs_buf_free(&campaign.other);
    return err;
}
