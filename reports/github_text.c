/* What annotations are made of, and how a page is kept from being taken for them. */
#include <stdio.h>
#include <sys/random.h>

#include "reports/github.h"
#include "reports/plain_text.h"

size_t cs_annotations_room(size_t n)
{
    return n > CS_ANNOTATIONS_SHOWN ? CS_ANNOTATIONS_SHOWN - 1 : CS_ANNOTATIONS_SHOWN;
}

const char *cs_annotation_name(enum cs_annotation kind)
{
    static const char *const names[CS_N_ANNOTATIONS] = {"error", "warning", "notice"};
    return names[kind];
}

/* What ends a command, or one of its properties, is written as %XX. */
void cs_annotation_text(const char *text, size_t max, bool is_property, struct cs_buf *out)
{
    struct cs_buf plain = CS_BUF(max + 64);
    cs_plain_text(cs_view_str(text), "\n", max, &plain);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.ptr[i];
        bool is_special = c == '%' || c == '\n' || (is_property && (c == ':' || c == ','));
        if (is_special) {
            cs_buf_printf(out, "%%%02X", (unsigned char)c);
        } else {
            cs_buf_char(out, c);
        }
    }
    if (cs_buf_error(&plain) != CS_OK) {
        out->failed = cs_buf_error(&plain);
    }
    cs_buf_free(&plain);
}

void cs_annotations_rest(const size_t n[CS_N_ANNOTATIONS], struct cs_buf *out)
{
    for (int kind = 0; kind < CS_N_ANNOTATIONS; kind++) {
        size_t room = cs_annotations_room(n[kind]);
        if (n[kind] > room) {
            cs_buf_printf(out, "::%s title=chatspec::%zu more cases, which the reports name\n",
                          cs_annotation_name((enum cs_annotation)kind), n[kind] - room);
        }
    }
}

enum cs_err cs_github_page(const struct cs_buf *page, struct cs_buf *out)
{
    unsigned char bytes[16]; /* a word that no peer can guess */
    char word[2 * sizeof bytes + 1];
    if (cs_buf_error(page) != CS_OK) {
        return cs_buf_error(page);
    }
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return CS_ERR_IO;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(word + 2 * i, 3, "%02x", bytes[i]);
    }
    cs_buf_printf(out, "::stop-commands::%s\n", word);
    cs_buf_add(out, cs_buf_view(page));
    cs_buf_printf(out, "::%s::\n", word);
    return cs_buf_error(out);
}
