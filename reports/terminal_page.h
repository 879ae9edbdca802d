/* What the parts of the terminal's page share. */
#ifndef CHATSPEC_REPORTS_TERMINAL_PAGE_H
#define CHATSPEC_REPORTS_TERMINAL_PAGE_H

#include "reports/findings.h"
#include "reports/report.h"

#define CS_RED    "\033[31m"
#define CS_GREEN  "\033[32m"
#define CS_YELLOW "\033[33m"
#define CS_BOLD   "\033[1m"
#define CS_DIM    "\033[2m"
#define CS_PLAIN  "\033[0m"

struct cs_page {
    const struct cs_report *report;
    const struct cs_report_terminal *how;
    struct cs_buf *out;
};

/* Our own text, in that style where there is colour. */
void cs_page_put(const struct cs_page *page, const char *style, const char *text);
/* A sign and the name of the verdict, in its colour: "✗ fail". */
void cs_page_verdict(const struct cs_page *page, enum cs_verdict verdict);
/* The same with how many there are: "✗ 2 error". */
void cs_page_counted(const struct cs_page *page, enum cs_verdict verdict, size_t n);
const char *cs_page_style(enum cs_verdict verdict);
/* Anybody's text, each of its lines behind `indent`, broken between words at the page's width. */
void cs_page_text(const struct cs_page *page, const char *indent, const char *text);
/* A command that can be copied: never broken. */
void cs_page_command(const struct cs_page *page, const char *indent, size_t index, bool different);
/* Evidence: what was compared, and with --verbose all of it. */
void cs_page_evidence(const struct cs_page *page, const struct cs_result *result);

/* Everything that is told by requirement, what matters most last. */
void cs_page_findings(const struct cs_page *page, const struct cs_findings *findings);

#endif
