#include "reports/terminal_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "reports/plain_text.h"
#include "reports/wrap.h"

void cs_page_put(const struct cs_page *page, const char *style, const char *text)
{
    cs_buf_str(page->out, page->how->color ? style : "");
    cs_buf_str(page->out, text);
    cs_buf_str(page->out, page->how->color && style[0] ? CS_PLAIN : "");
}

const char *cs_page_style(enum cs_verdict verdict)
{
    switch (verdict) {
    case CS_PASS:
        return CS_GREEN;
    case CS_FAIL:
    case CS_ERROR:
        return CS_RED;
    case CS_WARN:
    case CS_INCONCLUSIVE:
        return CS_YELLOW;
    default:
        return CS_DIM;
    }
}

void cs_page_counted(const struct cs_page *page, enum cs_verdict verdict, size_t n)
{
    static const char *const signs[CS_N_VERDICTS] = {
        [CS_PASS] = "\xe2\x9c\x93",
        [CS_FAIL] = "\xe2\x9c\x97",
        [CS_WARN] = "!",
        [CS_INFO] = "\xc2\xb7",
        [CS_SKIP] = "-",
        [CS_ERROR] = "\xe2\x9c\x97",
        [CS_INCONCLUSIVE] = "?",
    };
    char number[24] = "";
    char text[64];
    if (n > 0) {
        snprintf(number, sizeof number, "%zu ", n);
    }
    snprintf(text, sizeof text, "%s %s%s", signs[verdict], number, cs_verdict_name(verdict));
    cs_page_put(page, cs_page_style(verdict), text);
}

void cs_page_verdict(const struct cs_page *page, enum cs_verdict verdict)
{
    cs_page_counted(page, verdict, 0);
}

void cs_page_text(const struct cs_page *page, const char *indent, const char *text)
{
    struct cs_buf plain = CS_BUF(SIZE_MAX / 2);
    cs_plain_text(cs_view_str(text), "\n", SIZE_MAX / 4, &plain);
    cs_wrap(cs_buf_view(&plain), indent, page->how->width, page->out);
    if (cs_buf_error(&plain) != CS_OK) {
        page->out->failed = cs_buf_error(&plain);
    }
    cs_buf_free(&plain);
}

void cs_page_command(const struct cs_page *page, const char *indent, size_t index, bool different)
{
    struct cs_buf command = CS_BUF(4096);
    if (different) {
        cs_report_rerun_different(page->report, index, &command);
    } else {
        cs_report_rerun(page->report, index, &command);
    }
    char *text = cs_buf_take(&command);
    cs_buf_str(page->out, indent);
    cs_page_put(page, CS_DIM, text ? text : "");
    cs_buf_char(page->out, '\n');
    free(text);
}

void cs_page_evidence(const struct cs_page *page, const struct cs_result *result)
{
    for (size_t i = 0; i < result->n_evidence; i++) {
        const struct cs_evidence *item = &result->evidence[i];
        bool compared = strcmp(item->kind, "expected") == 0 || strcmp(item->kind, "actual") == 0;
        if (!page->how->verbose && !compared) {
            continue;
        }
        struct cs_buf title = CS_BUF(8192);
        cs_buf_printf(&title, "%s%s%s:", item->kind, compared ? "" : ": ",
                      compared ? "" : item->title);
        char *text = cs_buf_take(&title);
        cs_page_text(page, "      ", text ? text : item->kind);
        cs_page_text(page, "        ", item->text[0] ? item->text : "(nothing)");
        free(text);
        if (item->left_out > 0) {
            cs_buf_printf(page->out, "        (%llu bytes left out)\n",
                          (unsigned long long)item->left_out);
        }
    }
}
